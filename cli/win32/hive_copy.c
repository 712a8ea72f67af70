/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/hive_copy.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <sddl.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

/* System and administrators, and nobody by inheritance; what lies in the folder likewise. */
#define PRIVATE L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

enum { PART_BYTES = 64 * 1024 };

static int join(WCHAR *out, const WCHAR *folder, const WCHAR *name)
{
    int units = _snwprintf(out, EG_HIVE_PATH_UNITS, L"%ls\\%ls", folder, name);
    return units > 0 && units < EG_HIVE_PATH_UNITS ? EG_OK
                                                   : eg_fail(EG_E_LIMIT, "a path that is too long");
}

/* ---- the file ---- */

static int open_source(const WCHAR *path, HANDLE *out)
{
    BY_HANDLE_FILE_INFORMATION info;
    const DWORD others = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    HANDLE file = CreateFileW(path, GENERIC_READ, others, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT |
                                  FILE_FLAG_SEQUENTIAL_SCAN,
                              NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return eg_fail_os(GetLastError(), "open the registry of the user");
    }
    int status = EG_OK;
    if (!GetFileInformationByHandle(file, &info)) {
        status = eg_fail_os(GetLastError(), "look at the registry of the user");
    } else if (info.dwFileAttributes & (FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DIRECTORY)) {
        status = eg_fail(EG_E_UNSUPPORTED, "it is a link or a folder");
    } else if (((uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow) > EG_HIVE_BYTES_MAX) {
        status =
            eg_fail(EG_E_LIMIT, "it is larger than %u MiB", (unsigned)(EG_HIVE_BYTES_MAX >> 20));
    }
    if (status != EG_OK) {
        CloseHandle(file);
        return status;
    }
    *out = file;
    return EG_OK;
}

/* It may grow while it is read. */
static int copy_bytes(HANDLE from, HANDLE to, char *part)
{
    uint64_t total = 0;
    for (;;) {
        DWORD got = 0;
        DWORD put = 0;
        if (!ReadFile(from, part, PART_BYTES, &got, NULL)) {
            return eg_fail_os(GetLastError(), "read the registry of the user");
        }
        if (got == 0) {
            return EG_OK;
        }
        total += got;
        if (total > EG_HIVE_BYTES_MAX) {
            return eg_fail(EG_E_LIMIT, "it is larger than %u MiB",
                           (unsigned)(EG_HIVE_BYTES_MAX >> 20));
        }
        if (!WriteFile(to, part, got, &put, NULL) || put != got) {
            return eg_fail_os(GetLastError(), "copy the registry of the user");
        }
    }
}

static int copy_file(const WCHAR *from_folder, const WCHAR *to_folder, const WCHAR *name)
{
    WCHAR path[EG_HIVE_PATH_UNITS];
    HANDLE from = NULL;
    int status = join(path, from_folder, name);
    if (status == EG_OK) {
        status = open_source(path, &from);
    }
    if (status != EG_OK) {
        return status;
    }
    char *part = eg_alloc(PART_BYTES);
    HANDLE to = INVALID_HANDLE_VALUE;
    status = part ? join(path, to_folder, name) : EG_E_NOMEM;
    if (status == EG_OK) {
        to = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
        status = to == INVALID_HANDLE_VALUE
                     ? eg_fail_os(GetLastError(), "copy the registry of the user")
                     : copy_bytes(from, to, part);
    }
    if (to != INVALID_HANDLE_VALUE) {
        CloseHandle(to);
    }
    CloseHandle(from);
    eg_free(part);
    return status;
}

/* ---- the folder ---- */

static int make_folder(eg_hive_copy *copy)
{
    static LONG made;
    WCHAR windows[EG_HIVE_PATH_UNITS];
    SECURITY_ATTRIBUTES security = {.nLength = sizeof(security)};
    UINT units = GetSystemWindowsDirectoryW(windows, EG_HIVE_PATH_UNITS);
    if (units == 0 || units >= EG_HIVE_PATH_UNITS) {
        return eg_fail_os(GetLastError(), "find the folder of Windows");
    }
    (void)_snwprintf(copy->name, EG_HIVE_NAME_UNITS, L"EmoGuard-check-%lu-%ld",
                     GetCurrentProcessId(), InterlockedIncrement(&made));
    int length =
        _snwprintf(copy->folder, EG_HIVE_PATH_UNITS, L"%ls\\Temp\\%ls", windows, copy->name);
    int status = EG_OK;
    if (length <= 0 || length >= EG_HIVE_PATH_UNITS) {
        status = eg_fail(EG_E_LIMIT, "a path that is too long");
    } else if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
                   PRIVATE, SDDL_REVISION_1, &security.lpSecurityDescriptor, NULL) ||
               !CreateDirectoryW(copy->folder, &security)) {
        status = eg_fail(EG_E_IO, "make a folder for a copy of the registry (%lu)", GetLastError());
    }
    if (status != EG_OK) {
        copy->folder[0] = L'\0';
    }
    LocalFree(security.lpSecurityDescriptor);
    return status;
}

/* With what Windows has put beside the copy. */
static void delete_folder(const WCHAR *folder)
{
    WCHAR path[EG_HIVE_PATH_UNITS];
    WIN32_FIND_DATAW entry;
    HANDLE list =
        join(path, folder, L"*") == EG_OK ? FindFirstFileW(path, &entry) : INVALID_HANDLE_VALUE;
    if (list != INVALID_HANDLE_VALUE) {
        do {
            if (join(path, folder, entry.cFileName) == EG_OK) {
                DeleteFileW(path); /* not "." and "..": they are folders */
            }
        } while (FindNextFileW(list, &entry));
        FindClose(list);
    }
    if (!RemoveDirectoryW(folder)) {
        (void)eg_fail_os(GetLastError(), "delete the copy of a user's registry");
        eg_log(EG_LOG_ERROR, "check", "%s", eg_error_message());
    }
}

/* ---- both ---- */

static int copy_and_load(eg_hive_copy *copy, const WCHAR *profile)
{
    /* What was not yet written into the hive when the PC went down lies in its logs. */
    static const WCHAR *const names[] = {L"NTUSER.DAT", L"NTUSER.DAT.LOG1", L"NTUSER.DAT.LOG2"};
    WCHAR path[EG_HIVE_PATH_UNITS];
    int status = make_folder(copy);
    for (size_t i = 0; i < EG_COUNT(names) && status == EG_OK; i++) {
        status = copy_file(profile, copy->folder, names[i]);
        status = i > 0 && status == EG_E_NOTFOUND ? EG_OK : status;
    }
    if (status == EG_OK) {
        status = join(path, copy->folder, names[0]);
    }
    if (status == EG_OK) {
        LSTATUS error = RegLoadKeyW(HKEY_USERS, copy->name, path);
        copy->loaded = error == ERROR_SUCCESS;
        status = copy->loaded ? EG_OK
                 : error == ERROR_PRIVILEGE_NOT_HELD || error == ERROR_ACCESS_DENIED
                     ? eg_fail_os((uint32_t)error, "load a copy of the user's registry")
                     : eg_fail(EG_E_IO, "load a copy of the user's registry (%ld)", error);
    }
    return status;
}

int eg_hive_copy_open(eg_hive_copy *copy, eg_str profile)
{
    memset(copy, 0, sizeof(*copy));
    if (profile.len < 3 || profile.ptr[1] != ':') {
        return eg_fail(EG_E_UNSUPPORTED, "the profile is on no disk of this computer");
    }
    WCHAR *wide = (WCHAR *)eg_utf16_copy(profile);
    int status = wide ? copy_and_load(copy, wide) : EG_E_NOMEM;
    eg_free(wide);
    if (status != EG_OK) {
        char why[512];
        eg_utf8_copy(why, sizeof(why), eg_str_from(eg_error_message()));
        eg_hive_copy_close(copy);
        return status == EG_E_NOMEM ? status : eg_fail(status, "%s", why);
    }
    return EG_OK;
}

void eg_hive_copy_close(eg_hive_copy *copy)
{
    if (copy->folder[0]) {
        /* Also where it was refused: Wine leaves an empty key behind. */
        LSTATUS error = RegUnLoadKeyW(HKEY_USERS, copy->name);
        if (copy->loaded && error != ERROR_SUCCESS) {
            (void)eg_fail_os((uint32_t)error, "unload the copy of a user's registry");
            eg_log(EG_LOG_ERROR, "check", "%s", eg_error_message());
        }
        delete_folder(copy->folder);
    }
    memset(copy, 0, sizeof(*copy));
}
