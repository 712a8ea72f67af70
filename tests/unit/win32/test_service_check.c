/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of this PC by the service, with a stand-in for emoguard.exe (tests/check_double) that does
 * its work, hangs, floods, dies or lies; and the times at which one is due.
 */
#include "tests/unit/unit.h"

#include "service/check_child.c"
#include "service/check_job.c"
#include "service/check_reports.c"
#include "service/check_runner.c"
#include "service/check_schedule.c"
#include "tests/unit/temp_folder.h"

#include <string.h>

#define WAIT_MS 60000u
#define DAY (EG_TICKS_PER_SECOND * 86400)
#define HOUR (EG_TICKS_PER_SECOND * 3600)

typedef struct memory {
    char name[16];
    eg_buf value;
} memory;

typedef struct fixture {
    char *folder;
    char program[1024];
    eg_buf reports;
    eg_check_runner_options options;
    eg_check_runner *runner;
    /* under the lock */
    eg_mutex lock;
    eg_cond changed;
    eg_check_state last; /* without its texts */
    char error[512], report[512];
    unsigned running_posts, ends;
    uint32_t percent_seen;
    memory kept[2];
} fixture;

/* ---- fixture ---- */

static void on_post(void *user, const eg_check_state *state)
{
    fixture *f = user;
    eg_mutex_lock(&f->lock);
    f->last = *state;
    eg_utf8_copy(f->error, sizeof(f->error), state->error);
    eg_utf8_copy(f->report, sizeof(f->report), state->report);
    f->running_posts += state->state == EG_JOB_RUNNING;
    if (state->percent > f->percent_seen) {
        f->percent_seen = state->percent;
    }
    eg_cond_wake_all(&f->changed);
    eg_mutex_unlock(&f->lock);
}

static void on_ended(void *user, const eg_check_state *state)
{
    fixture *f = user;
    EG_UNUSED(state);
    eg_mutex_lock(&f->lock);
    f->ends++;
    eg_mutex_unlock(&f->lock);
}

static memory *memory_of(fixture *f, const char *name)
{
    for (size_t i = 0; i < EG_COUNT(f->kept); i++) {
        if (f->kept[i].name[0] == '\0' || strcmp(f->kept[i].name, name) == 0) {
            return &f->kept[i];
        }
    }
    return NULL;
}

static int on_keep(void *user, const char *name, eg_str value)
{
    memory *to = memory_of(user, name);
    eg_utf8_copy(to->name, sizeof(to->name), eg_str_from(name));
    eg_buf_clear(&to->value);
    return eg_buf_append_str(&to->value, value);
}

static int on_recall(void *user, const char *name, eg_buf *value)
{
    const memory *from = memory_of(user, name);
    eg_buf_clear(value);
    return from->name[0] ? eg_buf_append_str(value, eg_buf_str(&from->value))
                         : eg_fail(EG_E_NOTFOUND, "nothing is kept");
}

static void find_program(char out[1024])
{
    wchar_t wide[1000];
    eg_buf path;
    DWORD length = GetModuleFileNameW(NULL, wide, 1000);
    while (length > 0 && wide[length - 1] != L'\\') {
        length--;
    }
    eg_buf_init(&path, 1023);
    assert_int_equal(eg_utf8_from_utf16(&path, (const uint16_t *)wide, length), EG_OK);
    assert_int_equal(eg_buf_append_cstr(&path, "check-double.exe"), EG_OK);
    memcpy(out, path.data, path.len + 1);
    eg_buf_done(&path);
}

static int set_up(void **state)
{
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(eg_test_folder_make((void **)&f->folder), EG_OK);
    assert_int_equal(eg_mutex_init(&f->lock), EG_OK);
    assert_int_equal(eg_cond_init(&f->changed), EG_OK);
    find_program(f->program);
    eg_buf_init(&f->reports, 4096);
    assert_int_equal(eg_path_join(&f->reports, f->folder, "報告 reports"), EG_OK);
    for (size_t i = 0; i < EG_COUNT(f->kept); i++) {
        eg_buf_init(&f->kept[i].value, EG_FRAME_MAX);
    }
    f->options = (eg_check_runner_options){
        .program = f->program,
        .reports = eg_buf_cstr(&f->reports),
        .language = "en",
        .again_ms = 60000,
        .silence_ms = 60000,
        .longest_ms = 60000,
        .retry_ms = 60000,
        .stop_ms = 500,
        .output_max = UINT64_C(1024) * 1024,
        .user = f,
        .post = on_post,
        .ended = on_ended,
        .keep = on_keep,
        .recall = on_recall,
    };
    *state = f;
    return 0;
}

static void end_runner(fixture *f)
{
    eg_check_runner_stop(f->runner);
    assert_int_equal(eg_check_runner_join(f->runner, 2000), EG_OK);
    eg_check_runner_destroy(f->runner);
    f->runner = NULL;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    if (f->runner) {
        end_runner(f);
    }
    for (size_t i = 0; i < EG_COUNT(f->kept); i++) {
        eg_buf_done(&f->kept[i].value);
    }
    eg_buf_done(&f->reports);
    eg_cond_done(&f->changed);
    eg_mutex_done(&f->lock);
    int status = eg_test_folder_remove((void **)&f->folder);
    eg_free(f);
    return status;
}

static void begin_as(fixture *f, const char *how)
{
    f->options.rules = how;
    assert_int_equal(eg_check_runner_start(&f->options, &f->runner), EG_OK);
}

static bool is_over(const fixture *f)
{
    return f->last.state != EG_JOB_IDLE && f->last.state != EG_JOB_RUNNING;
}

static bool is_under_way(const fixture *f)
{
    return f->percent_seen > 0;
}

static void wait_until(fixture *f, bool (*met)(const fixture *f))
{
    uint64_t end = eg_clock_monotonic_ns() + WAIT_MS * NS_PER_MS;
    eg_mutex_lock(&f->lock);
    while (!met(f)) {
        if (eg_clock_monotonic_ns() > end) {
            eg_mutex_unlock(&f->lock);
            fail_msg("it stays in state %d", (int)f->last.state);
        }
        eg_cond_wait(&f->changed, &f->lock, 100);
    }
    eg_mutex_unlock(&f->lock);
}

static void check_as(fixture *f, const char *how)
{
    begin_as(f, how);
    eg_check_runner_ask(f->runner, EG_CHECK_START);
    assert_int_equal(f->last.state, EG_JOB_RUNNING); /* told before the asking returns */
    wait_until(f, is_over);
}

static void assert_failed(fixture *f, const char *how, eg_check_failure failure, const char *why)
{
    check_as(f, how);
    assert_int_equal(f->last.state, EG_JOB_FAILED);
    assert_int_equal(f->last.verdict, EG_VERDICT_COULD_NOT_LOOK);
    assert_int_equal(f->last.failure, failure);
    if (!strstr(f->error, why)) {
        fail_msg("\"%s\" is not in \"%s\"", why, f->error);
    }
    assert_int_equal(f->ends, 1);
    assert_int_equal(eg_check_runner_findings(f->runner), 0);
}

/* ---- verdicts ---- */

static void check__of_each_kind__tells_progress_verdict_and_report(void **state)
{
    static const struct {
        const char *how;
        eg_verdict verdict;
        uint32_t findings, gaps;
    } kinds[] = {
        {"clean", EG_VERDICT_NOTHING_FOUND, 0, 0},
        {"suspicious", EG_VERDICT_SUSPICIOUS, 2, 1},
        {"gaps", EG_VERDICT_COULD_NOT_LOOK, 0, 3},
    };
    fixture *f = *state;
    for (size_t i = 0; i < EG_COUNT(kinds); i++) {
        f->percent_seen = 0;
        check_as(f, kinds[i].how);
        assert_int_equal(f->last.state, EG_JOB_DONE);
        assert_int_equal(f->last.verdict, kinds[i].verdict);
        assert_int_equal(f->last.findings, kinds[i].findings);
        assert_int_equal(f->last.gaps, kinds[i].gaps);
        assert_true(f->last.time > 0);
        assert_int_equal(f->percent_seen, 42);
        assert_string_equal(f->report, "PC_20261123101112_emoguard.html");
        assert_true(eg_file_exists(eg_test_path(eg_buf_cstr(&f->reports), f->report)));
        assert_int_equal(eg_check_runner_findings(f->runner), kinds[i].findings);
        end_runner(f);
    }
}

static void check__restarted_service__remembers_the_last_result(void **state)
{
    fixture *f = *state;
    check_as(f, "suspicious");
    uint64_t time = f->last.time;
    end_runner(f);
    f->last = (eg_check_state){0};
    begin_as(f, "clean");
    assert_int_equal(f->last.state, EG_JOB_DONE);
    assert_int_equal(f->last.verdict, EG_VERDICT_SUSPICIOUS);
    assert_true(f->last.time == time);
    assert_int_equal(eg_check_runner_findings(f->runner), 2);
}

static void check__damaged_memory__begins_anew(void **state)
{
    fixture *f = *state;
    assert_int_equal(on_keep(f, KEEP_COUNTED, EG_STR("soon")), EG_OK);
    assert_int_equal(on_keep(f, KEEP_RESULT, EG_STR("{\"type\":\"check_state\",\"state\":7}")),
                     EG_OK);
    begin_as(f, "clean");
    assert_int_equal(f->last.state, EG_JOB_IDLE);
}

/* ---- what goes wrong ---- */

static void check__program_missing__could_not_look_and_says_why(void **state)
{
    fixture *f = *state;
    f->options.program = "C:\\nowhere\\emoguard.exe";
    assert_failed(f, "clean", EG_CHECK_FAILURE_START, "C:\\nowhere\\emoguard.exe");
}

static void check__dies__tells_its_last_words(void **state)
{
    assert_failed(*state, "dies", EG_CHECK_FAILURE_ENDED, "the rules are broken");
}

static void check__prints_nonsense__failed(void **state)
{
    assert_failed(*state, "nonsense", EG_CHECK_FAILURE_REPORT, "line 1");
}

static void check__report_against_its_exit_code__failed(void **state)
{
    assert_failed(*state, "lies", EG_CHECK_FAILURE_REPORT, "its report says nothing_found");
}

static void check__floods__is_ended(void **state)
{
    assert_failed(*state, "flood", EG_CHECK_FAILURE_STUCK, "without end");
}

static void check__hangs__is_ended(void **state)
{
    fixture *f = *state;
    f->options.silence_ms = 1500;
    assert_failed(f, "hang", EG_CHECK_FAILURE_STUCK, "has told nothing");
}

static void check__takes_too_long__is_ended(void **state)
{
    fixture *f = *state;
    f->options.longest_ms = 1500;
    assert_failed(f, "hang", EG_CHECK_FAILURE_STUCK, "was not done");
}

/* ---- stopping ---- */

static void assert_cancelled(fixture *f, const char *how)
{
    begin_as(f, how);
    eg_check_runner_ask(f->runner, EG_CHECK_START);
    wait_until(f, is_under_way);
    eg_check_runner_ask(f->runner, EG_CHECK_CANCEL);
    wait_until(f, is_over);
    assert_int_equal(f->last.state, EG_JOB_CANCELLED);
    assert_int_equal(f->last.verdict, EG_VERDICT_NONE);
}

static void cancel__check_that_listens__ends_it(void **state)
{
    fixture *f = *state;
    f->options.stop_ms = 60000; /* it ends by itself */
    assert_cancelled(f, "patient");
}

static void cancel__check_that_hangs__ends_it_by_force(void **state)
{
    assert_cancelled(*state, "hang");
}

static void cancel__nothing_runs__changes_nothing(void **state)
{
    fixture *f = *state;
    begin_as(f, "clean");
    eg_check_runner_ask(f->runner, EG_CHECK_CANCEL);
    assert_int_equal(f->last.state, EG_JOB_IDLE);
    eg_check_runner_ask(f->runner, EG_CHECK_START);
    wait_until(f, is_over);
    assert_int_equal(f->last.state, EG_JOB_DONE);
}

static void stop__check_runs__ends_within_the_time_of_a_stop(void **state)
{
    fixture *f = *state;
    begin_as(f, "hang");
    eg_check_runner_ask(f->runner, EG_CHECK_START);
    wait_until(f, is_under_way);
    end_runner(f);
    assert_int_equal(f->ends, 0); /* it is made up after the next start */
}

/* ---- who asks when ---- */

static void ask__a_moment_after_a_check__is_not_begun_again(void **state)
{
    fixture *f = *state;
    check_as(f, "clean");
    unsigned before = f->running_posts;
    eg_check_runner_ask(f->runner, EG_CHECK_START);
    assert_int_equal(f->running_posts, before);
    assert_int_equal(f->last.state, EG_JOB_DONE);
}

static void ask__twice__is_one_check(void **state)
{
    fixture *f = *state;
    begin_as(f, "clean");
    eg_check_runner_ask(f->runner, EG_CHECK_START);
    eg_check_runner_ask(f->runner, EG_CHECK_START);
    wait_until(f, is_over);
    eg_check_runner_ask(f->runner, EG_CHECK_START);
    eg_thread_sleep_ms(300);
    assert_int_equal(f->ends, 1);
}

static void schedule__time_missed_while_off__is_made_up_once(void **state)
{
    fixture *f = *state;
    eg_buf days_ago;
    eg_buf_init(&days_ago, 32);
    eg_buf_appendf(&days_ago, "%" PRIu64, eg_clock_utc() - 3 * DAY);
    assert_int_equal(on_keep(f, KEEP_COUNTED, eg_buf_str(&days_ago)), EG_OK);
    eg_buf_done(&days_ago);
    f->options.schedule = (eg_check_schedule){EG_CHECK_DAILY, 0, 60};
    begin_as(f, "clean");
    wait_until(f, is_over);
    assert_int_equal(f->last.state, EG_JOB_DONE);
    eg_thread_sleep_ms(300);
    assert_int_equal(f->ends, 1);
}

static void schedule__fresh_installation__waits_for_its_time(void **state)
{
    fixture *f = *state;
    f->options.schedule = (eg_check_schedule){EG_CHECK_DAILY, 0, 0};
    begin_as(f, "clean");
    assert_false(is_due(f->runner));
    assert_int_equal(f->last.state, EG_JOB_IDLE);
}

static void schedule__read__takes_each_form(void **state)
{
    eg_check_schedule read = {EG_CHECK_NEVER, 9, 9};
    EG_UNUSED(state);
    assert_true(eg_check_schedule_read(EG_STR("off"), &read));
    assert_int_equal(read.rhythm, EG_CHECK_NEVER);
    assert_true(eg_check_schedule_read(EG_STR("daily 7:05"), &read));
    assert_int_equal(read.rhythm, EG_CHECK_DAILY);
    assert_int_equal(read.minute, 425);
    assert_true(eg_check_schedule_read(EG_STR(" Weekly  Sun 23:59 "), &read));
    assert_int_equal(read.rhythm, EG_CHECK_WEEKLY);
    assert_int_equal(read.day, 6);
    assert_int_equal(read.minute, 1439);
}

static void schedule__wrong__is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "on",
        "daily",
        "daily 24:00",
        "daily 12:60",
        "daily 12:5",
        "daily 12",
        "daily :30",
        "daily -1:00",
        "weekly 12:00",
        "weekly wed",
        "weekly day 12:00",
        "off 12:00",
        "hourly",
        "daily 12:00 x",
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_check_schedule read = {EG_CHECK_DAILY, 1, 2};
        if (eg_check_schedule_read(eg_str_from(texts[i]), &read)) {
            fail_msg("\"%s\" is taken", texts[i]);
        }
        assert_int_equal(read.minute, 2);
    }
}

/* 2026-11-23 is a Monday. */
static void schedule__weekly__is_due_from_its_day_and_time_on(void **state)
{
    const eg_check_schedule wednesday = {EG_CHECK_WEEKLY, 2, 720};
    uint64_t monday;
    EG_UNUSED(state);
    assert_int_equal(eg_time_parse(EG_STR("2026-11-23T00:00:00Z"), &monday), EG_OK);
    uint64_t noon = monday + 2 * DAY + 12 * HOUR;
    assert_false(eg_check_schedule_is_due(&wednesday, monday, noon - 1, 0));
    assert_true(eg_check_schedule_is_due(&wednesday, monday, noon, 0));
    assert_false(eg_check_schedule_is_due(&wednesday, monday, noon + HOUR, 3601));
    assert_true(eg_check_schedule_is_due(&wednesday, monday, noon + HOUR, 3600));
    assert_false(eg_check_schedule_is_due(&wednesday, noon, noon + 6 * DAY, 0));
    assert_true(eg_check_schedule_is_due(&wednesday, noon, noon + 7 * DAY, 0));
    assert_true(eg_check_schedule_is_due(&wednesday, noon, noon + 90 * DAY, 0)); /* was off */
}

/* ---- reports ---- */

static int count_files(void *user, const eg_dir_entry *entry)
{
    *(size_t *)user += !entry->is_dir;
    return EG_OK;
}

static void reports__more_than_are_kept__lose_the_oldest(void **state)
{
    fixture *f = *state;
    const char *reports = eg_buf_cstr(&f->reports);
    eg_check_state told = {0};
    eg_buf inner, name;
    size_t count = 0;
    eg_buf_init(&inner, 4096);
    eg_buf_init(&name, 512);
    for (unsigned i = 0; i < EG_CHECK_REPORTS_KEPT + 3; i++) {
        static const char text[] = "{\"verdict\":\"nothing_found\"}";
        char file[32];
        (void)snprintf(file, sizeof(file), "PC_%02u.json", i);
        assert_int_equal(eg_check_reports_begin(reports, &inner), EG_OK);
        assert_int_equal(
            eg_file_write_new(eg_test_path(eg_buf_cstr(&inner), file), text, sizeof(text) - 1),
            EG_OK);
        assert_int_equal(eg_check_reports_take(reports, eg_buf_cstr(&inner), &told, &name), EG_OK);
        eg_thread_sleep_ms(20); /* so that their times differ */
    }
    assert_int_equal(eg_dir_walk(reports, 1, count_files, &count), EG_OK);
    assert_int_equal(count, EG_CHECK_REPORTS_KEPT);
    assert_false(eg_file_exists(eg_test_path(reports, "PC_02.json")));
    assert_true(eg_file_exists(eg_test_path(reports, "PC_03.json")));
    eg_buf_done(&inner);
    eg_buf_done(&name);
}

static void reports__left_by_a_check_that_was_ended__are_gone_at_the_next(void **state)
{
    fixture *f = *state;
    const char *reports = eg_buf_cstr(&f->reports);
    eg_buf inner;
    size_t count = 0;
    eg_buf_init(&inner, 4096);
    assert_int_equal(eg_check_reports_begin(reports, &inner), EG_OK);
    assert_int_equal(eg_file_write_new(eg_test_path(eg_buf_cstr(&inner), "half.json"), "{", 1),
                     EG_OK);
    assert_int_equal(eg_check_reports_begin(reports, &inner), EG_OK);
    assert_int_equal(eg_dir_walk(eg_buf_cstr(&inner), 1, count_files, &count), EG_OK);
    assert_int_equal(count, 0);
    eg_buf_done(&inner);
}

int eg_test_service_check(void)
{
#define CHECK_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CHECK_TEST(check__of_each_kind__tells_progress_verdict_and_report),
        CHECK_TEST(check__restarted_service__remembers_the_last_result),
        CHECK_TEST(check__damaged_memory__begins_anew),
        CHECK_TEST(check__program_missing__could_not_look_and_says_why),
        CHECK_TEST(check__dies__tells_its_last_words),
        CHECK_TEST(check__prints_nonsense__failed),
        CHECK_TEST(check__report_against_its_exit_code__failed),
        CHECK_TEST(check__floods__is_ended),
        CHECK_TEST(check__hangs__is_ended),
        CHECK_TEST(check__takes_too_long__is_ended),
        CHECK_TEST(cancel__check_that_listens__ends_it),
        CHECK_TEST(cancel__check_that_hangs__ends_it_by_force),
        CHECK_TEST(cancel__nothing_runs__changes_nothing),
        CHECK_TEST(stop__check_runs__ends_within_the_time_of_a_stop),
        CHECK_TEST(ask__a_moment_after_a_check__is_not_begun_again),
        CHECK_TEST(ask__twice__is_one_check),
        CHECK_TEST(schedule__time_missed_while_off__is_made_up_once),
        CHECK_TEST(schedule__fresh_installation__waits_for_its_time),
        cmocka_unit_test(schedule__read__takes_each_form),
        cmocka_unit_test(schedule__wrong__is_refused),
        cmocka_unit_test(schedule__weekly__is_due_from_its_day_and_time_on),
        CHECK_TEST(reports__more_than_are_kept__lose_the_oldest),
        CHECK_TEST(reports__left_by_a_check_that_was_ended__are_gone_at_the_next),
    };
    return cmocka_run_group_tests_name("service_check", tests, NULL, NULL);
}
