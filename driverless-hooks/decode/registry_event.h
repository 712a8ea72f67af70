/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry value that was set or deleted, as Sysmon's events 13 and 12 tell it. Pure function,
 * any thread; the event's texts live in `text` until its next reset.
 */
#ifndef EG_DECODE_REGISTRY_EVENT_H
#define EG_DECODE_REGISTRY_EVENT_H

#include "core/event/event.h"
#include "driverless-hooks/decode/event_text.h"
#include "driverless-hooks/decode/value_diff.h"

/*
 * Fills `event` from one difference: `before` is NULL for an added value, `now` for a deleted one,
 * `key` is what TargetObject begins with ("HKLM\SOFTWARE\...\Run"). The time is the caller's.
 */
void eg_registry_event(eg_event *event, eg_event_text *text, uint64_t time, eg_str key,
                       const eg_value *before, const eg_value *now);

#endif
