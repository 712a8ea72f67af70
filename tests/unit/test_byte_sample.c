/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/yara/byte_sample.c"
#include "tests/unit/alloc.h"

#include <string.h>

static void check(const char *text, eg_str bytes, const char *name)
{
    eg_byte_sample sample;
    assert_int_equal(eg_byte_sample_parse(eg_str_from(text), &sample), EG_OK);
    assert_true(eg_str_equal(eg_buf_str(&sample.bytes), bytes));
    assert_string_equal(eg_buf_cstr(&sample.name), name);
    eg_byte_sample_done(&sample);
}

static void sample__of_every_kind_of_line__is_put_together(void **state)
{
    EG_UNUSED(state);
    check("", EG_STR(""), "sample.bin");
    check(
        "# a remark\r\n\r\nname  a b.doc \nhex 4d5A 00\r\ntext \"a\\\"\" \"\\x41\\r\\n\"\nfill 2\n"
        "fill 2 Ff\nwide \"b\"\n",
        EG_STR("MZ\0a\"A\r\n\0\0\xFF\xFF"
               "b\0"),
        "a b.doc");
}

static void noise__is_the_same_each_time_and_without_pattern(void **state)
{
    eg_byte_sample sample;
    unsigned counts[256] = {0};
    EG_UNUSED(state);
    assert_int_equal(eg_byte_sample_parse(EG_STR("noise 65536"), &sample), EG_OK);
    assert_int_equal(sample.bytes.len, 65536);
    for (size_t i = 0; i < sample.bytes.len; i++) {
        counts[(uint8_t)sample.bytes.data[i]]++;
    }
    for (size_t i = 0; i < 256; i++) {
        assert_in_range(counts[i], 150, 360);
    }
    check("noise 3", (eg_str){sample.bytes.data, 3}, "sample.bin");
    eg_byte_sample_done(&sample);
}

static void sample__that_is_wrong__is_refused_with_its_line(void **state)
{
    static const char *const texts[] = {
        "hex 4", "hex 4G", "text a",   "text \"a", "text \"\\q\"", "wide \"\\x4\"",
        "fill",  "fill x", "fill 1 1", "noise -1", "byte 1",       "fill 99999999999"};
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_byte_sample sample = {.bytes = {.len = 7}};
        eg_buf text;
        eg_buf_init(&text, 100);
        eg_buf_appendf(&text, "# first\n%s\nhex 00", texts[i]);
        int status = eg_byte_sample_parse(eg_buf_str(&text), &sample);
        assert_true(status == EG_E_INVALID || status == EG_E_LIMIT);
        assert_non_null(strstr(eg_error_message(), "line 2: "));
        assert_int_equal(sample.bytes.len, 7);
        eg_buf_done(&text);
    }
}

static int parse_once(void *arg)
{
    eg_byte_sample sample;
    int status = eg_byte_sample_parse(*(eg_str *)arg, &sample);
    if (status == EG_OK) {
        eg_byte_sample_done(&sample);
    }
    return status;
}

static void sample__without_memory__fails(void **state)
{
    eg_str text = EG_STR("name a\nhex 00\nnoise 5000\nfill 5000\ntext \"abc\"");
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(parse_once, &text) > 2);
}

int eg_test_byte_sample(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample__of_every_kind_of_line__is_put_together),
        cmocka_unit_test(noise__is_the_same_each_time_and_without_pattern),
        cmocka_unit_test(sample__that_is_wrong__is_refused_with_its_line),
        cmocka_unit_test(sample__without_memory__fails),
    };
    return cmocka_run_group_tests_name("byte_sample", tests, NULL, NULL);
}
