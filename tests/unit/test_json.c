/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"

static void writer__of_nested_values__puts_commas_right(void **state)
{
    EG_UNUSED(state);
    eg_buf out;
    eg_json json;
    eg_buf_init(&out, 1000);
    eg_json_begin(&json, &out);
    eg_json_object(&json);
    eg_json_put_str(&json, "a", EG_STR("x"));
    eg_json_key(&json, "list");
    eg_json_array(&json);
    eg_json_u64(&json, UINT64_MAX);
    eg_json_i64(&json, INT64_MIN);
    eg_json_array(&json);
    eg_json_array_end(&json);
    eg_json_object(&json);
    eg_json_object_end(&json);
    eg_json_null(&json);
    eg_json_array_end(&json);
    eg_json_put_bool(&json, "yes", true);
    eg_json_put_u64(&json, "n", 0);
    eg_json_key_str(&json, EG_STR("k\"y"));
    eg_json_str(&json, EG_STR_NONE);
    eg_json_put_str(&json, "empty", EG_STR(""));
    eg_json_object_end(&json);
    assert_int_equal(out.status, EG_OK);
    assert_string_equal(eg_buf_cstr(&out),
                        "{\"a\":\"x\",\"list\":[18446744073709551615,-9223372036854775808,[],{},"
                        "null],\"yes\":true,\"n\":0,\"k\\\"y\":null,\"empty\":\"\"}");
    eg_buf_done(&out);
}

static void check_double(double value, const char *want)
{
    eg_buf out;
    eg_json json;
    eg_buf_init(&out, 100);
    eg_json_begin(&json, &out);
    eg_json_double(&json, value);
    assert_string_equal(eg_buf_cstr(&out), want);
    eg_buf_done(&out);
}

static void writer__of_doubles__is_short_and_exact(void **state)
{
    EG_UNUSED(state);
    check_double(0.1, "0.1");
    check_double(-3.0, "-3");
    check_double(1.0 / 3.0, "0.3333333333333333");
    check_double(5e-324, "4.94065645841247e-324");
    double zero = 0.0;
    check_double(1.0 / zero, "null");
    check_double(zero / zero, "null");
}

static void writer__of_bad_text__escapes_or_replaces(void **state)
{
    EG_UNUSED(state);
    eg_buf out;
    eg_json json;
    eg_buf_init(&out, 1000);
    eg_json_begin(&json, &out);
    eg_json_str(&json, EG_STR("\"\\\n\r\t\b\f\x01\x1F\x7F\xC2\x85\xC2\xA0"));
    assert_string_equal(eg_buf_cstr(&out),
                        "\"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001f\\u007f\\u0085\xC2\xA0\"");
    eg_buf_clear(&out);
    eg_json_begin(&json, &out);
    eg_json_str(&json, EG_STR("\xED\xA0\xBD\xFF\xE3\x81\x82\xF0\x9F\x98\x80\0z"));
    assert_string_equal(eg_buf_cstr(&out),
                        "\"\\ud83d\xEF\xBF\xBD\xE3\x81\x82\xF0\x9F\x98\x80\\u0000z\"");
    eg_buf_done(&out);
}

static void writer__nested_too_deeply__fails_in_the_buffer(void **state)
{
    EG_UNUSED(state);
    eg_buf out;
    eg_json json;
    eg_buf_init(&out, 1000);
    eg_json_begin(&json, &out);
    for (int i = 0; i < 40; i++) {
        eg_json_array(&json);
    }
    for (int i = 0; i < 50; i++) {
        eg_json_array_end(&json);
    }
    assert_int_equal(out.status, EG_E_LIMIT);
    eg_buf_done(&out);
}

static void parse__of_what_the_writer_wrote__gives_the_text_back(void **state)
{
    EG_UNUSED(state);
    /* Everything but malformed bytes survives, lone surrogates in WTF-8 included. */
    const eg_str text = EG_STR("\xED\xA0\xBD \\ud800 \xED\xB8\x80\xF0\x9F\x98\x80\x01\0\"\\u\\");
    eg_buf out;
    eg_json json;
    yyjson_doc *document = NULL;
    eg_buf_init(&out, 1000);
    eg_json_begin(&json, &out);
    eg_json_object(&json);
    eg_json_put_str(&json, "text", text);
    eg_json_object_end(&json);
    assert_int_equal(eg_json_parse(eg_buf_str(&out), &document), EG_OK);
    eg_str back = eg_json_get_str(yyjson_doc_get_root(document), "text");
    assert_true(eg_str_equal(back, text));
    yyjson_doc_free(document);
    eg_buf_done(&out);
}

static void parse__of_bad_json__names_line_and_column(void **state)
{
    EG_UNUSED(state);
    yyjson_doc *document = NULL;
    assert_int_equal(eg_json_parse(EG_STR("{\n \"a\": 1,\n x}"), &document), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "line 3, column 2"));
    const eg_str wrong[] = {
        EG_STR(""),
        EG_STR("{"),
        EG_STR("[1,]"),
        EG_STR("{} x"),
        EG_STR("\"\xFF\""),
        EG_STR("\"\\u12\""),
        EG_STR("\"\xED\xA0\x80\""),
        EG_STR("\"\\"),
        EG_STR("\"\\ud800"),
        EG_STR("\"\\ud800\xFF\""),
    };
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        assert_int_equal(eg_json_parse(wrong[i], &document), EG_E_INVALID);
    }
    assert_null(document);
}

static void parse__of_deep_nesting__is_refused_at_65(void **state)
{
    EG_UNUSED(state);
    char text[200];
    yyjson_doc *document = NULL;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_int_equal(eg_json_parse((eg_str){text, 128}, &document), EG_OK);
    yyjson_doc_free(document);
    document = NULL;
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_int_equal(eg_json_parse((eg_str){text, 130}, &document), EG_E_INVALID);
    /* Brackets in a string are no nesting. */
    memset(text, '[', 150);
    memcpy(text, "[\"\\\"", 4);
    memcpy(text + 148, "\"]", 2);
    assert_int_equal(eg_json_parse((eg_str){text, 150}, &document), EG_OK);
    yyjson_doc_free(document);
}

static void get__of_other_types__gives_the_default(void **state)
{
    EG_UNUSED(state);
    yyjson_doc *document = NULL;
    assert_int_equal(eg_json_parse(EG_STR("\xEF\xBB\xBF{\"s\":\"t\",\"n\":5,\"m\":-5,\"b\":true,"
                                          "\"z\":null}"),
                                   &document),
                     EG_OK);
    yyjson_val *root = yyjson_doc_get_root(document);
    assert_true(eg_str_equal(eg_json_get_str(root, "s"), EG_STR("t")));
    assert_null(eg_json_get_str(root, "n").ptr);
    assert_null(eg_json_get_str(root, "z").ptr);
    assert_null(eg_json_get_str(NULL, "z").ptr);
    assert_true(eg_json_get_u64(root, "n", 9) == 5);
    assert_true(eg_json_get_u64(root, "m", 9) == 9);
    assert_true(eg_json_get_u64(root, "none", 9) == 9);
    assert_true(eg_json_get_bool(root, "b", false));
    assert_true(eg_json_get_bool(root, "s", true));
    yyjson_doc_free(document);
}

static int parse_and_free(void *arg)
{
    yyjson_doc *document = NULL;
    int status = eg_json_parse(eg_str_from(arg), &document);
    yyjson_doc_free(document);
    return status;
}

static void parse__without_memory__fails(void **state)
{
    EG_UNUSED(state);
    char plain[] = "{\"a\":[1,2,{\"b\":\"c\"}]}";
    char lone[] = "{\"a\":\"\\ud800\"}";
    assert_true(eg_test_each_allocation_fails(parse_and_free, plain) >= 1);
    assert_true(eg_test_each_allocation_fails(parse_and_free, lone) >= 2);
}

int eg_test_json(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writer__of_nested_values__puts_commas_right),
        cmocka_unit_test(writer__of_doubles__is_short_and_exact),
        cmocka_unit_test(writer__of_bad_text__escapes_or_replaces),
        cmocka_unit_test(writer__nested_too_deeply__fails_in_the_buffer),
        cmocka_unit_test(parse__of_what_the_writer_wrote__gives_the_text_back),
        cmocka_unit_test(parse__of_bad_json__names_line_and_column),
        cmocka_unit_test(parse__of_deep_nesting__is_refused_at_65),
        cmocka_unit_test(get__of_other_types__gives_the_default),
        cmocka_unit_test(parse__without_memory__fails),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
