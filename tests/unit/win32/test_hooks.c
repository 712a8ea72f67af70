/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every sensor of hooks.def. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <string.h>

enum {
#define HOOK(name) hook_##name,
#include "driverless-hooks/hooks.def"
#undef HOOK
    HOOKS
};

static void hooks__every_sensor__is_complete_and_named_once(void **state)
{
    size_t count = 0;
    const eg_sensor *const *sensors = eg_sensors(&count);
    EG_UNUSED(state);
    assert_int_equal(count, HOOKS);
    for (size_t i = 0; i < count; i++) {
        const eg_sensor *sensor = sensors[i];
        assert_true(sensor->open && sensor->run && sensor->stop && sensor->close);
        assert_non_null(sensor->snapshot);
        assert_true(strlen(sensor->what) > 20);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(sensors[k]->name, sensor->name);
        }
    }
}

/* Stop may come before run: the sensor then returns at once. */
static void hooks__stopped_before_run__returns_at_once(void **state)
{
    size_t count = 0;
    const eg_sensor *const *sensors = eg_sensors(&count);
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_collect();
    for (size_t i = 0; i < count; i++) {
        void *context = NULL;
        assert_int_equal(sensors[i]->open(&context, eg_sensor_fixture_sink(fixture)), EG_OK);
        sensors[i]->stop(context);
        assert_int_equal(sensors[i]->run(context), EG_OK);
        sensors[i]->close(context);
    }
    assert_int_equal(eg_sensor_fixture_count(fixture), 0);
    eg_sensor_fixture_stop(fixture);
}

/* A snapshot that began before the stop must not hold up the end. */
static void hooks__stopped_before_snapshot__tell_nothing(void **state)
{
    size_t count = 0;
    const eg_sensor *const *sensors = eg_sensors(&count);
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_collect();
    for (size_t i = 0; i < count; i++) {
        void *context = NULL;
        assert_int_equal(sensors[i]->open(&context, eg_sensor_fixture_sink(fixture)), EG_OK);
        sensors[i]->stop(context);
        (void)sensors[i]->snapshot(context);
        sensors[i]->close(context);
        assert_int_equal(eg_sensor_fixture_count(fixture), 0);
    }
    eg_sensor_fixture_stop(fixture);
}

/* On this system, whatever it has: Wine ends a process that calls what it lacks. */
static void hooks__run_here__report_their_health(void **state)
{
    size_t count = 0;
    const eg_sensor *const *sensors = eg_sensors(&count);
    EG_UNUSED(state);
    for (size_t i = 0; i < count; i++) {
        eg_sensor_fixture *fixture = eg_sensor_fixture_start(sensors[i]->name);
        eg_sensor_fixture_stop(fixture);
    }
}

/* Opens and takes a snapshot with `allowed` allocations; true when nothing was refused. */
static bool works_with(const eg_sensor *sensor, long allowed)
{
    void *context = NULL;
    eg_sensor_fixture *fixture = eg_sensor_fixture_collect();
    eg_mem_fail_after(allowed);
    int status = sensor->open(&context, eg_sensor_fixture_sink(fixture));
    if (status == EG_OK) {
        status = sensor->snapshot(context);
        sensor->close(context);
    }
    bool all_allowed = eg_mem_failures() == 0;
    eg_mem_fail_after(-1);
    assert_true(status == EG_OK || status == EG_E_NOMEM);
    assert_true(status == EG_OK || !all_allowed);
    eg_sensor_fixture_stop(fixture);
    return all_allowed;
}

static void hooks__without_memory__fail_cleanly(void **state)
{
    size_t count = 0;
    const eg_sensor *const *sensors = eg_sensors(&count);
    EG_UNUSED(state);
    for (size_t i = 0; i < count; i++) {
        bool whole = false;
        for (long allowed = 0; allowed < 60; allowed++) {
            whole = works_with(sensors[i], allowed);
        }
        for (long allowed = 60; !whole && allowed < 100000; allowed = allowed * 3 / 2) {
            whole = works_with(sensors[i], allowed);
        }
        assert_true(whole);
    }
}

int eg_test_hooks(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hooks__every_sensor__is_complete_and_named_once),
        cmocka_unit_test(hooks__stopped_before_run__returns_at_once),
        cmocka_unit_test(hooks__stopped_before_snapshot__tell_nothing),
        cmocka_unit_test(hooks__run_here__report_their_health),
        cmocka_unit_test(hooks__without_memory__fail_cleanly),
    };
    return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
