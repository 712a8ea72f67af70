/* SPDX-License-Identifier: Apache-2.0 */
/* Correlations as they are written: what is refused and why, whom they refer to, what they cost. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "core/base/status.h"
#include "tests/unit/alloc.h"
#include "tests/unit/correlation_fixture.h"
#include "tests/unit/sigma_fixture.h"

#include <stdio.h>
#include <string.h>

#define A EG_TEST_BASE("a")
#define B EG_TEST_BASE("b")
#define CORRELATION EG_TEST_CORRELATION

/* ---- what is refused ---- */

typedef struct fault_case {
    const char *correlation; /* behind the rules a and b; its document begins in line 9 */
    int line;
    const char *reason;
} fault_case;

#define HEAD "---\ntitle: t\nid: x\ncorrelation:\n"
#define PLAIN "  type: temporal\n  rules: [a, b]\n  timespan: 1m\n"
#define COUNT "  type: event_count\n  rules: a\n  timespan: 1m\n  condition:\n"

static const fault_case faults[] = {
    {"---\ntitle: t\nid: x\ncorrelation: temporal\n", 14, "must be a map"},
    {HEAD PLAIN "detection: {s: {E: a}, condition: s}\n", 15, "either detection or correlation"},
    {HEAD "  rules: [a, b]\n  timespan: 1m\n", 15, "no type"},
    {HEAD "  type: value_sum\n  rules: [a, b]\n  timespan: 1m\n", 15,
     "'value_sum' is not supported"},
    {HEAD "  type: temporal\n  timespan: 1m\n", 15, "refers to no rules"},
    {HEAD "  type: temporal\n  rules: []\n  timespan: 1m\n", 16, "list is empty"},
    {HEAD "  type: temporal\n  rules: [a, [b]]\n  timespan: 1m\n", 16, "list of texts"},
    {HEAD "  type: temporal\n  rules: [a, a]\n  timespan: 1m\n", 16, "'a' stands twice"},
    {HEAD "  type: temporal\n  rules: [a, A]\n  timespan: 1m\n", 16, "under two names"},
    {HEAD "  type: temporal\n  rules: [a, c]\n  timespan: 1m\n", 16, "'c', but no rule"},
    {HEAD "  type: temporal\n  rules: [a, x]\n  timespan: 1m\n", 16, "circle through 'x'"},
    {HEAD "  type: temporal\n  rules: [a, b]\n", 15, "no timespan"},
    {HEAD "  type: temporal\n  rules: [a, b]\n  timespan: 10\n", 17, "'10' is no number"},
    {HEAD "  type: temporal\n  rules: [a, b]\n  timespan: 1w\n", 17, "'1w' is no number"},
    {HEAD "  type: temporal\n  rules: [a, b]\n  timespan: 5M\n", 17, "'5M' is no number"},
    {HEAD "  type: temporal\n  rules: [a, b]\n  timespan: m\n", 17, "'m' is no number"},
    {HEAD "  type: temporal\n  rules: [a, b]\n  timespan: -5m\n", 17, "'-5m' is no number"},
    {HEAD "  type: temporal\n  rules: [a, b]\n  timespan: 0s\n", 17, "number from 1"},
    {HEAD "  type: temporal\n  rules: [a, b]\n  timespan: 366d\n", 17, "longer than 365 days"},
    {HEAD "  type: temporal\n  rules: [a, b]\n  timespan: 99999999999999999999s\n", 17,
     "no number"},
    {HEAD PLAIN "  timeframe: 1m\n", 18, "no key 'timeframe'"},
    {HEAD PLAIN "  group-by: {}\n", 18, "list of texts"},
    {HEAD PLAIN "  group-by: [U, U]\n", 18, "'U' stands twice"},
    {HEAD PLAIN "  condition: a and b\n", 18, "must be a map"},
    {HEAD PLAIN "  condition: {}\n", 18, "compares with no number"},
    {HEAD PLAIN "  condition: {gte: 3}\n", 18, "no number of the rules"},
    {HEAD PLAIN "  condition: {field: U, gte: 1}\n", 18, "for value_count only"},
    {HEAD PLAIN "  aliases: [a]\n", 18, "aliases must be a map"},
    {HEAD PLAIN "  aliases: {u: {a: U, c: V}}\n", 18, "the rule 'c'"},
    {HEAD PLAIN "  aliases: {u: U}\n", 18, "map from rules to fields"},
    {HEAD PLAIN "  aliases: {u: {a: [U]}}\n", 18, "name of a field"},
    {HEAD PLAIN "  generate: maybe\n", 18, "true or false"},
    {HEAD PLAIN "  generate: true\ngenerate: true\n", 18, "stands twice"},
    {HEAD "  type: event_count\n  rules: a\n  timespan: 1m\n", 15, "no condition"},
    {HEAD COUNT "    ge: 5\n", 19, "no key 'ge'"},
    {HEAD COUNT "    gte: many\n", 19, "gte needs a whole number"},
    {HEAD COUNT "    gte: -1\n", 19, "gte needs a whole number"},
    {HEAD COUNT "    gte: 2.5\n", 19, "gte needs a whole number"},
    {HEAD COUNT "    gte: 4097\n", 19, "further than 4096"},
    {HEAD COUNT "    lt: 1\n", 19, "no number of events from 1"},
    {HEAD COUNT "    eq: 0\n", 19, "no number of events from 1"},
    {HEAD COUNT "    gt: 5\n    lt: 6\n", 19, "no number of events"},
    {HEAD COUNT "    eq: 5\n    neq: 5\n", 19, "no number of events"},
    {HEAD "  type: value_count\n  rules: a\n  timespan: 1m\n  condition: {gte: 2}\n", 18,
     "names no field"},
    {"---\ntitle: t\nid: a\ncorrelation:\n" PLAIN, 12, "the id 'a' is used already"},
};

static void check_fault(const fault_case *fault)
{
    eg_test_problems problems;
    eg_test_rules rules;
    eg_sigma_set *set;
    char yaml[2048];

    (void)snprintf(yaml, sizeof(yaml), A B "%s", fault->correlation);
    eg_test_problems_init(&problems);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems.report), EG_OK);
    assert_int_equal(eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count, NULL,
                                      &problems.report, &set),
                     EG_OK);
    if (problems.count != 1 || problems.items[0].kind != EG_PROBLEM_REJECTED ||
        problems.items[0].line != fault->line || !strstr(problems.items[0].reason, fault->reason)) {
        fail_msg("%s\ngave %zu problems, first in line %d: %s", fault->correlation, problems.count,
                 problems.items[0].line, problems.items[0].reason);
    }
    assert_int_equal(eg_sigma_set_size(set), 2);
    assert_false(eg_sigma_set_is_silent(set, 0)); /* a rejected correlation silences nobody */
    eg_sigma_set_destroy(set);
    eg_test_rules_done(&rules);
}

static void broken_correlations__are_rejected_with_line_and_reason(void **state)
{
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(faults); i++) {
        check_fault(&faults[i]);
    }
}

/* Returns how many rules were compiled; `reasons` receives all faults. */
static size_t compile(const char *yaml, char reasons[1024])
{
    eg_test_problems problems;
    eg_test_rules rules;
    eg_sigma_set *set;
    size_t compiled, i;

    eg_test_problems_init(&problems);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems.report), EG_OK);
    assert_int_equal(eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count, NULL,
                                      &problems.report, &set),
                     EG_OK);
    reasons[0] = '\0';
    for (i = 0; i < problems.count; i++) {
        size_t len = strlen(reasons);
        (void)snprintf(reasons + len, 1024 - len, "%s: %s\n", problems.items[i].rule_id,
                       problems.items[i].reason);
    }
    compiled = eg_sigma_set_size(set);
    eg_sigma_set_destroy(set);
    eg_test_rules_done(&rules);
    return compiled;
}

static void a_circle__is_refused_with_all_that_stand_on_it(void **state)
{
    static const char yaml[] =
        A CORRELATION("top", "type: temporal, rules: [left, a], timespan: 1m")
            CORRELATION("left", "type: temporal, rules: [a, right], timespan: 1m")
                CORRELATION("right", "type: temporal, rules: [left, a], timespan: 1m")
                    CORRELATION("good", "type: temporal, rules: [a], timespan: 1m");
    char reasons[1024];

    EG_UNUSED(state);
    assert_int_equal(compile(yaml, reasons), 2);
    assert_non_null(strstr(reasons, "left: "));
    assert_non_null(strstr(reasons, "right: "));
    assert_non_null(strstr(reasons, "top: "));
    assert_null(strstr(reasons, "good: "));
}

static void what_stands_on_a_rejected_rule__is_rejected(void **state)
{
    static const char yaml[] =
        "title: t\nid: bad\nlogsource: {product: windows}\n"
        "detection: {s: {'E|re': '('}, condition: s}\n" A CORRELATION(
            "one", "type: temporal, rules: [a, bad], timespan: 1m")
            CORRELATION("two", "type: temporal, rules: [one, a], timespan: 1m");
    char reasons[1024];

    EG_UNUSED(state);
    assert_int_equal(compile(yaml, reasons), 1);
    assert_non_null(strstr(reasons, "one: refers to 'bad', but no rule that was loaded"));
    assert_non_null(strstr(reasons, "two: refers to 'one', which was rejected"));
}

/* Correlations c00 over a, c01 over c00 and so on. */
static size_t compile_tower(int height, char reasons[1024])
{
    char yaml[8192] = A;
    size_t len = strlen(yaml);
    int i;

    for (i = 0; i < height; i++) {
        char below[16] = "a";

        if (i > 0) {
            (void)snprintf(below, sizeof(below), "c%02d", i - 1);
        }
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
                                "---\ntitle: t\nid: c%02d\ncorrelation: {type: temporal, rules: "
                                "%s, timespan: 1m}\n",
                                i, below);
    }
    return compile(yaml, reasons);
}

static void a_tower__has_a_limit(void **state)
{
    char reasons[1024];

    EG_UNUSED(state);
    assert_int_equal(compile_tower(16, reasons), 17);
    assert_int_equal(compile_tower(18, reasons), 17);
    assert_non_null(strstr(reasons, "c16: 'c16' stands on too many correlations"));
    assert_non_null(strstr(reasons, "c17: refers to 'c16', which was rejected"));
}

/* ---- names ---- */

#define UUID "5638f7c0-ac70-491d-8465-2a65075e0d86"
#define NAMED \
    "---\ntitle: t\nid: n\nname: b_name\nlogsource: {product: windows}\n" \
    "detection: {s: {E: b}, condition: s}\n"

static void names_and_ids__both_refer(void **state)
{
    static const char yaml[] =
        CORRELATION("all", "type: temporal, timespan: 10s, "
                           "rules: [5638F7C0-AC70-491D-8465-2A65075E0D86, b_name]")
            EG_TEST_BASE(UUID) NAMED;

    EG_UNUSED(state);
    eg_test_stream_check(yaml, "0:" UUID " 1:b", "1:all=2 ");
}

static void a_name_that_several_rules_bear__is_refused(void **state)
{
    static const char yaml[] = "title: t\nid: a\nname: n\nlogsource: {product: windows}\n"
                               "detection: {s: {E: a}, condition: s}\n"
                               "---\ntitle: t\nid: b\nname: n\nlogsource: {product: windows}\n"
                               "detection: {s: {E: b}, condition: s}\n" CORRELATION(
                                   "x", "type: temporal, rules: [n], timespan: 10s");
    char reasons[1024];

    EG_UNUSED(state);
    assert_int_equal(compile(yaml, reasons), 2);
    assert_non_null(strstr(reasons, "several rules are named 'n'"));
}

/* The shape of the specification's example: the correlations come first, and refer by name. */
static void failed_logons_before_a_good_one__are_found(void **state)
{
    static const char yaml[] =
        "title: Failed logons, then a good one\n"
        "id: b180ead8-0000-4000-8000-000000000001\n"
        "correlation:\n"
        "    type: temporal_ordered\n"
        "    rules:\n        - multiple_failed_login\n        - successful_login\n"
        "    group-by:\n        - User\n"
        "    timespan: 10m\n"
        "falsepositives:\n    - Unlikely\nlevel: high\n"
        "---\n"
        "title: Many failed logons\nid: b180ead8-0000-4000-8000-000000000002\n"
        "name: multiple_failed_login\n"
        "correlation:\n"
        "    type: event_count\n    rules:\n        - failed_login\n    group-by:\n"
        "        - User\n    timespan: 10m\n    condition:\n        gte: 10\n"
        "---\n"
        "title: Failed logon\nid: b180ead8-0000-4000-8000-000000000003\nname: failed_login\n"
        "logsource: {product: windows}\n"
        "detection:\n    selection:\n        Logon: [529, 4625]\n    condition: selection\n"
        "---\n"
        "title: Good logon\nid: b180ead8-0000-4000-8000-000000000004\nname: successful_login\n"
        "logsource: {product: windows}\n"
        "detection:\n    selection:\n        Logon: [528, 4624]\n    condition: selection\n";
    eg_test_stream stream;
    int i;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, yaml, NULL);
    for (i = 0; i < 9; i++) {
        eg_test_stream_send(&stream, i * 60, "{\"Logon\":\"4625\",\"User\":\"x\"}");
    }
    eg_test_stream_send(&stream, 541, "{\"Logon\":\"4624\",\"User\":\"x\"}");
    assert_string_equal(stream.told, "");
    eg_test_stream_send(&stream, 550, "{\"Logon\":\"529\",\"User\":\"x\"}");
    eg_test_stream_send(&stream, 560, "{\"Logon\":\"4624\",\"User\":\"y\"}");
    assert_string_equal(stream.told, "");
    eg_test_stream_send(&stream, 570, "{\"Logon\":\"528\",\"User\":\"x\"}");
    assert_string_equal(stream.told, "570:b180ead8-0000-4000-8000-000000000001=2[x] ");
    eg_test_stream_done(&stream);
}

static void inert_rules__make_their_correlations_inert(void **state)
{
    static const char yaml[] =
        A "---\ntitle: t\nid: p\nlogsource: {product: windows, category: process_creation}\n"
          "detection: {s: {Image: b}, condition: s}\n" CORRELATION(
              "both", "type: temporal, rules: [a, p], timespan: 1m")
              CORRELATION("either", "type: temporal, rules: [a, p], timespan: 1m, "
                                    "condition: {gte: 1}")
                  CORRELATION("above", "type: event_count, rules: both, timespan: 1m, "
                                       "condition: {gte: 2}");
    static const bool want[] = {true, false, true, false, true};
    const eg_sigma_options live = {.report_inert = true};
    eg_sigma_inert why;
    eg_test_rules rules;
    eg_sigma_stats stats;
    eg_sigma_set *set;
    size_t i;

    EG_UNUSED(state);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, NULL), EG_OK);
    assert_int_equal(
        eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count, &live, NULL, &set),
        EG_OK);
    for (i = 0; i < EG_COUNT(want); i++) {
        assert_int_equal(eg_sigma_set_inert(set, i, &why), want[i]);
    }
    eg_sigma_set_stats(set, &stats);
    assert_int_equal(stats.inert, 3);
    eg_sigma_set_destroy(set);
    eg_test_rules_done(&rules);
}

/* ---- limits and memory ---- */

#define MANY(rest) \
    A CORRELATION("many", "type: event_count, rules: a, group-by: U, timespan: 10s, " rest)

static void groups_beyond_the_limit__push_out_the_one_used_longest_ago(void **state)
{
    static const eg_correlator_limits limits = {2, 100, 100, 1000};
    eg_correlator_stats stats;
    eg_test_stream stream;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, MANY("condition: {gte: 2}"), &limits);
    eg_test_stream_send(&stream, 0, "{\"E\":\"a\",\"U\":\"x\"}");
    eg_test_stream_send(&stream, 1, "{\"E\":\"a\",\"U\":\"y\"}");
    eg_test_stream_send(&stream, 2, "{\"E\":\"a\",\"U\":\"x\"}");
    eg_test_stream_send(&stream, 3, "{\"E\":\"a\",\"U\":\"z\"}"); /* y leaves */
    eg_test_stream_send(&stream, 4, "{\"E\":\"a\",\"U\":\"y\"}"); /* x leaves */
    eg_test_stream_send(&stream, 5, "{\"E\":\"a\",\"U\":\"z\"}");
    assert_string_equal(stream.told, "2:many=2[x] 5:many=2[z] ");
    eg_sigma_correlator_stats(stream.correlator, &stats);
    assert_int_equal(stats.groups, 2);
    assert_int_equal(stats.groups_dropped, 2);
    assert_int_equal(stats.events_dropped, 3);
    eg_test_stream_send(&stream, 500, "{\"E\":\"a\",\"U\":\"n\"}"); /* y and z count no more */
    eg_sigma_correlator_stats(stream.correlator, &stats);
    assert_int_equal(stats.groups_dropped, 2);
    eg_test_stream_done(&stream);
}

static void events_beyond_the_limit_of_a_group__push_out_the_first(void **state)
{
    static const eg_correlator_limits limits = {10, 3, 100, 1000};
    eg_correlator_stats stats;
    eg_test_stream stream;
    int i;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, MANY("condition: {gte: 3}"), &limits);
    for (i = 0; i < 8; i++) {
        eg_test_stream_send(&stream, i, "{\"E\":\"a\",\"U\":\"x\"}");
    }
    eg_sigma_correlator_stats(stream.correlator, &stats);
    assert_string_equal(stream.told, "2:many=3[x] ");
    assert_int_equal(stats.events, 3);
    assert_int_equal(stats.events_dropped, 5);
    eg_test_stream_done(&stream);
}

/* Whoever floods with one rule or one value cannot push out the others. */
static void a_flood_of_the_same__displaces_itself(void **state)
{
    static const eg_correlator_limits limits = {10, 4, 100, 1000};
    static const char temporal[] =
        A B CORRELATION("both", "type: temporal_ordered, rules: [b, a], timespan: 1h");
    static const char values[] =
        A CORRELATION("three", "type: value_count, rules: a, timespan: 1h, "
                               "condition: {field: V, gte: 3}");
    eg_test_stream stream;
    int i;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, temporal, &limits);
    eg_test_stream_send(&stream, 0, "{\"E\":\"b\"}");
    for (i = 1; i < 50; i++) {
        eg_test_stream_send(&stream, -i, "{\"E\":\"a\"}");
    }
    assert_string_equal(stream.told, "");
    eg_test_stream_send(&stream, 60, "{\"E\":\"a\"}");
    assert_string_equal(stream.told, "60:both=2 ");
    eg_test_stream_done(&stream);
    eg_test_stream_open(&stream, values, &limits);
    eg_test_stream_send(&stream, 0, "{\"E\":\"a\",\"V\":\"1\"}");
    eg_test_stream_send(&stream, 1, "{\"E\":\"a\",\"V\":\"2\"}");
    for (i = 2; i < 50; i++) {
        eg_test_stream_send(&stream, i, "{\"E\":\"a\",\"V\":\"2\"}");
    }
    eg_test_stream_send(&stream, 60, "{\"E\":\"a\",\"V\":\"3\"}");
    assert_string_equal(stream.told, "60:three=3 ");
    eg_test_stream_done(&stream);
}

static void text_beyond_the_limit__is_dropped_and_counted(void **state)
{
    static const eg_correlator_limits limits = {10, 10, 10, 40};
    eg_correlator_stats stats;
    eg_test_stream stream;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, MANY("condition: {gte: 2}"), &limits);
    eg_test_stream_send(&stream, 0, "{\"E\":\"a\",\"U\":\"123456789012345678901234567890123456\"}");
    eg_sigma_correlator_stats(stream.correlator, &stats);
    assert_int_equal(stats.groups, 0);
    assert_int_equal(stats.events_dropped, 1);
    eg_test_stream_send(&stream, 1, "{\"E\":\"a\",\"U\":\"12345678901234567890\"}");
    eg_test_stream_send(&stream, 2, "{\"E\":\"a\",\"U\":\"ABCDEFGHIJKLMNOPQRST\"}");
    eg_sigma_correlator_stats(stream.correlator, &stats);
    assert_int_equal(stats.groups, 1);
    assert_int_equal(stats.groups_dropped, 1);
    assert_true(stats.text <= limits.text);
    eg_test_stream_done(&stream);
}

static void no_limit_at_all__counts_nothing(void **state)
{
    static const eg_correlator_limits none[] = {
        {0, 10, 10, 100}, {10, 0, 10, 100}, {10, 10, 0, 100}, {10, 10, 10, 0}};
    eg_test_stream stream;
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(none); i++) {
        eg_test_stream_open(&stream, MANY("condition: {gte: 1}"), &none[i]);
        eg_test_stream_send(&stream, 0, "{\"E\":\"a\",\"U\":\"x\"}");
        assert_string_equal(stream.told, "");
        eg_test_stream_done(&stream);
    }
}

#define COUNTING \
    CORRELATION("c1", "type: event_count, rules: [a, b], group-by: U, timespan: 1m, " \
                      "condition: {gte: 2}")
#define DIFFERING \
    CORRELATION("c2", "type: value_count, rules: a, group-by: [who], timespan: 1m, " \
                      "condition: {field: [V], gte: 2}, aliases: {who: {a: U}}")
#define FOLLOWING CORRELATION("c3", "type: temporal_ordered, rules: [c1, c2], timespan: 1m")
#define FILTER \
    "---\ntitle: f\nlogsource: {product: windows}\n" \
    "filter: {rules: [a], selection: {U: z}, condition: not selection}\n"

static const char every_kind[] = A B COUNTING DIFFERING FOLLOWING FILTER;

static int load(void *arg)
{
    eg_sigma_correlator *correlator = NULL;
    eg_sigma_set *set = NULL;
    eg_test_rules rules;
    int status = eg_test_rules_parse(&rules, every_kind, NULL);

    EG_UNUSED(arg);
    if (status == EG_OK) {
        status = eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count, NULL,
                                  NULL, &set);
    }
    if (status == EG_OK) {
        status = eg_sigma_correlator_create(set, NULL, &correlator);
    }
    eg_sigma_correlator_destroy(correlator);
    eg_sigma_set_destroy(set);
    eg_test_rules_done(&rules);
    return status;
}

static void lack_of_memory__while_loading__is_reported(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(load, NULL) > 20);
}

/* At every allocation that correlating makes; what comes later is counted again. */
static void lack_of_memory__while_correlating__is_survived(void **state)
{
    long allowed, refused = 1;

    EG_UNUSED(state);
    for (allowed = 0; refused > 0; allowed++) {
        eg_test_stream stream;
        char fields[] = "{\"E\":\"a\",\"U\":\"u\",\"V\":\"1\"}";
        int i;

        eg_test_stream_open(&stream, every_kind, NULL);
        eg_test_stream_send(&stream, -100, "{\"E\":\"x\"}"); /* fills the matcher's buffers */
        eg_mem_fail_after(allowed);
        refused = 0;
        for (i = 0; i < 8; i++) {
            fields[strlen(fields) - 3] = (char)('1' + i);
            refused += eg_test_stream_send_flagged(&stream, i, 0, fields) == EG_OK ? 0 : 1;
        }
        eg_mem_fail_after(-1);
        stream.told[0] = '\0';
        eg_test_stream_send(&stream, 100, "{\"E\":\"a\",\"U\":\"u\",\"V\":\"1\"}");
        eg_test_stream_send(&stream, 101, "{\"E\":\"a\",\"U\":\"u\",\"V\":\"2\"}");
        eg_test_stream_send(&stream, 102, "{\"E\":\"a\",\"U\":\"u\",\"V\":\"2\"}");
        assert_string_equal(stream.told, "102:c3=2 ");
        eg_test_stream_done(&stream);
        assert_true(allowed < 1000);
    }
    assert_true(allowed > 5);
}

int eg_test_sigma_correlation_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_correlations__are_rejected_with_line_and_reason),
        cmocka_unit_test(a_circle__is_refused_with_all_that_stand_on_it),
        cmocka_unit_test(what_stands_on_a_rejected_rule__is_rejected),
        cmocka_unit_test(a_tower__has_a_limit),
        cmocka_unit_test(names_and_ids__both_refer),
        cmocka_unit_test(a_name_that_several_rules_bear__is_refused),
        cmocka_unit_test(failed_logons_before_a_good_one__are_found),
        cmocka_unit_test(inert_rules__make_their_correlations_inert),
        cmocka_unit_test(groups_beyond_the_limit__push_out_the_one_used_longest_ago),
        cmocka_unit_test(events_beyond_the_limit_of_a_group__push_out_the_first),
        cmocka_unit_test(a_flood_of_the_same__displaces_itself),
        cmocka_unit_test(text_beyond_the_limit__is_dropped_and_counted),
        cmocka_unit_test(no_limit_at_all__counts_nothing),
        cmocka_unit_test(lack_of_memory__while_loading__is_reported),
        cmocka_unit_test(lack_of_memory__while_correlating__is_survived),
    };

    return cmocka_run_group_tests_name("sigma_correlation_rules", tests, NULL, NULL);
}
