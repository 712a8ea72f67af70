/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry in which the task scheduler keeps what it runs (TaskCache): told of changes, read.
 * A watch belongs to one thread; reading keeps no state.
 */
#ifndef EG_TASK_CACHE_H
#define EG_TASK_CACHE_H

#include "driverless-hooks/decode/task_findings.h"

#include <windows.h>

/*
 * Reads names, GUIDs and actions. EG_E_NOTFOUND where there is no TaskCache, EG_E_DENIED without
 * the rights to read it, EG_E_LIMIT when it holds more than any machine has tasks.
 */
int eg_task_cache_read(eg_task_cache *out);
void eg_task_cache_done(eg_task_cache *cache); /* of zeroes: does nothing */

/*
 * Told of new and changed names (Tree), and of new definitions (Tasks). Not of what changes in a
 * definition: there the scheduler itself notes each run.
 */
typedef struct eg_task_cache_watch {
    HKEY tree, tasks;                   /* NULL: not there */
    HANDLE tree_changed, tasks_changed; /* auto-reset; wait for both. NULL: not watched */
    bool tree_armed, tasks_armed;
} eg_task_cache_watch;

/*
 * Of zeroes at first. Opens what is there and asks to be told of the next change, if that is not
 * asked already. EG_E_NOTFOUND where there is no TaskCache.
 */
int eg_task_cache_watch_arm(eg_task_cache_watch *watch);
bool eg_task_cache_watch_take(eg_task_cache_watch *watch); /* true once after a change */
void eg_task_cache_watch_done(eg_task_cache_watch *watch);

#endif
