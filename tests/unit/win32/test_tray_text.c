/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/win32/tray_resources.h"
#include "tray/text.c"

#include "core/base/os.h"

#include "core/base/clock.h"

static const unsigned first_id = EG_TEXT_TIP_CONNECTING, last_id = EG_TEXT_START_FAILED;

static int set_up(void **state)
{
    eg_arena *arena = NULL;

    assert_int_equal(eg_arena_create(&arena, 8192), EG_OK);
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    eg_arena_destroy(*state);
    eg_tray_text_use(NULL, EG_LANGUAGE_EN);
    return 0;
}

static void assert_wide(const wchar_t *got, const wchar_t *expected)
{
    if (wcscmp(got, expected) != 0) {
        fail_msg("got \"%ls\", expected \"%ls\"", got, expected);
    }
}

static void text__every_id_of_one_language__is_there_in_the_others(void **state)
{
    HMODULE module = eg_test_tray_resources();
    int found = 0;

    if (!module) {
        skip();
    }
    for (unsigned id = first_id; id <= last_id; id++) {
        bool there[EG_LANGUAGE_COUNT];
        for (int language = 0; language < EG_LANGUAGE_COUNT; language++) {
            eg_tray_text_use(module, (eg_language)language);
            there[language] = eg_tray_text(*state, id)[0] != L'\0';
            if (there[language] != there[0]) {
                fail_msg("text %u is not in every language", id);
            }
        }
        found += there[0];
    }
    assert_true(found > 60);
}

static void text_format__values__stand_where_the_language_wants_them(void **state)
{
    HMODULE module = eg_test_tray_resources();

    if (!module) {
        skip();
    }
    eg_tray_text_use(module, EG_LANGUAGE_EN);
    assert_wide(eg_tray_text_format2(*state, EG_TEXT_STEP_CALL_CONTACT, L"7K3-Q9", L"Ann"),
                L"Phone Ann and give the number 7K3-Q9.");
    eg_tray_text_use(module, EG_LANGUAGE_JA);
    assert_wide(eg_tray_text_format2(*state, EG_TEXT_STEP_CALL_CONTACT, L"7K3-Q9", L"係"),
                L"電話で係に連絡し、番号 7K3-Q9 を伝えてください。");
}

static void text_format__value_with_format_signs__is_inserted_as_it_is(void **state)
{
    HMODULE module = eg_test_tray_resources();

    if (!module) {
        skip();
    }
    eg_tray_text_use(module, EG_LANGUAGE_EN);
    assert_wide(eg_tray_text_format1(*state, EG_TEXT_ALERT_TITLE, L"%1 %2!s! %n 100%"),
                L"EmoGuard: %1 %2!s! %n 100%");
}

static void text__missing_id_or_module_without_texts__is_empty(void **state)
{
    eg_tray_text_use(NULL, EG_LANGUAGE_JA); /* the test program has none */
    assert_wide(eg_tray_text(*state, EG_TEXT_CLOSE), L"");
    assert_wide(eg_tray_text(*state, 65000), L"");
}

static void text_safe__hostile_characters__become_visible(void **state)
{
    eg_str text = EG_STR("a\xE2\x80\xAE"
                         "b\x01\r\nc\xFF");

    assert_wide(eg_tray_text_safe(*state, text, true, 100), L"a\\u{202E}b\\u{1}\r\nc\\u{FF}");
    assert_wide(eg_tray_text_safe(*state, text, false, 100), L"a\\u{202E}b\\u{1} c\\u{FF}");
    assert_wide(eg_tray_text_safe(*state, EG_STR_NONE, true, 100), L"");
}

static void text_safe__longer_than_the_limit__ends_with_an_ellipsis(void **state)
{
    assert_wide(eg_tray_text_safe(*state, EG_STR("日本語です"), false, 3), L"日本…");
    assert_wide(eg_tray_text_safe(*state, EG_STR("日本語"), false, 3), L"日本語");
}

static void text_unmarked__ampersands__are_doubled(void **state)
{
    assert_wide(eg_tray_text_unmarked(*state, L"R&D && Co"), L"R&&D &&&& Co");
    assert_wide(eg_tray_text_unmarked(*state, L""), L"");
}

static void text_join__parts__stand_between_without_the_empty_ones(void **state)
{
    const wchar_t *const part[] = {L"", L"a", L"", L"b", L""};

    assert_wide(eg_tray_text_join(*state, part, EG_COUNT(part), L", "), L"a, b");
    assert_wide(eg_tray_text_join(*state, part, 1, L", "), L"");
}

static void text_cut__any_length__fits_and_keeps_pairs_whole(void **state)
{
    wchar_t out[4];
    EG_UNUSED(state);

    eg_tray_text_cut(out, 4, L"abc");
    assert_wide(out, L"abc");
    eg_tray_text_cut(out, 4, L"abcd");
    assert_wide(out, L"ab…");
    eg_tray_text_cut(out, 4, L"a\xD842\xDFB7z");
    assert_wide(out, L"a…");
    eg_tray_text_cut(out, 1, L"a");
    assert_wide(out, L"");
}

static void text_time__today_and_long_ago__differ_by_the_date(void **state)
{
    HMODULE module = eg_test_tray_resources();
    uint64_t now = eg_clock_utc();

    if (!module) {
        skip();
    }
    eg_tray_text_use(module, EG_LANGUAGE_JA);
    assert_null(wcschr(eg_tray_text_time(*state, now), L'月'));
    assert_non_null(wcsstr(eg_tray_text_time(*state, EG_UNIX_EPOCH_TICKS), L"1月1日 "));
    assert_wide(eg_tray_text_time(*state, UINT64_MAX), L"?");
    assert_wide(eg_tray_text_clock(*state, UINT64_MAX), L"?");
}

int eg_test_tray_text(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text__every_id_of_one_language__is_there_in_the_others,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_format__values__stand_where_the_language_wants_them,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_format__value_with_format_signs__is_inserted_as_it_is,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(text__missing_id_or_module_without_texts__is_empty, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(text_safe__hostile_characters__become_visible, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(text_safe__longer_than_the_limit__ends_with_an_ellipsis,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_unmarked__ampersands__are_doubled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_join__parts__stand_between_without_the_empty_ones,
                                        set_up, tear_down),
        cmocka_unit_test(text_cut__any_length__fits_and_keeps_pairs_whole),
        cmocka_unit_test_setup_teardown(text_time__today_and_long_ago__differ_by_the_date, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("tray_text", tests, NULL, NULL);
}
