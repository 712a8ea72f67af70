/* SPDX-License-Identifier: Apache-2.0 */
/* What rules met, as findings: areas, levels, stories that became part of others. */
#include "tests/unit/unit.h"

#include "cli/check_findings.c"

#include "tests/unit/alloc.h"

static eg_check_report *make_report(void)
{
    eg_check_report *report = NULL;
    assert_int_equal(eg_check_report_create(&report), EG_OK);
    return report;
}

static void make_hit(eg_hit *hit, eg_level level, int64_t incident, const char *story)
{
    memset(hit, 0, sizeof(*hit));
    hit->level = level;
    hit->rule_id = EG_STR("r");
    hit->user = EG_STR("PC\\taro");
    hit->event_json = EG_STR("{}");
    hit->incident_id = incident;
    hit->incident_json = eg_str_from(story);
}

static void make_event(eg_event *event)
{
    eg_event_init(event, EG_KIND_REGISTRY_SET);
    event->field[EG_FIELD_TARGET_OBJECT] = EG_STR("HKU\\S-1-5-21-1\\Software\\Run\\\x01 evil");
    event->field[EG_FIELD_DETAILS] = EG_STR("regsvr32.exe x.dll");
}

static void hit__of_a_value__names_it_as_autostart(void **state)
{
    eg_hit hit;
    eg_event event;
    EG_UNUSED(state);
    eg_check_report *report = make_report();
    make_hit(&hit, EG_LEVEL_HIGH, 1, "{}");
    make_event(&event);
    assert_int_equal(eg_check_add_hit(report, &hit, &event), EG_OK);
    assert_int_equal(report->finding_count, 1);
    const eg_check_finding *finding = &report->findings[0];
    assert_int_equal(finding->area, EG_CHECK_AUTOSTART);
    assert_true(eg_str_equal(finding->subject, event.field[EG_FIELD_TARGET_OBJECT]));
    assert_true(eg_str_equal(finding->user, EG_STR("PC\\taro")));
    eg_check_report_destroy(report);
}

static void hit__below_the_level__is_no_finding_and_no_story(void **state)
{
    eg_hit hit;
    eg_event event;
    eg_check_stories stories = {.count = 0};
    EG_UNUSED(state);
    eg_check_report *report = make_report();
    make_hit(&hit, EG_LEVEL_LOW, 1, "{}");
    make_event(&event);
    assert_int_equal(eg_check_add_hit(report, &hit, &event), EG_OK);
    assert_int_equal(eg_check_stories_take(&stories, &hit), EG_OK);
    assert_int_equal(report->finding_count, 0);
    assert_int_equal(stories.count, 0);
    eg_check_report_destroy(report);
}

static void hit__under_an_exception__is_counted_as_hidden(void **state)
{
    eg_hit hit;
    eg_event event;
    EG_UNUSED(state);
    eg_check_report *report = make_report();
    make_hit(&hit, EG_LEVEL_HIGH, 0, "");
    hit.exception_id = 7;
    make_event(&event);
    assert_int_equal(eg_check_add_hit(report, &hit, &event), EG_OK);
    hit.level = EG_LEVEL_LOW;
    assert_int_equal(eg_check_add_hit(report, &hit, &event), EG_OK);
    assert_int_equal(report->finding_count, 0);
    assert_int_equal(report->hidden, 1);
    eg_check_report_destroy(report);
}

static void match__under_an_exception__is_counted_as_hidden(void **state)
{
    const eg_yara_rule rule = {.id = EG_STR("id"), .level = EG_STR("high"), .file = "f"};
    eg_exception exception = {.id = 1,
                              .rule_id = EG_STR("id"),
                              .created_time = 1,
                              .expires_time = 1000,
                              .reason = EG_STR("ours"),
                              .created_by = EG_STR("admin")};
    eg_file_report *found = eg_alloc_zero(1, sizeof(*found));
    eg_exception_list *list = NULL;
    EG_UNUSED(state);
    assert_non_null(found);
    found->verdict = EG_FILE_SUSPICIOUS;
    found->result.count = found->result.total = 1;
    found->result.matches[0].rule = &rule;
    exception.wanted[EG_EXCEPTION_PATH] = EG_STR("C:\\Tools\\*");
    assert_int_equal(eg_exception_list_create(&list), EG_OK);
    assert_int_equal(eg_exception_list_add(list, &exception), EG_OK);
    eg_texts *texts = NULL;
    assert_int_equal(eg_texts_create(&texts), EG_OK);
    for (int at = 0; at < 2; at++) {
        const eg_check_rules rules = {texts, {at == 0 ? list : NULL, at == 1 ? list : NULL}};
        eg_check_item item = {.area = EG_CHECK_FILE, .path = "c:\\tools\\a.exe", .report = found};
        eg_check_report *report = make_report();
        assert_int_equal(eg_check_add_matches(report, &rules, &item), EG_OK);
        assert_int_equal(report->hidden, 1);
        item.path = "C:\\other\\a.exe";
        assert_int_equal(eg_check_add_matches(report, &rules, &item), EG_OK);
        report->started = 1000; /* its end */
        item.path = "c:\\tools\\a.exe";
        assert_int_equal(eg_check_add_matches(report, &rules, &item), EG_OK);
        assert_int_equal(report->hidden, 1);
        assert_int_equal(report->finding_count, 2);
        eg_check_report_destroy(report);
    }
    eg_texts_destroy(texts);
    eg_exception_list_destroy(list);
    eg_free(found);
}

static void stories__told_again_or_absorbed__are_told_once_as_last(void **state)
{
    static const struct {
        int64_t id;
        const char *story;
    } told[] = {{1, "{\"absorbed\":[],\"n\":1}"},
                {2, "{\"absorbed\":[],\"n\":2}"},
                {1, "{\"absorbed\":[2],\"n\":3}"},
                {3, "not JSON"}};
    eg_check_stories stories = {.count = 0};
    EG_UNUSED(state);
    eg_check_report *report = make_report();
    for (size_t i = 0; i < EG_COUNT(told); i++) {
        eg_hit hit;
        make_hit(&hit, EG_LEVEL_HIGH, told[i].id, told[i].story);
        assert_int_equal(eg_check_stories_take(&stories, &hit), EG_OK);
    }
    assert_int_equal(stories.count, 3);
    assert_int_equal(eg_check_stories_tell(&stories, report), EG_OK);
    assert_int_equal(report->story_count, 2);
    assert_true(eg_str_equal(report->stories[0], eg_str_from(told[2].story)));
    eg_check_stories_done(&stories);
    eg_check_report_destroy(report);
}

static void stories__without_end__are_bounded(void **state)
{
    eg_check_stories stories = {.count = 0};
    EG_UNUSED(state);
    for (int64_t id = 1; id <= 2 * EG_CHECK_STORIES_MAX; id++) {
        eg_hit hit;
        make_hit(&hit, EG_LEVEL_HIGH, id, "{}");
        assert_int_equal(eg_check_stories_take(&stories, &hit), EG_OK);
    }
    assert_int_equal(stories.count, EG_CHECK_STORIES_MAX);
    eg_check_stories_done(&stories);
}

static void match__in_a_part_of_a_file__carries_its_strings(void **state)
{
    const eg_yara_rule rule = {.id = EG_STR("id"),
                               .name = EG_STR("n"),
                               .title = EG_STR("t"),
                               .level = EG_STR("high"),
                               .score = -1,
                               .file = "f"};
    eg_texts *texts = NULL;
    eg_file_report *found = eg_alloc_zero(1, sizeof(*found));
    EG_UNUSED(state);
    assert_non_null(found);
    assert_int_equal(eg_texts_create(&texts), EG_OK);
    found->verdict = EG_FILE_SUSPICIOUS;
    found->result.count = found->result.total = 1;
    found->result.matches[0].rule = &rule;
    found->result.matches[0].string_count = 1;
    (void)snprintf(found->buffer, sizeof(found->buffer), "a.doc/vba");
    eg_yara_string *string = &found->result.matches[0].strings[0];
    (void)snprintf(string->name, sizeof(string->name), "$a");
    string->excerpt[0] = 0xAB;
    string->excerpt_length = 1;
    const eg_check_item item = {.area = EG_CHECK_TASK, .path = "C:\\\"x\n", .report = found};
    const eg_check_rules rules = {texts, {NULL, NULL}};
    eg_check_report *report = make_report();
    assert_int_equal(eg_check_add_matches(report, &rules, &item), EG_OK);
    assert_int_equal(report->finding_count, 1);
    assert_int_equal(report->findings[0].area, EG_CHECK_TASK);
    assert_int_equal(report->findings[0].level, EG_LEVEL_HIGH);
    assert_true(
        eg_str_equal(report->findings[0].evidence,
                     EG_STR("{\"part\":\"a.doc/vba\",\"strings\":[{\"name\":\"$a\",\"offset\":0,"
                            "\"length\":0,\"bytes\":\"ab\"}]}")));
    found->verdict = EG_FILE_NOT_LOOKED;
    assert_int_equal(eg_check_add_matches(report, &rules, &item), EG_OK);
    assert_int_equal(report->finding_count, 1);
    eg_check_report_destroy(report);
    eg_texts_destroy(texts);
    eg_free(found);
}

static int add_hit(void *arg)
{
    eg_hit hit;
    eg_event event;
    eg_check_stories stories = {.count = 0};
    make_hit(&hit, EG_LEVEL_HIGH, 1, "{}");
    make_event(&event);
    int status = eg_check_add_hit(arg, &hit, &event);
    status = status == EG_OK ? eg_check_stories_take(&stories, &hit) : status;
    eg_check_stories_done(&stories);
    return status;
}

static void hit__without_memory__says_so(void **state)
{
    EG_UNUSED(state);
    eg_check_report *report = make_report();
    assert_true(eg_test_each_allocation_fails(add_hit, report) > 1);
    eg_check_report_destroy(report);
}

int eg_test_check_findings(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hit__of_a_value__names_it_as_autostart),
        cmocka_unit_test(hit__below_the_level__is_no_finding_and_no_story),
        cmocka_unit_test(hit__under_an_exception__is_counted_as_hidden),
        cmocka_unit_test(match__under_an_exception__is_counted_as_hidden),
        cmocka_unit_test(stories__told_again_or_absorbed__are_told_once_as_last),
        cmocka_unit_test(stories__without_end__are_bounded),
        cmocka_unit_test(match__in_a_part_of_a_file__carries_its_strings),
        cmocka_unit_test(hit__without_memory__says_so),
    };
    return cmocka_run_group_tests_name("check_findings", tests, NULL, NULL);
}
