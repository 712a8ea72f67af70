/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preallocated memory between the ETW callback, which may do nothing but copy, and the worker that
 * decodes. Any writers, one reader. A record that does not fit is dropped and counted.
 */
#ifndef EG_DECODE_ETW_RING_H
#define EG_DECODE_ETW_RING_H

#include "driverless-hooks/decode/etw_record.h"

/* No ETW record is larger; one that claims to be is dropped and counted. */
#define EG_ETW_RING_PAYLOAD_MAX (64u * 1024)

typedef struct eg_etw_ring eg_etw_ring;

int eg_etw_ring_create(eg_etw_ring **out, size_t size); /* bytes, at least one record's */
void eg_etw_ring_destroy(eg_etw_ring *ring);            /* NULL-safe; nobody waits any more */
/* EG_OK or EG_E_LIMIT; never blocks for longer than the reader copies one record. */
int eg_etw_ring_push(eg_etw_ring *ring, const eg_etw_record *record);
/*
 * Takes the oldest record: EG_OK, or EG_E_TIMEOUT when none came for so long. The payload lies in
 * the ring object and is valid until the next pop.
 */
int eg_etw_ring_pop(eg_etw_ring *ring, eg_etw_record *record, uint32_t milliseconds);
void eg_etw_ring_wake(eg_etw_ring *ring); /* lets a waiting pop return EG_E_TIMEOUT early */
uint64_t eg_etw_ring_dropped(eg_etw_ring *ring);
size_t eg_etw_ring_used(eg_etw_ring *ring); /* bytes that wait to be popped */

#endif
