/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/folder_watch.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

enum {
    NOTES_SIZE = 64 * 1024, /* what a folder on another computer may have at most */
    NAME_BYTES_MAX = 128 * 1024,
};

struct eg_folder_watch {
    HANDLE directory;
    HANDLE changed; /* not ours */
    OVERLAPPED overlapped;
    DWORD filter;
    bool subtree;
    bool armed;
    eg_buf name;
    DWORD notes[NOTES_SIZE / sizeof(DWORD)];
};

void eg_folder_watch_close(eg_folder_watch *watch)
{
    if (!watch) {
        return;
    }
    if (watch->directory != INVALID_HANDLE_VALUE) {
        DWORD bytes = 0;
        if (watch->armed && CancelIoEx(watch->directory, &watch->overlapped)) {
            /* the kernel writes into our memory until the read is over */
            GetOverlappedResult(watch->directory, &watch->overlapped, &bytes, TRUE);
        }
        CloseHandle(watch->directory);
    }
    eg_buf_done(&watch->name);
    eg_free(watch);
}

int eg_folder_watch_open(eg_folder_watch **out, const char *path, DWORD filter, bool subtree,
                         HANDLE changed)
{
    eg_folder_watch *watch = eg_alloc_zero(1, sizeof(*watch));
    WCHAR *wide = watch ? (WCHAR *)eg_utf16_copy(eg_str_from(path)) : NULL;
    if (!wide) {
        eg_free(watch);
        return EG_E_NOMEM;
    }
    watch->changed = changed;
    watch->filter = filter;
    watch->subtree = subtree;
    eg_buf_init(&watch->name, NAME_BYTES_MAX);
    watch->directory = CreateFileW(
        wide, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
        OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
    DWORD error = GetLastError();
    eg_free(wide);
    if (watch->directory == INVALID_HANDLE_VALUE) {
        eg_folder_watch_close(watch);
        return eg_fail_os(error, "watch %s", path);
    }
    *out = watch;
    return EG_OK;
}

int eg_folder_watch_arm(eg_folder_watch *watch)
{
    if (watch->armed) {
        return EG_OK;
    }
    memset(&watch->overlapped, 0, sizeof(watch->overlapped));
    watch->overlapped.hEvent = watch->changed;
    watch->armed = ReadDirectoryChangesW(watch->directory, watch->notes, NOTES_SIZE, watch->subtree,
                                         watch->filter, NULL, &watch->overlapped, NULL) != FALSE;
    return watch->armed ? EG_OK : eg_fail_os(GetLastError(), "watch a folder");
}

/* Calls `change` for each note; false when the notes do not fit into what was written. */
static bool read_notes(eg_folder_watch *watch, DWORD size, eg_folder_change change, void *user)
{
    const uint8_t *bytes = (const uint8_t *)watch->notes;
    const size_t header = offsetof(FILE_NOTIFY_INFORMATION, FileName);
    for (size_t at = 0;;) {
        FILE_NOTIFY_INFORMATION note;
        if (size - at < header) {
            return false;
        }
        memcpy(&note, bytes + at, header);
        if (note.FileNameLength > size - at - header) {
            return false;
        }
        eg_buf_clear(&watch->name);
        if (eg_utf8_from_utf16le(&watch->name, bytes + at + header, note.FileNameLength) != EG_OK) {
            return false;
        }
        change(user, note.Action, eg_buf_str(&watch->name));
        if (note.NextEntryOffset == 0) {
            return true;
        }
        if (note.NextEntryOffset < header || note.NextEntryOffset > size - at) {
            return false;
        }
        at += note.NextEntryOffset;
    }
}

eg_folder_taken eg_folder_watch_take(eg_folder_watch *watch, eg_folder_change change, void *user)
{
    DWORD size = 0;
    if (!watch->armed) {
        return EG_FOLDER_QUIET;
    }
    if (!GetOverlappedResult(watch->directory, &watch->overlapped, &size, FALSE)) {
        DWORD error = GetLastError();
        if (error == ERROR_IO_INCOMPLETE) {
            return EG_FOLDER_QUIET;
        }
        watch->armed = false;
        return error == ERROR_NOTIFY_ENUM_DIR ? EG_FOLDER_OVERFLOW : EG_FOLDER_GONE;
    }
    watch->armed = false;
    if (size == 0) {
        return EG_FOLDER_OVERFLOW;
    }
    return !change || read_notes(watch, size, change, user) ? EG_FOLDER_CHANGED
                                                            : EG_FOLDER_OVERFLOW;
}
