/* SPDX-License-Identifier: Apache-2.0 */
/* Many rules in one set: order, log sources, sharing, repeated use, inert rules, lack of memory. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/event/event_json.h"
#include "core/sigma/literal_index.h"
#include "tests/unit/alloc.h"
#include "tests/unit/sigma_fixture.h"

#include <stdio.h>
#include <string.h>

#define RULE(id, source, detection) \
    "---\ntitle: t\nid: " id "\nlogsource: {product: windows" source "}\ndetection:\n" detection

static const char many_rules[] = RULE("r0", ", category: process_creation",
                                      "  s: {Image|endswith: \\cmd.exe}\n  condition: s\n")
    RULE("r1", ", category: registry_set", "  s: {Image|endswith: \\cmd.exe}\n  condition: s\n")
        RULE("r2", "", "  s: [needle]\n  condition: s\n")
            RULE("r3", ", category: process_creation",
                 "  s: {Image|endswith: \\CMD.EXE}\n  f: {User: null}\n  condition: s and not f\n")
                RULE("r4", ", service: security",
                     "  s: {EventID: 4688, Image|contains: cmd}\n  condition: s\n")
                    RULE("r5", ", category: process_creation",
                         "  s: {CommandLine|re: 'need[l]e'}\n  condition: s\n");

static void compile(const char *yaml, const eg_sigma_options *options, eg_test_problems *problems,
                    eg_sigma_set **set)
{
    eg_test_rules rules;

    eg_test_problems_init(problems);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems->report), EG_OK);
    assert_int_equal(eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count,
                                      options, &problems->report, set),
                     EG_OK);
    eg_test_rules_done(&rules); /* the set keeps nothing of them */
}

static void check_matches(const eg_sigma_set *set, const char *channel, unsigned event_id,
                          const char *fields, const char *want)
{
    char got[256] = "";
    uint32_t rules[16];
    size_t count = 0, i;

    assert_int_equal(eg_test_match(set, channel, event_id, fields, rules, &count), EG_OK);
    for (i = 0; i < count; i++) {
        size_t len = strlen(got);

        (void)snprintf(got + len, sizeof(got) - len, "%s%.*s", i ? " " : "",
                       EG_STR_ARGS(eg_sigma_set_rule(set, rules[i])->id));
    }
    assert_string_equal(got, want);
}

static void match__finds_rules_of_the_log_source_in_order(void **state)
{
    eg_test_problems problems;
    eg_sigma_set *set;

    EG_UNUSED(state);
    compile(many_rules, NULL, &problems, &set);
    assert_int_equal(problems.count, 0);
    assert_int_equal(eg_sigma_set_size(set), 6);
    check_matches(set, EG_CHANNEL_SYSMON, 1, "{\"Image\":\"C:\\\\cmd.exe\"}", "r0");
    check_matches(set, EG_CHANNEL_SYSMON, 1,
                  "{\"Image\":\"C:\\\\cmd.exe\",\"User\":\"u\",\"CommandLine\":\"a needle\"}",
                  "r0 r2 r3 r5");
    check_matches(set, EG_CHANNEL_SYSMON, 13, "{\"Image\":\"C:\\\\cmd.exe\"}", "r1");
    check_matches(set, "Security", 4688, "{\"Image\":\"C:\\\\cmd.exe\"}", "r0 r4");
    check_matches(set, "Other", 1, "{\"X\":\"NEEDLE\"}", "r2");
    check_matches(set, "Other", 1, "{\"Image\":\"C:\\\\cmd.exe\"}", "");
    eg_sigma_set_destroy(set);
}

static void equal_questions__are_kept_once(void **state)
{
    eg_test_problems problems;
    eg_sigma_stats stats;
    eg_sigma_set *set;

    EG_UNUSED(state);
    compile(many_rules, NULL, &problems, &set);
    eg_sigma_set_stats(set, &stats);
    assert_int_equal(stats.rules, 6);
    /* cmd.exe of three rules, needle, User missing, 4688, cmd, the expression and its text */
    assert_int_equal(stats.predicates, 7);
    assert_true(stats.memory > 1000 && stats.memory < 1000000);
    eg_sigma_set_destroy(set);
}

static void same_id__is_rejected_the_second_time(void **state)
{
    eg_test_problems problems;
    eg_sigma_stats stats;
    eg_sigma_set *set;

    EG_UNUSED(state);
    compile(RULE("r0", "", "  s: {F: a}\n  condition: s\n")
                RULE("r0", "", "  s: {F: b}\n  condition: s\n"),
            NULL, &problems, &set);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].line, 9);
    assert_non_null(strstr(problems.items[0].reason, "rule.yml"));
    eg_sigma_set_stats(set, &stats);
    assert_int_equal(stats.rejected, 1);
    check_matches(set, "X", 1, "{\"F\":\"a\"}", "r0");
    check_matches(set, "X", 1, "{\"F\":\"b\"}", "");
    eg_sigma_set_destroy(set);
}

/* The same matcher sees thousands of events: nothing of one may be left in the next. */
static void matcher__used_again__forgets_the_event_before(void **state)
{
    static const char *const lines[] = {
        "{\"channel\":\"X\",\"event_id\":1,\"fields\":{\"A\":\"needle\"}}",
        "{\"channel\":\"X\",\"event_id\":1,\"fields\":{\"A\":\"nothing\"}}"};
    eg_test_problems problems;
    eg_sigma_set *set;
    eg_sigma_matcher *matcher;
    eg_event_reader *reader;
    int i;

    EG_UNUSED(state);
    compile(many_rules, NULL, &problems, &set);
    assert_int_equal(eg_sigma_matcher_create(set, &matcher), EG_OK);
    assert_int_equal(eg_event_reader_create(&reader), EG_OK);
    for (i = 0; i < 1000; i++) {
        const uint32_t *rules;
        eg_event event;
        size_t count;

        assert_int_equal(eg_event_read_json(reader, eg_str_from(lines[i % 2]), &event), EG_OK);
        assert_int_equal(eg_sigma_match(matcher, &event, &rules, &count), EG_OK);
        assert_int_equal(count, i % 2 ? 0 : 1);
    }
    eg_event_reader_destroy(reader);
    eg_sigma_matcher_destroy(matcher);
    eg_sigma_set_destroy(set);
}

static void steady_state__allocates_nothing(void **state)
{
    static const char line[] = "{\"channel\":\"" EG_CHANNEL_SYSMON
                               "\",\"event_id\":1,\"fields\":{\"Image\":\"C:\\\\cmd.exe\","
                               "\"CommandLine\":\"\\u00c4 needle\",\"User\":\"u\"}}";
    eg_test_problems problems;
    eg_sigma_set *set;
    eg_sigma_matcher *matcher;
    eg_event_reader *reader;
    const uint32_t *rules;
    eg_event event;
    size_t count;

    EG_UNUSED(state);
    compile(many_rules, NULL, &problems, &set);
    assert_int_equal(eg_sigma_matcher_create(set, &matcher), EG_OK);
    assert_int_equal(eg_event_reader_create(&reader), EG_OK);
    assert_int_equal(eg_event_read_json(reader, eg_str_from(line), &event), EG_OK);
    assert_int_equal(eg_sigma_match(matcher, &event, &rules, &count), EG_OK);
    eg_mem_fail_after(0);
    assert_int_equal(eg_sigma_match(matcher, &event, &rules, &count), EG_OK);
    eg_mem_fail_after(-1);
    assert_int_equal(eg_mem_failures(), 0);
    assert_int_equal(count, 4);
    eg_event_reader_destroy(reader);
    eg_sigma_matcher_destroy(matcher);
    eg_sigma_set_destroy(set);
}

static void report_inert__names_what_no_sensor_gives(void **state)
{
    static const char yaml[] = RULE("no_sensor", ", service: ldap", "  s: {F: a}\n  condition: s\n")
        RULE("no_field", ", category: process_creation", "  s: {Unheard: a}\n  condition: s\n")
            RULE("optional", ", category: process_creation",
                 "  s: {Unheard: a}\n  t: {Image: a}\n  condition: s or t\n")
                RULE("absent", ", category: process_creation",
                     "  s: {Unheard: null}\n  t: {Unheard: x}\n  condition: s and not t\n")
                    RULE("no_event", ", service: system",
                         "  s: {EventID: 7036, ServiceName: a}\n  condition: s\n")
                        RULE("event", ", service: system",
                             "  s: {EventID: [7036, 7045], ServiceName: a}\n  condition: s\n");
    const eg_sigma_options live = {.report_inert = true};
    eg_test_problems problems;
    eg_sigma_stats stats;
    eg_sigma_set *set;

    EG_UNUSED(state);
    compile(yaml, &live, &problems, &set);
    eg_sigma_set_stats(set, &stats);
    assert_int_equal(stats.rules, 6);
    assert_int_equal(stats.inert, 3);
    assert_int_equal(problems.count, 3);
    assert_string_equal(problems.items[2].rule_id, "no_event");
    assert_non_null(strstr(problems.items[2].reason, "EventID"));
    assert_string_equal(problems.items[0].rule_id, "no_sensor");
    assert_non_null(strstr(problems.items[0].reason, "ldap"));
    assert_string_equal(problems.items[1].rule_id, "no_field");
    assert_non_null(strstr(problems.items[1].reason, "Unheard"));
    eg_sigma_set_destroy(set);
    compile(yaml, NULL, &problems, &set);
    assert_int_equal(problems.count, 0);
    eg_sigma_set_destroy(set);
}

static int compile_and_match(void *arg)
{
    const eg_test_rules *rules = arg;
    eg_sigma_set *set;
    uint32_t matches[16];
    size_t count;
    int status = eg_sigma_compile((const eg_sigma_rule *const *)rules->rules, rules->count, NULL,
                                  NULL, &set);

    if (status != EG_OK)
        return status;
    status = eg_test_match(set, EG_CHANNEL_SYSMON, 1,
                           "{\"Image\":\"C:\\\\cmd.exe\",\"X\":\"needle\",\"User\":\"\"}", matches,
                           &count);
    eg_sigma_set_destroy(set);
    return status;
}

static void lack_of_memory__while_compiling_and_matching__is_reported(void **state)
{
    static const char yaml[] =
        RULE("r0", ", category: process_creation",
             "  s: {Image|endswith: \\cmd.exe, Own|cased: A, Own|windash: -b}\n  t: {P|gt: 4}\n"
             "  u: {A|cidr: 10.0.0.0/8, B|fieldref: C}\n  condition: 1 of them and not t\n")
            RULE("r1", "", "  s: [needle, other]\n  condition: 2 of s or s\n");
    eg_test_rules rules;

    EG_UNUSED(state);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, NULL), EG_OK);
    assert_int_equal(rules.count, 2);
    assert_true(eg_test_each_allocation_fails(compile_and_match, &rules) > 20);
    eg_test_rules_done(&rules);
}

/* Without memory for JIT code the expression is interpreted, so a refusal may end well. */
static void lack_of_memory__with_regular_expressions__is_survived(void **state)
{
    eg_test_rules rules;
    long allowed, refused = 1;

    EG_UNUSED(state);
    assert_int_equal(eg_test_rules_parse(
                         &rules, RULE("r0", "", "  s: {X|re: '^n.*e$'}\n  condition: s\n"), NULL),
                     EG_OK);
    for (allowed = 0; refused > 0; allowed++) {
        int status;

        eg_mem_fail_after(allowed);
        status = compile_and_match(&rules);
        eg_mem_fail_after(-1);
        refused = eg_mem_failures();
        assert_true(status == EG_OK || status == EG_E_NOMEM);
        assert_true(allowed < 1000);
    }
    eg_test_rules_done(&rules);
}

static void remember(void *user, uint32_t id, size_t at)
{
    uint64_t *seen = user;

    EG_UNUSED(at);
    *seen |= UINT64_C(1) << id;
}

static void scan(const eg_literal_index *index, eg_str text, eg_literal_propose propose, void *user)
{
    eg_literal_index_scan_ends(index, text, propose, user);
    eg_literal_index_scan_inside(index, text, true, propose, user);
}

static void literal_index__proposes_whatever_is_there(void **state)
{
    static const eg_literal literals[] = {
        {{"whole text", 10}, 0, EG_ANCHOR_WHOLE},
        {{"w", 1}, 1, EG_ANCHOR_HEAD},
        {{"whole tex", 9}, 2, EG_ANCHOR_HEAD},
        {{"xt", 2}, 3, EG_ANCHOR_TAIL},
        {{"hole text", 9}, 4, EG_ANCHOR_TAIL},
        {{"e", 1}, 5, EG_ANCHOR_INSIDE},
        {{"le", 2}, 6, EG_ANCHOR_INSIDE},
        {{" te", 3}, 7, EG_ANCHOR_INSIDE},
        {{"hole", 4}, 8, EG_ANCHOR_INSIDE},
        {{"whole text", 10}, 9, EG_ANCHOR_INSIDE},
        {{"text is longer", 14}, 10, EG_ANCHOR_TAIL},
    };
    static const char text[] = "whole text\0\0\0\0\0\0\0";
    static const char other[] = "zzz\0\0\0\0\0\0\0";
    eg_ordinary *ordinary;
    eg_literal_index *index;
    uint64_t seen = 0;

    EG_UNUSED(state);
    assert_int_equal(eg_ordinary_create(&ordinary), EG_OK);
    assert_int_equal(eg_literal_index_create(literals, EG_COUNT(literals), ordinary, &index),
                     EG_OK);
    scan(index, (eg_str){text, 10}, remember, &seen);
    assert_int_equal(seen & 0x3ff, 0x3ff);
    seen = 0;
    scan(index, (eg_str){other, 3}, remember, &seen);
    assert_int_equal(seen, 0);
    scan(index, (eg_str){other + 3, 0}, remember, &seen);
    assert_int_equal(seen, 0);
    eg_literal_index_destroy(index);
    eg_ordinary_destroy(ordinary);
}

/* A rule that is always asked has its predicates indexed; they mean the same to other rules. */
static void predicate__of_two_log_sources__answers_in_both(void **state)
{
    static const char yaml[] =
        "title: a\nid: 00000000-0000-4000-8000-00000000000a\nlogsource: {category: "
        "process_creation, product: windows}\ndetection:\n  f: {Image|endswith: .scr}\n  "
        "condition: not f\n---\ntitle: b\nid: 00000000-0000-4000-8000-00000000000b\nlogsource: "
        "{category: image_load, product: windows}\ndetection:\n  s: {Image|endswith: .scr, "
        "ImageLoaded: c.dll}\n  condition: s\n";
    static const char fields[] = "{\"Image\":\"C:\\\\a.scr\",\"ImageLoaded\":\"c.dll\"}";
    eg_test_rules rules = {0};
    eg_sigma_set *set;
    uint32_t found[4];
    size_t count = 0;

    EG_UNUSED(state);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, NULL), EG_OK);
    assert_int_equal(
        eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count, NULL, NULL, &set),
        EG_OK);
    assert_int_equal(eg_test_match(set, EG_CHANNEL_SYSMON, 7, fields, found, &count), EG_OK);
    assert_int_equal(count, 1);
    assert_int_equal(found[0], 1);
    assert_int_equal(eg_test_match(set, EG_CHANNEL_SYSMON, 1, fields, found, &count), EG_OK);
    assert_int_equal(count, 0);
    eg_sigma_set_destroy(set);
    eg_test_rules_done(&rules);
}

int eg_test_sigma_set(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(match__finds_rules_of_the_log_source_in_order),
        cmocka_unit_test(equal_questions__are_kept_once),
        cmocka_unit_test(same_id__is_rejected_the_second_time),
        cmocka_unit_test(matcher__used_again__forgets_the_event_before),
        cmocka_unit_test(steady_state__allocates_nothing),
        cmocka_unit_test(report_inert__names_what_no_sensor_gives),
        cmocka_unit_test(lack_of_memory__while_compiling_and_matching__is_reported),
        cmocka_unit_test(lack_of_memory__with_regular_expressions__is_survived),
        cmocka_unit_test(predicate__of_two_log_sources__answers_in_both),
        cmocka_unit_test(literal_index__proposes_whatever_is_there),
    };

    return cmocka_run_group_tests_name("sigma_set", tests, NULL, NULL);
}
