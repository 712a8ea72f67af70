/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ETW source under load, the whole way: records into the buffers of the simulated kernel
 * (tests/etw_double), both sessions' threads, ring, join, feed, sink. Nothing depends on how fast
 * it goes: who writes waits for the sink, as far as the buffers in between reach.
 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/process_etw.h"
#include "tests/etw_double/engine.h"
#include "tests/unit/process_records.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#include <psapi.h>

enum {
    FIRST_PID = 0x40000000, /* no process has such pids */
    PIDS = 8192,            /* used again and again */
    AHEAD = 1000,           /* starts that may be on their way */
    MEMORY_MOST = 64 * 1024 * 1024,
};

#define DEADLINE_NS (UINT64_C(120) * 1000000000)

typedef struct load {
    eg_process_feed *feed;
    HANDLE stop;
    void *source;
    eg_thread *thread;
    uint64_t begun; /* FILETIME */
    /* what came out; written under the feed's lock */
    eg_atomic starts, stops, joined, whole;
    eg_atomic lost_events, lost_count; /* agent events of that reason, and what they count */
    eg_atomic healthy;                 /* the sensor's health is full */
    eg_atomic listed;                  /* starts told by the process list */
    HANDLE gate;                       /* manual-reset event that the sink waits for */
} load;

static eg_test_process process_of(const load *l, uint32_t number, char command[64])
{
    snprintf(command, 64, "tool.exe --job %u --from a-document.docm", (unsigned)number);
    uint64_t time = l->begun + (uint64_t)number * 500 + (number * 2654435761u >> 8) % 400;
    return (eg_test_process){
        .pid = FIRST_PID + 4 * (number % PIDS),
        .parent_pid = FIRST_PID + 4 * (number / 4 % PIDS),
        .session_id = 1,
        .writer_pid = FIRST_PID + 4 * (number / 4 % PIDS),
        .writer_tid = 7,
        .create_time = time,
        .time = time + 10,
        .sequence = number,
        .parent_sequence = number / 4,
        .image = "\\Device\\Mup\\server\\share\\tool.exe",
        .command_line = command,
    };
}

static void on_start(load *l, const eg_event *event)
{
    char command[64];
    uint64_t number = 0;
    WaitForSingleObject(l->gate, INFINITE);
    if (event->pid < FIRST_PID) {
        eg_atomic_add(&l->listed, eg_str_equal(event->source, EG_STR("poll")));
        return;
    }
    eg_atomic_add(&l->joined, eg_str_equal(event->source, EG_STR("etw:kernel+provider")));
    if (eg_str_to_u64(event->field[EG_FIELD_PROCESS_SEQUENCE_NUMBER], &number)) {
        process_of(l, (uint32_t)number, command);
        eg_atomic_add(
            &l->whole,
            eg_str_equal(event->field[EG_FIELD_COMMAND_LINE], eg_str_from(command)) &&
                eg_str_equal(event->field[EG_FIELD_IMAGE], EG_STR("\\\\server\\share\\tool.exe")));
    }
    eg_atomic_add(&l->starts, 1);
}

static void on_emit(void *user, const eg_event *event)
{
    load *l = user;
    uint64_t count = 0;
    if (event->kind == EG_KIND_PROCESS_START) {
        on_start(l, event);
    } else if (event->kind == EG_KIND_PROCESS_STOP) {
        eg_atomic_add(&l->stops, event->pid >= FIRST_PID);
    } else if (eg_str_equal(event->field[EG_FIELD_REASON], EG_STR("telemetry_lost")) &&
               eg_str_to_u64(event->field[EG_FIELD_EVENT_COUNT], &count)) {
        eg_atomic_add(&l->lost_count, (int64_t)count);
        eg_atomic_add(&l->lost_events, 1);
    }
}

static void on_health(void *user, const char *sensor, eg_sensor_health health, const char *source,
                      const char *detail)
{
    load *l = user;
    EG_UNUSED(sensor);
    EG_UNUSED(source);
    EG_UNUSED(detail);
    eg_atomic_set(&l->healthy, health == EG_SENSOR_FULL);
}

/* Waits until the counter has come so far; fails the test when it does not. */
static void wait_for(const eg_atomic *counter, int64_t least)
{
    uint64_t begun = eg_clock_monotonic_ns();
    while (eg_atomic_get(counter) < least && eg_clock_monotonic_ns() - begun < DEADLINE_NS) {
        eg_thread_sleep_ms(1);
    }
    assert_true(eg_atomic_get(counter) >= least);
}

static void run_source(void *arg)
{
    load *l = arg;
    eg_process_source_etw.run(l->source, EG_FOREVER);
}

static void begin(load *l, size_t ring_size)
{
    eg_sink sink = {.user = l, .emit = on_emit, .health = on_health};
    memset(l, 0, sizeof(*l));
    l->begun = eg_clock_utc();
    eg_etw_double_reset(true);
    l->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    l->gate = CreateEventW(NULL, TRUE, TRUE, NULL);
    assert_int_equal(eg_process_feed_create(&l->feed, &sink), EG_OK);
    assert_int_equal(
        eg_process_etw_open(&l->source, l->feed, l->stop, eg_etw_system_api(), ring_size), EG_OK);
    assert_int_equal(eg_thread_start(&l->thread, "run", run_source, l), EG_OK);
    wait_for(&l->healthy, 1);
}

static void end(load *l)
{
    SetEvent(l->stop);
    eg_thread_join(l->thread);
    eg_process_source_etw.close(l->source);
    eg_process_feed_destroy(l->feed);
    CloseHandle(l->gate);
    CloseHandle(l->stop);
    eg_etw_double_reset(false);
}

static void emit(const load *l, uint32_t number, eg_test_record what)
{
    char command[64];
    uint8_t bytes[EG_TEST_PAYLOAD_MAX];
    eg_test_process process = process_of(l, number, command);
    if (what == EG_TEST_KERNEL_STOP || what == EG_TEST_PROVIDER_STOP) {
        process.writer_pid = process.pid;
        process.time += 1000;
    }
    eg_etw_record record = eg_test_process_record(what, &process, bytes);
    assert_int_equal(eg_etw_double_emit(&record, 4, 0x10), 1); /* a session took it */
}

/* A start and its stop, in the order in which Windows writes their records. */
static void emit_life(const load *l, uint32_t number)
{
    emit(l, number, EG_TEST_PROVIDER_START);
    emit(l, number, EG_TEST_KERNEL_START);
    emit(l, number, EG_TEST_PROVIDER_STOP);
    emit(l, number, EG_TEST_KERNEL_STOP);
}

static void assert_all_told(const load *l, uint32_t count)
{
    assert_int_equal(eg_atomic_get(&l->starts), count);
    assert_int_equal(eg_atomic_get(&l->stops), count);
    assert_int_equal(eg_atomic_get(&l->joined), count);
    assert_int_equal(eg_atomic_get(&l->whole), count);
    assert_int_equal(eg_atomic_get(&l->lost_events), 0);
}

static size_t private_bytes(void)
{
    PROCESS_MEMORY_COUNTERS_EX memory;
    memset(&memory, 0, sizeof(memory));
    memory.cb = sizeof(memory);
    assert_true(GetProcessMemoryInfo(GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&memory,
                                     sizeof(memory)));
    return memory.PrivateUsage;
}

/* Emits lives as fast as they are taken; returns the most memory that the program had meanwhile. */
static size_t run_load(load *l, uint32_t count)
{
    size_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        emit_life(l, i);
        if (i % AHEAD == 0) {
            size_t now = private_bytes();
            most = now > most ? now : most;
            wait_for(&l->stops, (int64_t)i - AHEAD);
        }
    }
    wait_for(&l->stops, count);
    return most;
}

/*
 * All at once, also where the kernel takes them faster than we read: sessions and ring have room
 * for all of them, so it does not matter how long a second is on this machine.
 */
static void etw_source__tree_of_4000_starts_at_once__tells_each_whole(void **state)
{
    load l;
    EG_UNUSED(state);
    begin(&l, EG_PROCESS_ETW_RING);
    ResetEvent(l.gate); /* nobody reads before the last one is written */
    uint64_t begun = eg_clock_monotonic_ns();
    for (uint32_t i = 0; i < 4000; i++) {
        emit_life(&l, i);
    }
    SetEvent(l.gate);
    wait_for(&l.stops, 4000);
    print_message("4000 starts and stops in %u ms\n",
                  (unsigned)((eg_clock_monotonic_ns() - begun) / 1000000));
    assert_all_told(&l, 4000);
    end(&l);
}

/* What 20,000 starts a second are in ten seconds, as fast as they are taken. */
static void etw_source__200000_starts__loses_none_in_bounded_memory(void **state)
{
    load l;
    EG_UNUSED(state);
    begin(&l, EG_PROCESS_ETW_RING);
    size_t before = private_bytes();
    uint64_t begun = eg_clock_monotonic_ns();
    size_t most = run_load(&l, 200000);
    print_message("200000 starts and stops in %u ms, %u KiB more memory\n",
                  (unsigned)((eg_clock_monotonic_ns() - begun) / 1000000),
                  (unsigned)((most - before) / 1024));
    assert_all_told(&l, 200000);
    assert_true(most < before + MEMORY_MOST);
    end(&l);
}

/* A program that runs since a moment, and of which no record comes. */
static PROCESS_INFORMATION start_unseen(void)
{
    WCHAR system[400];
    WCHAR program[512];
    WCHAR command[] = L"cmd.exe /k rem eg-test-unseen";
    STARTUPINFOW start;
    PROCESS_INFORMATION made;
    HANDLE read_end = NULL;
    HANDLE write_end = NULL;
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    memset(&start, 0, sizeof(start));
    start.cb = sizeof(start);
    assert_true(CreatePipe(&read_end, &write_end, &inherit, 0));
    start.dwFlags = STARTF_USESTDHANDLES;
    start.hStdInput = read_end;
    assert_true(GetSystemDirectoryW(system, EG_COUNT(system)) > 0);
    _snwprintf(program, EG_COUNT(program), L"%ls\\cmd.exe", system);
    assert_true(CreateProcessW(program, command, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL,
                               &start, &made));
    CloseHandle(read_end);
    CloseHandle(write_end);
    return made;
}

static void etw_source__ring_too_small__tells_the_loss_and_looks_the_rest_up(void **state)
{
    load l;
    EG_UNUSED(state);
    begin(&l, 64 * 1024);
    PROCESS_INFORMATION unseen = start_unseen();
    eg_thread_sleep_ms(2500); /* the younger ones are left out, as their records may still come */
    ResetEvent(l.gate);       /* nobody reads while this lasts */
    for (uint32_t i = 0; i < 1000; i++) {
        emit_life(&l, i);
    }
    eg_thread_sleep_ms(1500); /* the buffers are handed over after a second at the latest */
    SetEvent(l.gate);
    wait_for(&l.lost_events, 1);
    wait_for(&l.listed, 1);
    assert_true(eg_atomic_get(&l.lost_count) > 1000);
    assert_true(eg_atomic_get(&l.starts) < 1000);
    /* and goes on */
    int64_t joined = eg_atomic_get(&l.joined);
    emit_life(&l, 5000);
    wait_for(&l.joined, joined + 1);
    TerminateProcess(unseen.hProcess, 0);
    CloseHandle(unseen.hThread);
    CloseHandle(unseen.hProcess);
    end(&l);
}

int eg_test_process_etw_load(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(etw_source__tree_of_4000_starts_at_once__tells_each_whole),
        cmocka_unit_test(etw_source__200000_starts__loses_none_in_bounded_memory),
        cmocka_unit_test(etw_source__ring_too_small__tells_the_loss_and_looks_the_rest_up),
    };
    return cmocka_run_group_tests_name("process_etw_load", tests, NULL, NULL);
}
