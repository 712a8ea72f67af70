/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/alloc.h"
#include "tests/unit/ole_blob.h"
#include "tests/unit/unpack_seen.h"

/* An embedded object of OLE 1, as the bytes behind \objdata stand for. */
static void object_make(eg_buf *out, const char *class_name, eg_str native)
{
    eg_buf_init(out, 65536);
    blob_number(out, 0x0501, 4);
    blob_number(out, 2, 4);
    blob_number(out, (uint32_t)strlen(class_name) + 1, 4);
    eg_buf_append(out, class_name, strlen(class_name) + 1);
    blob_number(out, 0, 4);
    blob_number(out, 0, 4);
    blob_number(out, (uint32_t)native.len, 4);
    eg_buf_append_str(out, native);
}

/* The digits of `bytes`, with `between` behind each byte. */
static void append_digits(eg_buf *out, eg_str bytes, const char *between)
{
    for (size_t i = 0; i < bytes.len; i++) {
        eg_buf_appendf(out, "%02x%s", (unsigned)(uint8_t)bytes.ptr[i], between);
    }
}

static void text_make(eg_buf *out, eg_str object, const char *between)
{
    eg_buf_init(out, 1024 * 1024);
    eg_buf_append_cstr(out, "{\\rtf1 text {\\object\\objemb{\\*\\objdata ");
    append_digits(out, object, between);
    eg_buf_append_cstr(out, "}}}");
}

static void check_between(const char *between, const char *part)
{
    eg_buf object, text;
    object_make(&object, "Equation.3", EG_STR("marker"));
    text_make(&text, eg_buf_str(&object), between);
    seen_check(&text, part, NULL);
    eg_buf_done(&text);
    eg_buf_done(&object);
}

static void object__however_its_digits_are_written__is_found(void **state)
{
    EG_UNUSED(state);
    check_between("", "embedded file object 1/Equation.3=marker\n");
    check_between("\r\n\t ", "embedded file object 1/Equation.3=marker\n");
    check_between("\\par99 ", "embedded file object 1/Equation.3=marker\n");
    check_between("\\'41\\~", "embedded file object 1/Equation.3=marker\n");
    check_between("{\\unknown}", "embedded file object 1/Equation.3=marker\n");
    check_between("{\\*\\junk 4}", "embedded file object 1/Equation.3=marker\n");
    check_between("{{ff}{\\*\\junk 4}}", "embedded file object 1/Equation.3=marker\n");
}

static void object__in_inner_groups__is_found_in_each_way_to_read_it(void **state)
{
    eg_buf text;
    EG_UNUSED(state);
    eg_buf_init(&text, 1024);
    eg_buf_append_cstr(&text, "{\\rt{\\objdata 41{42}43{\\*\\x 44{45}}46{\\object}47}48}");
    seen_check(&text, "object 1=ACFG\n", NULL);
    seen_check(&text, "object 1, inner groups=ABCFG\n", NULL);
    seen_check(&text, "object 1, all groups=ABCDEFG\n", NULL);
    eg_buf_done(&text);
}

static void object__in_binary_form__is_taken_as_it_is(void **state)
{
    eg_buf text;
    EG_UNUSED(state);
    eg_buf_init(&text, 1024);
    eg_buf_append_cstr(&text,
                       "{\\rtf1{\\*\\objdata41\\bin5 {}\\}x42}}{\\objdatax 44}{\\datastore 43}");
    seen_check(&text, "object 1={}\\}xB\n", NULL); /* 41 is the number of the word */
    seen_check(&text, "object 2=C\n", NULL);
    text.len = 0;
    eg_buf_append_cstr(&text, "{\\rtf1\\objdata \\bin99999999999999999999 cut");
    seen_check(&text, "object 1=cut\n", NULL);
    eg_buf_done(&text);
}

static void object__that_holds_files__is_looked_into(void **state)
{
    eg_buf compound, package, object, text;
    ole_item items[] = {{"Workbook", 0, EG_STR("a stream")}};
    EG_UNUSED(state);
    ole_build(&compound, items, 1, 9);
    object_make(&object, "Excel.Sheet", eg_buf_str(&compound));
    text_make(&text, eg_buf_str(&object), "");
    seen_check(&text, "stream object 1/Excel.Sheet/Workbook=a stream\n", NULL);
    /* a header that does not say so */
    object.data[4] = 7;
    eg_buf_done(&text);
    text_make(&text, eg_buf_str(&object), "");
    seen_check(&text, "stream object 1/compound file/Workbook=a stream\n", NULL);
    eg_buf_done(&text);
    eg_buf_done(&object);
    eg_buf_init(&package, 1024);
    eg_buf_append(&package, "\2\0a.js\0C:\\a.js\0\0\0\3\0", 19);
    blob_number(&package, 8, 4);
    eg_buf_append(&package, "C:\\a.js", 8);
    blob_number(&package, 6, 4);
    eg_buf_append_cstr(&package, "script");
    object_make(&object, "Package", eg_buf_str(&package));
    text_make(&text, eg_buf_str(&object), "");
    seen_check(&text, "embedded file object 1/Package=script\n", NULL);
    object.len -= 2; /* its size leads out of it */
    eg_buf_done(&text);
    text_make(&text, eg_buf_str(&object), "");
    seen_check(&text, "embedded file object 1/Package=scri\n", "the packed file ends early");
    eg_buf_done(&text);
    eg_buf_done(&object);
    eg_buf_done(&package);
    eg_buf_done(&compound);
}

/* Every object goes on to the end of the file: the work is bounded, not the square of its size. */
static void text__of_objects_without_end__stops_at_a_limit(void **state)
{
    eg_buf text;
    seen found;
    EG_UNUSED(state);
    eg_unpack_limits limits = eg_unpack_usual;
    limits.work = 1024 * 1024;
    eg_buf_init(&text, 1024 * 1024);
    eg_buf_append_cstr(&text, "{\\rtf1");
    for (int i = 0; i < 10000; i++) {
        eg_buf_append_cstr(&text, "{\\objdata 41");
    }
    assert_int_equal(seen_unpack(&found, eg_buf_str(&text), &limits), EG_OK);
    seen_has(&found.problems, "limit of 1048576 steps");
    assert_true(found.part_count < 100);
    seen_done(&found);
    eg_buf_done(&text);
}

static int unpack_once(void *arg)
{
    seen found;
    int status = seen_unpack(&found, eg_buf_str(arg), NULL);
    seen_done(&found);
    return status;
}

static void text__without_memory__fails(void **state)
{
    eg_buf object, text;
    EG_UNUSED(state);
    object_make(&object, "Equation.3", EG_STR("marker"));
    text_make(&text, eg_buf_str(&object), "{4}");
    assert_true(eg_test_each_allocation_fails(unpack_once, &text) > 3);
    eg_buf_done(&text);
    eg_buf_done(&object);
}

int eg_test_unpack_rtf(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(object__however_its_digits_are_written__is_found),
        cmocka_unit_test(object__in_inner_groups__is_found_in_each_way_to_read_it),
        cmocka_unit_test(object__in_binary_form__is_taken_as_it_is),
        cmocka_unit_test(object__that_holds_files__is_looked_into),
        cmocka_unit_test(text__of_objects_without_end__stops_at_a_limit),
        cmocka_unit_test(text__without_memory__fails),
    };
    return cmocka_run_group_tests_name("unpack_rtf", tests, NULL, NULL);
}
