/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder in which the task scheduler keeps its definitions, one XML file a task: listed, read.
 * Keeps no state; any thread.
 */
#ifndef EG_TASK_FOLDER_H
#define EG_TASK_FOLDER_H

#include "driverless-hooks/decode/value_diff.h"

/* "C:\Windows\System32\Tasks", the real one: we are a 64-bit program. Replaces what is in `out`. */
int eg_task_folder_path(eg_buf *out);
/*
 * Every task now: names as the scheduler has them ("\Folder\Name"), the data a stamp that differs
 * when the file was written. Sealed; the caller destroys the list.
 */
int eg_task_folder_list(eg_value_list **out);
/* Appends the file of a task as it is, at most EG_TASK_XML_MAX bytes. */
int eg_task_folder_read(eg_str task_name, eg_buf *out);

#endif
