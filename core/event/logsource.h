/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma log sources: which events a rule's `logsource` covers, and the views of one event.
 *
 * The table follows SigmaHQ's own mapping (tests/thor.yml): process_creation is Sysmon 1 or
 * Security 4688, and so on; plus our categories scheduled_task, amsi and emoguard.
 *
 * What one sensor saw may have several log sources with different field names: a registered task is
 * our scheduled_task, TaskScheduler/Operational 106 and Security 4698; a service is System 7045 and
 * Security 4697. eg_event_views turns one event into all of them, so that each rule sees the names
 * it was written for. Recorded Security 4698/4702 events get the scheduled_task view with the
 * fields parsed out of TaskContent, and 4688 the Sysmon names Image and ParentImage.
 */
#ifndef EG_EVENT_LOGSOURCE_H
#define EG_EVENT_LOGSOURCE_H

#include "core/base/mem.h"
#include "core/event/event.h"

/* A resolved logsource: small number that events can be tested against; see eg_logsource_find. */
typedef uint16_t eg_logsource;
#define EG_LOGSOURCE_ANY ((eg_logsource)0)

/*
 * `product`, `category`, `service` as the rule wrote them, EG_STR_NONE when absent.
 * EG_E_UNSUPPORTED with the reason for another product, EG_E_NOTFOUND for a category or service
 * that no event of ours or of a Windows log carries (the rule is then inert, not wrong).
 */
int eg_logsource_find(eg_str product, eg_str category, eg_str service, eg_logsource *out);
bool eg_logsource_covers(eg_logsource logsource, const eg_event *event);
size_t eg_logsource_count(void); /* valid values are 0 .. count - 1 */
/* Name for people: "process_creation", "security", "any". */
const char *eg_logsource_name(eg_logsource logsource);
/* True when a sensor of this build can make events for it; else rules on it are inert live. */
bool eg_logsource_has_sensor(eg_logsource logsource);
/* True when our sensors can fill this field for this log source. */
bool eg_logsource_has_field(eg_logsource logsource, eg_str field_name);
/* True when they can make an event of this id for it. */
bool eg_logsource_has_event(eg_logsource logsource, eg_str event_id);

/* The kind that channel and event id stand for; EG_KIND_OTHER when none. */
eg_kind eg_logsource_kind(eg_str channel, uint32_t event_id);

/* Gives a Security 4688 the names that process_creation rules use; others stay as they are. */
void eg_event_add_sysmon_names(eg_event *event);

#define EG_EVENT_VIEWS_MAX 4
/*
 * Fills views[0] with the event itself and the rest with its other appearances; returns how many.
 * New text is taken from `arena`. On lack of memory only the views made so far are returned.
 */
size_t eg_event_views(const eg_event *event, eg_arena *arena, eg_event views[EG_EVENT_VIEWS_MAX]);

#endif
