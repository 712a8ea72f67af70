/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler's folder and its registry compared again and again: a task that is odd
 * (eg_task_findings) is told when two looks in succession find the same, since the scheduler writes
 * one place after the other. A review belongs to one thread; the snapshot needs none.
 */
#ifndef EG_TASK_REVIEW_H
#define EG_TASK_REVIEW_H

#include "driverless-hooks/task_report.h"

#include <windows.h>

/* Between the two looks that a finding needs. */
#define EG_TASK_REVIEW_AGAIN_MS 1500u

typedef struct eg_task_review {
    eg_value_list *seen; /* findings of the last look; NULL before the first */
    eg_value_list *told; /* findings that were told, or that the first look had */
} eg_task_review;        /* of zeroes at first */

void eg_task_review_done(eg_task_review *review);

/*
 * One look: tells what is new since the first, as task_updated, or task_registered for a task
 * without a file. `known` lists the files. `*again` when another look is due. EG_E_NOTFOUND where
 * there is no TaskCache.
 */
int eg_task_review_look(eg_task_review *review, const eg_sink *sink, eg_event_text *text,
                        const eg_value_list *known, bool *again);

/*
 * Tells every task there is, marked as existing. Waits between two looks; EG_E_CLOSED when `stop`
 * comes.
 */
int eg_task_review_snapshot(const eg_sink *sink, eg_event_text *text, HANDLE stop);

#endif
