/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/store/store_internal.h"

#include <stdio.h>
#include <string.h>

#define TEXTS_MAX (256u * 1024)
#define DEFAULT_LIMIT 1000u
#define TICKS_PER_DAY (EG_TICKS_PER_SECOND * 86400)

/* ---- adding ---- */

typedef struct addition {
    const eg_hit *hit;
    const eg_event *event;
    eg_buf texts; /* of all languages, as one JSON object */
    uint64_t now;
    int64_t id;
    bool is_new;
} addition;

static int write_texts(const eg_hit *hit, eg_buf *out)
{
    eg_json json;
    eg_json_begin(&json, out);
    eg_json_object(&json);
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        eg_json_key(&json, eg_language_code((eg_language)i));
        eg_json_object(&json);
        eg_json_put_str(&json, "title", hit->text[i].title);
        eg_json_put_str(&json, "meaning", hit->text[i].meaning);
        eg_json_put_str(&json, "advice", hit->text[i].advice);
        eg_json_object_end(&json);
    }
    eg_json_object_end(&json);
    return out->status;
}

/*
 * Counts what was told before, and after `since`. EG_E_NOTFOUND when it was not. What nobody was
 * shown is no reason to be silent when its exception is over.
 */
static int count_known(eg_store *store, addition *add, uint64_t since)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "UPDATE hit SET count = count + 1, last_time = ?2 WHERE id ="
                                   " (SELECT max(id) FROM hit WHERE fingerprint = ?1"
                                   " AND stored_time > ?3 AND (exception_id = 0 OR exception_id"
                                   " = ?4)) RETURNING id",
                                   &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, (int64_t)add->hit->fingerprint);
    eg_statement_bind_u64(statement, 2, add->now);
    eg_statement_bind_u64(statement, 3, since);
    eg_statement_bind_i64(statement, 4, add->hit->exception_id);
    status = eg_statement_step(statement);
    if (status == EG_OK) {
        add->id = eg_statement_i64(statement, 0);
        add->is_new = false;
        status = eg_statement_run(statement);
    }
    eg_statement_done(statement);
    return status;
}

/* Several rules often meet one event: its evidence is kept once. */
static int find_last_event(eg_store *store, const addition *add, int64_t *event_id)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "SELECT id FROM event WHERE id = (SELECT max(id) FROM event)"
                                   " AND time = ?1 AND json = ?2",
                                   &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_u64(statement, 1, add->hit->time);
    eg_statement_bind_str(statement, 2, add->hit->event_json);
    status = eg_statement_step(statement);
    if (status == EG_OK) {
        *event_id = eg_statement_i64(statement, 0);
    }
    eg_statement_done(statement);
    return status;
}

static int insert_event(eg_store *store, const addition *add, int64_t *event_id)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(
        store->db, "INSERT INTO event(time, kind, flags, json) VALUES(?1, ?2, ?3, ?4)", &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_u64(statement, 1, add->hit->time);
    eg_statement_bind_str(statement, 2, eg_str_from(eg_kind_name(add->event->kind)));
    eg_statement_bind_u64(statement, 3, add->event->flags);
    eg_statement_bind_str(statement, 4, add->hit->event_json);
    status = eg_statement_run(statement);
    if (status == EG_OK) {
        *event_id = eg_sqlite_last_id(store->db);
    }
    eg_statement_done(statement);
    return status;
}

static int insert_hit(eg_store *store, addition *add, int64_t event_id)
{
    const eg_hit *hit = add->hit;
    const eg_str texts[] = {hit->rule_id, hit->rule_title,        hit->rule_author,
                            hit->tags,    hit->program,           hit->parent,
                            hit->user,    eg_buf_str(&add->texts)};
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(
        store->db,
        "INSERT INTO hit(event_id, time, stored_time, last_time, shown_time, count, fingerprint,"
        " pack_serial, level, rule_id, rule_title, rule_author, tags, program, parent, user, texts,"
        " incident_id, news, exception_id)"
        " VALUES(?1, ?2, ?3, ?3, 0, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
        " ?17)",
        &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, event_id);
    eg_statement_bind_u64(statement, 2, hit->time);
    eg_statement_bind_u64(statement, 3, add->now);
    eg_statement_bind_i64(statement, 4, (int64_t)hit->fingerprint);
    eg_statement_bind_u64(statement, 5, hit->pack_serial);
    eg_statement_bind_i64(statement, 6, (int64_t)hit->level);
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_statement_bind_str(statement, 7 + (int)i, texts[i]);
    }
    eg_statement_bind_i64(statement, 15, hit->incident_id);
    eg_statement_bind_i64(statement, 16,
                          hit->exception_id == 0 && (hit->incident_id == 0 || hit->incident_news));
    eg_statement_bind_i64(statement, 17, hit->exception_id);
    status = eg_statement_run(statement);
    if (status == EG_OK) {
        add->id = eg_sqlite_last_id(store->db);
        add->is_new = true;
        store->last_id = add->id;
    }
    eg_statement_done(statement);
    return status;
}

/* What is known already, or hidden and was there within a day, is only counted. */
static int count_if_known(eg_store *store, addition *add)
{
    bool existing = add->event->flags & EG_EVENT_EXISTING;
    bool down = add->event->flags & EG_EVENT_CHANGED_WHILE_DOWN;
    if (existing) {
        return count_known(store, add, 0);
    }
    if (down && store->rows_time > 0) {
        return count_known(store, add, store->rows_time);
    }
    return add->hit->exception_id != 0 ? count_known(store, add, add->now - TICKS_PER_DAY)
                                       : EG_E_NOTFOUND;
}

static int put_hit(eg_store *store, addition *add)
{
    int64_t event_id = 0;
    int status = count_if_known(store, add);
    if (status != EG_E_NOTFOUND) {
        return status;
    }
    status = find_last_event(store, add, &event_id);
    if (status == EG_E_NOTFOUND) {
        status = insert_event(store, add, &event_id);
    }
    if (status == EG_OK) {
        status = insert_hit(store, add, event_id);
    }
    if (status == EG_OK && add->hit->incident_id != 0) {
        status = eg_incident_write(store, add->hit);
    }
    return status;
}

static int add_work(eg_store *store, void *context)
{
    addition *add = context;
    int status = put_hit(store, add);
    if (status == EG_OK && add->hit->exception_id != 0) {
        status = eg_exception_count(store, add->hit->exception_id, add->now);
    }
    return status;
}

int eg_store_add_hit(eg_store *store, const eg_hit *hit, const eg_event *event, int64_t *id,
                     bool *is_new)
{
    addition add = {.hit = hit, .event = event, .now = eg_clock_utc()};
    eg_buf_init(&add.texts, TEXTS_MAX);
    int status = write_texts(hit, &add.texts);
    if (status == EG_OK) {
        status = eg_store_write(store, add_work, &add);
    }
    if (status == EG_OK) {
        *id = add.id;
        *is_new = add.is_new;
    }
    eg_buf_done(&add.texts);
    return status;
}

/* ---- reading ---- */

#define HIT_SELECT \
    "SELECT hit.id, hit.time, stored_time, shown_time, count, fingerprint, pack_serial," \
    " hit.level, rule_id, rule_title, rule_author, tags, program, parent, user, texts," \
    " coalesce(event.json, '{}'), incident_id, news, coalesce(incident.story, '')," \
    " exception_id" \
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
             hidden[query->hidden], query->only_not_shown ? " AND shown_time = 0" : "",
             query->only_news ? " AND news = 1" : "",
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

/* ---- shown ---- */

typedef struct showing {
    int64_t id;
    uint64_t time;
    bool found;
} showing;

/* A window tells the whole story up to this hit. */
static int shown_work(eg_store *store, void *context)
{
#define STORY "(SELECT incident_id FROM hit WHERE id = ?1 AND incident_id > 0)"
    static const char *const updates[] = {
        "UPDATE hit SET shown_time = CASE shown_time WHEN 0 THEN ?2 ELSE shown_time END"
        " WHERE id = ?1",
        "UPDATE hit SET shown_time = ?2 WHERE shown_time = 0 AND id < ?1 AND incident_id = " STORY,
        "UPDATE incident SET reminded_time = ?2 WHERE id = " STORY,
    };
#undef STORY
    showing *show = context;
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

int eg_store_set_shown(eg_store *store, int64_t id, uint64_t time)
{
    showing show = {.id = id, .time = time};
    int status = eg_store_write(store, shown_work, &show);
    if (status != EG_OK) {
        return status;
    }
    return show.found ? EG_OK : no_such_hit(id);
}
