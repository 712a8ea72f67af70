/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/registry_event.h"

#include "driverless-hooks/decode/registry_text.h"

void eg_registry_event(eg_event *event, eg_event_text *text, uint64_t time, eg_str key,
                       const eg_value *before, const eg_value *now)
{
    const eg_value *named = now ? now : before;
    eg_event_text_reset(text);
    eg_event_init(event, now ? EG_KIND_REGISTRY_SET : EG_KIND_REGISTRY_DELETE);
    event->time = time;
    event->field[EG_FIELD_UTC_TIME] = eg_event_text_time(text, time);
    event->field[EG_FIELD_EVENT_TYPE] = now ? EG_STR("SetValue") : EG_STR("DeleteValue");
    event->field[EG_FIELD_TARGET_OBJECT] =
        eg_event_text_path(text, key, named->name.len > 0 ? named->name : EG_STR("(Default)"));
    if (now) {
        event->field[EG_FIELD_DETAILS] = eg_registry_details(text, now);
    }
    if (before) {
        event->field[EG_FIELD_PREVIOUS_DETAILS] = eg_registry_details(text, before);
    }
}
