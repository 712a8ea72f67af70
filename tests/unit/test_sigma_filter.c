/* SPDX-License-Identifier: Apache-2.0 */
/* Filters, placeholders and documents that the specification has dropped. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "core/base/status.h"
#include "tests/unit/alloc.h"
#include "tests/unit/sigma_fixture.h"

#include <stdio.h>
#include <string.h>

#define RULE(id, source) \
    "---\ntitle: t\nid: " id "\nname: name_" id "\nlogsource: {product: windows" source "}\n" \
    "detection: {s: {F: a}, condition: s}\n"
#define FILTER(source, what) \
    "---\ntitle: f\nid: f\nlogsource: {product: windows" source "}\nfilter:\n" what

/* Compiles; what went wrong is in `problems`. */
static eg_sigma_set *compile(const char *yaml, const eg_placeholders *placeholders,
                             eg_test_problems *problems)
{
    const eg_sigma_options options = {.placeholders = placeholders};
    eg_test_rules rules;
    eg_sigma_set *set = NULL;

    eg_test_problems_init(problems);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems->report), EG_OK);
    assert_int_equal(eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count,
                                      &options, &problems->report, &set),
                     EG_OK);
    eg_test_rules_done(&rules);
    return set;
}

/* "a,b": the ids of the rules that the event meets. */
static void check_met(const eg_sigma_set *set, const char *fields, const char *want)
{
    uint32_t rules[32];
    char met[256] = "";
    size_t count, i;

    assert_int_equal(
        eg_test_match(set, "Microsoft-Windows-Sysmon/Operational", 1, fields, rules, &count),
        EG_OK);
    for (i = 0; i < count; i++) {
        size_t len = strlen(met);
        (void)snprintf(met + len, sizeof(met) - len, "%s%.*s", len ? "," : "",
                       EG_STR_ARGS(eg_sigma_set_rule(set, rules[i])->id));
    }
    assert_string_equal(met, want);
}

/* ---- filters ---- */

#define THREE RULE("a", "") RULE("b", ", category: process_creation") RULE("c", "")

static void filter__leaves_out_what_its_condition_negates(void **state)
{
    static const char yaml[] =
        FILTER("", "  rules: [a, name_b]\n  selection: {U|startswith: adm_}\n"
                   "  condition: not selection\n") THREE;
    eg_test_problems problems;
    eg_sigma_set *set = compile(yaml, NULL, &problems);

    EG_UNUSED(state);
    assert_int_equal(problems.count, 0);
    assert_int_equal(eg_sigma_set_size(set), 3);
    check_met(set, "{\"F\":\"a\"}", "a,b,c");
    check_met(set, "{\"F\":\"a\",\"U\":\"adm_x\"}", "c");
    check_met(set, "{\"F\":\"b\",\"U\":\"x\"}", "");
    eg_sigma_set_destroy(set);
}

static void filter_for_any__covers_its_log_source(void **state)
{
    static const char yaml[] =
        THREE FILTER(", category: process_creation",
                     "  rules: any\n  one: {U: x}\n  two: {U: y}\n  condition: not 1 of them\n");
    eg_test_problems problems;
    eg_sigma_set *set = compile(yaml, NULL, &problems);

    EG_UNUSED(state);
    assert_int_equal(problems.count, 0);
    check_met(set, "{\"F\":\"a\",\"U\":\"z\"}", "a,b,c");
    check_met(set, "{\"F\":\"a\",\"U\":\"y\"}", "a,c");
    eg_sigma_set_destroy(set);
}

static void several_filters__are_all_asked(void **state)
{
    static const char yaml[] = THREE FILTER("", "  rules: [a]\n  s: {U: x}\n  condition: not s\n")
        FILTER("", "  rules: [a, c]\n  k: [zzz]\n  condition: not k\n");
    eg_test_problems problems;
    eg_sigma_set *set = compile(yaml, NULL, &problems);

    EG_UNUSED(state);
    assert_int_equal(problems.count, 0);
    check_met(set, "{\"F\":\"a\",\"U\":\"x\"}", "b,c");
    check_met(set, "{\"F\":\"a\",\"V\":\"1zzz2\"}", "b");
    check_met(set, "{\"F\":\"a\"}", "a,b,c");
    eg_sigma_set_destroy(set);
}

typedef struct fault_case {
    const char *yaml;
    eg_problem_kind kind;
    const char *reason;
} fault_case;

static void faults_of_filters__are_told_and_the_rules_go_on(void **state)
{
    static const fault_case cases[] = {
        {"---\ntitle: f\nfilter: {rules: any, s: {U: x}, condition: not s}\n", EG_PROBLEM_REJECTED,
         "logsource is missing"},
        {FILTER("", "  s: {U: x}\n  condition: not s\n"), EG_PROBLEM_REJECTED, "names no rules"},
        {FILTER("", "  rules: []\n  s: {U: x}\n  condition: not s\n"), EG_PROBLEM_REJECTED,
         "list is empty"},
        {FILTER("", "  rules: any\n  s: {U: x}\n"), EG_PROBLEM_REJECTED, "has no condition"},
        {FILTER("", "  rules: any\n  s: {U: x}\n  condition: not t\n"), EG_PROBLEM_REJECTED,
         "no selection 't'"},
        {FILTER("", "  rules: any\n  s: {U: x}\n  condition: [not s, s]\n"), EG_PROBLEM_REJECTED,
         "one condition"},
        {FILTER("", "  rules: any\n  s: {U|re: '('}\n  condition: not s\n"), EG_PROBLEM_REJECTED,
         "regular expression"},
        {FILTER("", "  rules: any\n  s: {U: x}\n  condition: not s\ndetection: {}\n"),
         EG_PROBLEM_REJECTED, "neither detection nor correlation"},
        {FILTER("", "  rules: any\n  s: {U: x}\n  condition: s\n"), EG_PROBLEM_WARNING,
         "begins with 'not'"},
        {FILTER("", "  rules: [d]\n  s: {U: x}\n  condition: not s\n"), EG_PROBLEM_WARNING,
         "'d' is not used: no rule"},
        {FILTER(", service: security", "  rules: [a]\n  s: {U: x}\n  condition: not s\n"),
         EG_PROBLEM_WARNING, "another log source"},
    };
    eg_test_problems problems;
    eg_sigma_set *set;
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        char yaml[2048];

        (void)snprintf(yaml, sizeof(yaml), THREE "%s", cases[i].yaml);
        set = compile(yaml, NULL, &problems);
        if (problems.count != 1 || problems.items[0].kind != cases[i].kind ||
            !strstr(problems.items[0].reason, cases[i].reason)) {
            fail_msg("%s\ngave %zu problems, first: %s", cases[i].yaml, problems.count,
                     problems.items[0].reason);
        }
        assert_int_equal(eg_sigma_set_size(set), 3);
        eg_sigma_set_destroy(set);
    }
}

static void filter_for_a_correlation__is_not_used(void **state)
{
    static const char yaml[] =
        RULE("a", "") "---\ntitle: t\nid: x\n"
                      "correlation: {type: temporal, rules: a, timespan: 1m}\n" FILTER(
                          "", "  rules: [x]\n  s: {U: x}\n  condition: not s\n");
    eg_test_problems problems;
    eg_sigma_set *set = compile(yaml, NULL, &problems);

    EG_UNUSED(state);
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.items[0].reason, "do not apply to correlations"));
    eg_sigma_set_destroy(set);
}

/* ---- documents with `action` ---- */

static void global_documents__and_what_needs_them_are_rejected(void **state)
{
    static const char yaml[] = "title: g\naction: global\nlogsource: {product: windows}\n" RULE(
        "a", "") "---\naction: repeat\ntitle: r\n"
                 "---\naction: reset\n" RULE("b", "");
    static const char *const reasons[] = {"(global)", "write it out", "(repeat)", "(reset)"};
    eg_test_problems problems;
    eg_sigma_set *set = compile(yaml, NULL, &problems);
    size_t i;

    EG_UNUSED(state);
    assert_int_equal(problems.count, EG_COUNT(reasons));
    for (i = 0; i < EG_COUNT(reasons); i++) {
        assert_int_equal(problems.items[i].kind, EG_PROBLEM_REJECTED);
        assert_non_null(strstr(problems.items[i].reason, reasons[i]));
    }
    assert_int_equal(eg_sigma_set_size(set), 1);
    check_met(set, "{\"F\":\"a\"}", "b");
    eg_sigma_set_destroy(set);
}

/* ---- placeholders ---- */

static const char values[] = "admins: [adm_*, root]\n"
                             "share: 'C:\\data\\'\n"
                             "number: 5\n"
                             "net: [10.0.0.0/8]\n"
                             "field: G\n"
                             "part: 'x+'\n"
                             "star: '*'\n"
                             "literal: '\\*'\n"
                             "double: [a, b]\n";

typedef struct expand_case {
    const char *selection; /* written as a map in YAML */
    const char *fields;
    const char *met; /* "x", or "" */
} expand_case;

static eg_placeholders *read_values(const char *yaml, eg_test_problems *problems)
{
    eg_placeholders *placeholders = NULL;

    eg_test_problems_init(problems);
    assert_int_equal(eg_placeholders_create(&placeholders), EG_OK);
    assert_int_equal(eg_placeholders_read(placeholders, eg_str_from(yaml), "placeholders.yml",
                                          &problems->report),
                     EG_OK);
    return placeholders;
}

static void placeholders__stand_for_their_values(void **state)
{
    static const expand_case cases[] = {
        {"F|expand: '%admins%'", "{\"F\":\"ADM_x\"}", "x"},
        {"F|expand: '%admins%'", "{\"F\":\"root\"}", "x"},
        {"F|expand: '%admins%'", "{\"F\":\"%admins%\"}", ""},
        {"F: '%admins%'", "{\"F\":\"%admins%\"}", "x"},
        {"F|expand: '%admins%@%double%'", "{\"F\":\"root@b\"}", "x"},
        {"F|expand: '%admins%@%double%'", "{\"F\":\"root@c\"}", ""},
        {"F|expand: ['%number%', other]", "{\"F\":\"other\"}", "x"},
        {"F|expand: ['%number%', other]", "{\"F\":\"5\"}", "x"},
        {"F|expand|contains: 'C:\\\\%double%'", "{\"F\":\"dir C:\\\\b\"}", "x"},
        {"F|expand|contains|all: ['%double%', '%number%']", "{\"F\":\"x5xa\"}", "x"},
        {"F|expand|contains|all: ['%double%', '%number%']", "{\"F\":\"xba\"}", ""},
        {"F|expand: '%share%*.exe'", "{\"F\":\"C:\\\\data\\\\x.exe\"}", "x"},
        {"F|expand: '%share%*.exe'", "{\"F\":\"C:\\\\data*.exe\"}", ""},
        {"F|expand: 'a%star%b'", "{\"F\":\"axxb\"}", "x"},
        {"F|expand: 'a%literal%b'", "{\"F\":\"a*b\"}", "x"},
        {"F|expand: 'a%literal%b'", "{\"F\":\"axb\"}", ""},
        {"F|expand: '\\%plain%number%'", "{\"F\":\"%plain5\"}", "x"},
        {"F|expand: '%number%100%'", "{\"F\":\"5100%\"}", "x"},
        {"F|re|expand: '^%part%$'", "{\"F\":\"xxx\"}", "x"},
        {"F|cidr|expand: '%net%'", "{\"F\":\"10.1.2.3\"}", "x"},
        {"F|gt|expand: '%number%'", "{\"F\":\"6\"}", "x"},
        {"F|gt|expand: '%number%'", "{\"F\":\"5\"}", ""},
        {"F|fieldref|expand: '%field%'", "{\"F\":\"q\",\"G\":\"Q\"}", "x"},
        {"'|expand': '%admins%'", "{\"H\":\"see adm_9\"}", "x"},
        {"F|expand: [null, '%number%']", "{}", "x"},
    };
    eg_test_problems problems;
    eg_placeholders *placeholders = read_values(values, &problems);
    char yaml[1024];
    size_t i;

    EG_UNUSED(state);
    assert_int_equal(problems.count, 0);
    for (i = 0; i < EG_COUNT(cases); i++) {
        eg_sigma_set *set;

        (void)snprintf(yaml, sizeof(yaml),
                       "title: t\nid: x\nlogsource: {product: windows}\n"
                       "detection:\n  s:\n    %s\n  condition: s\n",
                       cases[i].selection);
        set = compile(yaml, placeholders, &problems);
        if (problems.count > 0) {
            fail_msg("%s: %s", cases[i].selection, problems.items[0].reason);
        }
        check_met(set, cases[i].fields, cases[i].met);
        eg_sigma_set_destroy(set);
    }
    eg_placeholders_destroy(placeholders);
}

static void placeholders_without_values__reject_the_rule(void **state)
{
    static const char *const selections[] = {"F|expand: '%nobody%'", "F|expand: '%admins%%nobody%'",
                                             "F|expand: plain", "F|expand: '\\%admins%'",
                                             "F|expand: '100% and %admins%'"};
    static const char *const reasons[] = {"placeholder %nobody%", "placeholder %nobody%",
                                          "no value holds", "no value holds",
                                          "placeholder % and %"};
    eg_test_problems problems;
    eg_placeholders *placeholders = read_values(values, &problems);
    char yaml[1024];
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(selections); i++) {
        eg_sigma_set *set;

        (void)snprintf(yaml, sizeof(yaml),
                       "title: t\nid: x\nlogsource: {product: windows}\n"
                       "detection:\n  s:\n    %s\n  condition: s\n",
                       selections[i]);
        set = compile(yaml, placeholders, &problems);
        assert_int_equal(eg_sigma_set_size(set), 0);
        assert_int_equal(problems.count, 1);
        assert_non_null(strstr(problems.items[0].reason, reasons[i]));
        eg_sigma_set_destroy(set);
        set = compile(yaml, NULL, &problems);
        assert_int_equal(eg_sigma_set_size(set), 0);
        eg_sigma_set_destroy(set);
    }
    eg_placeholders_destroy(placeholders);
}

static void broken_placeholder_files__lose_what_is_broken(void **state)
{
    static const fault_case cases[] = {
        {"a: [1\nb: 2\n", EG_PROBLEM_REJECTED, "not YAML"},
        {"- a\n", EG_PROBLEM_REJECTED, "must be a map"},
        {"good: x\na: []\n", EG_PROBLEM_REJECTED, "1 to 20000 values"},
        {"good: x\na: {b: c}\n", EG_PROBLEM_REJECTED, "must be text or a number"},
        {"a: [b, null]\ngood: x\n", EG_PROBLEM_REJECTED, "must be text or a number"},
        {"'%a%': x\ngood: x\n", EG_PROBLEM_REJECTED, "'%a%' is no name"},
    };
    eg_test_problems problems;
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        eg_placeholders *placeholders = read_values(cases[i].yaml, &problems);
        const eg_str *texts;
        eg_arena *arena;
        size_t count = 0;

        assert_int_equal(problems.count, 1);
        assert_int_equal(problems.items[0].kind, cases[i].kind);
        assert_non_null(strstr(problems.items[0].reason, cases[i].reason));
        assert_int_equal(eg_arena_create(&arena, 1024), EG_OK);
        if (strstr(cases[i].yaml, "good")) {
            assert_int_equal(eg_placeholders_expand(placeholders, arena, EG_STR("<%good%>"), true,
                                                    &texts, &count),
                             EG_OK);
            assert_int_equal(count, 1);
            assert_true(eg_str_equal(texts[0], EG_STR("<x>")));
        }
        assert_int_equal(
            eg_placeholders_expand(placeholders, arena, EG_STR("%a%"), true, &texts, &count),
            EG_E_INVALID);
        eg_arena_destroy(arena);
        eg_placeholders_destroy(placeholders);
    }
}

static void placeholders__cannot_explode(void **state)
{
    eg_test_problems problems;
    eg_placeholders *placeholders = read_values("ten: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n", &problems);
    const eg_str *texts;
    eg_arena *arena;
    size_t count = 0;

    EG_UNUSED(state);
    assert_int_equal(eg_arena_create(&arena, 1024), EG_OK);
    assert_int_equal(eg_placeholders_expand(placeholders, arena, EG_STR("%ten%%ten%%ten%%ten%"),
                                            false, &texts, &count),
                     EG_OK);
    assert_int_equal(count, 10000);
    assert_true(eg_str_equal(texts[1234], EG_STR("1234")));
    assert_int_equal(eg_placeholders_expand(placeholders, arena,
                                            EG_STR("%ten%%ten%%ten%%ten%%ten%"), false, &texts,
                                            &count),
                     EG_E_LIMIT);
    eg_arena_destroy(arena);
    eg_placeholders_destroy(placeholders);
}

static int read_and_expand(void *arg)
{
    eg_placeholders *placeholders = NULL;
    const eg_str *texts;
    eg_arena *arena = NULL;
    size_t count;
    int status = eg_placeholders_create(&placeholders);

    EG_UNUSED(arg);
    if (status == EG_OK) {
        status = eg_placeholders_read(placeholders, eg_str_from(values), "p.yml", NULL);
    }
    if (status == EG_OK) {
        status = eg_arena_create(&arena, 64);
    }
    if (status == EG_OK) {
        status = eg_placeholders_expand(placeholders, arena, EG_STR("%admins%-%double%."), true,
                                        &texts, &count);
    }
    eg_arena_destroy(arena);
    eg_placeholders_destroy(placeholders);
    return status;
}

static void lack_of_memory__with_placeholders__is_reported(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(read_and_expand, NULL) > 5);
}

int eg_test_sigma_filter(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter__leaves_out_what_its_condition_negates),
        cmocka_unit_test(filter_for_any__covers_its_log_source),
        cmocka_unit_test(several_filters__are_all_asked),
        cmocka_unit_test(faults_of_filters__are_told_and_the_rules_go_on),
        cmocka_unit_test(filter_for_a_correlation__is_not_used),
        cmocka_unit_test(global_documents__and_what_needs_them_are_rejected),
        cmocka_unit_test(placeholders__stand_for_their_values),
        cmocka_unit_test(placeholders_without_values__reject_the_rule),
        cmocka_unit_test(broken_placeholder_files__lose_what_is_broken),
        cmocka_unit_test(placeholders__cannot_explode),
        cmocka_unit_test(lack_of_memory__with_placeholders__is_reported),
    };

    return cmocka_run_group_tests_name("sigma_filter", tests, NULL, NULL);
}
