/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/store/store_internal.h"
#include "tests/unit/store_fixture.h"

#include <stdio.h>
#include <string.h>

#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, eg_store_fixture_set_up, eg_store_fixture_tear_down)

static void assert_text(eg_str actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.ptr, expected, actual.len);
}

/* Collects the ids that a query visits. */
typedef struct seen {
    int64_t ids[64];
    size_t count;
    size_t stop_after; /* 0 = never */
} seen;

static int collect(void *user, const eg_hit *hit)
{
    seen *list = user;
    assert_in_range(list->count, 0, EG_COUNT(list->ids) - 1);
    list->ids[list->count++] = hit->id;
    return list->count == list->stop_after ? EG_E_CLOSED : EG_OK;
}

static void assert_ids(eg_store_fixture *fix, eg_hit_query query, const char *expected)
{
    seen list = {.count = 0};
    char text[256] = "";
    assert_int_equal(eg_store_each_hit(fix->store, &query, collect, &list), EG_OK);
    for (size_t i = 0; i < list.count; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof(text) - length, "%s%lld", i > 0 ? " " : "",
                 (long long)list.ids[i]);
    }
    assert_string_equal(text, expected);
}

static int check_hit_1(void *user, const eg_hit *hit)
{
    bool *visited = user;
    eg_hit sample;
    eg_event event;
    eg_sample_hit(1, &sample, &event);
    assert_int_equal(hit->id, 1);
    assert_true(hit->time == sample.time);
    assert_in_range(eg_clock_utc() - hit->stored_time, 0, 600 * EG_TICKS_PER_SECOND);
    assert_true(hit->shown_time == 0);
    assert_true(hit->count == 1);
    assert_true(hit->fingerprint == sample.fingerprint);
    assert_true(hit->pack_serial == 3);
    assert_int_equal(hit->level, EG_LEVEL_LOW);
    assert_text(hit->rule_id, sample.rule_id.ptr);
    assert_text(hit->rule_title, "A thing");
    assert_text(hit->rule_author, "Its author");
    assert_text(hit->tags, "attack.execution, attack.t1059.001");
    assert_text(hit->program, "C:\\Users\\Public\\thing1.exe");
    assert_text(hit->parent, "C:\\Windows\\explorer.exe");
    assert_text(hit->user, "PC\\田中");
    assert_text(hit->event_json, sample.event_json.ptr);
    assert_text(hit->text[EG_LANGUAGE_EN].title, "Title");
    assert_text(hit->text[EG_LANGUAGE_EN].meaning, "Meaning");
    assert_text(hit->text[EG_LANGUAGE_EN].advice, "Advice");
    assert_text(hit->text[EG_LANGUAGE_JA].title, "題名");
    assert_text(hit->text[EG_LANGUAGE_JA].meaning, "意味");
    assert_text(hit->text[EG_LANGUAGE_JA].advice, "助言\n二行目");
    *visited = true;
    return EG_OK;
}

static void store_add_hit__then_reopened__gives_back_everything(void **state)
{
    eg_store_fixture *fix = *state;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(fix->notice.len, 0);
    bool visited = false;
    assert_int_equal(eg_store_get_hit(fix->store, 1, check_hit_1, &visited), EG_OK);
    assert_true(visited);
    assert_int_equal(eg_store_get_hit(fix->store, 2, check_hit_1, &visited), EG_E_NOTFOUND);
}

static void store_add_hit__of_a_known_thing__finds_it_again_only_when_it_existed(void **state)
{
    eg_store_fixture *fix = *state;
    eg_hit hit;
    eg_event event;
    eg_sample_hit(1, &hit, &event);
    int64_t id = 0;
    bool is_new = false;
    event.flags = EG_EVENT_EXISTING;
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    assert_int_equal(id, 1);
    assert_true(is_new);
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    assert_int_equal(id, 1);
    assert_false(is_new);
    event.flags = 0;
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    assert_int_equal(id, 2);
    assert_true(is_new);
    event.flags = EG_EVENT_EXISTING;
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    assert_int_equal(id, 2);
    assert_false(is_new);
    int64_t count = 0;
    assert_int_equal(eg_sqlite_get_i64(fix->store->db, "SELECT sum(count) FROM hit", &count),
                     EG_OK);
    assert_int_equal(count, 2);
}

static void store_add_hit__of_two_rules_on_one_event__keeps_its_evidence_once(void **state)
{
    eg_store_fixture *fix = *state;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 2);
    assert_int_equal(eg_store_fixture_add(fix, 2, 0), 3);
    int64_t events = 0;
    assert_int_equal(eg_sqlite_get_i64(fix->store->db, "SELECT count(*) FROM event", &events),
                     EG_OK);
    assert_int_equal(events, 2);
}

static void store_add_hit__with_extreme_numbers_and_no_texts__is_kept(void **state)
{
    eg_store_fixture *fix = *state;
    eg_hit hit = {.time = UINT64_MAX, .pack_serial = UINT64_MAX, .fingerprint = UINT64_MAX};
    eg_event event;
    eg_event_init(&event, EG_KIND_OTHER);
    int64_t id = 0;
    bool is_new = false;
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    assert_ids(fix, (eg_hit_query){0}, "1");
}

static void store_each_hit__by_query__gives_what_was_asked(void **state)
{
    eg_store_fixture *fix = *state;
    for (int i = 1; i <= 6; i++) {
        assert_int_equal(eg_store_fixture_add(fix, i, 0), i); /* levels 1 2 3 4 0 1 */
    }
    assert_int_equal(eg_store_set_shown(fix->store, 3, 7, EG_STR("")), EG_OK);
    assert_ids(fix, (eg_hit_query){0}, "1 2 3 4 5 6");
    assert_ids(fix, (eg_hit_query){.after_id = 4}, "5 6");
    assert_ids(fix, (eg_hit_query){.min_level = EG_LEVEL_HIGH}, "3 4");
    assert_ids(fix, (eg_hit_query){.only_not_shown = true, .min_level = EG_LEVEL_MEDIUM}, "2 4");
    assert_ids(fix, (eg_hit_query){.newest_first = true, .limit = 2}, "6 5");
    assert_ids(fix, (eg_hit_query){.limit = 2}, "1 2");
    assert_ids(fix, (eg_hit_query){.since = eg_clock_utc() + 600 * EG_TICKS_PER_SECOND}, "");
    assert_ids(fix, (eg_hit_query){.since = eg_clock_utc() - 600 * EG_TICKS_PER_SECOND},
               "1 2 3 4 5 6");
}

static void store_each_hit__stopped_by_the_visitor__returns_its_status(void **state)
{
    eg_store_fixture *fix = *state;
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(eg_store_fixture_add(fix, i, 0), i);
    }
    seen list = {.stop_after = 2};
    eg_hit_query query = {0};
    assert_int_equal(eg_store_each_hit(fix->store, &query, collect, &list), EG_E_CLOSED);
    assert_int_equal(list.count, 2);
}

static int refuse_as_corrupt(void *user, const eg_hit *hit)
{
    EG_UNUSED(user);
    EG_UNUSED(hit);
    return EG_E_CORRUPT;
}

static void store_each_hit__whose_visitor_says_corrupt__moves_nothing_aside(void **state)
{
    eg_store_fixture *fix = *state;
    eg_hit_query query = {0};
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    assert_int_equal(eg_store_each_hit(fix->store, &query, refuse_as_corrupt, NULL), EG_E_CORRUPT);
    assert_int_equal(eg_store_fixture_kept(fix), 0);
    assert_ids(fix, query, "1");
}

static void store_set_shown__twice__keeps_the_first_time(void **state)
{
    eg_store_fixture *fix = *state;
    int64_t shown = 0;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    assert_int_equal(eg_store_set_shown(fix->store, 1, 77, EG_STR("")), EG_OK);
    assert_int_equal(eg_store_set_shown(fix->store, 1, 99, EG_STR("")), EG_OK);
    assert_int_equal(
        eg_sqlite_get_i64(fix->store->db, "SELECT shown_time FROM hit WHERE id = 1", &shown),
        EG_OK);
    assert_int_equal(shown, 77);
    assert_int_equal(eg_store_set_shown(fix->store, 2, 77, EG_STR("")), EG_E_NOTFOUND);
}

static void store_count_hits__by_level__counts(void **state)
{
    eg_store_fixture *fix = *state;
    uint64_t count = 99;
    assert_int_equal(eg_store_count_hits(fix->store, 0, EG_LEVEL_INFORMATIONAL, &count), EG_OK);
    assert_int_equal(count, 0);
    for (int i = 1; i <= 6; i++) {
        assert_int_equal(eg_store_fixture_add(fix, i, 0), i);
    }
    assert_int_equal(eg_store_count_hits(fix->store, 0, EG_LEVEL_INFORMATIONAL, &count), EG_OK);
    assert_int_equal(count, 6);
    assert_int_equal(eg_store_count_hits(fix->store, 0, EG_LEVEL_HIGH, &count), EG_OK);
    assert_int_equal(count, 2);
    assert_int_equal(eg_store_count_hits(fix->store, UINT64_MAX, EG_LEVEL_LOW, &count), EG_OK);
    assert_int_equal(count, 0);
}

static void store_meta__set_twice__keeps_the_last(void **state)
{
    eg_store_fixture *fix = *state;
    eg_buf value;
    eg_buf_init(&value, 100);
    assert_int_equal(eg_store_get_meta(fix->store, "agent", &value), EG_E_NOTFOUND);
    assert_int_equal(eg_store_set_meta(fix->store, "agent", EG_STR("one")), EG_OK);
    assert_int_equal(eg_store_set_meta(fix->store, "agent", EG_STR("two")), EG_OK);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(eg_store_get_meta(fix->store, "agent", &value), EG_OK);
    assert_string_equal(eg_buf_cstr(&value), "two");
    eg_buf_done(&value);
}

static void store_count__over_restarts__adds_up_and_saturates(void **state)
{
    eg_store_fixture *fix = *state;
    uint64_t amount = 99;
    assert_int_equal(eg_store_get_count(fix->store, "dropped", &amount), EG_OK);
    assert_int_equal(amount, 0);
    assert_int_equal(eg_store_count(fix->store, "dropped", 2), EG_OK);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(eg_store_count(fix->store, "dropped", 3), EG_OK);
    assert_int_equal(eg_store_get_count(fix->store, "dropped", &amount), EG_OK);
    assert_int_equal(amount, 5);
    assert_int_equal(eg_store_count(fix->store, "dropped", UINT64_MAX), EG_OK);
    assert_int_equal(eg_store_get_count(fix->store, "dropped", &amount), EG_OK);
    assert_true(amount == INT64_MAX);
}

static void store_prune__by_age_and_number__deletes_oldest_with_evidence(void **state)
{
    eg_store_fixture *fix = *state;
    for (int i = 1; i <= 6; i++) {
        assert_int_equal(eg_store_fixture_add(fix, i, 0), i);
    }
    assert_int_equal(eg_sqlite_run(fix->store->db,
                                   "UPDATE hit SET last_time = 5, stored_time = 5 WHERE id = 2;"
                                   "UPDATE hit SET stored_time = 5 WHERE id = 3"),
                     EG_OK);
    assert_int_equal(eg_store_prune(fix->store, 0, 0), EG_OK);
    assert_ids(fix, (eg_hit_query){0}, "1 2 3 4 5 6");
    assert_int_equal(eg_store_prune(fix->store, 6, 0), EG_OK);
    assert_ids(fix, (eg_hit_query){0}, "1 3 4 5 6"); /* 3 was seen again since */
    assert_int_equal(eg_store_prune(fix->store, 0, 2), EG_OK);
    assert_ids(fix, (eg_hit_query){0}, "5 6");
    int64_t events = 0;
    assert_int_equal(eg_sqlite_get_i64(fix->store->db, "SELECT count(*) FROM event", &events),
                     EG_OK);
    assert_int_equal(events, 2);
    assert_int_equal(eg_store_prune(fix->store, UINT64_MAX, 0), EG_OK);
    assert_int_equal(eg_store_fixture_add(fix, 7, 0), 7); /* a number is never given again */
}

static void store__opened_for_reading__sees_the_writer_and_cannot_write(void **state)
{
    eg_store_fixture *fix = *state;
    eg_store *reader = NULL;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    assert_int_equal(eg_store_open(eg_buf_cstr(&fix->path), EG_STORE_READ_ONLY, NULL, &reader),
                     EG_OK);
    assert_int_equal(eg_store_fixture_add(fix, 2, 0), 2);
    uint64_t count = 0;
    assert_int_equal(eg_store_count_hits(reader, 0, EG_LEVEL_INFORMATIONAL, &count), EG_OK);
    assert_int_equal(count, 2);
    assert_int_equal(eg_store_set_shown(reader, 1, 5, EG_STR("")), EG_E_DENIED);
    assert_int_equal(eg_store_count(reader, "x", 5), EG_E_DENIED);
    eg_store_close(reader);
    eg_store_fixture_close(fix);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_ONLY), EG_OK);
    assert_ids(fix, (eg_hit_query){0}, "1 2");
}

static void store__opened_for_reading_where_nothing_is__says_so(void **state)
{
    eg_store_fixture *fix = *state;
    eg_store *store = NULL;
    eg_buf path;
    eg_buf_init(&path, 4096);
    assert_int_equal(eg_path_join(&path, eg_buf_cstr(&fix->folder), "other.db"), EG_OK);
    assert_int_equal(eg_store_open(eg_buf_cstr(&path), EG_STORE_READ_ONLY, NULL, &store),
                     EG_E_NOTFOUND);
    assert_null(store);
    assert_false(eg_file_exists(eg_buf_cstr(&path)));
    eg_buf_done(&path);
}

static void store_open__where_it_cannot_create__says_so(void **state)
{
    eg_store_fixture *fix = *state;
    eg_store *store = NULL;
    assert_int_equal(eg_store_open(eg_buf_cstr(&fix->folder), EG_STORE_READ_WRITE, NULL, &store),
                     EG_E_IO);
    assert_null(store);
    assert_non_null(strstr(eg_error_message(), eg_buf_cstr(&fix->folder)));
}

static void store__when_new__syncs_every_transaction_to_a_log(void **state)
{
    eg_store_fixture *fix = *state;
    eg_buf mode;
    int64_t synchronous = 0;
    eg_buf_init(&mode, 100);
    assert_int_equal(eg_sqlite_get_text(fix->store->db, "PRAGMA journal_mode", &mode), EG_OK);
    assert_string_equal(eg_buf_cstr(&mode), "wal");
    assert_int_equal(eg_sqlite_get_i64(fix->store->db, "PRAGMA synchronous", &synchronous), EG_OK);
    assert_int_equal(synchronous, 2);
    eg_buf_done(&mode);
}

static void store__report_view__speaks_in_words(void **state)
{
    eg_store_fixture *fix = *state;
    eg_buf text;
    eg_buf_init(&text, 1000);
    assert_int_equal(eg_store_fixture_add(fix, 3, 0), 1);
    assert_int_equal(eg_sqlite_get_text(fix->store->db,
                                        "SELECT time_utc || '|' || level || '|' || title_ja || '|'"
                                        " || title_en || '|' || kind FROM hit_report",
                                        &text),
                     EG_OK);
    assert_string_equal(eg_buf_cstr(&text), "2026-01-01 00:00:00|high|題名|Title|process_start");
    eg_buf_done(&text);
}

/* Everything that a service does with the store in its life; stops at the first failure. */
static int live(eg_store_fixture *fix)
{
    eg_hit hit;
    eg_event event;
    int64_t id = 0;
    bool is_new = false;
    bool visited = false;
    eg_sample_hit(1, &hit, &event);
    int status = eg_store_fixture_open(fix, EG_STORE_READ_WRITE);
    if (status == EG_OK) {
        status = eg_store_add_hit(fix->store, &hit, &event, &id, &is_new);
    }
    if (status == EG_OK) {
        status = eg_store_get_hit(fix->store, id, check_hit_1, &visited);
    }
    if (status == EG_OK) {
        status = eg_store_count(fix->store, "n", 1);
    }
    if (status == EG_OK) {
        status = eg_store_prune(fix->store, 0, 100);
    }
    eg_store_fixture_close(fix);
    return status;
}

static int delete_file(void *user, const eg_dir_entry *entry)
{
    EG_UNUSED(user);
    return eg_file_delete(entry->path);
}

static void store__without_memory__fails_cleanly_and_damages_nothing(void **state)
{
    eg_store_fixture *fix = *state;
    eg_store_fixture_close(fix);
    int status = EG_E_NOMEM;
    for (long n = 0; status != EG_OK; n += n < 60 ? 1 : 29) {
        assert_in_range(n, 0, 20000);
        assert_int_equal(eg_dir_walk(eg_buf_cstr(&fix->folder), 1, delete_file, NULL), EG_OK);
        eg_mem_fail_after(n);
        status = live(fix);
        eg_mem_fail_after(-1);
        if (status != EG_OK && status != EG_E_NOMEM) {
            fail_msg("allocation %ld: %s: %s", n, eg_status_name(status), eg_error_message());
        }
        assert_int_equal(eg_store_fixture_kept(fix), 0);
        assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
        eg_store_fixture_close(fix);
    }
}

int eg_test_store(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(store_add_hit__then_reopened__gives_back_everything),
        WITH_STORE(store_add_hit__of_a_known_thing__finds_it_again_only_when_it_existed),
        WITH_STORE(store_add_hit__of_two_rules_on_one_event__keeps_its_evidence_once),
        WITH_STORE(store_add_hit__with_extreme_numbers_and_no_texts__is_kept),
        WITH_STORE(store_each_hit__by_query__gives_what_was_asked),
        WITH_STORE(store_each_hit__stopped_by_the_visitor__returns_its_status),
        WITH_STORE(store_each_hit__whose_visitor_says_corrupt__moves_nothing_aside),
        WITH_STORE(store_set_shown__twice__keeps_the_first_time),
        WITH_STORE(store_count_hits__by_level__counts),
        WITH_STORE(store_meta__set_twice__keeps_the_last),
        WITH_STORE(store_count__over_restarts__adds_up_and_saturates),
        WITH_STORE(store_prune__by_age_and_number__deletes_oldest_with_evidence),
        WITH_STORE(store__opened_for_reading__sees_the_writer_and_cannot_write),
        WITH_STORE(store__opened_for_reading_where_nothing_is__says_so),
        WITH_STORE(store_open__where_it_cannot_create__says_so),
        WITH_STORE(store__when_new__syncs_every_transaction_to_a_log),
        WITH_STORE(store__report_view__speaks_in_words),
        WITH_STORE(store__without_memory__fails_cleanly_and_damages_nothing),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
