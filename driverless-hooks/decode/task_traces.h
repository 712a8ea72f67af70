/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the task scheduler's own records said lately, joined by name with what was seen in its
 * folder: who registered a task, and which records nothing was ever seen of (a task that is
 * registered and deleted at once). Bounded; of many names the oldest is forgotten. Times are
 * monotonic nanoseconds. Pure; belongs to one thread.
 */
#ifndef EG_DECODE_TASK_TRACES_H
#define EG_DECODE_TASK_TRACES_H

#include "core/event/event.h"

/* A record can precede what it tells of: looked for after 50, 250 and 1,250 ms. */
#define EG_TASK_TRACE_WAIT_MS 1250u

typedef struct eg_task_traces eg_task_traces;

int eg_task_traces_create(eg_task_traces **out);
void eg_task_traces_destroy(eg_task_traces *traces); /* NULL-safe */

/* A record about a task: EG_KIND_TASK_..., or EG_KIND_OTHER for one that is no event by itself. */
void eg_task_traces_record(eg_task_traces *traces, uint64_t now, eg_kind kind, eg_str name,
                           eg_str user);
/*
 * A change of the task was told. Who did it as a record has said, EG_STR_NONE when none has; valid
 * until the next call.
 */
eg_str eg_task_traces_told(eg_task_traces *traces, uint64_t now, eg_str name);

typedef struct eg_task_trace {
    eg_kind kind;
    eg_str name, user; /* valid until the next call */
} eg_task_trace;

/* The next record whose time is over and of which nothing was seen; false when there is none. */
bool eg_task_traces_unseen(eg_task_traces *traces, uint64_t now, eg_task_trace *out);
/* When to look next: the first time that something may have become visible or is over. */
uint64_t eg_task_traces_next(const eg_task_traces *traces, uint64_t now);

#endif
