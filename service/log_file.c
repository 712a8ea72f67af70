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
#define AREAS_MAX 24
#define AREA_SIZE 16
#define MINUTE_NS UINT64_C(60000000000)

typedef struct area_count {
    char area[AREA_SIZE]; /* "" = free */
    uint64_t start;       /* of its minute, monotonic ns */
    unsigned lines;       /* in its minute */
    unsigned left_out;
} area_count;

struct eg_log_file {
    eg_buf path;
    HANDLE handle; /* INVALID_HANDLE_VALUE while it cannot be opened: tried again with every line */
    uint64_t size; /* since the last attempt to make room */
    uint64_t max_bytes;
    unsigned keep;
    unsigned per_minute;
    bool echo;
    area_count areas[AREAS_MAX];
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
    /*
     * Also when it is still the old one, because somebody keeps it from being moved: each attempt
     * drops the oldest of the files kept, so the next one comes when as much has been written.
     */
    file->size = 0;
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
    file->per_minute = options->per_minute;
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

/* The count of an area; the last one serves all areas beyond those that have a place. */
static area_count *find_area(eg_log_file *file, const char *area)
{
    size_t i = 0;
    while (i + 1 < AREAS_MAX && file->areas[i].area[0] &&
           strncmp(file->areas[i].area, area, AREA_SIZE - 1) != 0) {
        i++;
    }
    if (!file->areas[i].area[0]) {
        snprintf(file->areas[i].area, AREA_SIZE, "%s", area);
    }
    return &file->areas[i];
}

/* False when the area has used up its minute. *left_out: how many were kept out before this one. */
static bool admit(eg_log_file *file, const char *area, unsigned *left_out)
{
    area_count *count = find_area(file, area);
    uint64_t now = eg_clock_monotonic_ns();
    *left_out = 0;
    if (file->per_minute == 0) {
        return true;
    }
    if (count->lines == 0 || now - count->start >= MINUTE_NS) {
        *left_out = count->left_out;
        count->start = now;
        count->lines = 0;
        count->left_out = 0;
    }
    if (count->lines >= file->per_minute) {
        count->left_out++;
        return false;
    }
    count->lines++;
    return true;
}

static void write_line(eg_log_file *file, eg_log_level level, const char *area, const char *line)
{
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

void eg_log_file_write(void *user, eg_log_level level, const char *area, const char *line)
{
    eg_log_file *file = user;
    unsigned left_out = 0;
    char text[80];
    if (!admit(file, area, &left_out)) {
        return;
    }
    if (left_out > 0) {
        snprintf(text, sizeof(text), "%u lines were left out: more than %u in a minute", left_out,
                 file->per_minute);
        write_line(file, EG_LOG_WARNING, area, text);
    }
    write_line(file, level, area, line);
}
