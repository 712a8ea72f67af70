/* SPDX-License-Identifier: Apache-2.0 */
/* The table of running processes, and the names of a sensor's states. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/seen_table.h"
#include "driverless-hooks/sensor.h"
#include "tests/unit/alloc.h"

#include <stdio.h>
#include <string.h>

static void count_gone(void *user, const eg_seen_process *entry)
{
    char *out = user;
    snprintf(out + strlen(out), 64 - strlen(out), "%u:%s ", (unsigned)entry->start.pid,
             entry->image ? entry->image : "?");
}

static void put(eg_seen_table *table, uint32_t pid, uint64_t create_time, bool exact,
                const char *image)
{
    eg_seen_start start = {.pid = pid, .create_time = create_time, .exact = exact};
    assert_int_equal(eg_seen_table_put(table, &start, eg_str_from(image), EG_STR("u")), EG_OK);
}

static void seen_table__sweep__reports_what_was_not_seen(void **state)
{
    eg_seen_table *table = NULL;
    char gone[64] = "";
    EG_UNUSED(state);
    assert_int_equal(eg_seen_table_create(&table), EG_OK);
    for (uint32_t pid = 400; pid > 0; pid -= 4) {
        put(table, pid, pid, true, "x.exe");
    }
    assert_int_equal(eg_seen_table_count(table), 100);
    for (uint32_t pid = 4; pid <= 400; pid += 4) {
        eg_seen_process *entry = eg_seen_table_find(table, pid);
        assert_non_null(entry);
        assert_int_equal(entry->start.create_time, pid);
        entry->seen = pid != 40 && pid != 400;
    }
    eg_seen_table_sweep(table, count_gone, gone);
    assert_string_equal(gone, "400:x.exe 40:x.exe ");
    assert_int_equal(eg_seen_table_count(table), 98);
    assert_false(eg_seen_table_find(table, 4)->seen);
    assert_null(eg_seen_table_find(table, 40));
    eg_seen_table_destroy(table);
}

static void seen_table__pid_put_again__replaces_the_entry(void **state)
{
    eg_seen_table *table = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_seen_table_create(&table), EG_OK);
    put(table, 8, 1, true, "a");
    assert_string_equal(eg_seen_table_find(table, 8)->user, "u");
    put(table, 8, 2, false, "b");
    const eg_seen_process *entry = eg_seen_table_find(table, 8);
    assert_int_equal(eg_seen_table_count(table), 1);
    assert_int_equal(entry->start.create_time, 2);
    assert_false(entry->start.exact);
    assert_string_equal(entry->image, "b");
    eg_seen_table_remove(table, 8);
    eg_seen_table_remove(table, 8);
    assert_int_equal(eg_seen_table_count(table), 0);
    eg_seen_table_destroy(table);
}

static void seen_table__more_than_it_may_hold__forgets_the_oldest(void **state)
{
    eg_seen_table *table = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_seen_table_create(&table), EG_OK);
    for (uint32_t i = 0; i <= EG_SEEN_MOST; i++) {
        put(table, 4 * i, i, true, "x.exe");
    }
    assert_int_equal(eg_seen_table_count(table), EG_SEEN_MOST);
    assert_null(eg_seen_table_find(table, 0));
    assert_non_null(eg_seen_table_find(table, 4));
    assert_non_null(eg_seen_table_find(table, 4 * EG_SEEN_MOST));
    eg_seen_table_destroy(table);
}

static int put_one(void *arg)
{
    eg_seen_table *table = arg;
    eg_seen_start start = {.pid = 8};
    int status = eg_seen_table_put(table, &start, EG_STR("x.exe"), EG_STR("u"));
    const eg_seen_process *entry = eg_seen_table_find(table, 8);
    if (status == EG_OK && (!entry->image || !entry->user)) {
        status = EG_E_NOMEM; /* unknown, as promised */
    }
    eg_seen_table_remove(table, 8);
    return status;
}

static void seen_table_put__no_memory__leaves_out_what_has_no_room(void **state)
{
    eg_seen_table *table = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_seen_table_create(&table), EG_OK);
    assert_int_equal(eg_test_each_allocation_fails(put_one, table), 3);
    eg_seen_table_destroy(table);
}

/* Tells of one process by a record, then by the list, by a second record, and so on. */
static void seen_same__of_one_pid__follows_what_each_source_knows(void **state)
{
    uint64_t second = EG_TICKS_PER_SECOND;
    eg_seen_start recorded = {8, 1000 * second, false, true};
    eg_seen_start whole = {8, 1000 * second, true, true};
    eg_seen_start listed = {8, 999 * second, true, false};
    eg_seen_start heard = {8, 1001 * second, false, false};
    EG_UNUSED(state);
    assert_true(eg_seen_is_same(&recorded, &recorded));
    assert_true(eg_seen_is_same(&recorded, &listed));
    assert_true(eg_seen_is_same(&listed, &recorded));
    assert_true(eg_seen_is_same(&whole, &heard));
    assert_false(eg_seen_is_same(&whole, &listed));
    /* a pid used again a second later, both told by records */
    eg_seen_start again = {8, 1001 * second, false, true};
    assert_false(eg_seen_is_same(&recorded, &again));
    assert_false(eg_seen_is_same(&whole, &again));
}

static void seen_start__created_after_the_report__is_another_process(void **state)
{
    uint64_t second = EG_TICKS_PER_SECOND;
    uint64_t report = 1000 * second;
    EG_UNUSED(state);
    assert_true(eg_seen_is_start_of(report, report));
    assert_true(eg_seen_is_start_of(report, report - 2 * second));
    assert_true(eg_seen_is_start_of(report, report + 15 * EG_TICKS_PER_MS));
    assert_false(eg_seen_is_start_of(report, report + 25 * EG_TICKS_PER_MS));
    assert_false(eg_seen_is_start_of(report, report - 6 * second));
    assert_false(eg_seen_is_start_of(0, report));
    assert_false(eg_seen_is_start_of(report, 0));
}

static void sensor_health__every_state__has_a_name(void **state)
{
    EG_UNUSED(state);
    assert_string_equal(eg_sensor_health_name(EG_SENSOR_STARTING), "starting");
    assert_string_equal(eg_sensor_health_name(EG_SENSOR_FULL), "full");
    assert_string_equal(eg_sensor_health_name(EG_SENSOR_DEGRADED), "degraded");
    assert_string_equal(eg_sensor_health_name(EG_SENSOR_BLIND), "blind");
    assert_string_equal(eg_sensor_health_name(EG_SENSOR_ABSENT), "absent");
}

int eg_test_seen_table(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seen_table__sweep__reports_what_was_not_seen),
        cmocka_unit_test(seen_table__pid_put_again__replaces_the_entry),
        cmocka_unit_test(seen_table__more_than_it_may_hold__forgets_the_oldest),
        cmocka_unit_test(seen_table_put__no_memory__leaves_out_what_has_no_room),
        cmocka_unit_test(seen_same__of_one_pid__follows_what_each_source_knows),
        cmocka_unit_test(seen_start__created_after_the_report__is_another_process),
        cmocka_unit_test(sensor_health__every_state__has_a_name),
    };
    return cmocka_run_group_tests_name("seen_table", tests, NULL, NULL);
}
