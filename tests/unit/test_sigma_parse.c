/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a rule file, and where: every fault with its line, and the rest still read. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/sigma/yaml_tree.h"
#include "tests/unit/alloc.h"
#include "tests/unit/sigma_fixture.h"

#include <stdio.h>
#include <string.h>

#define HEAD "title: t\nid: i\nlogsource: {product: windows}\n"
#define GOOD HEAD "detection:\n  sel: {F: a}\n  condition: sel\n"

typedef struct fault_case {
    const char *yaml;
    int line;
    const char *reason; /* part of it */
} fault_case;

static void check_faults(const fault_case *cases, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        eg_test_problems problems;
        eg_test_rules rules;
        eg_sigma_set *set = NULL;

        eg_test_problems_init(&problems);
        assert_int_equal(eg_test_rules_parse(&rules, cases[i].yaml, &problems.report), EG_OK);
        assert_int_equal(eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count,
                                          NULL, &problems.report, &set),
                         EG_OK);
        assert_int_equal(eg_sigma_set_size(set), 0);
        eg_sigma_set_destroy(set);
        eg_test_rules_done(&rules);
        if (problems.count != 1 || problems.items[0].line != cases[i].line ||
            !strstr(problems.items[0].reason, cases[i].reason) ||
            problems.items[0].kind != EG_PROBLEM_REJECTED)
            fail_msg("%s\ngave %zu problems, first in line %d: %s", cases[i].yaml, problems.count,
                     problems.items[0].line, problems.items[0].reason);
    }
}

static void broken_rules__are_rejected_with_line_and_reason(void **state)
{
    static const fault_case cases[] = {
        {"a: [1\nb: 2\n", 2, "not YAML"},
        {"a: \"\x01\"\n", 1, "not YAML"},
        {"\n\n- a\n", 3, "no map"},
        {"title: t\n\ntitle: u\n", 3, "stands twice"},
        {"a: *x\n", 1, "names nothing"},
        {"a: &x [*x]\n", 1, "inside what it names"},
        {"a: !secret 5\n", 1, "tag"},
        {"<<: {a: b}\n", 1, "merge"},
        {"? [a]\n: b\n", 1, "plain name"},
        {"detection: {}\n", 1, "neither id nor title"},
        {"title: t\nid: i\ndetection: {}\n", 1, "logsource is missing"},
        {HEAD, 1, "detection is missing"},
        {HEAD "detection:\n  sel: {F: a}\n", 5, "no condition"},
        {HEAD "detection:\n  sel: {F: a}\n  condition: sal\n", 6, "no selection 'sal'"},
        {HEAD "detection:\n  sel:\n    F|foo: a\n  condition: sel\n", 6, "modifier 'foo'"},
        {HEAD "detection:\n  sel:\n    F:\n      - a\n      - [b]\n  condition: sel\n", 8,
         "value must"},
        {HEAD "detection:\n  sel:\n    F|re:\n      - a\n      - (b\n  condition: sel\n", 8,
         "regular expression"},
        {HEAD "detection:\n  sel:\n    F|cidr: 1.2.3.4/99\n  condition: sel\n", 6, "prefix length"},
        {HEAD "detection:\n  sel: {}\n  condition: sel\n", 5, "empty map"},
        {HEAD "detection:\n  sel:\n    yes: a\n  condition: sel\n", 6, "in quotes"},
        {HEAD "detection:\n  sel:\n    F: 2026-01-01\n  condition: sel\n", 6, "in quotes"},
        {HEAD "detection:\n  sel: {F: a}\n  condition: sel | count() > 5\n", 6, "aggregation"},
        {HEAD "correlation:\n  type: event_count\n", 5, "refers to no rules"},
        {HEAD "filter:\n  rules: any\n", 5, "filter has no condition"},
        {"action: global\n" GOOD, 1, "'action'"},
        {HEAD "detection:\n  sel:\n    F|windash|contains:\n      ' -a -b -c -d -e -f -g'\n"
              "  condition: sel\n",
         7, "more than 20000 values"},
    };

    EG_UNUSED(state);
    check_faults(cases, EG_COUNT(cases));
}

static void one_broken_document__leaves_the_others(void **state)
{
    eg_test_problems problems;
    eg_test_rules rules;

    EG_UNUSED(state);
    eg_test_problems_init(&problems);
    assert_int_equal(eg_test_rules_parse(&rules, GOOD "---\ntitle: bad\nid: b\n---\n" GOOD "---\n",
                                         &problems.report),
                     EG_OK);
    assert_int_equal(rules.count, 2);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].line, 8);
    assert_string_equal(problems.items[0].rule_id, "b");
    eg_test_rules_done(&rules);
}

static void rules_of_other_products__are_inert_with_the_reason(void **state)
{
    static const char *const sources[] = {
        "product: linux", "product: windows\n  category: nonsense", "service: unheard-of"};
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(sources); i++) {
        eg_test_problems problems;
        eg_test_rules rules;
        char yaml[512];

        (void)snprintf(yaml, sizeof(yaml),
                       "title: t\nlogsource:\n  %s\ndetection: {s: {F: a}, condition: s}\n",
                       sources[i]);
        eg_test_problems_init(&problems);
        assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems.report), EG_OK);
        assert_int_equal(rules.count, 0);
        assert_int_equal(problems.count, 1);
        assert_int_equal(problems.items[0].kind, EG_PROBLEM_INERT);
        assert_int_equal(problems.items[0].line, 3);
    }
}

static void rule_info__holds_what_people_need(void **state)
{
    const eg_rule_info *info;
    eg_test_rules rules;

    EG_UNUSED(state);
    assert_int_equal(
        eg_test_rules_parse(&rules,
                            "title: A title\nid: 0b1e\nauthor: Somebody\nlevel: High\n"
                            "license: DRL\ndescription: |\n  Two\n  lines\n"
                            "tags: [attack.t1059, attack.execution]\n"
                            "logsource: {category: process_creation, product: windows}\n"
                            "detection: {s: {F: a}, condition: s}\n",
                            NULL),
        EG_OK);
    assert_int_equal(rules.count, 1);
    info = eg_sigma_rule_info(rules.rules[0]);
    assert_true(eg_str_equal(info->id, EG_STR("0b1e")));
    assert_true(eg_str_equal(info->title, EG_STR("A title")));
    assert_true(eg_str_equal(info->author, EG_STR("Somebody")));
    assert_true(eg_str_equal(info->description, EG_STR("Two\nlines\n")));
    assert_true(eg_str_equal(info->license, EG_STR("DRL")));
    assert_int_equal(info->level, EG_LEVEL_HIGH);
    assert_int_equal(info->tag_count, 2);
    assert_true(eg_str_equal(info->tags[1], EG_STR("attack.execution")));
    assert_string_equal(eg_logsource_name(info->logsource), "process_creation");
    assert_string_equal(info->file, "rule.yml");
    eg_test_rules_done(&rules);
}

static void unknown_level__is_medium_with_a_warning(void **state)
{
    eg_test_problems problems;
    eg_test_rules rules;

    EG_UNUSED(state);
    eg_test_problems_init(&problems);
    assert_int_equal(eg_test_rules_parse(&rules, GOOD "level: huge\n", &problems.report), EG_OK);
    assert_int_equal(rules.count, 1);
    assert_int_equal(eg_sigma_rule_info(rules.rules[0])->level, EG_LEVEL_MEDIUM);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].kind, EG_PROBLEM_WARNING);
    assert_int_equal(problems.items[0].line, 7);
    eg_test_rules_done(&rules);
}

/* Each level of the bomb is ten times the one before it: 10^9 values from 500 bytes. */
static void alias_bomb__is_refused_before_it_unfolds(void **state)
{
    char yaml[2048] = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    size_t len = strlen(yaml);
    eg_test_problems problems;
    eg_test_rules rules;
    int level;

    EG_UNUSED(state);
    for (level = 1; level < 10; level++) {
        int i;

        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len, "a%d: &a%d [", level, level);
        for (i = 0; i < 10; i++)
            len +=
                (size_t)snprintf(yaml + len, sizeof(yaml) - len, "%s*a%d", i ? "," : "", level - 1);
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len, "]\n");
    }
    eg_test_problems_init(&problems);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems.report), EG_OK);
    assert_int_equal(rules.count, 0);
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.items[0].reason, "values in one document"));
}

static void deep_nesting__is_refused(void **state)
{
    char yaml[4096] = "a: ";
    eg_test_problems problems;
    eg_test_rules rules;

    EG_UNUSED(state);
    memset(yaml + 3, '[', 2000);
    eg_test_problems_init(&problems);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems.report), EG_OK);
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.items[0].reason, "deeper"));

    memset(yaml, 0, sizeof(yaml));
    (void)snprintf(yaml, sizeof(yaml), HEAD "detection:\n  s: {F: a}\n  condition: ");
    memset(yaml + strlen(yaml), '(', 500);
    eg_test_problems_init(&problems);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems.report), EG_OK);
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.items[0].reason, "nested deeper"));
}

typedef struct scalar_case {
    const char *raw;
    eg_yaml_type type;
    const char *text;
} scalar_case;

static void plain_scalars__are_typed_as_yaml_1_1(void **state)
{
    static const scalar_case cases[] = {
        {"", EG_YAML_NULL, ""},
        {"~", EG_YAML_NULL, "~"},
        {"Null", EG_YAML_NULL, "Null"},
        {"nULL", EG_YAML_TEXT, "nULL"},
        {"on", EG_YAML_BOOL, "true"},
        {"No", EG_YAML_BOOL, "false"},
        {"y", EG_YAML_TEXT, "y"},
        {"tRUE", EG_YAML_TEXT, "tRUE"},
        {"0", EG_YAML_NUMBER, "0"},
        {"-0", EG_YAML_NUMBER, "0"},
        {"+12", EG_YAML_NUMBER, "12"},
        {"-1_2", EG_YAML_NUMBER, "-12"},
        {"017", EG_YAML_NUMBER, "15"},
        {"0o17", EG_YAML_TEXT, "0o17"},
        {"019", EG_YAML_TEXT, "019"},
        {"0b101", EG_YAML_NUMBER, "5"},
        {"-0xfF", EG_YAML_NUMBER, "-255"},
        {"1:30", EG_YAML_NUMBER, "90"},
        {"1:60", EG_YAML_TEXT, "1:60"},
        {"99999999999999999999", EG_YAML_NUMBER, "99999999999999999999"},
        {"1.", EG_YAML_NUMBER, "1.0"},
        {"1.5e+3", EG_YAML_NUMBER, "1500.0"},
        {"1e3", EG_YAML_TEXT, "1e3"},
        {"1.0e+20", EG_YAML_NUMBER, "1e+20"},
        {".5", EG_YAML_NUMBER, "0.5"},
        {"0.00001", EG_YAML_NUMBER, "1e-05"},
        {"0.0001", EG_YAML_NUMBER, "0.0001"},
        {"123456.789", EG_YAML_NUMBER, "123456.789"},
        {"-.inf", EG_YAML_NUMBER, "-inf"},
        {".NaN", EG_YAML_NUMBER, "nan"},
        {"1.2.3", EG_YAML_TEXT, "1.2.3"},
        {"4.0.30319", EG_YAML_TEXT, "4.0.30319"},
        {"2026-08-05", EG_YAML_DATE, "2026-08-05"},
        {"2026-8-5", EG_YAML_TEXT, "2026-8-5"},
        {"2026-08-05 10:11:12", EG_YAML_DATE, "2026-08-05 10:11:12"},
        {"2026-08-05x", EG_YAML_TEXT, "2026-08-05x"},
    };
    eg_arena *arena;
    size_t i;

    EG_UNUSED(state);
    assert_int_equal(eg_arena_create(&arena, 1024), EG_OK);
    for (i = 0; i < EG_COUNT(cases); i++) {
        eg_yaml_type type = EG_YAML_TEXT;
        eg_str text = EG_STR_NONE;

        assert_int_equal(eg_yaml_resolve(arena, eg_str_from(cases[i].raw), &type, &text), EG_OK);
        if (type != cases[i].type || !eg_str_equal(text, eg_str_from(cases[i].text)))
            fail_msg("%s is type %d: %.*s", cases[i].raw, (int)type, EG_STR_ARGS(text));
    }
    eg_arena_destroy(arena);
}

static void explicit_tags_and_aliases__are_read(void **state)
{
    const eg_yaml_node *root = NULL, *item;
    eg_yaml_reader *reader;
    eg_arena *arena;

    EG_UNUSED(state);
    assert_int_equal(eg_arena_create(&arena, 1024), EG_OK);
    assert_int_equal(
        eg_yaml_reader_create(EG_STR("a: &x !!str 5\nb: *x\nc: !!int 6\nd: '7'"), &reader), EG_OK);
    assert_int_equal(eg_yaml_read(reader, arena, &root), EG_OK);
    item = eg_yaml_get(root, "b");
    assert_non_null(item);
    assert_int_equal(item->type, EG_YAML_TEXT);
    assert_int_equal(item->line, 1);
    assert_int_equal(eg_yaml_get(root, "c")->type, EG_YAML_NUMBER);
    assert_int_equal(eg_yaml_get(root, "d")->line, 4);
    assert_null(eg_yaml_get(root, "e"));
    assert_int_equal(eg_yaml_read(reader, arena, &root), EG_OK);
    assert_null(root);
    eg_yaml_reader_destroy(reader);
    eg_arena_destroy(arena);
}

static int parse_all(void *arg)
{
    eg_test_rules rules;
    int status = eg_test_rules_parse(&rules, arg, NULL);

    eg_test_rules_done(&rules);
    return status;
}

static void lack_of_memory__while_parsing__is_reported(void **state)
{
    char yaml[] = "title: t\nid: i\ntags: [a, b]\nlogsource: {product: windows}\n"
                  "detection:\n  s1: &x [{F|contains: [a, b]}, word, [{G: 1.5}]]\n  s2: *x\n"
                  "  condition: [1 of s* and not (s1 or s2), all of them]\n";

    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(parse_all, yaml) > 5);
}

int eg_test_sigma_parse(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_rules__are_rejected_with_line_and_reason),
        cmocka_unit_test(one_broken_document__leaves_the_others),
        cmocka_unit_test(rules_of_other_products__are_inert_with_the_reason),
        cmocka_unit_test(rule_info__holds_what_people_need),
        cmocka_unit_test(unknown_level__is_medium_with_a_warning),
        cmocka_unit_test(alias_bomb__is_refused_before_it_unfolds),
        cmocka_unit_test(deep_nesting__is_refused),
        cmocka_unit_test(plain_scalars__are_typed_as_yaml_1_1),
        cmocka_unit_test(explicit_tags_and_aliases__are_read),
        cmocka_unit_test(lack_of_memory__while_parsing__is_reported),
    };

    return cmocka_run_group_tests_name("sigma_parse", tests, NULL, NULL);
}
