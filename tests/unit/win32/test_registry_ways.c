/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry sensor against other ways to write a value than the API: reg.exe, in every place of
 * the table under Wine, where nothing can break; a key that takes another's place; writing faster
 * than anybody reads.
 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/registry_place.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

enum { PLACES_MAX = 200, KEPT_SIZE = 1024, REG_DEADLINE_MS = 120 * 1000 };

#define CURRENT L"Software\\Microsoft\\Windows\\CurrentVersion"
static const WCHAR services_path[] = CURRENT L"\\RunServices";
static const WCHAR aside_path[] = CURRENT L"\\EgTestAside";

/* One value of one place, and what was there before the test. */
typedef struct written {
    HKEY root;
    WCHAR path[512];
    WCHAR name[64];
    char target[1024]; /* "HKLM\...\value" */
    bool key_existed, existed;
    DWORD type, size;
    BYTE kept[KEPT_SIZE];
} written;

typedef struct ways_test {
    eg_sensor_fixture *fixture;
    bool machine; /* places of the machine may be written */
    size_t count;
    written values[PLACES_MAX];
} ways_test;

static bool under_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

static void run_reg(const WCHAR *arguments)
{
    WCHAR program[MAX_PATH + 20];
    WCHAR command[1024];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    DWORD code = 1;
    assert_true(GetSystemDirectoryW(program, MAX_PATH) > 0);
    _snwprintf(program + wcslen(program), 20, L"\\reg.exe");
    _snwprintf(command, EG_COUNT(command), L"reg.exe %ls", arguments);
    assert_true(CreateProcessW(program, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL,
                               &startup, &process));
    assert_int_equal(WaitForSingleObject(process.hProcess, REG_DEADLINE_MS), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(process.hProcess, &code));
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    assert_int_equal(code, 0);
}

static void set_text(const WCHAR *path, const WCHAR *name, const WCHAR *text)
{
    assert_int_equal(RegSetKeyValueW(HKEY_CURRENT_USER, path, name, REG_SZ, text,
                                     (DWORD)((wcslen(text) + 1) * sizeof(WCHAR))),
                     ERROR_SUCCESS);
}

/* ---- every place by reg.exe ---- */

static int note_place(void *user, const eg_registry_place *place)
{
    ways_test *test = user;
    HKEY key = NULL;
    if (place->root == HKEY_LOCAL_MACHINE && !test->machine) {
        return EG_OK;
    }
    assert_true(test->count < PLACES_MAX);
    written *at = &test->values[test->count++];
    *at = (written){.root = place->root, .name = L"EgTestReg", .size = KEPT_SIZE};
    if (place->values) {
        size_t units = wcscspn(place->values, L";");
        assert_true(units < EG_COUNT(at->name));
        memcpy(at->name, place->values, units * sizeof(WCHAR));
        at->name[units] = L'\0';
    }
    const WCHAR *below = place->depth > 0 ? L"\\EgTest" : L"";
    _snwprintf(at->path, EG_COUNT(at->path), L"%ls%ls", place->path, below);
    _snprintf(at->target, sizeof(at->target), "%s%ls\\%ls", place->shown, below, at->name);
    at->key_existed = RegOpenKeyExW(at->root, at->path, 0, KEY_READ, &key) == ERROR_SUCCESS;
    if (at->key_existed) {
        at->existed =
            RegQueryValueExW(key, at->name, NULL, &at->type, at->kept, &at->size) == ERROR_SUCCESS;
        RegCloseKey(key);
    }
    return EG_OK;
}

static void write_line(HANDLE file, const WCHAR *text)
{
    DWORD done = 0;
    assert_true(WriteFile(file, text, (DWORD)(wcslen(text) * sizeof(WCHAR)), &done, NULL));
}

/* One .reg file for all places; `data` as it stands behind the equals sign. */
static void import_all(const ways_test *test, const WCHAR *data)
{
    WCHAR path[MAX_PATH + 20];
    WCHAR line[1024];
    assert_true(GetTempPathW(MAX_PATH, path) > 0);
    _snwprintf(path + wcslen(path), 20, L"egtest.reg");
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    write_line(file, L"\xFEFFWindows Registry Editor Version 5.00\r\n");
    for (size_t i = 0; i < test->count; i++) {
        const written *at = &test->values[i];
        _snwprintf(line, EG_COUNT(line), L"\r\n[%ls\\%ls]\r\n\"%ls\"=%ls\r\n",
                   at->root == HKEY_USERS ? L"HKEY_USERS" : L"HKEY_LOCAL_MACHINE", at->path,
                   at->name, data);
        write_line(file, line);
    }
    CloseHandle(file);
    _snwprintf(line, EG_COUNT(line), L"import \"%ls\"", path);
    run_reg(line);
    DeleteFileW(path);
}

/* The event of this kind about the value, and no second one. */
static const eg_event *the_event(eg_sensor_fixture *fixture, size_t from, eg_kind kind,
                                 const char *target)
{
    size_t at = 0;
    const eg_event *event =
        eg_sensor_fixture_wait(fixture, from, kind, EG_FIELD_TARGET_OBJECT, target, &at);
    if (!event) {
        fail_msg("nothing was told of %s", target);
    }
    if (eg_sensor_fixture_find(fixture, at + 1, kind, EG_FIELD_TARGET_OBJECT, target, NULL)) {
        fail_msg("told twice: %s", target);
    }
    return event;
}

static void put_back(const written *at)
{
    if (at->existed) {
        RegSetKeyValueW(at->root, at->path, at->name, at->type, at->kept, at->size);
    } else if (!at->key_existed) {
        RegDeleteKeyW(at->root, at->path);
    }
}

static void every_place__written_by_reg_exe__is_told_once_each(void **state)
{
    ways_test *test = eg_alloc_zero(1, sizeof(*test));
    EG_UNUSED(state);
    assert_non_null(test);
    test->machine = under_wine();
    assert_int_equal(eg_registry_places(note_place, test), EG_OK);
    assert_true(test->count >= (test->machine ? 60 : 20));
    test->fixture = eg_sensor_fixture_start("registry");
    import_all(test, L"\"one\"");
    for (size_t i = 0; i < test->count; i++) {
        const written *at = &test->values[i];
        const eg_event *event = the_event(test->fixture, 0, EG_KIND_REGISTRY_SET, at->target);
        assert_event_field(event, EG_FIELD_DETAILS, "one");
        assert_true(at->existed == (event->field[EG_FIELD_PREVIOUS_DETAILS].ptr != NULL));
    }
    size_t from = eg_sensor_fixture_count(test->fixture);
    import_all(test, L"\"two\"");
    for (size_t i = 0; i < test->count; i++) {
        const eg_event *event =
            the_event(test->fixture, from, EG_KIND_REGISTRY_SET, test->values[i].target);
        assert_event_field(event, EG_FIELD_DETAILS, "two");
        assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "one");
    }
    from = eg_sensor_fixture_count(test->fixture);
    import_all(test, L"-");
    for (size_t i = 0; i < test->count; i++) {
        const eg_event *event =
            the_event(test->fixture, from, EG_KIND_REGISTRY_DELETE, test->values[i].target);
        assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "two");
        put_back(&test->values[i]);
    }
    print_message("%u places by reg.exe\n", (unsigned)test->count);
    eg_sensor_fixture_stop(test->fixture);
    eg_free(test);
}

static void run_value__added_by_reg_exe__is_told_with_what_it_was(void **state)
{
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    run_reg(L"add HKCU\\" CURRENT L"\\Run /v EgTestAdd /d one /f");
    const eg_event *event = the_event(fixture, 0, EG_KIND_REGISTRY_SET, "\\Run\\EgTestAdd");
    assert_event_field(event, EG_FIELD_DETAILS, "one");
    size_t from = eg_sensor_fixture_count(fixture);
    run_reg(L"add HKCU\\" CURRENT L"\\Run /v EgTestAdd /d two /f");
    event = the_event(fixture, from, EG_KIND_REGISTRY_SET, "\\Run\\EgTestAdd");
    assert_event_field(event, EG_FIELD_DETAILS, "two");
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "one");
    run_reg(L"delete HKCU\\" CURRENT L"\\Run /v EgTestAdd /f");
    event = the_event(fixture, from, EG_KIND_REGISTRY_DELETE, "\\Run\\EgTestAdd");
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "two");
    eg_sensor_fixture_stop(fixture);
}

/* ---- one key in another's place ---- */

static void delete_test_keys(void)
{
    RegDeleteTreeW(HKEY_CURRENT_USER, services_path);
    RegDeleteTreeW(HKEY_CURRENT_USER, aside_path);
}

/* Read in between, it is gone first and then new; read after it, it has changed. */
static void watched_key__another_renamed_into_its_place__is_told_once(void **state)
{
    size_t at = 0;
    EG_UNUSED(state);
    delete_test_keys();
    set_text(services_path, L"EgTestKey", L"one");
    set_text(aside_path, L"EgTestKey", L"two");
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    assert_int_equal(RegDeleteTreeW(HKEY_CURRENT_USER, services_path), ERROR_SUCCESS);
    assert_int_equal(RegRenameKey(HKEY_CURRENT_USER, aside_path, L"RunServices"), ERROR_SUCCESS);
    const eg_event *set = eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET,
                                                 EG_FIELD_TARGET_OBJECT, "\\EgTestKey", &at);
    assert_non_null(set);
    assert_event_field(set, EG_FIELD_DETAILS, "two");
    const eg_event *gone = eg_sensor_fixture_find(fixture, 0, EG_KIND_REGISTRY_DELETE,
                                                  EG_FIELD_TARGET_OBJECT, "\\EgTestKey", NULL);
    assert_event_field(gone ? gone : set, EG_FIELD_PREVIOUS_DETAILS, "one");
    /* from now on it is the key that is watched */
    set_text(services_path, L"EgTestKey", L"three");
    set = the_event(fixture, at + 1, EG_KIND_REGISTRY_SET, "\\RunServices\\EgTestKey");
    assert_event_field(set, EG_FIELD_PREVIOUS_DETAILS, "two");
    eg_sensor_fixture_stop(fixture);
    delete_test_keys();
}

/* Whoever has the key open goes on watching it, under a name that nobody reads at logon. */
static void watched_key__renamed_away_and_made_again__is_followed(void **state)
{
    EG_UNUSED(state);
    delete_test_keys();
    set_text(services_path, L"EgTestOld", L"one");
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    assert_int_equal(RegRenameKey(HKEY_CURRENT_USER, services_path, L"EgTestAside"), ERROR_SUCCESS);
    set_text(services_path, L"EgTestNew", L"two");
    const eg_event *event = the_event(fixture, 0, EG_KIND_REGISTRY_SET, "\\RunServices\\EgTestNew");
    assert_event_field(event, EG_FIELD_DETAILS, "two");
    event = the_event(fixture, 0, EG_KIND_REGISTRY_DELETE, "\\RunServices\\EgTestOld");
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "one");
    eg_sensor_fixture_stop(fixture);
    delete_test_keys();
}

/* ---- faster than it is read ---- */

static bool is_text(eg_str value, const char *text)
{
    return value.ptr && eg_str_equal(value, eg_str_from(text));
}

/* What was told of EgTestFast joins up: each event's old data are the new data of the last. */
static void assert_chain(eg_sensor_fixture *fixture, const char *last)
{
    char data[64] = "";
    size_t at = 0;
    const eg_event *event = eg_sensor_fixture_find(fixture, 0, EG_KIND_REGISTRY_SET,
                                                   EG_FIELD_TARGET_OBJECT, "\\EgTestFast", &at);
    while (event) {
        eg_str now = event->field[EG_FIELD_DETAILS];
        eg_str before = event->field[EG_FIELD_PREVIOUS_DETAILS];
        assert_true(data[0] ? is_text(before, data) : !before.ptr);
        assert_true(now.len > 0 && now.len < sizeof(data));
        memcpy(data, now.ptr, now.len);
        data[now.len] = '\0';
        event = eg_sensor_fixture_find(fixture, at + 1, EG_KIND_REGISTRY_SET,
                                       EG_FIELD_TARGET_OBJECT, "\\EgTestFast", &at);
    }
    assert_string_equal(data, last);
}

static void run_value__thousand_changes__join_up_to_the_last(void **state)
{
    WCHAR text[32];
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    uint64_t begin = eg_clock_monotonic_ns();
    for (int i = 1; i <= 1000; i++) {
        _snwprintf(text, EG_COUNT(text), L"change %d", i);
        set_text(CURRENT L"\\Run", L"EgTestFast", text);
    }
    print_message("1,000 changes in %.2f s\n", (double)(eg_clock_monotonic_ns() - begin) / 1e9);
    assert_non_null(eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_DETAILS,
                                           "change 1000", NULL));
    assert_chain(fixture, "change 1000");
    RegDeleteKeyValueW(HKEY_CURRENT_USER, CURRENT L"\\Run", L"EgTestFast");
    eg_sensor_fixture_stop(fixture);
}

static void run_value__put_back_before_it_is_read__ends_as_it_was(void **state)
{
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    set_text(CURRENT L"\\Run", L"EgTestFast", L"one");
    the_event(fixture, 0, EG_KIND_REGISTRY_SET, "\\Run\\EgTestFast");
    for (int i = 0; i < 200; i++) {
        set_text(CURRENT L"\\Run", L"EgTestFast", L"two");
        set_text(CURRENT L"\\Run", L"EgTestFast", L"one");
    }
    /* whatever was read before this one is told before it */
    set_text(CURRENT L"\\Run", L"EgTestMark", L"mark");
    assert_non_null(eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT,
                                           "\\Run\\EgTestMark", NULL));
    assert_chain(fixture, "one");
    RegDeleteKeyValueW(HKEY_CURRENT_USER, CURRENT L"\\Run", L"EgTestFast");
    RegDeleteKeyValueW(HKEY_CURRENT_USER, CURRENT L"\\Run", L"EgTestMark");
    eg_sensor_fixture_stop(fixture);
}

static int read_subkeys_of(HKEY key)
{
    eg_value_list *values = NULL;
    assert_int_equal(eg_value_list_create(&values), EG_OK);
    int status = eg_registry_read(key, NULL, 1, values);
    eg_value_list_destroy(values);
    return status;
}

static void registry_read__more_keys_than_allowed__is_told_not_cut(void **state)
{
    HKEY key = NULL;
    EG_UNUSED(state);
    RegDeleteTreeW(HKEY_CURRENT_USER, aside_path);
    assert_int_equal(RegCreateKeyExW(HKEY_CURRENT_USER, aside_path, 0, NULL, 0, KEY_ALL_ACCESS,
                                     NULL, &key, NULL),
                     ERROR_SUCCESS);
    for (int i = 0; i <= 1000; i++) {
        WCHAR name[16];
        HKEY subkey = NULL;
        if (i == 1000) {
            assert_int_equal(read_subkeys_of(key), EG_OK);
        }
        _snwprintf(name, EG_COUNT(name), L"%d", i);
        assert_int_equal(RegCreateKeyW(key, name, &subkey), ERROR_SUCCESS);
        RegCloseKey(subkey);
    }
    assert_int_equal(read_subkeys_of(key), EG_E_LIMIT);
    assert_non_null(strstr(eg_error_message(), "more than 1000 keys"));
    RegCloseKey(key);
    RegDeleteTreeW(HKEY_CURRENT_USER, aside_path);
}

int eg_test_registry_ways(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place__written_by_reg_exe__is_told_once_each),
        cmocka_unit_test(run_value__added_by_reg_exe__is_told_with_what_it_was),
        cmocka_unit_test(watched_key__another_renamed_into_its_place__is_told_once),
        cmocka_unit_test(watched_key__renamed_away_and_made_again__is_followed),
        cmocka_unit_test(run_value__thousand_changes__join_up_to_the_last),
        cmocka_unit_test(run_value__put_back_before_it_is_read__ends_as_it_was),
        cmocka_unit_test(registry_read__more_keys_than_allowed__is_told_not_cut),
    };
    return cmocka_run_group_tests_name("registry_ways", tests, NULL, NULL);
}
