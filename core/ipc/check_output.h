/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `emoguard check --progress json` tells the program that started it: lines on its standard
 * error, and the report as JSON. Both are hostile input: lines are bounded, what is no progress is
 * a complaint, of which the last is kept for people. One thread; the owner calls done.
 */
#ifndef EG_IPC_CHECK_OUTPUT_H
#define EG_IPC_CHECK_OUTPUT_H

#include "core/ipc/message.h"

#define EG_CHECK_LINE_MAX 16384u
#define EG_CHECK_ITEM_MAX 512u
#define EG_CHECK_COMPLAINT_MAX 300u

typedef struct eg_check_output {
    uint64_t lines; /* of progress so far */
    uint32_t percent;
    eg_check_phase phase;
    uint32_t left_seconds;
    eg_buf item;
    eg_buf complaint;
    eg_buf line; /* the one that has not ended yet */
    bool too_long;
} eg_check_output;

void eg_check_output_init(eg_check_output *output);
void eg_check_output_done(eg_check_output *output);
/* Takes what the check has written next. A line that is too long is passed over whole. */
void eg_check_output_feed(eg_check_output *output, eg_str bytes);
/*
 * Verdict, findings and gaps of a report into `state`. EG_E_INVALID for anything that is no report
 * of a check.
 */
int eg_check_output_report(eg_str json, eg_check_state *state);

#endif
