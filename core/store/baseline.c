/* SPDX-License-Identifier: Apache-2.0 */
/* What the sensors have told of things that stay, on disk: see core/detect/baseline.h. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/store/store_internal.h"

#include <string.h>

/* Rows that are kept in memory while the disk takes none. */
#define WAITING_MAX (2u * EG_BASELINE_OBJECTS_MAX)

typedef struct eg_waiting_row {
    struct eg_waiting_row *next;
    eg_baseline_row row; /* its texts stand behind it */
} eg_waiting_row;

void eg_store_forget_rows(eg_store *store)
{
    while (store->rows) {
        eg_waiting_row *first = store->rows;
        store->rows = first->next;
        eg_free(first);
    }
    store->last_row = NULL;
    store->rows_count = 0;
}

static eg_str put_text(char **at, eg_str text)
{
    char *start = *at;
    if (text.len > 0) {
        memcpy(start, text.ptr, text.len);
    }
    *at += text.len;
    return (eg_str){start, text.len};
}

static eg_waiting_row *copy_row(const eg_baseline_row *row)
{
    eg_waiting_row *copy =
        eg_alloc_zero(1, sizeof(*copy) + row->sensor.len + row->name.len + row->details.len);
    if (copy) {
        char *at = (char *)(copy + 1);
        copy->row = *row;
        copy->row.sensor = put_text(&at, row->sensor);
        copy->row.name = put_text(&at, row->name);
        copy->row.details = put_text(&at, row->details);
    }
    return copy;
}

int eg_store_baseline_put(eg_store *store, const eg_baseline_row *row)
{
    eg_waiting_row *copy = copy_row(row);
    int status = copy ? EG_OK : EG_E_NOMEM;
    eg_mutex_lock(&store->lock);
    if (copy && store->rows_count >= WAITING_MAX) {
        status = eg_fail(EG_E_LIMIT, "too much of the baseline waits to be stored");
        eg_free(copy);
    } else if (copy) {
        if (store->last_row) {
            store->last_row->next = copy;
        } else {
            store->rows = copy;
        }
        store->last_row = copy;
        store->rows_count++;
    }
    eg_mutex_unlock(&store->lock);
    return status;
}

static void bind_key(eg_statement *statement, const eg_baseline_row *row)
{
    eg_statement_bind_str(statement, 1, row->sensor);
    eg_statement_bind_str(statement, 2, eg_str_from(eg_kind_name(row->kind)));
    eg_statement_bind_str(statement, 3, row->name);
}

static int write_row(eg_statement *put, eg_statement *remove, const eg_baseline_row *row)
{
    eg_statement *statement = row->gone ? remove : put;
    eg_statement_reset(statement);
    bind_key(statement, row);
    if (!row->gone) {
        eg_statement_bind_i64(statement, 4, (int64_t)row->state);
        eg_statement_bind_str(statement, 5, row->details);
        eg_statement_bind_u64(statement, 6, row->time);
    }
    return eg_statement_run(statement);
}

static int write_time(eg_store *store)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "INSERT INTO meta(key, value) VALUES('baseline_time', ?1)"
                                   " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                                   &statement);
    if (status == EG_OK) {
        eg_statement_bind_u64(statement, 1, eg_clock_utc());
        status = eg_statement_run(statement);
    }
    eg_statement_done(statement);
    return status;
}

static int flush_work(eg_store *store, void *context)
{
    EG_UNUSED(context);
    eg_statement *put = NULL;
    eg_statement *remove = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "INSERT OR REPLACE INTO baseline"
                                   "(sensor, kind, name, state, details, time)"
                                   " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                                   &put);
    if (status == EG_OK) {
        status = eg_sqlite_prepare(
            store->db, "DELETE FROM baseline WHERE sensor = ?1 AND kind = ?2 AND name = ?3",
            &remove);
    }
    for (eg_waiting_row *at = store->rows; status == EG_OK && at; at = at->next) {
        status = write_row(put, remove, &at->row);
    }
    if (status == EG_OK) {
        status = write_time(store);
    }
    eg_statement_done(put);
    eg_statement_done(remove);
    return status;
}

int eg_store_baseline_flush(eg_store *store)
{
    eg_mutex_lock(&store->lock);
    bool any = store->rows;
    eg_mutex_unlock(&store->lock);
    int status = any ? eg_store_write(store, flush_work, NULL) : EG_OK;
    if (any && status == EG_OK) {
        eg_mutex_lock(&store->lock);
        eg_store_forget_rows(store);
        eg_mutex_unlock(&store->lock);
    }
    return status;
}

/* ---- reading ---- */

typedef struct reading {
    eg_baseline_visit visit;
    void *user;
    int answer; /* what visit returned */
} reading;

static int read_time(eg_store *store)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db, "SELECT value FROM meta WHERE key = 'baseline_time'",
                                   &statement);
    if (status == EG_OK) {
        status = eg_statement_step(statement);
    }
    if (status == EG_OK) {
        store->rows_time = eg_statement_u64(statement, 0);
    }
    eg_statement_done(statement);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

/* A kind of a newer version, or that somebody made up, is no matter. */
static int visit_row(eg_statement *statement, reading *read)
{
    eg_baseline_row row = {
        .sensor = eg_statement_str(statement, 0),
        .name = eg_statement_str(statement, 2),
        .state = (uint64_t)eg_statement_i64(statement, 3),
        .details = eg_statement_str(statement, 4),
        .time = eg_statement_u64(statement, 5),
    };
    bool known = eg_kind_from_name(eg_statement_str(statement, 1), &row.kind);
    int status = eg_statement_status(statement);
    if (status == EG_OK && known) {
        read->answer = read->visit(read->user, &row);
    }
    return status;
}

static int each_work(eg_store *store, void *context)
{
    reading *read = context;
    eg_statement *statement = NULL;
    int status = read_time(store);
    if (status == EG_OK) {
        status = eg_sqlite_prepare(
            store->db, "SELECT sensor, kind, name, state, details, time FROM baseline", &statement);
    }
    while (status == EG_OK && read->answer == EG_OK) {
        status = eg_statement_step(statement);
        if (status == EG_OK) {
            status = visit_row(statement, read);
        }
    }
    eg_statement_done(statement);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

int eg_store_baseline_each(eg_store *store, eg_baseline_visit visit, void *user)
{
    reading read = {.visit = visit, .user = user};
    int status = eg_store_read(store, each_work, &read);
    return status == EG_OK ? read.answer : status;
}
