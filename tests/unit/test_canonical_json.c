/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/update/canonical_json.h"
#include "tests/unit/alloc.h"

#include <string.h>

static int canonical(const char *text, eg_buf *out)
{
    yyjson_doc *document = NULL;
    eg_buf_clear(out);
    int status = eg_canonical_json_read(eg_str_from(text), &document);
    if (status == EG_OK) {
        status = eg_canonical_json_write(yyjson_doc_get_root(document), out);
        yyjson_doc_free(document);
    }
    return status;
}

static void canonical_json__of_a_value__has_the_one_form(void **state)
{
    static const char *const cases[][2] = {
        {"{ }", "{}"},
        {" [ 1 , -2, 0, 18446744073709551615 ] ", "[1,-2,0,18446744073709551615]"},
        {"{\"b\":true,\"a\":null,\"B\":false,\"aa\":[]}",
         "{\"B\":false,\"a\":null,\"aa\":[],\"b\":true}"},
        {"\"q\\\" b\\\\ s\\/ n\\n t\\t u\\u0041\"", "\"q\\\" b\\\\ s/ n\n t\t uA\""},
        {"\"\\u65e5\\ud83d\\ude00\"", "\"\xE6\x97\xA5\xF0\x9F\x98\x80\""},
        /* by bytes: U+FF5E stands before U+1F600, as it does by code point but not in UTF-16 */
        {"{\"\\ud83d\\ude00\":1,\"\\uff5e\":2}", "{\"\xEF\xBD\x9E\":2,\"\xF0\x9F\x98\x80\":1}"},
    };
    eg_buf out;
    (void)state;
    eg_buf_init(&out, 4096);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        assert_int_equal(canonical(cases[i][0], &out), EG_OK);
        assert_string_equal(eg_buf_cstr(&out), cases[i][1]);
    }
    eg_buf_done(&out);
}

static void canonical_json__of_what_has_two_readings__is_refused(void **state)
{
    static const char *const cases[][2] = {
        {"{\"a\":1,\"b\":2,\"a\":1}", "stands twice"},
        {"[{\"x\":{\"\\u0061\":1,\"a\":2}}]", "stands twice"},
        {"1.0", "not an integer"},
        {"[1e3]", "not an integer"},
        {"18446744073709551616", "not an integer"},
        {"\"\\ud800\"", "not Unicode"},
        {"{\"\\udc00\":1}", "not Unicode"},
        {"\"\xFF\"", "JSON"},
        {"\xEF\xBB\xBF{}", "byte-order mark"},
        {"{} {}", "JSON"},
        {"", "JSON"},
        {"[1,]", "JSON"},
        {"NaN", "JSON"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "nested"},
    };
    eg_buf out;
    (void)state;
    eg_buf_init(&out, 4096);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        assert_int_equal(canonical(cases[i][0], &out), EG_E_INVALID);
        assert_non_null(strstr(eg_error_message(), cases[i][1]));
        assert_int_equal(out.len, 0);
    }
    eg_buf_done(&out);
}

static void canonical_json__into_a_full_buffer__is_a_limit(void **state)
{
    eg_buf out;
    (void)state;
    eg_buf_init(&out, 8);
    assert_int_equal(canonical("[\"abcdef\"]", &out), EG_E_LIMIT);
    eg_buf_done(&out);
}

static int write_once(void *arg)
{
    eg_buf *out = arg;
    int status = canonical("{\"b\":[1,{\"c\":\"d\\\"e\"}],\"a\":{}}", out);
    eg_buf_done(out);
    return status;
}

static void canonical_json__without_memory__says_so(void **state)
{
    eg_buf out;
    (void)state;
    eg_buf_init(&out, 4096);
    assert_true(eg_test_each_allocation_fails(write_once, &out) > 3);
}

int eg_test_canonical_json(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_json__of_a_value__has_the_one_form),
        cmocka_unit_test(canonical_json__of_what_has_two_readings__is_refused),
        cmocka_unit_test(canonical_json__into_a_full_buffer__is_a_limit),
        cmocka_unit_test(canonical_json__without_memory__says_so),
    };
    return cmocka_run_group_tests_name("canonical_json", tests, NULL, NULL);
}
