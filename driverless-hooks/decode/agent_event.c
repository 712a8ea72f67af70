/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/agent_event.h"

#include "core/base/os.h"

#include <inttypes.h>
#include <stdio.h>

void eg_agent_event_make(eg_agent_event *out, const char *sensor, const char *reason,
                         uint64_t count, const char *description)
{
    eg_event *event = &out->event;
    snprintf(out->count, sizeof(out->count), "%" PRIu64, count);
    eg_event_init(event, EG_KIND_AGENT);
    event->time = eg_clock_utc();
    event->pid = eg_process_id();
    event->source = eg_str_from(sensor);
    event->field[EG_FIELD_SENSOR] = eg_str_from(sensor);
    event->field[EG_FIELD_REASON] = eg_str_from(reason);
    event->field[EG_FIELD_EVENT_COUNT] = eg_str_from(out->count);
    event->field[EG_FIELD_DESCRIPTION] = eg_str_from(description);
}

void eg_agent_event_emit(const eg_sink *sink, const char *sensor, const char *reason,
                         uint64_t count, const char *description)
{
    eg_agent_event made;
    eg_agent_event_make(&made, sensor, reason, count, description);
    sink->emit(sink->user, &made.event);
}
