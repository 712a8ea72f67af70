/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/os_internal.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define PATH_MAX_BYTES ((size_t)128 * 1024)
#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static int fail_last(const char *what, const char *path)
{
    return eg_fail_os(GetLastError(), "%s %s", what, path);
}

/* ---- paths ---- */

static bool starts_with(const wchar_t *text, const wchar_t *prefix)
{
    return wcsncmp(text, prefix, wcslen(prefix)) == 0;
}

/* `absolute` with the prefix that lifts the 260-character limit; NULL on no memory. */
static wchar_t *add_long_prefix(const wchar_t *absolute)
{
    const wchar_t *prefix = L"\\\\?\\";
    if (starts_with(absolute, L"\\\\?\\") || starts_with(absolute, L"\\\\.\\")) {
        prefix = L"";
    } else if (starts_with(absolute, L"\\\\")) {
        prefix = L"\\\\?\\UNC\\";
        absolute += 2;
    }
    size_t prefix_length = wcslen(prefix);
    size_t length = wcslen(absolute);
    wchar_t *out = eg_alloc((prefix_length + length + 1) * sizeof(*out));
    if (!out) {
        return NULL;
    }
    memcpy(out, prefix, prefix_length * sizeof(*out));
    memcpy(out + prefix_length, absolute, (length + 1) * sizeof(*out));
    return out;
}

/* Resolves "." and ".." and '/', which the long form would take literally. */
static wchar_t *make_absolute(const wchar_t *path)
{
    DWORD capacity = GetFullPathNameW(path, 0, NULL, NULL);
    if (capacity == 0) {
        return NULL;
    }
    wchar_t *absolute = eg_alloc((size_t)capacity * sizeof(*absolute));
    if (!absolute) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    DWORD length = GetFullPathNameW(path, capacity, absolute, NULL);
    if (length > 0 && length < capacity) {
        return absolute;
    }
    eg_free(absolute);
    SetLastError(ERROR_INVALID_NAME);
    return NULL;
}

/*
 * What CreateFileW and its kin get for `path`; freed with eg_free. A path that already has the
 * prefix is used as it is, which is the way to reach names such as "evil.exe." or "NUL".
 */
static int system_path(const char *path, wchar_t **out)
{
    if (path[0] == '\0') {
        return eg_fail(EG_E_NOTFOUND, "empty path");
    }
    wchar_t *wide = (wchar_t *)eg_utf16_copy(eg_str_from(path));
    if (!wide) {
        return EG_E_NOMEM;
    }
    if (starts_with(wide, L"\\\\?\\")) {
        *out = wide;
        return EG_OK;
    }
    int status = EG_OK;
    wchar_t *absolute = make_absolute(wide);
    wchar_t *prefixed = absolute ? add_long_prefix(absolute) : NULL;
    if (prefixed) {
        *out = prefixed;
    } else {
        status = absolute ? EG_E_NOMEM : fail_last("resolve", path);
    }
    eg_free(absolute);
    eg_free(wide);
    return status;
}

/* ---- one open file ---- */

int eg_os_open(const char *path, eg_os_mode mode, eg_os_file *out)
{
    wchar_t *wide;
    int status = system_path(path, &wide);
    if (status != EG_OK) {
        return status;
    }
    DWORD access = GENERIC_READ;
    DWORD disposition = OPEN_EXISTING;
    DWORD flags = FILE_ATTRIBUTE_NORMAL;
    if (mode == EG_OS_READ) {
        flags |= FILE_FLAG_SEQUENTIAL_SCAN;
    } else if (mode == EG_OS_CREATE) {
        access = GENERIC_WRITE;
        disposition = CREATE_NEW;
    } else {
        access = FILE_APPEND_DATA | SYNCHRONIZE;
        disposition = OPEN_ALWAYS;
    }
    HANDLE file = CreateFileW(wide, access, SHARE_ALL, NULL, disposition, flags, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        status = fail_last("open", path);
    } else {
        *out = (eg_os_file){.handle = (intptr_t)file, .path = path};
    }
    eg_free(wide);
    return status;
}

int eg_os_read(const eg_os_file *file, void *out, size_t size, size_t *got)
{
    DWORD count = 0;
    if (!ReadFile((HANDLE)file->handle, out, (DWORD)size, &count, NULL)) {
        /* The end of a pipe. */
        if (GetLastError() != ERROR_BROKEN_PIPE) {
            return fail_last("read", file->path);
        }
        count = 0;
    }
    *got = count;
    return EG_OK;
}

/* Reading would fetch the content from elsewhere first. */
#define ATTRIBUTES_ELSEWHERE \
    (FILE_ATTRIBUTE_OFFLINE | 0x00400000 /* FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS */)

static uint64_t ticks_of(FILETIME time)
{
    return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

/* FAT has no change time, and older systems no 128-bit file id: then the shorter ones serve. */
static void add_change_and_id(HANDLE file, eg_file_identity *out)
{
    FILE_BASIC_INFO basic;
    FILE_ID_INFO id;
    if (GetFileInformationByHandleEx(file, FileBasicInfo, &basic, sizeof(basic))) {
        out->changed = (uint64_t)basic.ChangeTime.QuadPart;
    }
    if (GetFileInformationByHandleEx(file, FileIdInfo, &id, sizeof(id))) {
        out->volume = id.VolumeSerialNumber;
        memcpy(out->id, &id.FileId, sizeof(out->id));
    }
}

int eg_os_identity(const eg_os_file *file, eg_file_identity *out)
{
    HANDLE handle = (HANDLE)file->handle;
    BY_HANDLE_FILE_INFORMATION info;
    if (GetFileType(handle) != FILE_TYPE_DISK) {
        return eg_fail(EG_E_INVALID, "%s is no regular file", file->path);
    }
    if (!GetFileInformationByHandle(handle, &info)) {
        return fail_last("look at", file->path);
    }
    if ((info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        return eg_fail(EG_E_INVALID, "%s is no regular file", file->path);
    }
    if ((info.dwFileAttributes & ATTRIBUTES_ELSEWHERE) != 0) {
        return eg_fail(EG_E_UNSUPPORTED, "the content of %s is not on this PC", file->path);
    }
    *out = (eg_file_identity){
        .volume = info.dwVolumeSerialNumber,
        .id = {(uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow, 0},
        .size = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow,
        .written = ticks_of(info.ftLastWriteTime),
    };
    add_change_and_id(handle, out);
    return EG_OK;
}

int eg_file_identify(const char *path, eg_file_identity *out)
{
    wchar_t *wide;
    int status = system_path(path, &wide);
    if (status != EG_OK) {
        return status;
    }
    HANDLE handle = CreateFileW(wide, FILE_READ_ATTRIBUTES, SHARE_ALL, NULL, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        status = fail_last("look at", path);
    } else {
        const eg_os_file file = {.handle = (intptr_t)handle, .path = path};
        status = eg_os_identity(&file, out);
        CloseHandle(handle);
    }
    eg_free(wide);
    return status;
}

int eg_os_write(const eg_os_file *file, const void *data, size_t size)
{
    const char *bytes = data;
    while (size > 0) {
        DWORD part = size > 0x1000000 ? 0x1000000 : (DWORD)size;
        DWORD count = 0;
        if (!WriteFile((HANDLE)file->handle, bytes, part, &count, NULL)) {
            return fail_last("write", file->path);
        }
        bytes += count;
        size -= count;
    }
    return EG_OK;
}

int eg_os_flush(const eg_os_file *file)
{
    return FlushFileBuffers((HANDLE)file->handle) ? EG_OK : fail_last("write", file->path);
}

void eg_os_close(const eg_os_file *file)
{
    CloseHandle((HANDLE)file->handle);
}

/* ---- names ---- */

/*
 * Indexers and other scanners open a new file for a moment, during which it cannot be renamed:
 * a few more tries are worth their 200 ms.
 */
static bool move_with_patience(const wchar_t *from, const wchar_t *to, DWORD flags)
{
    for (int tries = 0;; tries++) {
        if (MoveFileExW(from, to, flags)) {
            return true;
        }
        DWORD error = GetLastError();
        bool passing = error == ERROR_SHARING_VIOLATION || error == ERROR_ACCESS_DENIED;
        if (!passing || tries == 10) {
            return false;
        }
        Sleep(20);
        SetLastError(error);
    }
}

static int move_file(const char *from, const char *to, DWORD flags)
{
    wchar_t *wide_from;
    wchar_t *wide_to;
    int status = system_path(from, &wide_from);
    if (status != EG_OK) {
        return status;
    }
    status = system_path(to, &wide_to);
    if (status != EG_OK) {
        goto free_from;
    }
    if (!move_with_patience(wide_from, wide_to, flags)) {
        status = eg_fail_os(GetLastError(), "move %s to %s", from, to);
    }
    eg_free(wide_to);
free_from:
    eg_free(wide_from);
    return status;
}

int eg_os_replace(const char *from, const char *to)
{
    return move_file(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
}

int eg_os_rename(const char *from, const char *to)
{
    return move_file(from, to, MOVEFILE_WRITE_THROUGH);
}

int eg_file_move(const char *from, const char *to)
{
    return move_file(from, to,
                     MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH | MOVEFILE_COPY_ALLOWED);
}

void eg_os_remove_quietly(const char *path)
{
    wchar_t *wide;
    if (system_path(path, &wide) != EG_OK) {
        return;
    }
    DeleteFileW(wide);
    eg_free(wide);
}

/* INVALID_FILE_ATTRIBUTES when it is not there or cannot be asked. */
static DWORD attributes_of(const char *path)
{
    wchar_t *wide;
    if (system_path(path, &wide) != EG_OK) {
        return INVALID_FILE_ATTRIBUTES;
    }
    DWORD attributes = GetFileAttributesW(wide);
    eg_free(wide);
    return attributes;
}

bool eg_file_exists(const char *path)
{
    return attributes_of(path) != INVALID_FILE_ATTRIBUTES;
}

bool eg_dir_exists(const char *path)
{
    DWORD attributes = attributes_of(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

int eg_file_delete(const char *path)
{
    wchar_t *wide;
    int status = system_path(path, &wide);
    if (status != EG_OK) {
        return status;
    }
    if (!DeleteFileW(wide)) {
        status = fail_last("delete", path);
    }
    eg_free(wide);
    return status;
}

int eg_dir_delete(const char *path)
{
    wchar_t *wide;
    int status = system_path(path, &wide);
    if (status != EG_OK) {
        return status;
    }
    if (!RemoveDirectoryW(wide)) {
        status = fail_last("delete folder", path);
    }
    eg_free(wide);
    return status;
}

int eg_dir_create(const char *path)
{
    if (eg_dir_exists(path)) {
        return EG_OK;
    }
    wchar_t *wide;
    int status = system_path(path, &wide);
    if (status != EG_OK) {
        return status;
    }
    size_t length = wcslen(wide);
    if (length > 0 && wide[length - 1] == L'\\') {
        wide[--length] = L'\0';
    }
    /* Parents, the drive or share among them, may refuse; only the last folder counts. */
    for (size_t i = 4; i < length; i++) {
        if (wide[i] != L'\\') {
            continue;
        }
        wide[i] = L'\0';
        CreateDirectoryW(wide, NULL);
        wide[i] = L'\\';
    }
    if (!CreateDirectoryW(wide, NULL)) {
        DWORD error = GetLastError();
        if (!eg_dir_exists(path)) {
            status = eg_fail_os(error, "create folder %s", path);
        }
    }
    eg_free(wide);
    return status;
}

static bool is_link(const WIN32_FIND_DATAW *found)
{
    /* Files kept in a cloud are reparse points too, but do not stand for another name. */
    return (found->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 &&
           IsReparseTagNameSurrogate(found->dwReserved0);
}

static int add_item(const WIN32_FIND_DATAW *found, eg_os_listing *listing)
{
    if (wcscmp(found->cFileName, L".") == 0 || wcscmp(found->cFileName, L"..") == 0 ||
        is_link(found)) {
        return EG_OK;
    }
    eg_buf name;
    eg_buf_init(&name, PATH_MAX_BYTES);
    eg_utf8_from_utf16(&name, (const uint16_t *)found->cFileName, wcslen(found->cFileName));
    bool is_dir = (found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    eg_os_item item = {
        .name = eg_buf_take(&name),
        .is_dir = is_dir,
        .size = is_dir ? 0 : (uint64_t)found->nFileSizeHigh << 32 | found->nFileSizeLow,
        .modified = ticks_of(found->ftLastWriteTime),
    };
    eg_buf_done(&name);
    return eg_os_listing_add(listing, item);
}

static int list_pattern(const wchar_t *pattern, const char *path, eg_os_listing *listing)
{
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileExW(pattern, FindExInfoBasic, &found, FindExSearchNameMatch, NULL,
                                     FIND_FIRST_EX_LARGE_FETCH);
    if (search == INVALID_HANDLE_VALUE) {
        /* The root of an empty drive has not even "." in it. */
        DWORD error = GetLastError();
        if (error == ERROR_FILE_NOT_FOUND && eg_dir_exists(path)) {
            return EG_OK;
        }
        return eg_fail_os(error, "read folder %s", path);
    }
    int status;
    do {
        status = add_item(&found, listing);
    } while (status == EG_OK && FindNextFileW(search, &found));
    if (status == EG_OK && GetLastError() != ERROR_NO_MORE_FILES) {
        status = fail_last("read folder", path);
    }
    FindClose(search);
    return status;
}

int eg_os_list_folder(const char *path, eg_os_listing *listing)
{
    wchar_t *wide;
    int status = system_path(path, &wide);
    if (status != EG_OK) {
        return status;
    }
    size_t length = wcslen(wide);
    while (length > 0 && wide[length - 1] == L'\\') {
        length--;
    }
    wchar_t *pattern = eg_alloc((length + 3) * sizeof(*pattern));
    if (pattern) {
        memcpy(pattern, wide, length * sizeof(*pattern));
        memcpy(pattern + length, L"\\*", 3 * sizeof(*pattern));
        status = list_pattern(pattern, path, listing);
    } else {
        status = EG_E_NOMEM;
    }
    eg_free(pattern);
    eg_free(wide);
    return status;
}
