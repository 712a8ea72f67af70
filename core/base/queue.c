/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/queue.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

struct eg_queue {
    eg_mutex lock;
    eg_cond changed;
    eg_atomic dropped;
    size_t capacity;
    size_t head; /* index of the oldest item */
    size_t length;
    size_t waiting; /* consumers inside eg_cond_wait */
    bool closed;
    void *items[];
};

int eg_queue_create(eg_queue **out, size_t capacity)
{
    if (capacity == 0 || capacity > (SIZE_MAX - sizeof(eg_queue)) / sizeof(void *)) {
        return eg_fail(EG_E_INVALID, "queue capacity %zu", capacity);
    }
    eg_queue *queue = eg_alloc_zero(1, sizeof(*queue) + capacity * sizeof(void *));
    if (!queue) {
        return EG_E_NOMEM;
    }
    queue->capacity = capacity;
    int status = eg_mutex_init(&queue->lock);
    if (status != EG_OK) {
        goto free_queue;
    }
    status = eg_cond_init(&queue->changed);
    if (status != EG_OK) {
        goto done_lock;
    }
    *out = queue;
    return EG_OK;

done_lock:
    eg_mutex_done(&queue->lock);
free_queue:
    eg_free(queue);
    return status;
}

void eg_queue_destroy(eg_queue *queue, void (*drop)(void *item))
{
    if (!queue) {
        return;
    }
    for (size_t i = 0; drop && i < queue->length; i++) {
        drop(queue->items[(queue->head + i) % queue->capacity]);
    }
    eg_cond_done(&queue->changed);
    eg_mutex_done(&queue->lock);
    eg_free(queue);
}

int eg_queue_push(eg_queue *queue, void *item)
{
    int status = EG_OK;
    eg_mutex_lock(&queue->lock);
    if (queue->closed) {
        status = EG_E_CLOSED;
    } else if (queue->length == queue->capacity) {
        status = EG_E_LIMIT;
    } else {
        queue->items[(queue->head + queue->length) % queue->capacity] = item;
        queue->length++;
        if (queue->waiting > 0) {
            eg_cond_wake_all(&queue->changed);
        }
    }
    eg_mutex_unlock(&queue->lock);
    if (status == EG_E_LIMIT) {
        eg_atomic_add(&queue->dropped, 1);
        return eg_fail(status, "queue is full (%zu)", queue->capacity);
    }
    return status == EG_OK ? EG_OK : eg_fail(status, "queue is closed");
}

/* Under the lock. The wait for one pop may be cut into several by spurious wake-ups. */
static int wait_for_item(eg_queue *queue, uint32_t milliseconds)
{
    uint64_t end = eg_deadline_after(milliseconds);
    int status = EG_OK;
    queue->waiting++;
    while (queue->length == 0 && !queue->closed && status == EG_OK) {
        status = eg_cond_wait_until(&queue->changed, &queue->lock, end);
    }
    queue->waiting--;
    return queue->length > 0 ? EG_OK : queue->closed ? EG_E_CLOSED : EG_E_TIMEOUT;
}

int eg_queue_pop(eg_queue *queue, void **item, uint32_t milliseconds)
{
    eg_mutex_lock(&queue->lock);
    int status = wait_for_item(queue, milliseconds);
    if (status == EG_OK) {
        *item = queue->items[queue->head];
        queue->head = (queue->head + 1) % queue->capacity;
        queue->length--;
    }
    eg_mutex_unlock(&queue->lock);
    return status == EG_OK ? EG_OK : eg_fail(status, "queue is %s", eg_status_name(status));
}

void eg_queue_close(eg_queue *queue)
{
    eg_mutex_lock(&queue->lock);
    queue->closed = true;
    eg_cond_wake_all(&queue->changed);
    eg_mutex_unlock(&queue->lock);
}

uint64_t eg_queue_dropped(const eg_queue *queue)
{
    return (uint64_t)eg_atomic_get(&queue->dropped);
}

size_t eg_queue_length(eg_queue *queue)
{
    eg_mutex_lock(&queue->lock);
    size_t length = queue->length;
    eg_mutex_unlock(&queue->lock);
    return length;
}
