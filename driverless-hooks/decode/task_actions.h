/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scheduled task starts, as the registry holds it: the binary value Actions below
 * TaskCache\Tasks\{GUID}. Windows does not document it; the layout is that of the public analyses
 * by cyber.wtf (2022) and GhostTask: version, context, then actions, each with a mark, an id and
 * counted UTF-16LE texts. Pure function, any thread.
 */
#ifndef EG_DECODE_TASK_ACTIONS_H
#define EG_DECODE_TASK_ACTIONS_H

#include "core/event/task_xml.h"

/*
 * Replaces command, arguments, working_directory and com_class of `task` as a definition in XML
 * would have them. EG_E_INVALID with the place when the bytes contradict the layout: what was
 * understood before that place is kept, since a task that starts a program needs only the first.
 */
int eg_task_actions_decode(const void *bytes, size_t size, eg_task_xml *task);

#endif
