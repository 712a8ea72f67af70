/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of a text: lines, pretty-printed ones, arrays, and what is none of them. */
#include "tests/unit/unit.h"

#include "cli/json_objects.c"

#include <stdio.h>

/* Every object as "<line>:<text>|". */
static void check(const char *text, const char *want)
{
    eg_json_objects objects;
    eg_str object;
    size_t line;
    char got[512] = "";

    eg_json_objects_begin(&objects, eg_str_from(text));
    while (eg_json_objects_next(&objects, &object, &line)) {
        size_t used = strlen(got);
        (void)snprintf(got + used, sizeof(got) - used, "%u:%.*s|", (unsigned)line,
                       EG_STR_ARGS(object));
    }
    assert_string_equal(got, want);
}

static void objects__one_a_line__are_found(void **state)
{
    EG_UNUSED(state);
    check("", "");
    check("{\"a\":1}\n{\"b\":2}\n", "1:{\"a\":1}|2:{\"b\":2}|");
    check("\xEF\xBB\xBF{}\r\n\r\n{}", "1:{}|3:{}|");
}

static void objects__over_lines_or_in_an_array__are_found(void **state)
{
    EG_UNUSED(state);
    check("{\n \"a\": {\n }\n}\n{\n}\n", "1:{\n \"a\": {\n }\n}|5:{\n}|");
    check("[\n{\"a\":1},\n{\"b\":[2,{}]}\n]\n", "2:{\"a\":1}|3:{\"b\":[2,{}]}|");
    check("{}{}", "1:{}|1:{}|");
}

static void braces__in_strings__are_text(void **state)
{
    EG_UNUSED(state);
    check("{\"a\":\"}\\\"}{\"}{}", "1:{\"a\":\"}\\\"}{\"}|1:{}|");
}

static void text__that_is_no_object__is_given_out_for_the_parser(void **state)
{
    EG_UNUSED(state);
    check("nonsense\n{}", "1:nonsense|2:{}|");
    check("{}\n{\"a\":\"x", "1:{}|2:{\"a\":\"x|");
    check("{\"a\":\"x\\", "1:{\"a\":\"x\\|");
    check("}{}", "1:}{}|");
}

int eg_test_json_objects(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects__one_a_line__are_found),
        cmocka_unit_test(objects__over_lines_or_in_an_array__are_found),
        cmocka_unit_test(braces__in_strings__are_text),
        cmocka_unit_test(text__that_is_no_object__is_given_out_for_the_parser),
    };
    return cmocka_run_group_tests_name("json_objects", tests, NULL, NULL);
}
