/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite behind our statuses, our strings and our allocator: sqlite.c is the only file that knows
 * its interface. A connection and its statements belong to one thread at a time; the store's lock
 * sees to that. Texts bound to a statement must live until it is done; texts of a row live until
 * the next step.
 */
#ifndef EG_STORE_SQLITE_H
#define EG_STORE_SQLITE_H

#include "core/base/str.h"

typedef struct eg_sqlite eg_sqlite;
typedef struct eg_statement eg_statement;

/*
 * Failures of all functions: EG_E_CORRUPT when the file is damaged or no database, EG_E_IO for a
 * full disk and failing hardware, EG_E_TIMEOUT when another process holds it, EG_E_DENIED when this
 * account may not, EG_E_NOMEM. The message names the file and what was tried.
 */
int eg_sqlite_open(const char *path, bool read_only, eg_sqlite **out); /* creates when missing */
void eg_sqlite_close(eg_sqlite *db);                                   /* NULL-safe */
/* Closes without tidying up: every byte of the file stays as another program left it. */
void eg_sqlite_close_untouched(eg_sqlite *db);

int eg_sqlite_run(eg_sqlite *db, const char *sql); /* one or more statements; rows are dropped */
/* First column of the first row as a number; EG_E_NOTFOUND when there is no row. */
int eg_sqlite_get_i64(eg_sqlite *db, const char *sql, int64_t *out);
/* The same as text, replacing what is in `out`. */
int eg_sqlite_get_text(eg_sqlite *db, const char *sql, eg_buf *out);
void eg_sqlite_rollback(eg_sqlite *db); /* when a transaction is open */
int64_t eg_sqlite_last_id(eg_sqlite *db);
int64_t eg_sqlite_changes(eg_sqlite *db); /* rows that the last statement changed */

int eg_sqlite_prepare(eg_sqlite *db, const char *sql, eg_statement **out);
void eg_statement_done(eg_statement *statement); /* NULL-safe */
/* Parameters count from 1. A failure is kept and returned by the next step. */
void eg_statement_bind_i64(eg_statement *statement, int parameter, int64_t value);
/* Beyond INT64_MAX: INT64_MAX. */
void eg_statement_bind_u64(eg_statement *statement, int parameter, uint64_t value);
void eg_statement_bind_str(eg_statement *statement, int parameter, eg_str value); /* NONE is "" */
/* EG_OK: a row is there. EG_E_NOTFOUND, without a message: no more rows. */
int eg_statement_step(eg_statement *statement);
int eg_statement_run(eg_statement *statement);    /* steps to the end */
void eg_statement_reset(eg_statement *statement); /* to run it again with other parameters */
/* Columns count from 0. */
int64_t eg_statement_i64(eg_statement *statement, int column);
uint64_t eg_statement_u64(eg_statement *statement, int column); /* negative gives 0 */
eg_str eg_statement_str(eg_statement *statement, int column);   /* NULL gives "" */
/* EG_OK when the columns read since the last step could all be read (memory). */
int eg_statement_status(const eg_statement *statement);

#endif
