/* SPDX-License-Identifier: Apache-2.0 */
#include "service/sensors_host.h"

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/event/snapshot_mark.h"
#include "driverless-hooks/decode/agent_event.h"

#include <stdio.h>
#include <string.h>

#define RESTART_FACTOR_MAX 60u

typedef struct entry {
    eg_sensors_host *host;
    const eg_sensor *sensor;
    eg_thread *thread;
    eg_mutex in_use; /* held during a snapshot and while the sensor is closed */
    /* below: under the host's lock */
    void *context;
    bool opened;
    bool ended; /* the thread is about to return */
    bool snapshot_wanted;
    bool check_wanted; /* a snapshot only to compare */
    bool lists;        /* its snapshots say what they have told in full */
    uint64_t missed;
    eg_sensor_health health;
    char source[32];
    char detail[256];
} entry;

struct eg_sensors_host {
    eg_sensors_options options;
    eg_mutex lock;
    eg_mutex closing; /* taken before lock; while held, no sensor is withdrawn */
    eg_cond changed;
    bool stopping;
    eg_thread *snapshot_thread;
    bool snapshot_ended;
    size_t count; /* entries whose in_use exists */
    entry *entries;
};

static int keep(void *user, const char *name, eg_str value)
{
    eg_sensors_host *host = user;
    return host->options.keep ? host->options.keep(host->options.user, name, value) : EG_OK;
}

static int recall(void *user, const char *name, eg_buf *value)
{
    eg_sensors_host *host = user;
    if (!host->options.recall) {
        return eg_fail(EG_E_NOTFOUND, "nothing is remembered of %s", name);
    }
    return host->options.recall(host->options.user, name, value);
}

static entry *find_entry(eg_sensors_host *host, const char *name)
{
    for (size_t i = 0; i < host->count; i++) {
        if (strcmp(host->entries[i].sensor->name, name) == 0) {
            return &host->entries[i];
        }
    }
    return NULL;
}

static void emit(void *user, const eg_event *event)
{
    eg_sensors_host *host = user;
    if (eg_snapshot_step_of(event) == EG_SNAPSHOT_LISTED) {
        entry *found = find_entry(host, eg_snapshot_sensor(event).ptr);
        eg_mutex_lock(&host->lock);
        if (found) {
            found->lists = true;
        }
        eg_mutex_unlock(&host->lock);
    }
    host->options.emit(host->options.user, event);
}

/* The reason of the agent event that tells of a change; NULL when there is nothing to tell. */
static const char *reason_of(eg_sensor_health before, eg_sensor_health now)
{
    switch (now) {
    case EG_SENSOR_DEGRADED: return EG_AGENT_SENSOR_DEGRADED;
    case EG_SENSOR_BLIND: return EG_AGENT_SENSOR_BLIND;
    case EG_SENSOR_FULL:
        return before == EG_SENSOR_DEGRADED || before == EG_SENSOR_BLIND ? EG_AGENT_SENSOR_RECOVERED
                                                                         : NULL;
    default: return NULL;
    }
}

static void tell_health(eg_sensors_host *host, const char *sensor, const char *reason,
                        const char *source, const char *detail)
{
    char description[320];
    eg_agent_event made;
    snprintf(description, sizeof(description), "%s%s%s%s", source && *source ? "by " : "",
             source ? source : "", source && *source && detail && *detail ? ": " : "",
             detail ? detail : "");
    eg_agent_event_make(&made, sensor, reason, 1, description);
    host->options.emit(host->options.user, &made.event);
}

static void set_health(void *user, const char *sensor, eg_sensor_health health, const char *source,
                       const char *detail)
{
    eg_sensors_host *host = user;
    entry *found = find_entry(host, sensor);
    if (!found) {
        return;
    }
    eg_mutex_lock(&host->lock);
    bool news = found->health != health || strcmp(found->source, source ? source : "") != 0;
    bool stopping = host->stopping;
    const char *reason = reason_of(found->health, health);
    found->health = health;
    eg_utf8_copy(found->source, sizeof(found->source), eg_str_from(source));
    eg_utf8_copy(found->detail, sizeof(found->detail), eg_str_from(detail));
    eg_mutex_unlock(&host->lock);
    if (!news || stopping) {
        return;
    }
    eg_log(health == EG_SENSOR_BLIND ? EG_LOG_ERROR : EG_LOG_INFO, "sensor", "%s: %s%s%s%s%s",
           sensor, eg_sensor_health_name(health), source && *source ? " by " : "",
           source ? source : "", detail && *detail ? ": " : "", detail ? detail : "");
    if (reason) {
        tell_health(host, sensor, reason, source, detail);
    }
    if (health == EG_SENSOR_BLIND && host->options.blind) {
        host->options.blind(host->options.user, sensor, detail ? detail : "");
    }
}

/* Waits for `milliseconds`; false as soon as the host is stopping. */
static bool sleep_unless_stopping(eg_sensors_host *host, uint32_t milliseconds)
{
    uint64_t end = eg_deadline_after(milliseconds);
    eg_mutex_lock(&host->lock);
    while (!host->stopping && eg_cond_wait_until(&host->changed, &host->lock, end) == EG_OK) {
        continue;
    }
    bool stopping = host->stopping;
    eg_mutex_unlock(&host->lock);
    return !stopping;
}

/* Makes the opened sensor known to stop and snapshot; false when the host stops already. */
static bool publish(entry *self, void *context)
{
    eg_sensors_host *host = self->host;
    eg_mutex_lock(&host->lock);
    bool go = !host->stopping;
    self->context = context;
    self->opened = go;
    self->snapshot_wanted = go;
    eg_cond_wake_all(&host->changed);
    eg_mutex_unlock(&host->lock);
    return go;
}

static void withdraw_and_close(entry *self, void *context)
{
    eg_sensors_host *host = self->host;
    eg_mutex_lock(&host->closing);
    eg_mutex_lock(&host->lock);
    self->opened = false;
    self->context = NULL;
    eg_mutex_unlock(&host->lock);
    eg_mutex_unlock(&host->closing);
    eg_mutex_lock(&self->in_use); /* a snapshot may still be under way */
    self->sensor->close(context);
    eg_mutex_unlock(&self->in_use);
}

static void run_once(entry *self)
{
    eg_sink sink = {self->host, emit, set_health, keep, recall};
    void *context = NULL;
    const char *name = self->sensor->name;
    int status = self->sensor->open(&context, &sink);
    if (status != EG_OK) {
        set_health(self->host, name, EG_SENSOR_BLIND, "", eg_error_message());
        return;
    }
    if (publish(self, context)) {
        status = self->sensor->run(context);
        eg_mutex_lock(&self->host->lock);
        bool stopping = self->host->stopping;
        eg_mutex_unlock(&self->host->lock);
        if (!stopping) {
            set_health(self->host, name, EG_SENSOR_BLIND, "",
                       status == EG_OK ? "ended by itself" : eg_error_message());
        }
    }
    withdraw_and_close(self, context);
}

/* After a run of so long; one that worked is new. */
static uint32_t next_pause(eg_backoff *backoff, uint64_t ran_ns)
{
    if (ran_ns > (uint64_t)backoff->most_ms * 1000000) {
        eg_backoff_reset(backoff);
    }
    return eg_backoff_next(backoff);
}

static void sensor_main(void *arg)
{
    entry *self = arg;
    uint32_t restart_ms = self->host->options.restart_ms;
    eg_backoff backoff = {.first_ms = restart_ms, .most_ms = restart_ms * RESTART_FACTOR_MAX};
    uint32_t pause_ms;
    uint64_t start;
    do {
        start = eg_clock_monotonic_ns();
        run_once(self);
        pause_ms = next_pause(&backoff, eg_clock_monotonic_ns() - start);
    } while (sleep_unless_stopping(self->host, pause_ms));
    eg_mutex_lock(&self->host->lock);
    self->ended = true;
    eg_cond_wake_all(&self->host->changed);
    eg_mutex_unlock(&self->host->lock);
}

/* Under the lock. Takes the request of the first sensor that wants a snapshot. */
static entry *take_request(eg_sensors_host *host, bool *check)
{
    for (size_t i = 0; i < host->count; i++) {
        entry *self = &host->entries[i];
        if ((self->snapshot_wanted || self->check_wanted) && self->opened) {
            *check = !self->snapshot_wanted;
            self->snapshot_wanted = false;
            self->check_wanted = false;
            return self;
        }
    }
    return NULL;
}

static void emit_mark(entry *self, eg_snapshot_step step)
{
    eg_event mark;
    eg_snapshot_mark(&mark, step, eg_str_from(self->sensor->name), EG_STR(""));
    self->host->options.emit(self->host->options.user, &mark);
}

static void take_snapshot(entry *self, bool check)
{
    eg_sensors_host *host = self->host;
    eg_mutex_lock(&self->in_use);
    eg_mutex_lock(&host->lock);
    void *context = self->opened && !host->stopping ? self->context : NULL;
    bool opened = self->opened && !host->stopping;
    eg_mutex_unlock(&host->lock);
    if (opened) {
        emit_mark(self, check ? EG_SNAPSHOT_CHECK : EG_SNAPSHOT_BEGIN);
        int status = self->sensor->snapshot(context);
        if (status != EG_OK && status != EG_E_CLOSED) {
            eg_log(EG_LOG_WARNING, "sensor", "%s: what exists could not be listed: %s",
                   self->sensor->name, eg_error_message());
        }
        emit_mark(self, status == EG_OK ? EG_SNAPSHOT_END : EG_SNAPSHOT_FAILED);
    }
    eg_mutex_unlock(&self->in_use);
}

/* Under the lock. Time until the next check is due; asks for it when it is. */
static uint32_t await_check(eg_sensors_host *host, uint64_t *next)
{
    uint64_t now = eg_clock_monotonic_ns();
    if (host->options.check_ms == 0) {
        return EG_FOREVER;
    }
    if (*next == 0 || now >= *next) {
        for (size_t i = 0; *next != 0 && i < host->count; i++) {
            host->entries[i].check_wanted = host->entries[i].lists;
        }
        *next = now + (uint64_t)host->options.check_ms * 1000000;
    }
    return (uint32_t)((*next - now) / 1000000 + 1);
}

static void snapshot_main(void *arg)
{
    eg_sensors_host *host = arg;
    uint64_t next_check = 0;
    eg_mutex_lock(&host->lock);
    while (!host->stopping) {
        bool check = false;
        uint32_t left = await_check(host, &next_check);
        entry *next = take_request(host, &check);
        if (!next) {
            eg_cond_wait(&host->changed, &host->lock, left);
            continue;
        }
        eg_mutex_unlock(&host->lock);
        take_snapshot(next, check);
        eg_mutex_lock(&host->lock);
    }
    host->snapshot_ended = true;
    eg_cond_wake_all(&host->changed);
    eg_mutex_unlock(&host->lock);
}

static int start_threads(eg_sensors_host *host)
{
    char name[48];
    int status = eg_thread_start(&host->snapshot_thread, "snapshot", snapshot_main, host);
    for (size_t i = 0; status == EG_OK && i < host->count; i++) {
        entry *self = &host->entries[i];
        snprintf(name, sizeof(name), "sensor-%s", self->sensor->name);
        self->ended = false;
        status = eg_thread_start(&self->thread, name, sensor_main, self);
        if (status != EG_OK) {
            self->ended = true;
        }
    }
    return status;
}

int eg_sensors_host_start(const eg_sensors_options *options, eg_sensors_host **out)
{
    eg_sensors_host *host = eg_alloc_zero(1, sizeof(*host));
    if (!host) {
        return EG_E_NOMEM;
    }
    host->options = *options;
    int status = eg_mutex_init(&host->lock);
    if (status != EG_OK) {
        goto free_host;
    }
    status = eg_mutex_init(&host->closing);
    if (status != EG_OK) {
        goto done_lock;
    }
    status = eg_cond_init(&host->changed);
    if (status != EG_OK) {
        goto done_closing;
    }
    host->entries = eg_alloc_zero(options->count, sizeof(*host->entries));
    status = host->entries ? EG_OK : EG_E_NOMEM;
    for (size_t i = 0; status == EG_OK && i < options->count; i++) {
        host->entries[i].host = host;
        host->entries[i].sensor = options->sensors[i];
        host->entries[i].ended = true; /* until its thread is started */
        status = eg_mutex_init(&host->entries[i].in_use);
        host->count += status == EG_OK;
    }
    if (status == EG_OK) {
        status = start_threads(host);
    }
    if (status == EG_OK) {
        *out = host;
        return EG_OK;
    }
    eg_sensors_host_stop(host);
    if (eg_sensors_host_join(host, EG_FOREVER) == EG_OK) {
        eg_sensors_host_destroy(host);
    }
    return status;

done_closing:
    eg_mutex_done(&host->closing);
done_lock:
    eg_mutex_done(&host->lock);
free_host:
    eg_free(host);
    return status;
}

void eg_sensors_host_resync(eg_sensors_host *host)
{
    eg_mutex_lock(&host->lock);
    for (size_t i = 0; i < host->count; i++) {
        host->entries[i].snapshot_wanted = true;
    }
    eg_cond_wake_all(&host->changed);
    eg_mutex_unlock(&host->lock);
}

void eg_sensors_host_missed(eg_sensors_host *host, const char *sensor, uint64_t count)
{
    entry *found = find_entry(host, sensor);
    eg_mutex_lock(&host->lock);
    if (found) {
        found->missed += count;
    }
    eg_mutex_unlock(&host->lock);
}

void eg_sensors_host_signed_off(eg_sensors_host *host)
{
    eg_mutex_lock(&host->closing);
    for (size_t i = 0; i < host->count; i++) {
        if (host->entries[i].opened && host->entries[i].sensor->signed_off) {
            host->entries[i].sensor->signed_off(host->entries[i].context);
        }
    }
    eg_mutex_unlock(&host->closing);
}

void eg_sensors_host_stop(eg_sensors_host *host)
{
    eg_mutex_lock(&host->closing);
    eg_mutex_lock(&host->lock);
    host->stopping = true;
    eg_cond_wake_all(&host->changed);
    eg_mutex_unlock(&host->lock);
    /* Not under the lock: a sensor may report its health while it is told to stop. */
    for (size_t i = 0; i < host->count; i++) {
        if (host->entries[i].opened) {
            host->entries[i].sensor->stop(host->entries[i].context);
        }
    }
    eg_mutex_unlock(&host->closing);
}

/* Under the lock. Name of a thread that still runs, or NULL. */
static const char *still_running(const eg_sensors_host *host)
{
    for (size_t i = 0; i < host->count; i++) {
        if (!host->entries[i].ended) {
            return host->entries[i].sensor->name;
        }
    }
    return host->snapshot_thread && !host->snapshot_ended ? "snapshot" : NULL;
}

int eg_sensors_host_join(eg_sensors_host *host, uint32_t milliseconds)
{
    uint64_t end = eg_deadline_after(milliseconds);
    const char *running;
    eg_mutex_lock(&host->lock);
    while ((running = still_running(host)) != NULL &&
           eg_cond_wait_until(&host->changed, &host->lock, end) == EG_OK) {
        continue;
    }
    eg_mutex_unlock(&host->lock);
    if (running) {
        return eg_fail(EG_E_TIMEOUT, "sensor %s does not stop", running);
    }
    for (size_t i = 0; i < host->count; i++) {
        eg_thread_join(host->entries[i].thread);
        host->entries[i].thread = NULL;
    }
    eg_thread_join(host->snapshot_thread);
    host->snapshot_thread = NULL;
    return EG_OK;
}

void eg_sensors_host_destroy(eg_sensors_host *host)
{
    if (!host) {
        return;
    }
    for (size_t i = 0; i < host->count; i++) {
        eg_mutex_done(&host->entries[i].in_use);
    }
    eg_free(host->entries);
    eg_cond_done(&host->changed);
    eg_mutex_done(&host->closing);
    eg_mutex_done(&host->lock);
    eg_free(host);
}

void eg_sensors_host_each(eg_sensors_host *host,
                          void (*tell)(void *user, const char *name, eg_sensor_health health),
                          void *user)
{
    eg_mutex_lock(&host->lock);
    for (size_t i = 0; i < host->count; i++) {
        tell(user, host->entries[i].sensor->name, host->entries[i].health);
    }
    eg_mutex_unlock(&host->lock);
}

void eg_sensors_host_write(eg_sensors_host *host, eg_json *json)
{
    eg_json_array(json);
    eg_mutex_lock(&host->lock);
    for (size_t i = 0; i < host->count; i++) {
        const entry *self = &host->entries[i];
        eg_json_object(json);
        eg_json_put_str(json, "name", eg_str_from(self->sensor->name));
        eg_json_put_str(json, "what", eg_str_from(self->sensor->what));
        eg_json_put_str(json, "health", eg_str_from(eg_sensor_health_name(self->health)));
        eg_json_put_str(json, "source", eg_str_from(self->source));
        eg_json_put_str(json, "detail", eg_str_from(self->detail));
        eg_json_put_u64(json, "missed", self->missed);
        eg_json_object_end(json);
    }
    eg_mutex_unlock(&host->lock);
    eg_json_array_end(json);
}
