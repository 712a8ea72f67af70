/* SPDX-License-Identifier: Apache-2.0 */
/* The process sensor against real processes. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

/* A command interpreter that waits until its input ends. */
typedef struct child {
    PROCESS_INFORMATION process;
    HANDLE input;
} child;

static void start_child(child *out, const WCHAR *arguments)
{
    WCHAR system[400];
    WCHAR program[512];
    WCHAR command[8192];
    STARTUPINFOW start;
    HANDLE read_end = NULL;
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    assert_true(GetSystemDirectoryW(system, EG_COUNT(system)) > 0);
    _snwprintf(program, EG_COUNT(program), L"%ls\\cmd.exe", system);
    _snwprintf(command, EG_COUNT(command), L"\"%ls\" /k rem %ls", program, arguments);
    assert_true(CreatePipe(&read_end, &out->input, &inherit, 0));
    SetHandleInformation(out->input, HANDLE_FLAG_INHERIT, 0);
    memset(&start, 0, sizeof(start));
    start.cb = sizeof(start);
    start.dwFlags = STARTF_USESTDHANDLES;
    start.hStdInput = read_end;
    assert_true(CreateProcessW(program, command, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL,
                               &start, &out->process));
    CloseHandle(read_end);
}

static void end_child(child *at)
{
    CloseHandle(at->input);
    TerminateProcess(at->process.hProcess, 3);
    WaitForSingleObject(at->process.hProcess, EG_TEST_DEADLINE_MS);
    CloseHandle(at->process.hThread);
    CloseHandle(at->process.hProcess);
}

static void process_start__child_with_arguments__has_command_line_and_parent(void **state)
{
    child started;
    char parent[16];
    char pid[16];
    size_t index = 0;
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("process");
    start_child(&started, L"eg-test-\x65e5\x672c");
    const eg_event *event =
        eg_sensor_fixture_wait(fixture, 0, EG_KIND_PROCESS_START, EG_FIELD_COMMAND_LINE,
                               "rem eg-test-\xE6\x97\xA5\xE6\x9C\xAC", &index);
    end_child(&started);
    assert_non_null(event);
    assert_int_equal(event->pid, started.process.dwProcessId);
    assert_int_equal(event->parent_pid, GetCurrentProcessId());
    snprintf(parent, sizeof(parent), "%lu", GetCurrentProcessId());
    assert_event_field(event, EG_FIELD_PARENT_PROCESS_ID, parent);
    assert_true(eg_str_ends_nocase(event->field[EG_FIELD_IMAGE], EG_STR(".exe")));
    assert_true(event->field[EG_FIELD_IMAGE].ptr[1] == ':');
    assert_true(event->field[EG_FIELD_USER].len > 0);
    assert_true(event->field[EG_FIELD_INTEGRITY_LEVEL].len > 0);
    assert_true(event->field[EG_FIELD_CURRENT_DIRECTORY].len > 0);
    assert_true(event->field[EG_FIELD_ORIGINAL_FILE_NAME].len > 0);
    assert_true(event->create_time != 0);
    assert_int_equal(event->flags & EG_EVENT_EXISTING, 0);

    snprintf(pid, sizeof(pid), "%lu", started.process.dwProcessId);
    const eg_event *stop = eg_sensor_fixture_wait(fixture, index, EG_KIND_PROCESS_STOP,
                                                  EG_FIELD_PROCESS_ID, pid, NULL);
    assert_non_null(stop);
    assert_int_equal(stop->create_time, event->create_time);
    assert_true(eg_str_equal(stop->field[EG_FIELD_IMAGE], event->field[EG_FIELD_IMAGE]));
    eg_sensor_fixture_stop(fixture);
}

static void process_start__command_line_beyond_the_kernels_cut__is_whole(void **state)
{
    static const WCHAR tail[] = L"eg-test-tail";
    static WCHAR arguments[3000 + EG_COUNT(tail)];
    child started;
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("process");
    wmemset(arguments, L'a', 3000);
    memcpy(arguments + 3000, tail, sizeof(tail));
    start_child(&started, arguments);
    const eg_event *event = eg_sensor_fixture_wait(fixture, 0, EG_KIND_PROCESS_START,
                                                   EG_FIELD_COMMAND_LINE, "aeg-test-tail", NULL);
    end_child(&started);
    assert_non_null(event);
    assert_true(event->field[EG_FIELD_COMMAND_LINE].len > 3000);
    assert_int_equal(event->flags & EG_EVENT_COMMAND_LINE_CUT, 0);
    eg_sensor_fixture_stop(fixture);
}

static void process_snapshot__own_process__is_existing(void **state)
{
    char pid[16];
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("process");
    snprintf(pid, sizeof(pid), "%lu", GetCurrentProcessId());
    assert_null(
        eg_sensor_fixture_find(fixture, 0, EG_KIND_PROCESS_START, EG_FIELD_PROCESS_ID, pid, NULL));
    eg_sensor_fixture_snapshot(fixture);
    const eg_event *event = NULL;
    size_t from = 0;
    do {
        event = eg_sensor_fixture_find(fixture, from, EG_KIND_PROCESS_START, EG_FIELD_PROCESS_ID,
                                       pid, &from);
        from++;
    } while (event && event->pid != GetCurrentProcessId());
    assert_non_null(event);
    assert_true(event->flags & EG_EVENT_EXISTING);
    assert_true(event->field[EG_FIELD_COMMAND_LINE].len > 0);
    eg_sensor_fixture_stop(fixture);
}

/* On Windows without the rights for ETW, and under Wine, the chain ends at polling. */
static void process_sensor__health__names_the_source(void **state)
{
    eg_str source;
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("process");
    eg_sensor_health health = eg_sensor_fixture_health(fixture, &source);
    if (eg_str_equal(source, EG_STR("etw"))) {
        assert_int_equal(health, EG_SENSOR_FULL);
    } else {
        assert_int_equal(health, EG_SENSOR_DEGRADED);
        assert_true(eg_str_equal(source, EG_STR("wmi")) || eg_str_equal(source, EG_STR("poll")));
    }
    eg_sensor_fixture_stop(fixture);
}

int eg_test_hook_process(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_start__child_with_arguments__has_command_line_and_parent),
        cmocka_unit_test(process_start__command_line_beyond_the_kernels_cut__is_whole),
        cmocka_unit_test(process_snapshot__own_process__is_existing),
        cmocka_unit_test(process_sensor__health__names_the_source),
    };
    return cmocka_run_group_tests_name("hook_process", tests, NULL, NULL);
}
