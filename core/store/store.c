/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/store/schema.h"
#include "core/store/store_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NOTICE_MAX 8192u
/* Every page of a larger file is not read at each start; damage is then found when it is met. */
#define CHECK_ALL_BYTES (INT64_C(16) * 1024 * 1024)
/* 2026-01-01 as FILETIME. */
#define IDS_EPOCH UINT64_C(134116992000000000)

/*
 * synchronous=FULL: a hit is on disk before anybody is told. The rest keeps the service small: half
 * a megabyte of page cache, no temporary files, and a write-ahead log that stays short.
 */
static const char writer_settings[] = "PRAGMA auto_vacuum = INCREMENTAL;"
                                      "PRAGMA journal_mode = WAL;"
                                      "PRAGMA synchronous = FULL;"
                                      "PRAGMA foreign_keys = ON;"
                                      "PRAGMA cache_size = -512;"
                                      "PRAGMA temp_store = MEMORY;"
                                      "PRAGMA wal_autocheckpoint = 250;"
                                      "PRAGMA journal_size_limit = 1048576";
static const char reader_settings[] = "PRAGMA query_only = ON;"
                                      "PRAGMA cache_size = -512;"
                                      "PRAGMA temp_store = MEMORY";

/* The whole structure of a small file; of a large one a small table and the last hit. */
static int check_pages(eg_sqlite *db)
{
    int64_t pages = 0, page_size = 0;
    int status = eg_sqlite_get_i64(db, "PRAGMA page_count", &pages);
    if (status == EG_OK) {
        status = eg_sqlite_get_i64(db, "PRAGMA page_size", &page_size);
    }
    if (status != EG_OK) {
        return status;
    }
    eg_buf found;
    eg_buf_init(&found, NOTICE_MAX);
    bool all = pages <= CHECK_ALL_BYTES / page_size;
    status = eg_sqlite_get_text(db, all ? "PRAGMA quick_check(1)" : "PRAGMA quick_check('counter')",
                                &found);
    if (status == EG_OK && strcmp(eg_buf_cstr(&found), "ok") != 0) {
        status = eg_fail(EG_E_CORRUPT, "%s", eg_buf_cstr(&found));
    }
    if (status == EG_OK && !all) {
        status = eg_sqlite_run(db, "SELECT * FROM hit LEFT JOIN event ON event.id = hit.event_id"
                                   " ORDER BY hit.id DESC LIMIT 1");
    }
    eg_buf_done(&found);
    return status;
}

static int make_ready(eg_sqlite *db, eg_store_mode mode, int version)
{
    if (version > 0) {
        int status = check_pages(db);
        if (status != EG_OK) {
            return status;
        }
    }
    if (mode == EG_STORE_READ_ONLY) {
        if (version < EG_SCHEMA_VERSION) {
            return eg_fail(EG_E_UNSUPPORTED,
                           "the hit database has version %d: it is brought to "
                           "version %d when the service starts",
                           version, EG_SCHEMA_VERSION);
        }
        int status = eg_sqlite_run(db, reader_settings);
        return status == EG_OK ? eg_schema_check(db) : status;
    }
    int status = eg_sqlite_run(db, writer_settings);
    if (status == EG_OK) {
        status = eg_schema_migrate(db, version);
    }
    return status == EG_OK ? eg_schema_check(db) : status;
}

static int open_database(const char *path, eg_store_mode mode, eg_sqlite **out)
{
    eg_sqlite *db = NULL;
    int version = 0;
    int status = eg_sqlite_open(path, mode == EG_STORE_READ_ONLY, &db);
    if (status == EG_OK) {
        status = eg_schema_version(db, &version);
    }
    if (status == EG_OK) {
        status = make_ready(db, mode, version);
    }
    if (status == EG_OK) {
        *out = db;
    } else if (status == EG_E_UNSUPPORTED || status == EG_E_CORRUPT) {
        eg_sqlite_close_untouched(db);
    } else {
        eg_sqlite_close(db);
    }
    return status;
}

/*
 * Hits that went with the damaged file have been seen by people and by other systems: their numbers
 * are not given again. One number a minute is more than hits come in the long run; after a rush of
 * hits the last one counts, where it is known.
 */
static int skip_ids(const eg_store *store, uint64_t now)
{
    uint64_t minutes = now > IDS_EPOCH ? (now - IDS_EPOCH) / (60 * EG_TICKS_PER_SECOND) : 0;
    uint64_t last = store->last_id > 0 ? (uint64_t)store->last_id : 0;
    char sql[192];
    snprintf(sql, sizeof(sql),
             "INSERT INTO sqlite_sequence(name, seq) SELECT 'hit', %" PRIu64
             " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'hit')",
             minutes > last ? minutes : last);
    return eg_sqlite_run(store->db, sql);
}

/* Moves the closed, damaged database aside and starts a new one. */
static int start_anew(eg_store *store, const char *reason)
{
    eg_buf aside;
    eg_buf_init(&aside, NOTICE_MAX);
    uint64_t now = eg_clock_utc();
    int status = eg_damage_move_aside(store->path, now, &aside);
    if (status == EG_OK) {
        status = open_database(store->path, store->mode, &store->db);
    }
    if (status == EG_OK) {
        status = skip_ids(store, now);
    }
    if (status == EG_OK) {
        eg_buf_clear(&store->notice);
        status = eg_buf_appendf(&store->notice,
                                "The hit database %s was damaged (%s). It was kept as %s and a new "
                                "one was started: earlier hits are only in the kept file.",
                                store->path, reason, eg_buf_cstr(&aside));
        eg_log(EG_LOG_ERROR, "store", "%s", eg_buf_cstr(&store->notice));
    }
    eg_buf_done(&aside);
    return status;
}

static int recover(eg_store *store)
{
    char reason[1024];
    snprintf(reason, sizeof(reason), "%s", eg_error_message());
    eg_sqlite_close_untouched(store->db);
    store->db = NULL;
    return start_anew(store, reason);
}

/* Not below what was given before, also where the new database could not be started at once. */
static int go_on_counting(eg_store *store)
{
    int64_t newest = 0;
    int status = eg_sqlite_get_i64(store->db, "SELECT coalesce(max(id), 0) FROM hit", &newest);
    if (status == EG_OK && newest == 0 && store->last_id > 0) {
        status = skip_ids(store, eg_clock_utc());
    }
    if (newest > store->last_id) {
        store->last_id = newest;
    }
    return status;
}

static int open_or_recover(eg_store *store)
{
    int status = open_database(store->path, store->mode, &store->db);
    if (status == EG_OK) {
        status = go_on_counting(store);
    }
    if (status == EG_E_CORRUPT && store->mode == EG_STORE_READ_WRITE) {
        status = recover(store);
    }
    return status;
}

int eg_store_open(const char *path, eg_store_mode mode, eg_buf *notice, eg_store **out)
{
    if (mode == EG_STORE_READ_ONLY && !eg_file_exists(path)) {
        return eg_fail(EG_E_NOTFOUND, "there is no hit database at %s", path);
    }
    eg_store *store = eg_alloc_zero(1, sizeof(*store));
    if (!store) {
        return EG_E_NOMEM;
    }
    int status = eg_mutex_init(&store->lock);
    if (status != EG_OK) {
        eg_free(store);
        return status;
    }
    store->mode = mode;
    eg_buf_init(&store->notice, NOTICE_MAX);
    store->path = eg_copy_bytes(path, strlen(path));
    status = store->path ? open_or_recover(store) : EG_E_NOMEM;
    if (status == EG_OK && notice) {
        status = eg_store_take_notice(store, notice);
    }
    if (status != EG_OK) {
        eg_store_close(store);
        return status;
    }
    *out = store;
    return EG_OK;
}

void eg_store_close(eg_store *store)
{
    if (!store) {
        return;
    }
    eg_sqlite_close(store->db);
    eg_store_forget_rows(store);
    eg_free(store->path);
    eg_buf_done(&store->notice);
    eg_mutex_done(&store->lock);
    eg_free(store);
}

int eg_store_take_notice(eg_store *store, eg_buf *notice)
{
    eg_mutex_lock(&store->lock);
    eg_buf_clear(notice);
    int status = eg_buf_append_str(notice, eg_buf_str(&store->notice));
    if (status == EG_OK) {
        eg_buf_clear(&store->notice);
    }
    eg_mutex_unlock(&store->lock);
    return status;
}

/* After a failed recovery the next use tries again to start a database. */
static int ensure_open(eg_store *store)
{
    return store->db ? EG_OK : open_or_recover(store);
}

int eg_store_read(eg_store *store, eg_store_work work, void *context)
{
    eg_mutex_lock(&store->lock);
    int status = ensure_open(store);
    if (status == EG_OK) {
        status = work(store, context);
    }
    if (status == EG_E_CORRUPT && store->mode == EG_STORE_READ_WRITE && recover(store) == EG_OK) {
        status = eg_fail(EG_E_CORRUPT, "%s", eg_buf_cstr(&store->notice));
    }
    eg_mutex_unlock(&store->lock);
    return status;
}

static int transact(eg_store *store, eg_store_work work, void *context)
{
    int status = eg_sqlite_run(store->db, "BEGIN IMMEDIATE");
    if (status == EG_OK) {
        status = work(store, context);
    }
    if (status == EG_OK) {
        status = eg_sqlite_run(store->db, "COMMIT");
    }
    if (status != EG_OK) {
        eg_sqlite_rollback(store->db);
    }
    return status;
}

int eg_store_write(eg_store *store, eg_store_work work, void *context)
{
    if (store->mode == EG_STORE_READ_ONLY) {
        return eg_fail(EG_E_DENIED, "the hit database %s is open for reading only", store->path);
    }
    eg_mutex_lock(&store->lock);
    int status = ensure_open(store);
    if (status == EG_OK) {
        status = transact(store, work, context);
    }
    if (status == EG_E_CORRUPT) {
        status = recover(store);
        if (status == EG_OK) {
            status = transact(store, work, context);
        }
    }
    eg_mutex_unlock(&store->lock);
    return status;
}
