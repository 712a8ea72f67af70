/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/sqlite.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <sqlite3.h>
#include <string.h>

/* Longer than any checkpoint or reader of ours takes; the service's stop must not wait longer. */
#define BUSY_TIMEOUT_MS 2000

struct eg_sqlite {
    sqlite3 *handle;
    char *path;
};

struct eg_statement {
    eg_sqlite *db;
    sqlite3_stmt *handle;
    int status; /* first failure of a bind or of reading a column */
};

/* ---- memory: SQLite wants to know the size of a block, so it stands in front of it ---- */

typedef struct header {
    uint64_t size;
} header;

static void *memory_alloc(int size)
{
    header *block = eg_alloc(sizeof(header) + (size_t)size);
    if (!block) {
        return NULL;
    }
    block->size = (uint64_t)size;
    return block + 1;
}

static void memory_free(void *memory)
{
    if (memory) {
        eg_free((header *)memory - 1);
    }
}

static void *memory_realloc(void *memory, int size)
{
    header *block = eg_realloc((header *)memory - 1, sizeof(header) + (size_t)size);
    if (!block) {
        return NULL;
    }
    block->size = (uint64_t)size;
    return block + 1;
}

static int memory_size(void *memory)
{
    return memory ? (int)((header *)memory - 1)->size : 0;
}

static int memory_roundup(int size)
{
    return (size + 7) & ~7;
}

static int memory_init(void *unused)
{
    EG_UNUSED(unused);
    return SQLITE_OK;
}

static void memory_shutdown(void *unused)
{
    EG_UNUSED(unused);
}

/* Once in a process, before SQLite is used; who comes second waits until the first is done. */
static void use_our_memory(void)
{
    static const sqlite3_mem_methods methods = {
        memory_alloc,   memory_free, memory_realloc,  memory_size,
        memory_roundup, memory_init, memory_shutdown, NULL,
    };
    static eg_atomic started, finished;
    if (eg_atomic_add(&started, 1) == 1) {
        sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
        eg_atomic_set(&finished, 1);
    }
    while (eg_atomic_get(&finished) == 0) {
        eg_thread_sleep_ms(1);
    }
}

/* ---- statuses ---- */

static int status_of(int code)
{
    switch (code) {
    case SQLITE_IOERR_NOMEM: return EG_E_NOMEM;
    case SQLITE_IOERR_SHORT_READ:
    case SQLITE_IOERR_CORRUPTFS: return EG_E_CORRUPT;
    default: break;
    }
    switch (code & 0xFF) {
    case SQLITE_OK: return EG_OK;
    case SQLITE_NOMEM: return EG_E_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return EG_E_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return EG_E_TIMEOUT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return EG_E_DENIED;
    case SQLITE_TOOBIG: return EG_E_LIMIT;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return EG_E_IO;
    default: return EG_E_INVALID;
    }
}

static int fail(const eg_sqlite *db, int code, const char *what)
{
    int status = status_of(code);
    if (status == EG_E_NOMEM) {
        return eg_fail(status, "database %s: %.100s: out of memory", db->path, what);
    }
    if ((code & 0xFF) == SQLITE_FULL) {
        return eg_fail(status, "database %s: %.100s: the disk is full", db->path, what);
    }
    if (status == EG_E_TIMEOUT) {
        return eg_fail(status, "database %s: %.100s: another program holds it", db->path, what);
    }
    const char *reason = db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code);
    return eg_fail(status, "database %s: %.100s: %s (%d)", db->path, what, reason, code);
}

/* ---- connections ---- */

static void set_up(eg_sqlite *db)
{
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
}

int eg_sqlite_open(const char *path, bool read_only, eg_sqlite **out)
{
    use_our_memory();
    eg_sqlite *db = eg_alloc_zero(1, sizeof(*db));
    if (!db) {
        return EG_E_NOMEM;
    }
    db->path = eg_copy_bytes(path, strlen(path));
    if (!db->path) {
        eg_sqlite_close(db);
        return EG_E_NOMEM;
    }
    int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_FULLMUTEX, NULL);
    if (code != SQLITE_OK) {
        int status = fail(db, db->handle ? sqlite3_extended_errcode(db->handle) : code, "open");
        eg_sqlite_close(db);
        return status;
    }
    set_up(db);
    *out = db;
    return EG_OK;
}

void eg_sqlite_close(eg_sqlite *db)
{
    if (!db) {
        return;
    }
    sqlite3_close_v2(db->handle);
    eg_free(db->path);
    eg_free(db);
}

void eg_sqlite_close_untouched(eg_sqlite *db)
{
    if (db) {
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    eg_sqlite_close(db);
}

int eg_sqlite_run(eg_sqlite *db, const char *sql)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? EG_OK : fail(db, code, sql);
}

int eg_sqlite_get_i64(eg_sqlite *db, const char *sql, int64_t *out)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(db, sql, &statement);
    if (status == EG_OK) {
        status = eg_statement_step(statement);
    }
    if (status == EG_OK) {
        *out = eg_statement_i64(statement, 0);
    }
    eg_statement_done(statement);
    return status;
}

int eg_sqlite_get_text(eg_sqlite *db, const char *sql, eg_buf *out)
{
    eg_statement *statement = NULL;
    int status = eg_sqlite_prepare(db, sql, &statement);
    if (status == EG_OK) {
        status = eg_statement_step(statement);
    }
    if (status == EG_OK) {
        eg_str text = eg_statement_str(statement, 0);
        status = eg_statement_status(statement);
        eg_buf_clear(out);
        if (status == EG_OK) {
            status = eg_buf_append_str(out, text);
        }
    }
    eg_statement_done(statement);
    return status;
}

void eg_sqlite_rollback(eg_sqlite *db)
{
    /* Some failures (a full disk) have rolled back already. */
    if (!sqlite3_get_autocommit(db->handle)) {
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

int64_t eg_sqlite_last_id(eg_sqlite *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

int64_t eg_sqlite_changes(eg_sqlite *db)
{
    return sqlite3_changes(db->handle);
}

/* ---- statements ---- */

int eg_sqlite_prepare(eg_sqlite *db, const char *sql, eg_statement **out)
{
    eg_statement *statement = eg_alloc_zero(1, sizeof(*statement));
    if (!statement) {
        return EG_E_NOMEM;
    }
    statement->db = db;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement->handle, NULL);
    if (code != SQLITE_OK) {
        int status = fail(db, code, sql);
        eg_free(statement);
        return status;
    }
    *out = statement;
    return EG_OK;
}

void eg_statement_done(eg_statement *statement)
{
    if (!statement) {
        return;
    }
    sqlite3_finalize(statement->handle);
    eg_free(statement);
}

static void keep(eg_statement *statement, int code)
{
    if (code != SQLITE_OK && statement->status == EG_OK) {
        statement->status = fail(statement->db, code, sqlite3_sql(statement->handle));
    }
}

void eg_statement_bind_i64(eg_statement *statement, int parameter, int64_t value)
{
    keep(statement, sqlite3_bind_int64(statement->handle, parameter, value));
}

void eg_statement_bind_u64(eg_statement *statement, int parameter, uint64_t value)
{
    eg_statement_bind_i64(statement, parameter, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

void eg_statement_bind_str(eg_statement *statement, int parameter, eg_str value)
{
    keep(statement, sqlite3_bind_text64(statement->handle, parameter, value.ptr ? value.ptr : "",
                                        value.len, SQLITE_STATIC, SQLITE_UTF8));
}

int eg_statement_step(eg_statement *statement)
{
    if (statement->status != EG_OK) {
        return statement->status;
    }
    int code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW) {
        return EG_OK;
    }
    if (code == SQLITE_DONE) {
        return EG_E_NOTFOUND;
    }
    return fail(statement->db, code, sqlite3_sql(statement->handle));
}

int eg_statement_run(eg_statement *statement)
{
    int status = EG_OK;
    while (status == EG_OK) {
        status = eg_statement_step(statement);
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

void eg_statement_reset(eg_statement *statement)
{
    sqlite3_reset(statement->handle);
    statement->status = EG_OK;
}

int64_t eg_statement_i64(eg_statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

uint64_t eg_statement_u64(eg_statement *statement, int column)
{
    int64_t value = eg_statement_i64(statement, column);
    return value < 0 ? 0 : (uint64_t)value;
}

eg_str eg_statement_str(eg_statement *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement->handle, column);
    if (text) {
        return (eg_str){(const char *)text,
                        (size_t)sqlite3_column_bytes(statement->handle, column)};
    }
    if (sqlite3_column_type(statement->handle, column) != SQLITE_NULL) {
        keep(statement, SQLITE_NOMEM);
    }
    return EG_STR("");
}

int eg_statement_status(const eg_statement *statement)
{
    return statement->status;
}
