/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/event_reader.h"

#include "core/base/clock.h"

static void put_text(eg_json *json, const char *key, eg_str value)
{
    if (value.ptr) {
        eg_json_put_str(json, key, value);
    }
}

static void put_number(eg_json *json, const char *key, uint64_t value)
{
    if (value != 0) {
        eg_json_put_u64(json, key, value);
    }
}

static void put_time(eg_json *json, const char *key, uint64_t ticks)
{
    char text[EG_TIME_TEXT_SIZE];
    if (ticks == 0) {
        return;
    }
    eg_time_format(ticks, text);
    eg_json_put_str(json, key, eg_str_from(text));
}

static void put_flags(eg_json *json, uint32_t flags)
{
    if (flags == 0) {
        return;
    }
    eg_json_key(json, "flags");
    eg_json_array(json);
    for (size_t i = 0; i < eg_event_flag_count; i++) {
        if (flags & eg_event_flags[i].flag) {
            eg_json_str(json, eg_str_from(eg_event_flags[i].name));
        }
    }
    eg_json_array_end(json);
}

void eg_event_write_members(const eg_event *event, eg_json *json)
{
    put_text(json, "channel", event->channel);
    put_text(json, "provider", event->provider);
    eg_json_put_u64(json, "event_id", event->event_id);
    put_time(json, "time", event->time);
    put_text(json, "sensor", event->source);
    put_flags(json, event->flags);
    put_number(json, "pid", event->pid);
    put_number(json, "parent_pid", event->parent_pid);
    put_time(json, "create_time", event->create_time);
    eg_json_key(json, "fields");
    eg_json_object(json);
    for (size_t i = 0; i < EG_FIELD_COUNT; i++) {
        put_text(json, eg_field_name((eg_field)i), event->field[i]);
    }
    for (size_t i = 0; i < event->extra_count; i++) {
        eg_json_key_str(json, event->extra[i].name);
        eg_json_str(json, event->extra[i].value);
    }
    eg_json_object_end(json);
}

void eg_event_write_json(const eg_event *event, eg_json *json)
{
    eg_json_object(json);
    eg_event_write_members(event, json);
    eg_json_object_end(json);
}
