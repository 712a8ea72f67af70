/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The WMI sensor: permanent subscriptions, which run a command or a script for whoever made them
 * after every restart: filters, consumers and their bindings in the two namespaces where they are
 * of use. Each namespace has a session of its own, opened again with a growing pause when it fails;
 * what changed in between is found by comparing with what was known.
 */
#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/account_name.h"
#include "driverless-hooks/decode/sid.h"
#include "driverless-hooks/decode/wmi_event.h"
#include "driverless-hooks/sensor.h"
#include "driverless-hooks/wmi_session.h"

#include <string.h>

enum {
    LOOK_MS = 1000, /* between two looks for events */
    RETRY_FIRST_MS = 1000,
    RETRY_MOST_MS = 60 * 1000,
    STEADY_MS = 60 * 1000, /* what fails again before is no news */
    DETAIL_MAX = 512,
};

typedef struct place {
    const WCHAR *path;
    const char *name;
} place;

static const place places[] = {
    {L"ROOT\\subscription", "root\\subscription"},
    {L"ROOT\\default", "root\\default"},
};

#define EVENTS \
    L"SELECT * FROM __InstanceOperationEvent WITHIN 5 WHERE TargetInstance ISA " \
    L"'__EventFilter' OR TargetInstance ISA '__EventConsumer' OR TargetInstance ISA " \
    L"'__FilterToConsumerBinding'"

static const WCHAR *const classes[] = {
    L"SELECT * FROM __EventFilter",
    L"SELECT * FROM __EventConsumer",
    L"SELECT * FROM __FilterToConsumerBinding",
};

typedef struct follower {
    eg_wmi_session *session; /* NULL while it is not open */
    int state;               /* EG_OK, or why it is not open */
    int warned;              /* of this state the log has been told; EG_OK: of none */
    uint64_t steady_at;      /* monotonic nanoseconds: a session that is open by then works */
    bool known;              /* what exists was listed once: what differs later is news */
    uint64_t retry_at;       /* monotonic nanoseconds */
    eg_backoff backoff;
} follower;

/* What reading an instance needs; each thread has its own. */
typedef struct reading {
    eg_event_text text;
    eg_account_cache *accounts;
} reading;

typedef struct wmi_sensor {
    eg_sink sink;
    const eg_wmi_api *api;
    HANDLE stop; /* manual-reset */
    follower followers[EG_COUNT(places)];
    eg_wmi_table *table;
    reading reading;
    char detail[DETAIL_MAX]; /* as last reported */
} wmi_sensor;

static void reading_done(reading *r)
{
    eg_account_cache_destroy(r->accounts);
    if (r->text.arena) {
        eg_event_text_done(&r->text);
    }
}

static int reading_init(reading *r)
{
    *r = (reading){.accounts = NULL};
    int status = eg_event_text_init(&r->text);
    return status == EG_OK ? eg_account_cache_create(&r->accounts) : status;
}

static void wmi_close(void *context)
{
    wmi_sensor *sensor = context;
    if (!sensor) {
        return;
    }
    reading_done(&sensor->reading);
    eg_wmi_table_destroy(sensor->table);
    if (sensor->stop) {
        CloseHandle(sensor->stop);
    }
    eg_free(sensor);
}

static int wmi_open(void **context, const eg_sink *sink)
{
    wmi_sensor *sensor = eg_alloc_zero(1, sizeof(*sensor));
    if (!sensor) {
        return EG_E_NOMEM;
    }
    sensor->sink = *sink;
    sensor->api = &eg_wmi_windows_api;
    for (size_t i = 0; i < EG_COUNT(places); i++) {
        sensor->followers[i].backoff =
            (eg_backoff){.first_ms = RETRY_FIRST_MS, .most_ms = RETRY_MOST_MS};
    }
    sensor->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    int status = sensor->stop ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = eg_wmi_table_create(&sensor->table);
    }
    if (status == EG_OK) {
        status = reading_init(&sensor->reading);
    }
    if (status != EG_OK) {
        wmi_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

static void wmi_stop(void *context)
{
    wmi_sensor *sensor = context;
    SetEvent(sensor->stop);
}

static bool is_stopping(const wmi_sensor *sensor)
{
    return WaitForSingleObject(sensor->stop, 0) != WAIT_TIMEOUT;
}

/* ---- instances ---- */

static eg_str creator_of(reading *r, IWbemClassObject *object)
{
    uint8_t sid[EG_SID_SIZE_MAX];
    size_t size = eg_wmi_bytes(object, L"CreatorSID", sid, sizeof(sid));
    return size > 0 ? eg_event_text_copy(&r->text, eg_account_name(r->accounts, sid, size))
                    : EG_STR_NONE;
}

/* False when the object is no subscription, or memory ran out. */
static bool read_instance(reading *r, IWbemClassObject *object, eg_wmi_change change,
                          eg_event *event)
{
    eg_wmi_instance instance = {.class_name = EG_STR_NONE};
    const struct {
        const WCHAR *name;
        eg_str *value;
    } texts[] = {
        {L"__CLASS", &instance.class_name},
        {L"Name", &instance.name},
        {L"EventNamespace", &instance.event_namespace},
        {L"Query", &instance.query},
        {L"CommandLineTemplate", &instance.command_line},
        {L"ExecutablePath", &instance.executable},
        {L"ScriptText", &instance.script},
        {L"ScriptFileName", &instance.script_file},
        {L"Filename", &instance.target},
        {L"SourceName", &instance.target},
        {L"ToLine", &instance.target},
        {L"Consumer", &instance.consumer},
        {L"Filter", &instance.filter},
    };
    eg_event_text_reset(&r->text);
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_str value = eg_wmi_text(object, texts[i].name, &r->text);
        if (value.ptr) {
            *texts[i].value = value;
        }
    }
    instance.user = creator_of(r, object);
    return eg_wmi_event(event, &r->text, eg_clock_utc(), change, &instance) &&
           r->text.status == EG_OK;
}

/* ---- what exists ---- */

/* One namespace being listed. */
typedef struct listing {
    wmi_sensor *sensor;
    reading *reading;
    int place;
    bool compare; /* with the table; otherwise all is told as existing */
    bool quiet;   /* only learn */
} listing;

static void on_existing(void *user, IWbemClassObject *object)
{
    listing *l = user;
    eg_event event;
    eg_wmi_change change = EG_WMI_CREATED;
    if (!read_instance(l->reading, object, change, &event)) {
        return;
    }
    if (!l->compare) {
        event.flags = EG_EVENT_EXISTING;
        l->sensor->sink.emit(l->sensor->sink.user, &event);
    } else if (eg_wmi_table_put(l->sensor->table, l->place, &event, &change) && !l->quiet) {
        eg_wmi_event_change(&event, change);
        l->sensor->sink.emit(l->sensor->sink.user, &event);
    }
}

static void on_gone(void *user, const eg_event *known)
{
    wmi_sensor *sensor = user;
    eg_event event = *known;
    event.time = eg_clock_utc();
    event.field[EG_FIELD_UTC_TIME] = eg_event_text_time(&sensor->reading.text, event.time);
    eg_wmi_event_change(&event, EG_WMI_DELETED);
    sensor->sink.emit(sensor->sink.user, &event);
}

static int list(eg_wmi_session *session, listing *l)
{
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(classes); i++) {
        status = eg_wmi_session_each(session, classes[i], on_existing, l);
    }
    return status;
}

static int compare(wmi_sensor *sensor, int number)
{
    follower *f = &sensor->followers[number];
    listing l = {sensor, &sensor->reading, number, true, !f->known};
    eg_wmi_table_begin(sensor->table, number);
    int status = list(f->session, &l);
    if (status == EG_OK) {
        f->known = true;
        eg_wmi_table_end(sensor->table, number, on_gone, sensor);
    }
    return status;
}

/* ---- events ---- */

static void tell_event(wmi_sensor *sensor, int number, IWbemClassObject *operation)
{
    eg_event event;
    eg_wmi_change change = EG_WMI_DELETED;
    eg_event_text_reset(&sensor->reading.text);
    eg_str class_name = eg_wmi_text(operation, L"__CLASS", &sensor->reading.text);
    bool deleted = eg_str_equal_nocase(class_name, EG_STR("__InstanceDeletionEvent"));
    IWbemClassObject *target = eg_wmi_object(operation, L"TargetInstance");
    if (!target) {
        return;
    }
    if (read_instance(&sensor->reading, target, change, &event) &&
        (deleted ? eg_wmi_table_remove(sensor->table, number, &event)
                 : eg_wmi_table_put(sensor->table, number, &event, &change))) {
        eg_wmi_event_change(&event, change);
        sensor->sink.emit(sensor->sink.user, &event);
    }
    IWbemClassObject_Release(target);
}

static int fetch_all(wmi_sensor *sensor, int number)
{
    follower *f = &sensor->followers[number];
    int status = EG_OK;
    while (status == EG_OK && !is_stopping(sensor)) {
        IWbemClassObject *operation = NULL;
        status = eg_wmi_session_next(f->session, 0, &operation);
        if (status == EG_OK || status == EG_E_TIMEOUT) { /* it works */
            f->state = EG_OK;
            eg_backoff_reset(&f->backoff);
            f->warned = eg_clock_monotonic_ns() < f->steady_at ? f->warned : EG_OK;
        }
        if (status == EG_OK) {
            tell_event(sensor, number, operation);
            IWbemClassObject_Release(operation);
        }
    }
    return status == EG_E_TIMEOUT ? EG_OK : status;
}

/* ---- sessions ---- */

static void give_up(wmi_sensor *sensor, int number, int status)
{
    follower *f = &sensor->followers[number];
    eg_wmi_session_close(f->session);
    f->session = NULL;
    uint32_t pause_ms = eg_backoff_next(&f->backoff);
    eg_log(f->warned != status ? EG_LOG_WARNING : EG_LOG_DEBUG, "wmi", "%s: %s; next try in %u ms",
           places[number].name, eg_error_message(), (unsigned)pause_ms);
    f->state = f->warned = status;
    f->retry_at = eg_deadline_after(pause_ms);
}

/* Subscribes first, then lists: nothing falls in between. */
static int connect_place(wmi_sensor *sensor, int number)
{
    follower *f = &sensor->followers[number];
    int status = eg_wmi_session_open(&f->session, sensor->api, places[number].path, sensor->stop);
    if (status == EG_OK) {
        status = eg_wmi_session_subscribe(f->session, EVENTS);
    }
    return status == EG_OK ? compare(sensor, number) : status;
}

static void serve(wmi_sensor *sensor, int number)
{
    follower *f = &sensor->followers[number];
    int status = EG_OK;
    if (!f->session && eg_clock_monotonic_ns() < f->retry_at) {
        return;
    }
    if (!f->session) {
        status = connect_place(sensor, number);
        f->steady_at = eg_deadline_after(STEADY_MS);
    }
    if (status == EG_OK) {
        status = fetch_all(sensor, number);
    }
    if (status != EG_OK && !is_stopping(sensor)) {
        give_up(sensor, number, status);
    }
}

static const char *state_text(int state)
{
    return state == EG_E_NOTFOUND ? "not there" : state == EG_E_DENIED ? "refused" : "failing";
}

static void report(wmi_sensor *sensor)
{
    size_t open = 0;
    eg_buf detail;
    eg_buf_init(&detail, DETAIL_MAX - 1);
    for (size_t i = 0; i < EG_COUNT(places); i++) {
        int state = sensor->followers[i].state;
        open += state == EG_OK;
        eg_buf_appendf(&detail, "%s%s%s%s", i > 0 ? ", " : "", places[i].name,
                       state == EG_OK ? "" : " ", state == EG_OK ? "" : state_text(state));
    }
    eg_sensor_health health = open == EG_COUNT(places) ? EG_SENSOR_FULL : EG_SENSOR_DEGRADED;
    if (open == 0) { /* without this namespace there can be no subscription */
        health = sensor->followers[0].state == EG_E_NOTFOUND ? EG_SENSOR_ABSENT : EG_SENSOR_BLIND;
    }
    if (strcmp(sensor->detail, eg_buf_cstr(&detail)) != 0) {
        memcpy(sensor->detail, eg_buf_cstr(&detail), detail.len + 1);
        sensor->sink.health(sensor->sink.user, "wmi", health, "wmi", sensor->detail);
    }
    eg_buf_done(&detail);
}

/* Until the next look, or, with nothing open, until a session is worth another try. */
static DWORD wait_time(const wmi_sensor *sensor)
{
    uint64_t now = eg_clock_monotonic_ns();
    uint64_t until = UINT64_MAX;
    for (size_t i = 0; i < EG_COUNT(places); i++) {
        const follower *f = &sensor->followers[i];
        uint64_t due = f->session ? now + (uint64_t)LOOK_MS * 1000000 : f->retry_at;
        until = due < until ? due : until;
    }
    return until > now ? (DWORD)((until - now) / 1000000) + 1 : 1;
}

static int wmi_run(void *context)
{
    wmi_sensor *sensor = context;
    while (!is_stopping(sensor)) {
        for (int i = 0; i < (int)EG_COUNT(places) && !is_stopping(sensor); i++) {
            serve(sensor, i);
        }
        if (!is_stopping(sensor)) {
            report(sensor);
            WaitForSingleObject(sensor->stop, wait_time(sensor));
        }
    }
    /* on the thread that opened them */
    for (size_t i = 0; i < EG_COUNT(places); i++) {
        eg_wmi_session_close(sensor->followers[i].session);
        sensor->followers[i].session = NULL;
    }
    return EG_OK;
}

/* One namespace that cannot be listed keeps nobody from the other. */
static int wmi_snapshot(void *context)
{
    wmi_sensor *sensor = context;
    reading own;
    int failure = EG_OK;
    int status = reading_init(&own);
    for (int i = 0; status == EG_OK && i < (int)EG_COUNT(places); i++) {
        eg_wmi_session *session = NULL;
        listing l = {sensor, &own, i, false, false};
        int opened = eg_wmi_session_open(&session, sensor->api, places[i].path, sensor->stop);
        if (opened == EG_OK) {
            opened = list(session, &l);
        }
        if (opened != EG_OK && opened != EG_E_NOTFOUND) { /* without it there is nothing in it */
            failure = opened;
        }
        eg_wmi_session_close(session);
    }
    reading_done(&own);
    return status == EG_OK ? failure : status;
}

const eg_sensor eg_hook_wmi = {
    .name = "wmi",
    .what = "permanent WMI subscriptions: filters, consumers with what they run, bindings",
    .open = wmi_open,
    .run = wmi_run,
    .stop = wmi_stop,
    .close = wmi_close,
    .snapshot = wmi_snapshot,
};
