/* SPDX-License-Identifier: Apache-2.0 */
/* The WMI sensor on a stand-in for WMI: each result that its calls are documented to give. */
#include "tests/unit/unit.h"

/* the sensor's own file, since its calls are a seam that no header shows */
#include "driverless-hooks/hook_wmi.c"
#include "tests/unit/alloc.h"
#include "tests/unit/win32/sensor_fixture.h"
#include "tests/unit/win32/wmi_fixture.h"

#include <stdio.h>

/* What the sensor last said of its health; under the lock of the stand-in. */
static eg_sensor_health health;
static char detail[DETAIL_MAX];

static const eg_fake_instance command = {.class_name = L"CommandLineEventConsumer",
                                         .name = L"upd",
                                         .command_line = L"powershell -enc A",
                                         .sid = true};
static const eg_fake_instance filter = {.class_name = L"__EventFilter", .name = L"every"};
static const eg_fake_instance binding = {.class_name = L"__FilterToConsumerBinding",
                                         .consumer = L"CommandLineEventConsumer.Name=\"upd\"",
                                         .filter = L"__EventFilter.Name=\"every\""};

typedef struct running {
    eg_sensor_fixture *events;
    void *context;
    eg_thread *thread;
} running;

static void on_health(void *user, const char *sensor, eg_sensor_health now, const char *source,
                      const char *text)
{
    EG_UNUSED(user);
    assert_string_equal(sensor, "wmi");
    assert_string_equal(source, "wmi");
    AcquireSRWLockExclusive(&eg_wmi.lock);
    health = now;
    snprintf(detail, sizeof(detail), "%s", text);
    ReleaseSRWLockExclusive(&eg_wmi.lock);
}

static void run(void *arg)
{
    running *self = arg;
    assert_int_equal(wmi_run(self->context), EG_OK);
}

static void start(running *self)
{
    self->events = eg_sensor_fixture_collect();
    eg_sink sink = *eg_sensor_fixture_sink(self->events);
    sink.health = on_health;
    health = EG_SENSOR_STARTING;
    assert_int_equal(wmi_open(&self->context, &sink), EG_OK);
    ((wmi_sensor *)self->context)->api = &eg_fake_wmi_api;
    assert_int_equal(eg_thread_start(&self->thread, "wmi", run, self), EG_OK);
}

static void stop(running *self)
{
    wmi_stop(self->context);
    eg_thread_join(self->thread);
    wmi_close(self->context);
    wmi_close(NULL);
    eg_sensor_fixture_stop(self->events);
    assert_int_equal(eg_fake_wmi_objects(), 0);
}

static void wait_for_health(eg_sensor_health wanted, const char *text)
{
    uint64_t begin = eg_clock_monotonic_ns();
    bool has = false;
    while (!has) {
        AcquireSRWLockExclusive(&eg_wmi.lock);
        has = health == wanted && strcmp(detail, text) == 0;
        ReleaseSRWLockExclusive(&eg_wmi.lock);
        if (eg_clock_monotonic_ns() - begin > (uint64_t)EG_TEST_DEADLINE_MS * 1000000) {
            fail_msg("%s: %s", eg_sensor_health_name(health), detail);
        }
        eg_thread_sleep_ms(5);
    }
}

#define BOTH "root\\subscription, root\\default"

/* The first event from number `from` on with this Operation, of the thing of this name. */
static const eg_event *wait_for(running *self, size_t *from, const char *operation,
                                const char *name)
{
    size_t index = 0;
    const eg_event *event = eg_sensor_fixture_wait(self->events, *from, EG_KIND_WMI_SUBSCRIPTION,
                                                   EG_FIELD_OPERATION, operation, &index);
    if (!event) {
        fail_msg("%s was not %s", name, operation);
    }
    assert_event_field(event, EG_FIELD_NAME, name);
    *from = index + 1;
    return event;
}

static int set_up(void **state)
{
    EG_UNUSED(state);
    eg_fake_wmi_reset();
    return 0;
}

/* ---- tests ---- */

static void wmi__subscription_made_changed_deleted__is_told(void **state)
{
    running self;
    size_t from = 0;
    EG_UNUSED(state);
    eg_fake_wmi_create(0, &filter, false); /* is there already */
    start(&self);
    wait_for_health(EG_SENSOR_FULL, BOTH);
    eg_fake_wmi_create(0, &command, true);
    const eg_event *event = wait_for(&self, &from, "Created", "upd");
    assert_int_equal(event->event_id, 20);
    assert_int_equal(event->flags, 0);
    assert_event_field(event, EG_FIELD_TYPE, "Command Line");
    assert_event_field(event, EG_FIELD_DESTINATION, "powershell -enc A");
    assert_non_null(event->field[EG_FIELD_USER].ptr);
    eg_fake_instance changed = command;
    changed.command_line = L"calc";
    eg_fake_wmi_modify(0, &changed, true);
    event = wait_for(&self, &from, "Modified", "upd");
    assert_event_field(event, EG_FIELD_DESTINATION, "calc");
    eg_fake_wmi_create(1, &binding, true);
    event = eg_sensor_fixture_wait(self.events, from, EG_KIND_WMI_SUBSCRIPTION, EG_FIELD_CONSUMER,
                                   "CommandLineEventConsumer.Name=\"upd\"", &from);
    assert_non_null(event);
    assert_int_equal(event->event_id, 21);
    eg_fake_wmi_delete(0, &changed, true);
    wait_for(&self, &from, "Deleted", "upd");
    assert_int_equal(eg_sensor_fixture_count(self.events), 4);
    stop(&self);
}

static void wmi__snapshot__tells_what_exists(void **state)
{
    running self;
    EG_UNUSED(state);
    eg_fake_wmi_create(0, &filter, false);
    eg_fake_wmi_create(0, &command, false);
    eg_fake_wmi_create(0, &binding, false);
    eg_fake_wmi_create(1, &command, false);
    eg_wmi.namespaces[1].connect = (HRESULT)WBEM_E_ACCESS_DENIED; /* does not spoil the other */
    start(&self);
    assert_int_equal(wmi_snapshot(self.context), EG_E_DENIED); /* but is told */
    assert_int_equal(eg_sensor_fixture_count(self.events), 3);
    const eg_event *event = eg_sensor_fixture_find(self.events, 0, EG_KIND_WMI_SUBSCRIPTION,
                                                   EG_FIELD_NAME, "upd", NULL);
    assert_non_null(event);
    assert_int_equal(event->flags, EG_EVENT_EXISTING);
    stop(&self);
}

/* What Next says when the connection is gone. Whatever changes meanwhile is told once. */
static void wmi__connection_is_lost__connects_again_and_fills_the_gap(void **state)
{
    static const HRESULT errors[] = {
        RPC_E_DISCONNECTED,
        HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE),
        HRESULT_FROM_WIN32(RPC_S_CALL_FAILED),
        (HRESULT)WBEM_E_SHUTTING_DOWN,
        (HRESULT)WBEM_E_CALL_CANCELLED,
        (HRESULT)WBEM_E_TRANSPORT_FAILURE,
        WBEM_S_FALSE, /* the events have ended */
    };
    running self;
    size_t from = 0;
    EG_UNUSED(state);
    eg_fake_instance changed = command;
    eg_fake_wmi_create(0, &command, false);
    start(&self);
    wait_for_health(EG_SENSOR_FULL, BOTH);
    for (size_t i = 0; i < EG_COUNT(errors); i++) {
        AcquireSRWLockExclusive(&eg_wmi.lock);
        eg_wmi.namespaces[0].next = errors[i];
        ReleaseSRWLockExclusive(&eg_wmi.lock);
        changed.command_line = i % 2 == 0 ? L"calc" : L"notepad";
        eg_fake_wmi_modify(0, &changed, false); /* nobody hears of it */
        eg_fake_wmi_create(0, &filter, false);
        wait_for(&self, &from, "Created", "every");
        wait_for(&self, &from, "Modified", "upd");
        eg_fake_wmi_delete(0, &filter, true);
        wait_for(&self, &from, "Deleted", "every");
    }
    assert_int_equal(eg_wmi.namespaces[0].connections, 1 + EG_COUNT(errors));
    assert_int_equal(eg_wmi.namespaces[1].connections, 1);
    assert_int_equal(eg_sensor_fixture_count(self.events), 3 * EG_COUNT(errors));
    stop(&self);
}

static void count_warning(void *user, eg_log_level level, const char *area, const char *line)
{
    EG_UNUSED(line);
    if (level == EG_LOG_WARNING && strcmp(area, "wmi") == 0) {
        eg_atomic_add(user, 1);
    }
}

static void wmi__connection_is_lost_again_and_again__warns_once(void **state)
{
    running self;
    eg_atomic warnings = {0};
    size_t from = 0;
    EG_UNUSED(state);
    start(&self);
    wait_for_health(EG_SENSOR_FULL, BOTH);
    eg_log_set_sink(count_warning, &warnings);
    for (int i = 0; i < 3; i++) {
        AcquireSRWLockExclusive(&eg_wmi.lock);
        eg_wmi.namespaces[0].next = RPC_E_DISCONNECTED;
        ReleaseSRWLockExclusive(&eg_wmi.lock);
        eg_fake_wmi_create(0, &filter, false);
        wait_for(&self, &from, "Created", "every");
        eg_fake_wmi_delete(0, &filter, true);
        wait_for(&self, &from, "Deleted", "every");
    }
    stop(&self);
    eg_log_set_sink(NULL, NULL);
    assert_int_equal(eg_wmi.namespaces[0].connections, 4);
    assert_int_equal(eg_atomic_get(&warnings), 1);
}

static void wmi__deleted_while_disconnected__is_told(void **state)
{
    running self;
    size_t from = 0;
    EG_UNUSED(state);
    eg_fake_wmi_create(0, &command, false);
    start(&self);
    wait_for_health(EG_SENSOR_FULL, BOTH);
    eg_fake_wmi_delete(0, &command, false);
    AcquireSRWLockExclusive(&eg_wmi.lock);
    eg_wmi.namespaces[0].next = RPC_E_DISCONNECTED;
    ReleaseSRWLockExclusive(&eg_wmi.lock);
    const eg_event *event = wait_for(&self, &from, "Deleted", "upd");
    assert_event_field(event, EG_FIELD_DESTINATION, "powershell -enc A");
    stop(&self);
}

/* Which call fails, how, and what is said of it. */
static void wmi__cannot_be_used__is_told_by_kind(void **state)
{
    enum { LOCATOR, CONNECT, PROTECT, NOTIFY, QUERY };
    static const struct {
        int call;
        HRESULT result;
        eg_sensor_health health;
        const char *text;
    } cases[] = {
        {LOCATOR, REGDB_E_CLASSNOTREG, EG_SENSOR_BLIND, "failing"},
        {CONNECT, (HRESULT)WBEM_E_INVALID_NAMESPACE, EG_SENSOR_ABSENT, "not there"},
        {CONNECT, (HRESULT)WBEM_E_ACCESS_DENIED, EG_SENSOR_BLIND, "refused"},
        {CONNECT, E_ACCESSDENIED, EG_SENSOR_BLIND, "refused"},
        {CONNECT, HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE), EG_SENSOR_BLIND, "failing"},
        {CONNECT, (HRESULT)WBEM_E_OUT_OF_MEMORY, EG_SENSOR_BLIND, "failing"},
        {PROTECT, E_INVALIDARG, EG_SENSOR_BLIND, "failing"},
        {NOTIFY, (HRESULT)WBEM_E_FAILED, EG_SENSOR_BLIND, "failing"}, /* Wine */
        {NOTIFY, (HRESULT)WBEM_E_QUOTA_VIOLATION, EG_SENSOR_BLIND, "failing"},
        {NOTIFY, (HRESULT)WBEM_E_UNPARSABLE_QUERY, EG_SENSOR_BLIND, "failing"},
        {QUERY, (HRESULT)WBEM_E_INVALID_CLASS, EG_SENSOR_BLIND, "failing"},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        running self;
        char text[128];
        eg_fake_wmi_reset();
        HRESULT *results[] = {&eg_wmi.locator, NULL, &eg_wmi.protect, NULL, NULL};
        for (size_t k = 0; k < 2; k++) {
            eg_fake_namespace *space = &eg_wmi.namespaces[k];
            results[CONNECT] = &space->connect;
            results[NOTIFY] = &space->notify;
            results[QUERY] = &space->query;
            *results[cases[i].call] = cases[i].result;
        }
        snprintf(text, sizeof(text), "root\\subscription %s, root\\default %s", cases[i].text,
                 cases[i].text);
        start(&self);
        wait_for_health(cases[i].health, text);
        assert_int_equal(eg_sensor_fixture_count(self.events), 0);
        assert_true(eg_wmi.namespaces[0].connections <= 2); /* no busy loop */
        stop(&self);
    }
}

static void wmi__one_namespace_fails__follows_the_other_and_comes_back(void **state)
{
    running self;
    size_t from = 0;
    EG_UNUSED(state);
    eg_wmi.namespaces[1].connect = (HRESULT)WBEM_E_ACCESS_DENIED;
    start(&self);
    wait_for_health(EG_SENSOR_DEGRADED, "root\\subscription, root\\default refused");
    eg_fake_wmi_create(0, &command, true);
    wait_for(&self, &from, "Created", "upd");
    AcquireSRWLockExclusive(&eg_wmi.lock);
    eg_wmi.namespaces[1].connect = WBEM_S_NO_ERROR;
    ReleaseSRWLockExclusive(&eg_wmi.lock);
    wait_for_health(EG_SENSOR_FULL, BOTH);
    stop(&self);
}

static void wmi__hangs__does_not_hold_up_the_stop(void **state)
{
    running self;
    EG_UNUSED(state);
    eg_wmi.namespaces[0].hangs = true;
    start(&self);
    uint64_t begin = eg_clock_monotonic_ns();
    while (eg_fake_wmi_objects() < 2) { /* it has connected */
        assert_true(eg_clock_monotonic_ns() - begin < (uint64_t)EG_TEST_DEADLINE_MS * 1000000);
        eg_thread_sleep_ms(5);
    }
    begin = eg_clock_monotonic_ns();
    stop(&self);
    assert_true(eg_clock_monotonic_ns() - begin < (uint64_t)5000 * 1000000);
}

static void count_object(void *user, IWbemClassObject *object)
{
    EG_UNUSED(object);
    (*(int *)user)++;
}

static int open_and_list(void *arg)
{
    eg_wmi_session *session = NULL;
    int status = eg_wmi_session_open(&session, &eg_fake_wmi_api, L"ROOT\\subscription", NULL);
    if (status == EG_OK) {
        status = eg_wmi_session_each(session, classes[0], count_object, arg);
    }
    eg_wmi_session_close(session);
    return status;
}

static void wmi__without_memory__fails_cleanly(void **state)
{
    int count = 0;
    EG_UNUSED(state);
    eg_fake_wmi_create(0, &filter, false);
    assert_true(eg_test_each_allocation_fails(open_and_list, &count) > 0);
    assert_int_equal(count, 1);
    assert_int_equal(eg_fake_wmi_objects(), 0);
}

int eg_test_hook_wmi(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(wmi__subscription_made_changed_deleted__is_told, set_up),
        cmocka_unit_test_setup(wmi__snapshot__tells_what_exists, set_up),
        cmocka_unit_test_setup(wmi__connection_is_lost__connects_again_and_fills_the_gap, set_up),
        cmocka_unit_test_setup(wmi__connection_is_lost_again_and_again__warns_once, set_up),
        cmocka_unit_test_setup(wmi__deleted_while_disconnected__is_told, set_up),
        cmocka_unit_test_setup(wmi__cannot_be_used__is_told_by_kind, set_up),
        cmocka_unit_test_setup(wmi__one_namespace_fails__follows_the_other_and_comes_back, set_up),
        cmocka_unit_test_setup(wmi__hangs__does_not_hold_up_the_stop, set_up),
        cmocka_unit_test_setup(wmi__without_memory__fails_cleanly, set_up),
    };
    return cmocka_run_group_tests_name("hook_wmi", tests, NULL, NULL);
}
