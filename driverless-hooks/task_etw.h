/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task scheduler's own ETW records (106, 129, 140, 141, 142, 200): who registered a task, and
 * what one has started. Any process can imitate this provider: a record counts only when it was
 * written by a svchost of Windows. Belongs to one thread.
 */
#ifndef EG_TASK_ETW_H
#define EG_TASK_ETW_H

#include "core/event/event.h"
#include "driverless-hooks/decode/event_text.h"

typedef struct eg_task_etw eg_task_etw;

/* The errors of eg_provider_feed_join. */
int eg_task_etw_open(eg_task_etw **out);
void eg_task_etw_close(eg_task_etw *etw); /* NULL-safe */

void eg_task_etw_flush(eg_task_etw *etw); /* what Windows still holds comes at once */
/*
 * The next record as an event with TaskName, its texts in `text`: kind TASK_REGISTERED, _UPDATED,
 * _REMOVED (evidence for what the folder shows), TASK_STARTED, or OTHER for 142. False when there
 * is none; never waits.
 */
bool eg_task_etw_next(eg_task_etw *etw, eg_event_text *text, eg_event *event);
/* EG_OK while records arrive; else why not. `lost` counts records that did not arrive. */
int eg_task_etw_check(eg_task_etw *etw, uint64_t *lost);

/* True when the process runs the svchost.exe of this Windows. */
bool eg_task_etw_is_scheduler(uint32_t pid, eg_event_text *text);

#endif
