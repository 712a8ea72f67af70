/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "tests/unit/baseline_fixture.h"

#include <string.h>

static void baseline__first_start__tells_what_exists_and_nothing_as_changed(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    assert_int_equal(fix->rows, 3); /* two values and what was listed */
}

static void baseline__restart_without_a_change__tells_the_same(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    begin_run(fix);
    snapshot(fix, EG_SNAPSHOT_BEGIN, "1", "1");
    pass_time(fix, HOLD);
    assert_told(fix, "existing set a=1; existing set b=1; ");
}

static void baseline__changed_while_down__tells_it_once_with_old_and_new(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    for (int run = 0; run < 2; run++) {
        begin_run(fix);
        snapshot(fix, EG_SNAPSHOT_BEGIN, "2", "1");
        assert_told(fix, run == 0 ? "existing set b=1; " : "existing set a=2; existing set b=1; ");
        pass_time(fix, HOLD - 1);
        assert_told(fix, "");
        pass_time(fix, 1);
        assert_told(fix, run == 0 ? "down set a=2 was 1; " : "");
    }
    eg_str sensor;
    uint64_t count;
    assert_false(eg_baseline_missed(fix->baseline, &sensor, &count));
}

static void baseline__written_while_down__tells_it_once(void **state)
{
    eg_baseline_fixture *fix = *state;
    snapshot(fix, EG_SNAPSHOT_BEGIN, NULL, NULL);
    begin_run(fix);
    snapshot(fix, EG_SNAPSHOT_BEGIN, "x", NULL);
    pass_time(fix, HOLD);
    assert_told(fix, "down set a=x; ");
    snapshot(fix, EG_SNAPSHOT_BEGIN, "x", NULL);
    pass_time(fix, HOLD);
    assert_told(fix, "existing set a=x; ");
}

static void baseline__removed_while_down__tells_it_once_with_what_it_was(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    begin_run(fix);
    snapshot(fix, EG_SNAPSHOT_BEGIN, "1", NULL);
    pass_time(fix, HOLD);
    assert_told(fix, "existing set a=1; down delete b was 1; ");
    assert_int_equal(fix->rows, 2);
    begin_run(fix);
    snapshot(fix, EG_SNAPSHOT_BEGIN, "1", NULL);
    pass_time(fix, HOLD);
    assert_told(fix, "existing set a=1; ");
}

static void baseline__killed_before_the_news_was_told__tells_it_at_the_next_start(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    begin_run(fix);
    snapshot(fix, EG_SNAPSHOT_BEGIN, "2", NULL);
    pass_time(fix, HOLD - 1);
    begin_run(fix);
    snapshot(fix, EG_SNAPSHOT_BEGIN, "2", NULL);
    pass_time(fix, HOLD);
    assert_told(fix, "down set a=2 was 1; down delete b was 1; ");
}

static void baseline__live_events__are_known_at_the_next_start(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    tell(fix, LIVE, MACHINE "a", "2");
    tell(fix, LIVE, MACHINE "b", NULL);
    tell(fix, LIVE, MACHINE "c", "3");
    assert_told(fix, "set a=2; delete b; set c=3; ");
    begin_run(fix);
    mark(fix, EG_SNAPSHOT_BEGIN, "");
    tell(fix, EXISTING, MACHINE "a", "2");
    mark(fix, EG_SNAPSHOT_LISTED, MACHINE);
    mark(fix, EG_SNAPSHOT_END, "");
    pass_time(fix, HOLD);
    assert_told(fix, "existing set a=2; down delete c was 3; ");
}

static void baseline__check_without_a_difference__tells_nothing(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    snapshot(fix, EG_SNAPSHOT_CHECK, "1", "1");
    pass_time(fix, HOLD);
    assert_told(fix, "");
}

static void baseline__check_finds_what_nobody_reported__tells_and_counts_it(void **state)
{
    eg_baseline_fixture *fix = *state;
    eg_str sensor;
    uint64_t count = 0;
    first_start(fix);
    snapshot(fix, EG_SNAPSHOT_CHECK, "2", NULL);
    pass_time(fix, HOLD);
    assert_told(fix, "missed set a=2 was 1; missed delete b was 1; ");
    assert_true(eg_baseline_missed(fix->baseline, &sensor, &count));
    assert_true(eg_str_equal(sensor, EG_STR("registry")));
    assert_int_equal(count, 2);
    assert_false(eg_baseline_missed(fix->baseline, &sensor, &count));
}

static void baseline__sensor_reports_what_a_check_found__is_told_once(void **state)
{
    eg_baseline_fixture *fix = *state;
    eg_str sensor;
    uint64_t count;
    first_start(fix);
    snapshot(fix, EG_SNAPSHOT_CHECK, "2", NULL);
    pass_time(fix, HOLD / 2);
    tell(fix, LIVE, MACHINE "a", "2");
    tell(fix, LIVE, MACHINE "b", NULL);
    assert_told(fix, "set a=2; delete b; ");
    pass_time(fix, HOLD);
    assert_told(fix, "");
    assert_false(eg_baseline_missed(fix->baseline, &sensor, &count));
}

static void baseline__sensor_reports_after_the_news__is_marked_as_existing(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    snapshot(fix, EG_SNAPSHOT_CHECK, "2", "1");
    pass_time(fix, HOLD);
    tell(fix, LIVE, MACHINE "a", "2");
    assert_told(fix, "missed set a=2 was 1; existing set a=2; ");
    pass_time(fix, 61000);
    tell(fix, LIVE, MACHINE "a", "2");
    assert_told(fix, "set a=2; ");
}

static void baseline__changed_again_before_the_news__tells_both_in_order(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    begin_run(fix);
    snapshot(fix, EG_SNAPSHOT_BEGIN, "2", NULL);
    tell(fix, LIVE, MACHINE "a", "3");
    tell(fix, LIVE, MACHINE "b", "4");
    assert_told(fix, "down set a=2 was 1; set a=3; down delete b was 1; set b=4; ");
    snapshot(fix, EG_SNAPSHOT_CHECK, "3", "4");
    pass_time(fix, HOLD);
    assert_told(fix, "");
}

static void baseline__undone_before_the_news__tells_nothing(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    snapshot(fix, EG_SNAPSHOT_CHECK, "2", NULL);
    snapshot(fix, EG_SNAPSHOT_CHECK, "1", "1");
    pass_time(fix, HOLD);
    assert_told(fix, "");
}

/* The snapshot's thread has read before the sensor did, and tells after it. */
static void baseline__snapshot_overtaken_by_live_events__believes_these(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    mark(fix, EG_SNAPSHOT_CHECK, "");
    tell(fix, LIVE, MACHINE "a", "2");
    tell(fix, LIVE, MACHINE "b", NULL);
    tell(fix, LIVE, MACHINE "c", "1");
    tell(fix, EXISTING, MACHINE "a", "1");
    tell(fix, EXISTING, MACHINE "b", "1");
    mark(fix, EG_SNAPSHOT_LISTED, MACHINE);
    mark(fix, EG_SNAPSHOT_END, "");
    pass_time(fix, HOLD);
    assert_told(fix, "set a=2; delete b; set c=1; ");
    assert_int_equal(fix->rows, 3);
}

/* The sensor reads a place first while the snapshot is under way: both tell what is there. */
static void baseline__told_twice_in_one_snapshot__is_held_all_the_same(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    begin_run(fix);
    mark(fix, EG_SNAPSHOT_BEGIN, "");
    for (int i = 0; i < 2; i++) {
        tell(fix, EXISTING, MACHINE "a", "2");
        tell(fix, EXISTING, MACHINE "b", "1");
        tell(fix, EXISTING, MACHINE "c", "3");
    }
    mark(fix, EG_SNAPSHOT_LISTED, MACHINE);
    mark(fix, EG_SNAPSHOT_END, "");
    pass_time(fix, HOLD);
    assert_told(fix, "existing set b=1; existing set b=1; down set a=2 was 1; down set c=3; ");
}

static void baseline__hive_not_loaded__nothing_of_it_is_gone(void **state)
{
    eg_baseline_fixture *fix = *state;
    mark(fix, EG_SNAPSHOT_BEGIN, "");
    tell(fix, EXISTING, USER "u", "1");
    mark(fix, EG_SNAPSHOT_LISTED, MACHINE);
    mark(fix, EG_SNAPSHOT_LISTED, USER);
    mark(fix, EG_SNAPSHOT_END, "");
    begin_run(fix);
    snapshot(fix, EG_SNAPSHOT_BEGIN, NULL, NULL);
    pass_time(fix, HOLD);
    assert_told(fix, "");
    tell(fix, EXISTING, USER "u", "2"); /* it is loaded later */
    pass_time(fix, HOLD);
    assert_told(fix, "down set u=2 was 1; ");
}

static void baseline__hive_seen_for_the_first_time__is_only_remembered(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    tell(fix, EXISTING, USER "u", "1");
    mark(fix, EG_SNAPSHOT_BEGIN, "");
    tell(fix, EXISTING, USER "u", "1");
    tell(fix, EXISTING, USER "v", "1");
    mark(fix, EG_SNAPSHOT_LISTED, USER);
    mark(fix, EG_SNAPSHOT_END, "");
    pass_time(fix, HOLD);
    assert_told(fix, "existing set u=1; existing set u=1; existing set v=1; ");
    mark(fix, EG_SNAPSHOT_CHECK, "");
    mark(fix, EG_SNAPSHOT_LISTED, USER);
    mark(fix, EG_SNAPSHOT_END, "");
    pass_time(fix, HOLD);
    assert_int_equal(strlen("missed delete u was 1; missed delete v was 1; "), strlen(fix->told));
}

static void baseline__snapshot_failed_or_lossy__nothing_is_gone(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    mark(fix, EG_SNAPSHOT_CHECK, "");
    mark(fix, EG_SNAPSHOT_LISTED, MACHINE);
    mark(fix, EG_SNAPSHOT_FAILED, "");
    mark(fix, EG_SNAPSHOT_CHECK, "");
    mark(fix, EG_SNAPSHOT_LISTED, MACHINE);
    mark_with_losses(fix, EG_SNAPSHOT_END, "", "1");
    mark(fix, EG_SNAPSHOT_LISTED, MACHINE); /* without a beginning */
    mark(fix, EG_SNAPSHOT_END, "");
    pass_time(fix, HOLD);
    assert_told(fix, "");
    snapshot(fix, EG_SNAPSHOT_CHECK, "1", "1");
    pass_time(fix, HOLD);
    assert_told(fix, "");
}

static void baseline__events_of_others__go_on_untouched(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    size_t rows = fix->rows;
    eg_event event = value_event(LIVE, MACHINE "x", "1");
    event.source = EG_STR("eventlog");
    judge(fix, &event);
    event.source = EG_STR("registry");
    event.flags = EG_EVENT_UNLISTED;
    judge(fix, &event);
    assert_told(fix, "set x=1; set x=1; ");
    eg_event_init(&event, EG_KIND_PROCESS_START);
    bool pass = false;
    event.flags = EG_EVENT_EXISTING;
    assert_int_equal(eg_baseline_judge(fix->baseline, &event, fix->now, &pass), EG_OK);
    assert_true(pass);
    assert_int_equal(event.flags, EG_EVENT_EXISTING);
    assert_int_equal(fix->rows, rows);
}

static void baseline__known_task_with_another_content__is_told_as_updated(void **state)
{
    EG_UNUSED(state);
    static eg_baseline_fixture fix;
    eg_event *told = NULL;
    bool pass;
    memset(&fix, 0, sizeof(fix));
    fix.disk_full = true;
    begin_run(&fix);
    const char *const contents[] = {"<Task>1</Task>", "<Task>2</Task>"};
    for (int i = 0; i < 2; i++) {
        eg_event event;
        mark(&fix, EG_SNAPSHOT_BEGIN, "");
        eg_event_init(&event, EG_KIND_TASK_REGISTERED);
        event.flags = EG_EVENT_EXISTING;
        event.source = EG_STR("registry");
        event.field[EG_FIELD_TASK_NAME] = EG_STR("\\job");
        event.field[EG_FIELD_TASK_CONTENT] = eg_str_from(contents[i]);
        event.field[EG_FIELD_COMMAND] = EG_STR("a.exe");
        event.field[EG_FIELD_ARGUMENTS] = i == 0 ? EG_STR("-x") : EG_STR("-y");
        assert_int_equal(eg_baseline_judge(fix.baseline, &event, 1, &pass), EG_OK);
        mark(&fix, EG_SNAPSHOT_LISTED, "");
        mark(&fix, EG_SNAPSHOT_END, "");
    }
    assert_int_equal(eg_baseline_take(fix.baseline, HOLD * MS + 1, &told), EG_OK);
    assert_int_equal(told->kind, EG_KIND_TASK_UPDATED);
    assert_int_equal(told->event_id, 140);
    assert_true(eg_str_equal(eg_event_get(told, EG_FIELD_EVENT_ID), EG_STR("140")));
    assert_true(eg_str_equal(eg_event_get(told, EG_FIELD_PREVIOUS_DETAILS), EG_STR("a.exe -x")));
    eg_free(told);
    eg_baseline_destroy(fix.baseline);
}

static void baseline__database_lost__hands_out_every_row_again(void **state)
{
    eg_baseline_fixture *fix = *state;
    first_start(fix);
    size_t rows = fix->rows;
    fix->rows = 0;
    eg_baseline_keep_all(fix->baseline);
    assert_int_equal(fix->rows, rows);
    begin_run(fix);
    snapshot(fix, EG_SNAPSHOT_BEGIN, "1", "2");
    pass_time(fix, HOLD);
    assert_told(fix, "existing set a=1; down set b=2 was 1; ");
}

#define WITH(test) \
    cmocka_unit_test_setup_teardown(test, eg_baseline_fixture_set_up, eg_baseline_fixture_tear_down)

int eg_test_baseline(void)
{
    const struct CMUnitTest tests[] = {
        WITH(baseline__first_start__tells_what_exists_and_nothing_as_changed),
        WITH(baseline__restart_without_a_change__tells_the_same),
        WITH(baseline__changed_while_down__tells_it_once_with_old_and_new),
        WITH(baseline__written_while_down__tells_it_once),
        WITH(baseline__removed_while_down__tells_it_once_with_what_it_was),
        WITH(baseline__killed_before_the_news_was_told__tells_it_at_the_next_start),
        WITH(baseline__live_events__are_known_at_the_next_start),
        WITH(baseline__check_without_a_difference__tells_nothing),
        WITH(baseline__check_finds_what_nobody_reported__tells_and_counts_it),
        WITH(baseline__sensor_reports_what_a_check_found__is_told_once),
        WITH(baseline__sensor_reports_after_the_news__is_marked_as_existing),
        WITH(baseline__changed_again_before_the_news__tells_both_in_order),
        WITH(baseline__undone_before_the_news__tells_nothing),
        WITH(baseline__snapshot_overtaken_by_live_events__believes_these),
        WITH(baseline__told_twice_in_one_snapshot__is_held_all_the_same),
        WITH(baseline__hive_not_loaded__nothing_of_it_is_gone),
        WITH(baseline__hive_seen_for_the_first_time__is_only_remembered),
        WITH(baseline__snapshot_failed_or_lossy__nothing_is_gone),
        WITH(baseline__events_of_others__go_on_untouched),
        cmocka_unit_test(baseline__known_task_with_another_content__is_told_as_updated),
        WITH(baseline__database_lost__hands_out_every_row_again),
    };
    return cmocka_run_group_tests_name("baseline", tests, NULL, NULL);
}
