/* SPDX-License-Identifier: Apache-2.0 */
/* What reports say in words: filled in, cut, harmless, in both languages. */
#include "tests/unit/unit.h"

#include "cli/report_words.c"

#include "tests/unit/report_samples.h"

static eg_buf out;
static const eg_report_writer text_ja = {&out, EG_LANGUAGE_JA, false};
static const eg_report_writer text_en = {&out, EG_LANGUAGE_EN, false};
static const eg_report_writer html_en = {&out, EG_LANGUAGE_EN, true};

static int make_buffer(void **state)
{
    (void)state;
    eg_buf_init(&out, 1 << 20);
    return 0;
}

static int free_buffer(void **state)
{
    (void)state;
    eg_buf_done(&out);
    return 0;
}

static void assert_out(const char *expected)
{
    assert_string_equal(eg_buf_cstr(&out), expected);
    eg_buf_clear(&out);
}

static void word__with_a_value__is_filled_in_once(void **state)
{
    (void)state;
    eg_report_say_number(&text_ja, EG_WORD_MORE, 18446744073709551615u);
    assert_out("ほか 18446744073709551615 件");
    eg_report_say_text(&text_en, EG_WORD_ELEVATED, EG_STR("%1%s"));
    assert_out("%1%s, as administrator");
    eg_report_say_number(&text_en, EG_WORD_AGE_TODAY, 0);
    assert_out("made on the day of the check");
    eg_report_say(&text_en, eg_report_level(EG_LEVEL_CRITICAL));
    assert_out("critical");
    eg_report_say(&text_ja, eg_report_role(EG_ROLE_OTHER));
    assert_out("その他の動き");
}

static void text__in_html__is_escaped(void **state)
{
    (void)state;
    eg_report_text(&html_en, EG_STR("<a href='x' title=\"&amp;\">"), 100);
    assert_out("&lt;a href=&#39;x&#39; title=&quot;&amp;amp;&quot;&gt;");
    eg_report_text(&text_en, EG_STR("<&\">'"), 100);
    assert_out("<&\">'");
}

static void text__with_deceptive_characters__shows_them(void **state)
{
    (void)state;
    eg_report_text(&html_en, EG_STR("a\xE2\x80\xAEgpj.exe\x1b\n\xED\xA0\x80\xFF"), 100);
    assert_out("a\\u{202E}gpj.exe\\u{1B}\\u{A}\\u{D800}\\u{FF}");
    eg_report_text(&html_en, EG_STR_NONE, 100);
    assert_out("");
}

static void text__too_long__keeps_both_ends(void **state)
{
    (void)state;
    eg_report_text(&text_en, EG_STR("0123456789"), 10);
    assert_out("0123456789");
    eg_report_text(&text_en, EG_STR("0123456789A"), 5);
    assert_out("012[6 characters left out]9A");
    eg_report_text(&text_ja, EG_STR("請求書の控え"), 3);
    assert_out("請求［3 文字省略］え");
}

static void time__on_the_wall__says_its_zone(void **state)
{
    (void)state;
    char expected[EG_TIME_TEXT_SIZE];
    eg_time_format(eg_clock_local(SAMPLE_TIME), expected);
    eg_report_time(&text_en, SAMPLE_TIME);
    assert_memory_equal(out.data, expected, 10);
    assert_memory_equal(out.data + 11, expected + 11, 5);
    assert_non_null(strstr(out.data, " (UTC"));
    assert_int_equal(out.len, strlen("2026-11-23 22:10 (UTC+09:00)"));
    eg_buf_clear(&out);
    eg_report_time(&text_en, 0);
    assert_out("unknown");
    eg_report_time(&text_en, UINT64_MAX);
    assert_out("unknown");
}

static void reason__of_each_gap__has_a_name_and_words_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < EG_CHECK_REASON_COUNT; i++) {
        const char *english = eg_report_reason(&text_en, (eg_check_reason)i);
        const char *japanese = eg_report_reason(&text_ja, (eg_check_reason)i);
        assert_int_equal(english[strlen(english) - 1], '.');
        assert_string_equal(japanese + strlen(japanese) - strlen("。"), "。");
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(english, eg_report_reason(&text_en, (eg_check_reason)j));
            assert_string_not_equal(japanese, eg_report_reason(&text_ja, (eg_check_reason)j));
            assert_string_not_equal(eg_check_reason_name((eg_check_reason)i),
                                    eg_check_reason_name((eg_check_reason)j));
        }
    }
}

static void age__of_rules__warns_of_old_ones(void **state)
{
    (void)state;
    eg_check_report report = {.age_known = true};
    eg_report_say_age(&text_ja, &report);
    assert_out("検査した日のもの");
    report.rule_age_days = 1;
    eg_report_say_age(&text_en, &report);
    assert_out("1 day");
    report.rule_age_days = 30;
    assert_false(eg_report_is_old(&report));
    report.rule_age_days = 31;
    assert_true(eg_report_is_old(&report));
    eg_report_say_age(&text_en, &report);
    assert_non_null(strstr(eg_buf_cstr(&out), "31 days: too old"));
    eg_buf_clear(&out);
    report.age_known = false;
    assert_false(eg_report_is_old(&report));
    eg_report_say_age(&text_en, &report);
    assert_out("unknown");
}

static void user__without_a_name__is_unknown(void **state)
{
    (void)state;
    eg_check_report report = {.elevated = true};
    eg_report_say_user(&text_ja, &report);
    assert_out("不明（管理者として）");
    report.user = EG_STR("PC\\user");
    report.elevated = false;
    eg_report_say_user(&text_en, &report);
    assert_out("PC\\user, without administrator rights");
}

static void duration__of_a_check__is_told_in_seconds_or_minutes(void **state)
{
    (void)state;
    eg_check_report report = {.started = SAMPLE_TIME, .finished = SAMPLE_TIME + 1};
    eg_report_say_duration(&text_en, &report);
    assert_out("1 s");
    report.finished = SAMPLE_TIME + 200 * EG_TICKS_PER_SECOND;
    eg_report_say_duration(&text_ja, &report);
    assert_out("3 分");
    report.finished = SAMPLE_TIME - 1; /* the clock was set back */
    eg_report_say_duration(&text_en, &report);
    assert_out("0 s");
}

int eg_test_report_words(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(word__with_a_value__is_filled_in_once),
        cmocka_unit_test(text__in_html__is_escaped),
        cmocka_unit_test(text__with_deceptive_characters__shows_them),
        cmocka_unit_test(text__too_long__keeps_both_ends),
        cmocka_unit_test(time__on_the_wall__says_its_zone),
        cmocka_unit_test(reason__of_each_gap__has_a_name_and_words_of_its_own),
        cmocka_unit_test(age__of_rules__warns_of_old_ones),
        cmocka_unit_test(user__without_a_name__is_unknown),
        cmocka_unit_test(duration__of_a_check__is_told_in_seconds_or_minutes),
    };
    return cmocka_run_group_tests_name("report_words", tests, make_buffer, free_buffer);
}
