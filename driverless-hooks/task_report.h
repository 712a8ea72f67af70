/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One scheduled task as an event: its definition read from the scheduler's folder or, where no
 * file is, from the registry. Keeps no state; the texts live in the caller's eg_event_text.
 */
#ifndef EG_TASK_REPORT_H
#define EG_TASK_REPORT_H

#include "driverless-hooks/decode/event_text.h"
#include "driverless-hooks/decode/task_findings.h"
#include "driverless-hooks/sensor.h"

typedef struct eg_task_news {
    eg_kind kind; /* EG_KIND_TASK_REGISTERED, _UPDATED or _REMOVED */
    uint32_t flags;
    eg_str name;                /* "\Folder\Name" */
    eg_str user;                /* who did it, EG_STR_NONE: unknown */
    eg_str findings;            /* what is odd (eg_task_findings), EG_STR_NONE: nothing */
    const eg_task_cache *cache; /* to read a task without a file from; may be NULL */
} eg_task_news;

/*
 * Emits the news. EG_E_INVALID when the definition in the file cannot be parsed and `insist` is
 * false: nothing is emitted then. With it the event leaves with what could be read.
 */
int eg_task_report(const eg_sink *sink, eg_event_text *text, const eg_task_news *news, bool insist);

#endif
