/* SPDX-License-Identifier: Apache-2.0 */
/* Device names of the running system: real drives, and drives made for the test. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "core/base/os.h"
#include "core/base/utf.h"
#include "driverless-hooks/device_path.h"
#include "tests/unit/alloc.h"

#include <windows.h>

#define DEADLINE_NS (UINT64_C(20) * 1000000000)

typedef struct fixture {
    eg_device_paths *paths;
    eg_event_text text;
    eg_buf buf;
} fixture;

static int setup(void **state)
{
    static fixture made;
    assert_int_equal(eg_device_paths_create(&made.paths), EG_OK);
    assert_int_equal(eg_event_text_init(&made.text), EG_OK);
    eg_buf_init(&made.buf, 64 * 1024);
    *state = &made;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    eg_buf_done(&f->buf);
    eg_event_text_done(&f->text);
    eg_device_paths_destroy(f->paths);
    return 0;
}

static eg_str dos(fixture *f, eg_str path)
{
    return eg_device_path_dos(f->paths, path, &f->text);
}

static void assert_dos(fixture *f, const char *path, const char *expected)
{
    eg_str shown = dos(f, eg_str_from(path));
    assert_int_equal(shown.len, strlen(expected));
    assert_memory_equal(shown.ptr, expected, shown.len);
}

/* Every drive there is: what Windows names its device leads back to it. */
static void device_path__device_of_each_drive__is_that_drive(void **state)
{
    fixture *f = *state;
    size_t seen = 0;
    for (WCHAR letter = L'A'; letter <= L'Z'; letter++) {
        const WCHAR drive[] = {letter, L':', L'\0'};
        WCHAR device[1024];
        if (!QueryDosDeviceW(drive, device, EG_COUNT(device)) ||
            wcsncmp(device, L"\\Device\\", 8) != 0) {
            continue;
        }
        seen++;
        eg_buf_clear(&f->buf);
        eg_utf8_from_utf16(&f->buf, device, wcslen(device));
        eg_buf_append_cstr(&f->buf, "\\folder\\a.exe");
        const char expected[] = {(char)letter, ':', '\0'};
        eg_str shown = dos(f, eg_buf_str(&f->buf));
        assert_true(eg_str_starts_nocase(shown, eg_str_from(expected)));
        assert_true(eg_str_ends_nocase(shown, EG_STR("\\folder\\a.exe")));
    }
    assert_true(seen > 0);
}

static void device_path__system_root__is_the_windows_folder(void **state)
{
    fixture *f = *state;
    WCHAR windows[MAX_PATH];
    UINT units = GetSystemWindowsDirectoryW(windows, EG_COUNT(windows));
    eg_buf_clear(&f->buf);
    eg_utf8_from_utf16(&f->buf, windows, units);
    eg_buf_append_cstr(&f->buf, "\\system32\\ntdll.dll");
    assert_dos(f, "\\SystemRoot\\system32\\ntdll.dll", eg_buf_cstr(&f->buf));
}

static void device_path__names_without_a_device__stay(void **state)
{
    fixture *f = *state;
    assert_dos(f, "C:\\Windows\\explorer.exe", "C:\\Windows\\explorer.exe");
    assert_dos(f, "Registry", "Registry");
    assert_dos(f, "\\\\server\\share\\a.exe", "\\\\server\\share\\a.exe");
    assert_dos(f, "\\Device\\Mup\\server\\share\\a.exe", "\\\\server\\share\\a.exe");
    assert_dos(f, "\\Device\\EmoGuardNothing\\a.exe", "\\Device\\EmoGuardNothing\\a.exe");
    assert_null(dos(f, EG_STR_NONE).ptr);
}

/* Shown by `expected` before the deadline: a device met too often is not asked for each time. */
static void wait_for(fixture *f, const char *path, const char *expected)
{
    uint64_t begin = eg_clock_monotonic_ns();
    while (!eg_str_equal(dos(f, eg_str_from(path)), eg_str_from(expected))) {
        assert_true(eg_clock_monotonic_ns() - begin < DEADLINE_NS);
        eg_event_text_reset(&f->text);
        eg_thread_sleep_ms(50);
    }
}

static void device_path__device_that_comes_later__is_asked_for(void **state)
{
    fixture *f = *state;
    assert_dos(f, "\\Device\\EmoGuardTest1\\a.exe", "\\Device\\EmoGuardTest1\\a.exe");
    assert_true(DefineDosDeviceW(DDD_RAW_TARGET_PATH, L"R:", L"\\Device\\EmoGuardTest1"));
    wait_for(f, "\\Device\\EmoGuardTest1\\a.exe", "R:\\a.exe");
    assert_dos(f, "\\Device\\EmoGuardTest10\\a.exe", "\\Device\\EmoGuardTest10\\a.exe");
    assert_true(DefineDosDeviceW(DDD_REMOVE_DEFINITION, L"R:", NULL));
}

static void device_path__drive_made_by_subst__shows_its_folder(void **state)
{
    fixture *f = *state;
    eg_device_paths *fresh = NULL;
    assert_true(DefineDosDeviceW(0, L"S:", L"C:\\windows"));
    assert_int_equal(eg_device_paths_create(&fresh), EG_OK);
    eg_str shown = eg_device_path_dos(fresh, EG_STR("S:\\system32\\cmd.exe"), &f->text);
    assert_true(eg_str_equal_nocase(shown, EG_STR("C:\\windows\\system32\\cmd.exe")));
    eg_device_paths_destroy(fresh);
    assert_true(DefineDosDeviceW(DDD_REMOVE_DEFINITION, L"S:", NULL));
}

/* Without memory a name stays as it came. */
static void device_path__no_memory__keeps_the_name(void **state)
{
    EG_UNUSED(state);
    for (long allowed = 0;; allowed++) {
        eg_device_paths *paths = NULL;
        eg_event_text text;
        assert_int_equal(eg_event_text_init(&text), EG_OK);
        assert_true(allowed < 10000);
        eg_mem_fail_after(allowed);
        if (eg_device_paths_create(&paths) == EG_OK) {
            eg_str shown = eg_device_path_dos(paths, EG_STR("\\SystemRoot\\a.exe"), &text);
            bool refused = eg_mem_failures() > 0;
            assert_true(refused || shown.ptr[1] == ':');
            assert_true(eg_str_ends_nocase(shown, EG_STR("\\a.exe")));
        }
        bool done = eg_mem_failures() == 0;
        eg_mem_fail_after(-1);
        eg_device_paths_destroy(paths);
        eg_event_text_done(&text);
        if (done) {
            break;
        }
    }
}

int eg_test_device_path(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(device_path__device_of_each_drive__is_that_drive),
        cmocka_unit_test(device_path__system_root__is_the_windows_folder),
        cmocka_unit_test(device_path__names_without_a_device__stay),
        cmocka_unit_test(device_path__device_that_comes_later__is_asked_for),
        cmocka_unit_test(device_path__drive_made_by_subst__shows_its_folder),
        cmocka_unit_test(device_path__no_memory__keeps_the_name),
    };
    return cmocka_run_group_tests_name("device_path", tests, setup, teardown);
}
