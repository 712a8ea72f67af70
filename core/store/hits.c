/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/store/store_internal.h"

#include <stdio.h>

#define DEFAULT_LIMIT 1000u

/* ---- reading ---- */

#define HIT_SELECT \
    "SELECT hit.id, hit.time, stored_time, shown_time, count, fingerprint, pack_serial," \
    " hit.level, rule_id, rule_title, rule_author, tags, program, parent, user, texts," \
    " coalesce(event.json, '{}'), incident_id, news, coalesce(incident.story, '')," \
    " exception_id, hit.last_time" \
    " FROM hit LEFT JOIN event ON event.id = hit.event_id" \
    " LEFT JOIN incident ON incident.id = hit.incident_id"
#define HIT_FILTER " WHERE hit.id > ?1 AND stored_time >= ?2 AND hit.level >= ?3"

typedef struct reading {
    const eg_hit_query *query;
    int64_t id; /* of the one wanted; 0 = by query */
    eg_hit_visit visit;
    void *user;
    int answer; /* what visit returned */
    bool found;
    uint64_t count;
} reading;

eg_level eg_store_level(int64_t number)
{
    if (number < EG_LEVEL_INFORMATIONAL) {
        return EG_LEVEL_INFORMATIONAL;
    }
    return number > EG_LEVEL_CRITICAL ? EG_LEVEL_CRITICAL : (eg_level)number;
}

/* Texts that somebody damaged leave the hit without words, not the people without the hit. */
static int read_texts(eg_str texts, eg_hit *hit, yyjson_doc **document)
{
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        hit->text[i] = (eg_text){EG_STR(""), EG_STR(""), EG_STR("")};
    }
    int status = eg_json_parse(texts, document);
    if (status != EG_OK) {
        return status == EG_E_NOMEM ? status : EG_OK;
    }
    yyjson_val *root = yyjson_doc_get_root(*document);
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        yyjson_val *text = yyjson_obj_get(root, eg_language_code((eg_language)i));
        hit->text[i].title = eg_json_get_str(text, "title");
        hit->text[i].meaning = eg_json_get_str(text, "meaning");
        hit->text[i].advice = eg_json_get_str(text, "advice");
    }
    return EG_OK;
}

static int visit_row(eg_statement *row, reading *read)
{
    eg_hit hit = {
        .id = eg_statement_i64(row, 0),
        .time = eg_statement_u64(row, 1),
        .stored_time = eg_statement_u64(row, 2),
        .shown_time = eg_statement_u64(row, 3),
        .count = eg_statement_u64(row, 4),
        .fingerprint = (uint64_t)eg_statement_i64(row, 5),
        .pack_serial = eg_statement_u64(row, 6),
        .level = eg_store_level(eg_statement_i64(row, 7)),
        .rule_id = eg_statement_str(row, 8),
        .rule_title = eg_statement_str(row, 9),
        .rule_author = eg_statement_str(row, 10),
        .tags = eg_statement_str(row, 11),
        .program = eg_statement_str(row, 12),
        .parent = eg_statement_str(row, 13),
        .user = eg_statement_str(row, 14),
        .event_json = eg_statement_str(row, 16),
        .incident_id = eg_statement_i64(row, 17),
        .incident_news = eg_statement_i64(row, 18) != 0,
        .incident_json = eg_statement_str(row, 19),
        .exception_id = eg_statement_i64(row, 20),
        .last_time = eg_statement_u64(row, 21),
    };
    yyjson_doc *document = NULL;
    int status = read_texts(eg_statement_str(row, 15), &hit, &document);
    if (status == EG_OK) {
        status = eg_statement_status(row);
    }
    if (status == EG_OK) {
        read->found = true;
        read->answer = read->visit(read->user, &hit);
    }
    yyjson_doc_free(document);
    return status;
}

static void bind_filter(eg_statement *statement, const eg_hit_query *query)
{
    eg_statement_bind_i64(statement, 1, query->after_id);
    eg_statement_bind_u64(statement, 2, query->since);
    eg_statement_bind_i64(statement, 3, (int64_t)query->min_level);
}

/* The newest hit of each story that a window showed, and that nobody has answered or resolved. */
#define UNANSWERED \
    " AND hit.id IN (SELECT max(h.id) FROM incident AS i JOIN hit AS h ON h.incident_id = i.id" \
    " WHERE i.resolved_time = 0 AND i.absorbed_by = 0 AND i.reminded_time BETWEEN 1 AND ?6" \
    " AND h.news = 1 AND h.level >= ?3" \
    " AND NOT EXISTS (SELECT 1 FROM answer WHERE answer.incident_id = i.id) GROUP BY i.id)"

/* Nobody waits for what an administrator is done with. */
#define NOT_RESOLVED " AND coalesce(incident.resolved_time, 0) = 0"

/* The conditions must stand there as they are, or SQLite does not use the small index for them. */
static int prepare_query(eg_store *store, const eg_hit_query *query, eg_statement **out)
{
    static const char *const hidden[] = {
        [EG_HITS_NOT_HIDDEN] = " AND exception_id = 0",
        [EG_HITS_HIDDEN] = " AND exception_id != 0",
        [EG_HITS_ALL] = "",
    };
    char sql[2048];
    snprintf(sql, sizeof(sql), HIT_SELECT HIT_FILTER "%s%s%s%s%s ORDER BY hit.id%s LIMIT ?4",
             hidden[query->hidden], query->only_not_shown ? " AND shown_time = 0" NOT_RESOLVED : "",
             query->only_news ? " AND news = 1" NOT_RESOLVED : "",
             query->incident_id != 0 ? " AND incident_id = ?5" : "",
             query->unanswered_since != 0 ? UNANSWERED : "", query->newest_first ? " DESC" : "");
    int status = eg_sqlite_prepare(store->db, sql, out);
    if (status != EG_OK) {
        return status;
    }
    bind_filter(*out, query);
    eg_statement_bind_u64(*out, 4, query->limit > 0 ? query->limit : DEFAULT_LIMIT);
    if (query->incident_id != 0) {
        eg_statement_bind_i64(*out, 5, query->incident_id);
    }
    if (query->unanswered_since != 0) {
        eg_statement_bind_u64(*out, 6, query->unanswered_since);
    }
    return EG_OK;
}

static int prepare_one(eg_store *store, int64_t id, eg_statement **out)
{
    int status = eg_sqlite_prepare(store->db, HIT_SELECT " WHERE hit.id = ?1", out);
    if (status == EG_OK) {
        eg_statement_bind_i64(*out, 1, id);
    }
    return status;
}

static int read_work(eg_store *store, void *context)
{
    reading *read = context;
    eg_statement *statement = NULL;
    int status = read->query ? prepare_query(store, read->query, &statement)
                             : prepare_one(store, read->id, &statement);
    while (status == EG_OK && read->answer == EG_OK) {
        status = eg_statement_step(statement);
        if (status == EG_OK) {
            status = visit_row(statement, read);
        }
    }
    eg_statement_done(statement);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

int eg_store_each_hit(eg_store *store, const eg_hit_query *query, eg_hit_visit visit, void *user)
{
    reading read = {.query = query, .visit = visit, .user = user};
    int status = eg_store_read(store, read_work, &read);
    return status == EG_OK ? read.answer : status;
}

static int no_such_hit(int64_t id)
{
    return eg_fail(EG_E_NOTFOUND, "there is no hit %lld", (long long)id);
}

int eg_store_get_hit(eg_store *store, int64_t id, eg_hit_visit visit, void *user)
{
    reading read = {.id = id, .visit = visit, .user = user};
    int status = eg_store_read(store, read_work, &read);
    if (status != EG_OK) {
        return status;
    }
    return read.found ? read.answer : no_such_hit(id);
}

static int count_work(eg_store *store, void *context)
{
    reading *read = context;
    eg_statement *statement = NULL;
    int status =
        eg_sqlite_prepare(store->db,
                          "SELECT count(*) FROM hit WHERE stored_time >= ?1 AND level >= ?2"
                          " AND exception_id = 0",
                          &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_u64(statement, 1, read->query->since);
    eg_statement_bind_i64(statement, 2, (int64_t)read->query->min_level);
    status = eg_statement_step(statement);
    if (status == EG_OK) {
        read->count = eg_statement_u64(statement, 0);
    }
    eg_statement_done(statement);
    return status;
}

int eg_store_count_hits(eg_store *store, uint64_t since, eg_level min_level, uint64_t *count)
{
    eg_hit_query query = {.since = since, .min_level = min_level};
    reading read = {.query = &query};
    int status = eg_store_read(store, count_work, &read);
    if (status == EG_OK) {
        *count = read.count;
    }
    return status;
}
