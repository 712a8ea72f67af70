/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task sensor against the real folder and a TaskCache in the real registry, which Wine does not
 * have: the tests make one with a whole task in it, and take it away again.
 */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "driverless-hooks/task_cache.h"
#include "tests/unit/task_blob.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define SCHEDULE L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule"
#define TREE SCHEDULE L"\\TaskCache\\Tree\\"
#define TASKS SCHEDULE L"\\TaskCache\\Tasks\\"
#define WHOLE L"{11111111-2222-3333-4444-555555555555}"
#define GHOST L"{99999999-2222-3333-4444-555555555555}"

static const char definition[] =
    "<Task><Settings><Hidden>false</Hidden></Settings><Actions><Exec><Command>whole.exe</Command>"
    "</Exec></Actions></Task>";

static HKEY make_key(const WCHAR *path)
{
    HKEY key = NULL;
    assert_int_equal(RegCreateKeyExW(HKEY_LOCAL_MACHINE, path, 0, NULL, 0,
                                     KEY_ALL_ACCESS | KEY_WOW64_64KEY, NULL, &key, NULL),
                     ERROR_SUCCESS);
    return key;
}

static void set_value(const WCHAR *path, const WCHAR *name, DWORD type, const void *data,
                      size_t size)
{
    HKEY key = make_key(path);
    assert_int_equal(RegSetValueExW(key, name, 0, type, data, (DWORD)size), ERROR_SUCCESS);
    RegCloseKey(key);
}

static void set_text(const WCHAR *path, const WCHAR *name, const WCHAR *text)
{
    set_value(path, name, REG_SZ, text, (wcslen(text) + 1) * sizeof(WCHAR));
}

static void delete_value(const WCHAR *path, const WCHAR *name)
{
    HKEY key = make_key(path);
    assert_int_equal(RegDeleteValueW(key, name), ERROR_SUCCESS);
    RegCloseKey(key);
}

static void delete_tree(const WCHAR *path)
{
    RegDeleteTreeW(HKEY_LOCAL_MACHINE, path);
}

/* What the registry holds of one task. */
static void make_cached(const WCHAR *name, const WCHAR *guid, const char *command)
{
    WCHAR path[256];
    WCHAR shown[128];
    DWORD index = 3;
    eg_buf blob;
    blob_begin(&blob, 3);
    blob_exec(&blob, 3, command, "/ghost", "");
    _snwprintf(path, EG_COUNT(path), L"%ls%ls", TASKS, guid);
    _snwprintf(shown, EG_COUNT(shown), L"\\EgTest\\%ls", name);
    set_text(path, L"Path", shown);
    set_text(path, L"Author", L"PC\\somebody");
    set_value(path, L"Actions", REG_BINARY, blob.data, blob.len);
    _snwprintf(path, EG_COUNT(path), L"%lsEgTest\\%ls", TREE, name);
    set_value(path, L"SD", REG_BINARY, "sd", 2);
    set_value(path, L"Index", REG_DWORD, &index, sizeof(index));
    set_text(path, L"Id", guid);
    eg_buf_done(&blob);
}

static void file_path(const char *name, eg_buf *out)
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

static void write_file(const char *name)
{
    eg_buf path;
    file_path(name, &path);
    eg_file_delete(eg_buf_cstr(&path));
    assert_int_equal(eg_file_append(eg_buf_cstr(&path), definition, sizeof(definition) - 1), EG_OK);
    eg_buf_done(&path);
}

static void delete_file(const char *name)
{
    eg_buf path;
    file_path(name, &path);
    eg_file_delete(eg_buf_cstr(&path));
    eg_buf_done(&path);
}

static int make_whole(void **state)
{
    EG_UNUSED(state);
    delete_tree(SCHEDULE L"\\TaskCache");
    write_file("Whole");
    make_cached(L"Whole", WHOLE, "whole.exe");
    return 0;
}

static int remove_whole(void **state)
{
    EG_UNUSED(state);
    delete_tree(SCHEDULE L"\\TaskCache");
    delete_file("Whole");
    return 0;
}

/* The sensor, after its first look at folder and registry. */
static eg_sensor_fixture *start(void)
{
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("task");
    eg_sensor_fixture_snapshot(fixture);
    return fixture;
}

/* Waits for a task event with these findings, from number `from` on. */
static const eg_event *wait_for(eg_sensor_fixture *fixture, size_t from, eg_kind kind,
                                const char *name, const char *findings)
{
    size_t at = 0;
    const eg_event *event =
        eg_sensor_fixture_wait(fixture, from, kind, EG_FIELD_TASK_CACHE, findings, &at);
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_TASK_NAME, name);
    assert_event_field(event, EG_FIELD_TASK_CACHE, findings);
    return event;
}

static void task_cache__of_a_whole_task__tells_nothing(void **state)
{
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = start();
    const eg_event *event = eg_sensor_fixture_find(fixture, 0, EG_KIND_TASK_REGISTERED,
                                                   EG_FIELD_TASK_NAME, "\\EgTest\\Whole", NULL);
    assert_non_null(event);
    assert_null(event->field[EG_FIELD_TASK_CACHE].ptr);
    assert_event_field(event, EG_FIELD_COMMAND, "whole.exe");
    eg_sensor_fixture_stop(fixture);
}

/* Tarrask: the task goes on running, and no list shows it. */
static void task_cache__descriptor_removed__tells_of_a_hidden_task(void **state)
{
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = start();
    size_t from = eg_sensor_fixture_count(fixture);
    delete_value(TREE L"EgTest\\Whole", L"SD");
    const eg_event *event =
        wait_for(fixture, from, EG_KIND_TASK_UPDATED, "\\EgTest\\Whole", "no SD");
    assert_event_field(event, EG_FIELD_COMMAND, "whole.exe");
    assert_event_field(event, EG_FIELD_HIDDEN, "false");
    assert_int_equal(event->flags & EG_EVENT_EXISTING, 0);
    delete_value(TREE L"EgTest\\Whole", L"Index");
    wait_for(fixture, from, EG_KIND_TASK_UPDATED, "\\EgTest\\Whole", "no SD; no Index");
    eg_sensor_fixture_stop(fixture);
}

static void task_cache__hidden_before_the_start__is_told_by_the_snapshot(void **state)
{
    EG_UNUSED(state);
    delete_value(TREE L"EgTest\\Whole", L"SD");
    eg_sensor_fixture *fixture = start();
    const eg_event *event =
        wait_for(fixture, 0, EG_KIND_TASK_REGISTERED, "\\EgTest\\Whole", "no SD");
    assert_true(event->flags & EG_EVENT_EXISTING);
    assert_event_field(event, EG_FIELD_COMMAND, "whole.exe");
    size_t at = 0;
    assert_ptr_equal(eg_sensor_fixture_find(fixture, 0, EG_KIND_TASK_REGISTERED, EG_FIELD_TASK_NAME,
                                            "\\EgTest\\Whole", &at),
                     event);
    assert_null(eg_sensor_fixture_find(fixture, at + 1, EG_KIND_TASK_REGISTERED, EG_FIELD_TASK_NAME,
                                       "\\EgTest\\Whole", NULL));
    eg_sensor_fixture_stop(fixture);
}

/* A task that was written into the registry alone still tells what it starts, and by whom. */
static void task_cache__task_in_the_registry_only__is_told_with_its_command(void **state)
{
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = start();
    size_t from = eg_sensor_fixture_count(fixture);
    make_cached(L"Ghost", GHOST, "C:\\Users\\Public\\ghost.exe");
    const eg_event *event =
        wait_for(fixture, from, EG_KIND_TASK_REGISTERED, "\\EgTest\\Ghost", "no file");
    assert_event_field(event, EG_FIELD_COMMAND, "C:\\Users\\Public\\ghost.exe");
    assert_event_field(event, EG_FIELD_ARGUMENTS, "/ghost");
    assert_event_field(event, EG_FIELD_AUTHOR, "PC\\somebody");
    assert_null(event->field[EG_FIELD_TASK_CONTENT].ptr);
    assert_null(event->field[EG_FIELD_HIDDEN].ptr);
    eg_sensor_fixture_stop(fixture);
}

static void task_cache__name_removed__is_told_with_its_command(void **state)
{
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = start();
    size_t from = eg_sensor_fixture_count(fixture);
    delete_tree(TREE L"EgTest\\Whole");
    wait_for(fixture, from, EG_KIND_TASK_UPDATED, "\\EgTest\\Whole", "not in Tree");
    eg_sensor_fixture_stop(fixture);
}

static void task_cache__file_removed__is_removed_and_then_without_a_file(void **state)
{
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = start();
    size_t from = eg_sensor_fixture_count(fixture);
    delete_file("Whole");
    assert_non_null(eg_sensor_fixture_wait(fixture, from, EG_KIND_TASK_REMOVED, EG_FIELD_TASK_NAME,
                                           "\\EgTest\\Whole", NULL));
    const eg_event *event =
        wait_for(fixture, from, EG_KIND_TASK_REGISTERED, "\\EgTest\\Whole", "no file");
    assert_event_field(event, EG_FIELD_COMMAND, "whole.exe");
    eg_sensor_fixture_stop(fixture);
}

/* The scheduler writes file and registry one after the other: nobody is alarmed by that. */
static void task_cache__made_piece_by_piece__is_not_odd(void **state)
{
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = start();
    size_t from = eg_sensor_fixture_count(fixture);
    write_file("Slow");
    eg_thread_sleep_ms(200);
    make_cached(L"Slow", GHOST, "whole.exe");
    assert_non_null(eg_sensor_fixture_wait(fixture, from, EG_KIND_TASK_REGISTERED,
                                           EG_FIELD_TASK_NAME, "\\EgTest\\Slow", NULL));
    delete_value(TREE L"EgTest\\Whole", L"SD"); /* told after two looks: both saw the other */
    wait_for(fixture, from, EG_KIND_TASK_UPDATED, "\\EgTest\\Whole", "no SD");
    assert_int_equal(eg_sensor_fixture_count(fixture), from + 2);
    delete_file("Slow");
    eg_sensor_fixture_stop(fixture);
}

static void task_cache__read_with_odd_names__has_every_value(void **state)
{
    eg_task_cache cache = {NULL, NULL};
    EG_UNUSED(state);
    set_text(TREE L"EgTest\\Id\\Id", L"Id", L"{X}");
    set_text(TREE L"A\\B\\C\\D\\E\\F", L"Id", L"{Y}");
    assert_int_equal(eg_task_cache_read(&cache), EG_OK);
    assert_non_null(eg_value_list_find(cache.tree, EG_STR("\\EgTest\\Id\\Id"), EG_STR("\\Id")));
    assert_non_null(eg_value_list_find(cache.tree, EG_STR("\\A\\B\\C\\D\\E\\F"), EG_STR("\\Id")));
    assert_int_equal(eg_value_list_count(cache.tasks), 3);
    eg_task_cache_done(&cache);
    delete_tree(SCHEDULE L"\\TaskCache");
    assert_int_equal(eg_task_cache_read(&cache), EG_E_NOTFOUND);
}

int eg_test_task_cache(void)
{
#define TASK_TEST(name) cmocka_unit_test_setup_teardown(name, make_whole, remove_whole)
    const struct CMUnitTest tests[] = {
        TASK_TEST(task_cache__of_a_whole_task__tells_nothing),
        TASK_TEST(task_cache__descriptor_removed__tells_of_a_hidden_task),
        TASK_TEST(task_cache__hidden_before_the_start__is_told_by_the_snapshot),
        TASK_TEST(task_cache__task_in_the_registry_only__is_told_with_its_command),
        TASK_TEST(task_cache__name_removed__is_told_with_its_command),
        TASK_TEST(task_cache__file_removed__is_removed_and_then_without_a_file),
        TASK_TEST(task_cache__made_piece_by_piece__is_not_odd),
        TASK_TEST(task_cache__read_with_odd_names__has_every_value),
    };
    return cmocka_run_group_tests_name("task_cache", tests, NULL, NULL);
}
