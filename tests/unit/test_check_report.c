/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a check: what is kept, what is counted when there is too much, the verdict. */
#include "tests/unit/unit.h"

#include "cli/check_report.c"

#include "tests/unit/alloc.h"

static eg_check_report *make_report(void)
{
    eg_check_report *report = NULL;
    assert_int_equal(eg_check_report_create(&report), EG_OK);
    return report;
}

static void add_finding(eg_check_report *report, eg_level level, const char *subject)
{
    eg_check_finding finding = {
        .area = EG_CHECK_FILE, .level = level, .subject = eg_str_from(subject)};
    assert_int_equal(eg_check_report_add_finding(report, &finding), EG_OK);
}

static void assert_text(eg_str text, const char *expected)
{
    assert_true(eg_str_equal(text, eg_str_from(expected)));
}

static void report__without_anything__found_nothing(void **state)
{
    (void)state;
    eg_check_report *report = make_report();

    eg_check_report_looked(report, EG_CHECK_PROCESS, 7);
    eg_check_report_finish(report, 42);
    assert_int_equal(report->verdict, EG_CHECK_NOTHING_FOUND);
    assert_int_equal(report->finished, 42);
    assert_int_equal(report->areas[EG_CHECK_PROCESS].looked, 7);
    assert_true(report->areas[EG_CHECK_PROCESS].asked);
    assert_false(report->areas[EG_CHECK_MEMORY].asked);
    eg_check_report_destroy(report);
    eg_check_report_destroy(NULL);
}

static void report__with_gaps_or_cancelled__could_not_look(void **state)
{
    (void)state;
    const eg_check_gap gap = {.area = EG_CHECK_TASK, .what = EG_STR("a"), .why = EG_STR("b")};
    eg_check_report *report = make_report();
    eg_check_report *cancelled = make_report();

    assert_int_equal(eg_check_report_add_gap(report, &gap), EG_OK);
    eg_check_report_finish(report, 1);
    assert_int_equal(report->verdict, EG_CHECK_COULD_NOT_LOOK);
    assert_int_equal(report->areas[EG_CHECK_TASK].not_looked, 1);
    assert_null(report->gaps[0].how[EG_LANGUAGE_JA].ptr);

    cancelled->cancelled = true;
    eg_check_report_finish(cancelled, 1);
    assert_int_equal(cancelled->verdict, EG_CHECK_COULD_NOT_LOOK);
    eg_check_report_destroy(cancelled);
    eg_check_report_destroy(report);
}

static void report__with_a_finding_and_a_gap__is_suspicious(void **state)
{
    (void)state;
    const eg_check_gap gap = {.area = EG_CHECK_TASK, .what = EG_STR("a"), .why = EG_STR("b")};
    eg_check_report *report = make_report();

    assert_int_equal(eg_check_report_add_gap(report, &gap), EG_OK);
    add_finding(report, EG_LEVEL_LOW, "c");
    eg_check_report_finish(report, 1);
    assert_int_equal(report->verdict, EG_CHECK_SUSPICIOUS);
    assert_string_equal(eg_check_verdict_name(report->verdict), "suspicious");
    assert_string_equal(eg_check_area_name(report->findings[0].area), "file");
    eg_check_report_destroy(report);
}

static void report__finished__tells_the_gravest_first(void **state)
{
    (void)state;
    eg_check_report *report = make_report();

    add_finding(report, EG_LEVEL_LOW, "low 1");
    add_finding(report, EG_LEVEL_CRITICAL, "critical");
    add_finding(report, EG_LEVEL_LOW, "low 2");
    add_finding(report, EG_LEVEL_HIGH, "high");
    eg_check_report_finish(report, 1);
    assert_text(report->findings[0].subject, "critical");
    assert_text(report->findings[1].subject, "high");
    assert_text(report->findings[2].subject, "low 1");
    assert_text(report->findings[3].subject, "low 2");
    eg_check_report_destroy(report);
}

static void report__given_too_much__keeps_the_gravest_and_counts_the_rest(void **state)
{
    (void)state;
    const eg_check_gap gap = {.area = EG_CHECK_WMI, .what = EG_STR("a"), .why = EG_STR("b")};
    eg_check_report *report = make_report();

    for (int i = 0; i < EG_CHECK_FINDINGS_MAX; i++) {
        add_finding(report, i == 3 ? EG_LEVEL_INFORMATIONAL : EG_LEVEL_MEDIUM, "many");
    }
    add_finding(report, EG_LEVEL_MEDIUM, "takes the place of the least");
    add_finding(report, EG_LEVEL_MEDIUM, "no place");
    add_finding(report, EG_LEVEL_HIGH, "gravest");
    for (int i = 0; i < EG_CHECK_GAPS_MAX + 5; i++) {
        assert_int_equal(eg_check_report_add_gap(report, &gap), EG_OK);
    }
    for (int i = 0; i < EG_CHECK_STORIES_MAX + 2; i++) {
        assert_int_equal(eg_check_report_add_story(report, EG_STR("{}")), EG_OK);
    }
    eg_check_report_finish(report, 1);
    assert_int_equal(report->finding_count, EG_CHECK_FINDINGS_MAX);
    assert_int_equal(report->findings_left_out, 3);
    assert_text(report->findings[0].subject, "gravest");
    assert_int_equal(report->findings[EG_CHECK_FINDINGS_MAX - 1].level, EG_LEVEL_MEDIUM);
    assert_int_equal(report->areas[EG_CHECK_FILE].suspicious, EG_CHECK_FINDINGS_MAX + 3);
    assert_int_equal(report->gap_count, EG_CHECK_GAPS_MAX);
    assert_int_equal(report->gaps_left_out, 5);
    assert_int_equal(report->areas[EG_CHECK_WMI].not_looked, EG_CHECK_GAPS_MAX + 5);
    assert_int_equal(report->story_count, EG_CHECK_STORIES_MAX);
    assert_int_equal(report->stories_left_out, 2);
    eg_check_report_destroy(report);
}

static void report__given_huge_texts__cuts_texts_and_leaves_json_out(void **state)
{
    (void)state;
    eg_check_report *report = make_report();
    char *huge = eg_alloc(EG_CHECK_JSON_MAX + 1);
    assert_non_null(huge);
    memset(huge, 'x', EG_CHECK_JSON_MAX + 1);
    const eg_str text = {huge, EG_CHECK_JSON_MAX + 1};
    const eg_check_finding finding = {.area = EG_CHECK_FILE, .subject = text, .evidence = text};

    assert_int_equal(eg_check_report_add_finding(report, &finding), EG_OK);
    assert_int_equal(report->findings[0].subject.len, EG_CHECK_TEXT_MAX);
    assert_null(report->findings[0].evidence.ptr);
    assert_int_equal(eg_check_report_add_story(report, text), EG_OK);
    assert_int_equal(report->story_count, 0);
    assert_int_equal(report->stories_left_out, 1);
    for (int i = 0; i < 600; i++) { /* until all texts together are too many */
        assert_int_equal(
            eg_check_report_add_gap(report, &(eg_check_gap){.what = text, .why = text}), EG_OK);
    }
    assert_true(eg_arena_bytes(report->arena) < EG_CHECK_BYTES_MAX + 2 * EG_CHECK_TEXT_MAX);
    assert_int_equal(report->gap_count + report->gaps_left_out, 600);
    assert_true(report->gap_count < EG_CHECK_GAPS_MAX);
    eg_free(huge);
    eg_check_report_destroy(report);
}

static void report__owns_its_texts(void **state)
{
    (void)state;
    eg_check_report *report = make_report();
    char text[] = "PC-0123";
    eg_check_finding finding = {.area = EG_CHECK_FILE, .rule_id = eg_str_from(text)};
    finding.text[EG_LANGUAGE_JA].advice = eg_str_from(text);
    finding.evidence = EG_STR("{}");

    assert_int_equal(eg_check_report_set_text(report, &report->computer, eg_str_from(text)), EG_OK);
    assert_int_equal(eg_check_report_add_finding(report, &finding), EG_OK);
    memset(text, '!', sizeof(text) - 1);
    assert_text(report->computer, "PC-0123");
    assert_text(report->findings[0].rule_id, "PC-0123");
    assert_text(report->findings[0].text[EG_LANGUAGE_JA].advice, "PC-0123");
    assert_text(report->findings[0].evidence, "{}");
    eg_check_report_destroy(report);
}

static int make_and_fill(void *arg)
{
    (void)arg;
    char text[5000]; /* more than one block of memory holds */
    memset(text, 't', sizeof(text));
    const eg_str long_text = {text, sizeof(text)};
    eg_check_report *report = NULL;
    int status = eg_check_report_create(&report);
    for (int i = 0; i < 20 && status == EG_OK; i++) {
        size_t before = report->finding_count;
        status = eg_check_report_add_finding(
            report, &(eg_check_finding){.subject = long_text, .program = long_text});
        assert_int_equal(report->finding_count, before + (status == EG_OK));
        if (status == EG_OK) {
            status = eg_check_report_add_gap(report, &(eg_check_gap){.what = long_text});
        }
        if (status == EG_OK) {
            status = eg_check_report_add_story(report, long_text);
        }
    }
    eg_check_report_destroy(report);
    return status;
}

static void report__each_allocation_fails__says_so(void **state)
{
    (void)state;
    assert_true(eg_test_each_allocation_fails(make_and_fill, NULL) > 8);
}

int eg_test_check_report(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(report__without_anything__found_nothing),
        cmocka_unit_test(report__with_gaps_or_cancelled__could_not_look),
        cmocka_unit_test(report__with_a_finding_and_a_gap__is_suspicious),
        cmocka_unit_test(report__finished__tells_the_gravest_first),
        cmocka_unit_test(report__given_too_much__keeps_the_gravest_and_counts_the_rest),
        cmocka_unit_test(report__given_huge_texts__cuts_texts_and_leaves_json_out),
        cmocka_unit_test(report__owns_its_texts),
        cmocka_unit_test(report__each_allocation_fails__says_so),
    };
    return cmocka_run_group_tests_name("check_report", tests, NULL, NULL);
}
