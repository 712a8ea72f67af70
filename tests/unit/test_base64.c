/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/base64.h"
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "tests/unit/alloc.h"

#include <string.h>

/* RFC 4648, section 10, and what has all kinds of digits. */
static const struct {
    const char *bytes, *text;
} pairs[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xFB\xFF\xBF\x01\x80", "+/+/AYA="},
};

static void bytes__of_every_length__have_the_known_form(void **state)
{
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(pairs); i++) {
        eg_buf text, bytes;
        eg_buf_init(&text, 64);
        eg_buf_init(&bytes, 64);
        assert_int_equal(eg_base64_write(&text, eg_str_from(pairs[i].bytes)), EG_OK);
        assert_string_equal(eg_buf_cstr(&text), pairs[i].text);
        assert_int_equal(text.len, EG_BASE64_SIZE(strlen(pairs[i].bytes)));
        assert_int_equal(eg_base64_read(&bytes, eg_buf_str(&text)), EG_OK);
        assert_string_equal(eg_buf_cstr(&bytes), pairs[i].bytes);
        eg_buf_done(&text);
        eg_buf_done(&bytes);
    }
}

static void text__of_another_form__is_refused_and_appends_nothing(void **state)
{
    static const char *const wrong[] = {
        "Z",    "Zg",   "Zg=",      "Zm9v=", "Zh==",      "Zm9=",       "====", "=m9v",
        "Z===", "Zg=A", "Zg==Zm9v", "Zm 8",  "Zm9vZm8\n", "Zm9v\nYmE=", "Zm-v", "Zm_v",
    };
    EG_UNUSED(state);
    eg_buf out;
    eg_buf_init(&out, 64);
    assert_int_equal(eg_buf_append_cstr(&out, "kept"), EG_OK);
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        assert_int_equal(eg_base64_read(&out, eg_str_from(wrong[i])), EG_E_INVALID);
        assert_string_equal(eg_buf_cstr(&out), "kept");
    }
    eg_buf_done(&out);
}

static int there_and_back(void *arg)
{
    eg_buf text, bytes;
    EG_UNUSED(arg);
    eg_buf_init(&text, 64);
    eg_buf_init(&bytes, 64);
    int status = eg_base64_write(&text, EG_STR("something"));
    if (status == EG_OK) {
        status = eg_base64_read(&bytes, eg_buf_str(&text));
    }
    eg_buf_done(&text);
    eg_buf_done(&bytes);
    return status;
}

static void memory__refused__is_told(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(there_and_back, NULL) > 0);
}

int eg_test_base64(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes__of_every_length__have_the_known_form),
        cmocka_unit_test(text__of_another_form__is_refused_and_appends_nothing),
        cmocka_unit_test(memory__refused__is_told),
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
