/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has been told lately, so that a snapshot or a second source does not tell it again: the same
 * rule on the same process, or on the same service, task, registry value, WMI subscription or
 * script by two sources within seconds of each other. Bounded: the oldest leave first. Belongs to
 * the pipeline's thread.
 */
#ifndef EG_DETECT_REPEATS_H
#define EG_DETECT_REPEATS_H

#include "core/event/event.h"

#define EG_REPEATS_MAX 4096

typedef struct eg_told {
    uint64_t process; /* rule and process by pid and start time; 0 unknown */
    uint64_t thing;   /* rule and what the event names; 0 when it names nothing */
    uint64_t script;  /* rule, process and text of a script; 0 for all else */
    uint64_t source;
    uint64_t time; /* FILETIME of the event */
    bool any_time; /* marked existing, or changed while the service was down */
} eg_told;

typedef struct eg_repeats {
    eg_told told[EG_REPEATS_MAX];
    size_t count; /* told so far; the entry to overwrite is this modulo the size */
} eg_repeats;

/* True when this rule was told of the process or thing that the event is about. */
bool eg_repeats_has(const eg_repeats *repeats, eg_str rule_id, const eg_event *event);
void eg_repeats_add(eg_repeats *repeats, eg_str rule_id, const eg_event *event);

#endif
