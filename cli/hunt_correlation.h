/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correlations in a hunt: hunters match events in any order, but correlations need the order of the
 * stream. So a hunter puts aside what correlations want to know of, and whoever writes the batches,
 * one after the other, tells the correlator and puts its matches in their place in the output.
 */
#ifndef EG_CLI_HUNT_CORRELATION_H
#define EG_CLI_HUNT_CORRELATION_H

#include "cli/hunt_format.h"
#include "core/base/mem.h"
#include "core/sigma/correlator.h"

/* Events of one batch that wait for their turn. Belongs to the thread that has the batch. */
typedef struct eg_hunt_waiting {
    struct eg_waiting_event *items;
    size_t count, capacity;
    uint32_t *met; /* the rules they meet */
    size_t met_count, met_capacity;
} eg_hunt_waiting;

/* `offset`: how much output stands before what the event may add. Copies the event. EG_E_NOMEM. */
int eg_hunt_waiting_add(eg_hunt_waiting *waiting, const eg_event_line *place, const eg_event *event,
                        const uint32_t *met, size_t count, size_t offset);
void eg_hunt_waiting_clear(eg_hunt_waiting *waiting);
void eg_hunt_waiting_done(eg_hunt_waiting *waiting);

/* Follows the stream; one thread. */
typedef struct eg_hunt_stream {
    const eg_sigma_set *set;
    eg_sigma_correlator *correlator;
    eg_arena *arena;     /* views of one event */
    uint64_t *rule_hits; /* by rule: those of correlations */
    uint64_t hits;
    uint64_t ns; /* spent in correlating */
} eg_hunt_stream;

int eg_hunt_stream_init(eg_hunt_stream *stream, const eg_sigma_set *set);
void eg_hunt_stream_done(eg_hunt_stream *stream);
/* Appends `matches` to `out`, and among them those of the correlations that are completed. */
int eg_hunt_stream_follow(eg_hunt_stream *stream, const eg_hunt_waiting *waiting,
                          const eg_hunt_format *format, eg_str matches, eg_buf *out);

#endif
