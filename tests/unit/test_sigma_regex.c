/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/sigma/regex.h"
#include "core/sigma/regex_literal.h"
#include "core/sigma/regex_translate.h"

#include <string.h>

static void translate__keeps_the_language_and_drops_the_traps(void **state)
{
    static const struct {
        const char *written, *read;
        bool dotall;
    } cases[] = {
        {"a.*b", "a.*b", false},
        {"\\+.*\\+.*\\+", "\\+[^\\n\\+]*+\\+.*\\+", false},
        {"`.*`.*`.*`", "`[^\\n\\`]*+\\`[^\\n\\`]*+\\`.*`", false},
        {"x.*x.*x", "x.*x.*x", false},            /* letters may match in either case */
        {"\\+.*\\+.*\\+", "\\+.*\\+.*\\+", true}, /* '.' crosses lines */
        {"(?s)-.*-.*-", "(?s)-.*-.*-", false},
        {"-.*?-.*-", "-.*?-.*-", false},
        {"f(?:.*\\)){1,}.*\"", "f[^\\n\\)]*+\\).*\"", false},
        {"f(?:.*\\))+x", "f.*\\)x", false},
        {"f(?:.*\\))++x", "f(?:.*\\))++x", false},
        {"f(?:.*x)+", "f(?:.*x)+", false},
        {"\\.*-.*-", "\\.*-.*-", false},
        {"[.*-.*-]", "[.*-.*-]", false},
        {"[]\\]a{,2}].*", "[]\\]a{,2}].*", false},
        {"a{,2}\\Z", "a{0,2}\\z", false},
        {"[\\Z]\\\\Z", "[\\Z]\\\\Z", false},
        {"a\\", "a\\", false},
        {"[a", "[a", false},
        {"", "", false},
    };
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        eg_buf out;

        eg_buf_init(&out, 1024);
        assert_int_equal(eg_regex_translate(eg_str_from(cases[i].written), cases[i].dotall, &out),
                         EG_OK);
        assert_string_equal(eg_buf_cstr(&out), cases[i].read);
        eg_buf_done(&out);
    }
}

static void literals__are_in_every_match(void **state)
{
    static const struct {
        const char *pattern, *want; /* joined by '|'; "" for none */
    } cases[] = {
        {"abc", "abc"},
        {"ab?cd", "cd"},
        {"ab+cd", "ab"},
        {"a.*bcd[x-z]ef", "bcd"},
        {"(?:foo|bar)baz", "foo|bar"},
        {"(foo|b)xy", "xy"},
        {"(foo)?long", "long"},
        {"(foo){0,2}", ""},
        {"foo|bar", "foo|bar"},
        {"foo|b", ""},
        {"\\\\temp\\\\", "\\temp\\"},
        {"\\w+`(\\w+|-|.)`xy", "`xy"},
        {"(?i)PoWer", "PoWer"},
        {"\\x41bcd", ""},
        {"(?=abc)x", ""},
        {"[[:alpha:]]abc", ""},
        {"\xc3\xa9tude", "tude"},
        {"(((((((((((((((((((abc)))))))))))))))))))", ""},
        {"a)bc", ""},
        {"(abc", ""},
        {"abc{2}", "ab"},
        {"$abc^", "abc"},
    };
    eg_arena *arena;
    size_t i, j;

    EG_UNUSED(state);
    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    for (i = 0; i < EG_COUNT(cases); i++) {
        const eg_str *texts;
        size_t count;
        eg_buf got;

        eg_buf_init(&got, 1024);
        assert_int_equal(eg_regex_literals(arena, eg_str_from(cases[i].pattern), &texts, &count),
                         EG_OK);
        for (j = 0; j < count; j++) {
            if (j > 0)
                assert_int_equal(eg_buf_append_char(&got, '|'), EG_OK);
            assert_int_equal(eg_buf_append_str(&got, texts[j]), EG_OK);
        }
        assert_string_equal(eg_buf_cstr(&got), cases[i].want);
        eg_buf_done(&got);
    }
    eg_arena_destroy(arena);
}

static void search__without_end__stops_at_the_limit(void **state)
{
    static char text[32768];
    eg_regex_scratch *scratch;
    eg_regex *regex;
    bool found = true;

    EG_UNUSED(state);
    memset(text, 'a', sizeof(text));
    assert_int_equal(eg_regex_compile(EG_STR("(a+a+)+(b|c)"), 0, &regex), EG_OK);
    assert_int_equal(eg_regex_scratch_create(&scratch), EG_OK);
    assert_true(eg_regex_memory(regex) > 0);
    (void)eg_regex_search(regex, scratch, (eg_str){text, sizeof(text)}, &found);
    assert_false(found);
    /* the scratch is good for the next one */
    assert_int_equal(eg_regex_search(regex, scratch, EG_STR("aab"), &found), EG_OK);
    assert_true(found);
    eg_regex_scratch_destroy(scratch);
    eg_regex_destroy(regex);
}

static void compile__of_a_bad_expression__says_where(void **state)
{
    eg_regex *regex = NULL;

    EG_UNUSED(state);
    assert_int_equal(eg_regex_compile(EG_STR("ab(c"), 0, &regex), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "character 5"));
    assert_int_equal(eg_regex_compile(EG_STR("*a"), 0, &regex), EG_E_INVALID);
    assert_null(regex);
}

int eg_test_sigma_regex(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(translate__keeps_the_language_and_drops_the_traps),
        cmocka_unit_test(literals__are_in_every_match),
        cmocka_unit_test(search__without_end__stops_at_the_limit),
        cmocka_unit_test(compile__of_a_bad_expression__says_where),
    };

    return cmocka_run_group_tests_name("sigma_regex", tests, NULL, NULL);
}
