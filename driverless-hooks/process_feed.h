/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the process sources meet: what a source saw is completed from the running system, told
 * apart from what another source saw already, and emitted. Owns the table of running processes.
 * All functions are safe from any thread; the sink is called under the feed's lock.
 */
#ifndef EG_PROCESS_FEED_H
#define EG_PROCESS_FEED_H

#include "driverless-hooks/sensor.h"

#include <windows.h>

typedef struct eg_process_feed eg_process_feed;

int eg_process_feed_create(eg_process_feed **out, const eg_sink *sink);
void eg_process_feed_destroy(eg_process_feed *feed); /* NULL-safe; no source runs any more */
/* For what a source has to tell beside processes; lives as long as the feed. */
const eg_sink *eg_process_feed_sink(const eg_process_feed *feed);

/* How a source has come to know of a start. */
enum {
    EG_PROCESS_RECORDED = 1 << 0, /* by the kernel's records, in which every start stands once */
    /*
     * Much waits behind it: the running system is asked only for what the records do not have. So
     * a burst is told in full, without what would take a look at each process.
     */
    EG_PROCESS_HURRY = 1 << 1,
    /* Told before with less: told again although it is known, without a second entry. */
    EG_PROCESS_AGAIN = 1 << 2,
};

/*
 * `seen` is a PROCESS_START with pid, time and what else the source knows; `user_sid` (may be
 * absent) are the bytes of its user's SID; `how` is of EG_PROCESS_.... Does nothing when this start
 * is known already, unless it is told again.
 */
void eg_process_feed_start(eg_process_feed *feed, const eg_event *seen, eg_str user_sid,
                           unsigned how);
/* The same for a process found running: one that is unknown has started a moment ago. */
void eg_process_feed_running(eg_process_feed *feed, const eg_event *seen, eg_str user_sid);
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
/*
 * The same for a source that is told of every start: leaves out those of the last two seconds, of
 * which it may still be told.
 */
int eg_process_feed_resync(eg_process_feed *feed, eg_process_poll *result);

/* Emits every running process, marked existing, until `stop` (an event) is signalled. */
int eg_process_feed_snapshot(eg_process_feed *feed, HANDLE stop);

#endif
