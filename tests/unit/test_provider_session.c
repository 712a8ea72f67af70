/* SPDX-License-Identifier: Apache-2.0 */
/* Sensors that share the second ETW session, on the simulated kernel (tests/etw_double). */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/etw/api.h"
#include "driverless-hooks/provider_session.h"
#include "tests/etw_double/engine.h"

#include <string.h>

#define SESSION "EmoGuard-Providers"
#define DEADLINE_MS 30000u

static const uint16_t two_ids[] = {1, 2, 0};
static const eg_provider narrow = {
    .name = "A", .guid = {0xA}, .level = 4, .any_keyword = 0x10, .ids = two_ids};
static const eg_provider wide = {.name = "A", .guid = {0xA}, .level = 5, .any_keyword = 0x20};
static const eg_provider all_of_it = {.name = "A", .guid = {0xA}, .level = 1};
static const eg_provider registry = {
    .name = "B", .guid = {0xB}, .level = 4, .registry_data = true, .running_state = true};

/* A sensor: its feed, its ring, and what came through its sink. */
typedef struct sensor {
    const eg_provider *providers[2];
    size_t count;
    eg_etw_ring *ring;
    eg_provider_feed *feed;
    eg_mutex lock;
    int tampered;
    int lost;
    char words[256];
} sensor;

static void keep(void *user, const eg_event *event)
{
    sensor *self = user;
    eg_str words = event->field[EG_FIELD_DESCRIPTION];
    eg_mutex_lock(&self->lock);
    assert_int_equal(event->kind, EG_KIND_AGENT);
    self->tampered += eg_str_equal(event->field[EG_FIELD_REASON], EG_STR("session_tampered"));
    self->lost += eg_str_equal(event->field[EG_FIELD_REASON], EG_STR("telemetry_lost"));
    size_t length = words.len < sizeof(self->words) - 1 ? words.len : sizeof(self->words) - 1;
    memcpy(self->words, words.ptr, length);
    self->words[length] = '\0';
    eg_mutex_unlock(&self->lock);
}

static int join(sensor *self, const eg_provider *one, const eg_provider *other)
{
    memset(self, 0, sizeof(*self));
    assert_int_equal(eg_mutex_init(&self->lock), EG_OK);
    assert_int_equal(eg_etw_ring_create(&self->ring, 200000), EG_OK);
    self->providers[0] = one;
    self->providers[1] = other;
    self->count = other ? 2 : 1;
    return eg_provider_feed_join(&self->feed, self->providers, self->count, self->ring);
}

static void leave(sensor *self)
{
    eg_provider_feed_leave(self->feed);
    eg_etw_ring_destroy(self->ring);
    eg_mutex_done(&self->lock);
}

static void report_to(sensor *self)
{
    eg_sink sink = {.user = self, .emit = keep};
    eg_provider_feed_report_to(self->feed, &sink);
}

static int emit(uint8_t guid, uint16_t id, uint64_t keyword)
{
    eg_etw_record record = {.id = id, .payload = (const uint8_t *)"payload", .size = 7};
    record.provider[0] = guid;
    return eg_etw_double_emit(&record, 4, keyword);
}

/* The id of the next record, 0 when none comes. */
static uint16_t next(sensor *self, uint32_t milliseconds)
{
    eg_etw_record record;
    int status = eg_etw_ring_pop(self->ring, &record, milliseconds);
    return status == EG_OK ? record.id : 0;
}

static int get(sensor *self, const int *value)
{
    eg_mutex_lock(&self->lock);
    int result = *value;
    eg_mutex_unlock(&self->lock);
    return result;
}

static void wait_for(sensor *self, const int *value, int wanted)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (get(self, value) < wanted) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(2);
    }
}

/* Until the session runs (or does not); returns the loss it tells. */
static uint64_t wait_until(sensor *self, int status)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    uint64_t lost = 0;
    while (eg_provider_feed_check(self->feed, &lost) != status) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(2);
    }
    return lost;
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

static void join__first_and_last__start_and_stop_the_session(void **state)
{
    sensor one, two;
    eg_etw_double_view view;
    uint64_t lost = 9;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    assert_int_equal(join(&two, &registry, NULL), EG_OK);
    assert_true(eg_etw_double_look(SESSION, &view));
    assert_int_equal(view.providers, 2);
    assert_int_equal(eg_provider_feed_check(one.feed, &lost), EG_OK);
    assert_int_equal(lost, 0);
    leave(&one);
    assert_true(eg_etw_double_look(SESSION, &view));
    assert_int_equal(view.providers, 1);
    leave(&two);
    assert_false(eg_etw_double_look(SESSION, &view));
    eg_provider_feed_leave(NULL);
}

static void records__of_wanted_ids__reach_each_ring(void **state)
{
    sensor one, two;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    assert_int_equal(join(&two, &all_of_it, &registry), EG_OK);
    assert_int_equal(emit(0xA, 1, 0x10), 1);
    assert_int_equal(emit(0xA, 3, 0x10), 1); /* not among the ids of the first */
    assert_int_equal(emit(0xC, 4, 0), 0);
    assert_int_equal(emit(0xB, 5, 0), 1);
    assert_int_equal(emit(0xA, 2, 0x10), 1);
    eg_provider_feed_flush(one.feed);
    assert_int_equal(next(&one, DEADLINE_MS), 1);
    assert_int_equal(next(&one, DEADLINE_MS), 2);
    assert_int_equal(next(&one, 0), 0);
    assert_int_equal(next(&two, DEADLINE_MS), 1);
    assert_int_equal(next(&two, DEADLINE_MS), 3);
    assert_int_equal(next(&two, DEADLINE_MS), 5);
    assert_int_equal(next(&two, DEADLINE_MS), 2);
    leave(&one);
    leave(&two);
}

static void join__same_provider_twice__is_enabled_for_both(void **state)
{
    sensor one, two, three;
    eg_etw_enable now;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    assert_int_equal(join(&two, &wide, NULL), EG_OK);
    assert_true(eg_etw_double_enabled(SESSION, narrow.guid, &now));
    assert_int_equal(now.level, 5);
    assert_int_equal(now.any_keyword, 0x30);
    assert_int_equal(join(&three, &all_of_it, NULL), EG_OK);
    assert_true(eg_etw_double_enabled(SESSION, narrow.guid, &now));
    assert_int_equal(now.level, 5);
    assert_int_equal(now.any_keyword, 0);
    leave(&three);
    leave(&two);
    assert_true(eg_etw_double_enabled(SESSION, narrow.guid, &now));
    assert_int_equal(now.level, 4);
    assert_int_equal(now.any_keyword, 0x10);
    leave(&one);
}

static void join__registry_data_and_running_state__are_asked_for(void **state)
{
    sensor one;
    eg_etw_enable now;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &registry, NULL), EG_OK);
    assert_true(eg_etw_double_enabled(SESSION, registry.guid, &now));
    assert_true(now.registry_data);
    assert_int_equal(eg_etw_double_captures(registry.guid), 1);
    leave(&one);
}

static void join__large_record__comes_through(void **state)
{
    static uint8_t payload[65000];
    eg_etw_record record = {.id = 1, .payload = payload, .size = sizeof(payload)};
    sensor one;
    EG_UNUSED(state);
    payload[sizeof(payload) - 1] = 42;
    record.provider[0] = 0xA;
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    assert_int_equal(eg_etw_double_emit(&record, 4, 0x10), 1);
    assert_int_equal(eg_etw_ring_pop(one.ring, &record, DEADLINE_MS), EG_OK);
    assert_int_equal(record.size, sizeof(payload));
    assert_int_equal(record.payload[sizeof(payload) - 1], 42);
    leave(&one);
}

static void join__refused__fails_and_leaves_nothing(void **state)
{
    static const struct {
        eg_etw_double_call call;
        uint32_t error;
        int status;
    } cases[] = {
        {EG_ETW_DOUBLE_START, EG_ETW_DENIED, EG_E_DENIED},
        {EG_ETW_DOUBLE_START, EG_ETW_NO_RESOURCES, EG_E_LIMIT},
        {EG_ETW_DOUBLE_OPEN, EG_ETW_DENIED, EG_E_DENIED},
        {EG_ETW_DOUBLE_ENABLE, EG_ETW_NO_RESOURCES, EG_E_LIMIT},
        {EG_ETW_DOUBLE_ENABLE, EG_ETW_DENIED, EG_E_DENIED},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        sensor one;
        eg_etw_double_view view;
        eg_etw_double_refuse(cases[i].call, cases[i].error, -1);
        assert_int_equal(join(&one, &narrow, NULL), cases[i].status);
        assert_null(one.feed);
        assert_false(eg_etw_double_look(SESSION, &view));
        eg_etw_double_refuse(cases[i].call, 0, 0);
        leave(&one);
    }
}

static void join__one_provider_refused__leaves_the_others_alone(void **state)
{
    sensor one, two;
    uint64_t lost = 0;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    eg_etw_double_refuse(EG_ETW_DOUBLE_ENABLE, EG_ETW_NO_RESOURCES, 1);
    assert_int_equal(join(&two, &registry, NULL), EG_E_LIMIT);
    assert_non_null(strstr(eg_error_message(), "B"));
    assert_int_equal(eg_provider_feed_check(one.feed, &lost), EG_OK);
    assert_int_equal(emit(0xA, 1, 0x10), 1);
    assert_int_equal(next(&one, DEADLINE_MS), 1);
    leave(&two);
    leave(&one);
}

static void join__without_memory__fails(void **state)
{
    EG_UNUSED(state);
    for (long allowed = 0; allowed < 3; allowed++) {
        sensor one;
        memset(&one, 0, sizeof(one));
        one.providers[0] = &narrow;
        assert_int_equal(eg_etw_ring_create(&one.ring, 1000), EG_OK);
        eg_mem_fail_after(allowed);
        int status = eg_provider_feed_join(&one.feed, one.providers, 1, one.ring);
        eg_mem_fail_after(-1);
        assert_int_not_equal(status, EG_OK);
        eg_etw_ring_destroy(one.ring);
    }
}

static void check__records_lost__is_told_at_once_to_all(void **state)
{
    sensor one, two;
    uint64_t lost = 0;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    report_to(&one);
    assert_true(eg_etw_double_lose(SESSION, 3));
    wait_for(&one, &one.lost, 1);
    assert_int_equal(eg_provider_feed_check(one.feed, &lost), EG_OK);
    assert_int_equal(lost, 3);
    assert_int_equal(join(&two, &registry, NULL), EG_OK);
    assert_int_equal(eg_provider_feed_check(two.feed, &lost), EG_OK);
    assert_int_equal(lost, 0); /* before its time */
    leave(&two);
    leave(&one);
}

static void stopped_from_outside__is_told_and_started_again(void **state)
{
    sensor one;
    eg_etw_enable now;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, &registry), EG_OK);
    report_to(&one);
    assert_true(eg_etw_double_stop(SESSION));
    wait_for(&one, &one.tampered, 1);
    assert_non_null(strstr(one.words, "stopped from outside"));
    wait_until(&one, EG_E_CLOSED);
    assert_non_null(strstr(eg_error_message(), "stopped from outside"));
    assert_int_equal(wait_until(&one, EG_OK), 1); /* a gap of unknown size */
    assert_true(eg_etw_double_enabled(SESSION, narrow.guid, &now));
    assert_int_equal(eg_etw_double_captures(registry.guid), 2);
    assert_int_equal(emit(0xA, 1, 0x10), 1);
    assert_int_equal(next(&one, DEADLINE_MS), 1);
    leave(&one);
    assert_int_equal(one.tampered, 1);
}

static void stopped_and_refused__is_tried_again_later_and_later(void **state)
{
    sensor one, two;
    uint64_t lost = 0;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    eg_etw_double_refuse(EG_ETW_DOUBLE_START, EG_ETW_NO_RESOURCES, 2);
    uint64_t begin = eg_clock_monotonic_ns();
    assert_true(eg_etw_double_stop(SESSION));
    wait_until(&one, EG_E_CLOSED);
    /* who joins meanwhile is served when it runs again */
    assert_int_equal(join(&two, &registry, NULL), EG_OK);
    assert_int_equal(eg_provider_feed_check(two.feed, &lost), EG_E_CLOSED);
    wait_until(&one, EG_OK);
    wait_until(&two, EG_OK);
    assert_true(eg_clock_monotonic_ns() - begin >= UINT64_C(1000000) * (250 + 500 + 1000));
    assert_int_equal(emit(0xB, 7, 0), 1);
    assert_int_equal(next(&two, DEADLINE_MS), 7);
    leave(&one);
    leave(&two);
}

static void restarted_but_one_provider_refused__only_its_feed_is_blind(void **state)
{
    sensor one, two;
    uint64_t lost = 0;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    assert_int_equal(join(&two, &registry, NULL), EG_OK);
    eg_etw_double_refuse(EG_ETW_DOUBLE_ENABLE, EG_ETW_NO_RESOURCES, -1);
    assert_true(eg_etw_double_stop(SESSION));
    wait_until(&one, EG_E_CLOSED);
    while (eg_etw_double_calls(EG_ETW_DOUBLE_START) < 2) {
        eg_thread_sleep_ms(2);
    }
    eg_etw_double_refuse(EG_ETW_DOUBLE_ENABLE, 0, 0);
    /* enabled at the next check */
    wait_until(&one, EG_OK);
    wait_until(&two, EG_OK);
    assert_int_equal(eg_provider_feed_check(one.feed, &lost), EG_OK);
    leave(&one);
    leave(&two);
}

static void provider_disabled__is_told_and_enabled_again(void **state)
{
    sensor one;
    eg_etw_enable now;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    report_to(&one);
    assert_true(eg_etw_double_disable(SESSION, narrow.guid));
    assert_true(eg_etw_double_lose(SESSION, 1)); /* so that it is looked at before its time */
    wait_for(&one, &one.tampered, 1);
    wait_for(&one, &one.lost, 1);
    assert_true(eg_etw_double_enabled(SESSION, narrow.guid, &now));
    assert_int_equal(wait_until(&one, EG_OK), 2);
    leave(&one);
}

static void foreign_session_at_the_start__is_told_to_who_reports_first(void **state)
{
    eg_etw_properties foreign = {.mode = EG_ETW_MODE_REAL_TIME, .guid = {9}};
    sensor one;
    EG_UNUSED(state);
    eg_etw_double_plant(SESSION, &foreign);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    report_to(&one);
    assert_int_equal(get(&one, &one.tampered), 1);
    report_to(&one);
    assert_int_equal(get(&one, &one.tampered), 1);
    leave(&one);
}

/* Joining and leaving while records rush in: for the thread sanitizer, and for deadlocks. */
static void come_and_go(void *arg)
{
    eg_atomic *stop = arg;
    while (!eg_atomic_get(stop)) {
        sensor one;
        uint64_t lost;
        assert_int_equal(join(&one, &all_of_it, &registry), EG_OK);
        report_to(&one);
        eg_provider_feed_flush(one.feed);
        next(&one, 5);
        eg_provider_feed_check(one.feed, &lost);
        leave(&one);
    }
}

static void join_and_leave__while_records_rush_in__keeps_the_others_whole(void **state)
{
    enum { RECORDS = 3000 };
    eg_atomic stop = {0};
    eg_thread *threads[2] = {NULL, NULL};
    sensor one;
    EG_UNUSED(state);
    assert_int_equal(join(&one, &narrow, NULL), EG_OK);
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        assert_int_equal(eg_thread_start(&threads[i], "guest", come_and_go, &stop), EG_OK);
    }
    for (int i = 0; i < RECORDS; i++) {
        assert_int_equal(emit(0xA, 1, 0x10), 1);
        assert_int_equal(next(&one, i % 100 == 0 ? DEADLINE_MS : 0) <= 1, true);
    }
    eg_atomic_set(&stop, 1);
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        eg_thread_join(threads[i]);
    }
    assert_int_equal(eg_etw_ring_dropped(one.ring), 0);
    leave(&one);
}

int eg_test_provider_session(void)
{
#define ON_ETW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_ETW(join__first_and_last__start_and_stop_the_session),
        ON_ETW(records__of_wanted_ids__reach_each_ring),
        ON_ETW(join__same_provider_twice__is_enabled_for_both),
        ON_ETW(join__registry_data_and_running_state__are_asked_for),
        ON_ETW(join__large_record__comes_through),
        ON_ETW(join__refused__fails_and_leaves_nothing),
        ON_ETW(join__one_provider_refused__leaves_the_others_alone),
        ON_ETW(join__without_memory__fails),
        ON_ETW(check__records_lost__is_told_at_once_to_all),
        ON_ETW(stopped_from_outside__is_told_and_started_again),
        ON_ETW(stopped_and_refused__is_tried_again_later_and_later),
        ON_ETW(restarted_but_one_provider_refused__only_its_feed_is_blind),
        ON_ETW(provider_disabled__is_told_and_enabled_again),
        ON_ETW(foreign_session_at_the_start__is_told_to_who_reports_first),
        ON_ETW(join_and_leave__while_records_rush_in__keeps_the_others_whole),
    };
    return cmocka_run_group_tests_name("provider_session", tests, NULL, NULL);
}
