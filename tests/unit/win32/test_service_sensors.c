/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/sensors_host.c"

#define DEADLINE_MS 10000

/* What the fake sensors do and what happened to them. One test at a time. */
static struct {
    eg_atomic opens, closes, snapshots, runs, emitted, blinds, snapshot_after_close;
    eg_atomic signed_off;
    eg_atomic open_fails;  /* so many times */
    eg_atomic end_at_once; /* run returns by itself so many times */
    eg_atomic hang;
    eg_atomic open_now;
    eg_atomic steps[EG_SNAPSHOT_FAILED + 1]; /* marks of each kind */
    eg_atomic snapshot_fails;
    eg_atomic told_blind, told_recovered, told_degraded;
} seen;

typedef struct fake_context {
    eg_sink sink;
    eg_atomic stop;
} fake_context;

static int fake_open(void **context, const eg_sink *sink)
{
    eg_atomic_add(&seen.opens, 1);
    if (eg_atomic_add(&seen.open_fails, -1) >= 0) {
        return eg_fail(EG_E_DENIED, "no rights");
    }
    fake_context *self = eg_alloc_zero(1, sizeof(*self));
    if (!self) {
        return EG_E_NOMEM;
    }
    self->sink = *sink;
    eg_atomic_set(&seen.open_now, 1);
    *context = self;
    return EG_OK;
}

static int fake_run(void *context)
{
    fake_context *self = context;
    eg_atomic_add(&seen.runs, 1);
    if (eg_atomic_add(&seen.end_at_once, -1) >= 0) {
        return eg_fail(EG_E_IO, "the source went away");
    }
    self->sink.health(self->sink.user, "fake", EG_SENSOR_FULL, "test", "");
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    self->sink.emit(self->sink.user, &event);
    while (!eg_atomic_get(&self->stop) || eg_atomic_get(&seen.hang)) {
        eg_thread_sleep_ms(1);
    }
    return EG_OK;
}

static void fake_stop(void *context)
{
    fake_context *self = context;
    /* A sensor may report while it is told to stop. */
    self->sink.health(self->sink.user, "fake", EG_SENSOR_DEGRADED, "test", "stopping");
    eg_atomic_set(&self->stop, 1);
}

static void fake_close(void *context)
{
    eg_atomic_set(&seen.open_now, 0);
    eg_atomic_add(&seen.closes, 1);
    eg_free(context);
}

static int fake_snapshot(void *context)
{
    fake_context *self = context;
    if (!eg_atomic_get(&seen.open_now)) {
        eg_atomic_add(&seen.snapshot_after_close, 1);
    }
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.flags = EG_EVENT_EXISTING;
    self->sink.emit(self->sink.user, &event);
    eg_sensor_listed(&self->sink, "fake", EG_STR(""));
    eg_atomic_add(&seen.snapshots, 1);
    return eg_atomic_add(&seen.snapshot_fails, -1) >= 0 ? eg_fail(EG_E_IO, "unreadable") : EG_OK;
}

static void fake_signed_off(void *context)
{
    EG_UNUSED(context);
    eg_atomic_add(&seen.signed_off, 1);
}

static const eg_sensor fake_sensor = {"fake",    "for tests", fake_open,     fake_run,
                                      fake_stop, fake_close,  fake_snapshot, fake_signed_off};
static const eg_sensor *const fake_sensors[] = {&fake_sensor};

static void on_emit(void *user, const eg_event *event)
{
    EG_UNUSED(user);
    eg_str reason = eg_event_get(event, EG_FIELD_REASON);
    eg_snapshot_step step = eg_snapshot_step_of(event);
    if (step != EG_SNAPSHOT_NONE) {
        eg_atomic_add(&seen.steps[step], 1);
    } else if (event->kind != EG_KIND_AGENT) {
        eg_atomic_add(&seen.emitted, 1);
    } else if (eg_str_equal(reason, EG_STR(EG_AGENT_SENSOR_BLIND))) {
        eg_atomic_add(&seen.told_blind, 1);
    } else if (eg_str_equal(reason, EG_STR(EG_AGENT_SENSOR_RECOVERED))) {
        eg_atomic_add(&seen.told_recovered, 1);
    } else if (eg_str_equal(reason, EG_STR(EG_AGENT_SENSOR_DEGRADED))) {
        eg_atomic_add(&seen.told_degraded, 1);
    }
}

static void on_blind(void *user, const char *sensor, const char *detail)
{
    EG_UNUSED(user);
    if (strcmp(sensor, "fake") == 0 && *detail) {
        eg_atomic_add(&seen.blinds, 1);
    }
}

static void ignore_log(void *user, eg_log_level level, const char *area, const char *line)
{
    EG_UNUSED(user);
    EG_UNUSED(level);
    EG_UNUSED(area);
    EG_UNUSED(line);
}

static int set_up(void **state)
{
    EG_UNUSED(state);
    memset(&seen, 0, sizeof(seen));
    eg_log_set_sink(ignore_log, NULL);
    return 0;
}

static int tear_down(void **state)
{
    EG_UNUSED(state);
    eg_log_set_sink(NULL, NULL);
    return 0;
}

static void wait_until(const eg_atomic *counter, int64_t at_least)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (eg_atomic_get(counter) < at_least) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(1);
    }
}

static eg_sensors_host *start_checking(uint32_t check_ms)
{
    eg_sensors_options options = {.sensors = fake_sensors,
                                  .count = 1,
                                  .emit = on_emit,
                                  .blind = on_blind,
                                  .restart_ms = 1,
                                  .check_ms = check_ms};
    eg_sensors_host *host = NULL;
    assert_int_equal(eg_sensors_host_start(&options, &host), EG_OK);
    return host;
}

static eg_sensors_host *start(void)
{
    return start_checking(0);
}

static void stop(eg_sensors_host *host)
{
    eg_sensors_host_stop(host);
    assert_int_equal(eg_sensors_host_join(host, DEADLINE_MS), EG_OK);
    eg_sensors_host_destroy(host);
}

static void sensors__started__run_and_take_the_baseline(void **state)
{
    EG_UNUSED(state);
    eg_sensors_host *host = start();
    wait_until(&seen.emitted, 2);
    assert_int_equal(eg_atomic_get(&seen.snapshots), 1);
    stop(host);
    assert_int_equal(eg_atomic_get(&seen.opens), 1);
    assert_int_equal(eg_atomic_get(&seen.closes), 1);
    assert_int_equal(eg_atomic_get(&seen.blinds), 0);
}

static void sensors__resync__takes_one_more_snapshot(void **state)
{
    EG_UNUSED(state);
    eg_sensors_host *host = start();
    wait_until(&seen.snapshots, 1);
    eg_sensors_host_resync(host);
    wait_until(&seen.snapshots, 2);
    stop(host);
}

static void sensors__snapshot__is_told_between_marks(void **state)
{
    EG_UNUSED(state);
    eg_atomic_set(&seen.snapshot_fails, 1);
    eg_sensors_host *host = start();
    wait_until(&seen.steps[EG_SNAPSHOT_FAILED], 1);
    eg_sensors_host_resync(host);
    wait_until(&seen.steps[EG_SNAPSHOT_END], 1);
    stop(host);
    assert_int_equal(eg_atomic_get(&seen.steps[EG_SNAPSHOT_BEGIN]), 2);
    assert_int_equal(eg_atomic_get(&seen.steps[EG_SNAPSHOT_LISTED]), 2);
    assert_int_equal(eg_atomic_get(&seen.steps[EG_SNAPSHOT_FAILED]), 1);
    assert_int_equal(eg_atomic_get(&seen.steps[EG_SNAPSHOT_CHECK]), 0);
}

static void sensors__check_due__compares_again_and_again(void **state)
{
    EG_UNUSED(state);
    eg_sensors_host *host = start_checking(20);
    wait_until(&seen.steps[EG_SNAPSHOT_CHECK], 3);
    stop(host);
    assert_int_equal(eg_atomic_get(&seen.steps[EG_SNAPSHOT_BEGIN]), 1);
}

static void sensors__health_changes__are_told_as_events(void **state)
{
    EG_UNUSED(state);
    eg_atomic_set(&seen.end_at_once, 1);
    eg_sensors_host *host = start();
    wait_until(&seen.told_recovered, 1);
    set_health(host, "fake", EG_SENSOR_DEGRADED, "poll", "no rights");
    set_health(host, "fake", EG_SENSOR_DEGRADED, "poll", "still no rights");
    set_health(host, "fake", EG_SENSOR_FULL, "test", "");
    assert_int_equal(eg_atomic_get(&seen.told_blind), 1);
    assert_int_equal(eg_atomic_get(&seen.told_degraded), 1);
    assert_int_equal(eg_atomic_get(&seen.told_recovered), 2);
    stop(host);
}

static void sensors__user_signs_off__is_passed_on(void **state)
{
    EG_UNUSED(state);
    eg_sensors_host *host = start();
    wait_until(&seen.snapshots, 1);
    eg_sensors_host_signed_off(host);
    assert_int_equal(eg_atomic_get(&seen.signed_off), 1);
    stop(host);
}

static void sensors__ends_by_itself__is_blind_and_starts_again(void **state)
{
    EG_UNUSED(state);
    eg_atomic_set(&seen.end_at_once, 2);
    eg_sensors_host *host = start();
    wait_until(&seen.runs, 3);
    wait_until(&seen.emitted, 1);
    assert_true(eg_atomic_get(&seen.blinds) >= 1);
    stop(host);
    assert_int_equal(eg_atomic_get(&seen.opens), eg_atomic_get(&seen.closes));
    assert_int_equal(eg_atomic_get(&seen.snapshot_after_close), 0);
}

static void sensors__open_fails__is_blind_with_the_reason_and_tried_again(void **state)
{
    EG_UNUSED(state);
    eg_atomic_set(&seen.open_fails, 1);
    eg_sensors_host *host = start();
    wait_until(&seen.runs, 1);
    assert_int_equal(eg_atomic_get(&seen.opens), 2);
    assert_int_equal(eg_atomic_get(&seen.blinds), 1);
    stop(host);
}

static void next_pause__keeps_failing__doubles_until_it_ran_long(void **state)
{
    EG_UNUSED(state);
    eg_backoff backoff = {.first_ms = 5000, .most_ms = 300000};
    assert_int_equal(next_pause(&backoff, 0), 5000);
    assert_int_equal(next_pause(&backoff, 0), 10000);
    for (int i = 0; i < 40; i++) {
        next_pause(&backoff, 1000000);
    }
    assert_int_equal(next_pause(&backoff, 1000000), 300000);
    assert_int_equal(next_pause(&backoff, UINT64_C(299999999999)), 300000);
    assert_int_equal(next_pause(&backoff, UINT64_C(300000000001)), 5000);
}

static void sensors__hanging__join_gives_up_and_names_it(void **state)
{
    EG_UNUSED(state);
    eg_atomic_set(&seen.hang, 1);
    eg_sensors_host *host = start();
    wait_until(&seen.runs, 1);
    eg_sensors_host_stop(host);
    assert_int_equal(eg_sensors_host_join(host, 50), EG_E_TIMEOUT);
    assert_non_null(strstr(eg_error_message(), "fake"));
    eg_atomic_set(&seen.hang, 0);
    assert_int_equal(eg_sensors_host_join(host, DEADLINE_MS), EG_OK);
    eg_sensors_host_destroy(host);
}

static void sensors__written__show_health_and_source(void **state)
{
    EG_UNUSED(state);
    eg_buf text;
    eg_json json;
    eg_sensors_host *host = start();
    wait_until(&seen.emitted, 2);
    eg_sensors_host_missed(host, "fake", 2);
    eg_sensors_host_missed(host, "fake", 1);
    eg_buf_init(&text, 4096);
    eg_json_begin(&json, &text);
    eg_sensors_host_write(host, &json);
    assert_string_equal(eg_buf_cstr(&text),
                        "[{\"name\":\"fake\",\"what\":\"for tests\",\"health\":\"full\","
                        "\"source\":\"test\",\"detail\":\"\",\"missed\":3}]");
    eg_buf_done(&text);
    stop(host);
}

int eg_test_service_sensors(void)
{
#define SENSOR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SENSOR_TEST(sensors__started__run_and_take_the_baseline),
        SENSOR_TEST(sensors__resync__takes_one_more_snapshot),
        SENSOR_TEST(sensors__snapshot__is_told_between_marks),
        SENSOR_TEST(sensors__check_due__compares_again_and_again),
        SENSOR_TEST(sensors__health_changes__are_told_as_events),
        SENSOR_TEST(sensors__user_signs_off__is_passed_on),
        SENSOR_TEST(sensors__ends_by_itself__is_blind_and_starts_again),
        SENSOR_TEST(sensors__open_fails__is_blind_with_the_reason_and_tried_again),
        SENSOR_TEST(next_pause__keeps_failing__doubles_until_it_ran_long),
        SENSOR_TEST(sensors__hanging__join_gives_up_and_names_it),
        SENSOR_TEST(sensors__written__show_health_and_source),
    };
    return cmocka_run_group_tests_name("service_sensors", tests, NULL, NULL);
}
