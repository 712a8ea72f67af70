/* SPDX-License-Identifier: Apache-2.0 */
/* The table of running processes, and the names of a sensor's states. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/seen_table.h"
#include "driverless-hooks/sensor.h"

#include <stdio.h>
#include <string.h>

static void count_gone(void *user, const eg_seen_process *entry)
{
    char *out = user;
    snprintf(out + strlen(out), 64 - strlen(out), "%u:%s ", (unsigned)entry->pid,
             entry->image ? entry->image : "?");
}

static void seen_table__sweep__reports_what_was_not_seen(void **state)
{
    eg_seen_table *table = NULL;
    char gone[64] = "";
    EG_UNUSED(state);
    assert_int_equal(eg_seen_table_create(&table), EG_OK);
    for (uint32_t pid = 400; pid > 0; pid -= 4) {
        assert_int_equal(eg_seen_table_put(table, pid, pid, true, EG_STR("x.exe"), EG_STR_NONE),
                         EG_OK);
    }
    assert_int_equal(eg_seen_table_count(table), 100);
    for (uint32_t pid = 4; pid <= 400; pid += 4) {
        eg_seen_process *entry = eg_seen_table_find(table, pid);
        assert_non_null(entry);
        assert_int_equal(entry->create_time, pid);
        entry->seen = pid != 40 && pid != 400;
    }
    eg_seen_table_sweep(table, count_gone, gone);
    assert_string_equal(gone, "40:x.exe 400:x.exe ");
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
    eg_seen_table_put(table, 8, 1, true, EG_STR("a"), EG_STR("u"));
    eg_seen_table_put(table, 8, 2, false, EG_STR("b"), EG_STR_NONE);
    const eg_seen_process *entry = eg_seen_table_find(table, 8);
    assert_int_equal(eg_seen_table_count(table), 1);
    assert_int_equal(entry->create_time, 2);
    assert_false(entry->exact);
    assert_string_equal(entry->image, "b");
    assert_null(entry->user);
    eg_seen_table_remove(table, 8);
    eg_seen_table_remove(table, 8);
    assert_int_equal(eg_seen_table_count(table), 0);
    eg_seen_table_destroy(table);
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
        cmocka_unit_test(seen_start__created_after_the_report__is_another_process),
        cmocka_unit_test(sensor_health__every_state__has_a_name),
    };
    return cmocka_run_group_tests_name("seen_table", tests, NULL, NULL);
}
