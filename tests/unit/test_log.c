/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

typedef struct seen {
    int lines;
    eg_log_level level;
    char area[32];
    char line[2100];
} seen;

static void remember(void *user, eg_log_level level, const char *area, const char *line)
{
    seen *s = user;
    s->lines++;
    s->level = level;
    snprintf(s->area, sizeof(s->area), "%s", area);
    snprintf(s->line, sizeof(s->line), "%s", line);
}

static int restore(void **state)
{
    EG_UNUSED(state);
    eg_log_set_sink(NULL, NULL);
    eg_log_set_level(EG_LOG_INFO);
    return 0;
}

static void log__to_a_sink__hands_over_level_area_and_text(void **state)
{
    EG_UNUSED(state);
    seen s = {0};
    eg_log_set_sink(remember, &s);
    eg_log(EG_LOG_WARNING, "store", "%d rows", 3);
    assert_int_equal(s.lines, 1);
    assert_int_equal(s.level, EG_LOG_WARNING);
    assert_string_equal(s.area, "store");
    assert_string_equal(s.line, "3 rows");
}

static void log__below_the_level__is_silent(void **state)
{
    EG_UNUSED(state);
    seen s = {0};
    eg_log_set_sink(remember, &s);
    eg_log(EG_LOG_DEBUG, "x", "no");
    assert_int_equal(s.lines, 0);
    eg_log_set_level(EG_LOG_DEBUG);
    eg_log(EG_LOG_DEBUG, "x", "yes");
    assert_int_equal(s.lines, 1);
    eg_log_set_level(EG_LOG_ERROR);
    eg_log(EG_LOG_WARNING, "x", "no");
    assert_int_equal(s.lines, 1);
}

static void log__of_control_characters__keeps_one_line(void **state)
{
    EG_UNUSED(state);
    seen s = {0};
    eg_log_set_sink(remember, &s);
    eg_log(EG_LOG_INFO, "x", "%s", "a\nb\x1B[31m");
    assert_string_equal(s.line, "a\\u{A}b\\u{1B}[31m");
}

static void log__of_long_text__cuts_at_2047_bytes(void **state)
{
    EG_UNUSED(state);
    seen s = {0};
    char text[3000];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    eg_log_set_sink(remember, &s);
    eg_log(EG_LOG_INFO, "x", "%s", text);
    assert_int_equal(strlen(s.line), 2047);
    memset(text, '\n', sizeof(text) - 1);
    eg_log(EG_LOG_INFO, "x", "%s", text);
    assert_true(strlen(s.line) <= 2047);
    assert_int_equal(strlen(s.line) % strlen("\\u{A}"), 0);
}

static void log__without_memory__still_logs(void **state)
{
    EG_UNUSED(state);
    seen s = {0};
    eg_log_set_sink(remember, &s);
    eg_mem_fail_after(0);
    eg_log(EG_LOG_ERROR, "x", "out of memory");
    eg_mem_fail_after(-1);
    assert_int_equal(s.lines, 1);
    assert_int_equal(eg_mem_failures(), 0);
}

static void log_many(void *arg)
{
    EG_UNUSED(arg);
    for (int i = 0; i < 500; i++) {
        eg_log(EG_LOG_INFO, "thread", "%s", "same text");
    }
}

static void log__from_several_threads__loses_no_line(void **state)
{
    EG_UNUSED(state);
    seen s = {0};
    eg_thread *threads[4];
    eg_log_set_sink(remember, &s);
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        assert_int_equal(eg_thread_start(&threads[i], "log", log_many, NULL), 0);
    }
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        eg_thread_join(threads[i]);
    }
    assert_int_equal(s.lines, 4 * 500);
    assert_string_equal(s.line, "same text");
}

static void log_is_due__of_many_failures__is_so_ever_more_seldom(void **state)
{
    uint32_t due = 0;
    EG_UNUSED(state);
    for (uint32_t failures = 1; failures <= 1000; failures++) {
        due += eg_log_is_due(failures);
    }
    assert_int_equal(due, 10);
    assert_true(eg_log_is_due(1));
    assert_true(eg_log_is_due(2));
    assert_false(eg_log_is_due(3));
    assert_true(eg_log_is_due(512));
}

int eg_test_log(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(log__to_a_sink__hands_over_level_area_and_text, restore),
        cmocka_unit_test_teardown(log__below_the_level__is_silent, restore),
        cmocka_unit_test_teardown(log__of_control_characters__keeps_one_line, restore),
        cmocka_unit_test_teardown(log__of_long_text__cuts_at_2047_bytes, restore),
        cmocka_unit_test_teardown(log__without_memory__still_logs, restore),
        cmocka_unit_test_teardown(log__from_several_threads__loses_no_line, restore),
        cmocka_unit_test(log_is_due__of_many_failures__is_so_ever_more_seldom),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
