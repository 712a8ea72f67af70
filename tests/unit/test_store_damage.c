/* SPDX-License-Identifier: Apache-2.0 */
/* What the hit database does with damaged, foreign, newer and older files, and on a full disk. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/store/schema.h"
#include "core/store/store_internal.h"
#include "tests/unit/store_fixture.h"

#include <stdio.h>
#include <string.h>

#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, eg_store_fixture_set_up, eg_store_fixture_tear_down)
#define FILE_MAX ((size_t)64 * 1024 * 1024)

static void read_database(const eg_store_fixture *fix, eg_buf *content)
{
    eg_buf_init(content, FILE_MAX);
    assert_int_equal(eg_file_read(eg_buf_cstr(&fix->path), FILE_MAX, content), EG_OK);
}

static void write_database(const eg_store_fixture *fix, const void *bytes, size_t size)
{
    assert_int_equal(eg_file_write_atomic(eg_buf_cstr(&fix->path), bytes, size), EG_OK);
}

static uint64_t count_hits(eg_store_fixture *fix)
{
    uint64_t count = UINT64_MAX;
    assert_int_equal(eg_store_count_hits(fix->store, 0, EG_LEVEL_INFORMATIONAL, &count), EG_OK);
    return count;
}

static int64_t get_i64(eg_store_fixture *fix, const char *sql)
{
    int64_t value = -1;
    assert_int_equal(eg_sqlite_get_i64(fix->store->db, sql, &value), EG_OK);
    return value;
}

/* Opens what was damaged and expects a new database that works, and the old one kept. */
static void assert_started_anew(eg_store_fixture *fix, size_t kept)
{
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_non_null(strstr(eg_buf_cstr(&fix->notice), "was damaged"));
    assert_non_null(strstr(eg_buf_cstr(&fix->notice), "hits.db.damaged-"));
    assert_int_equal(eg_store_fixture_kept(fix), kept);
    assert_int_equal(count_hits(fix), 0);
    assert_true(eg_store_fixture_add(fix, 1, 0) > 0);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(fix->notice.len, 0);
    assert_int_equal(count_hits(fix), 1);
}

static void store_open__of_garbage__keeps_it_aside_and_starts_anew(void **state)
{
    eg_store_fixture *fix = *state;
    char garbage[5000];
    memset(garbage, 'x', sizeof(garbage));
    eg_store_fixture_close(fix);
    write_database(fix, garbage, sizeof(garbage));
    assert_started_anew(fix, 1);
}

static void store_open__twice_in_a_moment_of_garbage__keeps_both(void **state)
{
    eg_store_fixture *fix = *state;
    for (size_t i = 1; i <= 3; i++) {
        eg_store_fixture_close(fix);
        write_database(fix,
                       "this is no database, and longer than a header of SQLite would be, "
                       "which has one hundred bytes",
                       93);
        assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
        assert_int_equal(eg_store_fixture_kept(fix), i);
    }
}

static void store_open__of_a_torn_header__keeps_it_aside_and_starts_anew(void **state)
{
    eg_store_fixture *fix = *state;
    eg_buf content;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    eg_store_fixture_close(fix);
    read_database(fix, &content);
    memset(content.data, 0, 512);
    write_database(fix, content.data, content.len);
    eg_buf_done(&content);
    assert_started_anew(fix, 1);
}

static void store_open__of_half_a_file__keeps_it_aside_and_starts_anew(void **state)
{
    eg_store_fixture *fix = *state;
    eg_buf content;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    eg_store_fixture_close(fix);
    read_database(fix, &content);
    write_database(fix, content.data, content.len / 2 + 100);
    eg_buf_done(&content);
    assert_started_anew(fix, 1);
}

/* Fills the page where the table or index begins with nonsense; the store must be closed. */
static void damage_page(const eg_store_fixture *fix, int64_t page, int64_t page_size)
{
    eg_buf content;
    read_database(fix, &content);
    size_t start = (size_t)(page_size * (page - 1));
    assert_true(start + (size_t)page_size <= content.len);
    memset(content.data + start, 0x5A, (size_t)page_size);
    write_database(fix, content.data, content.len);
    eg_buf_done(&content);
}

static void store_open__of_a_file_with_one_bad_page__keeps_it_aside_and_starts_anew(void **state)
{
    eg_store_fixture *fix = *state;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    int64_t size = get_i64(fix, "PRAGMA page_size");
    int64_t page = get_i64(fix, "SELECT rootpage FROM sqlite_schema WHERE name = 'hit_event'");
    eg_store_fixture_close(fix);
    damage_page(fix, page, size);
    assert_started_anew(fix, 1);
}

static int count_kept_log(void *user, const eg_dir_entry *entry)
{
    size_t *count = user;
    if (strstr(entry->name, ".damaged-") && strstr(entry->name, "-wal")) {
        ++*count;
    }
    return EG_OK;
}

static void store_open__of_a_torn_header_with_a_log__moves_both(void **state)
{
    eg_store_fixture *fix = *state;
    size_t logs = 0;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(eg_store_fixture_add(fix, 2, 0), 2);
    eg_sqlite_close_untouched(fix->store->db); /* as a kill leaves it */
    fix->store->db = NULL;
    eg_store_fixture_close(fix);
    write_database(fix, "torn torn torn torn torn", 24);
    assert_started_anew(fix, 1);
    assert_int_equal(eg_dir_walk(eg_buf_cstr(&fix->folder), 1, count_kept_log, &logs), EG_OK);
    assert_int_equal(logs, 1);
}

/* A bad page in a file so large that not every page is read when it is opened. */
static void damage_unseen(eg_store_fixture *fix, const char *page_sql)
{
    assert_int_equal(eg_sqlite_run(fix->store->db,
                                   "INSERT INTO event(time, kind, flags, json)"
                                   " VALUES(1, 'other', 0, hex(zeroblob(12000000)))"),
                     EG_OK);
    int64_t size = get_i64(fix, "PRAGMA page_size");
    int64_t page = get_i64(fix, page_sql);
    eg_store_fixture_close(fix);
    damage_page(fix, page, size);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(fix->notice.len, 0);
    assert_int_equal(eg_store_fixture_kept(fix), 0);
}

static void assert_one_notice(eg_store_fixture *fix)
{
    assert_int_equal(eg_store_fixture_kept(fix), 1);
    assert_int_equal(eg_store_take_notice(fix->store, &fix->notice), EG_OK);
    assert_non_null(strstr(eg_buf_cstr(&fix->notice), "was damaged"));
    assert_int_equal(eg_store_take_notice(fix->store, &fix->notice), EG_OK);
    assert_int_equal(fix->notice.len, 0);
}

static void store_add_hit__meeting_damage__starts_anew_and_keeps_the_hit(void **state)
{
    eg_store_fixture *fix = *state;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    damage_unseen(fix, "SELECT rootpage FROM sqlite_schema WHERE name = 'hit_fingerprint'");
    assert_true(eg_store_fixture_add(fix, 2, EG_EVENT_EXISTING) > 1);
    assert_int_equal(count_hits(fix), 1);
    assert_one_notice(fix);
}

/* Whoever holds the old numbers (windows, mails, log engines) must not see them used again. */
static void store_add_hit__after_damage__never_gives_a_number_again(void **state)
{
    eg_store_fixture *fix = *state;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    assert_int_equal(eg_sqlite_run(fix->store->db, "UPDATE sqlite_sequence SET seq = 30000000"),
                     EG_OK);
    assert_int_equal(eg_store_fixture_add(fix, 2, 0), 30000001);
    damage_unseen(fix, "SELECT rootpage FROM sqlite_schema WHERE name = 'hit_fingerprint'");
    assert_int_equal(eg_store_fixture_add(fix, 3, 0), 30000002);
    assert_int_equal(count_hits(fix), 1);
    assert_one_notice(fix);
}

static void store_count_hits__meeting_damage__says_so_and_starts_anew(void **state)
{
    eg_store_fixture *fix = *state;
    uint64_t count = 99;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    damage_unseen(fix, "SELECT rootpage FROM sqlite_schema WHERE name = 'hit_stored'");
    assert_int_equal(eg_store_count_hits(fix->store, 0, EG_LEVEL_LOW, &count), EG_E_CORRUPT);
    assert_int_equal(count, 99);
    assert_non_null(strstr(eg_error_message(), "was damaged"));
    assert_int_equal(count_hits(fix), 0);
    assert_one_notice(fix);
}

static void store_open__of_a_damaged_file_for_reading__says_so_and_touches_nothing(void **state)
{
    eg_store_fixture *fix = *state;
    eg_store_fixture_close(fix);
    write_database(fix, "garbage garbage garbage", 23);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_ONLY), EG_E_CORRUPT);
    assert_int_equal(eg_store_fixture_kept(fix), 0);
    eg_buf content;
    read_database(fix, &content);
    assert_string_equal(eg_buf_cstr(&content), "garbage garbage garbage");
    eg_buf_done(&content);
}

/* Makes a database by hand that says to be of this version and program. */
static void make_database(eg_store_fixture *fix, int version, int64_t application, const char *sql)
{
    eg_sqlite *db = NULL;
    char header[96];
    eg_store_fixture_close(fix);
    assert_int_equal(eg_file_delete(eg_buf_cstr(&fix->path)), EG_OK);
    snprintf(header, sizeof(header), "PRAGMA application_id = %lld; PRAGMA user_version = %d",
             (long long)application, version);
    assert_int_equal(eg_sqlite_open(eg_buf_cstr(&fix->path), false, &db), EG_OK);
    assert_int_equal(eg_sqlite_run(db, sql), EG_OK);
    assert_int_equal(eg_sqlite_run(db, header), EG_OK);
    eg_sqlite_close_untouched(db); /* a log that was not tidied away must not be lost either */
}

static void store_open__of_another_programs_database__keeps_it_aside(void **state)
{
    eg_store_fixture *fix = *state;
    make_database(fix, EG_SCHEMA_VERSION, 1234, "CREATE TABLE hit(id)");
    assert_started_anew(fix, 1);
    make_database(fix, 0, 0, "CREATE TABLE hit(id)");
    assert_started_anew(fix, 2);
}

static void store_open__of_our_database_without_a_table__keeps_it_aside(void **state)
{
    eg_store_fixture *fix = *state;
    make_database(fix, EG_SCHEMA_VERSION, EG_SCHEMA_APPLICATION_ID, "CREATE TABLE hit(id)");
    assert_started_anew(fix, 1);
}

static void store_open__of_a_newer_version__refuses_and_leaves_every_byte(void **state)
{
    eg_store_fixture *fix = *state;
    make_database(fix, EG_SCHEMA_VERSION + 1, EG_SCHEMA_APPLICATION_ID,
                  "PRAGMA journal_mode = WAL; CREATE TABLE hit(id)");
    eg_buf before, after;
    read_database(fix, &before);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_E_UNSUPPORTED);
    assert_null(fix->store);
    assert_non_null(strstr(eg_error_message(), "newer"));
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_ONLY), EG_E_UNSUPPORTED);
    read_database(fix, &after);
    assert_int_equal(after.len, before.len);
    assert_memory_equal(after.data, before.data, before.len);
    assert_int_equal(eg_store_fixture_kept(fix), 0);
    eg_buf_done(&before);
    eg_buf_done(&after);
}

/* One hit as each version of the layout stored it: number 1 is for version 1. */
static const char *const hits_of_version[EG_SCHEMA_VERSION] = {
    "INSERT INTO event VALUES(1, 5, 'process_start', 0, '{}');"
    "INSERT INTO hit VALUES(1, 1, 5, 6, 7, 0, 8, 9, 10, 3, 'rule', 'Old title', 'author', 'tags',"
    " 'program', 'parent', 'user', '{\"ja\":{\"title\":\"旧\"}}');"
    "INSERT INTO meta VALUES('agent', 'me');"
    "INSERT INTO counter VALUES('dropped', 4)",
    "INSERT INTO event VALUES(1, 5, 'registry_set', 0, '{}');"
    "INSERT INTO hit VALUES(1, 1, 5, 6, 7, 0, 8, 9, 10, 3, 'rule', 'Old title', 'author', 'tags',"
    " 'program', 'parent', 'user', '{\"ja\":{\"title\":\"旧\"}}');"
    "INSERT INTO counter VALUES('dropped', 4);"
    "INSERT INTO baseline VALUES('registry', 'registry_set', 'HKLM\\Run\\x', -5, 'x.exe', 7)",
    "INSERT INTO event VALUES(1, 5, 'process_start', 0, '{}');"
    "INSERT INTO hit VALUES(1, 1, 5, 6, 7, 0, 8, 9, 10, 3, 'rule', 'Old title', 'author', 'tags',"
    " 'program', 'parent', 'user', '{\"ja\":{\"title\":\"旧\"}}', 1, 1);"
    "INSERT INTO incident VALUES(1, 5, 5, 3, 0, 0, 0, '{}', '{}');"
    "INSERT INTO answer VALUES(1, 1, 6, 1, 'PC\\sato', 'call');"
    "INSERT INTO meta VALUES('agent', 'me');"
    "INSERT INTO counter VALUES('dropped', 4)",
    "INSERT INTO event VALUES(1, 5, 'process_start', 0, '{}');"
    "INSERT INTO hit VALUES(1, 1, 5, 6, 7, 0, 8, 9, 10, 3, 'rule', 'Old title', 'author', 'tags',"
    " 'program', 'parent', 'user', '{\"ja\":{\"title\":\"旧\"}}', 1, 1, 0);"
    "INSERT INTO exception VALUES(1, 'rule', '', 'C:\\x.exe', '', '', '', '', 5, 9, 'me', 'why', 0,"
    " '', 2, 6);"
    "INSERT INTO counter VALUES('dropped', 4)",
    "INSERT INTO event VALUES(1, 5, 'process_start', 0, '{}');"
    "INSERT INTO hit VALUES(1, 1, 5, 6, 7, 0, 8, 9, 10, 3, 'rule', 'Old title', 'author', 'tags',"
    " 'program', 'parent', 'user', '{\"ja\":{\"title\":\"旧\"}}', 1, 1, 0);"
    "INSERT INTO shown VALUES('PC\\sato', 1);"
    "INSERT INTO counter VALUES('dropped', 4)",
};

static int check_old_hit(void *user, const eg_hit *hit)
{
    bool *visited = user;
    assert_true(eg_str_equal(hit->rule_title, EG_STR("Old title")));
    assert_true(eg_str_equal(hit->text[EG_LANGUAGE_JA].title, EG_STR("旧")));
    assert_int_equal(hit->level, EG_LEVEL_HIGH);
    assert_int_equal(hit->count, 8);
    *visited = true;
    return EG_OK;
}

static void store_open__of_every_older_version__brings_it_up_and_keeps_the_hits(void **state)
{
    eg_store_fixture *fix = *state;
    for (int version = 1; version <= EG_SCHEMA_VERSION; version++) {
        eg_buf sql;
        eg_buf_init(&sql, FILE_MAX);
        for (int number = 1; number <= version; number++) {
            assert_int_equal(eg_buf_append_cstr(&sql, eg_schema_migration(number)), EG_OK);
        }
        assert_int_equal(eg_buf_append_cstr(&sql, hits_of_version[version - 1]), EG_OK);
        make_database(fix, version, EG_SCHEMA_APPLICATION_ID, eg_buf_cstr(&sql));
        eg_buf_done(&sql);
        bool visited = false;
        uint64_t dropped = 0;
        assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
        assert_int_equal(fix->notice.len, 0);
        assert_int_equal(get_i64(fix, "PRAGMA user_version"), EG_SCHEMA_VERSION);
        assert_int_equal(eg_store_get_hit(fix->store, 1, check_old_hit, &visited), EG_OK);
        assert_true(visited);
        assert_int_equal(eg_store_get_count(fix->store, "dropped", &dropped), EG_OK);
        assert_int_equal(dropped, 4);
        assert_int_equal(eg_store_fixture_add(fix, 1, 0), 2);
    }
    assert_null(eg_schema_migration(EG_SCHEMA_VERSION + 1));
    assert_null(eg_schema_migration(0));
}

static void store__when_new__has_the_current_version(void **state)
{
    eg_store_fixture *fix = *state;
    assert_int_equal(get_i64(fix, "PRAGMA user_version"), EG_SCHEMA_VERSION);
    assert_int_equal(get_i64(fix, "PRAGMA application_id"), EG_SCHEMA_APPLICATION_ID);
}

static void store_add_hit__on_a_full_disk__says_so_and_works_again_with_room(void **state)
{
    eg_store_fixture *fix = *state;
    char sql[64];
    snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %lld",
             (long long)get_i64(fix, "PRAGMA page_count") + 4);
    assert_int_equal(eg_sqlite_run(fix->store->db, sql), EG_OK);
    int64_t id = 0;
    uint64_t stored = 0;
    for (int i = 1; i < 1000 && (id = eg_store_fixture_add(fix, i, 0)) > 0; i++) {
        stored++;
    }
    assert_int_equal(id, EG_E_IO);
    assert_non_null(strstr(eg_error_message(), "the disk is full"));
    assert_true(stored > 0);
    assert_int_equal(count_hits(fix), stored);
    assert_int_equal(eg_store_fixture_add(fix, 1, EG_EVENT_EXISTING), 1); /* needs no room */
    assert_int_equal(eg_sqlite_run(fix->store->db, "PRAGMA max_page_count = 100000"), EG_OK);
    assert_true(eg_store_fixture_add(fix, 5000, 0) > 0);
    assert_int_equal(count_hits(fix), stored + 1);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(fix->notice.len, 0);
    assert_int_equal(count_hits(fix), stored + 1);
}

int eg_test_store_damage(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(store_open__of_garbage__keeps_it_aside_and_starts_anew),
        WITH_STORE(store_open__twice_in_a_moment_of_garbage__keeps_both),
        WITH_STORE(store_open__of_a_torn_header__keeps_it_aside_and_starts_anew),
        WITH_STORE(store_open__of_half_a_file__keeps_it_aside_and_starts_anew),
        WITH_STORE(store_open__of_a_file_with_one_bad_page__keeps_it_aside_and_starts_anew),
        WITH_STORE(store_open__of_a_torn_header_with_a_log__moves_both),
        WITH_STORE(store_add_hit__meeting_damage__starts_anew_and_keeps_the_hit),
        WITH_STORE(store_add_hit__after_damage__never_gives_a_number_again),
        WITH_STORE(store_count_hits__meeting_damage__says_so_and_starts_anew),
        WITH_STORE(store_open__of_a_damaged_file_for_reading__says_so_and_touches_nothing),
        WITH_STORE(store_open__of_another_programs_database__keeps_it_aside),
        WITH_STORE(store_open__of_our_database_without_a_table__keeps_it_aside),
        WITH_STORE(store_open__of_a_newer_version__refuses_and_leaves_every_byte),
        WITH_STORE(store_open__of_every_older_version__brings_it_up_and_keeps_the_hits),
        WITH_STORE(store__when_new__has_the_current_version),
        WITH_STORE(store_add_hit__on_a_full_disk__says_so_and_works_again_with_room),
    };
    return cmocka_run_group_tests_name("store_damage", tests, NULL, NULL);
}
