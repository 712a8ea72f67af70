/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry sensor against the real registry, in the Run keys of whoever runs the test. Under
 * Wine, where nothing can break, in every place of the table.
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

#include <winternl.h>

static const WCHAR run_path[] = L"Software\\Microsoft\\Windows\\CurrentVersion\\Run";
static const WCHAR once_ex_path[] =
    L"Software\\Microsoft\\Windows\\CurrentVersion\\RunOnceEx\\EgTest";
static const WCHAR policy_path[] =
    L"Software\\Microsoft\\Windows\\CurrentVersion\\Policies\\Explorer\\Run";

static void set_text(const WCHAR *path, const WCHAR *name, const WCHAR *text)
{
    LSTATUS error = RegSetKeyValueW(HKEY_CURRENT_USER, path, name, REG_SZ, text,
                                    (DWORD)((wcslen(text) + 1) * sizeof(WCHAR)));
    assert_int_equal(error, ERROR_SUCCESS);
}

static void delete_value(const WCHAR *path, const WCHAR *name)
{
    assert_int_equal(RegDeleteKeyValueW(HKEY_CURRENT_USER, path, name), ERROR_SUCCESS);
}

static void run_value__set_changed_deleted__is_reported_each_time(void **state)
{
    size_t at = 0;
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    set_text(run_path, L"EgTest", L"C:\\one.exe");
    const eg_event *event = eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET,
                                                   EG_FIELD_TARGET_OBJECT, "\\Run\\EgTest", &at);
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_DETAILS, "C:\\one.exe");
    assert_event_field(event, EG_FIELD_EVENT_TYPE, "SetValue");
    assert_memory_equal(event->field[EG_FIELD_TARGET_OBJECT].ptr, "HKU\\S-1-", 8);

    set_text(run_path, L"EgTest", L"C:\\two.exe");
    event = eg_sensor_fixture_wait(fixture, at + 1, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT,
                                   "\\Run\\EgTest", &at);
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_DETAILS, "C:\\two.exe");
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "C:\\one.exe");

    delete_value(run_path, L"EgTest");
    event = eg_sensor_fixture_wait(fixture, at + 1, EG_KIND_REGISTRY_DELETE, EG_FIELD_TARGET_OBJECT,
                                   "\\Run\\EgTest", &at);
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_EVENT_TYPE, "DeleteValue");
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "C:\\two.exe");
    eg_sensor_fixture_stop(fixture);
}

static void watched_key__made_deleted_and_made_again__is_followed(void **state)
{
    size_t at = 0;
    EG_UNUSED(state);
    RegDeleteTreeW(HKEY_CURRENT_USER, policy_path);
    RegDeleteKeyW(HKEY_CURRENT_USER, policy_path);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    for (int round = 0; round < 3; round++) {
        set_text(policy_path, L"EgTest", L"x.exe");
        const eg_event *set =
            eg_sensor_fixture_wait(fixture, at, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT,
                                   "\\Policies\\Explorer\\Run\\EgTest", &at);
        assert_non_null(set);
        assert_int_equal(RegDeleteKeyW(HKEY_CURRENT_USER, policy_path), ERROR_SUCCESS);
        const eg_event *gone =
            eg_sensor_fixture_wait(fixture, at, EG_KIND_REGISTRY_DELETE, EG_FIELD_TARGET_OBJECT,
                                   "\\Policies\\Explorer\\Run\\EgTest", &at);
        assert_non_null(gone);
    }
    eg_sensor_fixture_stop(fixture);
}

static void run_once_ex__value_in_a_subkey__is_reported_with_its_path(void **state)
{
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    set_text(once_ex_path, L"1", L"x.dll|Run");
    const eg_event *event = eg_sensor_fixture_wait(
        fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT, "\\RunOnceEx\\EgTest\\1", NULL);
    RegDeleteKeyW(HKEY_CURRENT_USER, once_ex_path);
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_DETAILS, "x.dll|Run");
    eg_sensor_fixture_stop(fixture);
}

static void run_values__hostile_data__are_shown_and_survived(void **state)
{
    static const WCHAR no_end[] = {L'a', L'b'};
    static const WCHAR odd_name[] = L"EgTest\x202e\xd800";
    size_t size = 1024 * 1024 + 4;
    uint8_t *large = eg_alloc_zero(1, size);
    HKEY key = NULL;
    EG_UNUSED(state);
    assert_non_null(large);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    assert_int_equal(
        RegCreateKeyExW(HKEY_CURRENT_USER, run_path, 0, NULL, 0, KEY_WRITE, NULL, &key, NULL),
        ERROR_SUCCESS);
    RegSetValueExW(key, L"EgTestNoEnd", 0, REG_SZ, (const BYTE *)no_end, sizeof(no_end));
    RegSetValueExW(key, L"EgTestOdd", 0, REG_DWORD, (const BYTE *)no_end, 3);
    RegSetValueExW(key, L"EgTestLarge", 0, REG_SZ, large, (DWORD)size);
    RegSetValueExW(key, odd_name, 0, REG_SZ, (const BYTE *)no_end, 2);
    static const struct {
        const char *name;
        const char *details;
    } cases[] = {
        {"\\EgTestNoEnd", "ab"},
        {"\\EgTestOdd", "Binary Data"},
        {"\\EgTestLarge", "Binary Data (1048580 bytes)"},
        {"\\EgTest\xE2\x80\xAE\xED\xA0\x80", "a"},
    };
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        const eg_event *event = eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET,
                                                       EG_FIELD_TARGET_OBJECT, cases[i].name, NULL);
        assert_non_null(event);
        assert_event_field(event, EG_FIELD_DETAILS, cases[i].details);
    }
    RegDeleteValueW(key, L"EgTestNoEnd");
    RegDeleteValueW(key, L"EgTestOdd");
    RegDeleteValueW(key, L"EgTestLarge");
    RegDeleteValueW(key, odd_name);
    RegCloseKey(key);
    eg_free(large);
    eg_sensor_fixture_stop(fixture);
}

static void registry_snapshot__value_there_before__is_existing(void **state)
{
    EG_UNUSED(state);
    set_text(run_path, L"EgTestOld", L"old.exe");
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    assert_null(eg_sensor_fixture_find(fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT,
                                       "\\EgTestOld", NULL));
    eg_sensor_fixture_snapshot(fixture);
    const eg_event *event = eg_sensor_fixture_find(fixture, 0, EG_KIND_REGISTRY_SET,
                                                   EG_FIELD_TARGET_OBJECT, "\\EgTestOld", NULL);
    delete_value(run_path, L"EgTestOld");
    assert_non_null(event);
    assert_true(event->flags & EG_EVENT_EXISTING);
    assert_event_field(event, EG_FIELD_DETAILS, "old.exe");
    eg_sensor_fixture_stop(fixture);
}

extern const eg_sensor eg_hook_registry;

static void run_sensor(void *context)
{
    (void)eg_hook_registry.run(context);
}

static void run_value__set_between_snapshot_and_first_reading__is_told(void **state)
{
    void *context = NULL;
    eg_thread *thread = NULL;
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_collect();
    assert_int_equal(eg_hook_registry.open(&context, eg_sensor_fixture_sink(fixture)), EG_OK);
    assert_int_equal(eg_hook_registry.snapshot(context), EG_OK);
    set_text(run_path, L"EgTestBetween", L"between.exe");
    assert_int_equal(eg_thread_start(&thread, "sensor", run_sensor, context), EG_OK);
    const eg_event *event = eg_sensor_fixture_wait(
        fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT, "\\Run\\EgTestBetween", NULL);
    delete_value(run_path, L"EgTestBetween");
    eg_hook_registry.stop(context);
    eg_thread_join(thread);
    eg_hook_registry.close(context);
    assert_non_null(event);
    assert_true(event->flags & EG_EVENT_EXISTING);
    eg_sensor_fixture_stop(fixture);
}

/* Poweliks' trick: a name that begins with a NUL, which only the native calls can write. */
static void run_value__name_with_nul__is_not_hidden(void **state)
{
    typedef LONG(NTAPI * nt_set)(HANDLE, UNICODE_STRING *, ULONG, ULONG, const void *, ULONG);
    typedef LONG(NTAPI * nt_delete)(HANDLE, UNICODE_STRING *);
    static WCHAR name[] = L"\0EgTestHidden";
    UNICODE_STRING counted = {sizeof(name) - sizeof(WCHAR), sizeof(name), name};
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    nt_set set = (nt_set)(void (*)(void))GetProcAddress(ntdll, "NtSetValueKey");
    nt_delete drop = (nt_delete)(void (*)(void))GetProcAddress(ntdll, "NtDeleteValueKey");
    HKEY key = NULL;
    EG_UNUSED(state);
    assert_true(set && drop);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    assert_int_equal(
        RegCreateKeyExW(HKEY_CURRENT_USER, run_path, 0, NULL, 0, KEY_WRITE, NULL, &key, NULL),
        ERROR_SUCCESS);
    assert_int_equal(set(key, &counted, 0, REG_SZ, L"x.exe", 12), 0);
    const eg_event *event = eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET,
                                                   EG_FIELD_TARGET_OBJECT, "EgTestHidden", NULL);
    drop(key, &counted);
    RegCloseKey(key);
    assert_non_null(event);
    eg_str target = event->field[EG_FIELD_TARGET_OBJECT];
    assert_memory_equal(target.ptr + target.len - 14, "\\\0EgTestHidden", 14);
    assert_event_field(event, EG_FIELD_DETAILS, "x.exe");
    eg_sensor_fixture_stop(fixture);
}

static bool enable_privilege(const WCHAR *name)
{
    TOKEN_PRIVILEGES wanted = {1, {{{0, 0}, SE_PRIVILEGE_ENABLED}}};
    HANDLE token = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)) {
        return false;
    }
    bool enabled = LookupPrivilegeValueW(NULL, name, &wanted.Privileges[0].Luid) &&
                   AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) &&
                   GetLastError() == ERROR_SUCCESS;
    CloseHandle(token);
    return enabled;
}

/* Saves a hive with one Run value into `file`. */
static bool make_hive(const WCHAR *file)
{
    static const WCHAR source[] = L"Software\\EgTestHive";
    HKEY key = NULL;
    bool made = false;
    DeleteFileW(file);
    set_text(L"Software\\EgTestHive\\Software\\Microsoft\\Windows\\CurrentVersion\\Run",
             L"EgTestLate", L"late.exe");
    if (RegOpenKeyExW(HKEY_CURRENT_USER, source, 0, KEY_READ, &key) == ERROR_SUCCESS) {
        made = RegSaveKeyW(key, file, NULL) == ERROR_SUCCESS;
        RegCloseKey(key);
    }
    RegDeleteTreeW(HKEY_CURRENT_USER, source);
    return made;
}

static void user_hive__loaded_later__is_told_and_watched(void **state)
{
    static const WCHAR sid[] = L"S-1-5-21-1-2-3-7777";
    WCHAR file[512];
    HKEY run = NULL;
    EG_UNUSED(state);
    assert_true(GetTempPathW(EG_COUNT(file) - 20, file) > 0);
    _snwprintf(file + wcslen(file), 20, L"egtest.hiv");
    if (!enable_privilege(L"SeBackupPrivilege") || !enable_privilege(L"SeRestorePrivilege") ||
        !make_hive(file)) {
        skip();
    }
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    assert_int_equal(RegLoadKeyW(HKEY_USERS, sid, file), ERROR_SUCCESS);
    const eg_event *late = eg_sensor_fixture_wait(
        fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT,
        "HKU\\S-1-5-21-1-2-3-7777\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\EgTestLate",
        NULL);
    assert_non_null(late);
    assert_true(late->flags & EG_EVENT_EXISTING);
    assert_int_equal(
        RegOpenKeyExW(HKEY_USERS,
                      L"S-1-5-21-1-2-3-7777\\Software\\Microsoft\\Windows\\CurrentVersion\\Run", 0,
                      KEY_WRITE, &run),
        ERROR_SUCCESS);
    RegSetValueExW(run, L"EgTestNew", 0, REG_SZ, (const BYTE *)L"new.exe", 16);
    const eg_event *new_value = eg_sensor_fixture_wait(
        fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT, "\\Run\\EgTestNew", NULL);
    RegCloseKey(run);
    assert_non_null(new_value);
    assert_int_equal(new_value->flags & EG_EVENT_EXISTING, 0);
    /* the sensor goes on: it must not be what keeps the hive loaded */
    LSTATUS error = RegUnLoadKeyW(HKEY_USERS, sid);
    print_message("unloading while the hive is watched: %ld\n", (long)error);
    eg_sensor_fixture_signed_off(fixture);
    for (int i = 0; i < 30 && error != ERROR_SUCCESS; i++) {
        eg_thread_sleep_ms(100);
        error = RegUnLoadKeyW(HKEY_USERS, sid);
    }
    assert_int_equal(error, ERROR_SUCCESS);
    eg_sensor_fixture_stop(fixture);
    DeleteFileW(file);
}

/* One place of the table at a time. */
typedef struct place_test {
    eg_sensor_fixture *fixture;
    bool machine; /* places of the machine may be written */
    size_t done;
    char target[1024]; /* "HKLM\...\value" */
} place_test;

static bool under_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/* The event of this kind about the value at hand, and no second one. */
static const eg_event *the_event(place_test *test, size_t from, eg_kind kind)
{
    size_t at = 0;
    const eg_event *event = eg_sensor_fixture_wait(test->fixture, from, kind,
                                                   EG_FIELD_TARGET_OBJECT, test->target, &at);
    if (!event) {
        fail_msg("nothing was told of %s", test->target);
    }
    if (eg_sensor_fixture_find(test->fixture, at + 1, kind, EG_FIELD_TARGET_OBJECT, test->target,
                               NULL)) {
        fail_msg("told twice: %s", test->target);
    }
    return event;
}

static void write_text(HKEY key, const WCHAR *name, const WCHAR *text)
{
    assert_int_equal(RegSetValueExW(key, name, 0, REG_SZ, (const BYTE *)text,
                                    (DWORD)((wcslen(text) + 1) * sizeof(WCHAR))),
                     ERROR_SUCCESS);
}

/* Written, changed, deleted, and put back to what it was. */
static void change_value(place_test *test, HKEY key, const WCHAR *name)
{
    BYTE kept[4096];
    DWORD type = 0;
    DWORD size = sizeof(kept);
    bool existed = RegQueryValueExW(key, name, NULL, &type, kept, &size) == ERROR_SUCCESS;
    size_t from = eg_sensor_fixture_count(test->fixture);
    write_text(key, name, L"one");
    const eg_event *event = the_event(test, from, EG_KIND_REGISTRY_SET);
    assert_event_field(event, EG_FIELD_DETAILS, "one");
    assert_true(existed == (event->field[EG_FIELD_PREVIOUS_DETAILS].ptr != NULL));
    from = eg_sensor_fixture_count(test->fixture);
    write_text(key, name, L"two");
    event = the_event(test, from, EG_KIND_REGISTRY_SET);
    assert_event_field(event, EG_FIELD_DETAILS, "two");
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "one");
    assert_int_equal(RegDeleteValueW(key, name), ERROR_SUCCESS);
    event = the_event(test, from, EG_KIND_REGISTRY_DELETE);
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "two");
    if (existed) {
        RegSetValueExW(key, name, 0, type, kept, size);
    }
}

static int change_place(void *user, const eg_registry_place *place)
{
    place_test *test = user;
    WCHAR name[64] = L"EgTestPlace";
    WCHAR path[600];
    char shown[64];
    HKEY key = NULL;
    DWORD made = 0;
    if (place->root == HKEY_LOCAL_MACHINE && !test->machine) {
        return EG_OK;
    }
    if (place->values) {
        size_t units = wcscspn(place->values, L";");
        assert_true(units < EG_COUNT(name));
        memcpy(name, place->values, units * sizeof(WCHAR));
        name[units] = L'\0';
    }
    const WCHAR *below = place->depth > 0 ? L"\\EgTest" : L"";
    _snwprintf(path, EG_COUNT(path), L"%ls%ls", place->path, below);
    _snprintf(shown, sizeof(shown), "%ls\\%ls", below, name);
    _snprintf(test->target, sizeof(test->target), "%s%s", place->shown, shown);
    assert_int_equal(
        RegCreateKeyExW(place->root, path, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, &made),
        ERROR_SUCCESS);
    change_value(test, key, name);
    RegCloseKey(key);
    if (made == REG_CREATED_NEW_KEY) {
        RegDeleteKeyW(place->root, path);
    }
    test->done++;
    return EG_OK;
}

static void every_place__written_changed_deleted__is_told_once_each(void **state)
{
    place_test test = {.machine = under_wine()};
    EG_UNUSED(state);
    test.fixture = eg_sensor_fixture_start("registry");
    assert_int_equal(eg_registry_places(change_place, &test), EG_OK);
    print_message("%u places\n", (unsigned)test.done);
    assert_true(test.done >= (test.machine ? 60 : 20));
    eg_sensor_fixture_stop(test.fixture);
}

/* Of a key with a list of values only those count; a subkey may be as deep as its line says. */
static void place_with_names__other_values__are_not_told(void **state)
{
    static const WCHAR scripts[] =
        L"Software\\Policies\\Microsoft\\Windows\\System\\Scripts\\Logon\\0\\7";
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    set_text(scripts, L"EgTestOther", L"x");
    set_text(scripts, L"Script", L"logon.bat");
    const eg_event *event =
        eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT,
                               "\\Scripts\\Logon\\0\\7\\Script", NULL);
    RegDeleteKeyW(HKEY_CURRENT_USER, scripts);
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_DETAILS, "logon.bat");
    assert_null(eg_sensor_fixture_find(fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT,
                                       "EgTestOther", NULL));
    eg_sensor_fixture_stop(fixture);
}

static void user_value__changed_while_another_signs_off__is_told_after_it(void **state)
{
    size_t at = 0;
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("registry");
    set_text(run_path, L"EgTestAway", L"one");
    assert_non_null(eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT,
                                           "\\Run\\EgTestAway", &at));
    eg_sensor_fixture_signed_off(fixture);
    eg_thread_sleep_ms(200);
    set_text(run_path, L"EgTestAway", L"two");
    const eg_event *event = eg_sensor_fixture_wait(
        fixture, at + 1, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT, "\\Run\\EgTestAway", NULL);
    delete_value(run_path, L"EgTestAway");
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_DETAILS, "two");
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "one");
    eg_sensor_fixture_stop(fixture);
}

int eg_test_hook_registry(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_value__set_changed_deleted__is_reported_each_time),
        cmocka_unit_test(watched_key__made_deleted_and_made_again__is_followed),
        cmocka_unit_test(run_once_ex__value_in_a_subkey__is_reported_with_its_path),
        cmocka_unit_test(run_values__hostile_data__are_shown_and_survived),
        cmocka_unit_test(registry_snapshot__value_there_before__is_existing),
        cmocka_unit_test(run_value__set_between_snapshot_and_first_reading__is_told),
        cmocka_unit_test(run_value__name_with_nul__is_not_hidden),
        cmocka_unit_test(user_hive__loaded_later__is_told_and_watched),
        cmocka_unit_test(user_value__changed_while_another_signs_off__is_told_after_it),
        cmocka_unit_test(every_place__written_changed_deleted__is_told_once_each),
        cmocka_unit_test(place_with_names__other_values__are_not_told),
    };
    return cmocka_run_group_tests_name("hook_registry", tests, NULL, NULL);
}
