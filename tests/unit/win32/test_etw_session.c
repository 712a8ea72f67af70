/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ETW session on a stand-in for the calls of Windows: what StartTrace, ControlTrace, OpenTrace
 * and ProcessTrace are documented to answer, and records as the kernel sends them.
 */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/process_etw.h"
#include "tests/unit/etw_payload.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>

enum { TRACE = 77, RECORDS_MAX = 8 };

/* The machine's ETW as the stand-in knows it. */
static struct {
    bool exists; /* a session of our name */
    GUID guid;   /* of that session */
    ULONG mode, flags;
    ULONG start_error; /* what StartTrace answers, 0 for success */
    ULONG open_error;
    int starts, stops;
    ULONG events_lost;
    HANDLE ended; /* the session's end, which ProcessTrace waits for */
    EVENT_TRACE_LOGFILEW log;
    eg_etw_record records[RECORDS_MAX]; /* delivered when ProcessTrace begins */
    size_t record_count;
} etw;

static ULONG fake_start(TRACEHANDLE *session, const WCHAR *name, EVENT_TRACE_PROPERTIES *p)
{
    assert_true(wcscmp(name, eg_etw_session_name) == 0);
    *session = 0;
    etw.starts++;
    if (etw.start_error != ERROR_SUCCESS) {
        return etw.start_error;
    }
    if (etw.exists) {
        return ERROR_ALREADY_EXISTS;
    }
    etw.exists = true;
    etw.guid = p->Wnode.Guid;
    etw.mode = p->LogFileMode;
    etw.flags = p->EnableFlags;
    ResetEvent(etw.ended);
    *session = 1;
    return ERROR_SUCCESS;
}

static ULONG fake_control(const WCHAR *name, EVENT_TRACE_PROPERTIES *p, ULONG code)
{
    EG_UNUSED(name);
    if (!etw.exists) {
        return ERROR_WMI_INSTANCE_NOT_FOUND;
    }
    if (code == EVENT_TRACE_CONTROL_STOP) {
        etw.stops++;
        etw.exists = false;
        SetEvent(etw.ended);
    }
    p->Wnode.Guid = etw.guid;
    p->LogFileMode = etw.mode;
    p->EnableFlags = etw.flags;
    p->EventsLost = etw.events_lost;
    return ERROR_SUCCESS;
}

static TRACEHANDLE fake_open(EVENT_TRACE_LOGFILEW *log, ULONG *error)
{
    etw.log = *log;
    *error = etw.open_error;
    return etw.open_error ? (TRACEHANDLE)INVALID_HANDLE_VALUE : TRACE;
}

static void deliver(const eg_etw_record *from)
{
    EVENT_RECORD record;
    memset(&record, 0, sizeof(record));
    memcpy(&record.EventHeader.ProviderId, from->provider, EG_ETW_GUID_SIZE);
    record.EventHeader.EventDescriptor.Version = from->version;
    record.EventHeader.EventDescriptor.Opcode = from->opcode;
    record.EventHeader.Flags = (USHORT)from->flags;
    record.EventHeader.ProcessId = from->pid;
    record.EventHeader.TimeStamp.QuadPart = (LONGLONG)from->time;
    record.UserData = (void *)from->payload;
    record.UserDataLength = (USHORT)from->size;
    record.UserContext = etw.log.Context;
    etw.log.EventRecordCallback(&record);
}

static ULONG fake_process(TRACEHANDLE trace)
{
    assert_int_equal(trace, TRACE);
    for (size_t i = 0; i < etw.record_count; i++) {
        deliver(&etw.records[i]);
    }
    WaitForSingleObject(etw.ended, EG_TEST_DEADLINE_MS);
    return ERROR_SUCCESS;
}

static ULONG fake_close(TRACEHANDLE trace)
{
    assert_int_equal(trace, TRACE);
    return ERROR_SUCCESS;
}

static const eg_etw_api fake = {fake_start, fake_control, fake_open, fake_process, fake_close};

static int reset(void **state)
{
    EG_UNUSED(state);
    memset(&etw, 0, sizeof(etw));
    etw.ended = CreateEventW(NULL, TRUE, FALSE, NULL);
    return etw.ended ? 0 : -1;
}

static int forget(void **state)
{
    EG_UNUSED(state);
    CloseHandle(etw.ended);
    return 0;
}

static int open_and_close(uint64_t *lost)
{
    eg_etw_ring *ring = NULL;
    eg_etw_session *session = NULL;
    assert_int_equal(eg_etw_ring_create(&ring, 100000), EG_OK);
    int status = eg_etw_session_open(&session, &fake, ring);
    if (status == EG_OK) {
        etw.events_lost += 5;
        assert_false(eg_etw_session_ended(session));
        assert_int_equal(eg_etw_session_lost(session, lost), EG_OK);
        eg_etw_session_close(session);
        assert_false(etw.exists);
    }
    eg_etw_ring_destroy(ring);
    return status;
}

static void session_open__nothing_there__starts_and_stops_one(void **state)
{
    uint64_t lost = 0;
    EG_UNUSED(state);
    assert_int_equal(open_and_close(&lost), EG_OK);
    assert_int_equal(etw.starts, 1);
    assert_int_equal(etw.stops, 1);
    assert_int_equal(etw.mode, 0x02000100);
    assert_int_equal(etw.flags, 0x10000001);
    assert_int_equal(lost, 5);
}

static void session_open__our_session_runs_still__is_adopted(void **state)
{
    uint64_t lost = 0;
    EG_UNUSED(state);
    assert_int_equal(open_and_close(&lost), EG_OK);
    etw.exists = true;
    etw.starts = 0;
    ResetEvent(etw.ended);
    assert_int_equal(open_and_close(&lost), EG_OK);
    assert_int_equal(etw.starts, 0);
    assert_int_equal(lost, 5); /* what was lost before does not count */
}

static void session_open__foreign_session_of_our_name__is_replaced(void **state)
{
    uint64_t lost = 0;
    EG_UNUSED(state);
    etw.exists = true;
    etw.mode = 0x02000100;
    etw.flags = 1;
    etw.guid.Data1 = 0x12345678;
    assert_int_equal(open_and_close(&lost), EG_OK);
    assert_int_equal(etw.starts, 1);
    assert_int_equal(etw.stops, 2);
}

static void session_open__documented_errors__say_what_is_wrong(void **state)
{
    static const struct {
        ULONG error;
        int status;
    } cases[] = {
        {ERROR_ACCESS_DENIED, EG_E_DENIED},
        {ERROR_NO_SYSTEM_RESOURCES, EG_E_LIMIT},
        {ERROR_INVALID_PARAMETER, EG_E_UNSUPPORTED},
        {ERROR_ALREADY_EXISTS, EG_E_EXISTS},
    };
    uint64_t lost = 0;
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        etw.start_error = cases[i].error;
        assert_int_equal(open_and_close(&lost), cases[i].status);
        assert_true(strlen(eg_error_message()) > 10);
    }
}

/* Wine starts everything and opens nothing. */
static void session_open__trace_cannot_be_opened__leaves_no_session(void **state)
{
    uint64_t lost = 0;
    EG_UNUSED(state);
    etw.open_error = ERROR_ACCESS_DENIED;
    assert_int_equal(open_and_close(&lost), EG_E_DENIED);
    assert_int_equal(etw.stops, 1);
    assert_false(etw.exists);
}

static void add_record(payload *p, uint8_t opcode)
{
    eg_etw_record record = kernel_record(4, opcode, 8, p);
    record.time = eg_clock_utc();
    etw.records[etw.record_count++] = record;
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

typedef struct runner {
    void *source;
    int status;
} runner;

static void run_source(void *arg)
{
    runner *at = arg;
    at->status = eg_process_source_etw.run(at->source, EG_FOREVER);
}

static void etw_source__process_that_is_gone__is_told_from_its_record(void **state)
{
    enum { PID = 0x7FFFFFF0 };
    payload process, other;
    runner run = {NULL, EG_OK};
    eg_process_feed *feed = NULL;
    eg_thread *thread = NULL;
    char pid[16];
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_collect();
    HANDLE stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    make_record_of(&process, PID, "gone.exe -enc AAAA");
    make_record_of(&other, PID + 4, "already there");
    snprintf(pid, sizeof(pid), "%u", (unsigned)PID);
    add_record(&other, 3);
    add_record(&process, 1);
    add_record(&process, 1); /* twice is still one start */
    add_record(&process, 2);
    add_record(&process, 39);
    etw.records[1].size -= 1; /* keep one that ends early among them */
    assert_int_equal(eg_process_feed_create(&feed, eg_sensor_fixture_sink(fixture)), EG_OK);
    assert_int_equal(eg_process_etw_open(&run.source, feed, stop, &fake), EG_OK);
    assert_int_equal(eg_thread_start(&thread, "run", run_source, &run), EG_OK);

    const eg_event *gone =
        eg_sensor_fixture_wait(fixture, 0, EG_KIND_PROCESS_STOP, EG_FIELD_PROCESS_ID, pid, NULL);
    assert_non_null(gone);
    assert_event_field(gone, EG_FIELD_IMAGE, "gone.exe");
    const eg_event *start =
        eg_sensor_fixture_find(fixture, 0, EG_KIND_PROCESS_START, EG_FIELD_PROCESS_ID, pid, NULL);
    assert_non_null(start);
    assert_event_field(start, EG_FIELD_COMMAND_LINE, "gone.exe -enc AAAA");
    assert_event_field(start, EG_FIELD_PARENT_PROCESS_ID, "20");
    assert_true(start->field[EG_FIELD_USER].len > 0);
    assert_true(eg_str_equal(start->source, EG_STR("etw")));
    assert_int_equal(start->create_time, gone->create_time);
    assert_int_equal(eg_sensor_fixture_count(fixture), 3);

    SetEvent(stop);
    eg_thread_join(thread);
    assert_int_equal(run.status, EG_OK);
    eg_process_source_etw.close(run.source);
    eg_process_feed_destroy(feed);
    CloseHandle(stop);
    eg_sensor_fixture_stop(fixture);
}

static void etw_source__session_stopped_by_someone__fails_with_the_reason(void **state)
{
    void *source = NULL;
    eg_process_feed *feed = NULL;
    EVENT_TRACE_PROPERTIES unused = {0};
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_collect();
    HANDLE stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_int_equal(eg_process_feed_create(&feed, eg_sensor_fixture_sink(fixture)), EG_OK);
    assert_int_equal(eg_process_etw_open(&source, feed, stop, &fake), EG_OK);
    fake_control(eg_etw_session_name, &unused, EVENT_TRACE_CONTROL_STOP);
    assert_int_equal(eg_process_source_etw.run(source, EG_FOREVER), EG_E_CLOSED);
    assert_non_null(strstr(eg_error_message(), "stopped from outside"));
    eg_process_source_etw.close(source);
    eg_process_feed_destroy(feed);
    CloseHandle(stop);
    eg_sensor_fixture_stop(fixture);
}

static void session_lost__process_flag_taken_away__is_noticed(void **state)
{
    uint64_t lost = 0;
    eg_etw_ring *ring = NULL;
    eg_etw_session *session = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_etw_ring_create(&ring, 100000), EG_OK);
    assert_int_equal(eg_etw_session_open(&session, &fake, ring), EG_OK);
    assert_int_equal(eg_etw_session_lost(session, &lost), EG_OK);
    etw.flags = 0;
    assert_int_equal(eg_etw_session_lost(session, &lost), EG_E_NOTFOUND);
    assert_non_null(strstr(eg_error_message(), "changed by someone"));
    eg_etw_session_close(session);
    eg_etw_ring_destroy(ring);
}

static void etw_source__time_is_up__says_so(void **state)
{
    void *source = NULL;
    eg_process_feed *feed = NULL;
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_collect();
    HANDLE stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_int_equal(eg_process_feed_create(&feed, eg_sensor_fixture_sink(fixture)), EG_OK);
    assert_int_equal(eg_process_etw_open(&source, feed, stop, &fake), EG_OK);
    assert_int_equal(eg_process_source_etw.run(source, 50), EG_E_TIMEOUT);
    eg_process_source_etw.close(source);
    eg_process_feed_destroy(feed);
    CloseHandle(stop);
    eg_sensor_fixture_stop(fixture);
}

int eg_test_etw_session(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(session_open__nothing_there__starts_and_stops_one, reset,
                                        forget),
        cmocka_unit_test_setup_teardown(session_open__our_session_runs_still__is_adopted, reset,
                                        forget),
        cmocka_unit_test_setup_teardown(session_open__foreign_session_of_our_name__is_replaced,
                                        reset, forget),
        cmocka_unit_test_setup_teardown(session_open__documented_errors__say_what_is_wrong, reset,
                                        forget),
        cmocka_unit_test_setup_teardown(session_open__trace_cannot_be_opened__leaves_no_session,
                                        reset, forget),
        cmocka_unit_test_setup_teardown(etw_source__process_that_is_gone__is_told_from_its_record,
                                        reset, forget),
        cmocka_unit_test_setup_teardown(
            etw_source__session_stopped_by_someone__fails_with_the_reason, reset, forget),
        cmocka_unit_test_setup_teardown(session_lost__process_flag_taken_away__is_noticed, reset,
                                        forget),
        cmocka_unit_test_setup_teardown(etw_source__time_is_up__says_so, reset, forget),
    };
    return cmocka_run_group_tests_name("etw_session", tests, NULL, NULL);
}
