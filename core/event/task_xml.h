/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduled-task definitions (the XML of System32\Tasks, ITaskService and events 4698/4702),
 * parsed with expat: never DTDs, entities or more than EG_TASK_XML_MAX bytes. Pure, any thread.
 */
#ifndef EG_EVENT_TASK_XML_H
#define EG_EVENT_TASK_XML_H

#include "core/base/mem.h"
#include "core/event/event.h"

#define EG_TASK_XML_MAX (512u * 1024)

typedef struct eg_task_xml {
    eg_buf command;   /* first Exec/Command; further ones are appended after "; " */
    eg_buf arguments; /* the same for Exec/Arguments */
    eg_buf working_directory;
    eg_buf com_class; /* ComHandler/ClassId */
    eg_buf triggers;  /* names in order: "LogonTrigger, TimeTrigger" */
    eg_buf user_id;   /* Principal/UserId or GroupId */
    eg_buf run_level; /* "HighestAvailable", "LeastPrivilege", "" */
    eg_buf author;
    eg_buf uri;
    bool hidden;
    bool enabled;
} eg_task_xml;

void eg_task_xml_init(eg_task_xml *task);
void eg_task_xml_done(eg_task_xml *task);
/* `xml` is UTF-8 or UTF-16 with a byte-order mark. EG_E_INVALID with line and reason. */
int eg_task_xml_parse(const void *xml, size_t size, eg_task_xml *task);
/*
 * Fills the missing fields of a scheduled_task event: Command, Arguments, WorkingDirectory,
 * Triggers, UserId, RunLevel, Author, ClassId (those that are not empty) and Hidden. Texts are
 * copied into `arena`; what does not fit there stays missing.
 */
void eg_task_xml_fill(const eg_task_xml *task, eg_arena *arena, eg_event *event);

#endif
