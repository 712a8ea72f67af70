/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/event_json.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/event/event_reader.h"
#include "core/event/logsource.h"

#include <string.h>

/* Lines that need more than this are parsed on the heap, so that one giant does not stay held. */
#define POOL_MAX ((size_t)8 * 1024 * 1024)
#define POOL_START ((size_t)256 * 1024)

int eg_event_reader_create(eg_event_reader **out)
{
    eg_event_reader *reader = eg_alloc_zero(1, sizeof(*reader));
    if (!reader) {
        return EG_E_NOMEM;
    }
    int status = eg_arena_create(&reader->text, 4096);
    if (status != EG_OK) {
        eg_free(reader);
        return status;
    }
    *out = reader;
    return EG_OK;
}

static void forget_line(eg_event_reader *reader)
{
    yyjson_doc_free(reader->document);
    reader->document = NULL;
    eg_arena_reset(reader->text);
    reader->extra_count = 0;
    reader->status = EG_OK;
}

void eg_event_reader_destroy(eg_event_reader *reader)
{
    if (!reader) {
        return;
    }
    forget_line(reader);
    eg_arena_destroy(reader->text);
    eg_free(reader->pool);
    eg_free(reader);
}

/* ---- parsing ---- */

static void *heap_alloc(void *context, size_t size)
{
    EG_UNUSED(context);
    return eg_alloc(size);
}

static void *heap_realloc(void *context, void *block, size_t old_size, size_t size)
{
    EG_UNUSED(context);
    EG_UNUSED(old_size);
    return eg_realloc(block, size);
}

static void heap_free(void *context, void *block)
{
    EG_UNUSED(context);
    eg_free(block);
}

static const yyjson_alc heap = {heap_alloc, heap_realloc, heap_free, NULL};

static int grow_pool(eg_event_reader *reader, size_t needed)
{
    if (needed <= reader->pool_size) {
        return EG_OK;
    }
    size_t size = needed > POOL_START ? needed : POOL_START;
    void *pool = eg_alloc(size);
    if (!pool) {
        return EG_E_NOMEM;
    }
    eg_free(reader->pool);
    reader->pool = pool;
    reader->pool_size = size;
    return EG_OK;
}

static int parse_line(eg_event_reader *reader, eg_str line)
{
    /* Malformed bytes may grow to three before they are parsed. */
    size_t needed = yyjson_read_max_memory_usage(line.len * 3, YYJSON_READ_NUMBER_AS_RAW);
    if (needed > POOL_MAX) {
        return eg_json_parse_raw(line, &heap, &reader->document);
    }
    int status = grow_pool(reader, needed);
    if (status != EG_OK) {
        return status;
    }
    yyjson_alc pool;
    if (!yyjson_alc_pool_init(&pool, reader->pool, reader->pool_size)) {
        return eg_fail(EG_E_NOMEM, "JSON: out of memory");
    }
    return eg_json_parse_raw(line, &pool, &reader->document);
}

/* ---- the line format ---- */

static bool read_u64(yyjson_val *value, uint64_t *out)
{
    return eg_str_to_u64(eg_event_scalar(value), out);
}

static uint32_t read_u32(yyjson_val *object, const char *key)
{
    uint64_t value = 0;
    if (!read_u64(yyjson_obj_get(object, key), &value) || value > UINT32_MAX) {
        return 0;
    }
    return (uint32_t)value;
}

static uint32_t read_flags(yyjson_val *list)
{
    uint32_t flags = 0;
    size_t index;
    size_t count;
    yyjson_val *item;
    yyjson_arr_foreach(list, index, count, item) {
        for (size_t i = 0; i < eg_event_flag_count; i++) {
            if (eg_str_equal(eg_event_scalar(item), eg_str_from(eg_event_flags[i].name))) {
                flags |= eg_event_flags[i].flag;
            }
        }
    }
    return flags;
}

/* An unreadable time leaves 0: an event is worth matching without it. */
static uint64_t read_time(yyjson_val *object, const char *key)
{
    uint64_t time = 0;
    eg_str text = eg_json_get_str(object, key);
    if (text.ptr) {
        eg_time_parse(text, &time);
    }
    return time;
}

/* Lines that were made by hand carry the event id, channel and provider only once. */
static void repeat_in_fields(eg_event_reader *reader, yyjson_val *root, eg_event *event)
{
    if (event->field[EG_FIELD_EVENT_ID].ptr) {
        return;
    }
    eg_str id = eg_event_scalar(yyjson_obj_get(root, "event_id"));
    eg_event_put_default(reader, event, EG_STR("EventID"), id);
    eg_event_put_default(reader, event, EG_STR("Channel"), event->channel);
    eg_event_put_default(reader, event, EG_STR("Provider_Name"), event->provider);
}

static int read_line_format(eg_event_reader *reader, yyjson_val *root, eg_event *event)
{
    yyjson_val *fields = yyjson_obj_get(root, "fields");
    if (!yyjson_is_obj(fields)) {
        return eg_fail(EG_E_INVALID, "not an event: neither \"fields\" nor \"Event\" is an object");
    }
    event->channel = eg_json_get_str(root, "channel");
    event->provider = eg_json_get_str(root, "provider");
    event->source = eg_json_get_str(root, "sensor");
    event->event_id = read_u32(root, "event_id");
    event->time = read_time(root, "time");
    event->pid = read_u32(root, "pid");
    event->parent_pid = read_u32(root, "parent_pid");
    event->create_time = read_time(root, "create_time");
    event->flags = read_flags(yyjson_obj_get(root, "flags"));
    size_t index;
    size_t count;
    yyjson_val *key;
    yyjson_val *value;
    yyjson_obj_foreach(fields, index, count, key, value) {
        eg_str name = {yyjson_get_str(key), yyjson_get_len(key)};
        if (!yyjson_is_null(value)) {
            eg_event_put(reader, event, name, eg_event_text(reader, value));
        }
    }
    repeat_in_fields(reader, root, event);
    return EG_OK;
}

/* ---- both formats ---- */

static uint32_t field_u32(const eg_event *event, eg_str name)
{
    uint64_t value = 0;
    eg_str text = eg_event_get_named(event, name);
    return eg_str_to_u64(text, &value) && value <= UINT32_MAX ? (uint32_t)value : 0;
}

/* The process an event is about, where only the fields tell. */
static void find_process(eg_event *event)
{
    eg_str pid = EG_STR("ProcessId");
    eg_str parent = EG_STR("ParentProcessId");
    if (event->kind == EG_KIND_PROCESS_START && event->event_id == 4688) {
        parent = pid;
        pid = EG_STR("NewProcessId");
    }
    if (event->pid == 0) {
        event->pid = field_u32(event, pid);
    }
    if (event->parent_pid == 0) {
        event->parent_pid = field_u32(event, parent);
    }
}

int eg_event_read_json(eg_event_reader *reader, eg_str line, eg_event *event)
{
    forget_line(reader);
    if (line.len > EG_EVENT_LINE_MAX) {
        return eg_fail(EG_E_LIMIT, "event larger than %u bytes", EG_EVENT_LINE_MAX);
    }
    int status = parse_line(reader, line);
    if (status != EG_OK) {
        return status;
    }
    eg_event found;
    eg_event_init(&found, EG_KIND_OTHER);
    yyjson_val *root = yyjson_doc_get_root(reader->document);
    yyjson_val *exported = yyjson_obj_get(root, "Event");
    if (!exported && yyjson_obj_get(root, "System")) {
        exported = root; /* some exporters leave the outer object away */
    }
    if (yyjson_is_obj(exported)) {
        status = eg_event_read_exported(reader, exported, &found);
    } else {
        status = read_line_format(reader, root, &found);
    }
    if (status == EG_OK) {
        status = reader->status;
    }
    if (status != EG_OK) {
        return status;
    }
    found.kind = eg_logsource_kind(found.channel, found.event_id);
    found.extra = reader->extra;
    found.extra_count = reader->extra_count;
    find_process(&found);
    *event = found;
    return EG_OK;
}
