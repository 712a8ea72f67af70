/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check of a whole PC: what exists now, told by every sensor, goes through the rules; images,
 * DLLs, autostart targets and files in the folders where mail and browsers drop them are gathered
 * to be looked at; what may not be looked at becomes a gap. win32/check_pc.c gathers; elsewhere
 * there is nothing to gather. Belongs to the thread that runs the check; another may read report
 * and gaps under the lock.
 */
#ifndef EG_CLI_CHECK_PC_H
#define EG_CLI_CHECK_PC_H

#include "cli/check_files.h"
#include "cli/check_findings.h"
#include "cli/check_gaps.h"
#include "cli/check_progress.h"
#include "core/detect/ruleset.h"

typedef struct eg_check_pc {
    eg_ruleset_slot *rules; /* full */
    bool memory;            /* gather processes, too */
    eg_check_progress *progress;
    eg_mutex *lock; /* held while report, gaps or stories are changed */
    eg_check_report *report;
    eg_check_gaps *gaps;
    eg_check_stories *stories;
    eg_check_files *files;
    const eg_exception_list *exceptions; /* of this PC; NULL: none */
} eg_check_pc;

/* EG_E_UNSUPPORTED elsewhere than on Windows, EG_E_CLOSED when the check was cancelled. */
int eg_check_pc_gather(eg_check_pc *pc);
/* Can this system check a whole PC? */
bool eg_check_pc_possible(void);

/* The last failure of this thread is the technical detail. */
int eg_check_pc_add_failure(eg_check_pc *pc, eg_check_area_id area, eg_str what,
                            eg_check_reason reason);
/* The same as those of the report and the gaps, under the lock. */
int eg_check_pc_add_gap(eg_check_pc *pc, eg_check_area_id area, eg_str what, eg_check_reason reason,
                        eg_str why);
void eg_check_pc_looked(eg_check_pc *pc, eg_check_area_id area, uint64_t count);
/* Shows the progress; EG_E_CLOSED when the check was cancelled. */
int eg_check_pc_step(eg_check_pc *pc, eg_check_phase phase, uint64_t done, uint64_t total,
                     eg_str item);

#endif
