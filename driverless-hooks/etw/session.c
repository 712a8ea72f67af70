/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/etw/session_internal.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"

#include <inttypes.h>
#include <string.h>

enum {
    BUFFERS_LEAST = 8,
    START_TRIES = 3,
    START_WAIT_MS = 100,
    JOIN_MS = 500,          /* the service gives its sensors a second to stop */
    OPCODE_LOST_FIRST = 32, /* an event, a buffer, a file */
    OPCODE_LOST_LAST = 34,
};

/*
 * Flushing. A buffer reaches us when it is full, when the session's timer fires (once a second at
 * best), or when we flush. Others have measured what that means for a process that ends at once
 * (Rustinel, 2,000 starts of cmd.exe): its details could still be read of 17 % with the timer,
 * 61 % when flushed every 20 ms, and 99.9 % every 5 or 10 ms, with the same load for 1 to 20 ms.
 * Command line and user are in our records and need no luck; parent, folder and version do. So the
 * system session is flushed every 5 ms while starts come in and every 20 ms else: only the first
 * of a burst waits longer, and an idle PC makes 50 short calls a second.
 *
 * Each flush hands over a buffer of every processor that wrote something, however little. While we
 * are kept from reading, the number of buffers is the limit, not their size: with 32 of them and 8
 * processors, 20 ms would do. Hence the many spare ones, which exist only while they are needed:
 * at most 8 MB beyond the usual.
 */
const eg_etw_session_kind eg_etw_system_session = {
    .name = "EmoGuard-Sys",
    /* {6E0B9B5E-6C4B-4E0E-9B6F-3B7B6D1C5A41} */
    .guid = {0x5e, 0x9b, 0x0b, 0x6e, 0x4b, 0x6c, 0x0e, 0x4e, 0x9b, 0x6f, 0x3b, 0x7b, 0x6d, 0x1c,
             0x5a, 0x41},
    .mode = EG_ETW_MODE_REAL_TIME | EG_ETW_MODE_SYSTEM_LOGGER,
    .flags = EG_ETW_FLAG_PROCESS | EG_ETW_FLAG_NO_SYSCONFIG,
    .buffer_kilobytes = 64,
    .buffers_spare = 128,
    .flush_busy_ms = 5,
    .flush_idle_ms = 20,
};

/*
 * An AMSI or script record of 64 KB must fit into one buffer. Who waits for one record of these
 * (the join of the two process records) flushes by itself.
 */
const eg_etw_session_kind eg_etw_provider_session = {
    .name = "EmoGuard-Providers",
    /* {C3F5F0B7-2D0C-4C1B-8E43-5A0D7C6A9E12} */
    .guid = {0xb7, 0xf0, 0xf5, 0xc3, 0x0c, 0x2d, 0x1b, 0x4c, 0x8e, 0x43, 0x5a, 0x0d, 0x7c, 0x6a,
             0x9e, 0x12},
    /* independent: what another session of the same provider cannot take does not hold us up */
    .mode = EG_ETW_MODE_REAL_TIME | EG_ETW_MODE_INDEPENDENT,
    .buffer_kilobytes = 128,
    .buffers_spare = 64,
    .flush_busy_ms = 10,
    .flush_idle_ms = 50,
};

/* {6A399AE0-4BC6-4DE9-870B-3657F8947E7E}: the stream's own word that something was lost */
static const uint8_t lost_guid[EG_ETW_GUID_SIZE] = {0xe0, 0x9a, 0x39, 0x6a, 0xc6, 0x4b, 0xe9, 0x4d,
                                                    0x87, 0x0b, 0x36, 0x57, 0xf8, 0x94, 0x7e, 0x7e};

static void init_properties(const eg_etw_session_kind *kind, eg_etw_properties *p)
{
    uint32_t buffers = 2 * eg_cpu_count();
    memset(p, 0, sizeof(*p));
    memcpy(p->guid, kind->guid, EG_ETW_GUID_SIZE);
    p->mode = kind->mode;
    p->flags = kind->flags;
    p->buffer_kilobytes = kind->buffer_kilobytes;
    p->buffers_least = buffers > BUFFERS_LEAST ? buffers : BUFFERS_LEAST;
    p->buffers_most = p->buffers_least + kind->buffers_spare;
    p->flush_seconds = 1;
}

uint32_t eg_etw_session_control(const eg_etw_session *session, eg_etw_control code,
                                eg_etw_properties *p)
{
    init_properties(session->kind, p);
    return session->api->control(session->kind->name, 0, code, p);
}

/* Somebody may have made a session of our name to feed us records: look before reading it. */
bool eg_etw_session_is_ours(const eg_etw_session *session, const eg_etw_properties *p)
{
    return memcmp(p->guid, session->kind->guid, EG_ETW_GUID_SIZE) == 0 &&
           (p->mode & session->kind->mode) == session->kind->mode;
}

void eg_etw_session_tell_tampering(eg_etw_session *session, const char *what)
{
    eg_log(EG_LOG_WARNING, "etw", "%s: %s", session->kind->name, what);
    if (session->events.tampered) {
        session->events.tampered(session->events.user, what);
    }
}

/* ---- starting ---- */

int eg_etw_session_fail(uint32_t error, const char *what, const char *name)
{
    switch (error) {
    case EG_ETW_DENIED: return eg_fail(EG_E_DENIED, "%s %s: access is denied", what, name);
    case EG_ETW_NO_RESOURCES:
        return eg_fail(EG_E_LIMIT, "%s %s: all that Windows has are taken by other programs", what,
                       name);
    case EG_ETW_INVALID:
        return eg_fail(EG_E_UNSUPPORTED, "%s %s: this Windows cannot do it", what, name);
    case EG_ETW_EXISTS: return eg_fail(EG_E_EXISTS, "%s %s: somebody else holds it", what, name);
    default: return eg_fail(EG_E_IO, "%s %s: error %" PRIu32, what, name, error);
    }
}

/* Without effect where it fails: it makes tampering harder, not impossible. Said once. */
static void protect(const eg_etw_session *session)
{
    static eg_atomic failures;
    uint32_t error = session->api->protect(session->kind->guid);
    if (error != EG_ETW_OK && eg_atomic_add(&failures, 1) == 1) {
        eg_log(EG_LOG_INFO, "etw",
               "%s: access to the session could not be restricted (%" PRIu32 ")",
               session->kind->name, error);
    }
}

/* True when a session of ours, left by an earlier run, can be used as it is. */
static bool adopt(eg_etw_session *session)
{
    eg_etw_properties p;
    if (eg_etw_session_control(session, EG_ETW_QUERY, &p) != EG_ETW_OK) {
        return false;
    }
    if (!eg_etw_session_is_ours(session, &p)) {
        eg_etw_session_tell_tampering(session, "a foreign session had our name; it was stopped");
    } else if ((p.flags & session->kind->flags & EG_ETW_FLAG_PROCESS) ==
               (session->kind->flags & EG_ETW_FLAG_PROCESS)) {
        session->handle = p.session;
        return true;
    }
    eg_etw_session_control(session, EG_ETW_STOP, &p);
    eg_thread_sleep_ms(START_WAIT_MS);
    return false;
}

/* StartTrace says "exists" although nobody has our name: somebody has our GUID. */
static void free_guid(eg_etw_session *session)
{
    eg_etw_properties p;
    uint64_t other = 0;
    if (session->api->find(session->kind->guid, &other) == EG_ETW_OK) {
        eg_etw_session_tell_tampering(session, "a foreign session had our GUID; it was stopped");
        init_properties(session->kind, &p);
        session->api->control(NULL, other, EG_ETW_STOP, &p);
    }
    eg_thread_sleep_ms(START_WAIT_MS);
}

static int start_or_adopt(eg_etw_session *session)
{
    uint32_t error = EG_ETW_EXISTS;
    protect(session);
    for (int tries = 0; tries < START_TRIES && error == EG_ETW_EXISTS; tries++) {
        eg_etw_properties p;
        if (adopt(session)) {
            return EG_OK;
        }
        init_properties(session->kind, &p);
        error = session->api->start(session->kind->name, &p);
        if (error == EG_ETW_OK) {
            session->handle = p.session;
            return EG_OK;
        }
        if (error == EG_ETW_EXISTS) {
            free_guid(session);
        }
    }
    return eg_etw_session_fail(error, "start the ETW session", session->kind->name);
}

/* ---- consuming ---- */

static void raise_alarm(eg_etw_session *session)
{
    eg_atomic_set(&session->alarm, 1);
    if (session->events.alarm) {
        session->events.alarm(session->events.user);
    }
}

static void on_record(void *user, const eg_etw_record *record)
{
    eg_etw_session *session = user;
    if (memcmp(record->provider, lost_guid, EG_ETW_GUID_SIZE) == 0) {
        if (record->opcode >= OPCODE_LOST_FIRST && record->opcode <= OPCODE_LOST_LAST) {
            eg_atomic_add(&session->stream_lost, 1);
            raise_alarm(session);
        }
        return;
    }
    eg_atomic_add(&session->records, 1);
    session->events.record(session->events.user, record);
}

static void consume(void *arg)
{
    eg_etw_session *session = arg;
    uint32_t code = session->api->process(session->trace);
    eg_mutex_lock(&session->lock);
    session->ended = true;
    session->end_code = code;
    eg_cond_wake_all(&session->changed);
    eg_mutex_unlock(&session->lock);
    if (!eg_atomic_get(&session->stopping)) {
        raise_alarm(session);
    }
}

uint64_t eg_etw_session_lost_count(const eg_etw_properties *p)
{
    return (uint64_t)p->events_lost + p->buffers_lost;
}

static int start_consumer(eg_etw_session *session)
{
    eg_etw_properties p;
    uint32_t error = EG_ETW_OK;
    session->consumer = (eg_etw_consumer){on_record, session};
    session->trace = session->api->open(session->kind->name, &session->consumer, &error);
    if (session->trace == EG_ETW_NO_TRACE) {
        return eg_etw_session_fail(error, "open the ETW session", session->kind->name);
    }
    if (eg_etw_session_control(session, EG_ETW_QUERY, &p) == EG_ETW_OK) {
        session->counted_lost = eg_etw_session_lost_count(&p);
        session->flags = p.flags;
        session->handle = p.session ? p.session : session->handle;
    }
    int status = eg_thread_start(&session->thread, "etw", consume, session);
    if (status != EG_OK) {
        session->api->close(session->trace);
    }
    return status;
}

int eg_etw_session_open(eg_etw_session **out, const eg_etw_api *api,
                        const eg_etw_session_kind *kind, const eg_etw_session_events *events)
{
    eg_etw_properties p;
    eg_etw_session *session = eg_alloc_zero(1, sizeof(*session));
    if (!session) {
        return EG_E_NOMEM;
    }
    session->api = api;
    session->kind = kind;
    session->events = *events;
    int status = eg_mutex_init(&session->lock);
    if (status != EG_OK) {
        goto free_session;
    }
    status = eg_cond_init(&session->changed);
    if (status != EG_OK) {
        goto done_lock;
    }
    status = start_or_adopt(session);
    if (status != EG_OK) {
        goto done_changed;
    }
    status = start_consumer(session);
    if (status != EG_OK) {
        goto stop_session;
    }
    *out = session;
    return EG_OK;

stop_session:
    eg_etw_session_control(session, EG_ETW_STOP, &p);
done_changed:
    eg_cond_done(&session->changed);
done_lock:
    eg_mutex_done(&session->lock);
free_session:
    eg_free(session);
    return status;
}

/* ---- providers ---- */

static eg_etw_session_provider *find_provider(eg_etw_session *session,
                                              const uint8_t guid[EG_ETW_GUID_SIZE])
{
    for (size_t i = 0; i < session->provider_count; i++) {
        if (memcmp(session->providers[i].enable.guid, guid, EG_ETW_GUID_SIZE) == 0) {
            return &session->providers[i];
        }
    }
    return NULL;
}

int eg_etw_session_enable_now(eg_etw_session *session, const char *name,
                              const eg_etw_enable *wanted)
{
    uint32_t error = session->api->enable(session->handle, EG_ETW_ENABLE, wanted);
    if (error == EG_ETW_INVALID && wanted->registry_data) {
        /* a Windows that does not know the filter: who wrote is worth much without the data */
        eg_etw_enable plain = *wanted;
        plain.registry_data = false;
        error = session->api->enable(session->handle, EG_ETW_ENABLE, &plain);
    }
    return error == EG_ETW_OK ? EG_OK : eg_etw_session_fail(error, "enable the ETW provider", name);
}

int eg_etw_session_enable(eg_etw_session *session, const char *name, const eg_etw_enable *wanted)
{
    eg_etw_session_provider *found = find_provider(session, wanted->guid);
    if (!found && session->provider_count == EG_ETW_SESSION_PROVIDERS_MAX) {
        return eg_fail(EG_E_LIMIT, "%s: too many providers", name);
    }
    int status = eg_etw_session_enable_now(session, name, wanted);
    if (status == EG_OK) {
        found = found ? found : &session->providers[session->provider_count++];
        *found = (eg_etw_session_provider){name, *wanted};
    }
    return status;
}

void eg_etw_session_disable(eg_etw_session *session, const uint8_t guid[EG_ETW_GUID_SIZE])
{
    eg_etw_session_provider *found = find_provider(session, guid);
    if (found) {
        session->api->enable(session->handle, EG_ETW_DISABLE, &found->enable);
        *found = session->providers[--session->provider_count];
    }
}

int eg_etw_session_capture(eg_etw_session *session, const uint8_t guid[EG_ETW_GUID_SIZE])
{
    eg_etw_session_provider *found = find_provider(session, guid);
    if (!found) {
        return eg_fail(EG_E_NOTFOUND, "%s: provider is not enabled", session->kind->name);
    }
    uint32_t error = session->api->enable(session->handle, EG_ETW_CAPTURE_STATE, &found->enable);
    return error == EG_ETW_OK
               ? EG_OK
               : eg_etw_session_fail(error, "ask for what runs already", found->name);
}

/* ---- stopping ---- */

static bool wait_for_consumer(eg_etw_session *session)
{
    uint64_t end = eg_deadline_after(JOIN_MS);
    eg_mutex_lock(&session->lock);
    while (!session->ended && eg_cond_wait_until(&session->changed, &session->lock, end) == EG_OK) {
        continue;
    }
    bool ended = session->ended;
    eg_mutex_unlock(&session->lock);
    return ended;
}

void eg_etw_session_close(eg_etw_session *session)
{
    eg_etw_properties p;
    if (!session) {
        return;
    }
    eg_atomic_set(&session->stopping, 1);
    while (session->provider_count > 0) {
        eg_etw_session_disable(session, session->providers[0].enable.guid);
    }
    eg_etw_session_control(session, EG_ETW_FLUSH, &p);
    if (eg_etw_session_control(session, EG_ETW_STOP, &p) == EG_ETW_OK &&
        eg_etw_session_lost_count(&p) > session->counted_lost) {
        eg_log(EG_LOG_INFO, "etw", "%s: %" PRIu64 " records or buffers were lost in all",
               session->kind->name, eg_etw_session_lost_count(&p) - session->counted_lost);
    }
    /* a consumer that does not notice the end of its session is thrown out */
    bool drained = wait_for_consumer(session);
    if (!drained) {
        session->api->close(session->trace);
    }
    eg_thread_join(session->thread);
    if (drained) {
        session->api->close(session->trace);
    }
    eg_cond_done(&session->changed);
    eg_mutex_done(&session->lock);
    eg_free(session);
}
