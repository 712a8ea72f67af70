/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes run, as far as a sensor has seen: what a stop event needs to say of a process
 * that is gone, and what keeps two sources from reporting one start twice. Keyed by pid; the
 * creation time tells a reused pid apart. Bounded: the entry put longest ago leaves. Not
 * synchronised.
 */
#ifndef EG_DECODE_SEEN_TABLE_H
#define EG_DECODE_SEEN_TABLE_H

#include "core/base/str.h"

/* More than ever run at once; reached only while the news of their ends are lost. */
#define EG_SEEN_MOST 32768u

/* What a source knows of the process whose start it tells. */
typedef struct eg_seen_start {
    uint32_t pid;
    uint64_t create_time; /* FILETIME */
    bool exact;           /* create_time is the process' own, not when we heard of it */
    bool recorded;        /* told by the kernel's records, in which every start stands once */
} eg_seen_start;

typedef struct eg_seen_process {
    eg_seen_start start;
    char *image;         /* owned by the table; NULL unknown */
    char *user;          /* likewise */
    uint32_t parent_pid; /* for the caller: put sets both to 0 */
    uint32_t session_id;
    bool seen; /* for eg_seen_table_sweep */
} eg_seen_process;

/*
 * True when a start reported at `reported` can be that of a process created at `created` (both
 * FILETIME). Reports follow the creation, by up to seconds; the two clocks differ by one tick of
 * the system timer. A process created clearly after the report is another one of the same pid.
 */
bool eg_seen_is_start_of(uint64_t reported, uint64_t created);
/*
 * Do the two, of one pid, tell of one process? Where one of the two times is only that of a report,
 * being close has to do; two records are of two processes.
 */
bool eg_seen_is_same(const eg_seen_start *known, const eg_seen_start *told);

typedef struct eg_seen_table eg_seen_table;

int eg_seen_table_create(eg_seen_table **out);
void eg_seen_table_destroy(eg_seen_table *table); /* NULL-safe */

/* The entry of this pid, NULL when there is none; valid until it is removed or put again. */
eg_seen_process *eg_seen_table_find(eg_seen_table *table, uint32_t pid);
/*
 * Adds an entry or overwrites the one of this pid. `image` and `user` may be absent; lack of
 * memory for them leaves them unknown, for the entry itself it is EG_E_NOMEM.
 */
int eg_seen_table_put(eg_seen_table *table, const eg_seen_start *start, eg_str image, eg_str user);
void eg_seen_table_remove(eg_seen_table *table, uint32_t pid);

/*
 * Removes every entry whose `seen` is false, after calling `gone` with it, and clears `seen` of
 * the others: one round of polling is: find or put each running process, mark it, sweep. In the
 * order in which they were put.
 */
void eg_seen_table_sweep(eg_seen_table *table,
                         void (*gone)(void *user, const eg_seen_process *entry), void *user);
size_t eg_seen_table_count(const eg_seen_table *table);

#endif
