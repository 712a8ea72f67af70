/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/log.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/utf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_SIZE 2048

static eg_mutex lock = EG_MUTEX_INIT;
static eg_log_sink current_sink; /* NULL: standard error */
static void *current_user;
static eg_atomic current_level = {EG_LOG_INFO};

bool eg_log_is_due(uint32_t failures)
{
    return (failures & (failures - 1)) == 0;
}

const char *eg_log_level_name(eg_log_level level)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    return (size_t)level < EG_COUNT(names) ? names[level] : "unknown";
}

static void write_to_stderr(eg_log_level level, const char *area, const char *line)
{
    char time[EG_TIME_TEXT_SIZE];
    eg_time_format(eg_clock_utc(), time);
    fprintf(stderr, "%s %s %s: %s\n", time, eg_log_level_name(level), area, line);
}

void eg_log_set_sink(eg_log_sink sink, void *user)
{
    eg_mutex_lock(&lock);
    current_sink = sink;
    current_user = user;
    eg_mutex_unlock(&lock);
}

void eg_log_set_level(eg_log_level level)
{
    eg_atomic_set(&current_level, (int64_t)level);
}

/* No heap here: running out of memory must be loggable. */
static void make_visible(eg_str text, char *out, size_t size)
{
    size_t used = 0;
    for (size_t at = 0; at < text.len;) {
        char piece[EG_UTF8_SAFE_MAX];
        size_t length = eg_utf8_safe_next(text, &at, piece);
        if (length >= size - used) {
            break;
        }
        memcpy(out + used, piece, length);
        used += length;
    }
    out[used] = '\0';
}

void eg_log(eg_log_level level, const char *area, const char *format, ...)
{
    if ((int64_t)level > eg_atomic_get(&current_level)) {
        return;
    }
    char raw[LINE_SIZE];
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    if (length < 0) {
        raw[0] = '\0';
    }
    make_visible(eg_str_from(raw), line, sizeof(line));
    eg_mutex_lock(&lock);
    if (current_sink) {
        current_sink(current_user, level, area, line);
    } else {
        write_to_stderr(level, area, line);
    }
    eg_mutex_unlock(&lock);
}
