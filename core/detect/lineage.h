/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line of processes that led to an event: its own process or the one that wrote, the process
 * that started it, and so on up to the root. Texts borrow from the process table and the event.
 */
#ifndef EG_DETECT_LINEAGE_H
#define EG_DETECT_LINEAGE_H

#include "core/detect/process_table.h"

#define EG_LINEAGE_MAX 12

typedef struct eg_lineage {
    eg_process process[EG_LINEAGE_MAX]; /* entry 0 is the event's own process or its writer */
    size_t count;                       /* 0: the event names no process */
} eg_lineage;

/*
 * `event` is completed by eg_process_table_complete. Where the table does not know a process, what
 * the event itself says of it and of its parent is used.
 */
void eg_lineage_of(const eg_process_table *table, const eg_event *event, eg_lineage *out);

#endif
