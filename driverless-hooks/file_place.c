/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/file_place.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/registry_place.h"

#include <string.h>
#include <wchar.h>
#include <windows.h>

#define PROFILE_LIST L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList"
#define EXPLORER L"Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\"
#define STARTUP_BELOW "\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup"
#define DOWNLOADS L"{374DE290-123F-4565-9164-39C4925E467B}"

enum {
    PATH_UNITS = 1024,
    SID_UNITS = 256, /* a key's own name has at most 255 */
    PATH_BYTES_MAX = 64 * 1024,
    USERS_SIZE_MAX = 64 * 1024,
    ENTRIES_MAX = 200 * 1000, /* of one walk */
};

/* What a visit of the places needs; `path` is the one being made. */
typedef struct visiting {
    eg_file_place_visit visit;
    void *user;
    eg_buf path, profile;
} visiting;

static bool is_local(const char *path)
{
    WCHAR root[4] = {(WCHAR)path[0], L':', L'\\', L'\0'};
    bool has_drive = ((path[0] >= 'A' && path[0] <= 'Z') || (path[0] >= 'a' && path[0] <= 'z')) &&
                     path[1] == ':' && path[2] == '\\' && path[3] != '\0';
    return has_drive && GetDriveTypeW(root) != DRIVE_REMOTE;
}

/* Hands v->path to the visitor. */
static int visit_path(visiting *v, bool startup, bool of_user, eg_dropped_root root)
{
    while (v->path.len > 3 && v->path.data[v->path.len - 1] == '\\') {
        v->path.data[--v->path.len] = '\0';
    }
    if (v->path.status != EG_OK || !is_local(eg_buf_cstr(&v->path))) {
        return v->path.status;
    }
    eg_file_place place = {eg_buf_cstr(&v->path), startup, of_user, root};
    return v->visit(v->user, &place);
}

/*
 * A text value; false when there is none. The service's own %NAMES% are put in, unless `raw`:
 * those of a user mean something else there.
 */
static bool read_text(HKEY root, const WCHAR *key, const WCHAR *name, bool raw, eg_buf *out)
{
    WCHAR units[PATH_UNITS];
    DWORD size = sizeof(units);
    DWORD flags = raw ? RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND : RRF_RT_REG_SZ;
    eg_buf_clear(out);
    return RegGetValueW(root, key, name, flags, NULL, units, &size) == ERROR_SUCCESS &&
           eg_utf8_from_utf16(out, (const uint16_t *)units, wcslen(units)) == EG_OK && out->len > 0;
}

/* Puts what a user's %NAMES% stand for into their place; false for names that we do not know. */
static bool expand(visiting *v)
{
    static const struct {
        eg_str name;
        const char *below;
    } names[] = {
        {EG_STR_INIT("%USERPROFILE%"), ""},
        {EG_STR_INIT("%APPDATA%"), "\\AppData\\Roaming"},
        {EG_STR_INIT("%LOCALAPPDATA%"), "\\AppData\\Local"},
    };
    eg_str value = eg_buf_str(&v->path);
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        if (eg_str_starts_nocase(value, names[i].name)) {
            char *rest =
                eg_copy_bytes(value.ptr + names[i].name.len, value.len - names[i].name.len);
            eg_buf_clear(&v->path);
            eg_buf_append_str(&v->path, eg_buf_str(&v->profile));
            eg_buf_append_cstr(&v->path, names[i].below);
            eg_buf_append_cstr(&v->path, rest ? rest : "");
            eg_free(rest);
            break;
        }
    }
    return v->path.len > 0 && !memchr(v->path.data, '%', v->path.len);
}

/* A folder that a user may have moved: v->path becomes where it is. */
static bool find_moved(visiting *v, const WCHAR *sid, const WCHAR *name)
{
    WCHAR key[PATH_UNITS];
    int units = _snwprintf(key, PATH_UNITS, L"%ls\\" EXPLORER L"User Shell Folders", sid);
    return units > 0 && units < PATH_UNITS && read_text(HKEY_USERS, key, name, true, &v->path) &&
           expand(v);
}

static bool is_in_profile(const visiting *v)
{
    eg_str path = eg_buf_str(&v->path);
    return eg_str_starts_nocase(path, eg_buf_str(&v->profile)) &&
           (path.len == v->profile.len || path.ptr[v->profile.len] == '\\');
}

static int visit_user(visiting *v, const WCHAR *sid)
{
    static const WCHAR *const movable[] = {L"Desktop", DOWNLOADS, L"Personal"};
    WCHAR key[PATH_UNITS];
    int units = _snwprintf(key, PATH_UNITS, PROFILE_LIST L"\\%ls", sid);
    if (units < 0 || units >= PATH_UNITS ||
        !read_text(HKEY_LOCAL_MACHINE, key, L"ProfileImagePath", false, &v->profile)) {
        return EG_OK;
    }
    eg_buf_clear(&v->path);
    eg_buf_append_str(&v->path, eg_buf_str(&v->profile));
    int status = visit_path(v, false, true, EG_DROPPED_ROOT_PROFILE);
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(movable); i++) {
        if (find_moved(v, sid, movable[i]) && !is_in_profile(v)) {
            status = visit_path(v, false, true, EG_DROPPED_ROOT_MOVED);
        }
    }
    if (status == EG_OK && !find_moved(v, sid, L"Startup")) {
        eg_buf_clear(&v->path);
        eg_buf_append_str(&v->path, eg_buf_str(&v->profile));
        eg_buf_append_cstr(&v->path, STARTUP_BELOW);
    }
    return status == EG_OK ? visit_path(v, true, true, EG_DROPPED_ROOT_PROFILE) : status;
}

static int visit_users(visiting *v)
{
    eg_buf users;
    eg_buf_init(&users, USERS_SIZE_MAX);
    int status = eg_registry_users(&users);
    eg_str rest = eg_buf_str(&users);
    eg_str name;
    while (status == EG_OK && eg_str_split(&rest, '\n', &name)) {
        if (name.len > 0) {
            WCHAR *sid = (WCHAR *)eg_utf16_copy(name);
            status = sid ? visit_user(v, sid) : EG_E_NOMEM;
            eg_free(sid);
        }
    }
    eg_buf_done(&users);
    return status;
}

static int visit_machine(visiting *v)
{
    static const struct {
        const WCHAR *key, *name;
        const char *below;
        bool startup;
        eg_dropped_root root;
    } places[] = {
        {EXPLORER L"User Shell Folders", L"Common Startup", "", true, EG_DROPPED_ROOT_PROFILE},
        {PROFILE_LIST, L"ProgramData", "", false, EG_DROPPED_ROOT_PROGRAM_DATA},
        {PROFILE_LIST, L"Public", "", false, EG_DROPPED_ROOT_PUBLIC},
        {L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", L"SystemRoot", "\\Temp", false,
         EG_DROPPED_ROOT_WINDOWS_TEMP},
    };
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(places); i++) {
        if (read_text(HKEY_LOCAL_MACHINE, places[i].key, places[i].name, false, &v->path)) {
            eg_buf_append_cstr(&v->path, places[i].below);
            status = visit_path(v, places[i].startup, false, places[i].root);
        }
    }
    return status;
}

static int visit_profiles(visiting *v)
{
    HKEY list = NULL;
    int status = EG_OK;
    LSTATUS error =
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, PROFILE_LIST, 0, KEY_READ | KEY_WOW64_64KEY, &list);
    for (DWORD i = 0; error == ERROR_SUCCESS && status == EG_OK; i++) {
        WCHAR sid[SID_UNITS];
        DWORD units = SID_UNITS;
        error = RegEnumKeyExW(list, i, sid, &units, NULL, NULL, NULL, NULL);
        status = error == ERROR_SUCCESS ? visit_user(v, sid) : EG_OK;
    }
    if (list) {
        RegCloseKey(list);
    }
    return error == ERROR_SUCCESS || error == ERROR_NO_MORE_ITEMS
               ? status
               : eg_fail_os((uint32_t)error, "list the profiles of users");
}

static int visit_all(eg_file_place_visit visit, void *user, int (*visit_of_users)(visiting *v))
{
    visiting v = {visit, user, {0}, {0}};
    eg_buf_init(&v.path, PATH_BYTES_MAX);
    eg_buf_init(&v.profile, PATH_BYTES_MAX);
    int status = visit_machine(&v);
    if (status == EG_OK) {
        status = visit_of_users(&v);
    }
    eg_buf_done(&v.path);
    eg_buf_done(&v.profile);
    return status;
}

int eg_file_places(eg_file_place_visit visit, void *user)
{
    return visit_all(visit, user, visit_users);
}

int eg_file_places_of_all(eg_file_place_visit visit, void *user)
{
    return visit_all(visit, user, visit_profiles);
}

/* ---- what lies in a place ---- */

bool eg_file_place_has(const eg_file_place *place, eg_str below)
{
    if (place->startup) {
        return below.len > 0 && !memchr(below.ptr, '\\', below.len) &&
               !eg_str_equal_nocase(below, EG_STR("desktop.ini"));
    }
    return eg_dropped_class_of(below) != EG_DROPPED_NONE && eg_dropped_in_place(place->root, below);
}

typedef struct walking {
    const eg_file_place *place;
    eg_place_file_visit visit;
    int (*unreadable)(void *user, const char *path); /* or NULL */
    void *user;
    eg_buf path; /* with the prefix that lifts the limit of 260 characters */
    size_t below_at;
    size_t entries;
} walking;

#define LONG_PREFIX "\\\\?\\"

static uint64_t ticks(FILETIME time)
{
    return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

static eg_str below_of(const walking *w)
{
    return w->path.len > w->below_at
               ? (eg_str){w->path.data + w->below_at, w->path.len - w->below_at}
               : EG_STR("");
}

/* Folders kept in a cloud are reparse points too, but do not stand for another name. */
static bool is_link(const WIN32_FIND_DATAW *found)
{
    return (found->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 &&
           IsReparseTagNameSurrogate(found->dwReserved0);
}

static int walk_folder(walking *w);

static int walk_entry(walking *w, const WIN32_FIND_DATAW *found)
{
    size_t size = w->path.len;
    bool is_dir = (found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    int status = EG_OK;
    if (wcscmp(found->cFileName, L".") == 0 || wcscmp(found->cFileName, L"..") == 0 ||
        is_link(found)) {
        return EG_OK;
    }
    if (++w->entries > ENTRIES_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d files below %s", ENTRIES_MAX, w->place->path);
    }
    eg_buf_append_char(&w->path, '\\');
    eg_utf8_from_utf16(&w->path, (const uint16_t *)found->cFileName, wcslen(found->cFileName));
    if (w->path.status != EG_OK) {
        return w->path.status;
    }
    eg_str below = below_of(w);
    if (is_dir && !w->place->startup && eg_dropped_may_hold(w->place->root, below)) {
        status = walk_folder(w);
    } else if (!is_dir && eg_file_place_has(w->place, below)) {
        const size_t prefix = sizeof(LONG_PREFIX) - 1;
        eg_place_file file = {
            .path = {w->path.data + prefix, w->path.len - prefix},
            .below = below,
            .created = ticks(found->ftCreationTime),
            .modified = ticks(found->ftLastWriteTime),
            .size = (uint64_t)found->nFileSizeHigh << 32 | found->nFileSizeLow,
        };
        status = w->visit(w->user, &file);
    }
    w->path.len = size;
    w->path.data[size] = '\0';
    return status;
}

/* A folder that is gone, or not ours to read. */
static int pass_over(const walking *w, DWORD error)
{
    bool gone = error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND;
    const char *path = eg_buf_cstr(&w->path) + sizeof(LONG_PREFIX) - 1;
    if (gone || !w->unreadable) {
        return EG_OK;
    }
    (void)eg_fail_os(error, "read folder %s", path);
    return w->unreadable(w->user, path);
}

static int walk_folder(walking *w)
{
    WIN32_FIND_DATAW found;
    size_t size = w->path.len;
    int status = eg_buf_append_cstr(&w->path, "\\*");
    WCHAR *pattern = status == EG_OK ? (WCHAR *)eg_utf16_copy(eg_buf_str(&w->path)) : NULL;
    if (!pattern) {
        return EG_E_NOMEM;
    }
    w->path.len = size;
    w->path.data[size] = '\0';
    HANDLE search = FindFirstFileExW(pattern, FindExInfoBasic, &found, FindExSearchNameMatch, NULL,
                                     FIND_FIRST_EX_LARGE_FETCH);
    DWORD error = GetLastError();
    eg_free(pattern);
    if (search == INVALID_HANDLE_VALUE) {
        return pass_over(w, error);
    }
    do {
        status = walk_entry(w, &found);
    } while (status == EG_OK && FindNextFileW(search, &found));
    FindClose(search);
    return status;
}

int eg_file_place_walk(const eg_file_place *place, eg_place_file_visit visit, void *user)
{
    return eg_file_place_walk_telling(place, visit, NULL, user);
}

int eg_file_place_walk_telling(const eg_file_place *place, eg_place_file_visit visit,
                               int (*unreadable)(void *user, const char *path), void *user)
{
    walking w = {.place = place, .visit = visit, .unreadable = unreadable, .user = user};
    eg_buf_init(&w.path, PATH_BYTES_MAX);
    eg_buf_append_cstr(&w.path, LONG_PREFIX);
    int status = eg_buf_append_cstr(&w.path, place->path);
    w.below_at = w.path.len + 1;
    if (status == EG_OK) {
        status = walk_folder(&w);
    }
    eg_buf_done(&w.path);
    return status;
}
