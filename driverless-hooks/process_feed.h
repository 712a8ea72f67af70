/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the process sources meet: what a source saw is completed from the running system, told
 * apart from what another source saw already, and emitted. Owns the table of running processes.
 * All functions are safe from any thread; the sink is called under the feed's lock.
 */
#ifndef EG_PROCESS_FEED_H
#define EG_PROCESS_FEED_H

#include "driverless-hooks/sensor.h"

typedef struct eg_process_feed eg_process_feed;

int eg_process_feed_create(eg_process_feed **out, const eg_sink *sink);
void eg_process_feed_destroy(eg_process_feed *feed); /* NULL-safe; no source runs any more */
/* For what a source has to tell beside processes; lives as long as the feed. */
const eg_sink *eg_process_feed_sink(const eg_process_feed *feed);

/*
 * `seen` is a PROCESS_START with pid, time and what else the source knows; `user_sid` (may be
 * absent) are the bytes of its user's SID. Does nothing when this start is known already.
 */
void eg_process_feed_start(eg_process_feed *feed, const eg_event *seen, eg_str user_sid);
/* `seen` is a PROCESS_STOP with pid and time. Does nothing for an unknown process. */
void eg_process_feed_stop(eg_process_feed *feed, const eg_event *seen);

typedef struct eg_process_poll {
    uint32_t started; /* starts that were news */
    uint32_t waiting; /* new processes too young to be read: poll again in a moment */
} eg_process_poll;

/*
 * Compares the process list with the table and emits the differences; the first call only fills
 * the table. Sources without notifications call it all the time, the others now and then, to find
 * what they missed. `result` may be NULL.
 */
int eg_process_feed_poll(eg_process_feed *feed, eg_process_poll *result);

/* Emits every running process, marked existing. */
int eg_process_feed_snapshot(eg_process_feed *feed);

#endif
