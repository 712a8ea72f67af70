/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/check_users.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#include <shlobj.h>
#include <stdio.h>
#include <wchar.h>

#define PROFILE_LIST L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList"

enum {
    USERS_MAX = 1000,
    SID_UNITS = 256, /* a key's own name has at most 255 */
    PATH_UNITS = 1024,
    PATH_BYTES_MAX = 4 * PATH_UNITS,
};

static eg_str keep(eg_arena *arena, const WCHAR *text)
{
    eg_buf utf8;
    eg_buf_init(&utf8, PATH_BYTES_MAX);
    eg_utf8_from_utf16(&utf8, (const uint16_t *)text, wcslen(text));
    const char *copy = eg_arena_copy(arena, eg_buf_cstr(&utf8), utf8.len);
    eg_str kept = copy ? (eg_str){copy, utf8.len} : EG_STR_NONE;
    eg_buf_done(&utf8);
    return kept;
}

static eg_str known_folder(eg_arena *arena, const KNOWNFOLDERID *id)
{
    WCHAR *path = NULL;
    eg_str kept = EG_STR("");
    if (SUCCEEDED(SHGetKnownFolderPath(id, 0, NULL, &path))) {
        kept = keep(arena, path);
    }
    CoTaskMemFree(path);
    return kept;
}

static eg_str value_of(eg_arena *arena, HKEY list, const WCHAR *key, const WCHAR *name)
{
    WCHAR text[PATH_UNITS];
    DWORD size = sizeof(text);
    return RegGetValueW(list, key, name, RRF_RT_REG_SZ, NULL, text, &size) == ERROR_SUCCESS
               ? keep(arena, text)
               : EG_STR("");
}

static size_t read_users(eg_arena *arena, HKEY list, eg_user_folder *users)
{
    size_t count = 0;
    WCHAR sid[SID_UNITS];
    for (DWORD i = 0; count < USERS_MAX; i++) {
        DWORD units = SID_UNITS;
        if (RegEnumKeyExW(list, i, sid, &units, NULL, NULL, NULL, NULL) != ERROR_SUCCESS) {
            break;
        }
        users[count] = (eg_user_folder){keep(arena, sid), EG_STR(""),
                                        value_of(arena, list, sid, L"ProfileImagePath")};
        count += users[count].sid.len > 0 && users[count].folder.len > 0;
    }
    return count;
}

int eg_check_users_folders(eg_arena *arena, eg_windows_folders *out)
{
    HKEY list = NULL;
    eg_user_folder *users = eg_arena_alloc(arena, USERS_MAX * sizeof(*users));
    if (!users) {
        return EG_E_NOMEM;
    }
    *out = (eg_windows_folders){
        .system_root = known_folder(arena, &FOLDERID_Windows),
        .program_files = known_folder(arena, &FOLDERID_ProgramFiles),
        .program_files_x86 = known_folder(arena, &FOLDERID_ProgramFilesX86),
        .program_data = known_folder(arena, &FOLDERID_ProgramData),
        .profiles = known_folder(arena, &FOLDERID_UserProfiles),
        .users = users,
    };
    LSTATUS error =
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, PROFILE_LIST, 0, KEY_READ | KEY_WOW64_64KEY, &list);
    if (error != ERROR_SUCCESS) {
        return eg_fail_os((uint32_t)error, "list the profiles of users");
    }
    out->user_count = read_users(arena, list, users);
    RegCloseKey(list);
    return EG_OK;
}

/* Accounts of services have no autostart of theirs. */
static bool is_person(eg_str sid)
{
    return eg_str_starts_nocase(sid, EG_STR("S-1-5-21-")) ||
           eg_str_starts_nocase(sid, EG_STR("S-1-12-1-"));
}

/* A profile that was never used, or is gone, holds nothing that could start. */
static bool has_hive(eg_str folder)
{
    eg_buf path;
    eg_buf_init(&path, PATH_BYTES_MAX);
    eg_buf_append_str(&path, folder);
    bool has = eg_buf_append_cstr(&path, "\\NTUSER.DAT") != EG_OK ||
               eg_file_exists(eg_buf_cstr(&path)) || !eg_dir_exists(eg_buf_cstr(&path));
    eg_buf_done(&path);
    return has;
}

static int tell_hive(eg_check_pc *pc, const eg_user_folder *user)
{
    WCHAR name[SID_UNITS + 32];
    HKEY key = NULL;
    if (!is_person(user->sid)) {
        return EG_OK;
    }
    (void)_snwprintf(name, EG_COUNT(name), L"%hs\\Software\\Microsoft", user->sid.ptr);
    LSTATUS error = RegOpenKeyExW(HKEY_USERS, name, 0, KEY_READ, &key);
    if (error == ERROR_SUCCESS) {
        RegCloseKey(key);
        return EG_OK;
    }
    if (error == ERROR_FILE_NOT_FOUND && !has_hive(user->folder)) {
        return EG_OK;
    }
    (void)eg_fail_os((uint32_t)error, error == ERROR_FILE_NOT_FOUND
                                          ? "the user is not signed in, the registry not loaded"
                                          : "read the registry of the user");
    return eg_check_pc_add_gap(
        pc, EG_CHECK_AUTOSTART, user->folder, eg_str_from(eg_error_message()),
        error == ERROR_FILE_NOT_FOUND ? EG_CHECK_HOW_SIGNED_IN : EG_CHECK_HOW_ADMINISTRATOR);
}

int eg_check_users_hives(eg_check_pc *pc, const eg_windows_folders *folders)
{
    int status = EG_OK;
    for (size_t i = 0; i < folders->user_count && status == EG_OK; i++) {
        status = tell_hive(pc, &folders->users[i]);
    }
    return status;
}
