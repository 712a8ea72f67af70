/* SPDX-License-Identifier: Apache-2.0 */
#include "service/check_reports.h"

#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/check_output.h"

#define INNER "running"
#define PATH_BYTES_MAX ((size_t)96 * 1024)
#define FILES_MAX 1000 /* that are looked at in one go */

static int delete_file(void *user, const eg_dir_entry *entry)
{
    EG_UNUSED(user);
    return entry->is_dir ? EG_OK : eg_file_delete(entry->path);
}

int eg_check_reports_begin(const char *folder, eg_buf *inner)
{
    int status = eg_path_join(inner, folder, INNER);
    if (status == EG_OK) {
        status = eg_dir_create(eg_buf_cstr(inner));
    }
    return status == EG_OK ? eg_dir_walk(eg_buf_cstr(inner), 1, delete_file, NULL) : status;
}

typedef struct oldest {
    eg_buf path;
    uint64_t modified;
    size_t count;
} oldest;

static int find_oldest(void *user, const eg_dir_entry *entry)
{
    oldest *to = user;
    if (entry->is_dir) {
        return EG_OK;
    }
    if (to->count++ == 0 || entry->modified < to->modified) {
        to->modified = entry->modified;
        eg_buf_clear(&to->path);
        eg_buf_append_cstr(&to->path, entry->path);
    }
    return to->path.status;
}

static void prune(const char *folder)
{
    oldest found = {.count = 0};
    int status = EG_OK;
    eg_buf_init(&found.path, PATH_BYTES_MAX);
    for (int i = 0; status == EG_OK && i < FILES_MAX; i++) {
        found.count = 0;
        status = eg_dir_walk(folder, 1, find_oldest, &found);
        if (status == EG_OK && found.count <= EG_CHECK_REPORTS_KEPT) {
            break;
        }
        if (status == EG_OK) {
            status = eg_file_delete(eg_buf_cstr(&found.path));
        }
    }
    if (status != EG_OK) {
        eg_log(EG_LOG_WARNING, "check", "old reports stay: %s", eg_error_message());
    }
    eg_buf_done(&found.path);
}

typedef struct take {
    const char *folder;
    eg_check_state *state;
    eg_buf *name;
    bool read;
} take;

static int read_report(take *to, const eg_dir_entry *entry)
{
    eg_buf text;
    eg_buf_init(&text, EG_CHECK_REPORT_BYTES_MAX);
    int status = eg_file_read(entry->path, EG_CHECK_REPORT_BYTES_MAX, &text);
    if (status == EG_OK) {
        status = eg_check_output_report(eg_buf_str(&text), to->state);
    }
    to->read = status == EG_OK;
    eg_buf_done(&text);
    return status;
}

static int take_file(void *user, const eg_dir_entry *entry)
{
    take *to = user;
    eg_buf target;
    bool json = eg_str_ends_nocase(eg_str_from(entry->name), EG_STR(".json"));
    if (entry->is_dir) {
        return EG_OK;
    }
    if (entry->size > EG_CHECK_REPORT_BYTES_MAX) {
        return eg_fail(EG_E_LIMIT, "the report %s is too large", entry->name);
    }
    int status = json ? read_report(to, entry) : EG_OK;
    eg_buf_init(&target, PATH_BYTES_MAX);
    if (status == EG_OK) {
        status = eg_path_join(&target, to->folder, entry->name);
    }
    if (status == EG_OK) {
        status = eg_file_move(entry->path, eg_buf_cstr(&target));
    }
    if (status == EG_OK && !json) {
        eg_buf_clear(to->name);
        status = eg_buf_append_cstr(to->name, entry->name);
    }
    eg_buf_done(&target);
    return status;
}

int eg_check_reports_take(const char *folder, const char *inner, eg_check_state *state,
                          eg_buf *name)
{
    take to = {folder, state, name, false};
    int status = eg_dir_walk(inner, 1, take_file, &to);
    if (status == EG_OK && !to.read) {
        status = eg_fail(EG_E_NOTFOUND, "the check wrote no report");
    }
    prune(folder);
    return status;
}
