/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts together what two ETW sessions tell of one process start or stop: the kernel logger knows
 * command line and user, Kernel-Process knows full path, exact creation time, integrity and
 * sequence numbers. The two records are written by the same thread less than a microsecond apart,
 * but arrive in either order on different threads.
 *
 * Everything leaves in the order in which the first record of it came, and once. Nothing waits for
 * longer than the pair's other record may be on its way; then it leaves with what came. When the
 * other record of a start comes after all, the start leaves again, whole.
 * Bounded in records and bytes. Pure: the caller says what time it is. Belongs to one thread.
 */
#ifndef EG_DECODE_PROCESS_JOIN_H
#define EG_DECODE_PROCESS_JOIN_H

#include "driverless-hooks/decode/etw_decode.h"

/*
 * How long a record waits for the other one. While one waits, both sessions are flushed every 5 ms:
 * after so many flushes it was lost, or a thread was not scheduled for 0.1 s. An alert that waits
 * so long still comes before a person can react.
 */
#define EG_PROCESS_JOIN_WAIT_MS 100u
/* The same while records wait to be read: the other one may be among them. */
#define EG_PROCESS_JOIN_WAIT_MOST_MS 2000u

typedef struct eg_process_half {
    eg_etw_record record;
    eg_etw_decoded decoded; /* a process; borrows from the record */
} eg_process_half;

/* One start, stop or process found running. One of the halves may be missing, never both. */
typedef struct eg_process_pair {
    eg_etw_role role;
    const eg_process_half *kernel;   /* of the kernel logger */
    const eg_process_half *provider; /* of Microsoft-Windows-Kernel-Process */
    bool again;                      /* it left before, with one half */
} eg_process_pair;

typedef struct eg_process_join_options {
    size_t held_max;  /* starts and stops; the oldest leaves with what came when there are more */
    size_t bytes_max; /* of their payloads */
    /* The pair and all it points at are valid during the call. Must not call the join. */
    void (*on_pair)(void *user, const eg_process_pair *pair);
    void *user;
} eg_process_join_options;

typedef struct eg_process_join_stats {
    uint64_t joined;        /* left with both halves */
    uint64_t kernel_only;   /* left without the other half although it was expected */
    uint64_t provider_only; /* likewise */
    uint64_t forced;        /* of these: left early, for lack of room */
    uint64_t late;          /* halves that came after theirs had left, and records told twice */
    uint64_t completed;     /* starts that left again, whole */
    uint64_t malformed;     /* records that contradict their layout */
    size_t held_most;       /* at any time */
    size_t bytes_most;      /* of the payloads held and kept, at any time */
} eg_process_join_stats;

typedef struct eg_process_join eg_process_join;

int eg_process_join_create(eg_process_join **out, const eg_process_join_options *options);
void eg_process_join_destroy(eg_process_join *join); /* NULL-safe; what is held is dropped */

/*
 * Whether the provider's session runs. While it does not, nothing waits for it; at first it does
 * not.
 */
void eg_process_join_expect_provider(eg_process_join *join, bool expected);
/*
 * Takes one record at the time `now` (monotonic ns). Records that tell of no process start, stop or
 * rundown are ignored. Never fails: without memory the record leaves at once.
 */
void eg_process_join_add(eg_process_join *join, const eg_etw_record *record, uint64_t now);
/*
 * Lets go of what has waited long enough at `now`; `drained`: no record waits to be added.
 */
void eg_process_join_expire(eg_process_join *join, uint64_t now, bool drained);
void eg_process_join_flush(eg_process_join *join); /* lets go of everything */

/* Milliseconds until something has waited long enough; UINT32_MAX when nothing is held. */
uint32_t eg_process_join_due(const eg_process_join *join, uint64_t now);
size_t eg_process_join_held(const eg_process_join *join);  /* starts and stops */
size_t eg_process_join_bytes(const eg_process_join *join); /* of these and of kept halves */
void eg_process_join_stats_get(const eg_process_join *join, eg_process_join_stats *stats);

#endif
