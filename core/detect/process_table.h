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
    uint64_t create_time, exit_time;    /* FILETIME; exit 0 = runs */
    uint64_t sequence, parent_sequence; /* Windows' numbers, never used again; 0 unknown */
    eg_str image, command_line, user;
    eg_str guid; /* as ProcessGuid has it */
} eg_process;

/*
 * ProcessGuid, in the form of Sysmon's: "{454D4F47-" and 16 digits of creation time, 8 digits of
 * pid, in hexadecimal and grouped as in a GUID. The same process has the same one in every run of
 * the service and in a replay; with the computer's name it is unique everywhere.
 */
#define EG_PROCESS_GUID_SIZE 39
void eg_process_guid_format(uint32_t pid, uint64_t create_time, char out[EG_PROCESS_GUID_SIZE]);

int eg_process_table_create(eg_process_table **out, size_t capacity);
void eg_process_table_destroy(eg_process_table *table); /* NULL-safe */
/* Learns from process_start and process_stop events; others are ignored. */
int eg_process_table_learn(eg_process_table *table, const eg_event *event);
/* The process that had this pid at this moment; NULL unknown. Valid until the next learn. */
const eg_process *eg_process_table_find(const eg_process_table *table, uint32_t pid, uint64_t when);
/*
 * Who started this process, as far as the table remembers; NULL unknown, also when the parent's pid
 * has gone to another process since. `process` is one of the table's.
 */
const eg_process *eg_process_table_parent(const eg_process_table *table, const eg_process *process);
/*
 * Fills what is missing in an event: of a process start ProcessGuid, ParentProcessGuid,
 * ParentImage, ParentCommandLine, ParentUser, GrandParentImage; in others ProcessGuid, Image and
 * User from their pid. Text borrows from the table.
 */
void eg_process_table_complete(const eg_process_table *table, eg_event *event);
size_t eg_process_table_size(const eg_process_table *table);

#endif
