/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes run, as far as a sensor has seen: what a stop event needs to say of a process
 * that is gone, and what keeps two sources from reporting one start twice. Keyed by pid; the
 * creation time tells a reused pid apart. Not synchronised.
 */
#ifndef EG_DECODE_PROCESS_TABLE_H
#define EG_DECODE_PROCESS_TABLE_H

#include "core/base/str.h"

typedef struct eg_process_entry {
    uint32_t pid;
    uint64_t create_time; /* FILETIME */
    bool exact;           /* create_time is the process' own, not when we heard of it */
    char *image;          /* owned by the table; NULL unknown */
    char *user;           /* likewise */
    bool seen;            /* for eg_process_table_sweep */
} eg_process_entry;

typedef struct eg_process_table eg_process_table;

int eg_process_table_create(eg_process_table **out);
void eg_process_table_destroy(eg_process_table *table); /* NULL-safe */

/* The entry of this pid, NULL when there is none; valid until the table changes. */
eg_process_entry *eg_process_table_find(eg_process_table *table, uint32_t pid);
/*
 * Adds an entry or overwrites the one of this pid. `image` and `user` may be absent; lack of
 * memory for them leaves them unknown, for the entry itself it is EG_E_NOMEM.
 */
int eg_process_table_put(eg_process_table *table, uint32_t pid, uint64_t create_time, bool exact,
                         eg_str image, eg_str user);
void eg_process_table_remove(eg_process_table *table, uint32_t pid);

/*
 * Removes every entry whose `seen` is false, after calling `gone` with it, and clears `seen` of
 * the others: one round of polling is: find or put each running process, mark it, sweep.
 */
void eg_process_table_sweep(eg_process_table *table,
                            void (*gone)(void *user, const eg_process_entry *entry), void *user);
size_t eg_process_table_count(const eg_process_table *table);

#endif
