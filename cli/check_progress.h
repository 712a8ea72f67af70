/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a check is: percentage, what it is looking at, time left. On a terminal one line that is
 * rewritten twice a second; for a program that started the check, one JSON object a line on
 * standard error: {"percent","phase","item","left_seconds"}; the last two may be null. The thread
 * that looks steps it; one thread.
 */
#ifndef EG_CLI_CHECK_PROGRESS_H
#define EG_CLI_CHECK_PROGRESS_H

#include "core/base/str.h"

typedef enum eg_check_phase {
    EG_CHECK_PHASE_RULES,
    EG_CHECK_PHASE_SENSORS,
    EG_CHECK_PHASE_PROCESSES,
    EG_CHECK_PHASE_FOLDERS,
    EG_CHECK_PHASE_FILES,
    EG_CHECK_PHASE_MEMORY,
    EG_CHECK_PHASE_REPORT,
    EG_CHECK_PHASE_COUNT,
} eg_check_phase;

typedef enum eg_check_progress_form {
    EG_CHECK_PROGRESS_NONE,
    EG_CHECK_PROGRESS_LINE, /* for people */
    EG_CHECK_PROGRESS_JSON,
} eg_check_progress_form;

typedef struct eg_check_progress {
    eg_check_progress_form form;
    bool asked[EG_CHECK_PHASE_COUNT]; /* phases of this check; RULES and REPORT always are */
    eg_check_phase phase;
    unsigned percent; /* never goes back */
    uint64_t start_ns, next_ns;
    size_t width; /* of what stands on the line now */
} eg_check_progress;

void eg_check_progress_begin(eg_check_progress *progress, eg_check_progress_form form,
                             uint64_t now_ns);
/*
 * `done` of `total` things of this phase; total 0: unknown. Gives the percentage of the whole, and
 * the seconds left: -1 while nobody can say.
 */
unsigned eg_check_progress_at(eg_check_progress *progress, eg_check_phase phase, uint64_t done,
                              uint64_t total, uint64_t now_ns, int64_t *left_seconds);
/* The same, and shows it where a look is due. `item` is what is looked at now; may be NONE. */
void eg_check_progress_show(eg_check_progress *progress, eg_check_phase phase, uint64_t done,
                            uint64_t total, eg_str item);
/* The line that EG_CHECK_PROGRESS_JSON prints. */
void eg_check_progress_json(eg_buf *out, unsigned percent, eg_check_phase phase, eg_str item,
                            int64_t left_seconds);
void eg_check_progress_end(eg_check_progress *progress); /* takes the line away */

#endif
