/* SPDX-License-Identifier: Apache-2.0 */
/* How far a check is: never back, 100 at most, time left once it can be told. */
#include "tests/unit/unit.h"

#include "cli/check_progress.c"

#include "core/base/status.h"

static const uint64_t second = UINT64_C(1000000000);

static void begin(eg_check_progress *progress)
{
    eg_check_progress_begin(progress, EG_CHECK_PROGRESS_JSON, 0);
    progress->asked[EG_CHECK_PHASE_SENSORS] = true;
    progress->asked[EG_CHECK_PHASE_FILES] = true;
}

static void percent__through_the_phases__grows_to_100_and_never_back(void **state)
{
    eg_check_progress progress;
    int64_t left;
    unsigned last = 0;
    EG_UNUSED(state);
    begin(&progress);
    for (int phase = 0; phase < EG_CHECK_PHASE_COUNT; phase++) {
        for (uint64_t done = 0; done <= 10; done++) {
            unsigned percent = progress.asked[phase]
                                   ? eg_check_progress_at(&progress, (eg_check_phase)phase, done,
                                                          10, second, &left)
                                   : last;
            assert_in_range(percent, last, 100);
            last = percent;
        }
    }
    assert_int_equal(last, 100);
    assert_int_equal(eg_check_progress_at(&progress, EG_CHECK_PHASE_RULES, 0, 10, second, &left),
                     100);
}

static void percent__of_more_than_all__stays_in_its_phase(void **state)
{
    eg_check_progress progress;
    int64_t left;
    EG_UNUSED(state);
    begin(&progress);
    unsigned end = eg_check_progress_at(&progress, EG_CHECK_PHASE_SENSORS, 5, 5, 0, &left);
    assert_int_equal(eg_check_progress_at(&progress, EG_CHECK_PHASE_SENSORS, 99, 5, 0, &left), end);
}

static void left__at_half__is_as_long_as_it_took(void **state)
{
    eg_check_progress progress;
    int64_t left = 0;
    EG_UNUSED(state);
    begin(&progress);
    eg_check_progress_at(&progress, EG_CHECK_PHASE_RULES, 0, 0, 10 * second, &left);
    assert_int_equal(left, -1);
    progress.percent = 50;
    eg_check_progress_at(&progress, EG_CHECK_PHASE_RULES, 0, 0, 10 * second, &left);
    assert_int_equal(left, 10);
}

static void assert_json(eg_str item, int64_t left, const char *expected)
{
    eg_buf out;
    eg_buf_init(&out, 4096);
    eg_check_progress_json(&out, 7, EG_CHECK_PHASE_FILES, item, left);
    assert_string_equal(eg_buf_cstr(&out), expected);
    eg_buf_done(&out);
}

static void json__with_hostile_names__is_one_line(void **state)
{
    EG_UNUSED(state);
    assert_json(EG_STR("C:\\a\n\"b"), 12,
                "{\"percent\":7,\"phase\":\"files\",\"item\":\"C:\\\\a\\n\\\"b\","
                "\"left_seconds\":12}\n");
    assert_json(EG_STR_NONE, -1,
                "{\"percent\":7,\"phase\":\"files\",\"item\":null,\"left_seconds\":null}\n");
}

int eg_test_check_progress(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent__through_the_phases__grows_to_100_and_never_back),
        cmocka_unit_test(percent__of_more_than_all__stays_in_its_phase),
        cmocka_unit_test(left__at_half__is_as_long_as_it_took),
        cmocka_unit_test(json__with_hostile_names__is_one_line),
    };
    return cmocka_run_group_tests_name("check_progress", tests, NULL, NULL);
}
