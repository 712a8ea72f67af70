/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching events, in all their views, against a ruleset: what hunting and testing rules share.
 * Events are read and matched a few at a time, so that the clock is asked once for all of them and
 * the time it tells is that of matching alone. One thread.
 */
#ifndef EG_CLI_MATCHING_H
#define EG_CLI_MATCHING_H

#include "core/base/mem.h"
#include "core/detect/ruleset.h"
#include "core/event/event_json.h"

#define EG_MATCHING_EVENTS 8

typedef struct eg_matching {
    eg_ruleset *ruleset;
    const eg_sigma_set *set;
    eg_sigma_matcher *matcher;
    eg_event_reader *readers[EG_MATCHING_EVENTS];
    eg_event events[EG_MATCHING_EVENTS];
    size_t count;    /* of events read */
    eg_arena *arena; /* views of the event being matched */
    uint32_t *met;   /* rules, those of one event after those of the one before */
    size_t met_capacity;
    size_t met_end[EG_MATCHING_EVENTS];
    uint64_t match_ns; /* spent in matching so far */
} eg_matching;

/* Takes over the reference to `ruleset`, also on failure. */
int eg_matching_init(eg_matching *matching, eg_ruleset *ruleset);
void eg_matching_done(eg_matching *matching);

/* Reads one more event, at most EG_MATCHING_EVENTS of them. Status of eg_event_read_json. */
int eg_matching_read(eg_matching *matching, eg_str text);
/* Matches all that were read; afterwards the two below tell about event 0 to count - 1. */
int eg_matching_run(eg_matching *matching);
/* Indices of the rules it met, ascending. */
const uint32_t *eg_matching_met(const eg_matching *matching, size_t event, size_t *count);
bool eg_matching_has_met(const eg_matching *matching, size_t event, size_t rule);
/* Forgets the events. */
void eg_matching_clear(eg_matching *matching);

#endif
