/* SPDX-License-Identifier: Apache-2.0 */
/* The ETW source of the process sensor, on the simulated kernel (tests/etw_double). */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/process_etw.h"
#include "tests/etw_double/engine.h"
#include "tests/unit/etw_payload.h"
#include "tests/unit/process_records.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>

#define SYS "EmoGuard-Sys"
#define PROVIDERS "EmoGuard-Providers"

/* A source that runs on a thread of its own. */
typedef struct runner {
    eg_sensor_fixture *fixture;
    eg_process_feed *feed;
    HANDLE stop;
    void *source;
    eg_thread *thread;
    int status;
} runner;

static void run_source(void *arg)
{
    runner *at = arg;
    at->status = eg_process_source_etw.run(at->source, EG_FOREVER);
}

static void begin(runner *at)
{
    memset(at, 0, sizeof(*at));
    eg_etw_double_reset(true);
    at->fixture = eg_sensor_fixture_collect();
    at->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_int_equal(eg_process_feed_create(&at->feed, eg_sensor_fixture_sink(at->fixture)), EG_OK);
    assert_int_equal(eg_process_etw_open(&at->source, at->feed, at->stop, eg_etw_system_api(),
                                         EG_PROCESS_ETW_RING),
                     EG_OK);
}

static void go(runner *at)
{
    assert_int_equal(eg_thread_start(&at->thread, "run", run_source, at), EG_OK);
}

static void wait_for_health(const runner *at, eg_sensor_health expected)
{
    eg_str source = EG_STR_NONE;
    uint64_t begun = eg_clock_monotonic_ns();
    while (eg_sensor_fixture_health(at->fixture, &source) != expected &&
           eg_clock_monotonic_ns() - begun < (uint64_t)EG_TEST_DEADLINE_MS * 1000000) {
        eg_thread_sleep_ms(5);
    }
    assert_int_equal(eg_sensor_fixture_health(at->fixture, &source), expected);
    assert_true(eg_str_equal(source, EG_STR("etw")));
}

/* Returns how the source ended; the fixture and its events stay until end. */
static int wait_for_end(runner *at)
{
    eg_thread_join(at->thread);
    at->thread = NULL;
    return at->status;
}

static void end(runner *at)
{
    SetEvent(at->stop);
    eg_thread_join(at->thread);
    eg_process_source_etw.close(at->source);
    eg_process_feed_destroy(at->feed);
    CloseHandle(at->stop);
    eg_sensor_fixture_stop(at->fixture);
    eg_etw_double_reset(false);
}

static const eg_event *wait_for_agent(runner *at, const char *reason)
{
    const eg_event *event =
        eg_sensor_fixture_wait(at->fixture, 0, EG_KIND_AGENT, EG_FIELD_REASON, reason, NULL);
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_SENSOR, "process");
    return event;
}

/* A kernel record with this pid and command line. */
static void make_record_of(payload *p, uint32_t pid, const char *command)
{
    make_head(p);
    for (size_t i = 0; i < 4; i++) {
        p->bytes[8 + i] = (uint8_t)(pid >> (8 * i));
    }
    put_user(p, 8);
    put(p, "gone.exe", 9);
    put_wide(p, command);
    put_wide(p, "");
    put_wide(p, "");
}

static void emit(const payload *p, uint8_t opcode)
{
    eg_etw_record record = kernel_record(4, opcode, 8, p);
    record.time = eg_clock_utc();
    assert_int_equal(eg_etw_double_emit(&record, 4, 0), 1);
}

static void etw_source__process_that_is_gone__is_told_from_its_record(void **state)
{
    enum { PID = 0x7FFFFFF0 };
    payload process, other;
    runner run;
    char pid[16];
    EG_UNUSED(state);
    begin(&run);
    go(&run);
    make_record_of(&process, PID, "gone.exe -enc AAAA");
    make_record_of(&other, PID + 4, "already there");
    snprintf(pid, sizeof(pid), "%u", (unsigned)PID);
    emit(&other, 3);
    process.size -= 1; /* keep one that ends early among them */
    emit(&process, 1);
    process.size += 1;
    emit(&process, 1); /* twice is still one start */
    emit(&process, 2);
    emit(&process, 39);

    const eg_event *gone = eg_sensor_fixture_wait(run.fixture, 0, EG_KIND_PROCESS_STOP,
                                                  EG_FIELD_PROCESS_ID, pid, NULL);
    assert_non_null(gone);
    assert_event_field(gone, EG_FIELD_IMAGE, "gone.exe");
    const eg_event *start = eg_sensor_fixture_find(run.fixture, 0, EG_KIND_PROCESS_START,
                                                   EG_FIELD_PROCESS_ID, pid, NULL);
    assert_non_null(start);
    assert_event_field(start, EG_FIELD_COMMAND_LINE, "gone.exe -enc AAAA");
    assert_event_field(start, EG_FIELD_PARENT_PROCESS_ID, "20");
    assert_true(start->field[EG_FIELD_USER].len > 0);
    assert_true(eg_str_equal(start->source, EG_STR("etw:kernel")));
    assert_int_equal(start->create_time, gone->create_time);
    end(&run);
    assert_int_equal(run.status, EG_OK);
}

static void etw_source__session_stopped_by_someone__fails_with_the_reason(void **state)
{
    runner run;
    EG_UNUSED(state);
    begin(&run);
    go(&run);
    assert_true(eg_etw_double_stop(SYS));
    assert_int_equal(wait_for_end(&run), EG_E_CLOSED);
    assert_event_field_has(wait_for_agent(&run, "session_tampered"), EG_FIELD_DESCRIPTION,
                           "stopped from outside");
    end(&run);
}

static void etw_source__records_lost__tells_and_goes_on(void **state)
{
    runner run;
    EG_UNUSED(state);
    begin(&run);
    go(&run);
    assert_true(eg_etw_double_lose(SYS, 7));
    assert_event_field(wait_for_agent(&run, "telemetry_lost"), EG_FIELD_EVENT_COUNT, "7");
    end(&run);
    assert_int_equal(run.status, EG_OK);
}

static void etw_source__foreign_session_of_our_name__is_told(void **state)
{
    eg_etw_properties foreign = {.mode = EG_ETW_MODE_REAL_TIME};
    void *source = NULL;
    runner run;
    EG_UNUSED(state);
    begin(&run);
    go(&run);
    SetEvent(run.stop);
    assert_int_equal(wait_for_end(&run), EG_OK);
    assert_true(eg_etw_double_stop(SYS));
    eg_etw_double_plant(SYS, &foreign);
    ResetEvent(run.stop);
    assert_int_equal(
        eg_process_etw_open(&source, run.feed, run.stop, eg_etw_system_api(), EG_PROCESS_ETW_RING),
        EG_OK);
    assert_event_field_has(wait_for_agent(&run, "session_tampered"), EG_FIELD_DESCRIPTION,
                           "our name");
    eg_process_source_etw.close(source);
    end(&run);
}

enum { GONE_PID = 0x7FFFFFE0 };
#define GONE_PID_TEXT "2147483616"

static void emit_process(eg_test_record what, const eg_test_process *process)
{
    uint8_t bytes[EG_TEST_PAYLOAD_MAX];
    eg_etw_record record = eg_test_process_record(what, process, bytes);
    assert_int_equal(eg_etw_double_emit(&record, 4, 0x10), 1);
}

static eg_test_process gone_process(void)
{
    uint64_t now = eg_clock_utc();
    return (eg_test_process){
        .pid = GONE_PID,
        .parent_pid = 20,
        .session_id = 1,
        .writer_pid = 24,
        .writer_tid = 28,
        .create_time = now - 100,
        .time = now,
        .sequence = 501,
        .parent_sequence = 500,
        .image = "\\Device\\Mup\\server\\share\\gone.exe",
        .command_line = "gone.exe -enc AAAA",
    };
}

static const eg_event *wait_for_gone(runner *at, eg_kind kind)
{
    const eg_event *event =
        eg_sensor_fixture_wait(at->fixture, 0, kind, EG_FIELD_PROCESS_ID, GONE_PID_TEXT, NULL);
    assert_non_null(event);
    return event;
}

/* What both sessions told of the start is what its stop says. */
static void check_stop(runner *at, eg_test_process process)
{
    process.writer_pid = process.pid;
    emit_process(EG_TEST_KERNEL_STOP, &process);
    emit_process(EG_TEST_PROVIDER_STOP, &process);
    const eg_event *stop = wait_for_gone(at, EG_KIND_PROCESS_STOP);
    assert_true(stop->create_time == process.create_time);
    assert_event_field(stop, EG_FIELD_IMAGE, "\\\\server\\share\\gone.exe");
}

static void etw_source__both_sessions_tell_of_a_start__has_what_each_knows(void **state)
{
    runner run;
    EG_UNUSED(state);
    begin(&run);
    go(&run);
    wait_for_health(&run, EG_SENSOR_FULL);
    eg_test_process process = gone_process();
    emit_process(EG_TEST_PROVIDER_START, &process);
    emit_process(EG_TEST_KERNEL_START, &process);
    const eg_event *start = wait_for_gone(&run, EG_KIND_PROCESS_START);
    assert_true(eg_str_equal(start->source, EG_STR("etw:kernel+provider")));
    assert_event_field(start, EG_FIELD_IMAGE, "\\\\server\\share\\gone.exe");
    assert_event_field(start, EG_FIELD_COMMAND_LINE, "gone.exe -enc AAAA");
    assert_event_field(start, EG_FIELD_INTEGRITY_LEVEL, "Medium");
    assert_event_field(start, EG_FIELD_PARENT_PROCESS_ID, "20");
    assert_event_field(start, EG_FIELD_CREATOR_PROCESS_ID, "24");
    assert_event_field(start, EG_FIELD_PROCESS_SEQUENCE_NUMBER, "501");
    assert_true(start->create_time == process.create_time);
    check_stop(&run, process);
    end(&run);
}

/* One session's thread was not scheduled for so long that the start was told by the other alone. */
static void check_late_half(eg_test_record first, eg_test_record late)
{
    runner run;
    begin(&run);
    go(&run);
    wait_for_health(&run, EG_SENSOR_FULL);
    eg_test_process process = gone_process();
    emit_process(first, &process);
    const eg_event *half = wait_for_gone(&run, EG_KIND_PROCESS_START);
    assert_false(eg_str_equal(half->source, EG_STR("etw:kernel+provider")));
    emit_process(late, &process);
    const eg_event *whole = NULL;
    size_t from = 0;
    do {
        whole = eg_sensor_fixture_wait(run.fixture, from, EG_KIND_PROCESS_START,
                                       EG_FIELD_PROCESS_ID, GONE_PID_TEXT, &from);
        from++;
    } while (whole && !eg_str_equal(whole->source, EG_STR("etw:kernel+provider")));
    assert_non_null(whole);
    assert_event_field(whole, EG_FIELD_IMAGE, "\\\\server\\share\\gone.exe");
    assert_event_field(whole, EG_FIELD_COMMAND_LINE, "gone.exe -enc AAAA");
    assert_true(whole->create_time == process.create_time);
    check_stop(&run, process);
    end(&run);
}

static void etw_source__half_of_a_start_comes_late__is_told_again_whole(void **state)
{
    EG_UNUSED(state);
    check_late_half(EG_TEST_PROVIDER_START, EG_TEST_KERNEL_START);
    check_late_half(EG_TEST_KERNEL_START, EG_TEST_PROVIDER_START);
}

static void etw_source__second_session_refused__goes_on_with_less_and_says_so(void **state)
{
    runner run;
    EG_UNUSED(state);
    begin(&run);
    eg_etw_double_refuse(EG_ETW_DOUBLE_START, EG_ETW_NO_RESOURCES, -1);
    go(&run);
    wait_for_health(&run, EG_SENSOR_DEGRADED);
    eg_test_process process = gone_process();
    emit_process(EG_TEST_KERNEL_START, &process);
    const eg_event *start = wait_for_gone(&run, EG_KIND_PROCESS_START);
    assert_true(eg_str_equal(start->source, EG_STR("etw:kernel")));
    assert_event_field(start, EG_FIELD_COMMAND_LINE, "gone.exe -enc AAAA");
    end(&run);
    assert_int_equal(run.status, EG_OK);
}

static void
etw_source__second_session_stopped_by_someone__is_degraded_until_it_is_back(void **state)
{
    runner run;
    EG_UNUSED(state);
    begin(&run);
    go(&run);
    wait_for_health(&run, EG_SENSOR_FULL);
    eg_etw_double_refuse(EG_ETW_DOUBLE_START, EG_ETW_NO_RESOURCES, -1);
    assert_true(eg_etw_double_stop(PROVIDERS));
    wait_for_health(&run, EG_SENSOR_DEGRADED);
    eg_etw_double_refuse(EG_ETW_DOUBLE_START, 0, 0);
    wait_for_health(&run, EG_SENSOR_FULL);
    eg_test_process process = gone_process();
    emit_process(EG_TEST_PROVIDER_START, &process);
    emit_process(EG_TEST_KERNEL_START, &process);
    const eg_event *start = wait_for_gone(&run, EG_KIND_PROCESS_START);
    assert_true(eg_str_equal(start->source, EG_STR("etw:kernel+provider")));
    end(&run);
}

static void etw_source__time_is_up__says_so(void **state)
{
    runner run;
    EG_UNUSED(state);
    begin(&run);
    go(&run);
    SetEvent(run.stop);
    assert_int_equal(wait_for_end(&run), EG_OK);
    ResetEvent(run.stop);
    assert_int_equal(eg_process_source_etw.run(run.source, 50), EG_E_TIMEOUT);
    end(&run);
}

int eg_test_process_etw(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(etw_source__process_that_is_gone__is_told_from_its_record),
        cmocka_unit_test(etw_source__session_stopped_by_someone__fails_with_the_reason),
        cmocka_unit_test(etw_source__records_lost__tells_and_goes_on),
        cmocka_unit_test(etw_source__foreign_session_of_our_name__is_told),
        cmocka_unit_test(etw_source__both_sessions_tell_of_a_start__has_what_each_knows),
        cmocka_unit_test(etw_source__half_of_a_start_comes_late__is_told_again_whole),
        cmocka_unit_test(etw_source__second_session_refused__goes_on_with_less_and_says_so),
        cmocka_unit_test(
            etw_source__second_session_stopped_by_someone__is_degraded_until_it_is_back),
        cmocka_unit_test(etw_source__time_is_up__says_so),
    };
    return cmocka_run_group_tests_name("process_etw", tests, NULL, NULL);
}
