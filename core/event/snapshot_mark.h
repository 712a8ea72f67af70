/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks that travel among the events of a sensor and tell where a snapshot begins and ends, so that
 * whoever compares snapshots knows what is gone. Marks are for the service alone: no rule sees one.
 * Pure functions but for the clock, any thread; a mark borrows its texts.
 */
#ifndef EG_EVENT_SNAPSHOT_MARK_H
#define EG_EVENT_SNAPSHOT_MARK_H

#include "core/event/event.h"

typedef enum eg_snapshot_step {
    EG_SNAPSHOT_NONE,   /* no mark: an event */
    EG_SNAPSHOT_BEGIN,  /* what exists is told from here on */
    EG_SNAPSHOT_CHECK,  /* the same, only to compare: what is known is no matter for rules */
    EG_SNAPSHOT_LISTED, /* all that exists below a name has been told: what was not is gone */
    EG_SNAPSHOT_END,
    EG_SNAPSHOT_FAILED, /* an end after which nothing is known to be gone */
} eg_snapshot_step;

/* `prefix` is what the names of the listed objects begin with; only for EG_SNAPSHOT_LISTED. */
void eg_snapshot_mark(eg_event *event, eg_snapshot_step step, eg_str sensor, eg_str prefix);

eg_snapshot_step eg_snapshot_step_of(const eg_event *event);
eg_str eg_snapshot_sensor(const eg_event *mark);
eg_str eg_snapshot_prefix(const eg_event *mark);

#endif
