/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/etw_double/engine_internal.h"

#include "core/base/mem.h"
#include "core/base/utf.h"

#include <assert.h>
#include <string.h>

eg_etw_double_state eg_etw_double;

/* {3D6FA8D0-FE05-11D0-9DDA-00C04FD7BA7C}: process records of the kernel */
static const uint8_t process_guid[EG_ETW_GUID_SIZE] = {
    0xd0, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c};
/* {6A399AE0-4BC6-4DE9-870B-3657F8947E7E} */
static const uint8_t lost_guid[EG_ETW_GUID_SIZE] = {0xe0, 0x9a, 0x39, 0x6a, 0xc6, 0x4b, 0xe9, 0x4d,
                                                    0x87, 0x0b, 0x36, 0x57, 0xf8, 0x94, 0x7e, 0x7e};

static const char *const call_names[EG_ETW_DOUBLE_CALLS] = {
    "start", "query",   "stop",  "flush",     "enable", "capture",
    "open",  "process", "close", "enablings", "find",   "protect",
};

/* ---- the state ---- */

static void free_buffers(eg_etw_double_buffer *buffer)
{
    while (buffer) {
        eg_etw_double_buffer *next = buffer->next;
        eg_free(buffer);
        buffer = next;
    }
}

void eg_etw_double_lock(void)
{
    eg_etw_double_state *all = &eg_etw_double;
    eg_mutex_lock(&all->lock);
    if (!all->has_changed) {
        all->has_changed = eg_cond_init(&all->changed) == EG_OK;
        assert(all->has_changed);
    }
}

void eg_etw_double_unlock(void)
{
    eg_mutex_unlock(&eg_etw_double.lock);
}

void eg_etw_double_reset(bool present)
{
    eg_etw_double_state *all = &eg_etw_double;
    eg_etw_double_lock();
    while (all->sessions) {
        eg_etw_double_session *session = all->sessions;
        all->sessions = session->next;
        free_buffers(session->full);
        free_buffers(session->current);
        eg_free(session);
    }
    memset(all->traces, 0, sizeof(all->traces));
    memset(all->refusals, 0, sizeof(all->refusals));
    memset(all->calls, 0, sizeof(all->calls));
    all->provider_count = 0;
    all->history_size = 0;
    all->present = present;
    all->front = eg_etw_double_front;
    eg_etw_double_unlock();
}

bool eg_etw_double_is_present(void)
{
    eg_etw_double_lock();
    bool present = eg_etw_double.present;
    eg_etw_double_unlock();
    return present;
}

uint32_t eg_etw_double_enter(eg_etw_double_call call)
{
    eg_etw_double_state *all = &eg_etw_double;
    eg_etw_double_refusal *refusal = &all->refusals[call];
    size_t length = strlen(call_names[call]);
    eg_etw_double_lock();
    bool again = call == EG_ETW_DOUBLE_FLUSH && all->last_call == call && all->history_size > 0;
    if (!again && all->history_size + length + 1 < sizeof(all->history)) {
        memcpy(all->history + all->history_size, call_names[call], length);
        all->history_size += length;
        all->history[all->history_size++] = ' ';
    }
    all->last_call = call;
    all->calls[call]++;
    if (refusal->times == 0) {
        return EG_ETW_OK;
    }
    refusal->times -= refusal->times > 0;
    return refusal->code;
}

eg_etw_double_session *eg_etw_double_named(const char *name)
{
    for (eg_etw_double_session *at = eg_etw_double.sessions; at; at = at->next) {
        if (at->running && strcmp(at->name, name) == 0) {
            return at;
        }
    }
    return NULL;
}

eg_etw_double_provider *eg_etw_double_provider_of(eg_etw_double_session *session,
                                                  const uint8_t guid[EG_ETW_GUID_SIZE])
{
    for (size_t i = 0; i < session->provider_count; i++) {
        if (memcmp(session->providers[i].guid, guid, EG_ETW_GUID_SIZE) == 0) {
            return &session->providers[i];
        }
    }
    return NULL;
}

eg_etw_double_registration *eg_etw_double_registration_of(const uint8_t guid[EG_ETW_GUID_SIZE])
{
    eg_etw_double_state *all = &eg_etw_double;
    for (size_t i = 0; i < all->provider_count; i++) {
        if (memcmp(all->providers[i].guid, guid, EG_ETW_GUID_SIZE) == 0) {
            return &all->providers[i];
        }
    }
    assert(all->provider_count < EG_COUNT(all->providers));
    eg_etw_double_registration *added = &all->providers[all->provider_count++];
    *added = (eg_etw_double_registration){.count = 1};
    memcpy(added->guid, guid, EG_ETW_GUID_SIZE);
    return added;
}

/* ---- buffers ---- */

void eg_etw_double_hand_over(eg_etw_double_session *session)
{
    if (!session->current) {
        return;
    }
    eg_etw_double_buffer **at = &session->full;
    while (*at) {
        at = &(*at)->next;
    }
    *at = session->current;
    session->current = NULL;
    eg_cond_wake_all(&eg_etw_double.changed);
}

static bool take_buffer(eg_etw_double_session *session)
{
    if (session->in_use >= session->properties.buffers_most) {
        return false;
    }
    size_t size = (size_t)session->properties.buffer_kilobytes * 1024;
    session->current = eg_alloc(sizeof(*session->current) + size);
    if (!session->current) {
        return false;
    }
    session->current->next = NULL;
    session->current->used = 0;
    session->current->begun = eg_clock_monotonic_ns();
    eg_cond_wake_all(&eg_etw_double.changed); /* the consumer waits for its time from now on */
    session->in_use++;
    session->most_in_use =
        session->in_use > session->most_in_use ? session->in_use : session->most_in_use;
    return true;
}

static bool append(eg_etw_double_session *session, const eg_etw_record *record)
{
    size_t room = (size_t)session->properties.buffer_kilobytes * 1024;
    size_t needed = sizeof(*record) + record->size;
    if (needed > room) {
        return false; /* larger than a buffer: lost, as with the kernel */
    }
    if (session->current && session->current->used + needed > room) {
        eg_etw_double_hand_over(session);
    }
    if (!session->current && !take_buffer(session)) {
        return false;
    }
    eg_etw_double_buffer *buffer = session->current;
    memcpy(buffer->bytes + buffer->used, record, sizeof(*record));
    if (record->size > 0) {
        memcpy(buffer->bytes + buffer->used + sizeof(*record), record->payload, record->size);
    }
    buffer->used += needed;
    return true;
}

static void tell_loss(eg_etw_double_session *session)
{
    eg_etw_record record = {.opcode = 33, .flags = EG_ETW_FLAG_64_BIT, .time = eg_clock_utc()};
    memcpy(record.provider, lost_guid, EG_ETW_GUID_SIZE);
    if (session->loss_untold && append(session, &record)) {
        session->loss_untold = false;
    }
}

static bool write_to(eg_etw_double_session *session, const eg_etw_record *record)
{
    tell_loss(session);
    if (append(session, record)) {
        return true;
    }
    session->properties.events_lost++;
    session->loss_untold = true;
    return false;
}

static bool wants(eg_etw_double_session *session, const eg_etw_record *record, uint8_t level,
                  uint64_t keyword)
{
    if (memcmp(record->provider, process_guid, EG_ETW_GUID_SIZE) == 0) {
        return session->properties.mode & EG_ETW_MODE_SYSTEM_LOGGER &&
               session->properties.flags & EG_ETW_FLAG_PROCESS;
    }
    const eg_etw_double_provider *at = eg_etw_double_provider_of(session, record->provider);
    return at && (at->level == 0 || level <= at->level) &&
           (at->any_keyword == 0 || keyword == 0 || (keyword & at->any_keyword) != 0);
}

int eg_etw_double_emit(const eg_etw_record *record, uint8_t level, uint64_t keyword)
{
    int took = 0;
    eg_etw_double_lock();
    for (eg_etw_double_session *at = eg_etw_double.sessions; at; at = at->next) {
        if (at->running && wants(at, record, level, keyword)) {
            took += write_to(at, record);
        }
    }
    eg_etw_double_unlock();
    return took;
}

/* ---- what others do to us ---- */

void eg_etw_double_register(const uint8_t guid[EG_ETW_GUID_SIZE], int count)
{
    eg_etw_double_lock();
    eg_etw_double_registration_of(guid)->count = count;
    eg_etw_double_unlock();
}

void eg_etw_double_end(eg_etw_double_session *session)
{
    eg_etw_double_hand_over(session);
    session->running = false;
    eg_cond_wake_all(&eg_etw_double.changed);
}

bool eg_etw_double_stop(const char *name)
{
    eg_etw_double_lock();
    eg_etw_double_session *session = eg_etw_double_named(name);
    if (session) {
        eg_etw_double_end(session);
    }
    eg_etw_double_unlock();
    return session != NULL;
}

bool eg_etw_double_return_early(const char *name, uint32_t code)
{
    eg_etw_double_lock();
    eg_etw_double_session *session = eg_etw_double_named(name);
    if (session) {
        session->return_early = true;
        session->return_code = code;
        eg_cond_wake_all(&eg_etw_double.changed);
    }
    eg_etw_double_unlock();
    return session != NULL;
}

bool eg_etw_double_hang(const char *name)
{
    eg_etw_double_lock();
    eg_etw_double_session *session = eg_etw_double_named(name);
    if (session) {
        session->hangs = true;
    }
    eg_etw_double_unlock();
    return session != NULL;
}

bool eg_etw_double_lose(const char *name, uint32_t events)
{
    eg_etw_double_lock();
    eg_etw_double_session *session = eg_etw_double_named(name);
    if (session) {
        session->properties.events_lost += events;
        session->loss_untold = true;
        tell_loss(session);
    }
    eg_etw_double_unlock();
    return session != NULL;
}

bool eg_etw_double_disable(const char *name, const uint8_t guid[EG_ETW_GUID_SIZE])
{
    eg_etw_double_lock();
    eg_etw_double_session *session = eg_etw_double_named(name);
    eg_etw_double_provider *found = session ? eg_etw_double_provider_of(session, guid) : NULL;
    if (found) {
        *found = session->providers[--session->provider_count];
    }
    eg_etw_double_unlock();
    return found != NULL;
}

bool eg_etw_double_change(const char *name, const uint8_t guid[EG_ETW_GUID_SIZE], uint8_t level,
                          uint64_t any_keyword)
{
    eg_etw_double_lock();
    eg_etw_double_session *session = eg_etw_double_named(name);
    eg_etw_double_provider *found = session ? eg_etw_double_provider_of(session, guid) : NULL;
    if (found) {
        found->level = level;
        found->any_keyword = any_keyword;
    }
    eg_etw_double_unlock();
    return found != NULL;
}

bool eg_etw_double_set_flags(const char *name, uint32_t flags)
{
    eg_etw_double_lock();
    eg_etw_double_session *session = eg_etw_double_named(name);
    if (session) {
        session->properties.flags = flags;
    }
    eg_etw_double_unlock();
    return session != NULL;
}

eg_etw_double_session *eg_etw_double_make(const char *name, const eg_etw_properties *properties)
{
    eg_etw_double_state *all = &eg_etw_double;
    eg_etw_double_session *session = eg_alloc_zero(1, sizeof(*session));
    if (!session) {
        return NULL;
    }
    eg_utf8_copy(session->name, sizeof(session->name), eg_str_from(name));
    session->properties = *properties;
    session->properties.session = ++all->last_handle;
    session->properties.events_lost = 0;
    session->properties.buffers_lost = 0;
    if (session->properties.buffer_kilobytes == 0) {
        session->properties.buffer_kilobytes = 64;
    }
    if (session->properties.buffers_most == 0) {
        session->properties.buffers_most = 32;
    }
    session->running = true;
    session->next = all->sessions;
    all->sessions = session;
    return session;
}

void eg_etw_double_plant(const char *name, const eg_etw_properties *properties)
{
    eg_etw_double_lock();
    eg_etw_double_session *made = eg_etw_double_make(name, properties);
    assert(made);
    EG_UNUSED(made);
    eg_etw_double_unlock();
}

void eg_etw_double_refuse(eg_etw_double_call call, uint32_t code, int times)
{
    eg_etw_double_lock();
    eg_etw_double.refusals[call] = (eg_etw_double_refusal){code, times};
    eg_etw_double_unlock();
}

/* ---- looking ---- */

bool eg_etw_double_look(const char *name, eg_etw_double_view *out)
{
    eg_etw_double_lock();
    const eg_etw_double_session *session = eg_etw_double_named(name);
    if (session) {
        *out = (eg_etw_double_view){
            .properties = session->properties,
            .providers = session->provider_count,
            .delivered = session->delivered,
            .lost = session->properties.events_lost,
            .flushes = session->flushes,
            .buffers = session->most_in_use,
            .is_protected = eg_etw_double_registration_of(session->properties.guid)->is_protected,
        };
    }
    eg_etw_double_unlock();
    return session != NULL;
}

bool eg_etw_double_enabled(const char *name, const uint8_t guid[EG_ETW_GUID_SIZE],
                           eg_etw_enable *out)
{
    eg_etw_double_lock();
    eg_etw_double_session *session = eg_etw_double_named(name);
    const eg_etw_double_provider *found = session ? eg_etw_double_provider_of(session, guid) : NULL;
    if (found) {
        *out = (eg_etw_enable){.level = found->level,
                               .any_keyword = found->any_keyword,
                               .registry_data = found->registry_data};
        memcpy(out->guid, guid, EG_ETW_GUID_SIZE);
    }
    eg_etw_double_unlock();
    return found != NULL;
}

int eg_etw_double_calls(eg_etw_double_call call)
{
    eg_etw_double_lock();
    int count = eg_etw_double.calls[call];
    eg_etw_double_unlock();
    return count;
}

int eg_etw_double_captures(const uint8_t guid[EG_ETW_GUID_SIZE])
{
    eg_etw_double_lock();
    int count = eg_etw_double_registration_of(guid)->captures;
    eg_etw_double_unlock();
    return count;
}

void eg_etw_double_history(char *out, size_t size)
{
    eg_etw_double_lock();
    eg_utf8_copy(out, size, (eg_str){eg_etw_double.history, eg_etw_double.history_size});
    eg_etw_double_unlock();
}
