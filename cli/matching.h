/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching one event, in all its views, against a ruleset: what `hunt` and `rules test` share.
 * One thread.
 */
#ifndef EG_CLI_MATCHING_H
#define EG_CLI_MATCHING_H

#include "core/base/mem.h"
#include "core/detect/ruleset.h"
#include "core/event/event_json.h"

typedef struct eg_matching {
    eg_ruleset *ruleset;
    const eg_sigma_set *set;
    eg_sigma_matcher *matcher;
    eg_event_reader *reader;
    eg_arena *arena;    /* views of the current event */
    uint32_t *met;      /* indices of the rules met by the current event, ascending */
    size_t met_count;
    uint64_t match_ns;  /* spent in matching so far */
} eg_matching;

/* Takes over the reference to `ruleset`, also on failure. */
int eg_matching_init(eg_matching *matching, eg_ruleset *ruleset);
void eg_matching_done(eg_matching *matching);
/* Reads one line as an event (valid until the next) and fills met. Status of eg_event_read_json. */
int eg_matching_line(eg_matching *matching, eg_str line, eg_event *event);

#endif
