/* SPDX-License-Identifier: Apache-2.0 */
#include "service/data_folder.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "service/security.h"
#include "service/wide.h"

#include <windows.h>

#include <aclapi.h>

/*
 * P: nothing is inherited from ProgramData, which lets every user create files.
 * SY: the service. BA: the administrator who reads hits and edits settings. Nobody else.
 */
#define FOLDER_SDDL L"O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

#define DELETE_DEPTH_MAX 16

typedef enum folder_state { FOLDER_OURS, FOLDER_FOREIGN } folder_state;

static int create_folder(const wchar_t *wide, const char *path, bool *existed)
{
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
    int status = eg_security_from_sddl(FOLDER_SDDL, &attributes.lpSecurityDescriptor);
    if (status != EG_OK) {
        return status;
    }
    if (CreateDirectoryW(wide, &attributes)) {
        *existed = false;
    } else if (GetLastError() == ERROR_ALREADY_EXISTS) {
        *existed = true;
    } else {
        status = eg_fail_os(GetLastError(), "create folder %s", path);
    }
    LocalFree(attributes.lpSecurityDescriptor);
    return status;
}

/*
 * Looks at the folder itself, not at where a junction points, and sets its rights when it is ours.
 */
static int take_folder(const wchar_t *wide, const char *path, folder_state *state)
{
    HANDLE handle =
        CreateFileW(wide, READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                    FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        return eg_fail_os(GetLastError(), "open folder %s", path);
    }
    int status = EG_OK;
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(handle, &info)) {
        status = eg_fail_os(GetLastError(), "look at folder %s", path);
    } else if (!(info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) ||
               (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) ||
               !eg_security_owner_is_trusted(handle)) {
        *state = FOLDER_FOREIGN;
    } else {
        *state = FOLDER_OURS;
        status = eg_security_set_dacl(handle, FOLDER_SDDL);
    }
    CloseHandle(handle);
    return status;
}

static int move_aside(const char *path, eg_buf *notice)
{
    eg_buf aside;
    eg_buf_init(&aside, 128 * 1024);
    int status = eg_buf_appendf(&aside, "%s.untrusted-%llu", path,
                                (unsigned long long)(eg_clock_utc() / EG_TICKS_PER_SECOND));
    if (status == EG_OK) {
        status = eg_file_move(path, eg_buf_cstr(&aside));
    }
    if (status == EG_OK) {
        status =
            eg_buf_appendf(notice,
                           "the data folder %s did not belong to SYSTEM or the Administrators; "
                           "it was moved to %s and a new one was made",
                           path, eg_buf_cstr(&aside));
    }
    eg_buf_done(&aside);
    return status;
}

int eg_data_folder_make(const char *path, bool enforce, eg_buf *notice)
{
    bool existed = false;
    folder_state state = FOLDER_OURS;
    wchar_t *wide = eg_wide_copy(eg_str_from(path));
    if (!wide) {
        return EG_E_NOMEM;
    }
    int status = create_folder(wide, path, &existed);
    if (status != EG_OK && !enforce) {
        /* Parents are missing, or no administrator: who named the place answers for its rights. */
        status = eg_dir_create(path);
    }
    if (status == EG_OK && existed && enforce) {
        status = take_folder(wide, path, &state);
        if (status == EG_OK && state == FOLDER_FOREIGN) {
            status = move_aside(path, notice);
            if (status == EG_OK) {
                status = create_folder(wide, path, &existed);
            }
            if (status == EG_OK && existed) {
                status =
                    eg_fail(EG_E_DENIED, "%s was put back by somebody while we moved it", path);
            }
        }
    }
    eg_free(wide);
    return status;
}

static int fail_at(DWORD os_code, const char *what, const wchar_t *path)
{
    eg_buf text;
    eg_buf_init(&text, 128 * 1024);
    eg_wide_append_utf8(&text, path);
    int status = eg_fail_os(os_code, "%s %s", what, eg_buf_cstr(&text));
    eg_buf_done(&text);
    return status;
}

static int delete_content(wchar_t *path, size_t length, size_t capacity, int depth);

/* `path` holds the full path of the entry and is used as scratch for what lies below. */
static int delete_entry(wchar_t *path, size_t length, size_t capacity, DWORD attributes, int depth)
{
    if (attributes & FILE_ATTRIBUTE_READONLY) {
        SetFileAttributesW(path, attributes & ~(DWORD)FILE_ATTRIBUTE_READONLY);
    }
    bool is_folder = (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    if (is_folder && !(attributes & FILE_ATTRIBUTE_REPARSE_POINT)) {
        int status = delete_content(path, length, capacity, depth + 1);
        if (status != EG_OK) {
            return status;
        }
    }
    if (is_folder ? RemoveDirectoryW(path) : DeleteFileW(path)) {
        return EG_OK;
    }
    return fail_at(GetLastError(), "delete", path);
}

static int delete_content(wchar_t *path, size_t length, size_t capacity, int depth)
{
    if (depth > DELETE_DEPTH_MAX || length + 3 > capacity) {
        return fail_at(ERROR_FILENAME_EXCED_RANGE, "delete", path);
    }
    wcscpy_s(path + length, capacity - length, L"\\*");
    WIN32_FIND_DATAW entry;
    HANDLE find = FindFirstFileW(path, &entry);
    path[length] = L'\0';
    if (find == INVALID_HANDLE_VALUE) {
        return fail_at(GetLastError(), "list", path);
    }
    int status = EG_OK;
    do {
        size_t name = wcslen(entry.cFileName);
        if (wcscmp(entry.cFileName, L".") == 0 || wcscmp(entry.cFileName, L"..") == 0) {
            continue;
        }
        if (length + name + 2 > capacity) {
            status = fail_at(ERROR_FILENAME_EXCED_RANGE, "delete something below", path);
            break;
        }
        path[length] = L'\\';
        wmemcpy(path + length + 1, entry.cFileName, name + 1);
        status = delete_entry(path, length + 1 + name, capacity, entry.dwFileAttributes, depth);
        path[length] = L'\0';
    } while (status == EG_OK && FindNextFileW(find, &entry));
    FindClose(find);
    return status;
}

int eg_data_folder_delete(const char *path)
{
    const size_t capacity = 32768;
    wchar_t *wide = eg_alloc_zero(capacity, sizeof(wchar_t));
    if (!wide) {
        return EG_E_NOMEM;
    }
    size_t length = 0;
    int status = eg_utf16_from_utf8((uint16_t *)wide, capacity, eg_str_from(path), &length);
    if (status == EG_OK) {
        DWORD attributes = GetFileAttributesW(wide);
        if (attributes != INVALID_FILE_ATTRIBUTES) {
            status = delete_entry(wide, length, capacity, attributes, 0);
        } else if (GetLastError() != ERROR_FILE_NOT_FOUND &&
                   GetLastError() != ERROR_PATH_NOT_FOUND) {
            status = eg_fail_os(GetLastError(), "look at %s", path);
        }
    }
    eg_free(wide);
    return status;
}

typedef struct exception {
    eg_str kept;
    int worst;
} exception;

static int delete_unless_kept(void *user, const eg_dir_entry *entry)
{
    exception *rule = user;
    if (!entry->is_dir && eg_str_starts_nocase(eg_str_from(entry->name), rule->kept)) {
        return EG_OK;
    }
    int status = eg_data_folder_delete(entry->path);
    if (status != EG_OK) {
        rule->worst = status; /* the rest goes all the same */
    }
    return EG_OK;
}

int eg_data_folder_delete_except(const char *path, const char *kept)
{
    exception rule = {eg_str_from(kept), EG_OK};
    int status = eg_dir_walk(path, 1, delete_unless_kept, &rule);
    return status == EG_OK ? rule.worst : status;
}
