/* SPDX-License-Identifier: Apache-2.0 */
/* The report as text: the verdict first, what was found, where nobody could look. */
#include "tests/unit/unit.h"

#include "cli/report_text.c"

#include "tests/unit/alloc.h"
#include "tests/unit/report_samples.h"

static const char *write(eg_sample sample, eg_language language, eg_buf *out)
{
    eg_check_report *report = make_sample(sample);
    eg_buf_init(out, EG_REPORT_BYTES_MAX);
    assert_int_equal(eg_report_write_text(report, language, out), EG_OK);
    eg_check_report_destroy(report);
    return eg_buf_cstr(out);
}

static void text__of_a_clean_pc__says_so_and_what_that_means(void **state)
{
    (void)state;
    eg_buf out;
    const char *text = write(SAMPLE_CLEAN, EG_LANGUAGE_JA, &out);
    assert_non_null(strstr(text, "*** 異常なし ***"));
    assert_non_null(strstr(text, "保証するものではありません"));
    assert_non_null(strstr(text, "3 日前のもの"));
    assert_non_null(strstr(text, "動いているプログラムのメモリー: 今回は対象外"));
    assert_null(strstr(text, "見つかったもの"));
    eg_buf_done(&out);
}

static void text__of_an_infection__tells_what_to_do_and_the_chain(void **state)
{
    (void)state;
    eg_buf out;
    const char *text = write(SAMPLE_INFECTED, EG_LANGUAGE_EN, &out);
    const char *now = strstr(text, "1. Unplug the network cable");
    const char *found = strstr(text, "* A file like the malware Emotet [critical]");
    const char *second = strstr(text, "* A hidden program starts by itself [medium]");
    assert_non_null(strstr(text, "*** Suspicious ***"));
    assert_non_null(strstr(text, "2 things"));
    assert_true(now && found && second && now < found && found < second);
    assert_non_null(strstr(text, "  ! Commands run: powershell.exe"));
    assert_non_null(strstr(text, "MsMpEng.exe (3120)"));
    eg_buf_done(&out);
}

static void text__of_gaps__tells_each_remedy_once(void **state)
{
    (void)state;
    eg_buf out;
    const char *text = write(SAMPLE_NO_RIGHTS, EG_LANGUAGE_JA, &out);
    const char *remedy = strstr(text, "管理者として検査してください");
    assert_non_null(strstr(text, "*** 確認できないものがあります ***"));
    assert_non_null(remedy);
    assert_null(strstr(remedy + 1, "管理者として検査してください"));
    assert_non_null(strstr(text, "svchost.exe (908)"));
    assert_non_null(strstr(text, "C:\\Windows\\System32\\Tasks\n"
                                 "      このフォルダーを開けませんでした。\n"
                                 "      詳しい内容（担当者向け）: read the folder: "));
    assert_null(strstr(text, "お願いします"));
    eg_buf_done(&out);
}

static void text__of_a_gap_of_a_whole_area__names_nothing(void **state)
{
    (void)state;
    eg_buf out;
    eg_check_report *report = NULL;
    const eg_check_gap gap = {.area = EG_CHECK_TASK, .reason = EG_CHECK_REASON_LIST_DENIED};
    eg_buf_init(&out, EG_REPORT_BYTES_MAX);
    assert_int_equal(eg_check_report_create(&report), EG_OK);
    assert_int_equal(eg_check_report_add_gap(report, &gap), EG_OK);
    assert_int_equal(eg_report_write_text(report, EG_LANGUAGE_EN, &out), EG_OK);
    assert_non_null(strstr(eg_buf_cstr(&out),
                           "  - Scheduled tasks\n"
                           "      Windows did not allow the check to see the list of them.\n\n"));
    eg_check_report_destroy(report);
    eg_buf_done(&out);
}

static void text__of_hostile_names__holds_no_control_characters(void **state)
{
    (void)state;
    eg_buf out;
    const char *text = write(SAMPLE_HOSTILE, EG_LANGUAGE_JA, &out);
    for (size_t i = 0; i < out.len; i++) {
        assert_true(text[i] == '\n' || (unsigned char)text[i] >= ' ');
    }
    assert_true(eg_utf8_valid(eg_buf_str(&out)));
    assert_null(strstr(text, "\xE2\x80\xAE"));
    assert_non_null(strstr(text, "\\u{202E}gpj.exe"));
    eg_buf_done(&out);
}

static int write_once(void *arg)
{
    eg_buf out;
    eg_buf_init(&out, EG_REPORT_BYTES_MAX);
    int status = eg_report_write_text(arg, EG_LANGUAGE_JA, &out);
    eg_buf_done(&out);
    return status;
}

static void text__each_allocation_fails__says_so(void **state)
{
    (void)state;
    eg_check_report *report = make_sample(SAMPLE_INFECTED);
    assert_true(eg_test_each_allocation_fails(write_once, report) > 3);
    eg_check_report_destroy(report);
}

int eg_test_report_text(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text__of_a_clean_pc__says_so_and_what_that_means),
        cmocka_unit_test(text__of_an_infection__tells_what_to_do_and_the_chain),
        cmocka_unit_test(text__of_gaps__tells_each_remedy_once),
        cmocka_unit_test(text__of_a_gap_of_a_whole_area__names_nothing),
        cmocka_unit_test(text__of_hostile_names__holds_no_control_characters),
        cmocka_unit_test(text__each_allocation_fails__says_so),
    };
    return cmocka_run_group_tests_name("report_text", tests, NULL, NULL);
}
