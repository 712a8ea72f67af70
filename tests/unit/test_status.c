/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static void fail__with_a_message__returns_status_and_keeps_text(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(eg_fail(EG_E_LIMIT, "file %s, %d bytes", "a.yml", 7), EG_E_LIMIT);
    assert_string_equal(eg_error_message(), "file a.yml, 7 bytes");
}

static void fail__with_the_last_message_as_argument__wraps_it(void **state)
{
    EG_UNUSED(state);
    eg_fail(EG_E_IO, "inner");
    eg_fail(EG_E_IO, "outer: %s", eg_error_message());
    assert_string_equal(eg_error_message(), "outer: inner");
}

static void fail__with_long_text__cuts_between_characters(void **state)
{
    EG_UNUSED(state);
    /* Three bytes each: every offset of the cut within a character comes up. */
    for (int lead = 0; lead < 3; lead++) {
        char text[1600] = "";
        memset(text, 'x', (size_t)lead);
        for (size_t i = 0; i < 400; i++) {
            memcpy(text + (size_t)lead + i * 3, "\xE3\x81\x82", 3);
        }
        eg_fail(EG_E_INVALID, "%s", text);
        size_t length = strlen(eg_error_message());
        assert_in_range(length, 1020, 1023);
        assert_true(eg_utf8_valid(eg_str_from(eg_error_message())));
        assert_int_equal((length - (size_t)lead) % 3, 0);
    }
}

static void fail__with_long_ascii__keeps_1023_bytes(void **state)
{
    EG_UNUSED(state);
    char text[1500];
    memset(text, 'y', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    eg_fail(EG_E_INVALID, "%s", text);
    assert_int_equal(strlen(eg_error_message()), 1023);
}

static void fail_os__with_known_codes__maps_them_and_names_the_number(void **state)
{
    EG_UNUSED(state);
    const struct {
        uint32_t posix, win32;
        int status;
    } rows[] = {
        {2, 2, EG_E_NOTFOUND}, {13, 5, EG_E_DENIED}, {17, 183, EG_E_EXISTS},
        {12, 8, EG_E_NOMEM},   {28, 112, EG_E_IO},
    };
    for (size_t i = 0; i < EG_COUNT(rows); i++) {
#ifdef _WIN32
        uint32_t code = rows[i].win32;
#else
        uint32_t code = rows[i].posix;
#endif
        char number[16];
        snprintf(number, sizeof(number), "(%u)", (unsigned)code);
        assert_int_equal(eg_fail_os(code, "open %s", "C:/x"), rows[i].status);
        assert_non_null(strstr(eg_error_message(), "open C:/x: "));
        assert_non_null(strstr(eg_error_message(), number));
    }
}

static void fail_elsewhere(void *arg)
{
    EG_UNUSED(arg);
    eg_fail(EG_E_IO, "other thread");
}

static void error_message__of_another_thread__stays_apart(void **state)
{
    EG_UNUSED(state);
    eg_thread *thread = NULL;
    eg_fail(EG_E_IO, "mine");
    assert_int_equal(eg_thread_start(&thread, "fail", fail_elsewhere, NULL), EG_OK);
    eg_thread_join(thread);
    assert_string_equal(eg_error_message(), "mine");
}

static void status_name__of_every_code__differs(void **state)
{
    EG_UNUSED(state);
    for (int a = EG_E_CORRUPT; a <= EG_OK; a++) {
        assert_string_not_equal(eg_status_name(a), "unknown status");
        for (int b = EG_E_CORRUPT; b < a; b++) {
            assert_string_not_equal(eg_status_name(a), eg_status_name(b));
        }
    }
    assert_string_equal(eg_status_name(-99), "unknown status");
}

int eg_test_status(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail__with_a_message__returns_status_and_keeps_text),
        cmocka_unit_test(fail__with_the_last_message_as_argument__wraps_it),
        cmocka_unit_test(fail__with_long_text__cuts_between_characters),
        cmocka_unit_test(fail__with_long_ascii__keeps_1023_bytes),
        cmocka_unit_test(fail_os__with_known_codes__maps_them_and_names_the_number),
        cmocka_unit_test(error_message__of_another_thread__stays_apart),
        cmocka_unit_test(status_name__of_every_code__differs),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
