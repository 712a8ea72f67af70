/* SPDX-License-Identifier: Apache-2.0 */
/* How the process sensor falls back from source to source, and comes back. */
#include "tests/unit/unit.h"

/* the sensor's own file, since its sources are a seam that no header shows */
#include "driverless-hooks/hook_process.c"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>

/* What a stand-in source does. */
typedef struct script {
    int opens;      /* how often it was opened */
    int fail_opens; /* the first ones fail */
    int fail_runs;  /* of the opened ones, the first ones fail at once */
    HANDLE stop;
} script;

static script first, second, third;
/* Names of the sources in the order in which they ran. */
static char order[256];

static int open_script(script *at, void **context, HANDLE stop)
{
    at->opens++;
    at->stop = stop;
    if (at->opens <= at->fail_opens) {
        return eg_fail(EG_E_DENIED, "the stand-in refuses");
    }
    *context = at;
    return EG_OK;
}

static int open_first(void **context, eg_process_feed *feed, HANDLE stop)
{
    EG_UNUSED(feed);
    return open_script(&first, context, stop);
}

static int open_second(void **context, eg_process_feed *feed, HANDLE stop)
{
    EG_UNUSED(feed);
    return open_script(&second, context, stop);
}

static int open_third(void **context, eg_process_feed *feed, HANDLE stop)
{
    EG_UNUSED(feed);
    return open_script(&third, context, stop);
}

static void note(const script *at)
{
    size_t used = strlen(order);
    if (used + 2 < sizeof(order)) {
        order[used] = at == &first ? '1' : at == &second ? '2' : '3';
        order[used + 1] = '\0';
    }
}

static int run_script(void *context, uint32_t milliseconds)
{
    script *at = context;
    note(at);
    if (at->opens - at->fail_opens <= at->fail_runs) {
        return eg_fail(EG_E_CLOSED, "the stand-in was stopped");
    }
    return WaitForSingleObject(at->stop, milliseconds) == WAIT_TIMEOUT ? EG_E_TIMEOUT : EG_OK;
}

static void close_script(void *context)
{
    assert_non_null(context);
}

static const eg_process_source source1 = {"one",      EG_SENSOR_FULL, "best",
                                          open_first, run_script,     close_script};
static const eg_process_source source2 = {"two",       EG_SENSOR_DEGRADED, "less",
                                          open_second, run_script,         close_script};
static const eg_process_source source3 = {"three",    EG_SENSOR_DEGRADED, "least",
                                          open_third, run_script,         close_script};
static const eg_process_source *const scripted[SOURCE_COUNT] = {&source1, &source2, &source3};

/* Healths as the sensor reported them: "full one, degraded two, ". */
static char healths[512];
static HANDLE healthy;

static void on_event(void *user, const eg_event *event)
{
    EG_UNUSED(user);
    EG_UNUSED(event);
}

static void on_health(void *user, const char *sensor, eg_sensor_health health, const char *source,
                      const char *detail)
{
    size_t used = strlen(healths);
    EG_UNUSED(user);
    EG_UNUSED(sensor);
    EG_UNUSED(detail);
    snprintf(healths + used, sizeof(healths) - used, "%s %s, ", eg_sensor_health_name(health),
             source);
    ReleaseSemaphore(healthy, 1, NULL);
}

static void run_sensor(void *context)
{
    process_run(context);
}

/* Runs the chain until it has reported `reports` times. */
static void run_chain(int reports)
{
    eg_sink sink = {.emit = on_event, .health = on_health};
    void *context = NULL;
    eg_thread *thread = NULL;
    healths[0] = '\0';
    order[0] = '\0';
    healthy = CreateSemaphoreW(NULL, 0, 100, NULL);
    assert_non_null(healthy);
    assert_int_equal(process_open(&context, &sink), EG_OK);
    ((process_sensor *)context)->sources = scripted;
    assert_int_equal(eg_thread_start(&thread, "chain", run_sensor, context), EG_OK);
    for (int i = 0; i < reports; i++) {
        assert_int_equal(WaitForSingleObject(healthy, EG_TEST_DEADLINE_MS), WAIT_OBJECT_0);
    }
    process_stop(context);
    eg_thread_join(thread);
    process_close(context);
    CloseHandle(healthy);
}

static int reset(void **state)
{
    EG_UNUSED(state);
    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    memset(&third, 0, sizeof(third));
    return 0;
}

static void chain__best_source_works__stays_with_it(void **state)
{
    EG_UNUSED(state);
    run_chain(1);
    assert_string_equal(healths, "full one, ");
    assert_int_equal(second.opens, 0);
}

static void chain__two_refuse__ends_at_the_last(void **state)
{
    EG_UNUSED(state);
    first.fail_opens = second.fail_opens = 100;
    run_chain(3);
    assert_string_equal(healths, "starting one, starting two, degraded three, ");
    assert_string_equal(order, "3");
}

static void chain__best_source_is_stopped__next_covers_until_it_is_back(void **state)
{
    EG_UNUSED(state);
    first.fail_runs = 1;
    run_chain(3);
    assert_string_equal(healths, "full one, degraded two, full one, ");
    assert_string_equal(order, "121");
    assert_int_equal(first.opens, 2);
}

static void chain__all_refuse__is_blind_and_recovers(void **state)
{
    EG_UNUSED(state);
    first.fail_opens = second.fail_opens = 100;
    third.fail_opens = 1;
    run_chain(5);
    assert_string_equal(healths, "starting one, starting two, starting three, blind none, "
                                 "degraded three, ");
}

int eg_test_process_chain(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(chain__best_source_works__stays_with_it, reset),
        cmocka_unit_test_setup(chain__two_refuse__ends_at_the_last, reset),
        cmocka_unit_test_setup(chain__best_source_is_stopped__next_covers_until_it_is_back, reset),
        cmocka_unit_test_setup(chain__all_refuse__is_blind_and_recovers, reset),
    };
    return cmocka_run_group_tests_name("process_chain", tests, NULL, NULL);
}
