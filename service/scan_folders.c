/* SPDX-License-Identifier: Apache-2.0 */
#include "service/scan_folders.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "service/wide.h"

#include <windows.h>

#include <sddl.h>

#define PROFILE_LIST L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList"

enum { PATH_UNITS = 1024, SID_UNITS = 192, ARENA_BLOCK = 4096 };

struct eg_scan_folders {
    eg_windows_folders view;
    eg_user_folder users[EG_SCAN_USERS_MAX];
    eg_arena *arena; /* of their texts */
};

static eg_str keep(eg_scan_folders *folders, eg_str text)
{
    char *copy = text.len > 0 ? eg_arena_copy(folders->arena, text.ptr, text.len) : NULL;
    return copy ? (eg_str){copy, text.len} : EG_STR("");
}

static void take_variable(eg_scan_folders *folders, const char *name, eg_str *out)
{
    eg_buf value;
    eg_buf_init(&value, 4 * (size_t)PATH_UNITS);
    if (eg_env_get(name, &value) == EG_OK && value.len > 0) {
        eg_str kept = keep(folders, eg_buf_str(&value));
        *out = kept.len > 0 ? kept : *out;
    }
    eg_buf_done(&value);
}

/* A text value below ProfileList, its variables put in; EG_STR("") when there is none. */
static eg_str read_value(eg_scan_folders *folders, const WCHAR *key, const WCHAR *name)
{
    WCHAR units[PATH_UNITS];
    DWORD size = sizeof(units);
    eg_buf text;
    eg_str kept = EG_STR("");
    eg_buf_init(&text, 4 * (size_t)PATH_UNITS);
    if (RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ, NULL, units, &size) ==
            ERROR_SUCCESS &&
        eg_wide_append_utf8(&text, units) == EG_OK) {
        kept = keep(folders, eg_buf_str(&text));
    }
    eg_buf_done(&text);
    return kept;
}

static eg_str account_of(eg_scan_folders *folders, eg_account_cache *accounts, const WCHAR *text)
{
    PSID sid = NULL;
    eg_str account = EG_STR("");
    if (ConvertStringSidToSidW(text, &sid)) {
        account = keep(folders, eg_account_name(accounts, sid, GetLengthSid(sid)));
        LocalFree(sid);
    }
    return account;
}

static void add_user(eg_scan_folders *folders, eg_account_cache *accounts, const WCHAR *sid)
{
    WCHAR key[PATH_UNITS];
    eg_buf text;
    int units = _snwprintf(key, PATH_UNITS, PROFILE_LIST L"\\%ls", sid);
    eg_str folder = units > 0 && units < PATH_UNITS ? read_value(folders, key, L"ProfileImagePath")
                                                    : EG_STR("");
    eg_buf_init(&text, 4 * (size_t)SID_UNITS);
    if (folder.len > 0 && eg_wide_append_utf8(&text, sid) == EG_OK) {
        folders->users[folders->view.user_count++] = (eg_user_folder){
            keep(folders, eg_buf_str(&text)), account_of(folders, accounts, sid), folder};
    }
    eg_buf_done(&text);
}

static void read_users(eg_scan_folders *folders, eg_account_cache *accounts)
{
    HKEY list = NULL;
    WCHAR sid[SID_UNITS];
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, PROFILE_LIST, 0, KEY_READ, &list) != ERROR_SUCCESS) {
        return;
    }
    for (DWORD i = 0; folders->view.user_count < EG_SCAN_USERS_MAX; i++) {
        DWORD units = SID_UNITS;
        if (RegEnumKeyExW(list, i, sid, &units, NULL, NULL, NULL, NULL) != ERROR_SUCCESS) {
            break;
        }
        add_user(folders, accounts, sid);
    }
    RegCloseKey(list);
}

int eg_scan_folders_create(eg_account_cache *accounts, eg_scan_folders **out)
{
    eg_scan_folders *folders = eg_alloc_zero(1, sizeof(*folders));
    if (!folders) {
        return EG_E_NOMEM;
    }
    int status = eg_arena_create(&folders->arena, ARENA_BLOCK);
    if (status != EG_OK) {
        eg_free(folders);
        return status;
    }
    eg_windows_folders *view = &folders->view;
    *view = eg_windows_usual_folders;
    view->users = folders->users;
    take_variable(folders, "SystemRoot", &view->system_root);
    take_variable(folders, "ProgramFiles", &view->program_files);
    take_variable(folders, "ProgramFiles(x86)", &view->program_files_x86);
    take_variable(folders, "ProgramData", &view->program_data);
    eg_str profiles = read_value(folders, PROFILE_LIST, L"ProfilesDirectory");
    view->profiles = profiles.len > 0 ? profiles : view->profiles;
    read_users(folders, accounts);
    *out = folders;
    return EG_OK;
}

void eg_scan_folders_destroy(eg_scan_folders *folders)
{
    if (folders) {
        eg_arena_destroy(folders->arena);
        eg_free(folders);
    }
}

const eg_windows_folders *eg_scan_folders_view(const eg_scan_folders *folders)
{
    return &folders->view;
}
