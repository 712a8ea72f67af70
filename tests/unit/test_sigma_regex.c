/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/sigma/regex.h"
#include "core/sigma/regex_chain.h"
#include "core/sigma/regex_literal.h"
#include "core/sigma/regex_translate.h"

#include <string.h>

static void translate__keeps_the_language(void **state)
{
    static const struct {
        const char *written, *read;
        unsigned flags;
    } cases[] = {
        {"a.*b", "a.*b", 0},
        {"aB1\xc3\xa9", "[aA][bB]1\xc3\xa9", EG_REGEX_NOCASE},
        {"(?i)k[^k-m\xc3\xa9]", "[kK][^k-mK-M\xc3\xa9]", 0},
        {"(?i:a)b(?-i:c)", "(?:[aA])b(?:c)", 0},
        {"(?s-i:a.)b", "(?s:a.)[bB]", EG_REGEX_NOCASE},
        {"(?im)^a", "(?m)^[aA]", 0},
        {"[A-z]", "[A-za-zA-Z]", EG_REGEX_NOCASE},
        {"[[:alpha:]]", "[\\[:alpha:]\\]", 0},
        {"[]a-]", "[\\]a\\-]", 0},
        {"[\\b\\x41-\\103]", "[\bA-C]", 0},
        {"[\t-\r]", "[\t-\r\n]", 0},
        {"a{,2}\\Z", "a{0,2}\\z", 0},
        {"a{}b{x}c{,}", "a\\{\\}b\\{x\\}c{0,}", 0},
        {"\\v\\x2e\\u00e9\\056", "\v\\.\xc3\xa9\\.", 0},
        {"(a)\\1(?#x)*", "(a)\\g{1}*", 0},
        {"(?P<n>a)(?P=n)(?(n)b|c)", "(?P<n>a)(?P=n)(?(<n>)b|c)", 0},
        {"", "", 0},
    };
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        bool dotall = false;
        eg_buf out;

        eg_buf_init(&out, 1024);
        assert_int_equal(
            eg_regex_translate(eg_str_from(cases[i].written), cases[i].flags, &out, &dotall),
            EG_OK);
        assert_string_equal(eg_buf_cstr(&out), cases[i].read);
        assert_int_equal(dotall, strstr(cases[i].written, "(?s") != NULL);
        eg_buf_done(&out);
    }
}

static void translate__of_what_python_refuses__is_refused(void **state)
{
    static const char *const cases[] = {
        "a\\",     "\\h",    "\\x4",    "[a",      "[\\w-a]",    "[b-a]",
        "[\\8]",   "(a",     "a)",      "*a",      "^*",         "a**",
        "a{2}{3}", "a{3,2}", "b(?i)a",  "(?x)a",   "(?i",        "(?<a>b)",
        "(?P<>a)", "(?z)",   "(*FAIL)", "\\ud800", "(?i)(a)\\1", "(?i)(?P<n>a)(?P=n)",
        "\\400",   "(?-i)a", "(?-:a)",  "(?#a",
    };
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        bool dotall = false;
        eg_buf out;

        eg_buf_init(&out, 1024);
        assert_int_equal(eg_regex_translate(eg_str_from(cases[i]), 0, &out, &dotall), EG_E_INVALID);
        eg_buf_done(&out);
    }
}

static void chain__becomes_one_pass_over_each_line(void **state)
{
    static const struct {
        const char *written, *read;
        eg_regex_form form;
    } cases[] = {
        {"a.*b.+c", "(?m:^)(?>.*?a)(?>.*?b)(?>.+?c)", EG_REGEX_EQUAL},
        {"[aA].*b", "(?m:^)(?>.*?[aA])(?>.*?b)", EG_REGEX_EQUAL},
        {".{1000,}", "(?m:^)(?>.*?)(?>.{1000,}?)", EG_REGEX_EQUAL},
        {"\\w+`x", "\\w`x", EG_REGEX_EQUAL},
        {"\\s*x", "x", EG_REGEX_EQUAL},
        {"[ab]{3,5}x", "[ab]{3}x", EG_REGEX_EQUAL},
        {"ab{1,3}.*c", "(?m:^)(?>.*?ab{1,3}?)(?>.*?c)", EG_REGEX_EQUAL},
        {"a\\s.*c", "(?m:^)(?:(?>.*?a[^\\S\n])|.*?a\n)(?>.*?c)", EG_REGEX_EQUAL},
        {"a\\s+b.*c", "(?m:^)(?:(?>.*?a[^\\S\n]+?b)|.*?a[^\\S\n]*?\n\\s*?b)(?>.*?c)",
         EG_REGEX_EQUAL},
        {"(?:a|b).*d", "(?m:^)(?>.*?(?:a|b))(?>.*?d)", EG_REGEX_EQUAL},
        {"(?:a|bc).*d", "(?m:^)(?:(?>.*?a)|(?>.*?bc))(?>.*?d)", EG_REGEX_EQUAL},
        {"a(?:b)?c.*d", "(?m:^)(?:(?>.*?abc)|(?>.*?ac))(?>.*?d)", EG_REGEX_EQUAL},
        {"a(?:bc|d)+e.*f", "(?m:^)(?>.*?a(?:bc|d)+?e)(?>.*?f)", EG_REGEX_STRICTER},
        {"a[^b].*c", "(?m:^)(?>.*?a[^b])(?>.*?c)", EG_REGEX_STRICTER},
        {"a(?:.*\\)){1,}.*b", "(?m:^)(?>.*?a)(?>.*?\\))(?>.*?b)", EG_REGEX_EQUAL},
        {"a.*(?:b){1,}c", "(?m:^)(?>.*?a)(?>.*?(?:b){1}c)", EG_REGEX_EQUAL},
        {"abc", "", EG_REGEX_AS_IT_IS},
        {"a.*b|c", "", EG_REGEX_AS_IT_IS},
        {"a.*(?=b)", "", EG_REGEX_AS_IT_IS},
        {"a.*(b", "", EG_REGEX_AS_IT_IS},
        {"(a).*\\1", "", EG_REGEX_AS_IT_IS},
        {"a.*+b", "", EG_REGEX_AS_IT_IS},
        {"(?:ab*+){2,}", "", EG_REGEX_AS_IT_IS},
        {"(?:ab*+c).*d", "", EG_REGEX_AS_IT_IS},
        {"a.*[b", "", EG_REGEX_AS_IT_IS},
        {"a.*b\\", "", EG_REGEX_AS_IT_IS},
        {"a.*b{", "", EG_REGEX_AS_IT_IS},
        {"", "", EG_REGEX_AS_IT_IS},
    };
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        eg_buf out;

        eg_buf_init(&out, 1024);
        assert_int_equal(eg_regex_chain(eg_str_from(cases[i].written), &out), cases[i].form);
        assert_string_equal(eg_buf_cstr(&out), cases[i].read);
        eg_buf_done(&out);
    }
}

static bool is_found(const char *pattern, eg_str text)
{
    eg_regex_scratch *scratch;
    eg_regex *regex;
    bool found = false;

    assert_int_equal(eg_regex_compile(eg_str_from(pattern), 0, &regex), EG_OK);
    assert_int_equal(eg_regex_scratch_create(&scratch), EG_OK);
    assert_int_equal(eg_regex_search(regex, scratch, text, &found), EG_OK);
    eg_regex_scratch_destroy(scratch);
    eg_regex_destroy(regex);
    return found;
}

static void search__of_a_chain__finds_matches_across_lines(void **state)
{
    EG_UNUSED(state);
    assert_true(is_found("a\\s?b.*c", EG_STR("ab\na\nbc")));
    assert_true(is_found("&&\\s?set.*x.*y", EG_STR("&&set x\n&&\nset xy")));
    assert_true(is_found("(?:ab|a).*bc", EG_STR("abc")));
    assert_true(is_found("a\\s+b.*c", EG_STR("a b a\nb c")));
    assert_true(is_found("a[^x]*b.*c", EG_STR("aa\nb\nb c")));
    assert_false(is_found("a\\s?b.*c", EG_STR("ab\nc")));
}

/* Text in which every start of the pattern is there a thousand times, and its end is not. */
static void search__of_a_chain_in_hostile_text__gives_the_right_answer(void **state)
{
    static char text[32768];
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i + 16 <= sizeof(text); i += 16)
        memcpy(text + i, "echo clip&& cmd ", 16);
    assert_false(is_found("(?i)echo.*clip.*&&.*zip.*x", (eg_str){text, sizeof(text)}));
    memcpy(text + sizeof(text) - 5, "zip x", 5);
    assert_true(is_found("(?i)echo.*clip.*&&.*zip.*x", (eg_str){text, sizeof(text)}));
    memset(text, 'a', sizeof(text));
    for (i = 0; i < sizeof(text); i += 1000)
        text[i] = '\n';
    assert_false(is_found(".{1000,}", (eg_str){text, sizeof(text)}));
    text[3000] = 'a';
    assert_true(is_found(".{1000,}", (eg_str){text, sizeof(text)}));
}

/* Other cases than those of ASCII letters are unknown to it, and "\B" where there is no text. */
static void search__of_what_differs__finds_what_the_reference_does(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool found;
    } cases[] = {
        {"(?i)k", "K", true},
        {"(?i)k", "\xe2\x84\xaa", false}, /* Kelvin sign */
        {"(?i)\xe2\x84\xaa", "k", false},
        {"(?i)s", "\xc5\xbf", false}, /* long s */
        {"(?i)\xc5\xbf", "S", false},
        {"(?i)i", "\xc4\xb1", false}, /* without its dot */
        {"(?i)i", "\xc4\xb0", false}, /* capital with dot */
        {"(?i)\xc3\xa9", "\xc3\x89", false},
        {"(?i)\xc3\x9f", "\xe1\xba\x9e", false}, /* sharp s */
        {"(?i)\xcf\x83", "\xcf\x82", false},     /* sigma, final sigma */
        {"(?i)\xcf\x83", "\xce\xa3", false},
        {"(?i)[j-l]", "\xe2\x84\xaa", false},
        {"(?i)[j-l]", "K", true},
        {"(?i)[^k]", "K", false},
        {"(?i)[^k]", "\xe2\x84\xaa", true},
        {"(?i)[\xc3\xa0-\xc3\xbe]", "\xc3\x80", false},
        {"\\B", "", false},
        {"a\\B", "ab", true},
        {"(?i:k)k", "KK", false},
        {"(?i:k)k", "Kk", true},
    };
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        assert_int_equal(is_found(cases[i].pattern, eg_str_from(cases[i].text)), cases[i].found);
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
        {"(?:abc)+*", ""},
        {"abc{2,3}?de", "ab"},
        {"abc{!||def", ""},
        {"abc{2,x}|d", ""},
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
        cmocka_unit_test(translate__keeps_the_language),
        cmocka_unit_test(translate__of_what_python_refuses__is_refused),
        cmocka_unit_test(chain__becomes_one_pass_over_each_line),
        cmocka_unit_test(search__of_a_chain__finds_matches_across_lines),
        cmocka_unit_test(search__of_a_chain_in_hostile_text__gives_the_right_answer),
        cmocka_unit_test(search__of_what_differs__finds_what_the_reference_does),
        cmocka_unit_test(literals__are_in_every_match),
        cmocka_unit_test(search__without_end__stops_at_the_limit),
        cmocka_unit_test(compile__of_a_bad_expression__says_where),
    };

    return cmocka_run_group_tests_name("sigma_regex", tests, NULL, NULL);
}
