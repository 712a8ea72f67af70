/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "tests/unit/unit.h"

#include <string.h>

static void check_text(uint64_t ticks, const char *want)
{
    char text[EG_TIME_TEXT_SIZE];
    uint64_t back = 1;
    eg_time_format(ticks, text);
    assert_string_equal(text, want);
    assert_int_equal(eg_time_parse(eg_str_from(text), &back), EG_OK);
    assert_true(back == ticks);
}

static void time_format__of_known_times__gives_their_text(void **state)
{
    EG_UNUSED(state);
    check_text(0, "1601-01-01T00:00:00.0000000Z");
    check_text(EG_UNIX_EPOCH_TICKS, "1970-01-01T00:00:00.0000000Z");
    check_text(EG_UNIX_EPOCH_TICKS + UINT64_C(951827696) * EG_TICKS_PER_SECOND + 1,
               "2000-02-29T12:34:56.0000001Z");
    check_text(EG_UNIX_EPOCH_TICKS + UINT64_C(4107542399) * EG_TICKS_PER_SECOND + 9999999,
               "2100-02-28T23:59:59.9999999Z");
    char text[EG_TIME_TEXT_SIZE];
    eg_time_format_sysmon(EG_UNIX_EPOCH_TICKS + 1239999, text);
    assert_string_equal(text, "1970-01-01 00:00:00.123");
}

static void time_format__of_each_day_in_800_years__round_trips(void **state)
{
    EG_UNUSED(state);
    char before[EG_TIME_TEXT_SIZE] = "";
    for (uint64_t day = 0; day < 2 * 146097; day++) {
        char text[EG_TIME_TEXT_SIZE];
        uint64_t ticks = day * 86400 * EG_TICKS_PER_SECOND;
        uint64_t back = 0;
        eg_time_format(ticks, text);
        assert_true(strcmp(before, text) < 0);
        assert_int_equal(eg_time_parse(eg_str_from(text), &back), EG_OK);
        assert_true(back == ticks);
        memcpy(before, text, sizeof(before));
    }
}

static void time_format__of_the_largest_value__stays_in_its_buffer(void **state)
{
    EG_UNUSED(state);
    char text[EG_TIME_TEXT_SIZE];
    eg_time_format(UINT64_MAX, text);
    assert_int_equal(memcmp(text, "60056-", 6), 0);
    eg_time_format_sysmon(UINT64_MAX, text);
    assert_int_equal(memcmp(text, "60056-", 6), 0);
}

static void time_parse__of_other_forms__means_the_same(void **state)
{
    EG_UNUSED(state);
    const char *const same[] = {
        "2026-11-23T01:42:03.5Z",         "2026-11-23 01:42:03.500000",
        "2026-11-23T01:42:03.500000000Z", "2026-11-23T10:42:03.5+09:00",
        "2026-11-22T20:12:03.5-0530",     "2026-11-23T01:42:03.50000009Z",
    };
    uint64_t first = 0;
    assert_int_equal(eg_time_parse(eg_str_from(same[0]), &first), EG_OK);
    for (size_t i = 1; i < EG_COUNT(same); i++) {
        uint64_t ticks = 0;
        assert_int_equal(eg_time_parse(eg_str_from(same[i]), &ticks), EG_OK);
        assert_true(ticks == first);
    }
}

static void time_parse__of_wrong_text__fails_and_leaves_the_output(void **state)
{
    EG_UNUSED(state);
    const char *const wrong[] = {
        "",
        "2026-11-23",
        "2026-11-23T",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T00:60:00Z",
        "2026-11-23T00:00:60Z",
        "1600-12-31T23:59:59Z",
        "1601-01-01T00:00:00+00:01",
        "2026-11-23T01:42:03.Z",
        "2026-11-23T01:42:03.1234567890Z",
        "2026-11-23T01:42:03Z ",
        "2026-11-23T01:42:03+9",
        "2026-11-23T01:42:03+24:00",
        "-026-11-23T01:42:03Z",
        "2026/11/23T01:42:03Z",
    };
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        uint64_t ticks = 77;
        assert_int_equal(eg_time_parse(eg_str_from(wrong[i]), &ticks), EG_E_INVALID);
        assert_true(ticks == 77);
    }
}

static void clock_utc__now__lies_in_this_age(void **state)
{
    EG_UNUSED(state);
    char text[EG_TIME_TEXT_SIZE];
    eg_time_format(eg_clock_utc(), text);
    assert_true(strcmp(text, "2024") > 0 && strcmp(text, "2200") < 0);
}

int eg_test_clock(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_format__of_known_times__gives_their_text),
        cmocka_unit_test(time_format__of_each_day_in_800_years__round_trips),
        cmocka_unit_test(time_format__of_the_largest_value__stays_in_its_buffer),
        cmocka_unit_test(time_parse__of_other_forms__means_the_same),
        cmocka_unit_test(time_parse__of_wrong_text__fails_and_leaves_the_output),
        cmocka_unit_test(clock_utc__now__lies_in_this_age),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
