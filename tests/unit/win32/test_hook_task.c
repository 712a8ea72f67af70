/* SPDX-License-Identifier: Apache-2.0 */
/* The task sensor against the scheduler's real folder. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

static const char definition[] =
    "<?xml version=\"1.0\"?>\n"
    "<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\n"
    "<Triggers><LogonTrigger/></Triggers>\n"
    "<Principals><Principal><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel>"
    "</Principal></Principals>\n"
    "<Settings><Hidden>true</Hidden></Settings>\n"
    "<Actions><Exec><Command>rundll32.exe</Command>"
    "<Arguments>C:\\Users\\\xE7\x94\xB0\xE4\xB8\xAD\\a.dll,Run</Arguments></Exec></Actions>\n"
    "</Task>\n";

/* Path of a task's file below the scheduler's folder. */
static void task_path(const char *name, eg_buf *out)
{
    WCHAR system[512];
    UINT units = GetSystemDirectoryW(system, EG_COUNT(system));
    assert_true(units > 0 && units < EG_COUNT(system));
    eg_buf_init(out, 4096);
    eg_utf8_from_utf16(out, (const uint16_t *)system, units);
    eg_buf_append_cstr(out, "\\Tasks\\EgTest");
    assert_int_equal(eg_dir_create(eg_buf_cstr(out)), EG_OK);
    eg_buf_append_char(out, '\\');
    assert_int_equal(eg_buf_append_cstr(out, name), EG_OK);
}

static void write_task(const char *name, const void *data, size_t size)
{
    eg_buf path;
    task_path(name, &path);
    eg_file_delete(eg_buf_cstr(&path));
    assert_int_equal(eg_file_append(eg_buf_cstr(&path), data, size), EG_OK);
    eg_buf_done(&path);
}

static void delete_task(const char *name)
{
    eg_buf path;
    task_path(name, &path);
    eg_file_delete(eg_buf_cstr(&path));
    *strrchr(path.data, '\\') = '\0';
    eg_dir_delete(path.data);
    eg_buf_done(&path);
}

static void assert_definition(const eg_event *event)
{
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_TASK_NAME, "\\EgTest\\One");
    assert_event_field(event, EG_FIELD_COMMAND, "rundll32.exe");
    assert_event_field(event, EG_FIELD_ARGUMENTS, "C:\\Users\\\xE7\x94\xB0\xE4\xB8\xAD\\a.dll,Run");
    assert_event_field(event, EG_FIELD_TRIGGERS, "LogonTrigger");
    assert_event_field(event, EG_FIELD_USER_ID, "S-1-5-18");
    assert_event_field(event, EG_FIELD_RUN_LEVEL, "HighestAvailable");
    assert_event_field(event, EG_FIELD_HIDDEN, "true");
    assert_event_field_has(event, EG_FIELD_TASK_CONTENT, "<Command>rundll32.exe");
}

static void task_file__written_changed_deleted__is_reported_each_time(void **state)
{
    size_t at = 0;
    EG_UNUSED(state);
    delete_task("One");
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("task");
    write_task("One", definition, sizeof(definition) - 1);
    assert_definition(eg_sensor_fixture_wait(fixture, 0, EG_KIND_TASK_REGISTERED,
                                             EG_FIELD_TASK_NAME, "\\EgTest\\One", &at));

    eg_buf path;
    task_path("One", &path);
    assert_int_equal(eg_file_append(eg_buf_cstr(&path), "<!-- changed -->", 16), EG_OK);
    eg_buf_done(&path);
    const eg_event *updated = eg_sensor_fixture_wait(fixture, at + 1, EG_KIND_TASK_UPDATED,
                                                     EG_FIELD_TASK_NAME, "\\EgTest\\One", &at);
    assert_definition(updated);
    assert_event_field_has(updated, EG_FIELD_TASK_CONTENT, "changed");

    delete_task("One");
    assert_non_null(eg_sensor_fixture_wait(fixture, at + 1, EG_KIND_TASK_REMOVED,
                                           EG_FIELD_TASK_NAME, "\\EgTest\\One", &at));
    eg_sensor_fixture_stop(fixture);
}

static void task_file__as_utf16__is_read(void **state)
{
    static uint8_t wide[4096] = {0xFF, 0xFE};
    uint16_t *units = eg_utf16_copy(eg_str_from(definition));
    size_t count = eg_utf16_length(eg_str_from(definition));
    EG_UNUSED(state);
    assert_non_null(units);
    memcpy(wide + 2, units, count * 2);
    eg_free(units);
    delete_task("One");
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("task");
    write_task("One", wide, 2 + 2 * count);
    assert_definition(eg_sensor_fixture_wait(fixture, 0, EG_KIND_TASK_REGISTERED,
                                             EG_FIELD_TASK_NAME, "\\EgTest\\One", NULL));
    delete_task("One");
    eg_sensor_fixture_stop(fixture);
}

static void task_file__half_written__is_waited_for(void **state)
{
    eg_buf path;
    EG_UNUSED(state);
    delete_task("One");
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("task");
    write_task("One", definition, 100);
    eg_thread_sleep_ms(60);
    task_path("One", &path);
    assert_int_equal(eg_file_append(eg_buf_cstr(&path), definition + 100, sizeof(definition) - 101),
                     EG_OK);
    eg_buf_done(&path);
    assert_definition(eg_sensor_fixture_wait(fixture, 0, EG_KIND_TASK_REGISTERED,
                                             EG_FIELD_TASK_NAME, "\\EgTest\\One", NULL));
    delete_task("One");
    eg_sensor_fixture_stop(fixture);
}

static void task_file__not_xml__is_reported_with_its_text(void **state)
{
    EG_UNUSED(state);
    delete_task("Odd");
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("task");
    write_task("Odd", "<junk", 5);
    const eg_event *event = eg_sensor_fixture_wait(fixture, 0, EG_KIND_TASK_REGISTERED,
                                                   EG_FIELD_TASK_NAME, "\\EgTest\\Odd", NULL);
    delete_task("Odd");
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_TASK_CONTENT, "<junk");
    assert_null(event->field[EG_FIELD_COMMAND].ptr);
    eg_sensor_fixture_stop(fixture);
}

/* Writes over the file, as a program does that keeps it open. */
static void overwrite_task(const char *name, const char *text, size_t size)
{
    eg_buf path;
    DWORD written = 0;
    task_path(name, &path);
    WCHAR *wide = (WCHAR *)eg_utf16_copy(eg_buf_str(&path));
    assert_non_null(wide);
    HANDLE file = CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              CREATE_ALWAYS, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, text, (DWORD)size, &written, NULL) && written == size);
    CloseHandle(file);
    eg_free(wide);
    eg_buf_done(&path);
}

/* However many changes are missed in between, what is told last is what is there. */
static void task_file__thousand_changes__end_in_the_right_state(void **state)
{
    char text[256];
    EG_UNUSED(state);
    write_task("One", definition, sizeof(definition) - 1);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("task");
    for (int i = 1; i <= 1000; i++) {
        int size = snprintf(text, sizeof(text),
                            "<Task><Actions><Exec><Command>%d.exe</Command></Exec></Actions></Task>"
                            "%*s",
                            i, i % 7, "");
        overwrite_task("One", text, (size_t)size);
    }
    assert_non_null(eg_sensor_fixture_wait(fixture, 0, EG_KIND_TASK_UPDATED, EG_FIELD_COMMAND,
                                           "1000.exe", NULL));
    delete_task("One");
    assert_non_null(eg_sensor_fixture_wait(fixture, 0, EG_KIND_TASK_REMOVED, EG_FIELD_TASK_NAME,
                                           "\\EgTest\\One", NULL));
    assert_true(eg_sensor_fixture_count(fixture) <= 2002);
    eg_sensor_fixture_stop(fixture);
}

/* Asks the scheduler itself, by its own program. */
static void run_schtasks(const WCHAR *arguments)
{
    WCHAR system[512];
    WCHAR program[600];
    WCHAR line[1024];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    UINT units = GetSystemDirectoryW(system, EG_COUNT(system));
    assert_true(units > 0 && units < EG_COUNT(system));
    _snwprintf(program, EG_COUNT(program), L"%ls\\schtasks.exe", system);
    _snwprintf(line, EG_COUNT(line), L"schtasks.exe %ls", arguments);
    assert_true(CreateProcessW(program, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL,
                               &startup, &process));
    assert_int_equal(WaitForSingleObject(process.hProcess, EG_TEST_DEADLINE_MS), WAIT_OBJECT_0);
    CloseHandle(process.hProcess);
    CloseHandle(process.hThread);
}

static void task__registered_by_the_scheduler__is_reported(void **state)
{
    eg_buf xml;
    WCHAR arguments[512];
    EG_UNUSED(state);
    eg_buf_init(&xml, 4096);
    assert_int_equal(eg_temp_dir(&xml), EG_OK);
    assert_int_equal(eg_buf_append_cstr(&xml, "\\egtask.xml"), EG_OK);
    eg_file_delete(eg_buf_cstr(&xml));
    assert_int_equal(eg_file_append(eg_buf_cstr(&xml), definition, sizeof(definition) - 1), EG_OK);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("task");
    WCHAR *path = (WCHAR *)eg_utf16_copy(eg_buf_str(&xml));
    assert_non_null(path);
    _snwprintf(arguments, EG_COUNT(arguments), L"/create /f /tn \\EgTest\\Api /xml \"%ls\"", path);
    run_schtasks(arguments);
    const eg_event *event = eg_sensor_fixture_wait(fixture, 0, EG_KIND_TASK_REGISTERED,
                                                   EG_FIELD_TASK_NAME, "\\EgTest\\Api", NULL);
    run_schtasks(L"/delete /f /tn \\EgTest\\Api");
    assert_non_null(event);
    assert_non_null(event->field[EG_FIELD_TASK_CONTENT].ptr);
    assert_non_null(eg_sensor_fixture_wait(fixture, 0, EG_KIND_TASK_REMOVED, EG_FIELD_TASK_NAME,
                                           "\\EgTest\\Api", NULL));
    eg_sensor_fixture_stop(fixture);
    eg_file_delete(eg_buf_cstr(&xml));
    eg_free(path);
    eg_buf_done(&xml);
}

static void task_snapshot__task_there_before__is_existing(void **state)
{
    EG_UNUSED(state);
    write_task("One", definition, sizeof(definition) - 1);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("task");
    assert_int_equal(eg_sensor_fixture_count(fixture), 0);
    eg_sensor_fixture_snapshot(fixture);
    const eg_event *event = eg_sensor_fixture_find(fixture, 0, EG_KIND_TASK_REGISTERED,
                                                   EG_FIELD_TASK_NAME, "\\EgTest\\One", NULL);
    delete_task("One");
    assert_definition(event);
    assert_true(event->flags & EG_EVENT_EXISTING);
    eg_sensor_fixture_stop(fixture);
}

int eg_test_hook_task(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(task_file__written_changed_deleted__is_reported_each_time),
        cmocka_unit_test(task_file__as_utf16__is_read),
        cmocka_unit_test(task_file__half_written__is_waited_for),
        cmocka_unit_test(task_file__not_xml__is_reported_with_its_text),
        cmocka_unit_test(task_file__thousand_changes__end_in_the_right_state),
        cmocka_unit_test(task__registered_by_the_scheduler__is_reported),
        cmocka_unit_test(task_snapshot__task_there_before__is_existing),
    };
    return cmocka_run_group_tests_name("hook_task", tests, NULL, NULL);
}
