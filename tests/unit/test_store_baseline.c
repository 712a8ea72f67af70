/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/store/store_internal.h"
#include "tests/unit/store_fixture.h"

#include <stdio.h>
#include <string.h>

#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, eg_store_fixture_set_up, eg_store_fixture_tear_down)

static eg_baseline_row row(const char *name, const char *details)
{
    return (eg_baseline_row){.sensor = EG_STR("registry"),
                             .kind = EG_KIND_REGISTRY_SET,
                             .name = eg_str_from(name),
                             .state = UINT64_MAX - 5,
                             .details = eg_str_from(details),
                             .time = 77,
                             .gone = !details};
}

static void put(eg_store_fixture *fix, const char *name, const char *details)
{
    eg_baseline_row given = row(name, details);
    assert_int_equal(eg_store_baseline_put(fix->store, &given), EG_OK);
}

static int list(void *user, const eg_baseline_row *found)
{
    eg_buf *out = user;
    assert_true(eg_str_equal(found->sensor, EG_STR("registry")));
    assert_int_equal(found->kind, EG_KIND_REGISTRY_SET);
    assert_true(found->state == UINT64_MAX - 5 && found->time == 77 && !found->gone);
    return eg_buf_appendf(out, "%.*s=%.*s ", EG_STR_ARGS(found->name), EG_STR_ARGS(found->details));
}

/* What is on disk, seen after opening it again. */
static void assert_rows(eg_store_fixture *fix, const char *expected)
{
    eg_buf rows;
    eg_buf_init(&rows, 4096);
    eg_store_fixture_close(fix);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(eg_store_baseline_each(fix->store, list, &rows), EG_OK);
    assert_string_equal(eg_buf_cstr(&rows), expected);
    eg_buf_done(&rows);
}

static void store_baseline__put_and_flushed__gives_back_the_last_of_each(void **state)
{
    eg_store_fixture *fix = *state;
    put(fix, "a", "1");
    put(fix, "b", "値");
    put(fix, "c", "3");
    put(fix, "a", "2");
    put(fix, "c", NULL);
    put(fix, "never there", NULL);
    assert_int_equal(eg_store_baseline_flush(fix->store), EG_OK);
    assert_int_equal(eg_store_baseline_flush(fix->store), EG_OK);
    assert_rows(fix, "a=2 b=値 ");
    put(fix, "a", NULL);
    assert_int_equal(eg_store_baseline_flush(fix->store), EG_OK);
    assert_rows(fix, "b=値 ");
}

static void store_baseline__not_flushed__is_not_on_disk(void **state)
{
    eg_store_fixture *fix = *state;
    put(fix, "a", "1");
    assert_true(eg_store_fixture_add(fix, 1, 0) > 0);
    assert_rows(fix, "");
}

static int stop_at_once(void *user, const eg_baseline_row *found)
{
    EG_UNUSED(user);
    EG_UNUSED(found);
    return EG_E_CLOSED;
}

static void store_baseline__visitor_stops__is_returned(void **state)
{
    eg_store_fixture *fix = *state;
    put(fix, "a", "1");
    assert_int_equal(eg_store_baseline_flush(fix->store), EG_OK);
    assert_int_equal(eg_store_baseline_each(fix->store, stop_at_once, NULL), EG_E_CLOSED);
}

static void store_baseline__kind_of_a_newer_version__is_passed_over(void **state)
{
    eg_store_fixture *fix = *state;
    put(fix, "a", "1");
    assert_int_equal(eg_store_baseline_flush(fix->store), EG_OK);
    assert_int_equal(eg_sqlite_run(fix->store->db, "INSERT INTO baseline VALUES"
                                                   "('registry', 'hologram', 'b', 0, '', 0)"),
                     EG_OK);
    assert_rows(fix, "a=1 ");
}

/*
 * Killed between the hit and the flush, the service finds the same value changed again after its
 * start: it was told. What was flushed and changes again is news.
 */
static void
store_add_hit__changed_while_down__counts_what_a_kill_kept_from_the_baseline(void **state)
{
    eg_store_fixture *fix = *state;
    assert_int_equal(eg_store_fixture_add(fix, 1, 0), 1);
    assert_rows(fix, "");
    put(fix, "a", "1");
    assert_int_equal(eg_store_baseline_flush(fix->store), EG_OK);
    assert_int_equal(eg_store_fixture_add(fix, 2, 0), 2);
    assert_rows(fix, "a=1 ");
    assert_int_equal(eg_store_fixture_add(fix, 2, EG_EVENT_CHANGED_WHILE_DOWN), 2);
    assert_int_equal(eg_store_fixture_add(fix, 1, EG_EVENT_CHANGED_WHILE_DOWN), 3);
    assert_int_equal(eg_store_fixture_add(fix, 2, EG_EVENT_MISSED), 4);
}

static void store_baseline__database_damaged__starts_empty_and_goes_on(void **state)
{
    eg_store_fixture *fix = *state;
    put(fix, "a", "1");
    assert_int_equal(eg_store_baseline_flush(fix->store), EG_OK);
    eg_store_fixture_close(fix);
    assert_int_equal(eg_file_write_atomic(eg_buf_cstr(&fix->path), "no database at all", 18),
                     EG_OK);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_rows(fix, "");
    put(fix, "b", "2");
    assert_int_equal(eg_store_baseline_flush(fix->store), EG_OK);
    assert_rows(fix, "b=2 ");
}

static void store_baseline__memory_runs_out__loses_nothing_that_was_put(void **state)
{
    eg_store_fixture *fix = *state;
    eg_baseline_row given = row("a", "1");
    eg_mem_fail_after(0);
    int status = eg_store_baseline_put(fix->store, &given);
    eg_mem_fail_after(-1);
    assert_int_equal(status, EG_E_NOMEM);
    put(fix, "b", "2");
    status = EG_E_NOMEM;
    for (long allowed = 0; status == EG_E_NOMEM; allowed++) {
        eg_mem_fail_after(allowed);
        status = eg_store_baseline_flush(fix->store);
        eg_mem_fail_after(-1);
    }
    assert_int_equal(status, EG_OK);
    assert_rows(fix, "b=2 ");
}

int eg_test_store_baseline(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(store_baseline__put_and_flushed__gives_back_the_last_of_each),
        WITH_STORE(store_baseline__not_flushed__is_not_on_disk),
        WITH_STORE(store_baseline__visitor_stops__is_returned),
        WITH_STORE(store_baseline__kind_of_a_newer_version__is_passed_over),
        WITH_STORE(store_add_hit__changed_while_down__counts_what_a_kill_kept_from_the_baseline),
        WITH_STORE(store_baseline__database_damaged__starts_empty_and_goes_on),
        WITH_STORE(store_baseline__memory_runs_out__loses_nothing_that_was_put),
    };
    return cmocka_run_group_tests_name("store_baseline", tests, NULL, NULL);
}
