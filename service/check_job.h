/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One check of this PC from the start of its process to its verdict. The process is not trusted: it
 * may hang, talk without end, print nonsense, die, or write a report that does not fit its exit
 * code; each of that is a failed check with a reason. Blocks its thread until the end.
 */
#ifndef EG_SERVICE_CHECK_JOB_H
#define EG_SERVICE_CHECK_JOB_H

#include "core/ipc/message.h"

typedef enum eg_check_order { EG_CHECK_GO_ON, EG_CHECK_STOP_SOON, EG_CHECK_END_NOW } eg_check_order;

typedef struct eg_check_job {
    const char *program, *rules, *reports, *language; /* as in eg_check_runner_options */
    uint32_t silence_ms, longest_ms, stop_ms;
    uint64_t output_max; /* bytes */
    void *user;
    eg_check_order (*order)(void *user, uint32_t wait_ms);     /* waits for one, at most so long */
    void (*progress)(void *user, const eg_check_state *state); /* a few times a second */
} eg_check_job;

/*
 * Fills `state`, all but its texts, which go into `report` and `error`. The state is DONE, FAILED
 * or CANCELLED; false when it was ended before any of that.
 */
bool eg_check_job_run(const eg_check_job *job, eg_check_state *state, eg_buf *report,
                      eg_buf *error);

#endif
