/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/check_users.h"

#include "cli/win32/hive_copy.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/registry_event.h"
#include "driverless-hooks/registry_place.h"

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

/* ---- the registry of those who are not signed in ---- */

typedef struct hive {
    eg_check_take_event take;
    void *user;
    eg_event_text text;
    const char *key; /* of the place being read, as it is shown */
    int status;      /* the first failure of the taking */
} hive;

static void on_value(void *user, const eg_value *before, const eg_value *now)
{
    hive *h = user;
    eg_event event;
    if (h->status != EG_OK) {
        return;
    }
    eg_registry_event(&event, &h->text, eg_clock_utc(), eg_str_from(h->key), before, now);
    event.flags = EG_EVENT_EXISTING;
    event.source = EG_STR("registry");
    h->status = h->take(h->user, &event);
}

static int read_place(void *user, const eg_registry_place *place)
{
    hive *h = user;
    HKEY key = NULL;
    eg_value_list *values = NULL;
    LSTATUS error = RegOpenKeyExW(place->root, place->path, 0, KEY_READ | KEY_WOW64_64KEY, &key);
    if (error != ERROR_SUCCESS) {
        return error == ERROR_FILE_NOT_FOUND ? EG_OK
                                             : eg_fail_os((uint32_t)error, "open %s", place->shown);
    }
    int status = eg_value_list_create(&values);
    if (status == EG_OK) {
        status = eg_registry_read(key, place->values, place->depth, values);
    }
    if (status == EG_OK) {
        eg_value_list_seal(values);
        h->key = place->shown;
        eg_value_diff(NULL, values, on_value, h);
        status = h->status;
    }
    eg_value_list_destroy(values);
    RegCloseKey(key);
    return status;
}

/* EG_OK, or why not all of it was read; what the taker returned is in h->status. */
static int read_hive(hive *h, const eg_user_folder *user)
{
    eg_hive_copy copy;
    int status = eg_hive_copy_open(&copy, user->folder);
    if (status != EG_OK) {
        return status;
    }
    status = eg_event_text_init(&h->text);
    if (status == EG_OK) {
        status = eg_registry_places_of(copy.name, user->sid.ptr, read_place, h);
        eg_event_text_done(&h->text);
    }
    eg_hive_copy_close(&copy);
    return status;
}

/* Of one who is not signed in. */
static int look_at_copy(eg_check_pc *pc, const eg_user_folder *user, eg_check_take_event take,
                        void *context)
{
    hive h = {.take = take, .user = context};
    int status = read_hive(&h, user);
    if (status == EG_E_NOTFOUND) {
        return EG_OK; /* a profile that was never used, or is gone, starts nothing */
    }
    if (status == EG_OK || status == EG_E_NOMEM || h.status != EG_OK) {
        return status;
    }
    return eg_check_pc_add_failure(pc, EG_CHECK_AUTOSTART, user->folder,
                                   EG_CHECK_REASON_USER_SIGNED_OUT);
}

static int look_at_user(eg_check_pc *pc, const eg_user_folder *user, eg_check_take_event take,
                        void *context)
{
    WCHAR name[SID_UNITS + 32];
    HKEY key = NULL;
    if (!is_person(user->sid)) {
        return EG_OK;
    }
    (void)_snwprintf(name, EG_COUNT(name), L"%hs\\Software\\Microsoft", user->sid.ptr);
    LSTATUS error = RegOpenKeyExW(HKEY_USERS, name, 0, KEY_READ, &key);
    if (error == ERROR_SUCCESS) {
        RegCloseKey(key); /* the sensor has read it */
        return EG_OK;
    }
    if (error == ERROR_FILE_NOT_FOUND) {
        return look_at_copy(pc, user, take, context);
    }
    (void)eg_fail_os((uint32_t)error, "read the registry of the user");
    return eg_check_pc_add_failure(pc, EG_CHECK_AUTOSTART, user->folder, EG_CHECK_REASON_SETTING);
}

int eg_check_users_hives(eg_check_pc *pc, const eg_windows_folders *folders,
                         eg_check_take_event take, void *context)
{
    int status = EG_OK;
    for (size_t i = 0; i < folders->user_count && status == EG_OK; i++) {
        status = look_at_user(pc, &folders->users[i], take, context);
    }
    return status;
}
