/* SPDX-License-Identifier: Apache-2.0 */
/* The task scheduler's records, on the simulated kernel, beside the scheduler's real folder. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/task_etw.h"
#include "tests/etw_double/engine.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <string.h>
#include <wchar.h>
#include <windows.h>

#define SESSION "EmoGuard-Providers"

static const uint8_t provider[EG_ETW_GUID_SIZE] = EG_ETW_PROVIDER_TASK_SCHEDULER;

/* A sensor on the simulation, and a svchost to write in the name of. */
typedef struct stage {
    eg_sensor_fixture *fixture;
    PROCESS_INFORMATION host;
} stage;

static void begin(stage *at)
{
    WCHAR path[600];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    eg_etw_enable enabled;
    UINT units = GetSystemDirectoryW(path, 512);
    assert_true(units > 0 && units < 512);
    _snwprintf(path + units, EG_COUNT(path) - units, L"\\svchost.exe");
    assert_true(CreateProcessW(path, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
                               &startup, &at->host));
    eg_etw_double_reset(true);
    at->fixture = eg_sensor_fixture_start("task");
    uint64_t start = eg_clock_monotonic_ns();
    while (!eg_etw_double_enabled(SESSION, provider, &enabled)) {
        assert_true(eg_clock_monotonic_ns() - start < (uint64_t)EG_TEST_DEADLINE_MS * 1000000);
        eg_thread_sleep_ms(10);
    }
}

static void end(stage *at)
{
    eg_sensor_fixture_stop(at->fixture);
    eg_etw_double_reset(false);
    TerminateProcess(at->host.hProcess, 0);
    CloseHandle(at->host.hProcess);
    CloseHandle(at->host.hThread);
}

static void put_text(eg_buf *payload, const char *text)
{
    size_t count = eg_utf16_length(eg_str_from(text));
    uint16_t *units = eg_utf16_copy(eg_str_from(text));
    assert_non_null(units);
    assert_int_equal(eg_buf_append(payload, units, 2 * count + 2), EG_OK);
    eg_free(units);
}

/* A record of two texts and, if not 0, two numbers. */
static void emit(uint16_t id, uint32_t pid, const char *name, const char *text, uint32_t number)
{
    eg_buf payload;
    eg_buf_init(&payload, 4096);
    put_text(&payload, name);
    put_text(&payload, text);
    if (number) {
        uint32_t numbers[2] = {number, 0x20};
        eg_buf_append(&payload, numbers, sizeof(numbers));
    }
    eg_etw_record record = {.id = id,
                            .flags = EG_ETW_FLAG_64_BIT,
                            .pid = pid,
                            .tid = 1,
                            .time = eg_clock_utc(),
                            .payload = (const uint8_t *)payload.data,
                            .size = payload.len};
    memcpy(record.provider, provider, sizeof(provider));
    assert_int_equal(eg_etw_double_emit(&record, 4, UINT64_C(0x8000000000000000)), 1);
    eg_buf_done(&payload);
}

static char *task_path(const char *name)
{
    WCHAR system[512];
    eg_buf path;
    UINT units = GetSystemDirectoryW(system, EG_COUNT(system));
    assert_true(units > 0 && units < EG_COUNT(system));
    eg_buf_init(&path, 4096);
    eg_utf8_from_utf16(&path, (const uint16_t *)system, units);
    eg_buf_append_cstr(&path, "\\Tasks\\");
    assert_int_equal(eg_buf_append_cstr(&path, name), EG_OK);
    eg_file_delete(eg_buf_cstr(&path));
    return eg_buf_take(&path);
}

static const eg_event *wait_for(stage *at, eg_kind kind, const char *name)
{
    const eg_event *event =
        eg_sensor_fixture_wait(at->fixture, 0, kind, EG_FIELD_TASK_NAME, name, NULL);
    assert_non_null(event);
    return event;
}

static void record__of_a_task_in_the_folder__names_who_registered_it(void **state)
{
    static const char xml[] =
        "<Task><Actions><Exec><Command>a.exe</Command></Exec></Actions></Task>";
    char *path = task_path("EgTestEtw");
    stage at;
    EG_UNUSED(state);
    begin(&at);
    assert_int_equal(eg_file_append(path, xml, sizeof(xml) - 1), EG_OK);
    emit(106, at.host.dwProcessId, "\\EgTestEtw", "PC\\tanaka", 0);
    const eg_event *event = wait_for(&at, EG_KIND_TASK_REGISTERED, "\\EgTestEtw");
    assert_event_field(event, EG_FIELD_USER, "PC\\tanaka");
    assert_event_field(event, EG_FIELD_COMMAND, "a.exe");
    eg_file_delete(path);
    end(&at);
    eg_free(path);
}

/* Registered and deleted before anybody looked: the record alone tells of it. */
static void record__of_a_task_that_is_gone__is_told_by_itself(void **state)
{
    stage at;
    EG_UNUSED(state);
    begin(&at);
    emit(106, at.host.dwProcessId, "\\EgTestGone", "S-1-5-18", 0);
    const eg_event *event = wait_for(&at, EG_KIND_TASK_REGISTERED, "\\EgTestGone");
    assert_event_field(event, EG_FIELD_USER, "S-1-5-18");
    assert_null(event->field[EG_FIELD_COMMAND].ptr);
    end(&at);
}

static void record__of_a_start__is_told_with_path_and_process(void **state)
{
    stage at;
    EG_UNUSED(state);
    begin(&at);
    emit(129, at.host.dwProcessId, "\\EgTestRun", "C:\\Users\\Public\\x.exe", 4711);
    const eg_event *event = wait_for(&at, EG_KIND_TASK_STARTED, "\\EgTestRun");
    assert_event_field(event, EG_FIELD_PATH, "C:\\Users\\Public\\x.exe");
    assert_event_field(event, EG_FIELD_PROCESS_ID, "4711");
    assert_int_equal(event->pid, 4711);
    assert_int_equal(event->event_id, 129);
    end(&at);
}

/* Any process can write with the provider's GUID: what does not come from a svchost is nothing. */
static void record__of_another_program__is_not_believed(void **state)
{
    stage at;
    EG_UNUSED(state);
    begin(&at);
    emit(106, GetCurrentProcessId(), "\\EgTestForged", "PC\\x", 0);
    emit(129, 0xFFFFFFFF, "\\EgTestForged", "C:\\x.exe", 1);
    emit(129, at.host.dwProcessId, "\\EgTestTrue", "C:\\x.exe", 1);
    wait_for(&at, EG_KIND_TASK_STARTED, "\\EgTestTrue");
    emit(106, at.host.dwProcessId, "\\EgTestLast", "PC\\x", 0);
    wait_for(&at, EG_KIND_TASK_REGISTERED, "\\EgTestLast"); /* its time was over later */
    assert_int_equal(eg_sensor_fixture_count(at.fixture), 2);
    end(&at);
}

static void record__while_the_session_is_lost__leaves_the_folder_true(void **state)
{
    char *path = task_path("EgTestEtw");
    stage at;
    EG_UNUSED(state);
    begin(&at);
    assert_true(eg_etw_double_stop(SESSION));
    assert_int_equal(eg_file_append(path, "<Task/>", 7), EG_OK);
    const eg_event *event = wait_for(&at, EG_KIND_TASK_REGISTERED, "\\EgTestEtw");
    assert_null(event->field[EG_FIELD_USER].ptr);
    eg_file_delete(path);
    end(&at);
    eg_free(path);
}

int eg_test_task_etw(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record__of_a_task_in_the_folder__names_who_registered_it),
        cmocka_unit_test(record__of_a_task_that_is_gone__is_told_by_itself),
        cmocka_unit_test(record__of_a_start__is_told_with_path_and_process),
        cmocka_unit_test(record__of_another_program__is_not_believed),
        cmocka_unit_test(record__while_the_session_is_lost__leaves_the_folder_true),
    };
    return cmocka_run_group_tests_name("task_etw", tests, NULL, NULL);
}
