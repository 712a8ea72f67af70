/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/log_sensor.h"

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/event_xml.h"

enum {
    HEARTBEAT_MS = 5000,       /* the log is read this often without being called */
    RETRY_FIRST_MS = 1000,     /* a failed subscription; doubles */
    RETRY_MOST_MS = 60 * 1000, /* also for a channel that is off or missing */
    KEEP_MS = 2000,            /* how often the place in a log is written down at most */
    DETAIL_MAX = 1024,
    PLACE_MAX = 16 * 1024,
    XML_MAX = 3 * EG_EVENT_XML_MAX, /* UTF-8 of a record of EG_EVENT_XML_MAX units */
};

/* A channel and the state it is in. */
typedef struct follower {
    const eg_log_channel *channel;
    eg_log_reader *reader; /* NULL while it is not open */
    int state;             /* EG_OK, or why it is not open */
    uint64_t retry_at;     /* monotonic nanoseconds, as is the next */
    uint64_t kept_at;
    eg_backoff backoff;
    bool unkept; /* read further than was written down */
    eg_buf place;
    size_t backlog; /* records told that were logged while the service was down */
    size_t skipped; /* such records beyond EG_LOG_BACKLOG_MAX */
} follower;

typedef struct log_sensor {
    eg_sink sink;
    const eg_log_plan *plan;
    const eg_log_api *api;
    HANDLE stop;   /* manual-reset, as is the next */
    HANDLE signal; /* there may be records */
    follower followers[EG_LOG_CHANNELS_MAX];
    uint64_t started; /* FILETIME: what is older was logged while the service was down */
    DWORD service;    /* process id of the event log service when the readers were opened */
    eg_event_reader *events;
    eg_buf xml;
    eg_buf detail; /* as last reported */
} log_sensor;

void eg_log_sensor_close(void *context)
{
    log_sensor *sensor = context;
    if (!sensor) {
        return;
    }
    for (size_t i = 0; i < sensor->plan->count; i++) {
        eg_log_reader_close(sensor->followers[i].reader);
        eg_buf_done(&sensor->followers[i].place);
    }
    if (sensor->stop) {
        CloseHandle(sensor->stop);
    }
    if (sensor->signal) {
        CloseHandle(sensor->signal);
    }
    eg_event_reader_destroy(sensor->events);
    eg_buf_done(&sensor->xml);
    eg_buf_done(&sensor->detail);
    eg_free(sensor);
}

int eg_log_sensor_open(void **context, const eg_sink *sink, const eg_log_plan *plan,
                       const eg_log_api *api)
{
    log_sensor *sensor = eg_alloc_zero(1, sizeof(*sensor));
    if (!sensor) {
        return EG_E_NOMEM;
    }
    sensor->sink = *sink;
    sensor->plan = plan;
    sensor->api = api;
    sensor->started = eg_clock_utc();
    eg_buf_init(&sensor->xml, XML_MAX);
    eg_buf_init(&sensor->detail, DETAIL_MAX);
    for (size_t i = 0; i < plan->count; i++) {
        sensor->followers[i].channel = &plan->channels[i];
        sensor->followers[i].backoff =
            (eg_backoff){.first_ms = RETRY_FIRST_MS, .most_ms = RETRY_MOST_MS};
        eg_buf_init(&sensor->followers[i].place, PLACE_MAX);
    }
    sensor->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    sensor->signal = CreateEventW(NULL, TRUE, FALSE, NULL);
    int status =
        sensor->stop && sensor->signal ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = eg_event_reader_create(&sensor->events);
    }
    if (status != EG_OK) {
        eg_log_sensor_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

void eg_log_sensor_stop(void *context)
{
    log_sensor *sensor = context;
    SetEvent(sensor->stop);
}

int eg_log_sensor_snapshot(void *context)
{
    EG_UNUSED(context);
    return EG_OK;
}

static bool is_stopping(const log_sensor *sensor)
{
    return WaitForSingleObject(sensor->stop, 0) != WAIT_TIMEOUT;
}

/* ---- what is lost ---- */

static void tell_lost(log_sensor *sensor, const follower *f)
{
    eg_event event;
    eg_log(EG_LOG_WARNING, sensor->plan->name, "%s: records are gone that were not read",
           f->channel->name);
    eg_event_init(&event, EG_KIND_AGENT);
    event.time = eg_clock_utc();
    event.source = eg_str_from(f->channel->name);
    event.field[EG_FIELD_SENSOR] = eg_str_from(sensor->plan->name);
    event.field[EG_FIELD_REASON] = EG_STR("telemetry_lost");
    sensor->sink.emit(sensor->sink.user, &event);
}

/* ---- subscriptions ---- */

static void keep_place(log_sensor *sensor, follower *f)
{
    if (!f->unkept) {
        return;
    }
    f->kept_at = eg_clock_monotonic_ns();
    if (eg_log_reader_place(f->reader, &f->place) == EG_OK &&
        (!sensor->sink.keep ||
         sensor->sink.keep(sensor->sink.user, f->channel->name, eg_buf_str(&f->place)) == EG_OK)) {
        f->unkept = false;
    }
}

static void put_off(follower *f, int status)
{
    bool quiet = status == EG_E_NOTFOUND || status == EG_E_CLOSED || status == EG_E_UNSUPPORTED;
    uint32_t wait = eg_backoff_next(&f->backoff);
    f->state = status;
    f->retry_at = eg_deadline_after(quiet ? RETRY_MOST_MS : wait);
}

/* What was read in this run counts; before that, what the run before has kept. */
static void find_place(log_sensor *sensor, follower *f)
{
    if (f->place.len == 0 && sensor->sink.recall &&
        sensor->sink.recall(sensor->sink.user, f->channel->name, &f->place) != EG_OK) {
        eg_buf_clear(&f->place);
    }
}

static void subscribe(log_sensor *sensor, follower *f)
{
    bool lost = false;
    int was = f->state;
    find_place(sensor, f);
    int status = eg_log_reader_open(&f->reader, sensor->api, f->channel, eg_buf_str(&f->place),
                                    sensor->signal, &lost);
    if (status != EG_OK) {
        put_off(f, status);
        if (was != status) {
            eg_log(EG_LOG_INFO, sensor->plan->name, "%s", eg_error_message());
        }
        return;
    }
    f->state = EG_OK;
    f->unkept = true; /* also where it begins: it is what the next run goes on from */
    if (lost && was != EG_E_CORRUPT) { /* that was told */
        tell_lost(sensor, f);
    }
}

/* Gives up a subscription that does not work any more; the next one goes on behind it. */
static void unsubscribe(log_sensor *sensor, follower *f)
{
    f->unkept = true;
    keep_place(sensor, f);
    eg_log_reader_close(f->reader);
    f->reader = NULL;
}

static void subscribe_due(log_sensor *sensor)
{
    uint64_t now = eg_clock_monotonic_ns();
    for (size_t i = 0; i < sensor->plan->count && !is_stopping(sensor); i++) {
        follower *f = &sensor->followers[i];
        if (!f->reader && f->retry_at <= now) {
            subscribe(sensor, f);
        }
    }
}

/* Subscriptions do not tell that the service behind them was started anew: they stay silent. */
static void renew_after_restart(log_sensor *sensor)
{
    DWORD service = sensor->api->service();
    bool restarted = service != sensor->service && sensor->service != 0 && service != 0;
    for (size_t i = 0; restarted && i < sensor->plan->count; i++) {
        if (sensor->followers[i].reader) {
            unsubscribe(sensor, &sensor->followers[i]);
            sensor->followers[i].retry_at = 0;
        }
    }
    if (restarted) {
        eg_log(EG_LOG_INFO, sensor->plan->name, "the event log service was started anew");
    }
    if (service != 0) {
        sensor->service = service;
    }
}

/* ---- records ---- */

static void tell(log_sensor *sensor, follower *f)
{
    eg_event event;
    if (eg_event_read_xml(sensor->events, eg_buf_str(&sensor->xml), &event) != EG_OK) {
        eg_log(EG_LOG_WARNING, sensor->plan->name, "%s: a record cannot be read: %s",
               f->channel->name, eg_error_message());
        return;
    }
    if (f->channel->told_elsewhere && f->channel->told_elsewhere(event.time)) {
        return;
    }
    if (event.time < sensor->started) {
        if (f->backlog >= EG_LOG_BACKLOG_MAX) {
            f->skipped++;
            return;
        }
        f->backlog++;
        event.flags |= EG_EVENT_CHANGED_WHILE_DOWN;
    }
    event.source = eg_str_from(f->channel->name);
    sensor->sink.emit(sensor->sink.user, &event);
}

static void tell_skipped(log_sensor *sensor, follower *f)
{
    if (f->skipped > 0) {
        eg_log(EG_LOG_WARNING, sensor->plan->name,
               "%s: %zu records of the time when the service was down are left out, after %d",
               f->channel->name, f->skipped, EG_LOG_BACKLOG_MAX);
        f->skipped = 0;
    }
}

/* All records that there are now. */
static void read_all(log_sensor *sensor, follower *f)
{
    int status = EG_OK;
    while (!is_stopping(sensor)) {
        status = eg_log_reader_next(f->reader, &sensor->xml);
        if (status == EG_OK) {
            tell(sensor, f);
        } else if (status == EG_E_INVALID) {
            eg_log(EG_LOG_WARNING, sensor->plan->name, "%s: %s", f->channel->name,
                   eg_error_message());
        } else {
            break;
        }
        f->unkept = true;
        eg_backoff_reset(&f->backoff);
    }
    tell_skipped(sensor, f);
    if (status == EG_OK || status == EG_E_TIMEOUT || status == EG_E_INVALID) {
        return;
    }
    eg_log(EG_LOG_WARNING, sensor->plan->name, "%s: %s", f->channel->name, eg_error_message());
    unsubscribe(sensor, f);
    put_off(f, status);
    if (status == EG_E_CORRUPT) {
        tell_lost(sensor, f);
    }
}

static void read_due(log_sensor *sensor)
{
    ResetEvent(sensor->signal); /* before reading: what comes from now on sets it again */
    for (size_t i = 0; i < sensor->plan->count; i++) {
        if (sensor->followers[i].reader) {
            read_all(sensor, &sensor->followers[i]);
        }
    }
}

static void keep_due(log_sensor *sensor, bool all)
{
    uint64_t now = eg_clock_monotonic_ns();
    for (size_t i = 0; i < sensor->plan->count; i++) {
        follower *f = &sensor->followers[i];
        if (f->reader && (all || now - f->kept_at >= (uint64_t)KEEP_MS * 1000000)) {
            keep_place(sensor, f);
        }
    }
}

/* ---- health ---- */

/* "reads System, Security; off: ...": the channels in this state, without "eventlog/". */
static size_t list_state(const log_sensor *sensor, const char *heading, int state, eg_buf *out)
{
    size_t found = 0;
    for (size_t i = 0; i < sensor->plan->count; i++) {
        const follower *f = &sensor->followers[i];
        if (f->state == state) {
            eg_str name = eg_path_base(eg_str_from(f->channel->name));
            eg_buf_appendf(out, "%s%s%.*s",
                           found          ? ", "
                           : out->len > 0 ? "; "
                                          : "",
                           found ? "" : heading, EG_STR_ARGS(name));
            found++;
        }
    }
    return found;
}

/* True when a channel that every Windows has and lets us read cannot be read. */
static bool lacks_any(const log_sensor *sensor)
{
    for (size_t i = 0; i < sensor->plan->count; i++) {
        const follower *f = &sensor->followers[i];
        bool usual = f->channel->optional && (f->state == EG_E_NOTFOUND || f->state == EG_E_CLOSED);
        if (f->state != EG_OK && !usual) {
            return true;
        }
    }
    return false;
}

static eg_sensor_health describe(const log_sensor *sensor, eg_buf *detail)
{
    static const struct {
        int state;
        const char *heading;
    } failures[] = {
        {EG_E_CLOSED, "switched off: "}, {EG_E_NOTFOUND, "not there: "},
        {EG_E_DENIED, "refused: "},      {EG_E_IO, "failing: "},
        {EG_E_CORRUPT, "failing: "},     {EG_E_NOMEM, "out of memory: "},
    };
    size_t open = list_state(sensor, "reads ", EG_OK, detail);
    size_t missing = 0;
    for (size_t i = 0; i < EG_COUNT(failures); i++) {
        size_t count = list_state(sensor, failures[i].heading, failures[i].state, detail);
        missing += failures[i].state == EG_E_NOTFOUND ? count : 0;
    }
    if (list_state(sensor, "", EG_E_UNSUPPORTED, detail) == sensor->plan->count) {
        eg_buf_clear(detail);
        eg_buf_append_cstr(detail, "this system has no event log to read");
        return EG_SENSOR_ABSENT;
    }
    if (missing == sensor->plan->count && sensor->plan->absent[0] != '\0') {
        eg_buf_clear(detail);
        eg_buf_append_cstr(detail, sensor->plan->absent);
        return EG_SENSOR_ABSENT;
    }
    return open == 0 ? EG_SENSOR_BLIND : lacks_any(sensor) ? EG_SENSOR_DEGRADED : EG_SENSOR_FULL;
}

static void report(log_sensor *sensor)
{
    eg_buf detail;
    eg_buf_init(&detail, DETAIL_MAX);
    eg_sensor_health health = describe(sensor, &detail);
    if (!eg_str_equal(eg_buf_str(&detail), eg_buf_str(&sensor->detail))) {
        eg_buf_clear(&sensor->detail);
        eg_buf_append_str(&sensor->detail, eg_buf_str(&detail));
        sensor->sink.health(sensor->sink.user, sensor->plan->name, health, "log",
                            eg_buf_cstr(&detail));
    }
    eg_buf_done(&detail);
}

/* A heartbeat where something is read, else the time until it is worth another try. */
static DWORD wait_time(const log_sensor *sensor)
{
    uint64_t now = eg_clock_monotonic_ns();
    uint64_t until = now + (uint64_t)RETRY_MOST_MS * 1000000;
    for (size_t i = 0; i < sensor->plan->count; i++) {
        const follower *f = &sensor->followers[i];
        uint64_t due = f->reader ? now + (uint64_t)HEARTBEAT_MS * 1000000 : f->retry_at;
        until = due < until ? due : until;
    }
    return until > now ? (DWORD)((until - now) / 1000000) + 1 : 1;
}

int eg_log_sensor_run(void *context)
{
    log_sensor *sensor = context;
    HANDLE handles[2] = {sensor->stop, sensor->signal};
    sensor->service = sensor->api->service();
    DWORD signalled = WAIT_TIMEOUT;
    while (!is_stopping(sensor)) {
        if (signalled == WAIT_TIMEOUT) {
            renew_after_restart(sensor);
        }
        subscribe_due(sensor);
        read_due(sensor);
        keep_due(sensor, false);
        report(sensor);
        signalled = WaitForMultipleObjects(2, handles, FALSE, wait_time(sensor));
    }
    keep_due(sensor, true);
    return EG_OK;
}
