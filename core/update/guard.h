/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches a pack while it is on trial: does it flood people with hits, does it make matching much
 * slower than the pack before? Plain arithmetic on counters that others keep; a plain struct, one
 * thread.
 */
#ifndef EG_UPDATE_GUARD_H
#define EG_UPDATE_GUARD_H

#include "core/update/release.h"

#define EG_GUARD_HITS_PER_MINUTE 1000u /* that a pack without a limit of its own may have */
#define EG_GUARD_SLOWDOWN 5u           /* likewise: times the matching time before */
/* Fewer events than that say nothing about speed, nor does a time below this for one of them. */
#define EG_GUARD_EVENTS_MIN 200u
#define EG_GUARD_EVENT_NS UINT64_C(200000)

/* Since the service started; counters only grow. */
typedef struct eg_guard_sample {
    uint64_t time_ns; /* monotonic */
    uint64_t hits;    /* all of them, shown or not */
    uint64_t events;  /* matched */
    uint64_t busy_ns; /* spent on that */
} eg_guard_sample;

typedef struct eg_guard {
    eg_release_guard limits;
    eg_guard_sample start;  /* of the trial */
    eg_guard_sample minute; /* of the minute that runs */
    uint64_t event_ns;      /* one event before the trial; 0: not known */
} eg_guard;

/* `before` is what the pack before has done until now. */
void eg_guard_begin(eg_guard *guard, const eg_release_guard *limits, const eg_guard_sample *before);
/* False when the pack must go; `reason` then says why, with the figures. */
bool eg_guard_look(eg_guard *guard, const eg_guard_sample *now, char *reason, size_t size);

#endif
