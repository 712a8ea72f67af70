/* SPDX-License-Identifier: Apache-2.0 */
/* The event log sensors on a stand-in for the calls of winevt.h. */
#include "tests/unit/unit.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/log_sensor.h"
#include "tests/unit/alloc.h"
#include "tests/unit/win32/log_fixture.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>
#include <string.h>

/* What the sensor tells and keeps; under the lock of the logs. */
static struct {
    char kept[2][512]; /* bookmarks by channel */
    eg_sensor_health health;
    char detail[512];
    int refused_keeps;
} world;

static eg_atomic left_out; /* of what is logged in Tasks another sensor tells so many */

static bool is_told_elsewhere(uint64_t time)
{
    return time != 0 && eg_atomic_get(&left_out) > 0 && eg_atomic_add(&left_out, -1) >= 0;
}

static const eg_log_channel channels[] = {
    {L"System", L"*[System[(EventID=7045)]]", "eventlog/System", false, NULL},
    {L"Tasks", L"*[System[(EventID=106)]]", "eventlog/Tasks", true, is_told_elsewhere},
};
static const eg_log_plan both = {"eventlog", channels, 2, ""};
static const eg_log_plan optional = {"sysmon", channels + 1, 1, "not installed"};

/* ---- a sensor on it ---- */

static size_t index_of(const char *name)
{
    return strcmp(name, channels[0].name) == 0 ? 0 : 1;
}

static int keep(void *user, const char *name, eg_str value)
{
    EG_UNUSED(user);
    AcquireSRWLockExclusive(&eg_fake.lock);
    bool refused = world.refused_keeps-- > 0;
    if (!refused) {
        snprintf(world.kept[index_of(name)], sizeof(world.kept[0]), "%.*s", EG_STR_ARGS(value));
    }
    ReleaseSRWLockExclusive(&eg_fake.lock);
    return refused ? eg_fail(EG_E_IO, "the disk is full") : EG_OK;
}

static int recall(void *user, const char *name, eg_buf *value)
{
    EG_UNUSED(user);
    const char *kept = world.kept[index_of(name)];
    eg_buf_clear(value);
    return kept[0] ? eg_buf_append_cstr(value, kept) : eg_fail(EG_E_NOTFOUND, "nothing kept");
}

static void on_health(void *user, const char *sensor, eg_sensor_health health, const char *source,
                      const char *detail)
{
    EG_UNUSED(user);
    EG_UNUSED(sensor);
    assert_string_equal(source, "log");
    AcquireSRWLockExclusive(&eg_fake.lock);
    world.health = health;
    snprintf(world.detail, sizeof(world.detail), "%s", detail);
    ReleaseSRWLockExclusive(&eg_fake.lock);
}

typedef struct running {
    eg_sensor_fixture *events;
    void *context;
    eg_thread *thread;
} running;

static void run(void *arg)
{
    running *self = arg;
    assert_int_equal(eg_log_sensor_run(self->context), EG_OK);
}

static void start(running *self, const eg_log_plan *plan)
{
    self->events = eg_sensor_fixture_collect();
    eg_sink sink = *eg_sensor_fixture_sink(self->events);
    sink.health = on_health;
    sink.keep = keep;
    sink.recall = recall;
    world.health = EG_SENSOR_STARTING;
    assert_int_equal(eg_log_sensor_open(&self->context, &sink, plan, &eg_fake_log_api), EG_OK);
    assert_int_equal(eg_thread_start(&self->thread, "log", run, self), EG_OK);
}

static void stop(running *self)
{
    eg_log_sensor_stop(self->context);
    eg_log_sensor_stop(self->context);
    eg_thread_join(self->thread);
    eg_log_sensor_close(self->context);
    eg_sensor_fixture_stop(self->events);
    assert_int_equal(eg_fake_logs_handles(), 0);
}

static bool has_health(eg_sensor_health health, const char *detail)
{
    AcquireSRWLockExclusive(&eg_fake.lock);
    bool has = world.health == health && strcmp(world.detail, detail) == 0;
    ReleaseSRWLockExclusive(&eg_fake.lock);
    return has;
}

static void wait_for_health(eg_sensor_health health, const char *detail)
{
    uint64_t begin = eg_clock_monotonic_ns();
    while (!has_health(health, detail)) {
        if (eg_clock_monotonic_ns() - begin > (uint64_t)EG_TEST_DEADLINE_MS * 1000000) {
            fail_msg("%s: %s", eg_sensor_health_name(world.health), world.detail);
        }
        eg_thread_sleep_ms(5);
    }
}

#define ALL_READ "reads System, Tasks"

/* Logs one more record, as a running Windows does. */
static void log_record(size_t channel)
{
    AcquireSRWLockExclusive(&eg_fake.lock);
    eg_fake_log *to = &eg_fake.channels[channel];
    to->newest++;
    if (to->signal) {
        SetEvent(to->signal);
    }
    ReleaseSRWLockExclusive(&eg_fake.lock);
}

static const eg_event *wait_for(running *self, const char *service)
{
    const eg_event *event = eg_sensor_fixture_wait(self->events, 0, EG_KIND_SERVICE_INSTALLED,
                                                   EG_FIELD_SERVICE_NAME, service, NULL);
    assert_non_null(event);
    return event;
}

static size_t count_lost(running *self)
{
    size_t count = 0, at = 0;
    while (eg_sensor_fixture_find(self->events, at, EG_KIND_AGENT, EG_FIELD_REASON,
                                  "telemetry_lost", &at)) {
        count++;
        at++;
    }
    return count;
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
    memset(&world, 0, sizeof(world));
    eg_fake_logs_reset();
    eg_log_set_sink(ignore_log, NULL);
    return 0;
}

static int tear_down(void **state)
{
    EG_UNUSED(state);
    eg_log_set_sink(NULL, NULL);
    return 0;
}

/* ---- tests ---- */

static void log__first_start__tells_what_comes_from_then_on(void **state)
{
    running self;
    EG_UNUSED(state);
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    log_record(0);
    log_record(1);
    const eg_event *event = wait_for(&self, "System/6");
    assert_true(eg_str_equal(event->source, EG_STR("eventlog/System")));
    assert_int_equal(event->flags, 0);
    wait_for(&self, "Tasks/1");
    assert_int_equal(eg_sensor_fixture_count(self.events), 2);
    stop(&self);
    assert_string_equal(world.kept[0], "<B RecordId='6'/>");
}

static void log__told_by_another_sensor__is_left_out(void **state)
{
    running self;
    EG_UNUSED(state);
    eg_atomic_set(&left_out, 1);
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    log_record(1);
    log_record(1);
    wait_for(&self, "Tasks/2");
    assert_int_equal(eg_sensor_fixture_count(self.events), 1);
    stop(&self);
}

static void log__started_again__tells_what_was_logged_meanwhile(void **state)
{
    running self;
    EG_UNUSED(state);
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    stop(&self);
    assert_string_equal(world.kept[0], "<B RecordId='5'/>"); /* also without any record read */
    assert_string_equal(world.kept[1], "");
    eg_fake.channels[0].newest = eg_fake.channels[0].old_until = 8;
    start(&self, &both);
    assert_int_equal(wait_for(&self, "System/8")->flags, EG_EVENT_CHANGED_WHILE_DOWN);
    log_record(0);
    assert_int_equal(wait_for(&self, "System/9")->flags, 0);
    assert_int_equal(eg_sensor_fixture_count(self.events), 4);
    stop(&self);
}

static void log__long_down__tells_a_bounded_number(void **state)
{
    running self;
    EG_UNUSED(state);
    snprintf(world.kept[0], sizeof(world.kept[0]), "<B RecordId='5'/>");
    eg_fake.channels[0].newest = eg_fake.channels[0].old_until = 5 + EG_LOG_BACKLOG_MAX + 100;
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    log_record(0);
    wait_for(&self, "System/1106"); /* what is news is told all the same */
    assert_int_equal(eg_sensor_fixture_count(self.events), EG_LOG_BACKLOG_MAX + 1);
    stop(&self);
}

static void log__bookmark_is_gone__says_so_and_tells_what_is_left(void **state)
{
    running self;
    EG_UNUSED(state);
    snprintf(world.kept[0], sizeof(world.kept[0]), "<B RecordId='2'/>");
    eg_fake.channels[0].oldest = 4; /* the log has come round */
    start(&self, &both);
    wait_for(&self, "System/4");
    wait_for(&self, "System/5");
    assert_int_equal(count_lost(&self), 1);
    assert_int_equal(eg_sensor_fixture_count(self.events), 3);
    stop(&self);
}

static void log__bookmark_is_damaged__begins_anew(void **state)
{
    running self;
    EG_UNUSED(state);
    snprintf(world.kept[0], sizeof(world.kept[0]), "damaged");
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    log_record(0);
    wait_for(&self, "System/6");
    assert_int_equal(eg_sensor_fixture_count(self.events), 1);
    stop(&self);
}

/* What EvtNext says when the subscription is of no use any more. */
static void log__reading_fails__subscribes_again_without_gap(void **state)
{
    static const DWORD errors[] = {ERROR_INVALID_HANDLE,         ERROR_INVALID_PARAMETER,
                                   RPC_S_SERVER_UNAVAILABLE,     RPC_S_CALL_FAILED,
                                   RPC_S_CALL_CANCELLED,         ERROR_EVT_PUBLISHER_DISABLED,
                                   ERROR_EVT_QUERY_RESULT_STALE, ERROR_EVT_CHANNEL_NOT_FOUND};
    running self;
    char name[32];
    EG_UNUSED(state);
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    for (unsigned i = 0; i < EG_COUNT(errors); i++) {
        AcquireSRWLockExclusive(&eg_fake.lock);
        eg_fake.channels[0].next_error = errors[i];
        ReleaseSRWLockExclusive(&eg_fake.lock);
        log_record(0);
        snprintf(name, sizeof(name), "System/%u", 6 + i);
        wait_for(&self, name);
    }
    assert_int_equal(eg_fake.channels[0].subscriptions, 1 + EG_COUNT(errors));
    assert_int_equal(count_lost(&self), 1); /* stale */
    assert_int_equal(eg_sensor_fixture_count(self.events), EG_COUNT(errors) + 1);
    stop(&self);
}

static void log__nothing_there__is_no_failure(void **state)
{
    static const DWORD errors[] = {ERROR_NO_MORE_ITEMS, ERROR_TIMEOUT, ERROR_INVALID_OPERATION};
    running self;
    EG_UNUSED(state);
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    for (size_t i = 0; i < EG_COUNT(errors); i++) {
        AcquireSRWLockExclusive(&eg_fake.lock);
        eg_fake.channels[0].next_error = errors[i];
        ReleaseSRWLockExclusive(&eg_fake.lock);
        log_record(1);
        char name[32];
        snprintf(name, sizeof(name), "Tasks/%u", (unsigned)i + 1);
        wait_for(&self, name);
    }
    assert_int_equal(eg_fake.channels[0].subscriptions, 1);
    stop(&self);
}

static void log__service_started_anew__subscribes_again(void **state)
{
    running self;
    EG_UNUSED(state);
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    AcquireSRWLockExclusive(&eg_fake.lock);
    eg_fake.service = 900; /* subscriptions of the old one stay silent */
    eg_fake.channels[0].newest++;
    ReleaseSRWLockExclusive(&eg_fake.lock);
    wait_for(&self, "System/6");
    assert_int_equal(eg_fake.channels[0].subscriptions, 2);
    assert_int_equal(count_lost(&self), 0);
    stop(&self);
}

/* What EvtSubscribe says when it gives no handle. */
static void log__subscribing_fails__is_told_by_kind(void **state)
{
    static const struct {
        DWORD error;
        eg_sensor_health health;
        const char *detail;
    } cases[] = {
        {NO_REASON, EG_SENSOR_ABSENT, "this system has no event log to read"},
        {ERROR_CALL_NOT_IMPLEMENTED, EG_SENSOR_ABSENT, "this system has no event log to read"},
        {ERROR_ACCESS_DENIED, EG_SENSOR_BLIND, "refused: System, Tasks"},
        {ERROR_EVT_INVALID_CHANNEL_PATH, EG_SENSOR_BLIND, "failing: System, Tasks"},
        {ERROR_EVT_INVALID_QUERY, EG_SENSOR_BLIND, "failing: System, Tasks"},
        {ERROR_EVT_CHANNEL_NOT_FOUND, EG_SENSOR_BLIND, "not there: System, Tasks"},
        {ERROR_EVT_SUBSCRIPTION_TO_DIRECT_CHANNEL, EG_SENSOR_BLIND, "failing: System, Tasks"},
        {RPC_S_SERVER_UNAVAILABLE, EG_SENSOR_BLIND, "failing: System, Tasks"},
    };
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        running self;
        set_up(state);
        eg_fake.channels[0].subscribe_error = eg_fake.channels[1].subscribe_error = cases[i].error;
        start(&self, &both);
        wait_for_health(cases[i].health, cases[i].detail);
        assert_int_equal(eg_sensor_fixture_count(self.events), 0);
        stop(&self);
    }
}

static void log__one_channel_fails__reads_the_other(void **state)
{
    running self;
    EG_UNUSED(state);
    eg_fake.channels[0].subscribe_error = ERROR_ACCESS_DENIED;
    start(&self, &both);
    wait_for_health(EG_SENSOR_DEGRADED, "reads Tasks; refused: System");
    log_record(1);
    wait_for(&self, "Tasks/1");
    AcquireSRWLockExclusive(&eg_fake.lock);
    eg_fake.channels[0].subscribe_error = 0;
    ReleaseSRWLockExclusive(&eg_fake.lock);
    wait_for_health(EG_SENSOR_FULL, ALL_READ); /* tried again by itself */
    stop(&self);
}

static void log__optional_channel_is_off_or_missing__is_nothing_amiss(void **state)
{
    running self;
    EG_UNUSED(state);
    eg_fake.channels[1].off = true;
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, "reads System; switched off: Tasks");
    stop(&self);
    eg_fake.channels[1].path = NULL;
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, "reads System; not there: Tasks");
    stop(&self);
    start(&self, &optional);
    wait_for_health(EG_SENSOR_ABSENT, "not installed");
    stop(&self);
}

static void log__broken_and_large_records__lose_no_other(void **state)
{
    running self;
    EG_UNUSED(state);
    eg_fake.channels[0].broken = 6;
    eg_fake.channels[0].large = 7;
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    log_record(0);
    log_record(0);
    log_record(0);
    wait_for(&self, "System/8");
    assert_int_equal(wait_for(&self, "System/7")->field[EG_FIELD_IMAGE_PATH].len, 40000);
    assert_int_equal(eg_sensor_fixture_count(self.events), 2);
    stop(&self);
}

static void log__place_cannot_be_kept__is_kept_later(void **state)
{
    running self;
    EG_UNUSED(state);
    world.refused_keeps = 1;
    start(&self, &both);
    wait_for_health(EG_SENSOR_FULL, ALL_READ);
    stop(&self);
    assert_string_equal(world.kept[0], "<B RecordId='5'/>");
}

static int open_and_close(void *arg)
{
    void *context = NULL;
    int status = eg_log_sensor_open(&context, arg, &both, &eg_fake_log_api);
    if (status == EG_OK) {
        eg_log_sensor_close(context);
    }
    return status;
}

static int open_and_read(void *arg)
{
    static bool lost;
    eg_log_reader *reader = NULL;
    eg_buf xml;
    EG_UNUSED(arg);
    eg_buf_init(&xml, 1024 * 1024);
    int status = eg_log_reader_open(&reader, &eg_fake_log_api, &channels[0],
                                    EG_STR("<B RecordId='1'/>"), NULL, &lost);
    while (status == EG_OK) {
        status = eg_log_reader_next(reader, &xml);
    }
    eg_log_reader_close(reader);
    eg_buf_done(&xml);
    return status == EG_E_TIMEOUT ? EG_OK : status;
}

static void log__without_memory__fails_cleanly(void **state)
{
    eg_sink sink = {.emit = NULL};
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(open_and_close, &sink) > 2);
    assert_true(eg_test_each_allocation_fails(open_and_read, NULL) > 2);
    eg_log_sensor_close(NULL);
    eg_log_reader_close(NULL);
}

int eg_test_log_sensor(void)
{
#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        LOG_TEST(log__first_start__tells_what_comes_from_then_on),
        LOG_TEST(log__told_by_another_sensor__is_left_out),
        LOG_TEST(log__started_again__tells_what_was_logged_meanwhile),
        LOG_TEST(log__long_down__tells_a_bounded_number),
        LOG_TEST(log__bookmark_is_gone__says_so_and_tells_what_is_left),
        LOG_TEST(log__bookmark_is_damaged__begins_anew),
        LOG_TEST(log__reading_fails__subscribes_again_without_gap),
        LOG_TEST(log__nothing_there__is_no_failure),
        LOG_TEST(log__service_started_anew__subscribes_again),
        LOG_TEST(log__subscribing_fails__is_told_by_kind),
        LOG_TEST(log__one_channel_fails__reads_the_other),
        LOG_TEST(log__optional_channel_is_off_or_missing__is_nothing_amiss),
        LOG_TEST(log__broken_and_large_records__lose_no_other),
        LOG_TEST(log__place_cannot_be_kept__is_kept_later),
        LOG_TEST(log__without_memory__fails_cleanly),
    };
    return cmocka_run_group_tests_name("log_sensor", tests, NULL, NULL);
}
