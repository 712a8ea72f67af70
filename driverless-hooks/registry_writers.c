/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/registry_writers.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/provider_session.h"

#include <inttypes.h>

enum {
    RING_SIZE = 1024 * 1024,
    WRITES = 8192, /* of three seconds, also while something is installed */
    POP_MS = 200,
    WAIT_MS = 100, /* a flush takes some 20 ms */
    RETRY_MS = 30 * 1000,
};

#define SET_VALUE 0x100u
#define DELETE_VALUE 0x200u

static const uint16_t ids[] = {5, 6, 0};
static const eg_provider kernel_registry = {
    .name = "Microsoft-Windows-Kernel-Registry",
    .guid = EG_ETW_PROVIDER_KERNEL_REGISTRY,
    .level = 4,
    .any_keyword = SET_VALUE | DELETE_VALUE,
    .ids = ids,
    .registry_data = true,
};
static const eg_provider *const providers[] = {&kernel_registry};

typedef struct writers {
    eg_etw_ring *ring;
    eg_thread *thread;
    eg_atomic stopping;
    eg_mutex lock; /* for what follows */
    eg_cond arrived;
    eg_registry_writer_table *table;
    eg_provider_feed *feed; /* NULL while there is none */
} writers;

static struct {
    eg_mutex lock;
    size_t users;
    writers *writers;
} shared = {.lock = EG_MUTEX_INIT};

static void set_feed(writers *self, eg_provider_feed *feed)
{
    eg_mutex_lock(&self->lock);
    self->feed = feed;
    eg_cond_wake_all(&self->arrived);
    eg_mutex_unlock(&self->lock);
}

static void listen(writers *self)
{
    eg_etw_record record;
    while (!eg_atomic_get(&self->stopping)) {
        if (eg_etw_ring_pop(self->ring, &record, POP_MS) != EG_OK) {
            continue;
        }
        eg_mutex_lock(&self->lock);
        if (eg_registry_writer_table_add(self->table, &record)) {
            eg_cond_wake_all(&self->arrived);
        }
        eg_mutex_unlock(&self->lock);
    }
}

/* Nothing arrives without a feed; only the end wakes the ring early. */
static void pause_for(writers *self, uint32_t milliseconds)
{
    eg_etw_record record;
    uint64_t end = eg_clock_monotonic_ns() + (uint64_t)milliseconds * 1000000;
    while (!eg_atomic_get(&self->stopping) && eg_clock_monotonic_ns() < end) {
        eg_etw_ring_pop(self->ring, &record, POP_MS);
    }
}

static void thread_main(void *arg)
{
    writers *self = arg;
    while (!eg_atomic_get(&self->stopping)) {
        eg_provider_feed *feed = NULL;
        if (eg_provider_feed_join(&feed, providers, EG_COUNT(providers), self->ring) != EG_OK) {
            eg_log(EG_LOG_DEBUG, "registry", "who writes values is not known: %s",
                   eg_error_message());
            pause_for(self, RETRY_MS);
            continue;
        }
        set_feed(self, feed);
        listen(self);
        set_feed(self, NULL);
        eg_provider_feed_leave(feed);
    }
}

static void destroy(writers *self)
{
    if (self->thread) {
        eg_atomic_set(&self->stopping, 1);
        eg_etw_ring_wake(self->ring);
        eg_thread_join(self->thread);
    }
    eg_etw_ring_destroy(self->ring);
    eg_registry_writer_table_destroy(self->table);
    eg_cond_done(&self->arrived);
    eg_mutex_done(&self->lock);
    eg_free(self);
}

static int create(writers **out)
{
    writers *self = eg_alloc_zero(1, sizeof(*self));
    if (!self) {
        return EG_E_NOMEM;
    }
    int status = eg_mutex_init(&self->lock);
    if (status != EG_OK) {
        eg_free(self);
        return status;
    }
    status = eg_cond_init(&self->arrived);
    if (status != EG_OK) {
        eg_mutex_done(&self->lock);
        eg_free(self);
        return status;
    }
    status = eg_registry_writer_table_create(&self->table, WRITES);
    if (status == EG_OK) {
        status = eg_etw_ring_create(&self->ring, RING_SIZE);
    }
    if (status == EG_OK) {
        status = eg_thread_start(&self->thread, "registry-writers", thread_main, self);
    }
    if (status != EG_OK) {
        destroy(self);
        return status;
    }
    *out = self;
    return EG_OK;
}

int eg_registry_writers_join(void)
{
    eg_mutex_lock(&shared.lock);
    int status = shared.writers ? EG_OK : create(&shared.writers);
    shared.users += status == EG_OK;
    eg_mutex_unlock(&shared.lock);
    return status;
}

void eg_registry_writers_leave(void)
{
    eg_mutex_lock(&shared.lock);
    if (--shared.users == 0) {
        destroy(shared.writers);
        shared.writers = NULL;
    }
    eg_mutex_unlock(&shared.lock);
}

/* Under the lock: waits for one more record until then; false when the time is over. */
static bool await_record(writers *self, uint64_t *give_up)
{
    if (!self->feed) {
        return false;
    }
    if (*give_up == 0) {
        *give_up = eg_deadline_after(WAIT_MS);
        eg_provider_feed_flush(self->feed);
    }
    return eg_cond_wait_until(&self->arrived, &self->lock, *give_up) == EG_OK;
}

void eg_registry_writers_name(eg_event *event, eg_event_text *text, eg_str name,
                              const eg_value *now, uint64_t *give_up)
{
    writers *self = shared.writers; /* the caller has joined */
    eg_registry_writer writer;
    bool found;
    eg_mutex_lock(&self->lock);
    do {
        found = eg_registry_writer_find(self->table, name, now, event->time, &writer);
    } while (!found && await_record(self, give_up));
    eg_mutex_unlock(&self->lock);
    if (found) {
        event->pid = writer.pid;
        event->time = writer.time;
        event->field[EG_FIELD_PROCESS_ID] = eg_event_text_format(text, "%" PRIu32, writer.pid);
        event->field[EG_FIELD_UTC_TIME] = eg_event_text_time(text, writer.time);
    }
}
