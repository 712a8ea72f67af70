/* SPDX-License-Identifier: Apache-2.0 */
/* Stories and the answers to them, in the tables incident and answer. */
#include "core/base/status.h"
#include "core/store/store_internal.h"

#include <stdio.h>

/* ---- writing ---- */

static int put_incident(eg_store *store, const eg_hit *hit)
{
    eg_statement *statement = NULL;
    int status =
        eg_sqlite_prepare(store->db,
                          "INSERT INTO incident(id, first_time, last_time, level, story, memory)"
                          " VALUES(?1, ?2, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE SET"
                          " first_time = min(first_time, ?2), last_time = max(last_time, ?2),"
                          " level = max(level, ?3), story = ?4, memory = ?5",
                          &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, hit->incident_id);
    eg_statement_bind_u64(statement, 2, hit->time);
    eg_statement_bind_i64(statement, 3, (int64_t)hit->level);
    eg_statement_bind_str(statement, 4, hit->incident_json);
    eg_statement_bind_str(statement, 5, hit->incident_memory);
    status = eg_statement_run(statement);
    eg_statement_done(statement);
    return status;
}

/* Runs a statement whose ?1 is the story and ?2 its JSON. *changed: how many rows it changed. */
static int run_on(eg_store *store, const char *sql, const eg_hit *hit, int64_t *changed)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db, sql, &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, hit->incident_id);
    eg_statement_bind_str(statement, 2, hit->incident_json);
    status = eg_statement_run(statement);
    *changed = eg_sqlite_changes(store->db);
    eg_statement_done(statement);
    return status;
}

#define ABSORBED "(SELECT value FROM json_each(?2, '$.absorbed'))"

/* The hits and answers of stories that turned out to be part of this one move to it. */
static int absorb(eg_store *store, const eg_hit *hit)
{
    static const char *const moves[] = {
        "UPDATE incident SET absorbed_by = ?1 WHERE absorbed_by IN " ABSORBED,
        "UPDATE hit SET incident_id = ?1 WHERE incident_id IN " ABSORBED,
        "UPDATE answer SET incident_id = ?1 WHERE incident_id IN " ABSORBED,
        "UPDATE OR REPLACE shown SET incident_id = ?1 WHERE incident_id IN " ABSORBED,
        "UPDATE incident SET level = max(level, (SELECT max(level) FROM incident"
        " WHERE id IN " ABSORBED ")), first_time = min(first_time, (SELECT min(first_time)"
        " FROM incident WHERE id IN " ABSORBED ")) WHERE id = ?1",
    };
    int64_t changed = 0;
    int status = run_on(store,
                        "UPDATE incident SET absorbed_by = ?1 WHERE absorbed_by = 0 AND id IN"
                        " " ABSORBED,
                        hit, &changed);
    for (size_t i = 0; status == EG_OK && changed > 0 && i < EG_COUNT(moves); i++) {
        int64_t moved = 0;
        status = run_on(store, moves[i], hit, &moved);
    }
    return status;
}

int eg_incident_write(eg_store *store, const eg_hit *hit)
{
    int status = put_incident(store, hit);
    return status == EG_OK ? absorb(store, hit) : status;
}

/* ---- reading ---- */

static int no_such_incident(int64_t id)
{
    return eg_fail(EG_E_NOTFOUND, "there is no incident %lld", (long long)id);
}

#define INCIDENT_SELECT \
    "SELECT id, first_time, last_time, resolved_time, absorbed_by, level, story, memory," \
    " coalesce((SELECT min(shown_time) FROM hit WHERE incident_id = incident.id" \
    " AND shown_time > 0), 0)," \
    " coalesce((SELECT answer FROM answer WHERE incident_id = incident.id" \
    " ORDER BY id DESC LIMIT 1), '') FROM incident"

typedef struct reading {
    int64_t id; /* of the one wanted; 0 = all */
    uint64_t since;
    bool open;
    size_t limit;
    eg_incident_visit visit;
    eg_answer_visit visit_answer;
    void *user;
    int answer; /* what visit returned */
    bool found;
} reading;

static int visit_incident(eg_statement *row, reading *read)
{
    eg_stored_incident incident = {
        .id = eg_statement_i64(row, 0),
        .first_time = eg_statement_u64(row, 1),
        .last_time = eg_statement_u64(row, 2),
        .resolved_time = eg_statement_u64(row, 3),
        .absorbed_by = eg_statement_i64(row, 4),
        .level = eg_store_level(eg_statement_i64(row, 5)),
        .story = eg_statement_str(row, 6),
        .memory = eg_statement_str(row, 7),
        .shown_time = eg_statement_u64(row, 8),
        .answer = eg_statement_str(row, 9),
    };
    int status = eg_statement_status(row);
    if (status == EG_OK) {
        read->found = true;
        read->answer = read->visit(read->user, &incident);
    }
    return status;
}

static int prepare_incidents(eg_store *store, const reading *read, eg_statement **out)
{
    char sql[1024];
    if (read->id != 0) {
        int status = eg_sqlite_prepare(store->db, INCIDENT_SELECT " WHERE id = ?1", out);
        if (status == EG_OK) {
            eg_statement_bind_i64(*out, 1, read->id);
        }
        return status;
    }
    snprintf(sql, sizeof(sql),
             INCIDENT_SELECT " WHERE absorbed_by = 0 AND last_time >= ?1%s"
                             " ORDER BY last_time DESC, id DESC LIMIT ?2",
             read->open ? " AND resolved_time = 0" : "");
    int status = eg_sqlite_prepare(store->db, sql, out);
    if (status == EG_OK) {
        eg_statement_bind_u64(*out, 1, read->since);
        eg_statement_bind_u64(*out, 2, read->limit);
    }
    return status;
}

static int incidents_work(eg_store *store, void *context)
{
    reading *read = context;
    eg_statement *statement = NULL;
    int status = prepare_incidents(store, read, &statement);
    while (status == EG_OK && read->answer == EG_OK) {
        status = eg_statement_step(statement);
        if (status == EG_OK) {
            status = visit_incident(statement, read);
        }
    }
    eg_statement_done(statement);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

int eg_store_each_incident(eg_store *store, uint64_t since, bool open, size_t limit,
                           eg_incident_visit visit, void *user)
{
    reading read = {.since = since, .open = open, .limit = limit, .visit = visit, .user = user};
    int status = eg_store_read(store, incidents_work, &read);
    return status == EG_OK ? read.answer : status;
}

int eg_store_get_incident(eg_store *store, int64_t id, eg_incident_visit visit, void *user)
{
    reading read = {.id = id, .visit = visit, .user = user};
    int status = id != 0 ? eg_store_read(store, incidents_work, &read) : EG_OK;
    if (status != EG_OK) {
        return status;
    }
    return read.found ? read.answer : no_such_incident(id);
}

typedef struct open_count {
    eg_level min_level;
    int64_t count;
} open_count;

static int open_work(eg_store *store, void *context)
{
    char sql[160];
    open_count *counted = context;
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM incident WHERE resolved_time = 0 AND absorbed_by = 0"
             " AND level >= %d",
             (int)counted->min_level);
    return eg_sqlite_get_i64(store->db, sql, &counted->count);
}

int eg_store_count_open(eg_store *store, eg_level min_level, uint64_t *count)
{
    open_count counted = {min_level, 0};
    int status = eg_store_read(store, open_work, &counted);
    if (status == EG_OK) {
        *count = (uint64_t)counted.count;
    }
    return status;
}

static int last_work(eg_store *store, void *context)
{
    return eg_sqlite_get_i64(store->db, "SELECT coalesce(max(id), 0) FROM incident", context);
}

int eg_store_last_incident(eg_store *store, int64_t *id)
{
    int64_t last = 0;
    int status = eg_store_read(store, last_work, &last);
    if (status == EG_OK) {
        *id = last;
    }
    return status;
}

/* ---- answers ---- */

typedef struct change {
    const eg_answer *answer; /* NULL: the incident is resolved */
    int64_t id;
    uint64_t time;
    bool found;
    bool is_new; /* the answer */
} change;

/* What speaks against the answer ?5 of user ?4 in session ?3 to the story ?1. */
static const char answer_check[] =
    "SELECT coalesce((SELECT answer = ?5 FROM answer WHERE incident_id = i.id AND session = ?3"
    " AND user = ?4 ORDER BY id DESC LIMIT 1), 0),"
    " (SELECT count(*) FROM answer WHERE incident_id = i.id),"
    " EXISTS (SELECT 1 FROM hit WHERE incident_id = i.id AND shown_time > 0)"
    " FROM incident AS i WHERE i.id = (SELECT CASE absorbed_by WHEN 0 THEN id ELSE absorbed_by END"
    " FROM incident WHERE id = ?1)";

static const char answer_insert[] =
    "INSERT INTO answer(incident_id, time, session, user, answer)"
    " SELECT CASE absorbed_by WHEN 0 THEN id ELSE absorbed_by END, ?2, ?3, ?4, ?5"
    " FROM incident WHERE id = ?1";

static int prepare_answer(eg_store *store, const char *sql, const eg_answer *answer,
                          eg_statement **out)
{
    int status = eg_sqlite_prepare(store->db, sql, out);
    if (status == EG_OK) {
        eg_statement_bind_i64(*out, 1, answer->incident_id);
        eg_statement_bind_u64(*out, 2, answer->time);
        eg_statement_bind_u64(*out, 3, answer->session);
        eg_statement_bind_str(*out, 4, answer->user);
        eg_statement_bind_str(*out, 5, answer->answer);
    }
    return status;
}

/* EG_OK, with is_new when the answer is to be stored. */
static int check_answer(eg_store *store, change *made)
{
    eg_statement *statement = NULL;
    int status = prepare_answer(store, answer_check, made->answer, &statement);
    if (status == EG_OK) {
        status = eg_statement_step(statement);
    }
    if (status == EG_OK) {
        made->is_new = eg_statement_i64(statement, 0) == 0;
        if (made->is_new && eg_statement_i64(statement, 1) >= EG_STORE_ANSWERS_MAX) {
            status = eg_fail(EG_E_LIMIT, "incident %lld has %d answers already",
                             (long long)made->answer->incident_id, EG_STORE_ANSWERS_MAX);
        } else if (eg_statement_i64(statement, 2) == 0) {
            status = eg_fail(EG_E_DENIED, "no window has shown incident %lld",
                             (long long)made->answer->incident_id);
        }
    } else if (status == EG_E_NOTFOUND) {
        status = no_such_incident(made->answer->incident_id);
    }
    eg_statement_done(statement);
    return status;
}

static int answer_work(eg_store *store, void *context)
{
    change *made = context;
    eg_statement *statement = NULL;
    int status = check_answer(store, made);
    if (status != EG_OK || !made->is_new) {
        return status;
    }
    status = prepare_answer(store, answer_insert, made->answer, &statement);
    if (status == EG_OK) {
        status = eg_statement_run(statement);
    }
    eg_statement_done(statement);
    return status;
}

int eg_store_add_answer(eg_store *store, const eg_answer *answer, bool *is_new)
{
    change made = {.answer = answer};
    int status = eg_store_write(store, answer_work, &made);
    if (status == EG_OK) {
        *is_new = made.is_new;
    }
    return status;
}

static int visit_answer(eg_statement *row, reading *read)
{
    eg_answer answer = {
        .id = eg_statement_i64(row, 0),
        .incident_id = read->id,
        .time = eg_statement_u64(row, 1),
        .session = (uint32_t)eg_statement_u64(row, 2),
        .user = eg_statement_str(row, 3),
        .answer = eg_statement_str(row, 4),
    };
    int status = eg_statement_status(row);
    if (status == EG_OK) {
        read->answer = read->visit_answer(read->user, &answer);
    }
    return status;
}

static int answers_work(eg_store *store, void *context)
{
    reading *read = context;
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "SELECT id, time, session, user, answer FROM answer"
                                   " WHERE incident_id = ?1 ORDER BY id",
                                   &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, read->id);
    while (status == EG_OK && read->answer == EG_OK) {
        status = eg_statement_step(statement);
        if (status == EG_OK) {
            status = visit_answer(statement, read);
        }
    }
    eg_statement_done(statement);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

int eg_store_each_answer(eg_store *store, int64_t incident_id, eg_answer_visit visit, void *user)
{
    reading read = {.id = incident_id, .visit_answer = visit, .user = user};
    int status = eg_store_read(store, answers_work, &read);
    return status == EG_OK ? read.answer : status;
}

static int resolve_work(eg_store *store, void *context)
{
    change *made = context;
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "UPDATE incident SET resolved_time = CASE resolved_time"
                                   " WHEN 0 THEN ?2 ELSE resolved_time END WHERE id = ?1",
                                   &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, made->id);
    eg_statement_bind_u64(statement, 2, made->time);
    status = eg_statement_run(statement);
    made->found = eg_sqlite_changes(store->db) > 0;
    eg_statement_done(statement);
    return status;
}

int eg_store_resolve_incident(eg_store *store, int64_t id, uint64_t time)
{
    change made = {.id = id, .time = time};
    int status = eg_store_write(store, resolve_work, &made);
    if (status != EG_OK) {
        return status;
    }
    return made.found ? EG_OK : no_such_incident(id);
}
