/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the command line: what is understood, and what is wrong usage. */
#include "tests/unit/unit.h"

#include "cli/options.c"

#include "core/base/status.h"
#include "tests/unit/cli_fixture.h"

typedef struct parsed {
    bool flag;
    const char *text;
    uint64_t number;
    eg_option_list list, rest;
} parsed;

#define WORDS_MAX 16

/* Parses "command" and these words, up to NULL. */
static eg_options_result parse(parsed *p, bool with_rest, const char *const *words)
{
    const eg_option options[] = {
        {"--flag", EG_OPTION_FLAG, &p->flag, NULL, "a flag"},
        {"--text", EG_OPTION_TEXT, &p->text, "TEXT", "a text"},
        {"--number", EG_OPTION_NUMBER, &p->number, "N", "a number"},
        {"--list", EG_OPTION_LIST, &p->list, "ITEM...", "a list"},
    };
    const eg_usage usage = {.command = "test",
                            .arguments = "[options]",
                            .options = options,
                            .option_count = EG_COUNT(options)};
    static char texts[WORDS_MAX][64]; /* values point into it until the next call */
    char *argv[WORDS_MAX] = {texts[0]};
    int argc = 1;

    memset(p, 0, sizeof(*p));
    eg_test_cli_complaints = 0;
    for (; words[argc - 1]; argc++) {
        (void)snprintf(texts[argc], sizeof(texts[argc]), "%s", words[argc - 1]);
        argv[argc] = texts[argc];
    }
    return eg_options_parse(&usage, argc, argv, with_rest ? &p->rest : NULL);
}

static void done(parsed *p)
{
    eg_options_list_done(&p->list);
    eg_options_list_done(&p->rest);
}

static void options__every_form__is_understood(void **state)
{
    parsed p;
    EG_UNUSED(state);
    const char *const words[] = {"--flag", "--text=a=b", "--number", "17", "--list", "x",
                                 "-",      "z",          "--list",   "w",  NULL};
    assert_int_equal(parse(&p, false, words), EG_OPTIONS_RUN);
    assert_true(p.flag);
    assert_string_equal(p.text, "a=b");
    assert_int_equal(p.number, 17);
    assert_int_equal(p.list.count, 4);
    assert_string_equal(p.list.items[0], "x");
    assert_string_equal(p.list.items[1], "-");
    assert_string_equal(p.list.items[3], "w");
    assert_int_equal(eg_test_cli_complaints, 0);
    done(&p);
}

static void words__without_option__go_to_the_rest(void **state)
{
    parsed p;
    EG_UNUSED(state);
    const char *const words[] = {"one", "--flag", "two", NULL};
    assert_int_equal(parse(&p, true, words), EG_OPTIONS_RUN);
    assert_int_equal(p.rest.count, 2);
    assert_true(p.flag);
    done(&p);
}

static void usage__that_is_wrong__is_refused_with_a_word(void **state)
{
    static const char *const wrong[][4] = {
        {"--unknown", NULL},
        {"--flag=1", NULL},
        {"--text", NULL},
        {"--text", "--flag", NULL},
        {"--number", "x", NULL},
        {"--number=-1", NULL},
        {"--list", NULL},
        {"word", NULL},
        {"--number=18446744073709551616", NULL},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        parsed p;
        assert_int_equal(parse(&p, false, wrong[i]), EG_OPTIONS_WRONG);
        assert_true(eg_test_cli_complaints > 0);
        done(&p);
    }
}

static void options__without_memory__are_refused(void **state)
{
    parsed p;
    EG_UNUSED(state);
    const char *const words[] = {"one", NULL};
    eg_mem_fail_after(0);
    eg_options_result result = parse(&p, true, words);
    eg_mem_fail_after(-1);
    assert_int_equal(result, EG_OPTIONS_WRONG);
    assert_true(eg_test_cli_complaints > 0);
    done(&p);
}

int eg_test_options(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options__every_form__is_understood),
        cmocka_unit_test(words__without_option__go_to_the_rest),
        cmocka_unit_test(usage__that_is_wrong__is_refused_with_a_word),
        cmocka_unit_test(options__without_memory__are_refused),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
