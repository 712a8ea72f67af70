/* SPDX-License-Identifier: Apache-2.0 */
/* A hit into the database: as a row of its own, or counted in the row that speaks for it. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/store/store_internal.h"

#define TEXTS_MAX (256u * 1024)

typedef struct addition {
    const eg_hit *hit;
    const eg_event *event;
    eg_buf texts; /* of all languages, as one JSON object */
    uint64_t now;
    bool is_news; /* worth a window */
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

static bool is_news(const eg_hit *hit)
{
    return hit->exception_id == 0 && (hit->incident_id == 0 || hit->incident_news);
}

/* By looking at what is there: it may have been seen happening, and counted, before. */
static bool is_found(const addition *add)
{
    return (add->event->flags & (EG_EVENT_EXISTING | EG_EVENT_CHANGED_WHILE_DOWN)) != 0;
}

/* Takes the row that the hit was counted in, and tells its story when it is the hit's. */
static int end_known(eg_store *store, addition *add, eg_statement *statement)
{
    int64_t incident_id = 0;
    int status = eg_statement_step(statement);
    if (status == EG_OK) {
        add->id = eg_statement_i64(statement, 0);
        add->is_new = false;
        incident_id = eg_statement_i64(statement, 1);
        status = eg_statement_run(statement);
    }
    eg_statement_done(statement);
    if (status == EG_OK && incident_id != 0 && incident_id == add->hit->incident_id) {
        status = eg_incident_write(store, add->hit);
    }
    return status;
}

/*
 * Finds again what was stored after `since`. EG_E_NOTFOUND when it was not. What nobody was shown
 * is no reason to be silent when its exception is over.
 */
static int find_again(eg_store *store, addition *add, uint64_t since)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "UPDATE hit SET last_time = ?2 WHERE id ="
                                   " (SELECT max(id) FROM hit WHERE fingerprint = ?1"
                                   " AND stored_time > ?3 AND (exception_id = 0 OR exception_id"
                                   " = ?4)) RETURNING id, incident_id",
                                   &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, (int64_t)add->hit->fingerprint);
    eg_statement_bind_u64(statement, 2, add->now);
    eg_statement_bind_u64(statement, 3, since);
    eg_statement_bind_i64(statement, 4, add->hit->exception_id);
    return end_known(store, add, statement);
}

/*
 * Counts what repeats a hit of its story, or under its exception, of less than a day ago. Later it
 * gets a row of its own. EG_E_NOTFOUND when there is none. The plus keeps SQLite from going through
 * all hits of the story instead of the few of this fingerprint.
 */
static int count_repeat(eg_store *store, addition *add)
{
    const uint64_t time = add->hit->time, quiet = EG_HIT_QUIET_TICKS - 1;
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "UPDATE hit SET count = count + ?3, last_time = ?2 WHERE id ="
                                   " (SELECT max(id) FROM hit WHERE fingerprint = ?1"
                                   " AND exception_id = ?4 AND +incident_id = ?5"
                                   " AND time BETWEEN ?6 AND ?7) RETURNING id, incident_id",
                                   &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_i64(statement, 1, (int64_t)add->hit->fingerprint);
    eg_statement_bind_u64(statement, 2, add->now);
    eg_statement_bind_i64(statement, 3, is_found(add) ? 0 : 1);
    eg_statement_bind_i64(statement, 4, add->hit->exception_id);
    eg_statement_bind_i64(statement, 5, add->hit->incident_id);
    eg_statement_bind_u64(statement, 6, time > quiet ? time - quiet : 0);
    eg_statement_bind_u64(statement, 7, time < UINT64_MAX - quiet ? time + quiet : UINT64_MAX);
    return end_known(store, add, statement);
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
    eg_statement_bind_i64(statement, 16, add->is_news);
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

/* EG_E_NOTFOUND for what needs a row of its own. */
static int count_if_known(eg_store *store, addition *add)
{
    int status = EG_E_NOTFOUND;
    if (add->event->flags & EG_EVENT_EXISTING) {
        status = find_again(store, add, 0);
    } else if (is_found(add) && store->rows_time > 0) {
        status = find_again(store, add, store->rows_time);
    }
    return status == EG_E_NOTFOUND && !is_news(add->hit) ? count_repeat(store, add) : status;
}

/*
 * A story that has no row yet is news, whatever it knew: all it told before was found in the rows
 * of older stories, or could not be stored.
 */
static int decide_news(eg_store *store, addition *add)
{
    eg_statement *statement = NULL;
    add->is_news = is_news(add->hit);
    if (add->is_news || add->hit->incident_id == 0) {
        return EG_OK;
    }
    int status = eg_sqlite_prepare(store->db, "SELECT 1 FROM incident WHERE id = ?1", &statement);
    if (status == EG_OK) {
        eg_statement_bind_i64(statement, 1, add->hit->incident_id);
        status = eg_statement_step(statement);
    }
    eg_statement_done(statement);
    add->is_news = status == EG_E_NOTFOUND;
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

static int put_hit(eg_store *store, addition *add)
{
    int64_t event_id = 0;
    int status = count_if_known(store, add);
    if (status != EG_E_NOTFOUND) {
        return status;
    }
    status = decide_news(store, add);
    if (status == EG_OK) {
        status = find_last_event(store, add, &event_id);
    }
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
