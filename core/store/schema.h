/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of the hit database and how older layouts become the current one. Migrations are
 * numbered: number N turns version N - 1 into N, and number 1 makes an empty file version 1. One
 * that was released is never edited. The version stands in the file header (PRAGMA user_version),
 * beside an application id that tells our files from others. docs/database.md describes the tables.
 */
#ifndef EG_STORE_SCHEMA_H
#define EG_STORE_SCHEMA_H

#include "core/store/sqlite.h"

#define EG_SCHEMA_VERSION 5
#define EG_SCHEMA_APPLICATION_ID 0x454D4F47 /* "EMOG" */

/* The statements of migration `number` (1 .. EG_SCHEMA_VERSION); NULL beyond. */
const char *eg_schema_migration(int number);

/*
 * Reads the version: 0 for a database without any table. EG_E_CORRUPT when it is no database of
 * ours, EG_E_UNSUPPORTED when a newer program made it.
 */
int eg_schema_version(eg_sqlite *db, int *version);
/* From `version` to the current one, all or nothing. */
int eg_schema_migrate(eg_sqlite *db, int version);
/* EG_E_CORRUPT when a table or column that we read is not there. */
int eg_schema_check(eg_sqlite *db);

#endif
