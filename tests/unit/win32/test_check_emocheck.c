/* SPDX-License-Identifier: Apache-2.0 */
/* The signs EmoCheck looks for, planted on this system and found; without them nothing is. */
#include "tests/unit/unit.h"

#include "cli/win32/check_emocheck.c"
#include "cli/win32/emocheck_files.c"

#define FOLDER L"Kqzvwemog"
#define LIBRARY_NAME L"qzjkemog.xyz"

/* Looks for all signs; the caller destroys the report. */
static eg_check_report *run(void)
{
    eg_mutex lock;
    eg_check_gaps gaps;
    eg_check_pc pc = {.lock = &lock, .gaps = &gaps};
    assert_int_equal(eg_mutex_init(&lock), EG_OK);
    assert_int_equal(eg_check_gaps_init(&gaps), EG_OK);
    assert_int_equal(eg_check_report_create(&pc.report), EG_OK);
    assert_int_equal(eg_emocheck_run(&pc), EG_OK);
    assert_int_equal(eg_check_gaps_tell(&gaps, pc.report), EG_OK);
    eg_check_report_finish(pc.report, 1);
    eg_check_gaps_done(&gaps);
    eg_mutex_done(&lock);
    return pc.report;
}

static const eg_check_finding *find(const eg_check_report *report, const char *rule)
{
    for (size_t i = 0; i < report->finding_count; i++) {
        if (eg_str_equal(report->findings[i].rule_id, eg_str_from(rule))) {
            return &report->findings[i];
        }
    }
    return NULL;
}

static uint32_t own_serial(wchar_t name[16])
{
    emocheck e = {.pc = NULL};
    assert_int_equal(find_serial(&e), EG_OK);
    wcscpy_s(name, 16, e.value);
    return e.serial;
}

static void clean_system__has_no_sign(void **state)
{
    (void)state;
    eg_check_report *report = run();
    assert_int_equal(report->finding_count, 0);
    assert_int_equal(report->gap_count, 0);
    assert_true(report->areas[EG_CHECK_EMOCHECK].looked > 3);
    eg_check_report_destroy(report);
}

static void hidden_name__in_the_registry__is_found_and_read(void **state)
{
    (void)state;
    wchar_t value[16];
    unsigned char data[] = "khmerdefine";
    uint32_t serial = own_serial(value);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] ^= (unsigned char)(serial >> (i % 4 * 8));
    }
    assert_int_equal(
        RegSetKeyValueW(HKEY_CURRENT_USER, EXPLORER, value, REG_BINARY, data, sizeof(data)),
        ERROR_SUCCESS);
    eg_check_report *report = run();
    assert_int_equal(RegDeleteKeyValueW(HKEY_CURRENT_USER, EXPLORER, value), ERROR_SUCCESS);

    const eg_check_finding *finding = find(report, "emocheck_hidden_name");
    assert_non_null(finding);
    assert_true(eg_str_equal(finding->program, EG_STR("khmerdefine.exe")));
    assert_true(eg_str_starts_nocase(finding->subject, EG_STR("HKU\\S-1-5-21-")));
    assert_int_equal(report->verdict, EG_CHECK_SUSPICIOUS);
    eg_check_report_destroy(report);
}

/* %LOCALAPPDATA%\folder\name with this beginning; the path is for the next call only. */
static const wchar_t *plant(const wchar_t *folder, const wchar_t *name, bool remove)
{
    static wchar_t path[MAX_PATH * 2];
    wchar_t local[MAX_PATH];
    DWORD written = 0;
    assert_true(GetEnvironmentVariableW(L"LOCALAPPDATA", local, MAX_PATH) > 0);
    _snwprintf(path, EG_COUNT(path), L"%ls\\%ls", local, folder);
    if (remove) {
        wchar_t file[MAX_PATH * 2];
        _snwprintf(file, EG_COUNT(file), L"%ls\\%ls", path, name);
        assert_true(DeleteFileW(file));
        assert_true(RemoveDirectoryW(path));
        return NULL;
    }
    assert_true(CreateDirectoryW(path, NULL));
    _snwprintf(path, EG_COUNT(path), L"%ls\\%ls\\%ls", local, folder, name);
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, "MZ harmless", 11, &written, NULL));
    CloseHandle(file);
    return path;
}

static void random_library__in_a_run_value__is_found(void **state)
{
    (void)state;
    wchar_t command[MAX_PATH * 3];
    const wchar_t *path = plant(FOLDER, LIBRARY_NAME, false);
    _snwprintf(command, EG_COUNT(command), L"C:\\Windows\\System32\\rundll32.exe \"%ls\",RunDLL",
               path);
    eg_check_report *before = run();
    assert_int_equal(RegSetKeyValueW(HKEY_CURRENT_USER, RUN, LIBRARY_NAME, REG_SZ, command,
                                     (DWORD)((wcslen(command) + 1) * sizeof(wchar_t))),
                     ERROR_SUCCESS);
    eg_check_report *report = run();
    assert_int_equal(RegDeleteKeyValueW(HKEY_CURRENT_USER, RUN, LIBRARY_NAME), ERROR_SUCCESS);
    plant(FOLDER, LIBRARY_NAME, true);

    assert_int_equal(before->finding_count, 0); /* the file alone is no sign */
    const eg_check_finding *finding = find(report, "emocheck_random_library");
    assert_non_null(finding);
    assert_true(eg_str_ends_nocase(finding->subject, EG_STR("\\Kqzvwemog\\qzjkemog.xyz")));
    assert_non_null(strstr(finding->program.ptr, "rundll32.exe"));
    eg_check_report_destroy(report);
    eg_check_report_destroy(before);
}

static void program__named_after_the_volume__is_found_while_it_runs(void **state)
{
    (void)state;
    emocheck e = {.pc = NULL};
    wchar_t own[MAX_PATH], folder[MAX_PATH], path[MAX_PATH * 2], command[MAX_PATH * 3];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION started;
    assert_int_equal(find_serial(&e), EG_OK);
    assert_true(GetModuleFileNameW(NULL, own, MAX_PATH) > 0);
    assert_true(GetTempPathW(MAX_PATH, folder) > 0);
    _snwprintf(path, EG_COUNT(path), L"%ls%hs", folder, e.program);
    assert_true(CopyFileW(own, path, FALSE));
    _snwprintf(command, EG_COUNT(command), L"\"%ls\" --list", path);
    assert_true(CreateProcessW(path, command, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
                               &startup, &started));
    eg_check_report *report = run();
    assert_true(TerminateProcess(started.hProcess, 0));
    assert_int_equal(WaitForSingleObject(started.hProcess, 30000), WAIT_OBJECT_0);
    CloseHandle(started.hThread);
    CloseHandle(started.hProcess);
    for (int i = 0; i < 100 && !DeleteFileW(path); i++) {
        Sleep(50);
    }

    const eg_check_finding *finding = find(report, "emocheck_name_of_volume");
    assert_non_null(finding);
    assert_true(eg_str_ends_nocase(finding->subject, eg_str_from(e.program)));
    eg_check_report_destroy(report);
}

int eg_test_check_emocheck(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_system__has_no_sign),
        cmocka_unit_test(hidden_name__in_the_registry__is_found_and_read),
        cmocka_unit_test(random_library__in_a_run_value__is_found),
        cmocka_unit_test(program__named_after_the_volume__is_found_while_it_runs),
    };
    return cmocka_run_group_tests_name("check_emocheck", tests, NULL, NULL);
}
