/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/str.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"

static void str_equal__with_case_and_length__tells_apart(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_str_equal(EG_STR("abc"), EG_STR("abc")));
    assert_false(eg_str_equal(EG_STR("abc"), EG_STR("abC")));
    assert_false(eg_str_equal(EG_STR("abc"), EG_STR("abcd")));
    assert_true(eg_str_equal(EG_STR_NONE, EG_STR("")));
    assert_true(eg_str_equal_nocase(EG_STR("REG\xC3\x84"), EG_STR("reg\xC3\x84")));
    /* Only ASCII letters fold: '[' is not '{', and bytes beyond stay. */
    assert_false(eg_str_equal_nocase(EG_STR("["), EG_STR("{")));
    assert_false(eg_str_equal_nocase(EG_STR("\xC3\x84"), EG_STR("\xC3\xA4")));
}

static void str_starts_and_ends__with_borders__compare_the_right_part(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_str_starts_nocase(EG_STR("C:\\Windows"), EG_STR("c:\\win")));
    assert_false(eg_str_starts_nocase(EG_STR("C:"), EG_STR("c:\\")));
    assert_true(eg_str_ends_nocase(EG_STR("a.DLL"), EG_STR(".dll")));
    assert_false(eg_str_ends_nocase(EG_STR("dll"), EG_STR(".dll")));
    assert_true(eg_str_ends_nocase(EG_STR_NONE, EG_STR("")));
    assert_true(eg_str_starts_nocase(EG_STR_NONE, EG_STR_NONE));
}

static void str_compare__orders_bytes_then_length(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_str_compare(EG_STR("a"), EG_STR("b")) < 0);
    assert_true(eg_str_compare(EG_STR("a"), EG_STR("\xFF")) < 0);
    assert_true(eg_str_compare(EG_STR("ab"), EG_STR("a")) > 0);
    assert_int_equal(eg_str_compare(EG_STR(""), EG_STR_NONE), 0);
}

static void str_trim__of_white_space__leaves_the_middle(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_str_equal(eg_str_trim(EG_STR(" \t\r\na b\v\f ")), EG_STR("a b")));
    assert_int_equal(eg_str_trim(EG_STR("  \n ")).len, 0);
    assert_int_equal(eg_str_trim(EG_STR_NONE).len, 0);
}

static void str_split__with_empty_parts__keeps_them(void **state)
{
    EG_UNUSED(state);
    eg_str rest = EG_STR(",a,,b,");
    const char *const want[] = {"", "a", "", "b", ""};
    eg_str part;
    for (size_t i = 0; i < EG_COUNT(want); i++) {
        assert_true(eg_str_split(&rest, ',', &part));
        assert_true(eg_str_equal(part, eg_str_from(want[i])));
    }
    assert_false(eg_str_split(&rest, ',', &part));
    rest = EG_STR("");
    assert_true(eg_str_split(&rest, ',', &part));
    assert_false(eg_str_split(&rest, ',', &part));
}

static void str_to_u64__at_the_limits__accepts_what_fits(void **state)
{
    EG_UNUSED(state);
    uint64_t value = 7;
    assert_true(eg_str_to_u64(EG_STR("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(eg_str_to_u64(EG_STR("0xFFFFFFFFFFFFFFFF"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(eg_str_to_u64(EG_STR("0X1aF"), &value));
    assert_true(value == 0x1AF);
    assert_true(eg_str_to_u64(EG_STR("000"), &value));
    assert_true(value == 0);
    value = 7;
    const char *const wrong[] = {
        "",   "0x", "18446744073709551616", "0x10000000000000000", "-1", "1 ", " 1", "1a", "0xg",
        "+1", "1.0"};
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        assert_false(eg_str_to_u64(eg_str_from(wrong[i]), &value));
    }
    assert_true(value == 7);
}

static void path_base__of_both_separators__takes_the_last_part(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_str_equal(eg_path_base(EG_STR("C:\\a/b.exe")), EG_STR("b.exe")));
    assert_true(eg_str_equal(eg_path_base(EG_STR("C:/a\\b.exe")), EG_STR("b.exe")));
    assert_true(eg_str_equal(eg_path_base(EG_STR("b.exe")), EG_STR("b.exe")));
    assert_int_equal(eg_path_base(EG_STR("C:\\")).len, 0);
    assert_null(eg_path_base(EG_STR_NONE).ptr);
}

static void buf__up_to_its_limit__holds_and_then_refuses_for_good(void **state)
{
    EG_UNUSED(state);
    eg_buf buf;
    eg_buf_init(&buf, 5);
    assert_string_equal(eg_buf_cstr(&buf), "");
    assert_non_null(eg_buf_str(&buf).ptr);
    assert_int_equal(eg_buf_append_cstr(&buf, "12345"), EG_OK);
    assert_int_equal(eg_buf_append(&buf, "", 0), EG_OK);
    assert_int_equal(buf.cap, 6); /* no more than it can ever need */
    assert_int_equal(eg_buf_append_char(&buf, '6'), EG_E_LIMIT);
    assert_int_equal(eg_buf_append(&buf, "", 0), EG_E_LIMIT);
    assert_string_equal(eg_buf_cstr(&buf), "12345");
    assert_null(eg_buf_take(&buf));
    eg_buf_clear(&buf);
    assert_int_equal(eg_buf_append_str(&buf, EG_STR("ab")), EG_OK);
    char *taken = eg_buf_take(&buf);
    assert_string_equal(taken, "ab");
    assert_null(buf.data);
    assert_int_equal(buf.max, 5);
    assert_null(eg_buf_take(&buf));
    eg_free(taken);
    eg_buf_done(&buf);
}

static void buf__with_a_huge_request__says_limit_without_overflow(void **state)
{
    EG_UNUSED(state);
    eg_buf buf;
    eg_buf_init(&buf, SIZE_MAX);
    eg_buf_append_cstr(&buf, "abc");
    assert_int_equal(eg_buf_reserve(&buf, SIZE_MAX), EG_E_LIMIT);
    assert_string_equal(eg_buf_cstr(&buf), "abc");
    eg_buf_done(&buf);
}

static void buf_appendf__across_growth__formats_all(void **state)
{
    EG_UNUSED(state);
    eg_buf buf;
    eg_buf_init(&buf, 100000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(eg_buf_appendf(&buf, "%d;", i), EG_OK);
    }
    assert_int_equal(buf.len, strlen(buf.data));
    assert_non_null(strstr(buf.data, ";63;64;65;"));
    assert_true(eg_str_ends_nocase(eg_buf_str(&buf), EG_STR("998;999;")));
    eg_buf_done(&buf);
}

static int fill_buffer(void *arg)
{
    EG_UNUSED(arg);
    eg_buf buf;
    eg_buf_init(&buf, 100000);
    for (int i = 0; i < 2000; i++) {
        eg_buf_appendf(&buf, "%d", i);
    }
    int status = buf.status;
    eg_buf_done(&buf);
    return status;
}

static void buf__without_memory__keeps_the_status(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(fill_buffer, NULL) > 3);
}

int eg_test_str(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(str_equal__with_case_and_length__tells_apart),
        cmocka_unit_test(str_starts_and_ends__with_borders__compare_the_right_part),
        cmocka_unit_test(str_compare__orders_bytes_then_length),
        cmocka_unit_test(str_trim__of_white_space__leaves_the_middle),
        cmocka_unit_test(str_split__with_empty_parts__keeps_them),
        cmocka_unit_test(str_to_u64__at_the_limits__accepts_what_fits),
        cmocka_unit_test(path_base__of_both_separators__takes_the_last_part),
        cmocka_unit_test(buf__up_to_its_limit__holds_and_then_refuses_for_good),
        cmocka_unit_test(buf__with_a_huge_request__says_limit_without_overflow),
        cmocka_unit_test(buf_appendf__across_growth__formats_all),
        cmocka_unit_test(buf__without_memory__keeps_the_status),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
