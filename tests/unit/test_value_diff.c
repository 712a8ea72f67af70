/* SPDX-License-Identifier: Apache-2.0 */
/* Registry values at two moments, and how their data are shown. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/registry_text.h"
#include "driverless-hooks/decode/value_diff.h"

#include <string.h>
#include <uchar.h>

static void add(eg_value_list *list, const char *name, uint32_t type, const char *data)
{
    eg_value value = {eg_str_from(name), type, eg_str_from(data), strlen(data)};
    assert_int_equal(eg_value_list_add(list, &value), EG_OK);
}

static eg_value_list *make_list(void)
{
    eg_value_list *list = NULL;
    assert_int_equal(eg_value_list_create(&list), EG_OK);
    return list;
}

/* Writes "+name", "-name" or "*name" per change. */
static void note(void *user, const eg_value *before, const eg_value *now)
{
    eg_buf *out = user;
    eg_buf_append_char(out, !before ? '+' : !now ? '-' : '*');
    eg_buf_append_str(out, now ? now->name : before->name);
}

static void assert_diff(eg_value_list *before, eg_value_list *now, const char *expected)
{
    eg_buf out;
    eg_buf_init(&out, 1000);
    if (before) {
        eg_value_list_seal(before);
    }
    if (now) {
        eg_value_list_seal(now);
    }
    eg_value_diff(before, now, note, &out);
    assert_string_equal(eg_buf_cstr(&out), expected);
    eg_buf_done(&out);
}

static void value_diff__added_changed_removed__each_once_in_order(void **state)
{
    eg_value_list *before = make_list();
    eg_value_list *now = make_list();
    EG_UNUSED(state);
    add(before, "stays", 1, "x");
    add(before, "gone", 1, "x");
    add(before, "data", 1, "old");
    add(before, "type", 1, "x");
    add(now, "type", 2, "x");
    add(now, "new", 1, "x");
    add(now, "data", 1, "new");
    add(now, "stays", 1, "x");
    assert_diff(before, now, "*data-gone+new*type");
    assert_diff(before, before, "");
    assert_diff(NULL, now, "+data+new+stays+type");
    assert_diff(now, NULL, "-data-new-stays-type");
    assert_diff(NULL, NULL, "");
    eg_value_list_destroy(before);
    eg_value_list_destroy(now);
}

static void value_diff__same_name_in_other_case__is_another_value(void **state)
{
    eg_value_list *before = make_list();
    eg_value_list *now = make_list();
    EG_UNUSED(state);
    add(before, "Name", 1, "x");
    add(now, "name", 1, "x");
    assert_diff(before, now, "-Name+name");
    eg_value_list_destroy(before);
    eg_value_list_destroy(now);
}

static void value_diff__name_with_nul__is_compared_whole(void **state)
{
    eg_value_list *before = make_list();
    eg_value_list *now = make_list();
    eg_value hidden = {{"a\0b", 3}, 1, EG_STR("x"), 1};
    eg_value shown = {{"a\0c", 3}, 1, EG_STR("x"), 1};
    eg_buf out;
    EG_UNUSED(state);
    assert_int_equal(eg_value_list_add(before, &hidden), EG_OK);
    assert_int_equal(eg_value_list_add(now, &shown), EG_OK);
    eg_value_list_seal(before);
    eg_value_list_seal(now);
    eg_buf_init(&out, 100);
    eg_value_diff(before, now, note, &out);
    assert_int_equal(out.len, 8);
    assert_memory_equal(out.data, "-a\0b+a\0c", 8);
    eg_buf_done(&out);
    eg_value_list_destroy(before);
    eg_value_list_destroy(now);
}

static void value_list__one_name_twice__keeps_the_last(void **state)
{
    eg_value_list *list = make_list();
    EG_UNUSED(state);
    add(list, "a", 1, "first");
    add(list, "b", 1, "x");
    add(list, "a", 1, "last");
    eg_value_list_seal(list);
    assert_int_equal(eg_value_list_count(list), 2);
    assert_true(eg_str_equal(eg_value_list_at(list, 0)->data, EG_STR("last")));
    eg_value_list_destroy(list);
}

static void value_list__huge_data__is_known_by_size_and_first_part(void **state)
{
    size_t size = EG_VALUE_DATA_MAX + 10;
    char *data = eg_alloc_zero(size, 1);
    eg_value_list *before = make_list();
    eg_value_list *now = make_list();
    eg_value value = {EG_STR("big"), 3, {data, size}, size};
    EG_UNUSED(state);
    assert_non_null(data);
    assert_int_equal(eg_value_list_add(before, &value), EG_OK);
    assert_int_equal(eg_value_list_at(before, 0)->data.len, EG_VALUE_DATA_MAX);
    value.full_size++;
    assert_int_equal(eg_value_list_add(now, &value), EG_OK);
    assert_diff(before, now, "*big");
    eg_free(data);
    eg_value_list_destroy(before);
    eg_value_list_destroy(now);
}

static void value_list__without_memory__fails_and_stays_usable(void **state)
{
    eg_value value = {EG_STR("name"), 1, EG_STR("data"), 4};
    EG_UNUSED(state);
    for (long allowed = 0; allowed < 6; allowed++) {
        eg_value_list *list = NULL;
        eg_mem_fail_after(allowed);
        int status = eg_value_list_create(&list);
        for (int i = 0; status == EG_OK && i < 100; i++) {
            status = eg_value_list_add(list, &value);
        }
        eg_mem_fail_after(-1);
        assert_true(status == EG_OK || status == EG_E_NOMEM);
        if (list) {
            eg_value_list_seal(list);
        }
        eg_value_list_destroy(list);
    }
}

static void registry_details__of_every_type__reads_as_sysmon_prints_it(void **state)
{
    static const char16_t plain[] = u"C:\\a.exe /x";
    static const char16_t late_nul[] = u"run\0hidden";
    static const char16_t multi[] = u"one\0two\0";
    static const struct {
        uint32_t type;
        const void *data;
        size_t size;
        const char *expected;
    } cases[] = {
        {1, plain, sizeof(plain), "C:\\a.exe /x"},
        {1, plain, sizeof(plain) - 2, "C:\\a.exe /x"}, /* no terminator */
        {2, plain, sizeof(plain) - 1, "C:\\a.exe /x"}, /* odd size */
        {1, late_nul, sizeof(late_nul), "run"},
        {1, "", 0, "(Empty)"},
        {1, "\0", 2, "(Empty)"},
        {1, "x", 1, "(Empty)"},
        {4, "\x01\x02\x00\x80", 4, "DWORD (0x80000201)"},
        {5, "\x80\x00\x02\x01", 4, "DWORD (0x80000201)"},
        {4, "\x01\x02\x03", 3, "Binary Data"},
        {11, "\x01\x00\x00\x00\x02\x00\x00\x00", 8, "QWORD (0x00000002-0x00000001)"},
        {11, "\x01\x00\x00\x00", 4, "Binary Data"},
        {7, multi, sizeof(multi), "one; two"},
        {7, multi, sizeof(multi) - 4, "one; two"},
        {7, "\0\0\0", 4, "(Empty)"},
        {3, "\x01", 1, "Binary Data"},
        {0, "", 0, "(Empty)"},
        {0xFFFFFFFF, "\x01\x02", 2, "Binary Data"},
    };
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_value value = {
            EG_STR("v"), cases[i].type, {cases[i].data, cases[i].size}, cases[i].size};
        eg_str shown = eg_registry_details(&text, &value);
        assert_non_null(shown.ptr);
        assert_int_equal(shown.len, strlen(cases[i].expected));
        assert_memory_equal(shown.ptr, cases[i].expected, shown.len);
    }
    eg_event_text_done(&text);
}

static void registry_details__data_that_was_too_large__tells_the_size(void **state)
{
    eg_event_text text;
    eg_value value = {EG_STR("v"), 1, {"", 0}, 5000000};
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    eg_str shown = eg_registry_details(&text, &value);
    assert_true(eg_str_equal(shown, EG_STR("Binary Data (5000000 bytes)")));
    eg_event_text_done(&text);
}

static void registry_details__megabyte_of_text__is_cut(void **state)
{
    eg_event_text text;
    char *data = eg_alloc(EG_VALUE_DATA_MAX);
    EG_UNUSED(state);
    assert_non_null(data);
    memset(data, 0x30, EG_VALUE_DATA_MAX);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    for (uint32_t type = 1; type <= 7; type += 6) {
        eg_value value = {EG_STR("v"), type, {data, EG_VALUE_DATA_MAX}, EG_VALUE_DATA_MAX};
        eg_str shown = eg_registry_details(&text, &value);
        assert_non_null(shown.ptr);
        assert_true(shown.len > 100000 && shown.len <= EG_EVENT_TEXT_MAX);
    }
    eg_event_text_done(&text);
    eg_free(data);
}

int eg_test_value_diff(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_diff__added_changed_removed__each_once_in_order),
        cmocka_unit_test(value_diff__same_name_in_other_case__is_another_value),
        cmocka_unit_test(value_diff__name_with_nul__is_compared_whole),
        cmocka_unit_test(value_list__one_name_twice__keeps_the_last),
        cmocka_unit_test(value_list__huge_data__is_known_by_size_and_first_part),
        cmocka_unit_test(value_list__without_memory__fails_and_stays_usable),
        cmocka_unit_test(registry_details__of_every_type__reads_as_sysmon_prints_it),
        cmocka_unit_test(registry_details__data_that_was_too_large__tells_the_size),
        cmocka_unit_test(registry_details__megabyte_of_text__is_cut),
    };
    return cmocka_run_group_tests_name("value_diff", tests, NULL, NULL);
}
