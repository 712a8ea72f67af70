/* SPDX-License-Identifier: Apache-2.0 */
/* The report as a page: shape, words, and nothing of a hostile text becomes markup. */
#include "tests/unit/unit.h"

#include "cli/report_html.c"
#include "cli/report_story.c"

#include "tests/unit/alloc.h"
#include "tests/unit/report_samples.h"

static const char *write(eg_sample sample, eg_language language, eg_buf *out)
{
    eg_check_report *report = make_sample(sample);
    eg_buf_init(out, EG_REPORT_BYTES_MAX);
    assert_int_equal(eg_report_write_html(report, language, out), EG_OK);
    eg_check_report_destroy(report);
    return eg_buf_cstr(out);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void html__of_each_verdict__has_its_shape_and_words(void **state)
{
    (void)state;
    eg_buf out;
    const char *text = write(SAMPLE_CLEAN, EG_LANGUAGE_EN, &out);
    assert_non_null(strstr(text, "<html lang=\"en\">"));
    assert_non_null(strstr(text, "\"verdict nothing_found\"><svg"));
    assert_non_null(strstr(text, "<strong>Nothing suspicious</strong>"));
    assert_null(strstr(text, "class=\"now\""));
    eg_buf_done(&out);

    text = write(SAMPLE_INFECTED, EG_LANGUAGE_JA, &out);
    assert_non_null(strstr(text, "<html lang=\"ja\">"));
    assert_non_null(strstr(text, "\"verdict suspicious\"><svg"));
    assert_non_null(strstr(text, "<strong>疑いあり</strong>"));
    assert_non_null(strstr(text, "class=\"now\""));
    assert_non_null(strstr(text, "<li class=\"marked\"><small>命令の実行</small>"));
    eg_buf_done(&out);

    text = write(SAMPLE_NO_RIGHTS, EG_LANGUAGE_JA, &out);
    assert_non_null(strstr(text, "\"verdict could_not_look\"><svg"));
    assert_non_null(strstr(text, "class=\"old\">71 日前のもの"));
    assert_non_null(strstr(text, "<summary>ほか 5 件</summary>"));
    assert_int_equal(count_of(text, "svchost.exe"), 14);
    assert_int_equal(
        count_of(text, "Windows が、このプログラムの中を見ることを許可しませんでした。"), 14);
    assert_int_equal(count_of(text, "</summary><bdi>open the process: Access is denied (5)"), 14);
    eg_buf_done(&out);
}

static void html__of_hostile_texts__gains_no_element(void **state)
{
    (void)state;
    eg_buf out;
    for (int language = 0; language < EG_LANGUAGE_COUNT; language++) {
        const char *text = write(SAMPLE_HOSTILE, (eg_language)language, &out);
        assert_int_equal(count_of(text, "<script"), 0);
        assert_int_equal(count_of(text, "<img"), 0);
        assert_int_equal(count_of(text, "<style"), 1);
        assert_int_equal(count_of(text, "</style"), 1);
        assert_int_equal(count_of(text, "</title"), 1);
        assert_int_equal(count_of(text, "<details"), count_of(text, "</details>"));
        assert_int_equal(count_of(text, "<section"), count_of(text, "</section>"));
        assert_int_equal(count_of(text, "<ul"), count_of(text, "</ul>"));
        assert_true(eg_utf8_valid(eg_buf_str(&out)));
        assert_null(strstr(text, "\xE2\x80\xAE"));
        eg_buf_done(&out);
    }
}

static int write_once(void *arg)
{
    eg_buf out;
    eg_buf_init(&out, EG_REPORT_BYTES_MAX);
    int status = eg_report_write_html(arg, EG_LANGUAGE_EN, &out);
    eg_buf_done(&out);
    return status;
}

static void html__each_allocation_fails__says_so(void **state)
{
    (void)state;
    eg_check_report *report = make_sample(SAMPLE_INFECTED);
    assert_true(eg_test_each_allocation_fails(write_once, report) > 5);
    eg_check_report_destroy(report);
}

int eg_test_report_html(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html__of_each_verdict__has_its_shape_and_words),
        cmocka_unit_test(html__of_hostile_texts__gains_no_element),
        cmocka_unit_test(html__each_allocation_fails__says_so),
    };
    return cmocka_run_group_tests_name("report_html", tests, NULL, NULL);
}
