/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes hits from the pipeline and makes them durable before anybody is told. What the store
 * refuses once (disk full) waits in a small list in memory and is tried again, in order; what it
 * refuses for good (too large) is logged and counted. Used by the pipeline thread; the counts may
 * be read from any thread.
 */
#ifndef EG_SERVICE_HIT_KEEPER_H
#define EG_SERVICE_HIT_KEEPER_H

#include "core/store/store.h"
#include "service/event_source.h"
#include "service/notices.h"

typedef struct eg_hit_keeper eg_hit_keeper;

typedef struct eg_hit_keeper_options {
    /* Stores a hit; eg_store_add_hit in the service, something that fails in tests. */
    int (*store)(void *store_user, const eg_hit *hit, const eg_event *event, int64_t *id,
                 bool *is_new);
    void *store_user;
    eg_notices *notices;
    eg_event_source *events; /* may be NULL */
    size_t waiting_max;
    void *user;
    void (*stored)(void *user, int64_t id, uint64_t time); /* a new hit is on disk */
    void (*counted)(void *user); /* a repeat was counted in the row of a hit: often, be quick */
} eg_hit_keeper_options;

typedef struct eg_hit_keeper_counts {
    uint64_t stored;  /* since the start of the service */
    uint64_t waiting; /* in memory, not yet stored */
    uint64_t lost;    /* the list was full, or the store will never take them */
} eg_hit_keeper_counts;

int eg_hit_keeper_create(const eg_hit_keeper_options *options, eg_hit_keeper **out);
void eg_hit_keeper_destroy(eg_hit_keeper *keeper); /* NULL-safe; what waits is gone */
/* Shaped as the pipeline's on_hit; `user` is the keeper. Fails when the list is full. */
int eg_hit_keeper_take(void *user, const eg_hit *hit, const eg_event *event);
/* Tries again to store what waits; the caller chooses when. */
void eg_hit_keeper_retry(eg_hit_keeper *keeper);
void eg_hit_keeper_counts_get(const eg_hit_keeper *keeper, eg_hit_keeper_counts *out);

#endif
