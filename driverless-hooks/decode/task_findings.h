/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three places in which Windows keeps a scheduled task, compared: the file in the scheduler's
 * folder, the key of its name below TaskCache\Tree, the key of its GUID below TaskCache\Tasks. The
 * scheduler runs what the registry holds; people are shown what has a security descriptor there.
 * A task that is not whole in all three was not made by the scheduler, or was hidden afterwards
 * (T1053.005, T1564). Pure functions, any thread.
 */
#ifndef EG_DECODE_TASK_FINDINGS_H
#define EG_DECODE_TASK_FINDINGS_H

#include "core/event/task_xml.h"
#include "driverless-hooks/decode/value_diff.h"

/* What the registry holds, both sealed. */
typedef struct eg_task_cache {
    eg_value_list *tree;  /* "\Folder\Name\Id", "...\Index", "...\SD" */
    eg_value_list *tasks; /* "{GUID}\Path", "...\URI", "...\Author", "...\Actions" */
} eg_task_cache;

/*
 * One value for each task that is odd, sealed: its name, and as data what is odd, between "; ":
 * "no SD", "no Index" (hidden from every list), "Index 0", "no file", "not in Tree", "not in
 * Tasks". full_size also changes with what a task without a file starts. `files` holds a value for
 * each file, named as the task. The caller destroys the list.
 */
int eg_task_findings(const eg_value_list *files, const eg_task_cache *cache, eg_value_list **out);

/*
 * What the registry says of a task: Actions, Author and URI. EG_E_NOTFOUND when it holds none;
 * EG_E_INVALID when Actions cannot be understood, `task` then has what could be.
 */
int eg_task_cache_definition(const eg_task_cache *cache, eg_str name, eg_task_xml *task);

#endif
