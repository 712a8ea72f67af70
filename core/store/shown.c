/* SPDX-License-Identifier: Apache-2.0 */
/* What windows have shown, and to whom: the table shown, and times in hit and incident. */
#include "core/base/status.h"
#include "core/store/store_internal.h"

typedef struct showing {
    int64_t id;
    uint64_t time;
    eg_str user;
    bool found;
} showing;

#define STORY "(SELECT incident_id FROM hit WHERE id = ?1 AND incident_id > 0)"

/* A window tells the whole story up to this hit. */
static int mark(eg_store *store, showing *show)
{
    static const char *const updates[] = {
        "UPDATE hit SET shown_time = CASE shown_time WHEN 0 THEN ?2 ELSE shown_time END"
        " WHERE id = ?1",
        "UPDATE hit SET shown_time = ?2 WHERE shown_time = 0 AND id < ?1 AND incident_id = " STORY,
        "UPDATE incident SET reminded_time = ?2 WHERE id = " STORY,
    };
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(updates); i++) {
        eg_statement *statement = NULL;
        status = eg_sqlite_prepare(store->db, updates[i], &statement);
        if (status != EG_OK) {
            break;
        }
        eg_statement_bind_i64(statement, 1, show->id);
        eg_statement_bind_u64(statement, 2, show->time);
        status = eg_statement_run(statement);
        show->found = show->found || eg_sqlite_changes(store->db) > 0;
        eg_statement_done(statement);
    }
    return status;
}

static int remember_user(eg_store *store, const showing *show)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "INSERT OR IGNORE INTO shown(user, incident_id)"
                                   " SELECT ?2, id FROM incident WHERE id = " STORY,
                                   &statement);
    if (status == EG_OK) {
        eg_statement_bind_i64(statement, 1, show->id);
        eg_statement_bind_str(statement, 2, show->user);
        status = eg_statement_run(statement);
    }
    eg_statement_done(statement);
    return status;
}

static int shown_work(eg_store *store, void *context)
{
    showing *show = context;
    int status = mark(store, show);
    return status == EG_OK && show->user.len > 0 ? remember_user(store, show) : status;
}

int eg_store_set_shown(eg_store *store, int64_t id, uint64_t time, eg_str user)
{
    showing show = {.id = id, .time = time, .user = user};
    int status = eg_store_write(store, shown_work, &show);
    if (status != EG_OK) {
        return status;
    }
    return show.found ? EG_OK : eg_fail(EG_E_NOTFOUND, "there is no hit %lld", (long long)id);
}

/* ---- reading ---- */

typedef struct reading {
    eg_str user;
    size_t limit;
    eg_shown_visit visit;
    void *visit_user;
    int answer; /* what visit returned */
} reading;

static int visit_row(eg_statement *row, reading *read)
{
    const eg_shown_story story = {
        .hit_id = eg_statement_i64(row, 0),
        .resolved = eg_statement_u64(row, 1) != 0,
        .answer = eg_statement_str(row, 2),
    };
    int status = eg_statement_status(row);
    if (status == EG_OK) {
        read->answer = read->visit(read->visit_user, &story);
    }
    return status;
}

/* News that no window showed are told as such: the newest of the others speaks for the story. */
static int each_work(eg_store *store, void *context)
{
    reading *read = context;
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(
        store->db,
        "SELECT max(hit.id), i.resolved_time, coalesce((SELECT answer FROM answer"
        " WHERE answer.incident_id = i.id AND answer.user = ?1 ORDER BY answer.id DESC LIMIT 1),"
        " '') FROM shown JOIN incident AS i ON i.id = shown.incident_id"
        " JOIN hit ON hit.incident_id = i.id AND hit.news = 1 AND hit.shown_time != 0"
        " WHERE shown.user = ?1 GROUP BY i.id ORDER BY 1 DESC LIMIT ?2",
        &statement);
    if (status == EG_OK) {
        eg_statement_bind_str(statement, 1, read->user);
        eg_statement_bind_u64(statement, 2, read->limit);
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

int eg_store_each_shown(eg_store *store, eg_str user, size_t limit, eg_shown_visit visit,
                        void *visit_user)
{
    reading read = {.user = user, .limit = limit, .visit = visit, .visit_user = visit_user};
    int status = eg_store_read(store, each_work, &read);
    return status == EG_OK ? read.answer : status;
}
