/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/store/store_internal.h"

#include <string.h>

#define PATH_MAX_BYTES (32u * 1024)
#define NAMES_MAX 100

/* "20261123T074000Z": the time as it may stand in a file name. */
static void compact_time(uint64_t now, char out[EG_TIME_TEXT_SIZE])
{
    char text[EG_TIME_TEXT_SIZE];
    eg_time_format(now, text);
    size_t length = 0;
    for (const char *at = text; *at && *at != '.' && *at != 'Z'; at++) {
        if (*at != '-' && *at != ':') {
            out[length++] = *at;
        }
    }
    out[length++] = 'Z';
    out[length] = '\0';
}

/* A name that nothing has yet, so that an earlier damaged file is never written over. */
static int free_name(const char *path, uint64_t now, eg_buf *out)
{
    char time[EG_TIME_TEXT_SIZE];
    compact_time(now, time);
    for (int i = 1; i <= NAMES_MAX; i++) {
        eg_buf_clear(out);
        eg_buf_appendf(out, "%s.damaged-%s", path, time);
        if (i > 1) {
            eg_buf_appendf(out, "-%d", i);
        }
        if (out->status != EG_OK || !eg_file_exists(eg_buf_cstr(out))) {
            return out->status;
        }
    }
    return eg_fail(EG_E_EXISTS, "%s: too many damaged files of the same moment", path);
}

static int move_part(const char *path, const char *aside, const char *suffix)
{
    eg_buf from, to;
    eg_buf_init(&from, PATH_MAX_BYTES);
    eg_buf_init(&to, PATH_MAX_BYTES);
    eg_buf_appendf(&from, "%s%s", path, suffix);
    int status = eg_buf_appendf(&to, "%s%s", aside, suffix);
    if (status == EG_OK) {
        status = from.status;
    }
    if (status == EG_OK && eg_file_exists(eg_buf_cstr(&from))) {
        status = eg_file_move(eg_buf_cstr(&from), eg_buf_cstr(&to));
    }
    eg_buf_done(&from);
    eg_buf_done(&to);
    return status;
}

int eg_damage_move_aside(const char *path, uint64_t now, eg_buf *aside)
{
    /* The log goes first: left beside a new database, SQLite would play it into that one. */
    static const char *const parts[] = {"-wal", "-shm", ""};
    eg_buf name;
    eg_buf_init(&name, PATH_MAX_BYTES);
    int status = free_name(path, now, &name);
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(parts); i++) {
        status = move_part(path, eg_buf_cstr(&name), parts[i]);
    }
    if (status == EG_OK) {
        eg_buf_clear(aside);
        status = eg_buf_append_str(aside, eg_buf_str(&name));
    }
    eg_buf_done(&name);
    return status;
}
