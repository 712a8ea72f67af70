/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ETW session on the simulated kernel: natively through the table of calls, on Windows through
 * Windows' own functions, which are the simulation's there (tests/etw_double).
 */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/etw/session.h"
#include "tests/etw_double/engine.h"
#include "tests/unit/alloc.h"

#include <string.h>

#define SYS "EmoGuard-Sys"
#define PROVIDERS "EmoGuard-Providers"
#define DEADLINE_MS 20000u

static const uint8_t some_guid[EG_ETW_GUID_SIZE] = {1, 2, 3};
static const uint8_t kernel_guid[EG_ETW_GUID_SIZE] = {
    0xd0, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c};
static const eg_etw_enable some_provider = {
    .guid = {1, 2, 3}, .level = 4, .any_keyword = 0x10, .registry_data = true};

/* What the session told. */
static struct {
    eg_atomic records;
    eg_atomic alarms;
    eg_atomic last_id;
    int tamperings;
    char words[256];
} told;

static void on_record(void *user, const eg_etw_record *record)
{
    EG_UNUSED(user);
    eg_atomic_set(&told.last_id, record->id);
    eg_atomic_add(&told.records, 1);
}

static void on_alarm(void *user)
{
    EG_UNUSED(user);
    eg_atomic_add(&told.alarms, 1);
}

static void on_tampered(void *user, const char *what)
{
    EG_UNUSED(user);
    told.tamperings++;
    strncpy(told.words, what, sizeof(told.words) - 1);
}

static const eg_etw_session_events events = {NULL, on_record, on_alarm, on_tampered};

static int set_up(void **state)
{
    EG_UNUSED(state);
    memset(&told, 0, sizeof(told));
    eg_etw_double_reset(true);
    return 0;
}

static int tear_down(void **state)
{
    EG_UNUSED(state);
    eg_etw_double_reset(false);
    return 0;
}

static int open_kind(eg_etw_session **session, const eg_etw_session_kind *kind)
{
    return eg_etw_session_open(session, eg_etw_system_api(), kind, &events);
}

static eg_etw_session *open_one(const eg_etw_session_kind *kind)
{
    eg_etw_session *session = NULL;
    assert_int_equal(open_kind(&session, kind), EG_OK);
    return session;
}

static void wait_for(const eg_atomic *counter, int64_t value)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (eg_atomic_get(counter) < value) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(1);
    }
}

static int emit(const uint8_t guid[EG_ETW_GUID_SIZE], uint16_t id, uint64_t keyword)
{
    eg_etw_record record = {.id = id, .payload = (const uint8_t *)"payload", .size = 7};
    memcpy(record.provider, guid, EG_ETW_GUID_SIZE);
    return eg_etw_double_emit(&record, 4, keyword);
}

static eg_etw_properties properties_of(const eg_etw_session_kind *kind)
{
    eg_etw_properties p = {.mode = kind->mode, .flags = kind->flags};
    memcpy(p.guid, kind->guid, EG_ETW_GUID_SIZE);
    return p;
}

/* ---- opening ---- */

static void open__nothing_there__starts_as_documented(void **state)
{
    eg_etw_double_view view;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    assert_true(eg_etw_double_look(SYS, &view));
    assert_int_equal(view.properties.mode, 0x02000100);
    assert_int_equal(view.properties.flags, 0x10000001);
    assert_int_equal(view.properties.buffer_kilobytes, 64);
    assert_int_equal(view.properties.flush_seconds, 1);
    assert_true(view.properties.buffers_least >= 8);
    assert_true(view.properties.buffers_least >= 2 * eg_cpu_count());
    assert_true(view.is_protected);
    eg_etw_session_close(session);
    assert_false(eg_etw_double_look(SYS, &view));

    session = open_one(&eg_etw_provider_session);
    assert_true(eg_etw_double_look(PROVIDERS, &view));
    assert_int_equal(view.properties.mode, 0x08000100);
    assert_int_equal(view.properties.flags, 0);
    assert_int_equal(view.properties.buffer_kilobytes, 128);
    eg_etw_session_close(session);
    assert_int_equal(told.tamperings, 0);
}

static void open__our_session_runs_still__is_adopted(void **state)
{
    eg_etw_properties left = properties_of(&eg_etw_system_session);
    uint64_t lost = 1;
    EG_UNUSED(state);
    eg_etw_double_plant(SYS, &left);
    eg_etw_double_lose(SYS, 5); /* before our time */
    eg_etw_session *session = open_one(&eg_etw_system_session);
    assert_int_equal(eg_etw_double_calls(EG_ETW_DOUBLE_START), 0);
    assert_int_equal(eg_etw_double_calls(EG_ETW_DOUBLE_STOP), 0);
    assert_int_equal(emit(kernel_guid, 0, 0), 1);
    eg_etw_session_flush(session);
    wait_for(&told.records, 1);
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    /* what the stream still held of that loss is told once: better a resync too much */
    assert_true(lost <= 1);
    eg_etw_session_close(session);
    assert_int_equal(told.tamperings, 0);
}

static void open__foreign_session_of_our_name__is_replaced_and_told(void **state)
{
    eg_etw_properties foreign = properties_of(&eg_etw_system_session);
    eg_etw_double_view view;
    EG_UNUSED(state);
    foreign.guid[0] ^= 0xFF;
    eg_etw_double_plant(SYS, &foreign);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    assert_true(eg_etw_double_look(SYS, &view));
    assert_memory_equal(view.properties.guid, eg_etw_system_session.guid, EG_ETW_GUID_SIZE);
    assert_int_equal(told.tamperings, 1);
    assert_non_null(strstr(told.words, "our name"));
    eg_etw_session_close(session);
}

static void open__our_guid_but_another_mode__is_replaced_and_told(void **state)
{
    eg_etw_properties foreign = properties_of(&eg_etw_system_session);
    EG_UNUSED(state);
    foreign.mode = EG_ETW_MODE_REAL_TIME;
    eg_etw_double_plant(SYS, &foreign);
    eg_etw_session_close(open_one(&eg_etw_system_session));
    assert_int_equal(told.tamperings, 1);
}

static void open__foreign_session_with_our_guid__is_stopped_and_told(void **state)
{
    eg_etw_properties foreign = properties_of(&eg_etw_provider_session);
    eg_etw_double_view view;
    EG_UNUSED(state);
    eg_etw_double_plant("Somebody", &foreign);
    eg_etw_session *session = open_one(&eg_etw_provider_session);
    assert_false(eg_etw_double_look("Somebody", &view));
    assert_true(eg_etw_double_look(PROVIDERS, &view));
    assert_int_equal(told.tamperings, 1);
    assert_non_null(strstr(told.words, "our GUID"));
    eg_etw_session_close(session);
}

static void open__documented_errors__say_what_is_wrong(void **state)
{
    static const struct {
        eg_etw_double_call call;
        uint32_t error;
        int status;
    } cases[] = {
        {EG_ETW_DOUBLE_START, EG_ETW_DENIED, EG_E_DENIED},
        {EG_ETW_DOUBLE_START, EG_ETW_NO_RESOURCES, EG_E_LIMIT},
        {EG_ETW_DOUBLE_START, EG_ETW_INVALID, EG_E_UNSUPPORTED},
        {EG_ETW_DOUBLE_START, EG_ETW_EXISTS, EG_E_EXISTS},
        {EG_ETW_DOUBLE_OPEN, EG_ETW_DENIED, EG_E_DENIED},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_etw_session *session = NULL;
        eg_etw_double_view view;
        eg_etw_double_reset(true);
        eg_etw_double_refuse(cases[i].call, cases[i].error, -1);
        assert_int_equal(open_kind(&session, &eg_etw_system_session), cases[i].status);
        assert_null(session);
        assert_non_null(strstr(eg_error_message(), SYS));
        assert_false(eg_etw_double_look(SYS, &view)); /* nothing stays behind */
        assert_true(eg_etw_double_calls(EG_ETW_DOUBLE_START) <= 3);
    }
}

static void open__all_system_loggers_taken__says_so(void **state)
{
    EG_UNUSED(state);
    for (uint8_t i = 1; i <= 6; i++) {
        eg_etw_properties other = properties_of(&eg_etw_system_session);
        char name[] = "Other-0";
        other.guid[0] = i;
        name[6] = (char)('0' + i);
        eg_etw_double_plant(name, &other);
    }
    eg_etw_session *session = NULL;
    assert_int_equal(open_kind(&session, &eg_etw_system_session), EG_E_LIMIT);
    /* an ordinary session is another matter */
    eg_etw_session_close(open_one(&eg_etw_provider_session));
}

/* As Wine answers: everything starts and nothing opens. */
static void open__without_etw__is_denied(void **state)
{
    eg_etw_session *session = NULL;
    EG_UNUSED(state);
    eg_etw_double_reset(false);
    assert_int_equal(open_kind(&session, &eg_etw_system_session), EG_E_DENIED);
    assert_int_equal(told.tamperings, 0);
}

static void open__query_refused__starts_all_the_same(void **state)
{
    EG_UNUSED(state);
    eg_etw_double_refuse(EG_ETW_DOUBLE_QUERY, EG_ETW_DENIED, 1);
    eg_etw_double_refuse(EG_ETW_DOUBLE_PROTECT, EG_ETW_DENIED, -1);
    eg_etw_session_close(open_one(&eg_etw_system_session));
}

static int open_and_close(void *unused)
{
    eg_etw_session *session = NULL;
    EG_UNUSED(unused);
    int status = open_kind(&session, &eg_etw_system_session);
    eg_etw_session_close(session);
    return status;
}

static void open__without_memory__fails_and_leaves_nothing(void **state)
{
    eg_etw_session *session = NULL;
    eg_etw_double_view view;
    EG_UNUSED(state);
    for (long allowed = 0; allowed < 2; allowed++) {
        eg_mem_fail_after(allowed);
        int status = open_kind(&session, &eg_etw_system_session);
        eg_mem_fail_after(-1);
        assert_int_not_equal(status, EG_OK);
        assert_false(eg_etw_double_look(SYS, &view));
    }
    assert_int_equal(open_and_close(NULL), EG_OK);
}

/* ---- records ---- */

static void records__flushed__arrive_at_once(void **state)
{
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    uint64_t begin = eg_clock_monotonic_ns();
    assert_int_equal(emit(kernel_guid, 7, 0), 1);
    eg_etw_session_flush(session);
    wait_for(&told.records, 1);
    assert_int_equal(eg_atomic_get(&told.last_id), 7);
    /* without the flush it is the session's timer: a second */
    assert_true(eg_clock_monotonic_ns() - begin < UINT64_C(900000000));
    eg_etw_session_close(session);
}

static void records__not_flushed__arrive_by_the_timer(void **state)
{
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    assert_int_equal(emit(kernel_guid, 7, 0), 1);
    wait_for(&told.records, 1);
    eg_etw_session_close(session);
}

static void pace__idle_and_busy__flushes_in_its_rhythm(void **state)
{
    eg_etw_double_view view;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    assert_int_equal(eg_etw_session_pace(session), 20); /* the first call flushes */
    assert_true(eg_etw_session_pace(session) <= 20);
    assert_int_equal(emit(kernel_guid, 7, 0), 1);
    eg_etw_session_flush(session);
    wait_for(&told.records, 1);
    assert_true(eg_etw_session_pace(session) <= 5);
    assert_true(eg_etw_double_look(SYS, &view));
    assert_true(view.flushes >= 2);
    eg_etw_session_close(session);
}

/* ---- loss ---- */

static void check__events_lost__counts_them_once_and_alarms(void **state)
{
    uint64_t lost = 99;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    assert_int_equal(lost, 0);
    assert_false(eg_etw_session_alarmed(session));
    assert_true(eg_etw_double_lose(SYS, 5));
    eg_etw_session_flush(session);
    wait_for(&told.alarms, 1); /* the stream tells it */
    assert_true(eg_etw_session_alarmed(session));
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    assert_int_equal(lost, 5);
    assert_false(eg_etw_session_alarmed(session));
    assert_int_equal(eg_atomic_get(&told.records), 0); /* it is no record for sensors */
    eg_etw_session_close(session);
}

static void check__buffers_full__tells_what_the_kernel_lost(void **state)
{
    static uint8_t payload[60000];
    eg_etw_record record = {.payload = payload, .size = sizeof(payload)};
    eg_etw_double_view view;
    uint64_t lost = 0;
    int refused = 0;
    EG_UNUSED(state);
    memcpy(record.provider, kernel_guid, EG_ETW_GUID_SIZE);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    /* one record a buffer, and no flush: far more than the session has */
    for (int i = 0; i < 2000; i++) {
        refused += eg_etw_double_emit(&record, 4, 0) == 0;
    }
    eg_etw_session_flush(session);
    wait_for(&told.records, 2000 - refused);
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    assert_int_equal(lost, refused);
    assert_true(eg_etw_double_look(SYS, &view));
    assert_true(view.buffers <= view.properties.buffers_most);
    eg_etw_session_close(session);
}

/* ---- tampering ---- */

static void check__stopped_from_outside__is_told(void **state)
{
    uint64_t lost = 0;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    assert_true(eg_etw_double_stop(SYS));
    wait_for(&told.alarms, 1);
    assert_true(eg_etw_session_alarmed(session));
    assert_int_equal(eg_etw_session_check(session, &lost), EG_E_CLOSED);
    assert_int_equal(told.tamperings, 1);
    assert_non_null(strstr(told.words, "stopped from outside"));
    eg_etw_session_close(session);
}

static void check__consumer_returns_early__is_a_failure_not_tampering(void **state)
{
    static const uint32_t codes[] = {EG_ETW_OK, EG_ETW_CANCELLED, EG_ETW_NO_SESSION,
                                     EG_ETW_NO_ACCESS};
    uint64_t lost = 0;
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(codes); i++) {
        eg_etw_session *session = open_one(&eg_etw_system_session);
        assert_true(eg_etw_double_return_early(SYS, codes[i]));
        wait_for(&told.alarms, (int64_t)i + 1);
        assert_int_equal(eg_etw_session_check(session, &lost), EG_E_CLOSED);
        assert_non_null(strstr(eg_error_message(), "although the session runs"));
        eg_etw_session_close(session);
    }
    assert_int_equal(told.tamperings, 0);
}

static void check__process_records_switched_off__is_told(void **state)
{
    uint64_t lost = 0;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    assert_true(eg_etw_double_set_flags(SYS, EG_ETW_FLAG_NO_SYSCONFIG));
    assert_int_equal(eg_etw_session_check(session, &lost), EG_E_CLOSED);
    assert_int_equal(told.tamperings, 1);
    eg_etw_session_close(session);
}

static void check__query_denied__is_told(void **state)
{
    uint64_t lost = 0;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    eg_etw_double_refuse(EG_ETW_DOUBLE_QUERY, EG_ETW_DENIED, 1);
    assert_int_equal(eg_etw_session_check(session, &lost), EG_E_CLOSED);
    assert_int_equal(told.tamperings, 1);
    eg_etw_double_refuse(EG_ETW_DOUBLE_QUERY, EG_ETW_NO_RESOURCES, 1);
    assert_int_equal(eg_etw_session_check(session, &lost), EG_E_CLOSED);
    assert_int_equal(told.tamperings, 1);
    eg_etw_session_close(session);
}

static void check__provider_disabled_or_changed__is_told_and_enabled_again(void **state)
{
    eg_etw_enable now;
    uint64_t lost = 0;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_provider_session);
    assert_int_equal(eg_etw_session_enable(session, "Some", &some_provider), EG_OK);
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    assert_int_equal(told.tamperings, 0);

    assert_true(eg_etw_double_disable(PROVIDERS, some_guid));
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    assert_int_equal(told.tamperings, 1);
    assert_non_null(strstr(told.words, "Some"));
    assert_non_null(strstr(told.words, "disabled"));
    assert_int_equal(lost, 1); /* so that whoever listens looks for what it missed */
    assert_true(eg_etw_double_enabled(PROVIDERS, some_guid, &now));

    assert_true(eg_etw_double_change(PROVIDERS, some_guid, 4, 0x20));
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    assert_non_null(strstr(told.words, "keywords"));
    assert_true(eg_etw_double_change(PROVIDERS, some_guid, 2, 0x10));
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    assert_non_null(strstr(told.words, "level"));
    assert_int_equal(told.tamperings, 3);
    assert_int_equal(lost, 3);
    assert_true(eg_etw_double_enabled(PROVIDERS, some_guid, &now));
    assert_int_equal(now.any_keyword, 0x10);
    assert_int_equal(now.level, 4);
    eg_etw_session_close(session);
}

static void check__provider_not_registered__is_no_finding(void **state)
{
    uint64_t lost = 9;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_provider_session);
    assert_int_equal(eg_etw_session_enable(session, "Some", &some_provider), EG_OK);
    eg_etw_double_register(some_guid, 0);
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    eg_etw_double_register(some_guid, 100); /* one for each PowerShell, say */
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    eg_etw_double_refuse(EG_ETW_DOUBLE_ENABLINGS, EG_ETW_NO_CALL, 1);
    assert_int_equal(eg_etw_session_check(session, &lost), EG_OK);
    assert_int_equal(told.tamperings, 0);
    assert_int_equal(lost, 0);
    eg_etw_session_close(session);
}

/* ---- providers ---- */

static void enable__with_data_filter__is_passed_on(void **state)
{
    eg_etw_enable now;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_provider_session);
    assert_int_equal(eg_etw_session_enable(session, "Some", &some_provider), EG_OK);
    assert_true(eg_etw_double_enabled(PROVIDERS, some_guid, &now));
    assert_true(now.registry_data);
    assert_int_equal(emit(some_guid, 1, 0x20), 0); /* another keyword */
    assert_int_equal(emit(some_guid, 2, 0x10), 1);
    eg_etw_session_disable(session, some_guid);
    assert_false(eg_etw_double_enabled(PROVIDERS, some_guid, &now));
    assert_int_equal(eg_etw_session_capture(session, some_guid), EG_E_NOTFOUND);
    eg_etw_session_close(session);
}

static void enable__filter_refused__does_without(void **state)
{
    eg_etw_enable now;
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_provider_session);
    eg_etw_double_refuse(EG_ETW_DOUBLE_ENABLE, EG_ETW_INVALID, 1);
    assert_int_equal(eg_etw_session_enable(session, "Some", &some_provider), EG_OK);
    assert_true(eg_etw_double_enabled(PROVIDERS, some_guid, &now));
    assert_false(now.registry_data);
    eg_etw_session_close(session);
}

static void enable__eight_sessions_have_it__is_a_limit(void **state)
{
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_provider_session);
    eg_etw_double_refuse(EG_ETW_DOUBLE_ENABLE, EG_ETW_NO_RESOURCES, 1);
    assert_int_equal(eg_etw_session_enable(session, "Some", &some_provider), EG_E_LIMIT);
    assert_non_null(strstr(eg_error_message(), "Some"));
    eg_etw_session_close(session);
}

static void capture__enabled__asks_the_provider(void **state)
{
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_provider_session);
    assert_int_equal(eg_etw_session_enable(session, "Some", &some_provider), EG_OK);
    assert_int_equal(eg_etw_session_capture(session, some_guid), EG_OK);
    assert_int_equal(eg_etw_double_captures(some_guid), 1);
    eg_etw_session_close(session);
}

/* ---- closing ---- */

static void close__with_a_provider__goes_in_the_documented_order(void **state)
{
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_provider_session);
    while (eg_etw_double_calls(EG_ETW_DOUBLE_PROCESS) == 0) {
        eg_thread_sleep_ms(1);
    }
    assert_int_equal(eg_etw_session_enable(session, "Some", &some_provider), EG_OK);
    assert_int_equal(emit(some_guid, 2, 0x10), 1);
    eg_etw_session_close(session);
    assert_int_equal(eg_atomic_get(&told.records), 1); /* what lay in a buffer came */
    assert_int_equal(eg_atomic_get(&told.alarms), 0);
    char history[512];
    eg_etw_double_history(history, sizeof(history));
    assert_non_null(strstr(history, "enable enable flush stop close "));
}

/* Half a second passes before the consumer is thrown out. */
static void close__consumer_does_not_notice__closes_its_trace(void **state)
{
    EG_UNUSED(state);
    eg_etw_session *session = open_one(&eg_etw_system_session);
    assert_true(eg_etw_double_hang(SYS));
    while (eg_etw_double_calls(EG_ETW_DOUBLE_PROCESS) == 0) {
        eg_thread_sleep_ms(1);
    }
    eg_etw_session_close(session); /* CloseTrace answers 7007 */
    assert_int_equal(eg_etw_double_calls(EG_ETW_DOUBLE_CLOSE), 1);
}

int eg_test_etw_session(void)
{
#define ON_ETW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_ETW(open__nothing_there__starts_as_documented),
        ON_ETW(open__our_session_runs_still__is_adopted),
        ON_ETW(open__foreign_session_of_our_name__is_replaced_and_told),
        ON_ETW(open__our_guid_but_another_mode__is_replaced_and_told),
        ON_ETW(open__foreign_session_with_our_guid__is_stopped_and_told),
        ON_ETW(open__documented_errors__say_what_is_wrong),
        ON_ETW(open__all_system_loggers_taken__says_so),
        ON_ETW(open__without_etw__is_denied),
        ON_ETW(open__query_refused__starts_all_the_same),
        ON_ETW(open__without_memory__fails_and_leaves_nothing),
        ON_ETW(records__flushed__arrive_at_once),
        ON_ETW(records__not_flushed__arrive_by_the_timer),
        ON_ETW(pace__idle_and_busy__flushes_in_its_rhythm),
        ON_ETW(check__events_lost__counts_them_once_and_alarms),
        ON_ETW(check__buffers_full__tells_what_the_kernel_lost),
        ON_ETW(check__stopped_from_outside__is_told),
        ON_ETW(check__consumer_returns_early__is_a_failure_not_tampering),
        ON_ETW(check__process_records_switched_off__is_told),
        ON_ETW(check__query_denied__is_told),
        ON_ETW(check__provider_disabled_or_changed__is_told_and_enabled_again),
        ON_ETW(check__provider_not_registered__is_no_finding),
        ON_ETW(enable__with_data_filter__is_passed_on),
        ON_ETW(enable__filter_refused__does_without),
        ON_ETW(enable__eight_sessions_have_it__is_a_limit),
        ON_ETW(capture__enabled__asks_the_provider),
        ON_ETW(close__with_a_provider__goes_in_the_documented_order),
        ON_ETW(close__consumer_does_not_notice__closes_its_trace),
    };
    return cmocka_run_group_tests_name("etw_session", tests, NULL, NULL);
}
