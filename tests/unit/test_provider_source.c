/* SPDX-License-Identifier: Apache-2.0 */
/* A sensor that only listens to providers, on the simulated kernel. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/agent_event.h"
#include "driverless-hooks/etw/provider_source.h"
#include "tests/etw_double/engine.h"

#include <stdio.h>
#include <string.h>

enum { DEADLINE_MS = 30000, ACCESS_DENIED = 5 };

static const uint16_t wanted_ids[] = {7, 0};
static const eg_provider provider = {
    .name = "Test", .guid = {1, 2, 3}, .level = 4, .ids = wanted_ids};
static const eg_provider *const providers[] = {&provider};

/* What the source told. */
static struct {
    eg_atomic records;
    eg_atomic ticks;
    eg_atomic health;
    eg_atomic healths; /* how often it changed */
    eg_atomic lost;
    eg_atomic hold; /* the sensor is busy with a record */
    char detail[512];
} told;

static void on_record(void *user, const eg_etw_record *record, uint64_t now)
{
    assert_ptr_equal(user, &told);
    assert_int_equal(record->id, 7);
    assert_true(now > 0);
    eg_atomic_add(&told.records, 1);
    while (eg_atomic_get(&told.hold) != 0) {
        eg_thread_sleep_ms(1);
    }
}

static void on_tick(void *user, uint64_t now)
{
    assert_ptr_equal(user, &told);
    assert_true(now > 0);
    eg_atomic_add(&told.ticks, 1);
}

static void on_health(void *user, const char *sensor, eg_sensor_health health, const char *source,
                      const char *detail)
{
    EG_UNUSED(user);
    assert_string_equal(sensor, "test");
    assert_string_equal(source, health == EG_SENSOR_FULL ? "etw" : "none");
    snprintf(told.detail, sizeof(told.detail), "%s", detail);
    eg_atomic_add(&told.healths, 1);
    eg_atomic_set(&told.health, health);
}

static void on_event(void *user, const eg_event *event)
{
    uint64_t count = 0;
    EG_UNUSED(user);
    if (eg_str_equal(event->field[EG_FIELD_REASON], EG_STR(EG_AGENT_TELEMETRY_LOST)) &&
        eg_str_equal(event->field[EG_FIELD_SENSOR], EG_STR("test"))) {
        assert_true(eg_str_to_u64(event->field[EG_FIELD_EVENT_COUNT], &count));
        eg_atomic_add(&told.lost, (int64_t)count);
    }
}

static const eg_sink sink = {.emit = on_event, .health = on_health};
static const eg_provider_source_options options = {
    .sensor = "test",
    .detail = "all of it",
    .misses = "nothing is seen",
    .providers = providers,
    .provider_count = 1,
    .ring_size = 4096,
    .record = on_record,
    .tick = on_tick,
};

typedef struct running {
    eg_provider_source *source;
    eg_thread *thread;
} running;

static void run(void *arg)
{
    running *self = arg;
    assert_int_equal(eg_provider_source_run(self->source), EG_OK);
}

static void start(running *self)
{
    memset(&told, 0, sizeof(told));
    assert_int_equal(eg_provider_source_create(&self->source, &options, &sink, &told), EG_OK);
    assert_int_equal(eg_thread_start(&self->thread, "source", run, self), EG_OK);
}

static void stop(running *self)
{
    eg_provider_source_stop(self->source);
    eg_provider_source_stop(self->source);
    eg_thread_join(self->thread);
    eg_provider_source_destroy(self->source);
}

static void wait_until(const eg_atomic *value, int64_t least)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (eg_atomic_get(value) < least) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(2);
    }
}

static void wait_for_health(eg_sensor_health health)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (eg_atomic_get(&told.health) != (int64_t)health) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(2);
    }
}

static void emit(uint16_t id, size_t size)
{
    static uint8_t payload[1000];
    eg_etw_record record = {.id = id, .payload = payload, .size = size};
    memcpy(record.provider, provider.guid, EG_ETW_GUID_SIZE);
    eg_etw_double_emit(&record, 4, 0);
}

static int set_up(void **state)
{
    EG_UNUSED(state);
    eg_etw_double_reset(true);
    return 0;
}

static int tear_down(void **state)
{
    EG_UNUSED(state);
    eg_etw_double_reset(false);
    return 0;
}

static void source__records_come__hands_on_those_wanted(void **state)
{
    running self;
    EG_UNUSED(state);
    start(&self);
    wait_for_health(EG_SENSOR_FULL);
    assert_string_equal(told.detail, "all of it");
    emit(8, 10);
    for (int i = 0; i < 5; i++) {
        emit(7, 10);
    }
    wait_until(&told.records, 5);
    wait_until(&told.ticks, 2);
    assert_int_equal(eg_atomic_get(&told.lost), 0);
    stop(&self);
    assert_int_equal(eg_atomic_get(&told.records), 5);
    assert_int_equal(eg_atomic_get(&told.healths), 1);
}

static void source__session_refused__is_blind_and_tries_again(void **state)
{
    running self;
    EG_UNUSED(state);
    eg_etw_double_refuse(EG_ETW_DOUBLE_START, ACCESS_DENIED, 1);
    start(&self);
    wait_for_health(EG_SENSOR_BLIND);
    assert_non_null(strstr(told.detail, "nothing is seen (ETW: "));
    wait_for_health(EG_SENSOR_FULL);
    emit(7, 10);
    wait_until(&told.records, 1);
    stop(&self);
    assert_int_equal(eg_atomic_get(&told.healths), 2);
}

static void source__without_etw__is_blind_and_stops_at_once(void **state)
{
    running self;
    EG_UNUSED(state);
    eg_etw_double_reset(false);
    start(&self);
    wait_for_health(EG_SENSOR_BLIND);
    uint64_t begin = eg_clock_monotonic_ns();
    stop(&self);
    assert_true(eg_clock_monotonic_ns() - begin < UINT64_C(1000000000));
    assert_int_equal(eg_atomic_get(&told.records), 0);
}

static void source__session_stopped_from_outside__sees_again_later(void **state)
{
    running self;
    EG_UNUSED(state);
    start(&self);
    wait_for_health(EG_SENSOR_FULL);
    assert_true(eg_etw_double_stop("EmoGuard-Providers"));
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (eg_atomic_get(&told.records) == 0) {
        assert_true(eg_clock_monotonic_ns() < end);
        emit(7, 10);
        eg_thread_sleep_ms(20);
    }
    wait_for_health(EG_SENSOR_FULL);
    stop(&self);
}

static void source__flooded__counts_what_its_ring_drops(void **state)
{
    running self;
    EG_UNUSED(state);
    start(&self);
    wait_for_health(EG_SENSOR_FULL);
    eg_atomic_set(&told.hold, 1);
    for (int i = 0; i < 20; i++) {
        emit(7, 1000);
    }
    eg_thread_sleep_ms(1500); /* longer than the session's timer */
    eg_atomic_set(&told.hold, 0);
    wait_until(&told.lost, 1);
    stop(&self);
    assert_int_equal(eg_atomic_get(&told.lost) + eg_atomic_get(&told.records), 20);
}

static void source__without_memory__fails_cleanly(void **state)
{
    EG_UNUSED(state);
    for (long allowed = 0;; allowed++) {
        eg_provider_source *source = NULL;
        assert_true(allowed < 20);
        eg_mem_fail_after(allowed);
        int status = eg_provider_source_create(&source, &options, &sink, &told);
        eg_mem_fail_after(-1);
        if (status == EG_OK) {
            eg_provider_source_destroy(source);
            break;
        }
        assert_int_equal(status, EG_E_NOMEM);
        assert_null(source);
    }
}

int eg_test_provider_source(void)
{
#define ON_ETW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_ETW(source__records_come__hands_on_those_wanted),
        ON_ETW(source__session_refused__is_blind_and_tries_again),
        ON_ETW(source__without_etw__is_blind_and_stops_at_once),
        ON_ETW(source__session_stopped_from_outside__sees_again_later),
        ON_ETW(source__flooded__counts_what_its_ring_drops),
        ON_ETW(source__without_memory__fails_cleanly),
    };
    return cmocka_run_group_tests_name("provider_source", tests, NULL, NULL);
}
