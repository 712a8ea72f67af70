/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded queue of pointers between threads: many producers, one or more consumers. Pushing never
 * blocks: a full queue refuses and counts, so that loss is visible and can be reported.
 * The queue does not own what the pointers point at; eg_queue_destroy calls `drop` for what is
 * left.
 */
#ifndef EG_BASE_QUEUE_H
#define EG_BASE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

typedef struct eg_queue eg_queue;

int eg_queue_create(eg_queue **out, size_t capacity);
void eg_queue_destroy(eg_queue *queue, void (*drop)(void *item)); /* NULL-safe; drop may be NULL */
/* EG_OK, else the caller keeps the item: EG_E_LIMIT (full, counted), EG_E_CLOSED. */
int eg_queue_push(eg_queue *queue, void *item);
/* EG_OK and *item; EG_E_TIMEOUT; EG_E_CLOSED when closed and empty. */
int eg_queue_pop(eg_queue *queue, void **item, uint32_t milliseconds);
void eg_queue_close(eg_queue *queue); /* wakes everybody; what is inside can still be popped */
uint64_t eg_queue_dropped(const eg_queue *queue);
size_t eg_queue_length(eg_queue *queue);

#endif
