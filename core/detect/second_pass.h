/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events whose rules want facts of a file. No event waits for those: the pipeline decides at once
 * every rule that can do without (slow_rules.h) and leaves the event here; a worker finds the facts
 * out and hands the event back, marked EG_EVENT_SECOND_PASS, to be fed once more for the other
 * rules. Bounded: what does not fit is not taken, and the pipeline decides all of it at once.
 * Taking: the pipeline thread. Running: the worker. The rest: any thread.
 */
#ifndef EG_DETECT_SECOND_PASS_H
#define EG_DETECT_SECOND_PASS_H

#include "core/detect/file_reader.h"

typedef struct eg_second_pass eg_second_pass;

typedef struct eg_second_pass_options {
    eg_file_reader *reader; /* the worker's alone; must outlive the second pass */
    size_t capacity;        /* events that may wait */
    void *user;
    /*
     * Takes a copy of the event, on the worker thread. Any failure means that there is no room now:
     * the worker waits a little and comes again.
     */
    int (*done)(void *user, const eg_event *event);
} eg_second_pass_options;

typedef struct eg_second_pass_counts {
    uint64_t waiting;   /* now */
    uint64_t not_taken; /* too many waited, or no memory: decided without the facts */
} eg_second_pass_counts;

int eg_second_pass_create(const eg_second_pass_options *options, eg_second_pass **out);
void eg_second_pass_destroy(eg_second_pass *pass); /* NULL-safe; frees what still waits */
/* Copies the event. EG_OK, or it was not taken (counted). */
int eg_second_pass_take(eg_second_pass *pass, const eg_event *event, uint32_t wanted);
void eg_second_pass_run(eg_second_pass *pass);  /* the worker: returns after a stop */
void eg_second_pass_stop(eg_second_pass *pass); /* does not wait; what waits stays undecided */
void eg_second_pass_counts_get(eg_second_pass *pass, eg_second_pass_counts *out);

#endif
