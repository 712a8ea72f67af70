/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/device_path.h"

#include "core/base/compiler.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/path_map.h"

#include <windows.h>

enum {
    VOLUME_UNITS = 64,    /* "\\?\Volume{GUID}\" has 49 */
    DEVICE_UNITS = 1024,  /* a device, or the folder that a drive stands for */
    FOLDERS_UNITS = 8192, /* all the folders one volume is mounted in */
};

#define SECOND_NS UINT64_C(1000000000)
#define REFRESH_UNKNOWN_NS (2 * SECOND_NS) /* a flood of unknown names must not ask each time */
#define REFRESH_NS (60 * SECOND_NS)        /* a stick pulled and another put in its place */

struct eg_device_paths {
    eg_path_map *map; /* NULL until the first name */
    uint64_t asked_at;
    eg_buf name; /* of the path being turned */
};

int eg_device_paths_create(eg_device_paths **out)
{
    eg_device_paths *paths = eg_alloc_zero(1, sizeof(*paths));
    if (!paths) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&paths->name, EG_EVENT_TEXT_MAX);
    *out = paths;
    return EG_OK;
}

void eg_device_paths_destroy(eg_device_paths *paths)
{
    if (paths) {
        eg_path_map_destroy(paths->map);
        eg_buf_done(&paths->name);
        eg_free(paths);
    }
}

static eg_str without_backslash(eg_str text)
{
    return text.len > 0 && text.ptr[text.len - 1] == '\\' ? (eg_str){text.ptr, text.len - 1} : text;
}

/* One line of the map; a closing backslash is left out on both sides. */
static int add(eg_path_map *map, const WCHAR *from, const WCHAR *to)
{
    eg_buf names[2];
    const WCHAR *texts[2] = {from, to};
    int status = EG_OK;
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        eg_buf_init(&names[i], 4 * (size_t)FOLDERS_UNITS);
        int copied = eg_utf8_from_utf16(&names[i], texts[i], wcslen(texts[i]));
        status = status == EG_OK ? copied : status;
    }
    if (status == EG_OK) {
        status = eg_path_map_add(map, without_backslash(eg_buf_str(&names[0])),
                                 without_backslash(eg_buf_str(&names[1])));
    }
    eg_buf_done(&names[0]);
    eg_buf_done(&names[1]);
    return status == EG_E_NOMEM ? status : EG_OK; /* a name too odd to keep stays untranslated */
}

/* A drive is a device's, or stands for a folder. Those of servers are read without the map. */
static int add_drive(eg_path_map *map, WCHAR letter)
{
    const WCHAR drive[] = {letter, L':', L'\0'};
    WCHAR target[DEVICE_UNITS];
    if (!QueryDosDeviceW(drive, target, EG_COUNT(target))) {
        return EG_OK;
    }
    if (wcsncmp(target, L"\\??\\", 4) == 0) {
        return add(map, drive, target);
    }
    return wcschr(target, L';') ? EG_OK : add(map, target, drive);
}

/* The shortest of the folders a volume is mounted in, which is its drive if it has one. */
static const WCHAR *shortest(const WCHAR *folders)
{
    const WCHAR *best = NULL;
    for (const WCHAR *at = folders; *at != L'\0'; at += wcslen(at) + 1) {
        if (!best || wcslen(at) < wcslen(best)) {
            best = at;
        }
    }
    return best;
}

/* `volume` is "\\?\Volume{GUID}\"; shown by its folder, or by that name where it has none. */
static int add_volume(eg_path_map *map, WCHAR *volume)
{
    WCHAR device[DEVICE_UNITS];
    DWORD units = 0;
    size_t length = wcslen(volume);
    int status = EG_OK;
    WCHAR *folders = eg_alloc_zero(FOLDERS_UNITS, sizeof(WCHAR));
    if (!folders) {
        return EG_E_NOMEM;
    }
    const WCHAR *shown = volume;
    if (GetVolumePathNamesForVolumeNameW(volume, folders, FOLDERS_UNITS - 2, &units) &&
        shortest(folders)) {
        shown = shortest(folders);
        status = add(map, volume, shown);
    }
    volume[length - 1] = L'\0'; /* QueryDosDevice wants it bare */
    if (status == EG_OK && QueryDosDeviceW(volume + 4, device, EG_COUNT(device))) {
        status = add(map, device, shown);
    }
    eg_free(folders);
    return status;
}

static int add_volumes(eg_path_map *map)
{
    WCHAR volume[VOLUME_UNITS];
    HANDLE search = FindFirstVolumeW(volume, EG_COUNT(volume));
    int status = EG_OK;
    if (search == INVALID_HANDLE_VALUE) {
        return EG_OK; /* the drives alone have to do */
    }
    do {
        if (wcsncmp(volume, L"\\\\?\\", 4) == 0) {
            status = add_volume(map, volume);
        }
    } while (status == EG_OK && FindNextVolumeW(search, volume, EG_COUNT(volume)));
    FindVolumeClose(search);
    return status;
}

static int fill(eg_path_map *map)
{
    WCHAR windows[MAX_PATH];
    UINT units = GetSystemWindowsDirectoryW(windows, EG_COUNT(windows));
    int status = EG_OK;
    if (units > 0 && units < EG_COUNT(windows)) {
        status = add(map, L"\\SystemRoot", windows);
    }
    for (WCHAR letter = L'A'; status == EG_OK && letter <= L'Z'; letter++) {
        status = add_drive(map, letter);
    }
    return status == EG_OK ? add_volumes(map) : status;
}

/* Asks again when the last answer is older than `age_ns`. True when there is a new answer. */
static bool refresh(eg_device_paths *paths, uint64_t age_ns)
{
    uint64_t now = eg_clock_monotonic_ns();
    eg_path_map *map = NULL;
    if (paths->map && now - paths->asked_at < age_ns) {
        return false;
    }
    if (eg_path_map_create(&map) != EG_OK || fill(map) != EG_OK) {
        eg_path_map_destroy(map);
        return false;
    }
    eg_path_map_destroy(paths->map);
    paths->map = map;
    paths->asked_at = now;
    return true;
}

static int rewrite(eg_device_paths *paths, eg_str path)
{
    eg_buf_clear(&paths->name);
    return eg_path_map_rewrite(paths->map, path, &paths->name);
}

eg_str eg_device_path_dos(eg_device_paths *paths, eg_str path, eg_event_text *text)
{
    refresh(paths, REFRESH_NS);
    if (!path.ptr || !paths->map) {
        return path;
    }
    int status = rewrite(paths, path);
    if (status == EG_E_NOTFOUND && refresh(paths, REFRESH_UNKNOWN_NS)) {
        status = rewrite(paths, path);
    }
    eg_str name =
        status == EG_OK ? eg_event_text_copy(text, eg_buf_str(&paths->name)) : EG_STR_NONE;
    return name.ptr ? name : path;
}
