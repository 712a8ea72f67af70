/* SPDX-License-Identifier: Apache-2.0 */
/* What correlations mean, on streams of events made by hand. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "tests/unit/correlation_fixture.h"

#define A EG_TEST_BASE("a")
#define B EG_TEST_BASE("b")
#define C EG_TEST_BASE("c")
#define COUNT(condition) \
    A EG_TEST_CORRELATION( \
        "many", "type: event_count, rules: a, timespan: 10s, condition: {" condition "}")
#define TEMPORAL(rest) \
    A B C EG_TEST_CORRELATION("all", "type: temporal, rules: [a, b, c], timespan: 10s" rest)
#define ORDERED(rest) \
    A B C EG_TEST_CORRELATION("all", "type: temporal_ordered, rules: [a, b, c], timespan: 10s" rest)

typedef struct stream_case {
    const char *yaml, *events, *told;
} stream_case;

static void check(const stream_case *cases, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        eg_test_stream_check(cases[i].yaml, cases[i].events, cases[i].told);
    }
}

static void event_count__counts_within_the_timespan_both_ends_included(void **state)
{
    static const stream_case cases[] = {
        {COUNT("gte: 3"), "0:a 1:a 2:a", "2:many=3 "},
        {COUNT("gte: 3"), "0:a 5:a 10:a", "10:many=3 "},
        {COUNT("gte: 3"), "0:a 5:a 10.0000001:a", ""},
        {COUNT("gte: 3"), "0:a 5:a 11:a 12:a", "12:many=3 "},
        {COUNT("gte: 3"), "0:a 0:b 0:a 0:b 1:b", ""},
        {COUNT("gt: 2"), "0:a 1:a 2:a", "2:many=3 "},
        {COUNT("gt: 3"), "0:a 1:a 2:a", ""},
        {COUNT("eq: 2"), "0:a 1:a 2:a", "1:many=2 "},
        {COUNT("gte: 2, lt: 4"), "0:a 1:a 2:a", "1:many=2 "},
        {COUNT("lt: 3"), "0:a 1:a", "0:many=1 "},
        {COUNT("lte: 1"), "0:a 11:a", "0:many=1 11:many=1 "},
        {COUNT("neq: 1"), "0:a 11:a 12:a", "12:many=2 "},
    };

    EG_UNUSED(state);
    check(cases, EG_COUNT(cases));
}

static void a_group__is_told_once_within_its_timespan(void **state)
{
    static const stream_case cases[] = {
        {COUNT("gte: 2"), "0:a 1:a 2:a 5:a 11:a 11.1:a", "1:many=2 11.1:many=4 "},
        {COUNT("gte: 2"), "0:a 1:a 30:a 31:a", "1:many=2 31:many=2 "},
        {TEMPORAL(""), "0:a 1:b 2:c 3:a 4:b 5:c", "2:all=3 "},
    };

    EG_UNUSED(state);
    check(cases, EG_COUNT(cases));
}

static void late_events__count_as_if_they_had_come_in_time(void **state)
{
    static const stream_case cases[] = {
        {COUNT("gte: 3"), "0:a 8:a 4:a", "4:many=3 "},
        {COUNT("gte: 3"), "0:a 10:a 5:a", "5:many=3 "},
        {COUNT("gte: 3"), "0:a 11:a 5:a", ""},
        {COUNT("gte: 3"), "20:a 11:a 30:a 21:a", "21:many=3 "},
        {ORDERED(""), "2:c 1:b 0:a", "0:all=3 "},
        {ORDERED(""), "0:a 5:c 3:b", "3:all=3 "},
        {ORDERED(""), "0:a 3:c 5:b", ""},
        {ORDERED(""), "0:a 11:c 3:b", ""},
        {ORDERED(""), "0:a 3:b 13:c 4:b 3.5:a", "3.5:all=3 "},
    };

    EG_UNUSED(state);
    check(cases, EG_COUNT(cases));
}

static void a_clock_that_jumps__does_not_stop_the_counting(void **state)
{
    static const stream_case cases[] = {
        {COUNT("gte: 3"), "0:a 1:a 1000000:a -1000:a -999:a -998:a", "-998:many=3 "},
        {COUNT("gte: 3"), "1000000:a 1000001:a 1000002:a 0:a 1:a 2:a", "1e+06:many=3 2:many=3 "},
        {ORDERED(""), "900000:c 900001:a 0:a 1:b 2:c", "2:all=3 "},
    };

    EG_UNUSED(state);
    check(cases, EG_COUNT(cases));
}

static void temporal__wants_all_rules_in_any_order(void **state)
{
    static const stream_case cases[] = {
        {TEMPORAL(""), "0:a 1:b 2:c", "2:all=3 "},
        {TEMPORAL(""), "0:c 1:a 2:b", "2:all=3 "},
        {TEMPORAL(""), "0:c 1:a 10:b", "10:all=3 "},
        {TEMPORAL(""), "0:c 1:a 11:b 11.5:c", ""},
        {TEMPORAL(""), "0:a 1:a 2:b 3:a", ""},
        {TEMPORAL(", condition: {gte: 2}"), "0:a 1:a 2:c", "2:all=2 "},
        {TEMPORAL(", condition: {eq: 1}"), "0:a", "0:all=1 "},
    };

    EG_UNUSED(state);
    check(cases, EG_COUNT(cases));
}

static void temporal_ordered__wants_them_in_order(void **state)
{
    static const stream_case cases[] = {
        {ORDERED(""), "0:a 1:b 2:c", "2:all=3 "},
        {ORDERED(""), "0:a 1:b 10:c", "10:all=3 "},
        {ORDERED(""), "0:a 1:b 10.1:c", ""},
        {ORDERED(""), "0:a 1:c 2:b", ""},
        {ORDERED(""), "0:b 1:a 2:b 3:a 4:c", "4:all=3 "},
        {ORDERED(""), "0:a 9:b 9.5:a 10.5:b 12:c", "12:all=3 "},
        {ORDERED(""), "0:a 0:b 0:c", "0:all=3 "},
        {ORDERED(""), "0:c 0:b 0:a", ""},
        {ORDERED(", condition: {gte: 2}"), "0:a 1:c", "1:all=2 "},
        {ORDERED(", condition: {gte: 2}"), "0:c 1:a", ""},
        {ORDERED(""), "0:a 1:b 2:c 12.5:a", "2:all=3 "},
    };

    EG_UNUSED(state);
    check(cases, EG_COUNT(cases));
}

static void one_event_for_several_rules__is_one_event(void **state)
{
    static const char both[] =
        "---\ntitle: t\nid: x\nlogsource: {product: windows}\n"
        "detection: {s: {E: [a, both]}, condition: s}\n"
        "---\ntitle: t\nid: y\nlogsource: {product: windows}\n"
        "detection: {s: {E: [b, both]}, condition: s}\n" EG_TEST_CORRELATION(
            "count", "type: event_count, rules: [x, y], timespan: 10s, condition: {gte: 3}")
            EG_TEST_CORRELATION("near", "type: temporal, rules: [x, y], timespan: 10s")
                EG_TEST_CORRELATION("row", "type: temporal_ordered, rules: [x, y], timespan: 10s");
    static const stream_case cases[] = {
        {both, "0:both 1:b", "0:near=2 1:row=2 "},
        {both, "0:both 1:both", "0:near=2 1:row=2 "},
        {both, "0:a 1:b 2:both", "1:near=2 1:row=2 2:count=3 "},
    };

    EG_UNUSED(state);
    check(cases, EG_COUNT(cases));
}

/* ---- groups and values ---- */

static void groups__are_counted_apart(void **state)
{
    static const char yaml[] = A EG_TEST_CORRELATION(
        "many",
        "type: event_count, rules: a, group-by: [U, V], timespan: 10s, condition: {gte: 2}");
    eg_test_stream stream;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, yaml, NULL);
    eg_test_stream_send(&stream, 0, "{\"E\":\"a\",\"U\":\"x\",\"V\":\"1\"}");
    eg_test_stream_send(&stream, 1, "{\"E\":\"a\",\"U\":\"x\",\"V\":\"2\"}");
    eg_test_stream_send(&stream, 2, "{\"E\":\"a\",\"U\":\"x1\",\"V\":\"\"}");
    eg_test_stream_send(&stream, 3, "{\"E\":\"a\",\"U\":\"X\",\"V\":\"2\"}");
    assert_string_equal(stream.told, "3:many=2[X][2] ");
    eg_test_stream_done(&stream);
}

static void a_missing_field__is_a_value_of_its_own(void **state)
{
    static const char yaml[] = A EG_TEST_CORRELATION(
        "many", "type: event_count, rules: a, group-by: [U], timespan: 10s, condition: {gte: 2}");
    eg_test_stream stream;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, yaml, NULL);
    eg_test_stream_send(&stream, 0, "{\"E\":\"a\"}");
    eg_test_stream_send(&stream, 1, "{\"E\":\"a\",\"U\":\"\"}");
    eg_test_stream_send(&stream, 2, "{\"E\":\"a\",\"U\":\"x\"}");
    assert_string_equal(stream.told, "");
    eg_test_stream_send(&stream, 3, "{\"E\":\"a\"}");
    eg_test_stream_send(&stream, 4, "{\"E\":\"a\",\"U\":\"\"}");
    assert_string_equal(stream.told, "3:many=2[?] 4:many=2[] ");
    eg_test_stream_done(&stream);
}

static void value_count__counts_different_values(void **state)
{
    static const char yaml[] =
        A EG_TEST_CORRELATION("users", "type: value_count, rules: a, group-by: [H], timespan: 10s, "
                                       "condition: {field: U, gte: 3}");
    eg_test_stream stream;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, yaml, NULL);
    eg_test_stream_send(&stream, 0, "{\"E\":\"a\",\"H\":\"h\",\"U\":\"x\"}");
    eg_test_stream_send(&stream, 1, "{\"E\":\"a\",\"H\":\"h\",\"U\":\"X\"}");
    eg_test_stream_send(&stream, 2, "{\"E\":\"a\",\"H\":\"h\",\"U\":\"y\"}");
    eg_test_stream_send(&stream, 3, "{\"E\":\"a\",\"H\":\"h\"}");
    eg_test_stream_send(&stream, 4, "{\"E\":\"a\",\"H\":\"g\",\"U\":\"z\"}");
    eg_test_stream_send(&stream, 11, "{\"E\":\"a\",\"H\":\"h\",\"U\":\"\"}");
    assert_string_equal(stream.told, "11:users=3[h] ");
    eg_test_stream_send(&stream, 22, "{\"E\":\"a\",\"H\":\"h\",\"U\":\"z\"}");
    assert_string_equal(stream.told, "11:users=3[h] ");
    eg_test_stream_done(&stream);
}

static void value_count_of_several_fields__counts_pairs(void **state)
{
    static const char yaml[] =
        A EG_TEST_CORRELATION("pairs", "type: value_count, rules: a, timespan: 10s, "
                                       "condition: {field: [U, V], gte: 3}");
    eg_test_stream stream;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, yaml, NULL);
    eg_test_stream_send(&stream, 0, "{\"E\":\"a\",\"U\":\"x\",\"V\":\"1\"}");
    eg_test_stream_send(&stream, 1, "{\"E\":\"a\",\"U\":\"x\",\"V\":\"2\"}");
    eg_test_stream_send(&stream, 2, "{\"E\":\"a\",\"U\":\"x1\",\"V\":\"\"}");
    assert_string_equal(stream.told, "2:pairs=3 ");
    eg_test_stream_done(&stream);
}

static void aliases__give_fields_of_different_rules_one_name(void **state)
{
    static const char yaml[] =
        A B EG_TEST_CORRELATION("talk", "type: temporal, rules: [a, b], group-by: [in, out], "
                                        "timespan: 10s, aliases: {in: {a: D, b: S}, out: {a: S, "
                                        "b: D}}");
    eg_test_stream stream;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, yaml, NULL);
    eg_test_stream_send(&stream, 0, "{\"E\":\"a\",\"S\":\"1\",\"D\":\"2\"}");
    eg_test_stream_send(&stream, 1, "{\"E\":\"b\",\"S\":\"1\",\"D\":\"2\"}");
    assert_string_equal(stream.told, "");
    eg_test_stream_send(&stream, 2, "{\"E\":\"b\",\"S\":\"2\",\"D\":\"1\"}");
    assert_string_equal(stream.told, "2:talk=2[2][1] ");
    eg_test_stream_done(&stream);
}

/* ---- correlations over correlations ---- */

#define FAILED_THEN_GOOD \
    A B EG_TEST_CORRELATION("then", "type: temporal_ordered, rules: [many, b], group-by: U, " \
                                    "timespan: 10s") \
        EG_TEST_CORRELATION("many", "type: event_count, rules: a, group-by: [H, U], " \
                                    "timespan: 10s, condition: {gte: 3}")

static void a_chain__is_completed_while_its_first_part_still_holds(void **state)
{
    eg_test_stream stream;
    char fields[] = "{\"E\":\"a\",\"H\":\"1\",\"U\":\"u\"}";
    int i;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, FAILED_THEN_GOOD, NULL);
    for (i = 0; i < 60; i++) {
        eg_test_stream_send(&stream, i, fields);
    }
    assert_string_equal(stream.told, ""); /* `many` is silent: only `then` refers to it */
    eg_test_stream_send(&stream, 65, "{\"E\":\"b\",\"U\":\"w\"}");
    eg_test_stream_send(&stream, 66, "{\"E\":\"b\",\"U\":\"U\"}");
    assert_string_equal(stream.told, "66:then=2[U] ");
    eg_test_stream_done(&stream);
}

static void a_correlation_that_goes_on__counts_as_one_event(void **state)
{
    static const char yaml[] =
        A EG_TEST_CORRELATION("bursts", "type: event_count, rules: many, timespan: 100s, "
                                        "condition: {gte: 2}, generate: true")
            EG_TEST_CORRELATION("many", "type: event_count, rules: a, timespan: 10s, "
                                        "condition: {gte: 2}");

    EG_UNUSED(state);
    eg_test_stream_check(yaml, "0:a 1:a 2:a 3:a 50:a 51:a", "1:many=2 51:many=2 51:bursts=2 ");
}

static void aliases_below__are_seen_above(void **state)
{
    static const char yaml[] =
        A B EG_TEST_CORRELATION("top", "type: temporal, rules: [pair, c], group-by: who, "
                                       "timespan: 10s, aliases: {who: {pair: ip, c: X}}")
            C EG_TEST_CORRELATION("pair", "type: temporal, rules: [a, b], group-by: ip, "
                                          "timespan: 10s, aliases: {ip: {a: S, b: D}}");
    eg_test_stream stream;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, yaml, NULL);
    eg_test_stream_send(&stream, 0, "{\"E\":\"a\",\"S\":\"1\"}");
    eg_test_stream_send(&stream, 1, "{\"E\":\"b\",\"D\":\"1\"}");
    eg_test_stream_send(&stream, 2, "{\"E\":\"c\",\"X\":\"2\"}");
    assert_string_equal(stream.told, "");
    eg_test_stream_send(&stream, 3, "{\"E\":\"c\",\"X\":\"1\"}");
    assert_string_equal(stream.told, "3:top=2[1] ");
    eg_test_stream_done(&stream);
}

static void generate__decides_who_is_silent(void **state)
{
    static const char yaml[] = A B C EG_TEST_BASE("d") EG_TEST_CORRELATION(
        "one", "type: temporal, rules: [a, b], timespan: 10s")
        EG_TEST_CORRELATION("two", "type: temporal, rules: [b, c], timespan: 10s, generate: true")
            EG_TEST_CORRELATION("three", "type: temporal, rules: [one, d], timespan: 10s");
    static const bool silent[] = {true, false, false, true, true, false, false};
    eg_test_stream stream;
    size_t i;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, yaml, NULL);
    assert_int_equal(eg_sigma_set_size(stream.set), EG_COUNT(silent));
    assert_int_equal(eg_sigma_set_correlations(stream.set), 3);
    for (i = 0; i < EG_COUNT(silent); i++) {
        assert_int_equal(eg_sigma_set_is_silent(stream.set, i), silent[i]);
        assert_int_equal(eg_sigma_set_is_correlation(stream.set, i), i >= 4);
        assert_int_equal(eg_sigma_set_is_correlated(stream.set, i), i < 5);
    }
    eg_test_stream_done(&stream);
}

static void what_was_there_before__does_not_count(void **state)
{
    eg_test_stream stream;

    EG_UNUSED(state);
    eg_test_stream_open(&stream, COUNT("gte: 2"), NULL);
    assert_int_equal(eg_test_stream_send_flagged(&stream, 0, EG_EVENT_EXISTING, "{\"E\":\"a\"}"),
                     0);
    eg_test_stream_send(&stream, 1, "{\"E\":\"a\"}");
    assert_string_equal(stream.told, "");
    eg_test_stream_send(&stream, 2, "{\"E\":\"a\"}");
    assert_string_equal(stream.told, "2:many=2 ");
    eg_sigma_correlator_reset(stream.correlator);
    eg_test_stream_send(&stream, 30, "{\"E\":\"a\"}");
    assert_string_equal(stream.told, "2:many=2 ");
    eg_test_stream_done(&stream);
}

int eg_test_sigma_correlation(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_count__counts_within_the_timespan_both_ends_included),
        cmocka_unit_test(a_group__is_told_once_within_its_timespan),
        cmocka_unit_test(late_events__count_as_if_they_had_come_in_time),
        cmocka_unit_test(a_clock_that_jumps__does_not_stop_the_counting),
        cmocka_unit_test(temporal__wants_all_rules_in_any_order),
        cmocka_unit_test(temporal_ordered__wants_them_in_order),
        cmocka_unit_test(one_event_for_several_rules__is_one_event),
        cmocka_unit_test(groups__are_counted_apart),
        cmocka_unit_test(a_missing_field__is_a_value_of_its_own),
        cmocka_unit_test(value_count__counts_different_values),
        cmocka_unit_test(value_count_of_several_fields__counts_pairs),
        cmocka_unit_test(aliases__give_fields_of_different_rules_one_name),
        cmocka_unit_test(a_chain__is_completed_while_its_first_part_still_holds),
        cmocka_unit_test(a_correlation_that_goes_on__counts_as_one_event),
        cmocka_unit_test(aliases_below__are_seen_above),
        cmocka_unit_test(generate__decides_who_is_silent),
        cmocka_unit_test(what_was_there_before__does_not_count),
    };

    return cmocka_run_group_tests_name("sigma_correlation", tests, NULL, NULL);
}
