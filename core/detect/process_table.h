/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who started whom: running and recently ended processes, keyed by pid and start time, so that a
 * reused pid is never taken for its predecessor. Bounded: the longest-ended leave first. Belongs to
 * the pipeline thread.
 */
#ifndef EG_DETECT_PROCESS_TABLE_H
#define EG_DETECT_PROCESS_TABLE_H

#include "core/base/mem.h"
#include "core/event/event.h"

typedef struct eg_process_table eg_process_table;

typedef struct eg_process {
    uint32_t pid, parent_pid;
    uint64_t create_time, exit_time; /* FILETIME; exit 0 = runs */
    eg_str image, command_line, user;
} eg_process;

int eg_process_table_create(eg_process_table **out, size_t capacity);
void eg_process_table_destroy(eg_process_table *table); /* NULL-safe */
/* Learns from process_start and process_stop events; others are ignored. */
int eg_process_table_learn(eg_process_table *table, const eg_event *event);
/* The process that had this pid at this moment; NULL unknown. Valid until the next learn. */
const eg_process *eg_process_table_find(const eg_process_table *table, uint32_t pid, uint64_t when);
/*
 * Fills what is missing in a process event: ParentImage, ParentCommandLine, ParentUser,
 * GrandParentImage; in others Image and User from their pid. Text borrows from the table.
 */
void eg_process_table_complete(const eg_process_table *table, eg_event *event);
size_t eg_process_table_size(const eg_process_table *table);

#endif
