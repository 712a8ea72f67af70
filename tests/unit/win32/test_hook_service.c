/* SPDX-License-Identifier: Apache-2.0 */
/* The service sensor against the real service manager and the real registry. */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/service_tree.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>
#include <wchar.h>
#include <windows.h>

static const WCHAR service_name[] = L"EgTestService";
static const WCHAR service_path[] = L"SYSTEM\\CurrentControlSet\\Services\\EgTestService";
static const WCHAR tree_path[] = L"Software\\EgTestServices";

static SC_HANDLE open_manager(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    assert_non_null(manager);
    return manager;
}

static SC_HANDLE create_service(const WCHAR *program)
{
    SC_HANDLE manager = open_manager();
    SC_HANDLE service = CreateServiceW(manager, service_name, NULL, SERVICE_ALL_ACCESS,
                                       SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                                       SERVICE_ERROR_NORMAL, program, NULL, NULL, NULL, NULL, NULL);
    CloseServiceHandle(manager);
    assert_non_null(service);
    return service;
}

static void delete_service(SC_HANDLE service)
{
    assert_true(DeleteService(service));
    CloseServiceHandle(service);
}

static void service__created_changed_deleted__is_reported_each_time(void **state)
{
    size_t at = 0;
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("service");
    SC_HANDLE service = create_service(L"C:\\one.exe");
    const eg_event *event = eg_sensor_fixture_wait(fixture, 0, EG_KIND_SERVICE_INSTALLED,
                                                   EG_FIELD_SERVICE_NAME, "EgTestService", &at);
    assert_non_null(event);
    assert_int_equal(event->flags, 0);
    assert_event_field(event, EG_FIELD_IMAGE_PATH, "C:\\one.exe");
    assert_event_field(event, EG_FIELD_SERVICE_TYPE, "user mode service");
    assert_event_field(event, EG_FIELD_START_TYPE, "auto start");
    assert_event_field(event, EG_FIELD_ACCOUNT_NAME, "LocalSystem");
    assert_event_field(event, EG_FIELD_EVENT_ID, "7045");
    event = eg_sensor_fixture_wait(fixture, at, EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT,
                                   "\\Services\\EgTestService\\ImagePath", NULL);
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_TARGET_OBJECT,
                       "HKLM\\System\\CurrentControlSet\\Services\\EgTestService\\ImagePath");

    assert_true(ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                                     SERVICE_NO_CHANGE, L"C:\\two.exe", NULL, NULL, NULL, NULL,
                                     NULL, NULL));
    event = eg_sensor_fixture_wait(fixture, at, EG_KIND_SERVICE_INSTALLED, EG_FIELD_IMAGE_PATH,
                                   "C:\\two.exe", &at);
    assert_non_null(event);
    event = eg_sensor_fixture_wait(fixture, at, EG_KIND_REGISTRY_SET, EG_FIELD_DETAILS,
                                   "C:\\two.exe", NULL);
    assert_non_null(event);
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "C:\\one.exe");

    delete_service(service);
    event = eg_sensor_fixture_wait(fixture, at, EG_KIND_REGISTRY_DELETE, EG_FIELD_TARGET_OBJECT,
                                   "\\EgTestService\\ImagePath", NULL);
    assert_non_null(event);
    assert_null(eg_sensor_fixture_find(fixture, at + 1, EG_KIND_SERVICE_INSTALLED,
                                       EG_FIELD_SERVICE_NAME, "EgTestService", NULL));
    eg_sensor_fixture_stop(fixture);
}

static void set_value(const WCHAR *below, const WCHAR *name, DWORD type, const void *data,
                      size_t size)
{
    WCHAR path[256];
    _snwprintf(path, EG_COUNT(path), L"%ls%ls", service_path, below);
    assert_int_equal(RegSetKeyValueW(HKEY_LOCAL_MACHINE, path, name, type, data, (DWORD)size),
                     ERROR_SUCCESS);
}

static void service__made_by_registry_writes__is_reported_with_its_library(void **state)
{
    const DWORD shared = SERVICE_WIN32_SHARE_PROCESS;
    size_t at = 0;
    EG_UNUSED(state);
    RegDeleteTreeW(HKEY_LOCAL_MACHINE, service_path);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("service");
    set_value(L"", L"Type", REG_DWORD, &shared, sizeof(shared));
    set_value(L"", L"ImagePath", REG_EXPAND_SZ, L"svchost.exe -k x", 34);
    assert_non_null(eg_sensor_fixture_wait(fixture, 0, EG_KIND_SERVICE_INSTALLED,
                                           EG_FIELD_IMAGE_PATH, "svchost.exe -k x", &at));
    set_value(L"\\Parameters", L"ServiceDll", REG_EXPAND_SZ, L"a.dll", 12);
    assert_non_null(
        eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_DETAILS, "a.dll", NULL));
    /* the library lies in a key of its own: the service's key is not touched any more */
    eg_thread_sleep_ms(2500);
    set_value(L"\\Parameters", L"ServiceDll", REG_EXPAND_SZ, L"b.dll", 12);
    const eg_event *event =
        eg_sensor_fixture_wait(fixture, 0, EG_KIND_REGISTRY_SET, EG_FIELD_DETAILS, "b.dll", NULL);
    RegDeleteTreeW(HKEY_LOCAL_MACHINE, service_path);
    assert_non_null(event);
    assert_event_field(
        event, EG_FIELD_TARGET_OBJECT,
        "HKLM\\System\\CurrentControlSet\\Services\\EgTestService\\Parameters\\ServiceDll");
    assert_event_field(event, EG_FIELD_PREVIOUS_DETAILS, "a.dll");
    eg_sensor_fixture_stop(fixture);
}

static void service_snapshot__what_is_there__is_existing(void **state)
{
    EG_UNUSED(state);
    SC_HANDLE service = create_service(L"C:\\old.exe");
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("service");
    assert_null(eg_sensor_fixture_find(fixture, 0, EG_KIND_SERVICE_INSTALLED, EG_FIELD_SERVICE_NAME,
                                       "EgTestService", NULL));
    eg_sensor_fixture_snapshot(fixture);
    const eg_event *event = eg_sensor_fixture_find(fixture, 0, EG_KIND_SERVICE_INSTALLED,
                                                   EG_FIELD_SERVICE_NAME, "EgTestService", NULL);
    delete_service(service);
    assert_non_null(event);
    assert_true(event->flags & EG_EVENT_EXISTING);
    assert_event_field(event, EG_FIELD_IMAGE_PATH, "C:\\old.exe");
    eg_sensor_fixture_stop(fixture);
}

/* `count` services in a key of ours. */
static HKEY make_tree(int count)
{
    HKEY root = NULL;
    const DWORD type = SERVICE_WIN32_OWN_PROCESS;
    RegDeleteTreeW(HKEY_CURRENT_USER, tree_path);
    assert_int_equal(RegCreateKeyExW(HKEY_CURRENT_USER, tree_path, 0, NULL, 0, KEY_ALL_ACCESS, NULL,
                                     &root, NULL),
                     ERROR_SUCCESS);
    for (int i = 0; i < count; i++) {
        WCHAR name[32];
        _snwprintf(name, EG_COUNT(name), L"Service%04d", i);
        RegSetKeyValueW(root, name, L"ImagePath", REG_SZ, L"C:\\x.exe", 18);
        RegSetKeyValueW(root, name, L"Type", REG_DWORD, &type, sizeof(type));
        RegSetKeyValueW(root, name, L"Start", REG_DWORD, &type, sizeof(type));
    }
    return root;
}

static void count_change(void *user, const eg_value *before, const eg_value *now)
{
    EG_UNUSED(before);
    EG_UNUSED(now);
    *(int *)user += 1;
}

static void service_tree__many_services__only_what_was_written_is_read_again(void **state)
{
    eg_service_tree first = {0};
    eg_service_tree second = {0};
    eg_service_tree third = {0};
    int changes = 0;
    EG_UNUSED(state);
    HKEY root = make_tree(900);
    assert_int_equal(eg_service_tree_read(root, NULL, &first), EG_OK);
    assert_int_equal(eg_value_list_count(first.values), 2700);
    assert_true(first.fresh);
    eg_thread_sleep_ms(1200);
    assert_int_equal(eg_service_tree_read(root, &first, &second), EG_OK);
    assert_false(second.fresh);
    RegSetKeyValueW(root, L"Service0500", L"ImagePath", REG_SZ, L"C:\\y.exe", 18);
    uint64_t begin = eg_clock_monotonic_ns();
    assert_int_equal(eg_service_tree_read(root, &second, &third), EG_OK);
    eg_value_diff(second.values, third.values, count_change, &changes);
    uint64_t end = eg_clock_monotonic_ns();
    print_message("900 services read and compared in %.1f ms\n", (double)(end - begin) / 1e6);
    assert_int_equal(changes, 1);
    assert_int_equal(eg_value_list_count(third.values), 2700);
    RegCloseKey(root);
    RegDeleteTreeW(HKEY_CURRENT_USER, tree_path);
    eg_service_tree_done(&first);
    eg_service_tree_done(&second);
    eg_service_tree_done(&third);
}

int eg_test_hook_service(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(service__created_changed_deleted__is_reported_each_time),
        cmocka_unit_test(service__made_by_registry_writes__is_reported_with_its_library),
        cmocka_unit_test(service_snapshot__what_is_there__is_existing),
        cmocka_unit_test(service_tree__many_services__only_what_was_written_is_read_again),
    };
    return cmocka_run_group_tests_name("hook_service", tests, NULL, NULL);
}
