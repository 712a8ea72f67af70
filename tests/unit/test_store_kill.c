/* SPDX-License-Identifier: Apache-2.0 */
/* Kills a writer again and again in the middle of its work, and looks for what it acknowledged. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/store/store_internal.h"
#include "tests/unit/child.h"
#include "tests/unit/store_fixture.h"

#include <stdio.h>

#define ROUNDS 12
#define COUNTED "SELECT coalesce(sum(count), 0) FROM hit"

/* In the child: stores hits and tells the number of each as soon as the store has taken it. */
static void write_hits(void *arg, eg_child_tell tell, void *pipe)
{
    eg_store_fixture *fix = arg;
    if (eg_store_fixture_open(fix, EG_STORE_READ_WRITE) != EG_OK) {
        return;
    }
    for (int i = 1;; i++) {
        int64_t id = eg_store_fixture_add(fix, i, 0);
        if (id <= 0 || tell(pipe, id) != EG_OK) {
            return;
        }
    }
}

/* In the child: the same hit of one story again and again, and tells how often it was stored. */
static void write_repeats(void *arg, eg_child_tell tell, void *pipe)
{
    eg_store_fixture *fix = arg;
    eg_hit hit;
    eg_event event;
    int64_t count = 0, id = 0;
    bool is_new = false;
    char story[32];
    if (eg_store_fixture_open(fix, EG_STORE_READ_WRITE) != EG_OK ||
        eg_sqlite_get_i64(fix->store->db, COUNTED, &count) != EG_OK) {
        return;
    }
    eg_sample_hit(1, &hit, &event);
    hit.incident_id = 1;
    hit.incident_memory = EG_STR("{}");
    hit.incident_json = (eg_str){story, 0};
    for (int status = EG_OK; status == EG_OK;) {
        hit.incident_news = count == 0;
        hit.incident_json.len =
            (size_t)snprintf(story, sizeof(story), "{\"hits\":%d}", (int)++count);
        status = eg_store_add_hit(fix->store, &hit, &event, &id, &is_new);
        if (status == EG_OK) {
            status = tell(pipe, count);
        }
    }
}

static int visit_nothing(void *user, const eg_hit *hit)
{
    EG_UNUSED(user);
    EG_UNUSED(hit);
    return EG_OK;
}

/* One writer lives until it has told `enough` hits, plus a moment; the last number it told. */
static int64_t let_write(eg_child_main write, eg_store_fixture *fix, int enough, uint32_t moment_ms)
{
    eg_child *child = NULL;
    int64_t last = 0, first = 0;
    assert_int_equal(eg_child_start(write, fix, &child), EG_OK);
    for (int i = 0; i < enough; i++) {
        assert_int_equal(eg_child_hear(child, &last), EG_OK);
        first = i == 0 ? last : first;
    }
    eg_thread_sleep_ms(moment_ms);
    eg_child_kill(child);
    while (eg_child_hear(child, &last) == EG_OK) {
        continue;
    }
    eg_child_destroy(child);
    assert_true(last >= first + enough - 1);
    return last;
}

static void write_nothing(void *arg, eg_child_tell tell, void *pipe)
{
    EG_UNUSED(arg);
    EG_UNUSED(tell);
    EG_UNUSED(pipe);
}

/* Skips the test where there are no children. */
static void need_children(eg_store_fixture *fix)
{
    eg_child *child = NULL;
    eg_store_fixture_close(fix);
    if (eg_child_start(write_nothing, fix, &child) == EG_E_UNSUPPORTED) {
        printf("skipped: %s\n", eg_error_message());
        skip();
    }
    eg_child_destroy(child);
}

static void store__whose_writer_is_killed__has_every_acknowledged_hit(void **state)
{
    eg_store_fixture *fix = *state;
    need_children(fix);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t last = let_write(write_hits, fix, 1 + round % 5, (uint32_t)(round * 3 % 7));
        assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
        assert_int_equal(fix->notice.len, 0);
        for (int64_t id = 1; id <= last; id++) {
            assert_int_equal(eg_store_get_hit(fix->store, id, visit_nothing, NULL), EG_OK);
        }
        eg_store_fixture_close(fix);
    }
}

/* At most the one that was on its way is there beyond what was told; row and story agree. */
static void store__whose_writer_is_killed__has_counted_each_repeat_once(void **state)
{
    eg_store_fixture *fix = *state;
    need_children(fix);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t last = let_write(write_repeats, fix, 1 + round % 5, (uint32_t)(round * 3 % 7));
        int64_t counted = 0, told = 0, rows = 0;
        assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
        assert_int_equal(eg_sqlite_get_i64(fix->store->db, COUNTED, &counted), EG_OK);
        assert_int_equal(eg_sqlite_get_i64(fix->store->db,
                                           "SELECT json_extract(story, '$.hits') FROM incident",
                                           &told),
                         EG_OK);
        assert_int_equal(eg_sqlite_get_i64(fix->store->db, "SELECT count(*) FROM hit", &rows),
                         EG_OK);
        assert_in_range(counted, last, last + 1);
        assert_int_equal(told, counted);
        assert_int_equal(rows, 1);
        eg_store_fixture_close(fix);
    }
}

int eg_test_store_kill(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(store__whose_writer_is_killed__has_every_acknowledged_hit,
                                        eg_store_fixture_set_up, eg_store_fixture_tear_down),
        cmocka_unit_test_setup_teardown(store__whose_writer_is_killed__has_counted_each_repeat_once,
                                        eg_store_fixture_set_up, eg_store_fixture_tear_down),
    };
    return cmocka_run_group_tests_name("store_kill", tests, NULL, NULL);
}
