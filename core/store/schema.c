/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/schema.h"

#include "core/base/compiler.h"
#include "core/base/status.h"

#include <stdio.h>

/*
 * Times are FILETIME values (100 ns since 1601, UTC); level is 0 informational .. 4 critical. The
 * view hit_report turns both into words for whoever opens the file with the ordinary sqlite3.
 */
static const char version_1[] =
    "CREATE TABLE meta("
    "  key TEXT NOT NULL PRIMARY KEY,"
    "  value TEXT NOT NULL"
    ") WITHOUT ROWID;\n"

    "CREATE TABLE counter("
    "  name TEXT NOT NULL PRIMARY KEY,"
    "  value INTEGER NOT NULL"
    ") WITHOUT ROWID;\n"

    "CREATE TABLE event("
    "  id INTEGER PRIMARY KEY,"
    "  time INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  flags INTEGER NOT NULL,"
    "  json TEXT NOT NULL"
    ");\n"

    "CREATE TABLE hit("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  event_id INTEGER NOT NULL REFERENCES event(id),"
    "  time INTEGER NOT NULL,"
    "  stored_time INTEGER NOT NULL,"
    "  last_time INTEGER NOT NULL,"
    "  shown_time INTEGER NOT NULL DEFAULT 0,"
    "  count INTEGER NOT NULL DEFAULT 1,"
    "  fingerprint INTEGER NOT NULL,"
    "  pack_serial INTEGER NOT NULL,"
    "  level INTEGER NOT NULL,"
    "  rule_id TEXT NOT NULL,"
    "  rule_title TEXT NOT NULL,"
    "  rule_author TEXT NOT NULL,"
    "  tags TEXT NOT NULL,"
    "  program TEXT NOT NULL,"
    "  parent TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  texts TEXT NOT NULL"
    ");\n"
    "CREATE INDEX hit_event ON hit(event_id);\n"
    "CREATE INDEX hit_fingerprint ON hit(fingerprint);\n"
    "CREATE INDEX hit_not_shown ON hit(id) WHERE shown_time = 0;\n"
    "CREATE INDEX hit_stored ON hit(stored_time, level);\n"

    "CREATE VIEW hit_report AS SELECT"
    "  hit.id AS id,"
    "  datetime(hit.time / 10000000 - 11644473600, 'unixepoch') AS time_utc,"
    "  CASE hit.level WHEN 0 THEN 'informational' WHEN 1 THEN 'low' WHEN 2 THEN 'medium'"
    "    WHEN 3 THEN 'high' ELSE 'critical' END AS level,"
    "  hit.rule_title AS rule,"
    "  json_extract(hit.texts, '$.ja.title') AS title_ja,"
    "  json_extract(hit.texts, '$.en.title') AS title_en,"
    "  hit.program AS program,"
    "  hit.parent AS parent,"
    "  hit.user AS user,"
    "  hit.count AS count,"
    "  CASE hit.shown_time WHEN 0 THEN NULL"
    "    ELSE datetime(hit.shown_time / 10000000 - 11644473600, 'unixepoch') END AS shown_utc,"
    "  event.kind AS kind,"
    "  event.json AS event"
    " FROM hit LEFT JOIN event ON event.id = hit.event_id;\n";

/* What the sensors have told of things that stay; `state` is a hash, as a signed number. */
static const char version_2[] = "CREATE TABLE baseline("
                                "  sensor TEXT NOT NULL,"
                                "  kind TEXT NOT NULL,"
                                "  name TEXT NOT NULL,"
                                "  state INTEGER NOT NULL,"
                                "  details TEXT NOT NULL,"
                                "  time INTEGER NOT NULL,"
                                "  PRIMARY KEY(sensor, kind, name)"
                                ") WITHOUT ROWID;\n";

/* Stories of hits that belong together, and what people answered. */
static const char version_3[] =
    "CREATE TABLE incident("
    "  id INTEGER PRIMARY KEY,"
    "  first_time INTEGER NOT NULL,"
    "  last_time INTEGER NOT NULL,"
    "  level INTEGER NOT NULL,"
    "  resolved_time INTEGER NOT NULL DEFAULT 0,"
    "  absorbed_by INTEGER NOT NULL DEFAULT 0,"
    "  reminded_time INTEGER NOT NULL DEFAULT 0,"
    "  story TEXT NOT NULL,"
    "  memory TEXT NOT NULL"
    ");\n"
    "CREATE INDEX incident_last ON incident(last_time);\n"

    "CREATE TABLE answer("
    "  id INTEGER PRIMARY KEY,"
    "  incident_id INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  session INTEGER NOT NULL,"
    "  user TEXT NOT NULL,"
    "  answer TEXT NOT NULL"
    ");\n"
    "CREATE INDEX answer_incident ON answer(incident_id);\n"

    "ALTER TABLE hit ADD COLUMN incident_id INTEGER NOT NULL DEFAULT 0;\n"
    "ALTER TABLE hit ADD COLUMN news INTEGER NOT NULL DEFAULT 1;\n"
    "CREATE INDEX hit_incident ON hit(incident_id);\n"
    "DROP INDEX hit_not_shown;\n"
    "CREATE INDEX hit_not_shown ON hit(id) WHERE shown_time = 0 AND news = 1;\n"

    "CREATE VIEW incident_report AS SELECT"
    "  id,"
    "  datetime(first_time / 10000000 - 11644473600, 'unixepoch') AS first_utc,"
    "  datetime(last_time / 10000000 - 11644473600, 'unixepoch') AS last_utc,"
    "  CASE level WHEN 0 THEN 'informational' WHEN 1 THEN 'low' WHEN 2 THEN 'medium'"
    "    WHEN 3 THEN 'high' ELSE 'critical' END AS level,"
    "  json_extract(story, '$.text.ja.title') AS title_ja,"
    "  json_extract(story, '$.text.en.title') AS title_en,"
    "  (SELECT group_concat(json_extract(value, '$.name'), ' > ')"
    "    FROM json_each(story, '$.steps')) AS chain,"
    "  (SELECT answer FROM answer WHERE incident_id = incident.id ORDER BY id DESC LIMIT 1)"
    "    AS answer,"
    "  CASE resolved_time WHEN 0 THEN NULL"
    "    ELSE datetime(resolved_time / 10000000 - 11644473600, 'unixepoch') END AS resolved_utc"
    " FROM incident WHERE absorbed_by = 0;\n";

/* What administrators except, and which hits that hid; an empty condition does not matter. */
static const char version_4[] =
    "CREATE TABLE exception("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  rule_id TEXT NOT NULL,"
    "  signer TEXT NOT NULL,"
    "  path TEXT NOT NULL,"
    "  hash TEXT NOT NULL,"
    "  parent TEXT NOT NULL,"
    "  command_line TEXT NOT NULL,"
    "  user TEXT NOT NULL,"
    "  created_time INTEGER NOT NULL,"
    "  expires_time INTEGER NOT NULL,"
    "  created_by TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  revoked_time INTEGER NOT NULL DEFAULT 0,"
    "  revoked_by TEXT NOT NULL DEFAULT '',"
    "  hits INTEGER NOT NULL DEFAULT 0,"
    "  last_hit_time INTEGER NOT NULL DEFAULT 0"
    ");\n"

    "ALTER TABLE hit ADD COLUMN exception_id INTEGER NOT NULL DEFAULT 0;\n"
    "DROP VIEW hit_report;\n"
    "CREATE VIEW hit_report AS SELECT"
    "  hit.id AS id,"
    "  datetime(hit.time / 10000000 - 11644473600, 'unixepoch') AS time_utc,"
    "  CASE hit.level WHEN 0 THEN 'informational' WHEN 1 THEN 'low' WHEN 2 THEN 'medium'"
    "    WHEN 3 THEN 'high' ELSE 'critical' END AS level,"
    "  hit.rule_title AS rule,"
    "  json_extract(hit.texts, '$.ja.title') AS title_ja,"
    "  json_extract(hit.texts, '$.en.title') AS title_en,"
    "  hit.program AS program,"
    "  hit.parent AS parent,"
    "  hit.user AS user,"
    "  hit.count AS count,"
    "  CASE hit.shown_time WHEN 0 THEN NULL"
    "    ELSE datetime(hit.shown_time / 10000000 - 11644473600, 'unixepoch') END AS shown_utc,"
    "  event.kind AS kind,"
    "  event.json AS event,"
    "  nullif(hit.exception_id, 0) AS exception"
    " FROM hit LEFT JOIN event ON event.id = hit.event_id;\n";

/* Which stories a window showed to whom. */
static const char version_5[] = "CREATE TABLE shown("
                                "  user TEXT NOT NULL,"
                                "  incident_id INTEGER NOT NULL,"
                                "  PRIMARY KEY(user, incident_id)"
                                ") WITHOUT ROWID;\n";

static const char *const migrations[EG_SCHEMA_VERSION] = {version_1, version_2, version_3,
                                                          version_4, version_5};

/* What the statements of this version read: preparing one fails when something is missing. */
static const char *const needed[] = {
    "SELECT key, value FROM meta LIMIT 0",
    "SELECT name, value FROM counter LIMIT 0",
    "SELECT id, time, kind, flags, json FROM event LIMIT 0",
    "SELECT id, event_id, time, stored_time, last_time, shown_time, count, fingerprint,"
    " pack_serial, level, rule_id, rule_title, rule_author, tags, program, parent, user, texts,"
    " incident_id, news, exception_id FROM hit LIMIT 0",
    "SELECT sensor, kind, name, state, details, time FROM baseline LIMIT 0",
    ("SELECT id, first_time, last_time, level, resolved_time, absorbed_by, reminded_time, story,"
     " memory FROM incident LIMIT 0"),
    "SELECT id, incident_id, time, session, user, answer FROM answer LIMIT 0",
    ("SELECT id, rule_id, signer, path, hash, parent, command_line, user, created_time,"
     " expires_time, created_by, reason, revoked_time, revoked_by, hits, last_hit_time"
     " FROM exception LIMIT 0"),
    "SELECT user, incident_id FROM shown LIMIT 0",
};

const char *eg_schema_migration(int number)
{
    return number >= 1 && number <= EG_SCHEMA_VERSION ? migrations[number - 1] : NULL;
}

int eg_schema_version(eg_sqlite *db, int *version)
{
    int64_t number = 0, application = 0, objects = 0;
    int status = eg_sqlite_get_i64(db, "PRAGMA user_version", &number);
    if (status == EG_OK) {
        status = eg_sqlite_get_i64(db, "PRAGMA application_id", &application);
    }
    if (status == EG_OK) {
        status = eg_sqlite_get_i64(db, "SELECT count(*) FROM sqlite_schema", &objects);
    }
    if (status != EG_OK) {
        return status;
    }
    if (objects == 0 && number == 0) {
        *version = 0;
        return EG_OK;
    }
    if (application != EG_SCHEMA_APPLICATION_ID || number < 1) {
        return eg_fail(EG_E_CORRUPT, "the file is a database of another program");
    }
    if (number > EG_SCHEMA_VERSION) {
        return eg_fail(EG_E_UNSUPPORTED,
                       "the hit database has version %lld, made by a newer EmoGuard; this one "
                       "knows version %d",
                       (long long)number, EG_SCHEMA_VERSION);
    }
    *version = (int)number;
    return EG_OK;
}

static int migrate_step(eg_sqlite *db, int number)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
             EG_SCHEMA_APPLICATION_ID, number);
    int status = eg_sqlite_run(db, eg_schema_migration(number));
    return status == EG_OK ? eg_sqlite_run(db, sql) : status;
}

int eg_schema_migrate(eg_sqlite *db, int version)
{
    if (version == EG_SCHEMA_VERSION) {
        return EG_OK;
    }
    int status = eg_sqlite_run(db, "BEGIN IMMEDIATE");
    for (int number = version + 1; status == EG_OK && number <= EG_SCHEMA_VERSION; number++) {
        status = migrate_step(db, number);
    }
    if (status == EG_OK) {
        status = eg_sqlite_run(db, "COMMIT");
    }
    if (status != EG_OK) {
        eg_sqlite_rollback(db);
    }
    return status;
}

int eg_schema_check(eg_sqlite *db)
{
    for (size_t i = 0; i < EG_COUNT(needed); i++) {
        eg_statement *statement = NULL;
        int status = eg_sqlite_prepare(db, needed[i], &statement);
        eg_statement_done(statement);
        if (status == EG_E_INVALID) {
            return eg_fail(EG_E_CORRUPT, "the hit database lacks a table or column of version %d",
                           EG_SCHEMA_VERSION);
        }
        if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}
