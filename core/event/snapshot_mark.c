/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/snapshot_mark.h"

#include "core/base/os.h"

void eg_snapshot_mark(eg_event *event, eg_snapshot_step step, eg_str sensor, eg_str prefix)
{
    eg_event_init(event, EG_KIND_OTHER);
    event->time = eg_clock_utc();
    event->flags = EG_EVENT_MARK;
    event->event_id = (uint32_t)step;
    event->source = sensor;
    event->field[EG_FIELD_NAME] = prefix;
}

eg_snapshot_step eg_snapshot_step_of(const eg_event *event)
{
    bool known = event->event_id >= EG_SNAPSHOT_BEGIN && event->event_id <= EG_SNAPSHOT_FAILED;
    return event->flags & EG_EVENT_MARK && known ? (eg_snapshot_step)event->event_id
                                                 : EG_SNAPSHOT_NONE;
}

eg_str eg_snapshot_sensor(const eg_event *mark)
{
    return mark->source;
}

eg_str eg_snapshot_prefix(const eg_event *mark)
{
    return mark->field[EG_FIELD_NAME];
}
