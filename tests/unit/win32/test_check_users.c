/* SPDX-License-Identifier: Apache-2.0 */
/* What starts by itself for a user who is not signed in, out of a copy of their hive. */
#include "tests/unit/unit.h"

#include "cli/win32/check_users.c"
#include "cli/win32/hive_copy.c"

#include "tests/unit/temp_folder.h"

#define ROOT L"Software\\EmoGuardTestHive"
#define RUN ROOT L"\\Software\\Microsoft\\Windows\\CurrentVersion\\Run"
#define SID "S-1-5-21-9-9-9-1001"

typedef struct place {
    char *folder;
    eg_check_pc pc;
    eg_mutex lock;
    eg_check_gaps gaps;
    eg_user_folder user;
    int answer; /* of the taker */
    size_t taken;
    bool found;
} place;

static void use_privilege(const WCHAR *name)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1,
                               .Privileges = {{.Attributes = SE_PRIVILEGE_ENABLED}}};
    HANDLE token = NULL;
    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token));
    assert_true(LookupPrivilegeValueW(NULL, name, &wanted.Privileges[0].Luid));
    assert_true(AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL));
    CloseHandle(token);
}

/* NTUSER.DAT with one Run value. */
static void plant_hive(const place *p)
{
    static const WCHAR command[] = L"regsvr32.exe /s evil.dll";
    HKEY key = NULL;
    const char *path = eg_test_path(p->folder, "NTUSER.DAT");
    WCHAR *wide = (WCHAR *)eg_utf16_copy(eg_str_from(path));
    assert_non_null(wide);
    assert_int_equal(
        RegCreateKeyExW(HKEY_CURRENT_USER, RUN, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL),
        ERROR_SUCCESS);
    assert_int_equal(
        RegSetValueExW(key, L"Kqzvw", 0, REG_SZ, (const BYTE *)command, sizeof(command)),
        ERROR_SUCCESS);
    RegCloseKey(key);
    assert_int_equal(RegOpenKeyExW(HKEY_CURRENT_USER, ROOT, 0, KEY_READ, &key), ERROR_SUCCESS);
    assert_int_equal(RegSaveKeyW(key, wide, NULL), ERROR_SUCCESS);
    RegCloseKey(key);
    eg_free(wide);
}

static int set_up(void **state)
{
    place *p = eg_alloc_zero(1, sizeof(*p));
    assert_non_null(p);
    assert_int_equal(eg_test_folder_make((void **)&p->folder), EG_OK);
    assert_int_equal(eg_mutex_init(&p->lock), EG_OK);
    assert_int_equal(eg_check_gaps_init(&p->gaps), EG_OK);
    p->pc = (eg_check_pc){.lock = &p->lock, .gaps = &p->gaps};
    p->user = (eg_user_folder){EG_STR(SID), EG_STR(""), eg_str_from(p->folder)};
    use_privilege(SE_BACKUP_NAME);
    use_privilege(SE_RESTORE_NAME);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    place *p = *state;
    RegDeleteTreeW(HKEY_CURRENT_USER, ROOT);
    eg_check_gaps_done(&p->gaps);
    eg_mutex_done(&p->lock);
    int status = eg_test_folder_remove((void **)&p->folder);
    eg_free(p);
    return status;
}

static int take_event(void *user, const eg_event *event)
{
    place *p = user;
    p->taken++;
    if (eg_str_equal(
            eg_event_get(event, EG_FIELD_TARGET_OBJECT),
            EG_STR("HKU\\" SID "\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Kqzvw"))) {
        p->found = eg_str_equal(eg_event_get(event, EG_FIELD_DETAILS),
                                EG_STR("regsvr32.exe /s evil.dll")) &&
                   (event->flags & EG_EVENT_EXISTING) != 0;
    }
    return p->answer;
}

/* No copy stays on disk, and none in the registry. */
static void assert_nothing_left(void)
{
    WCHAR name[256];
    WCHAR path[EG_HIVE_PATH_UNITS];
    WIN32_FIND_DATAW entry;
    assert_true(GetSystemWindowsDirectoryW(path, EG_HIVE_PATH_UNITS - 32) > 0);
    wcscat_s(path, EG_HIVE_PATH_UNITS, L"\\Temp\\EmoGuard-check-*");
    assert_true(FindFirstFileW(path, &entry) == INVALID_HANDLE_VALUE);
    for (DWORD i = 0, units = 256;
         RegEnumKeyExW(HKEY_USERS, i, name, &units, NULL, NULL, NULL, NULL) == ERROR_SUCCESS;
         i++, units = 256) {
        assert_null(wcsstr(name, L"EmoGuard"));
    }
}

static int look(place *p)
{
    return look_at_user(&p->pc, &p->user, take_event, p);
}

static void values__of_one_who_is_not_signed_in__are_told_under_their_sid(void **state)
{
    place *p = *state;
    eg_buf before, after;
    const char *path = eg_test_path(p->folder, "NTUSER.DAT");
    eg_buf_init(&before, EG_HIVE_BYTES_MAX);
    eg_buf_init(&after, EG_HIVE_BYTES_MAX);
    plant_hive(p);
    assert_int_equal(eg_file_read(path, EG_HIVE_BYTES_MAX, &before), EG_OK);
    assert_int_equal(look(p), EG_OK);
    assert_true(p->found);
    assert_int_equal(p->taken, 1);
    assert_int_equal(p->gaps.count, 0);
    assert_nothing_left();
    assert_int_equal(eg_file_read(path, EG_HIVE_BYTES_MAX, &after), EG_OK);
    assert_true(eg_str_equal(eg_buf_str(&before), eg_buf_str(&after)));
    eg_buf_done(&before);
    eg_buf_done(&after);
}

static void hive__that_is_none__is_a_gap(void **state)
{
    place *p = *state;
    assert_int_equal(eg_file_write_atomic(eg_test_path(p->folder, "NTUSER.DAT"), "no hive", 7),
                     EG_OK);
    assert_int_equal(look(p), EG_OK);
    assert_int_equal(p->gaps.count, 1);
    assert_int_equal(p->gaps.groups[0].reason, EG_CHECK_REASON_USER_SIGNED_OUT);
    assert_int_equal(p->taken, 0);
    assert_nothing_left();
}

static void hive__that_is_a_folder__is_a_gap(void **state)
{
    place *p = *state;
    assert_int_equal(eg_dir_create(eg_test_path(p->folder, "NTUSER.DAT")), EG_OK);
    assert_int_equal(look_at_copy(&p->pc, &p->user, take_event, p), EG_OK);
    assert_int_equal(p->gaps.count, 1);
    assert_nothing_left();
}

static void cancelled__while_values_are_told__leaves_nothing_behind(void **state)
{
    place *p = *state;
    plant_hive(p);
    p->answer = EG_E_CLOSED;
    assert_int_equal(look(p), EG_E_CLOSED);
    assert_int_equal(p->gaps.count, 0);
    assert_nothing_left();
}

static void profile__that_was_never_used__is_nothing(void **state)
{
    place *p = *state;
    assert_int_equal(look(p), EG_OK);
    assert_int_equal(p->gaps.count, 0);
}

int eg_test_check_users(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            values__of_one_who_is_not_signed_in__are_told_under_their_sid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hive__that_is_none__is_a_gap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hive__that_is_a_folder__is_a_gap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cancelled__while_values_are_told__leaves_nothing_behind,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(profile__that_was_never_used__is_nothing, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("check_users", tests, NULL, NULL);
}
