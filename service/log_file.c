/* SPDX-License-Identifier: Apache-2.0 */
#include "service/log_file.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "service/wide.h"

#include <windows.h>

#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 4096u

struct eg_log_file {
    eg_buf path;
    HANDLE handle; /* INVALID_HANDLE_VALUE while it cannot be opened: tried again with every line */
    uint64_t size;
    uint64_t max_bytes;
    unsigned keep;
    bool echo;
};

static HANDLE open_append(const char *path, uint64_t *size)
{
    wchar_t *wide = eg_wide_copy(eg_str_from(path));
    if (!wide) {
        return INVALID_HANDLE_VALUE;
    }
    /* Full sharing: an administrator may read, move or delete the log while it is written. */
    HANDLE handle = CreateFileW(wide, FILE_APPEND_DATA | SYNCHRONIZE,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        eg_fail_os(GetLastError(), "open %s", path);
    } else {
        LARGE_INTEGER length = {0};
        *size = GetFileSizeEx(handle, &length) ? (uint64_t)length.QuadPart : 0;
    }
    eg_free(wide);
    return handle;
}

static void numbered(eg_buf *out, const char *path, unsigned number)
{
    eg_buf_clear(out);
    if (number == 0) {
        eg_buf_append_cstr(out, path);
    } else {
        eg_buf_appendf(out, "%s.%u", path, number);
    }
}

static void rotate(eg_log_file *file)
{
    eg_buf from;
    eg_buf to;
    eg_buf_init(&from, file->path.max + 16);
    eg_buf_init(&to, file->path.max + 16);
    CloseHandle(file->handle);
    for (unsigned i = file->keep; i > 0; i--) {
        numbered(&from, eg_buf_cstr(&file->path), i - 1);
        numbered(&to, eg_buf_cstr(&file->path), i);
        if (eg_file_exists(eg_buf_cstr(&from))) {
            eg_file_move(eg_buf_cstr(&from), eg_buf_cstr(&to));
        }
    }
    if (file->keep == 0) {
        eg_file_delete(eg_buf_cstr(&file->path));
    }
    file->handle = open_append(eg_buf_cstr(&file->path), &file->size);
    eg_buf_done(&from);
    eg_buf_done(&to);
}

int eg_log_file_open(const eg_log_file_options *options, eg_log_file **out)
{
    eg_log_file *file = eg_alloc_zero(1, sizeof(*file));
    if (!file) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&file->path, 64 * 1024);
    file->handle = INVALID_HANDLE_VALUE;
    file->max_bytes = options->max_bytes;
    file->keep = options->keep;
    file->echo = options->echo;
    int status = eg_buf_append_cstr(&file->path, options->path);
    if (status == EG_OK) {
        file->handle = open_append(options->path, &file->size);
        status = file->handle == INVALID_HANDLE_VALUE ? EG_E_IO : EG_OK;
    }
    if (status != EG_OK) {
        eg_log_file_close(file);
        return status;
    }
    *out = file;
    return EG_OK;
}

void eg_log_file_close(eg_log_file *file)
{
    if (!file) {
        return;
    }
    if (file->handle != INVALID_HANDLE_VALUE) {
        CloseHandle(file->handle);
    }
    eg_buf_done(&file->path);
    eg_free(file);
}

void eg_log_file_write(void *user, eg_log_level level, const char *area, const char *line)
{
    eg_log_file *file = user;
    char time[EG_TIME_TEXT_SIZE];
    char text[LINE_MAX_BYTES];
    eg_time_format(eg_clock_utc(), time);
    int length = snprintf(text, sizeof(text) - 2, "%s %-7s %s: %s", time, eg_log_level_name(level),
                          area, line);
    if (length < 0) {
        return;
    }
    size_t size = (size_t)length < sizeof(text) - 3 ? (size_t)length : sizeof(text) - 3;
    memcpy(text + size, "\r\n", 3);
    size += 2;
    if (file->echo) {
        fwrite(text, 1, size, stderr);
        fflush(stderr);
    }
    if (file->handle != INVALID_HANDLE_VALUE && file->size + size > file->max_bytes &&
        file->size > 0) {
        rotate(file);
    }
    if (file->handle == INVALID_HANDLE_VALUE) {
        file->handle = open_append(eg_buf_cstr(&file->path), &file->size);
    }
    DWORD written = 0;
    if (file->handle != INVALID_HANDLE_VALUE &&
        WriteFile(file->handle, text, (DWORD)size, &written, NULL)) {
        file->size += written;
    }
}
