/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/ipc/check_output.h"

#include <string.h>

#define PROGRESS \
    "{\"percent\":42,\"phase\":\"files\",\"item\":\"C:\\\\a.exe\",\"left_seconds\":95}\n"

static int set_up(void **state)
{
    static eg_check_output output;
    eg_check_output_init(&output);
    *state = &output;
    return 0;
}

static int tear_down(void **state)
{
    eg_check_output_done(*state);
    return 0;
}

static void assert_at_42(const eg_check_output *output)
{
    assert_int_equal(output->percent, 42);
    assert_int_equal(output->phase, EG_CHECK_PHASE_FILES);
    assert_int_equal(output->left_seconds, 95);
    assert_string_equal(eg_buf_cstr(&output->item), "C:\\a.exe");
}

static void output__line_in_pieces__is_taken_once_it_ends(void **state)
{
    eg_check_output *output = *state;
    for (size_t i = 0; i < sizeof(PROGRESS) - 1; i++) {
        assert_int_equal(output->lines, 0);
        eg_check_output_feed(output, (eg_str){&PROGRESS[i], 1});
    }
    assert_int_equal(output->lines, 1);
    assert_at_42(output);
}

static void output__null_members__mean_unknown(void **state)
{
    eg_check_output *output = *state;
    eg_check_output_feed(output, EG_STR(PROGRESS));
    eg_check_output_feed(
        output,
        EG_STR("{\"percent\":50,\"phase\":\"report\",\"item\":null,\"left_seconds\":null}\n"));
    assert_int_equal(output->percent, 50);
    assert_int_equal(output->phase, EG_CHECK_PHASE_NONE);
    assert_int_equal(output->left_seconds, 0);
    assert_int_equal(output->item.len, 0);
}

static void output__nonsense__is_a_complaint_and_changes_nothing(void **state)
{
    static const char *const lines[] = {
        "emoguard: there is no folder C:\\x",
        "{\"percent\":",
        "{\"percent\":101,\"phase\":\"files\"}",
        "{\"percent\":-1,\"phase\":\"files\"}",
        "{\"percent\":1,\"phase\":\"dancing\"}",
        "[]",
        "\xff\xfe\x01",
    };
    eg_check_output *output = *state;
    eg_check_output_feed(output, EG_STR(PROGRESS));
    for (size_t i = 0; i < EG_COUNT(lines); i++) {
        eg_check_output_feed(output, eg_str_from(lines[i]));
        eg_check_output_feed(output, EG_STR("\r\n"));
        assert_string_equal(eg_buf_cstr(&output->complaint), lines[i]);
    }
    assert_int_equal(output->lines, 1);
    assert_at_42(output);
}

static void output__endless_line__is_passed_over_in_bounded_memory(void **state)
{
    static char flood[5000];
    eg_check_output *output = *state;
    memset(flood, 'x', sizeof(flood));
    for (int i = 0; i < 1000; i++) {
        eg_check_output_feed(output, (eg_str){flood, sizeof(flood)});
    }
    assert_true(output->line.cap <= 2 * EG_CHECK_LINE_MAX);
    eg_check_output_feed(output, EG_STR("\n" PROGRESS));
    assert_int_equal(output->complaint.len, 0);
    assert_at_42(output);
}

static void output__refused_memory__is_survived(void **state)
{
    EG_UNUSED(state);
    for (long allowed = 0;; allowed++) {
        eg_check_output output;
        eg_check_output_init(&output);
        eg_mem_fail_after(allowed);
        eg_check_output_feed(&output, EG_STR(PROGRESS "no progress\n"));
        eg_mem_fail_after(-1);
        bool refused = eg_mem_failures() > 0;
        eg_check_output_done(&output);
        if (!refused) {
            break;
        }
        assert_true(allowed < 100);
    }
}

static void report__of_each_verdict__gives_its_numbers(void **state)
{
    static const char *const names[] = {"nothing_found", "suspicious", "could_not_look"};
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        eg_check_state told = {0};
        eg_buf json;
        eg_buf_init(&json, 1000);
        eg_buf_appendf(&json,
                       "{\"verdict\":\"%s\",\"areas\":[{\"suspicious\":2,\"not_looked\":5},"
                       "{\"suspicious\":1},{\"not_looked\":99999999999}]}",
                       names[i]);
        assert_int_equal(eg_check_output_report(eg_buf_str(&json), &told), EG_OK);
        assert_string_equal(eg_verdict_names[told.verdict], names[i]);
        assert_int_equal(told.findings, 3);
        assert_int_equal(told.gaps, 1000000);
        eg_buf_done(&json);
    }
}

static void report__without_a_verdict__is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{}",
                                        "{\"verdict\":\"none\"}",
                                        "{\"verdict\":3}",
                                        "{\"verdict\":\"infected\"}"};
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_check_state told = {.findings = 7};
        assert_int_equal(eg_check_output_report(eg_str_from(texts[i]), &told), EG_E_INVALID);
        assert_int_equal(told.findings, 7);
        assert_int_equal(told.verdict, EG_VERDICT_NONE);
    }
}

int eg_test_check_output(void)
{
#define OUTPUT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        OUTPUT_TEST(output__line_in_pieces__is_taken_once_it_ends),
        OUTPUT_TEST(output__null_members__mean_unknown),
        OUTPUT_TEST(output__nonsense__is_a_complaint_and_changes_nothing),
        OUTPUT_TEST(output__endless_line__is_passed_over_in_bounded_memory),
        cmocka_unit_test(output__refused_memory__is_survived),
        cmocka_unit_test(report__of_each_verdict__gives_its_numbers),
        cmocka_unit_test(report__without_a_verdict__is_refused),
    };
    return cmocka_run_group_tests_name("check_output", tests, NULL, NULL);
}
