/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/etw_ring.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

struct eg_etw_ring {
    eg_mutex lock;
    eg_cond filled;
    uint8_t *bytes;
    size_t size;
    size_t head; /* of the oldest record */
    size_t used; /* bytes from head, wrapping */
    uint64_t dropped;
    bool woken;
    uint8_t payload[EG_ETW_RING_PAYLOAD_MAX]; /* of the record last popped */
};

int eg_etw_ring_create(eg_etw_ring **out, size_t size)
{
    eg_etw_ring *ring = eg_alloc_zero(1, sizeof(*ring));
    if (!ring) {
        return EG_E_NOMEM;
    }
    int status = EG_E_NOMEM;
    ring->size = size;
    ring->bytes = eg_alloc(size);
    if (!ring->bytes) {
        goto free_ring;
    }
    status = eg_mutex_init(&ring->lock);
    if (status != EG_OK) {
        goto free_bytes;
    }
    status = eg_cond_init(&ring->filled);
    if (status != EG_OK) {
        goto done_lock;
    }
    *out = ring;
    return EG_OK;

done_lock:
    eg_mutex_done(&ring->lock);
free_bytes:
    eg_free(ring->bytes);
free_ring:
    eg_free(ring);
    return status;
}

void eg_etw_ring_destroy(eg_etw_ring *ring)
{
    if (ring) {
        eg_cond_done(&ring->filled);
        eg_mutex_done(&ring->lock);
        eg_free(ring->bytes);
        eg_free(ring);
    }
}

static void copy_in(eg_etw_ring *ring, const void *bytes, size_t size)
{
    size_t at = (ring->head + ring->used) % ring->size;
    size_t first = size < ring->size - at ? size : ring->size - at;
    if (size > 0) {
        memcpy(ring->bytes + at, bytes, first);
        memcpy(ring->bytes, (const uint8_t *)bytes + first, size - first);
    }
    ring->used += size;
}

static void copy_out(eg_etw_ring *ring, void *bytes, size_t size)
{
    size_t first = size < ring->size - ring->head ? size : ring->size - ring->head;
    memcpy(bytes, ring->bytes + ring->head, first);
    memcpy((uint8_t *)bytes + first, ring->bytes, size - first);
    ring->used -= size;
    /* from the start again when empty: in quiet times only the first pages are ever touched */
    ring->head = ring->used > 0 ? (ring->head + size) % ring->size : 0;
}

int eg_etw_ring_push(eg_etw_ring *ring, const eg_etw_record *record)
{
    int status = EG_OK;
    eg_mutex_lock(&ring->lock);
    if (record->size > EG_ETW_RING_PAYLOAD_MAX ||
        ring->size - ring->used < sizeof(*record) + record->size) {
        ring->dropped++;
        status = EG_E_LIMIT;
    } else {
        copy_in(ring, record, sizeof(*record));
        copy_in(ring, record->payload, record->size);
        eg_cond_wake_all(&ring->filled);
    }
    eg_mutex_unlock(&ring->lock);
    return status;
}

int eg_etw_ring_pop(eg_etw_ring *ring, eg_etw_record *record, uint32_t milliseconds)
{
    uint64_t deadline = eg_deadline_after(milliseconds);
    int status = EG_OK;
    eg_mutex_lock(&ring->lock);
    while (ring->used == 0 && !ring->woken &&
           eg_cond_wait_until(&ring->filled, &ring->lock, deadline) == EG_OK) {
        continue;
    }
    if (ring->used == 0) {
        ring->woken = false;
        status = EG_E_TIMEOUT;
    } else {
        copy_out(ring, record, sizeof(*record));
        copy_out(ring, ring->payload, record->size);
        record->payload = ring->payload;
    }
    eg_mutex_unlock(&ring->lock);
    return status;
}

void eg_etw_ring_wake(eg_etw_ring *ring)
{
    eg_mutex_lock(&ring->lock);
    ring->woken = true;
    eg_cond_wake_all(&ring->filled);
    eg_mutex_unlock(&ring->lock);
}

uint64_t eg_etw_ring_dropped(eg_etw_ring *ring)
{
    eg_mutex_lock(&ring->lock);
    uint64_t dropped = ring->dropped;
    eg_mutex_unlock(&ring->lock);
    return dropped;
}

size_t eg_etw_ring_used(eg_etw_ring *ring)
{
    eg_mutex_lock(&ring->lock);
    size_t used = ring->used;
    eg_mutex_unlock(&ring->lock);
    return used;
}
