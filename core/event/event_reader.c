/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/event_reader.h"

#include "core/base/clock.h"
#include "core/base/status.h"

#include <string.h>

#define NESTING_MAX 8
#define JOINED_MAX ((size_t)EG_EVENT_LINE_MAX * 2)

const eg_event_flag eg_event_flags[] = {
    {EG_EVENT_EXISTING, "existing"},
    {EG_EVENT_CHANGED_WHILE_DOWN, "changed_while_down"},
    {EG_EVENT_COMMAND_LINE_CUT, "command_line_cut"},
    {EG_EVENT_POLLED, "polled"},
    {EG_EVENT_MISSED, "missed"},
    {EG_EVENT_SECOND_PASS, "second_pass"},
};
const size_t eg_event_flag_count = EG_COUNT(eg_event_flags);

/* ---- values ---- */

eg_str eg_event_scalar(yyjson_val *value)
{
    if (yyjson_is_str(value)) {
        return (eg_str){yyjson_get_str(value), yyjson_get_len(value)};
    }
    if (yyjson_is_raw(value)) {
        return (eg_str){yyjson_get_raw(value), yyjson_get_len(value)};
    }
    if (yyjson_is_bool(value)) {
        return yyjson_get_bool(value) ? EG_STR("true") : EG_STR("false");
    }
    return EG_STR_NONE;
}

static void join(eg_buf *out, yyjson_val *value, int depth);

static void join_part(eg_buf *out, yyjson_val *value, bool *first, int depth)
{
    if (!*first) {
        eg_buf_append_char(out, '\n');
    }
    *first = false;
    join(out, value, depth + 1);
}

static void join(eg_buf *out, yyjson_val *value, int depth)
{
    bool first = true;
    size_t index;
    size_t count;
    yyjson_val *key;
    yyjson_val *item;
    eg_str scalar = eg_event_scalar(value);
    if (scalar.ptr) {
        eg_buf_append_str(out, scalar);
    } else if (depth >= NESTING_MAX) {
        out->status = eg_fail(EG_E_INVALID, "event field nested more than %d deep", NESTING_MAX);
    } else if (yyjson_is_arr(value)) {
        yyjson_arr_foreach(value, index, count, item) {
            join_part(out, item, &first, depth);
        }
    } else if (yyjson_obj_get(value, "#text")) {
        join(out, yyjson_obj_get(value, "#text"), depth + 1);
    } else if (yyjson_is_obj(value)) {
        yyjson_obj_foreach(value, index, count, key, item) {
            if (!yyjson_equals_str(key, "#attributes")) {
                join_part(out, item, &first, depth);
            }
        }
    }
}

eg_str eg_event_text(eg_event_reader *reader, yyjson_val *value)
{
    eg_str scalar = eg_event_scalar(value);
    if (scalar.ptr) {
        return scalar;
    }
    if (yyjson_is_null(value)) {
        return EG_STR("");
    }
    eg_buf joined;
    eg_buf_init(&joined, JOINED_MAX);
    join(&joined, value, 0);
    char *text = NULL;
    if (joined.status == EG_OK) {
        text = eg_arena_copy(reader->text, eg_buf_cstr(&joined), joined.len);
    }
    if (!text && reader->status == EG_OK) {
        reader->status = joined.status != EG_OK ? joined.status : EG_E_NOMEM;
    }
    eg_str view = {text, text ? joined.len : 0};
    eg_buf_done(&joined);
    return view;
}

/* ---- fields ---- */

void eg_event_put(eg_event_reader *reader, eg_event *event, eg_str name, eg_str value)
{
    eg_field field;
    if (eg_field_from_name(name, &field)) {
        event->field[field] = value;
        return;
    }
    for (size_t i = 0; i < reader->extra_count; i++) {
        if (eg_str_equal(reader->extra[i].name, name)) {
            reader->extra[i].value = value;
            return;
        }
    }
    if (reader->extra_count < EG_EVENT_EXTRA_MAX) {
        reader->extra[reader->extra_count++] = (eg_named_value){name, value};
    } else if (reader->status == EG_OK) {
        reader->status = eg_fail(EG_E_LIMIT, "event with more than %d fields of unknown names",
                                 EG_EVENT_EXTRA_MAX);
    }
}

void eg_event_put_default(eg_event_reader *reader, eg_event *event, eg_str name, eg_str value)
{
    event->extra = reader->extra;
    event->extra_count = reader->extra_count;
    if (value.ptr && !eg_event_get_named(event, name).ptr) {
        eg_event_put(reader, event, name, value);
    }
}

/* ---- exported events ---- */

/* Names of data as rules write them: without blanks. */
static eg_str without_blanks(eg_event_reader *reader, eg_str name)
{
    if (!memchr(name.ptr, ' ', name.len)) {
        return name;
    }
    char *copy = eg_arena_copy(reader->text, name.ptr, name.len);
    if (!copy) {
        reader->status = EG_E_NOMEM;
        return name;
    }
    size_t length = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != ' ') {
            copy[length++] = name.ptr[i];
        }
    }
    return (eg_str){copy, length};
}

/* The members of `object` as fields; with `containers` those of its members that are objects. */
static void read_data(eg_event_reader *reader, yyjson_val *object, bool containers, eg_event *event)
{
    size_t index;
    size_t count;
    yyjson_val *key;
    yyjson_val *value;
    if (!yyjson_is_obj(object)) {
        return;
    }
    yyjson_obj_foreach(object, index, count, key, value) {
        eg_str name = {yyjson_get_str(key), yyjson_get_len(key)};
        if (eg_str_equal(name, EG_STR("#attributes"))) {
            continue;
        }
        if (containers && yyjson_is_obj(value)) {
            read_data(reader, value, false, event);
        } else {
            eg_event_put(reader, event, without_blanks(reader, name), eg_event_text(reader, value));
        }
    }
}

static void read_attribute(eg_event_reader *reader, yyjson_val *system, const char *element,
                           const char *attribute, eg_str name, eg_event *event)
{
    yyjson_val *attributes = yyjson_obj_get(yyjson_obj_get(system, element), "#attributes");
    yyjson_val *value = yyjson_obj_get(attributes, attribute);
    if (value && !yyjson_is_null(value)) {
        eg_event_put_default(reader, event, name, eg_event_text(reader, value));
    }
}

/* A name of System never replaces one of the event's own data. */
static void read_system_fields(eg_event_reader *reader, yyjson_val *system, eg_event *event)
{
    static const char *const texts[] = {
        "EventID",  "Version",       "Level",   "Task",     "Opcode",
        "Keywords", "EventRecordID", "Channel", "Computer",
    };
    static const struct {
        const char *element, *attribute;
        eg_str name;
    } attributes[] = {
        {"Provider", "Name", EG_STR_INIT("Provider_Name")},
        {"Provider", "Guid", EG_STR_INIT("Provider_Guid")},
        {"Execution", "ProcessID", EG_STR_INIT("Execution_ProcessID")},
        {"Execution", "ThreadID", EG_STR_INIT("Execution_ThreadID")},
        {"Security", "UserID", EG_STR_INIT("Security_UserID")},
        {"TimeCreated", "SystemTime", EG_STR_INIT("TimeCreated_SystemTime")},
    };
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        yyjson_val *value = yyjson_obj_get(system, texts[i]);
        if (value) {
            eg_event_put_default(reader, event, eg_str_from(texts[i]),
                                 eg_event_text(reader, value));
        }
    }
    for (size_t i = 0; i < EG_COUNT(attributes); i++) {
        read_attribute(reader, system, attributes[i].element, attributes[i].attribute,
                       attributes[i].name, event);
    }
}

static eg_str system_text(eg_event_reader *reader, yyjson_val *system, const char *key)
{
    yyjson_val *value = yyjson_obj_get(system, key);
    return value ? eg_event_text(reader, value) : EG_STR_NONE;
}

static eg_str system_attribute(yyjson_val *system, const char *element, const char *attribute)
{
    yyjson_val *attributes = yyjson_obj_get(yyjson_obj_get(system, element), "#attributes");
    return eg_json_get_str(attributes, attribute);
}

int eg_event_read_exported(eg_event_reader *reader, yyjson_val *exported, eg_event *event)
{
    yyjson_val *system = yyjson_obj_get(exported, "System");
    if (!yyjson_is_obj(system)) {
        return eg_fail(EG_E_INVALID, "not an event: \"Event\" has no object \"System\"");
    }
    uint64_t id = 0;
    eg_str id_text = system_text(reader, system, "EventID");
    if (reader->status != EG_OK) {
        return reader->status;
    }
    if (!eg_str_to_u64(id_text, &id) || id > UINT32_MAX) {
        return eg_fail(EG_E_INVALID, "not an event: \"System\" has no \"EventID\"");
    }
    event->event_id = (uint32_t)id;
    event->channel = system_text(reader, system, "Channel");
    event->provider = system_attribute(system, "Provider", "Name");
    eg_str time = system_attribute(system, "TimeCreated", "SystemTime");
    if (time.ptr) {
        eg_time_parse(time, &event->time);
    }
    read_data(reader, yyjson_obj_get(exported, "EventData"), false, event);
    read_data(reader, yyjson_obj_get(exported, "UserData"), true, event);
    read_system_fields(reader, system, event);
    return EG_OK;
}
