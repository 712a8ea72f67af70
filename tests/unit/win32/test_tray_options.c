/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tray/options.c"

#include "core/base/compiler.h"

static wchar_t program[] = L"emoguard-tray.exe";

static void assert_wrong(wchar_t *first, wchar_t *second, const wchar_t *expected)
{
    wchar_t *const arguments[] = {program, first, second};
    eg_tray_options options = {.scale = 42};
    const wchar_t *wrong = NULL;

    assert_int_equal(eg_tray_options_read(second ? 3 : 2, arguments, &options, &wrong),
                     EG_E_INVALID);
    assert_int_equal(wcscmp(wrong, expected), 0);
    assert_int_equal(options.scale, 42);
}

static void options__all__are_read(void **state)
{
    EG_UNUSED(state);
    wchar_t *const arguments[] = {program,    L"--pipe", L"\\\\.\\pipe\\x", L"--show", L"a b.json",
                                  L"--scale", L"150"};
    eg_tray_options options;
    const wchar_t *wrong = NULL;

    assert_int_equal(eg_tray_options_read(7, arguments, &options, &wrong), EG_OK);
    assert_int_equal(wcscmp(options.pipe, L"\\\\.\\pipe\\x"), 0);
    assert_int_equal(wcscmp(options.show, L"a b.json"), 0);
    assert_int_equal(options.scale, 150);
    assert_false(options.help || options.version);
}

static void options__none__are_the_defaults(void **state)
{
    EG_UNUSED(state);
    wchar_t *const arguments[] = {program};
    eg_tray_options options;
    const wchar_t *wrong = NULL;

    assert_int_equal(eg_tray_options_read(1, arguments, &options, &wrong), EG_OK);
    assert_null(options.pipe);
    assert_null(options.show);
    assert_int_equal(options.scale, 0);
}

/* Also without --show: the icon's own windows are looked at that way. */
static void options__contrast__is_read_alone(void **state)
{
    EG_UNUSED(state);
    wchar_t contrast[] = L"--contrast";
    wchar_t *const arguments[] = {program, contrast};
    eg_tray_options options;
    const wchar_t *wrong = NULL;

    assert_int_equal(eg_tray_options_read(2, arguments, &options, &wrong), EG_OK);
    assert_true(options.contrast);
    assert_null(options.show);
}

static void options__wrong__name_the_argument(void **state)
{
    EG_UNUSED(state);
    assert_wrong(L"--nonsense", NULL, L"--nonsense");
    assert_wrong(L"--pipe", NULL, L"--pipe");
    assert_wrong(L"--show", L"", L"--show");
    assert_wrong(L"--scale", L"150", L"--scale"); /* only together with --show */
}

static void options__scale_out_of_range__is_refused(void **state)
{
    static wchar_t *const values[] = {L"99", L"401", L"-150", L"150x", L"", L"99999999999999"};
    EG_UNUSED(state);

    for (size_t i = 0; i < EG_COUNT(values); i++) {
        wchar_t *const arguments[] = {program, L"--show", L"f", L"--scale", values[i]};
        eg_tray_options options;
        const wchar_t *wrong = NULL;

        assert_int_equal(eg_tray_options_read(5, arguments, &options, &wrong), EG_E_INVALID);
        assert_int_equal(wcscmp(wrong, L"--scale"), 0);
    }
}

int eg_test_tray_options(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options__all__are_read),
        cmocka_unit_test(options__none__are_the_defaults),
        cmocka_unit_test(options__contrast__is_read_alone),
        cmocka_unit_test(options__wrong__name_the_argument),
        cmocka_unit_test(options__scale_out_of_range__is_refused),
    };
    return cmocka_run_group_tests_name("tray_options", tests, NULL, NULL);
}
