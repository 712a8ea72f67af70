/* SPDX-License-Identifier: Apache-2.0 */
/* What the store keeps beside hits: settings it must not lose, counters, and its own size. */
#include "core/base/status.h"
#include "core/store/store_internal.h"

#include <string.h>

/* Pages given back to the disk at a time, so that pruning never holds the store for long. */
#define VACUUM_SQL "PRAGMA incremental_vacuum(2000)"

typedef struct entry {
    const char *name;
    eg_str text;
    uint64_t number;
    eg_buf *out;
} entry;

static int read_value(eg_store *store, const char *sql, entry *wanted)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db, sql, &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_str(statement, 1, eg_str_from(wanted->name));
    status = eg_statement_step(statement);
    if (status == EG_OK && wanted->out) {
        eg_str value = eg_statement_str(statement, 0);
        status = eg_statement_status(statement);
        eg_buf_clear(wanted->out);
        if (status == EG_OK) {
            status = eg_buf_append_str(wanted->out, value);
        }
    } else if (status == EG_OK) {
        wanted->number = eg_statement_u64(statement, 0);
    }
    eg_statement_done(statement);
    return status;
}

static int get_meta_work(eg_store *store, void *context)
{
    return read_value(store, "SELECT value FROM meta WHERE key = ?1", context);
}

int eg_store_get_meta(eg_store *store, const char *key, eg_buf *value)
{
    entry wanted = {.name = key, .out = value};
    int status = eg_store_read(store, get_meta_work, &wanted);
    if (status == EG_E_NOTFOUND) {
        return eg_fail(status, "the hit database keeps no %s", key);
    }
    return status;
}

static int set_meta_work(eg_store *store, void *context)
{
    const entry *given = context;
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "INSERT INTO meta(key, value) VALUES(?1, ?2)"
                                   " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                                   &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_str(statement, 1, eg_str_from(given->name));
    eg_statement_bind_str(statement, 2, given->text);
    status = eg_statement_run(statement);
    eg_statement_done(statement);
    return status;
}

int eg_store_set_meta(eg_store *store, const char *key, eg_str value)
{
    entry given = {.name = key, .text = value};
    return eg_store_write(store, set_meta_work, &given);
}

static int count_work(eg_store *store, void *context)
{
    const entry *given = context;
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db,
                                   "INSERT INTO counter(name, value) VALUES(?1, ?2)"
                                   " ON CONFLICT(name) DO UPDATE SET value ="
                                   " CASE WHEN value > 9223372036854775807 - excluded.value"
                                   " THEN 9223372036854775807 ELSE value + excluded.value END",
                                   &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_str(statement, 1, eg_str_from(given->name));
    eg_statement_bind_u64(statement, 2, given->number);
    status = eg_statement_run(statement);
    eg_statement_done(statement);
    return status;
}

int eg_store_count(eg_store *store, const char *name, uint64_t amount)
{
    entry given = {.name = name, .number = amount};
    return eg_store_write(store, count_work, &given);
}

static int get_count_work(eg_store *store, void *context)
{
    int status = read_value(store, "SELECT value FROM counter WHERE name = ?1", context);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

int eg_store_get_count(eg_store *store, const char *name, uint64_t *amount)
{
    entry wanted = {.name = name};
    int status = eg_store_read(store, get_count_work, &wanted);
    if (status == EG_OK) {
        *amount = wanted.number;
    }
    return status;
}

/* ---- retention ---- */

typedef struct limits {
    uint64_t before;
    uint64_t max_hits;
} limits;

static int delete_hits(eg_store *store, const char *sql, uint64_t limit)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(store->db, sql, &statement);
    if (status != EG_OK) {
        return status;
    }
    eg_statement_bind_u64(statement, 1, limit);
    status = eg_statement_run(statement);
    eg_statement_done(statement);
    return status;
}

static int prune_work(eg_store *store, void *context)
{
    const limits *prune = context;
    int status = delete_hits(store, "DELETE FROM hit WHERE last_time < ?1", prune->before);
    if (status == EG_OK && prune->max_hits > 0) {
        status = delete_hits(store,
                             "DELETE FROM hit WHERE id <="
                             " (SELECT id FROM hit ORDER BY id DESC LIMIT 1 OFFSET ?1)",
                             prune->max_hits);
    }
    if (status == EG_OK) {
        status =
            eg_sqlite_run(store->db, "DELETE FROM event WHERE id NOT IN (SELECT event_id FROM hit);"
                                     "DELETE FROM incident WHERE id NOT IN"
                                     " (SELECT incident_id FROM hit) AND absorbed_by NOT IN"
                                     " (SELECT incident_id FROM hit WHERE incident_id > 0);"
                                     "DELETE FROM answer WHERE incident_id NOT IN"
                                     " (SELECT id FROM incident);"
                                     "DELETE FROM shown WHERE incident_id NOT IN"
                                     " (SELECT id FROM incident)");
    }
    return status;
}

static int vacuum_work(eg_store *store, void *context)
{
    EG_UNUSED(context);
    return eg_sqlite_run(store->db, VACUUM_SQL);
}

int eg_store_prune(eg_store *store, uint64_t before, uint64_t max_hits)
{
    limits prune = {.before = before, .max_hits = max_hits};
    int status = eg_store_write(store, prune_work, &prune);
    return status == EG_OK ? eg_store_write(store, vacuum_work, NULL) : status;
}
