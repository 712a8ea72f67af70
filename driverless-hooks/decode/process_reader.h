/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the records of both ETW sessions to process events: owns the ring into which the sessions'
 * threads copy, the join, and the text of the event being told. The ring is the one place where a
 * burst waits: its size bounds the memory, what does not fit is counted.
 *
 * Belongs to one thread; only the ring is shared with those of the sessions.
 */
#ifndef EG_DECODE_PROCESS_READER_H
#define EG_DECODE_PROCESS_READER_H

#include "driverless-hooks/decode/etw_ring.h"
#include "driverless-hooks/decode/process_event.h"

typedef struct eg_process_reader_options {
    size_t ring_size; /* bytes */
    /*
     * A start, a stop or, of pair->role EG_ETW_ROLE_PROCESS_RUNNING, a process found running; in
     * the order of arrival. Event and pair are valid during the call; the event may be changed.
     */
    void (*on_event)(void *user, eg_event *event, const eg_process_pair *pair);
    void *user;
} eg_process_reader_options;

typedef struct eg_process_reader eg_process_reader;

int eg_process_reader_create(eg_process_reader **out, const eg_process_reader_options *options);
void eg_process_reader_destroy(eg_process_reader *reader); /* NULL-safe; nobody pushes any more */

eg_etw_ring *eg_process_reader_ring(eg_process_reader *reader);
/* See eg_process_join_expect_provider. */
void eg_process_reader_expect_provider(eg_process_reader *reader, bool expected);
/*
 * Waits at most so long for a record, then tells of those that lie in the ring, a bounded number,
 * and of what has waited long enough for its other half. True when the ring was emptied.
 */
bool eg_process_reader_read(eg_process_reader *reader, uint32_t milliseconds);
/* Tells of everything that is held. */
void eg_process_reader_flush(eg_process_reader *reader);
size_t eg_process_reader_held(const eg_process_reader *reader); /* starts and stops that wait */
/* Records and events lost here: no room in the ring, not as Windows writes them, no memory. */
uint64_t eg_process_reader_lost(const eg_process_reader *reader);
void eg_process_reader_stats(const eg_process_reader *reader, eg_process_join_stats *stats);

#endif
