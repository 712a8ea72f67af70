/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"

#include "core/base/utf_fold_table.h"

static void utf16__of_every_unit__survives_the_round_trip(void **state)
{
    EG_UNUSED(state);
    /* Each unit alone, before a low and after a high surrogate: lone ones must stay as they are. */
    for (uint32_t unit = 0; unit < 0x10000; unit++) {
        const uint16_t in[] = {0xD83D, (uint16_t)unit, 0xDE00, 'x', (uint16_t)unit};
        uint16_t out[8];
        size_t count = 0;
        eg_buf text;
        eg_buf_init(&text, 64);
        assert_int_equal(eg_utf8_from_utf16(&text, in, EG_COUNT(in)), EG_OK);
        assert_int_equal(eg_utf16_length(eg_buf_str(&text)), EG_COUNT(in));
        assert_int_equal(eg_utf16_from_utf8(out, EG_COUNT(out), eg_buf_str(&text), &count), EG_OK);
        assert_int_equal(count, EG_COUNT(in));
        assert_memory_equal(in, out, sizeof(in));
        assert_int_equal(out[count], 0);
        eg_buf_done(&text);
    }
}

static void utf8_encode__of_every_code_point__decodes_again(void **state)
{
    EG_UNUSED(state);
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char bytes[4];
        eg_str text = {bytes, eg_utf8_encode(code, bytes)};
        size_t at = 0;
        assert_int_equal(eg_utf8_next(text, &at), code);
        assert_int_equal(at, text.len);
        assert_int_equal(eg_utf8_valid(text), code < 0xD800 || code > 0xDFFF);
    }
}

static void utf8_next__of_malformed_bytes__takes_one_byte_each(void **state)
{
    EG_UNUSED(state);
    const eg_str wrong[] = {
        EG_STR("\x80"),
        EG_STR("\xC0\x80"),
        EG_STR("\xC1\xBF"),
        EG_STR("\xE0\x80\x80"),
        EG_STR("\xE0\x9F\xBF"),
        EG_STR("\xF0\x80\x80\x80"),
        EG_STR("\xF0\x8F\xBF\xBF"),
        EG_STR("\xF4\x90\x80\x80"),
        EG_STR("\xF5\x80\x80\x80"),
        EG_STR("\xFF"),
        EG_STR("\xE3\x81"),
        EG_STR("\xF0\x9F\x98"),
    };
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        size_t steps = 0;
        for (size_t at = 0; at < wrong[i].len; steps++)
            assert_int_equal(eg_utf8_next(wrong[i], &at), 0xFFFD);
        assert_int_equal(steps, wrong[i].len);
        assert_int_equal(eg_utf16_length(wrong[i]), wrong[i].len);
        assert_false(eg_utf8_valid(wrong[i]));
    }
    assert_true(eg_utf8_valid(EG_STR("\xEF\xBF\xBD")));
    assert_false(eg_utf8_valid(EG_STR("ok\xED\xA0\x80")));
}

static void utf16le__at_odd_address_with_odd_size__reads_whole_units(void **state)
{
    EG_UNUSED(state);
    const char bytes[] = "?\x42\x30\x3D\xD8\x00\xDE\x41";
    eg_buf text;
    eg_buf_init(&text, 64);
    assert_int_equal(eg_utf8_from_utf16le(&text, bytes + 1, 7), EG_OK);
    assert_string_equal(eg_buf_cstr(&text), "\xE3\x81\x82\xF0\x9F\x98\x80");
    eg_buf_done(&text);
}

static void utf16_from_utf8__without_room__fails_and_writes_nothing(void **state)
{
    EG_UNUSED(state);
    uint16_t out[3] = {7, 7, 7};
    size_t count = 9;
    assert_int_equal(eg_utf16_from_utf8(out, 3, EG_STR("abc"), &count), EG_E_LIMIT);
    assert_int_equal(eg_utf16_from_utf8(out, 0, EG_STR(""), &count), EG_E_LIMIT);
    assert_int_equal(count, 9);
    assert_int_equal(out[0], 7);
    assert_int_equal(eg_utf16_from_utf8(out, 3, EG_STR("ab"), &count), EG_OK);
    assert_int_equal(count, 2);
}

static void fold_code__of_every_code_point__equals_the_reference(void **state)
{
    EG_UNUSED(state);
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        uint32_t lower = eg_fold_code(code);
        for (int shift = 0; shift < 32; shift += 8)
            hash = (hash ^ (lower >> shift & 0xFF)) * UINT64_C(0x100000001B3);
    }
    assert_true(hash == EG_FOLD_SWEEP_HASH);
}

static void fold_code__of_every_code_point__is_stable_and_bounded(void **state)
{
    EG_UNUSED(state);
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        uint32_t lower = eg_fold_code(code);
        assert_true(lower <= 0x10FFFF);
        assert_int_equal(eg_fold_code(lower), lower);
    }
}

static void check_fold(const char *text, const char *want)
{
    eg_buf out;
    eg_buf_init(&out, 256);
    assert_int_equal(eg_fold_str(&out, eg_str_from(text)), EG_OK);
    assert_string_equal(eg_buf_cstr(&out), want);
    eg_buf_done(&out);
}

static void fold_str__of_mixed_text__folds_each_character(void **state)
{
    EG_UNUSED(state);
    check_fold("", "");
    check_fold("C:\\Windows\\SYSTEM32 [A]", "c:\\windows\\system32 [a]");
    check_fold("\xC3\x84\xC3\x96 \xEF\xBC\xA1", "\xC3\xA4\xC3\xB6 \xEF\xBD\x81"); /* full width A */
    check_fold("\xE8\xAB\x8B\xE6\xB1\x82.DOC", "\xE8\xAB\x8B\xE6\xB1\x82.doc");
    check_fold("\xC4\xB0X", "i\xCC\x87x");        /* U+0130 as Python */
    check_fold("\xE2\x84\xAA", "k");              /* Kelvin sign shrinks */
    check_fold("\xC8\xBA", "\xE2\xB1\xA5");       /* U+023A grows */
    check_fold("A\xFF\xC3", "a\xFF\xC3");         /* malformed bytes stay */
    check_fold("\xED\xA0\x80Z", "\xED\xA0\x80z"); /* so do lone surrogates */
    check_fold("\xEF\xBF\xBD"
               "A",
               "\xEF\xBF\xBD"
               "a");
}

/* As Python: final behind a letter unless a letter follows, marks between them passed over. */
static void fold_str__of_a_capital_sigma__depends_on_what_stands_beside_it(void **state)
{
    EG_UNUSED(state);
    check_fold("\xCE\xA3", "\xCF\x83");
    check_fold("\xCE\x9F\xCE\xA3", "\xCE\xBF\xCF\x82");
    check_fold("A\xCE\xA3", "a\xCF\x82");
    check_fold("A\xCE\xA3Z", "a\xCF\x83z");
    check_fold("A'\xCE\xA3'", "a'\xCF\x82'");
    check_fold("A'\xCE\xA3'.Z", "a'\xCF\x83'.z");
    check_fold("1\xCE\xA3", "1\xCF\x83");
    check_fold("A\xFF\xCE\xA3", "a\xFF\xCF\x83");
    check_fold("A\xCE\xA3\xFFZ", "a\xCF\x82\xFFz");
    check_fold("\x80\xCE\xA3", "\x80\xCF\x83");
    check_fold("\xCE\xA3\xCE\xA3\xCE\xA3", "\xCF\x83\xCF\x83\xCF\x82");
}

/* Runs of ASCII are folded eight at a time: every character, at every place, beside any other. */
static void fold_str__of_ascii_at_every_place__folds_like_single_characters(void **state)
{
    EG_UNUSED(state);
    char text[24];
    for (unsigned c = 0; c < 0x80; c++) {
        for (size_t place = 0; place < sizeof(text); place++) {
            eg_buf out;
            eg_buf_init(&out, 64);
            for (size_t i = 0; i < sizeof(text); i++)
                text[i] = (char)(i == place ? c : (c * 7 + i * 31) & 0x7F);
            assert_int_equal(eg_fold_str(&out, (eg_str){text, sizeof(text)}), EG_OK);
            assert_int_equal(out.len, sizeof(text));
            for (size_t i = 0; i < sizeof(text); i++)
                assert_int_equal(out.data[i], eg_fold_code((unsigned char)text[i]));
            eg_buf_done(&out);
        }
    }
}

static int fold_into_new_buffer(void *arg)
{
    eg_buf out;
    eg_buf_init(&out, 4096);
    int status = eg_fold_str(&out, eg_str_from(arg));
    eg_buf_done(&out);
    return status;
}

static void fold_str__without_room_or_memory__fails(void **state)
{
    EG_UNUSED(state);
    char text[101];
    memset(text, 'A', 100);
    text[100] = '\0';
    assert_true(eg_test_each_allocation_fails(fold_into_new_buffer, text) >= 1);
    eg_buf out;
    eg_buf_init(&out, 3);
    assert_int_equal(eg_fold_str(&out, EG_STR("ABC")), EG_OK);
    eg_buf_clear(&out);
    assert_int_equal(eg_fold_str(&out, EG_STR("ABCD")), EG_E_LIMIT);
    eg_buf_done(&out);
}

static void append_safe__of_deceptive_text__shows_it(void **state)
{
    EG_UNUSED(state);
    eg_buf out;
    eg_buf_init(&out, 512);
    eg_utf8_append_safe(&out, EG_STR("a\x1B[2J\r\n\x7F"));
    assert_string_equal(eg_buf_cstr(&out), "a\\u{1B}[2J\\u{D}\\u{A}\\u{7F}");
    eg_buf_clear(&out);
    eg_utf8_append_safe(&out, EG_STR("txt.\xE2\x80\xAE"
                                     "exe\xED\xA0\x80\xFF\xC2\x85"));
    assert_string_equal(eg_buf_cstr(&out), "txt.\\u{202E}exe\\u{D800}\\u{FF}\\u{85}");
    eg_buf_clear(&out);
    /* Japanese, with an ideographic variation selector, and an emoji stay as they are. */
    eg_utf8_append_safe(&out, EG_STR("\xE8\x91\x9B\xF3\xA0\x84\x80\xF0\x9F\x98\x80"));
    assert_string_equal(eg_buf_cstr(&out), "\xE8\x91\x9B\xF3\xA0\x84\x80\xF0\x9F\x98\x80");
    eg_buf_done(&out);
}

static void utf8_copy__of_text_that_is_too_long__ends_between_characters(void **state)
{
    EG_UNUSED(state);
    char out[6];
    const eg_str text = EG_STR("\xE3\x81\x82\xE3\x81\x84z");
    const size_t kept[] = {0, 0, 0, 3, 3, 3, 6, 7, 7};
    for (size_t max = 0; max < EG_COUNT(kept); max++) {
        assert_int_equal(eg_utf8_cut(text, max).len, kept[max]);
    }
    eg_utf8_copy(out, sizeof(out), text);
    assert_string_equal(out, "\xE3\x81\x82");
    eg_utf8_copy(out, sizeof(out), EG_STR("abcde"));
    assert_string_equal(out, "abcde");
    eg_utf8_copy(out, 1, text);
    assert_string_equal(out, "");
    eg_utf8_copy(out, sizeof(out), EG_STR_NONE);
    assert_string_equal(out, "");
}

int eg_test_utf(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf16__of_every_unit__survives_the_round_trip),
        cmocka_unit_test(utf8_encode__of_every_code_point__decodes_again),
        cmocka_unit_test(utf8_next__of_malformed_bytes__takes_one_byte_each),
        cmocka_unit_test(utf16le__at_odd_address_with_odd_size__reads_whole_units),
        cmocka_unit_test(utf16_from_utf8__without_room__fails_and_writes_nothing),
        cmocka_unit_test(fold_code__of_every_code_point__equals_the_reference),
        cmocka_unit_test(fold_code__of_every_code_point__is_stable_and_bounded),
        cmocka_unit_test(fold_str__of_mixed_text__folds_each_character),
        cmocka_unit_test(fold_str__of_a_capital_sigma__depends_on_what_stands_beside_it),
        cmocka_unit_test(fold_str__of_ascii_at_every_place__folds_like_single_characters),
        cmocka_unit_test(fold_str__without_room_or_memory__fails),
        cmocka_unit_test(append_safe__of_deceptive_text__shows_it),
        cmocka_unit_test(utf8_copy__of_text_that_is_too_long__ends_between_characters),
    };
    return cmocka_run_group_tests_name("utf", tests, NULL, NULL);
}
