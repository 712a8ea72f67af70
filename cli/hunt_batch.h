/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few hundred lines of events that travel together, and what came of them: the text to print, in
 * the order of the lines. A batch belongs to one thread at a time: first to the one that reads,
 * then to a hunter's, then to the one that writes.
 */
#ifndef EG_CLI_HUNT_BATCH_H
#define EG_CLI_HUNT_BATCH_H

#include "cli/hunt_correlation.h"
#include "cli/hunt_format.h"
#include "cli/matching.h"

#define EG_HUNT_BATCH_LINES 512
#define EG_HUNT_BATCH_BYTES ((size_t)256 * 1024)

typedef struct eg_hunt_line {
    size_t offset, length; /* in the batch's text */
    bool broken;           /* the text is not the line but what is wrong with it */
    eg_event_line place;   /* without its text */
} eg_hunt_line;

typedef struct eg_hunt_batch {
    eg_buf text;
    eg_hunt_line lines[EG_HUNT_BATCH_LINES];
    size_t count;
    /* what came of them */
    eg_buf matches;          /* for standard output */
    eg_buf complaints;       /* about broken lines, for standard error */
    eg_hunt_waiting waiting; /* events for the correlations */
    uint64_t events, broken, hits;
    int status; /* EG_OK, or why the batch could not be worked off; said in complaints */
} eg_hunt_batch;

int eg_hunt_batch_create(eg_hunt_batch **out);
void eg_hunt_batch_destroy(eg_hunt_batch *batch); /* NULL-safe */
void eg_hunt_batch_clear(eg_hunt_batch *batch);
bool eg_hunt_batch_is_full(const eg_hunt_batch *batch);
/* Copies the line, or with `broken` set what was wrong with it; EG_E_NOMEM. */
int eg_hunt_batch_add(eg_hunt_batch *batch, const eg_event_line *line, bool broken);

/* Works batches off, one after the other, on its own thread. */
typedef struct eg_hunter {
    eg_matching matching;
    const eg_hunt_format *format; /* borrowed */
    const char *const *paths;     /* borrowed: the names of the files */
    uint64_t *rule_hits;          /* by rule */
} eg_hunter;

/* Takes over the reference to `ruleset`, also on failure. */
int eg_hunter_init(eg_hunter *hunter, eg_ruleset *ruleset, const eg_hunt_format *format,
                   const char *const *paths);
void eg_hunter_done(eg_hunter *hunter);
void eg_hunter_work(eg_hunter *hunter, eg_hunt_batch *batch);

#endif
