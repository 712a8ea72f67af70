/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/etw_double/engine_internal.h"

#include "core/base/mem.h"

#include <string.h>

enum {
    SYSTEM_LOGGERS_MAX = 6, /* of 8, two are reserved */
    SESSIONS_MAX = 64,
    SESSIONS_OF_A_PROVIDER_MAX = 8,
    WINE_HANDLE = 0x4242,
};

/* ---- sessions ---- */

static eg_etw_double_session *with_handle(uint64_t handle)
{
    for (eg_etw_double_session *at = eg_etw_double.sessions; at; at = at->next) {
        if (at->running && at->properties.session == handle) {
            return at;
        }
    }
    return NULL;
}

static eg_etw_double_session *with_guid(const uint8_t guid[EG_ETW_GUID_SIZE])
{
    for (eg_etw_double_session *at = eg_etw_double.sessions; at; at = at->next) {
        if (at->running && memcmp(at->properties.guid, guid, EG_ETW_GUID_SIZE) == 0) {
            return at;
        }
    }
    return NULL;
}

static size_t count_running(uint32_t mode)
{
    size_t count = 0;
    for (eg_etw_double_session *at = eg_etw_double.sessions; at; at = at->next) {
        count += at->running && (at->properties.mode & mode) == mode;
    }
    return count;
}

static uint32_t make(const char *name, eg_etw_properties *p)
{
    if (eg_etw_double_named(name) || with_guid(p->guid)) {
        return EG_ETW_EXISTS;
    }
    if (count_running(0) >= SESSIONS_MAX ||
        (p->mode & EG_ETW_MODE_SYSTEM_LOGGER &&
         count_running(EG_ETW_MODE_SYSTEM_LOGGER) >= SYSTEM_LOGGERS_MAX)) {
        return EG_ETW_NO_RESOURCES;
    }
    if (!(p->mode & EG_ETW_MODE_REAL_TIME) || p->buffer_kilobytes == 0 ||
        p->buffers_most < p->buffers_least) {
        return EG_ETW_INVALID;
    }
    eg_etw_double_session *session = eg_etw_double_make(name, p);
    if (!session) {
        return EG_ETW_NO_RESOURCES;
    }
    p->session = session->properties.session;
    return EG_ETW_OK;
}

static uint32_t start(const char *name, eg_etw_properties *p)
{
    uint32_t error = eg_etw_double_enter(EG_ETW_DOUBLE_START);
    if (error == EG_ETW_OK && !eg_etw_double.present) {
        p->session = WINE_HANDLE;
    } else if (error == EG_ETW_OK) {
        error = make(name, p);
    }
    eg_etw_double_unlock();
    return error;
}

static uint32_t control(const char *name, uint64_t handle, eg_etw_control code,
                        eg_etw_properties *p)
{
    static const eg_etw_double_call calls[] = {
        [EG_ETW_QUERY] = EG_ETW_DOUBLE_QUERY,
        [EG_ETW_STOP] = EG_ETW_DOUBLE_STOP,
        [EG_ETW_FLUSH] = EG_ETW_DOUBLE_FLUSH,
    };
    uint32_t error = eg_etw_double_enter(calls[code]);
    if (error == EG_ETW_OK && eg_etw_double.present) {
        eg_etw_double_session *at = name ? eg_etw_double_named(name) : with_handle(handle);
        if (at) {
            if (code == EG_ETW_STOP) {
                eg_etw_double_end(at);
            } else if (code == EG_ETW_FLUSH) {
                at->flushes++;
                eg_etw_double_hand_over(at);
            }
            *p = at->properties;
        }
        error = at ? EG_ETW_OK : EG_ETW_NO_SESSION;
    }
    eg_etw_double_unlock();
    return error;
}

static uint32_t find(const uint8_t guid[EG_ETW_GUID_SIZE], uint64_t *session)
{
    uint32_t error = eg_etw_double_enter(EG_ETW_DOUBLE_FIND);
    if (error == EG_ETW_OK && !eg_etw_double.present) {
        error = EG_ETW_NO_CALL;
    } else if (error == EG_ETW_OK) {
        const eg_etw_double_session *at = with_guid(guid);
        error = at ? EG_ETW_OK : EG_ETW_NO_SESSION;
        *session = at ? at->properties.session : 0;
    }
    eg_etw_double_unlock();
    return error;
}

uint32_t eg_etw_double_list(eg_etw_properties *list, size_t *count)
{
    size_t capacity = *count;
    uint32_t error = eg_etw_double_enter(EG_ETW_DOUBLE_FIND);
    *count = 0;
    if (error == EG_ETW_OK && !eg_etw_double.present) {
        error = EG_ETW_NO_CALL;
    }
    for (eg_etw_double_session *at = eg_etw_double.sessions; error == EG_ETW_OK && at;
         at = at->next) {
        if (at->running && *count < capacity) {
            list[(*count)++] = at->properties;
        }
    }
    eg_etw_double_unlock();
    return error;
}

static uint32_t protect(const uint8_t guid[EG_ETW_GUID_SIZE])
{
    uint32_t error = eg_etw_double_enter(EG_ETW_DOUBLE_PROTECT);
    if (error == EG_ETW_OK && !eg_etw_double.present) {
        error = EG_ETW_NO_CALL;
    } else if (error == EG_ETW_OK) {
        eg_etw_double_registration_of(guid)->is_protected = true;
    }
    eg_etw_double_unlock();
    return error;
}

/* ---- providers ---- */

static uint32_t enable_in(eg_etw_double_session *session, const eg_etw_enable *wanted)
{
    eg_etw_double_provider *at = eg_etw_double_provider_of(session, wanted->guid);
    size_t users = 0;
    for (eg_etw_double_session *other = eg_etw_double.sessions; other; other = other->next) {
        users += other->running && eg_etw_double_provider_of(other, wanted->guid) != NULL;
    }
    if (!at) {
        if (users >= SESSIONS_OF_A_PROVIDER_MAX ||
            session->provider_count == EG_COUNT(session->providers)) {
            return EG_ETW_NO_RESOURCES;
        }
        at = &session->providers[session->provider_count++];
    }
    memcpy(at->guid, wanted->guid, EG_ETW_GUID_SIZE);
    at->level = wanted->level;
    at->any_keyword = wanted->any_keyword;
    at->registry_data = wanted->registry_data;
    return EG_ETW_OK;
}

static uint32_t enable(uint64_t handle, eg_etw_enabling code, const eg_etw_enable *wanted)
{
    bool capture = code == EG_ETW_CAPTURE_STATE;
    uint32_t error = eg_etw_double_enter(capture ? EG_ETW_DOUBLE_CAPTURE : EG_ETW_DOUBLE_ENABLE);
    if (error == EG_ETW_OK && eg_etw_double.present) {
        eg_etw_double_session *session = with_handle(handle);
        eg_etw_double_registration *registration = eg_etw_double_registration_of(wanted->guid);
        eg_etw_double_provider *at =
            session ? eg_etw_double_provider_of(session, wanted->guid) : NULL;
        if (!session) {
            error = EG_ETW_INVALID;
        } else if (capture) {
            registration->captures++;
        } else if (code == EG_ETW_ENABLE) {
            error = enable_in(session, wanted);
        } else if (at) {
            *at = session->providers[--session->provider_count];
        }
    }
    eg_etw_double_unlock();
    return error;
}

static void list_enablings(const uint8_t guid[EG_ETW_GUID_SIZE], eg_etw_enabled *list,
                           size_t capacity, size_t *count)
{
    bool any = false;
    for (eg_etw_double_session *at = eg_etw_double.sessions; at; at = at->next) {
        const eg_etw_double_provider *provider =
            at->running ? eg_etw_double_provider_of(at, guid) : NULL;
        if (provider && *count < capacity) {
            list[(*count)++] = (eg_etw_enabled){.logger = (uint16_t)at->properties.session,
                                                .enabled = true,
                                                .level = provider->level,
                                                .any_keyword = provider->any_keyword};
            any = true;
        }
    }
    if (!any && *count < capacity) {
        list[(*count)++] = (eg_etw_enabled){.enabled = false};
    }
}

static uint32_t enablings(const uint8_t guid[EG_ETW_GUID_SIZE], eg_etw_enabled *list, size_t *count)
{
    size_t capacity = *count;
    uint32_t error = eg_etw_double_enter(EG_ETW_DOUBLE_ENABLINGS);
    if (error == EG_ETW_OK && !eg_etw_double.present) {
        error = EG_ETW_NO_CALL;
    } else if (error == EG_ETW_OK) {
        int registrations = eg_etw_double_registration_of(guid)->count;
        error = registrations > 0 ? EG_ETW_OK : EG_ETW_NO_PROVIDER;
        *count = 0;
        for (int i = 0; i < registrations; i++) {
            list_enablings(guid, list, capacity, count);
        }
    }
    eg_etw_double_unlock();
    return error;
}

/* ---- consuming ---- */

static uint64_t open_trace(const char *name, const eg_etw_consumer *consumer, uint32_t *error)
{
    uint64_t result = EG_ETW_NO_TRACE;
    uint32_t refused = eg_etw_double_enter(EG_ETW_DOUBLE_OPEN);
    *error = refused != EG_ETW_OK    ? refused
             : eg_etw_double.present ? EG_ETW_NO_RESOURCES
                                     : EG_ETW_DENIED;
    for (size_t i = 0; refused == EG_ETW_OK && eg_etw_double.present &&
                       i < EG_COUNT(eg_etw_double.traces) && result == EG_ETW_NO_TRACE;
         i++) {
        eg_etw_double_trace *at = &eg_etw_double.traces[i];
        if (!at->open) {
            *at = (eg_etw_double_trace){
                .open = true, .session = eg_etw_double_named(name), .consumer = consumer};
            result = i;
        }
    }
    eg_etw_double_unlock();
    return result;
}

/* Without the lock: what a callback does may take long, or call us. */
static uint64_t call_back(const eg_etw_consumer *consumer, const eg_etw_double_buffer *buffer)
{
    uint64_t count = 0;
    for (size_t at = 0; at < buffer->used; count++) {
        eg_etw_record record;
        memcpy(&record, buffer->bytes + at, sizeof(record));
        record.payload = buffer->bytes + at + sizeof(record);
        at += sizeof(record) + record.size;
        consumer->record(consumer->user, &record);
    }
    return count;
}

/* Under the lock; waits for a buffer or the end. */
static eg_etw_double_buffer *next_buffer(eg_etw_double_trace *trace, uint32_t *code)
{
    eg_etw_double_session *session = trace->session;
    for (;;) {
        uint32_t wait = EG_FOREVER;
        if (trace->closing || session->return_early) {
            *code = trace->closing ? EG_ETW_OK : session->return_code;
            session->return_early = false;
            return NULL;
        }
        if (session->current) {
            uint64_t age = (eg_clock_monotonic_ns() - session->current->begun) / 1000000;
            uint32_t seconds = session->properties.flush_seconds;
            uint64_t most = UINT64_C(1000) * (seconds > 0 ? seconds : 1);
            if (age >= most) {
                eg_etw_double_hand_over(session);
            } else {
                wait = (uint32_t)(most - age);
            }
        }
        if (session->full) {
            eg_etw_double_buffer *buffer = session->full;
            session->full = buffer->next;
            return buffer;
        }
        if (!session->running && !session->hangs) {
            *code = EG_ETW_OK;
            return NULL;
        }
        eg_cond_wait(&eg_etw_double.changed, &eg_etw_double.lock, wait);
    }
}

static uint32_t process(uint64_t handle)
{
    eg_etw_double_trace *trace = &eg_etw_double.traces[handle % EG_COUNT(eg_etw_double.traces)];
    uint32_t code = eg_etw_double_enter(EG_ETW_DOUBLE_PROCESS);
    if (code == EG_ETW_OK && (!trace->open || !trace->session)) {
        code = EG_ETW_NO_SESSION;
    } else if (code == EG_ETW_OK) {
        eg_etw_double_buffer *buffer;
        trace->processing = true;
        while ((buffer = next_buffer(trace, &code)) != NULL) {
            eg_etw_double_unlock();
            uint64_t count = call_back(trace->consumer, buffer);
            eg_free(buffer);
            eg_etw_double_lock();
            trace->session->delivered += count;
            trace->session->in_use--;
        }
        trace->processing = false;
        trace->open = !trace->closing;
    }
    eg_etw_double_unlock();
    return code;
}

static uint32_t close_trace(uint64_t handle)
{
    eg_etw_double_trace *trace = &eg_etw_double.traces[handle % EG_COUNT(eg_etw_double.traces)];
    uint32_t error = eg_etw_double_enter(EG_ETW_DOUBLE_CLOSE);
    if (error == EG_ETW_OK && !trace->open) {
        error = EG_ETW_INVALID;
    } else if (error == EG_ETW_OK && trace->processing) {
        trace->closing = true;
        eg_cond_wake_all(&eg_etw_double.changed);
        error = EG_ETW_CLOSE_PENDING;
    } else if (error == EG_ETW_OK) {
        trace->open = false;
    }
    eg_etw_double_unlock();
    return error;
}

const eg_etw_api eg_etw_double_api = {
    .start = start,
    .control = control,
    .enable = enable,
    .open = open_trace,
    .process = process,
    .close = close_trace,
    .enablings = enablings,
    .find = find,
    .protect = protect,
};
