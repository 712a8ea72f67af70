/* SPDX-License-Identifier: Apache-2.0 */
/* What could not be looked at: grouped by reason, each name once, bounded. */
#include "tests/unit/unit.h"

#include "cli/check_gaps.c"

#include "tests/unit/alloc.h"

#include <stdio.h>

static void add(eg_check_gaps *gaps, const char *what, const char *why)
{
    assert_int_equal(eg_check_gaps_add(gaps, EG_CHECK_PROCESS, eg_str_from(what),
                                       EG_CHECK_REASON_PROGRAM, eg_str_from(why)),
                     EG_OK);
}

static eg_check_report *tell(eg_check_gaps *gaps)
{
    eg_check_report *report = NULL;
    assert_int_equal(eg_check_report_create(&report), EG_OK);
    assert_int_equal(eg_check_gaps_tell(gaps, report), EG_OK);
    return report;
}

static void assert_text(eg_str text, const char *expected)
{
    assert_true(eg_str_equal(text, eg_str_from(expected)));
}

static void gaps__of_200_refused_processes__are_one(void **state)
{
    eg_check_gaps gaps;
    EG_UNUSED(state);
    assert_int_equal(eg_check_gaps_init(&gaps), EG_OK);
    for (int i = 0; i < 198; i++) {
        add(&gaps, "svchost.exe", "access denied");
    }
    add(&gaps, "csrss.exe", "access denied");
    add(&gaps, "lsass.exe", "access denied");
    eg_check_report *report = tell(&gaps);
    assert_int_equal(report->gap_count, 1);
    assert_text(report->gaps[0].what, "svchost.exe (198), csrss.exe, lsass.exe");
    assert_int_equal(report->gaps[0].reason, EG_CHECK_REASON_PROGRAM);
    assert_text(report->gaps[0].why, "access denied");
    assert_text(report->gaps[0].how[EG_LANGUAGE_EN], "Run the check again as administrator.");
    assert_text(report->gaps[0].how[EG_LANGUAGE_JA], "管理者の権限で、もう一度検査してください。");
    eg_check_report_destroy(report);
    eg_check_gaps_done(&gaps);
}

static void gaps__of_other_reason_area_or_detail__stay_apart(void **state)
{
    eg_check_gaps gaps;
    EG_UNUSED(state);
    assert_int_equal(eg_check_gaps_init(&gaps), EG_OK);
    add(&gaps, "a", "denied");
    add(&gaps, "a", "gone");
    assert_int_equal(eg_check_gaps_add(&gaps, EG_CHECK_FILE, EG_STR("a"), EG_CHECK_REASON_PROGRAM,
                                       EG_STR("denied")),
                     EG_OK);
    assert_int_equal(eg_check_gaps_add(&gaps, EG_CHECK_PROCESS, EG_STR("a"), EG_CHECK_REASON_GONE,
                                       EG_STR("denied")),
                     EG_OK);
    eg_check_report *report = tell(&gaps);
    assert_int_equal(report->gap_count, 4);
    assert_null(report->gaps[3].how[EG_LANGUAGE_EN].ptr);
    eg_check_report_destroy(report);
    eg_check_gaps_done(&gaps);
}

static void gaps__of_paths__share_a_reason_that_repeats_the_path(void **state)
{
    static const char *const whys[][2] = {
        {"C:\\a", "open C:\\a: Access is denied. (5)"},
        {"C:\\b", "open c:\\B: Access is denied. (5)"},
    };
    eg_check_gaps gaps;
    EG_UNUSED(state);
    assert_int_equal(eg_check_gaps_init(&gaps), EG_OK);
    for (size_t i = 0; i < EG_COUNT(whys); i++) {
        assert_int_equal(eg_check_gaps_add_path(&gaps, EG_CHECK_FILE, eg_str_from(whys[i][0]),
                                                EG_CHECK_REASON_FOLDER, eg_str_from(whys[i][1])),
                         EG_OK);
    }
    assert_int_equal(eg_check_gaps_add_path(&gaps, EG_CHECK_FILE, EG_STR(""),
                                            EG_CHECK_REASON_FOLDER, EG_STR("no name")),
                     EG_OK);
    eg_check_report *report = tell(&gaps);
    assert_int_equal(report->gap_count, 2);
    assert_text(report->gaps[0].what, "C:\\a, C:\\b");
    assert_text(report->gaps[0].why, "Access is denied. (5)");
    eg_check_report_destroy(report);
    eg_check_gaps_done(&gaps);
}

static void gaps__without_end__are_counted(void **state)
{
    char text[32];
    eg_check_gaps gaps;
    EG_UNUSED(state);
    assert_int_equal(eg_check_gaps_init(&gaps), EG_OK);
    for (int i = 0; i < EG_CHECK_NAMES_MAX + 3; i++) {
        (void)snprintf(text, sizeof(text), "%d.exe", i);
        add(&gaps, text, "denied");
    }
    for (int i = 0; i < 2 * EG_CHECK_GROUPS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "reason %d", i);
        add(&gaps, "x.exe", text);
    }
    eg_check_report *report = tell(&gaps);
    assert_int_equal(report->gap_count, EG_CHECK_GROUPS_MAX);
    eg_str what = report->gaps[0].what;
    assert_memory_equal(what.ptr + what.len - 4, ", +3", 4);
    eg_check_report_destroy(report);
    eg_check_gaps_done(&gaps);
}

static int add_and_tell(void *arg)
{
    eg_check_gaps gaps;
    int status = eg_check_gaps_init(&gaps);
    if (status == EG_OK) {
        status = eg_check_gaps_add(&gaps, EG_CHECK_TASK, EG_STR("a"),
                                   EG_CHECK_REASON_USER_SIGNED_OUT, EG_STR("b"));
    }
    status = status == EG_OK ? eg_check_gaps_tell(&gaps, arg) : status;
    eg_check_gaps_done(&gaps);
    return status;
}

static void gaps__without_memory__say_so(void **state)
{
    eg_check_report *report = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_check_report_create(&report), EG_OK);
    assert_true(eg_test_each_allocation_fails(add_and_tell, report) > 2);
    eg_check_report_destroy(report);
}

int eg_test_check_gaps(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps__of_200_refused_processes__are_one),
        cmocka_unit_test(gaps__of_other_reason_area_or_detail__stay_apart),
        cmocka_unit_test(gaps__of_paths__share_a_reason_that_repeats_the_path),
        cmocka_unit_test(gaps__without_end__are_counted),
        cmocka_unit_test(gaps__without_memory__say_so),
    };
    return cmocka_run_group_tests_name("check_gaps", tests, NULL, NULL);
}
