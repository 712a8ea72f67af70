/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder in which the task scheduler keeps its definitions, one XML file a task: told of
 * changes, listed, read. Windows' registry copy (TaskCache) is watched too, only as a second bell.
 * Belongs to one thread, except for reading, which keeps no state.
 */
#ifndef EG_TASK_FOLDER_H
#define EG_TASK_FOLDER_H

#include "driverless-hooks/decode/value_diff.h"

#include <windows.h>

typedef struct eg_task_folder eg_task_folder;

/* EG_E_NOTFOUND or EG_E_DENIED when the folder cannot be watched. */
int eg_task_folder_open(eg_task_folder **out);
void eg_task_folder_close(eg_task_folder *folder); /* NULL-safe */

/* Events that are signalled after a change: of the folder, of the registry (NULL: not watched). */
HANDLE eg_task_folder_changed(const eg_task_folder *folder);
HANDLE eg_task_folder_cache_changed(const eg_task_folder *folder);
/*
 * Asks to be told of the next change, if that is not asked yet. Call before listing, so that
 * nothing falls in between.
 */
int eg_task_folder_arm(eg_task_folder *folder);

/*
 * Every task now: names as the scheduler has them ("\Folder\Name"), the data a stamp that differs
 * when the file was written. Sealed; the caller destroys the list.
 */
int eg_task_folder_list(eg_value_list **out);
/* Appends the file of a task as it is, at most EG_TASK_XML_MAX bytes. */
int eg_task_folder_read(eg_str task_name, eg_buf *out);

#endif
