/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators except, in the table exception. */
#include "core/base/status.h"
#include "core/store/store_internal.h"

/* ---- writing ---- */

typedef struct change {
    const eg_exception *exception; /* NULL: the one with this id is revoked */
    int64_t id;
    uint64_t time;
    eg_str who;
} change;

static int add_work(eg_store *store, void *context)
{
    change *made = context;
    const eg_exception *exception = made->exception;
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(
        store->db,
        "INSERT INTO exception(created_time, expires_time, created_by, reason, rule_id, signer,"
        " path, hash, parent, command_line, user) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
        " ?11)",
        &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_u64(statement, 1, exception->created_time);
    eg_statement_bind_u64(statement, 2, exception->expires_time);
    eg_statement_bind_str(statement, 3, exception->created_by);
    eg_statement_bind_str(statement, 4, exception->reason);
    eg_statement_bind_str(statement, 5, exception->rule_id);
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        eg_statement_bind_str(statement, 6 + i, exception->wanted[i]);
    }
    status = eg_statement_run(statement);
    if (status == EG_OK) {
        made->id = eg_sqlite_last_id(store->db);
    }
    eg_statement_done(statement);
    return status;
}

int eg_store_add_exception(eg_store *store, const eg_exception *exception, int64_t *id)
{
    change made = {.exception = exception};
    int status = eg_store_write(store, add_work, &made);
    if (status == EG_OK) {
        *id = made.id;
    }
    return status;
}

static int revoke_work(eg_store *store, void *context)
{
    change *made = context;
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "UPDATE exception SET revoked_by = CASE revoked_time WHEN 0"
                                   " THEN ?3 ELSE revoked_by END, revoked_time = CASE revoked_time"
                                   " WHEN 0 THEN ?2 ELSE revoked_time END WHERE id = ?1",
                                   &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, made->id);
    eg_statement_bind_u64(statement, 2, made->time);
    eg_statement_bind_str(statement, 3, made->who);
    status = eg_statement_run(statement);
    if (status == EG_OK && eg_sqlite_changes(store->db) == 0) {
        status = eg_fail(EG_E_NOTFOUND, "there is no exception %lld", (long long)made->id);
    }
    eg_statement_done(statement);
    return status;
}

int eg_store_revoke_exception(eg_store *store, int64_t id, uint64_t time, eg_str who)
{
    change made = {.id = id, .time = time, .who = who};
    return eg_store_write(store, revoke_work, &made);
}

int eg_exception_count(eg_store *store, int64_t id, uint64_t time)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(
        store->db, "UPDATE exception SET hits = hits + 1, last_hit_time = ?2 WHERE id = ?1",
        &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, id);
    eg_statement_bind_u64(statement, 2, time);
    status = eg_statement_run(statement);
    eg_statement_done(statement);
    return status;
}

/* ---- reading ---- */

typedef struct reading {
    eg_exception_visit visit;
    void *user;
    int answer; /* what visit returned */
} reading;

static int visit_exception(eg_statement *row, reading *read)
{
    eg_exception exception = {
        .id = eg_statement_i64(row, 0),
        .rule_id = eg_statement_str(row, 1),
        .created_time = eg_statement_u64(row, 2),
        .expires_time = eg_statement_u64(row, 3),
        .created_by = eg_statement_str(row, 4),
        .reason = eg_statement_str(row, 5),
        .revoked_time = eg_statement_u64(row, 6),
        .revoked_by = eg_statement_str(row, 7),
        .hits = eg_statement_u64(row, 8),
        .last_hit_time = eg_statement_u64(row, 9),
        .whole_rule = true,
    };
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        exception.wanted[i] = eg_statement_str(row, 10 + i);
        exception.whole_rule = exception.whole_rule && exception.wanted[i].len == 0;
    }
    int status = eg_statement_status(row);
    if (status == EG_OK) {
        read->answer = read->visit(read->user, &exception);
    }
    return status;
}

static int exceptions_work(eg_store *store, void *context)
{
    reading *read = context;
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(
        store->db,
        "SELECT id, rule_id, created_time, expires_time, created_by, reason, revoked_time,"
        " revoked_by, hits, last_hit_time, signer, path, hash, parent, command_line, user"
        " FROM exception ORDER BY id",
        &statement);
    while (status == EG_OK && read->answer == EG_OK) {
        status = eg_statement_step(statement);
        if (status == EG_OK) {
            status = visit_exception(statement, read);
        }
    }
    eg_statement_done(statement);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

int eg_store_each_exception(eg_store *store, eg_exception_visit visit, void *user)
{
    reading read = {.visit = visit, .user = user};
    int status = eg_store_read(store, exceptions_work, &read);
    return status == EG_OK ? read.answer : status;
}
