/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/hit.h"

#include "core/base/clock.h"
#include "core/base/json_copy.h"
#include "core/base/status.h"

#include <stdio.h>

/* FNV-1a: the number is stored, so it must be the same in every version and on every machine. */
#define FNV_BASIS UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x100000001B3)

/*
 * What names a thing, by the kind of its event. The user, the parent and the writer stay out: a
 * snapshot after a restart often cannot tell them any more, and would make news of an old thing.
 */
static const eg_field process_names[] = {EG_FIELD_IMAGE, EG_FIELD_COMMAND_LINE, EG_FIELD_COUNT};
static const eg_field registry_names[] = {EG_FIELD_TARGET_OBJECT, EG_FIELD_DETAILS,
                                          EG_FIELD_NEW_NAME, EG_FIELD_COUNT};
static const eg_field task_names[] = {EG_FIELD_TASK_NAME, EG_FIELD_COMMAND, EG_FIELD_ARGUMENTS,
                                      EG_FIELD_COUNT};
static const eg_field service_names[] = {EG_FIELD_SERVICE_NAME, EG_FIELD_IMAGE_PATH,
                                         EG_FIELD_COUNT};
/* Our own state: a sensor that is hindered in another way is another thing. */
static const eg_field agent_names[] = {EG_FIELD_SENSOR, EG_FIELD_REASON, EG_FIELD_DESCRIPTION,
                                       EG_FIELD_COUNT};
static const eg_field other_names[] = {
    EG_FIELD_IMAGE,     EG_FIELD_COMMAND_LINE, EG_FIELD_SCRIPT_BLOCK_TEXT, EG_FIELD_PATH,
    EG_FIELD_APP_NAME,  EG_FIELD_CONTENT_NAME, EG_FIELD_QUERY_NAME,        EG_FIELD_IMAGE_LOADED,
    EG_FIELD_NAME,      EG_FIELD_QUERY,        EG_FIELD_TARGET_FILENAME,   EG_FIELD_CONSUMER,
    EG_FIELD_FILTER,    EG_FIELD_DESTINATION,  EG_FIELD_TARGET_OBJECT,     EG_FIELD_DETAILS,
    EG_FIELD_TASK_NAME, EG_FIELD_TASK_CONTENT, EG_FIELD_SERVICE_NAME,      EG_FIELD_IMAGE_PATH,
    EG_FIELD_COUNT};

static const eg_field *names_of(eg_kind kind)
{
    switch (kind) {
    case EG_KIND_PROCESS_START:
    case EG_KIND_PROCESS_STOP: return process_names;
    case EG_KIND_REGISTRY_SET:
    case EG_KIND_REGISTRY_DELETE: return registry_names;
    case EG_KIND_TASK_REGISTERED:
    case EG_KIND_TASK_UPDATED:
    case EG_KIND_TASK_REMOVED:
    case EG_KIND_TASK_STARTED: return task_names;
    case EG_KIND_SERVICE_INSTALLED: return service_names;
    case EG_KIND_AGENT: return agent_names;
    default: return other_names;
    }
}

/* Windows ignores case in nearly all of these names, and sensors differ in how they spell it. */
static uint64_t mix(uint64_t hash, eg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c + ('a' - 'A'));
        }
        hash = (hash ^ c) * FNV_PRIME;
    }
    return (hash ^ 0xFFu) * FNV_PRIME; /* never a byte of UTF-8: ends the field */
}

uint64_t eg_hit_fingerprint(eg_str rule_id, const eg_event *event)
{
    uint64_t hash = mix(FNV_BASIS, rule_id);
    hash = mix(hash, eg_str_from(eg_kind_name(event->kind)));
    for (const eg_field *field = names_of(event->kind); *field != EG_FIELD_COUNT; field++) {
        eg_str value = eg_event_get(event, *field);
        if (!value.ptr) {
            continue;
        }
        hash = mix(hash, eg_str_from(eg_field_name(*field)));
        hash = mix(hash, value);
    }
    for (size_t i = 0; event->kind == EG_KIND_OTHER && i < event->extra_count; i++) {
        hash = mix(hash, event->extra[i].name);
        hash = mix(hash, event->extra[i].value);
    }
    return hash;
}

static void put_time(eg_json *json, const char *key, uint64_t time)
{
    eg_json_key(json, key);
    if (time == 0) {
        eg_json_null(json);
        return;
    }
    char text[EG_TIME_TEXT_SIZE];
    eg_time_format(time, text);
    eg_json_str(json, eg_str_from(text));
}

static void put_tags(eg_json *json, eg_str tags)
{
    eg_json_key(json, "tags");
    eg_json_array(json);
    eg_str tag;
    while (eg_str_split(&tags, ',', &tag)) {
        tag = eg_str_trim(tag);
        if (tag.len > 0) {
            eg_json_str(json, tag);
        }
    }
    eg_json_array_end(json);
}

static void put_texts(eg_json *json, const eg_hit *hit)
{
    eg_json_key(json, "text");
    eg_json_object(json);
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        eg_json_key(json, eg_language_code((eg_language)i));
        eg_json_object(json);
        eg_json_put_str(json, "title", hit->text[i].title);
        eg_json_put_str(json, "meaning", hit->text[i].meaning);
        eg_json_put_str(json, "advice", hit->text[i].advice);
        eg_json_object_end(json);
    }
    eg_json_object_end(json);
}

/* The event as an object; evidence that is no JSON any more is still shown, as text. */
static void put_event(eg_json *json, eg_str event_json)
{
    eg_json_key(json, "event");
    yyjson_doc *document = NULL;
    int status = eg_json_parse(event_json, &document);
    if (status == EG_OK) {
        eg_json_copy(json, yyjson_doc_get_root(document));
    } else {
        eg_json_str(json, event_json);
    }
    if (status == EG_E_NOMEM && json->out->status == EG_OK) {
        json->out->status = status;
    }
    yyjson_doc_free(document);
}

void eg_hit_write_json(const eg_hit *hit, eg_json *json)
{
    char fingerprint[17];
    snprintf(fingerprint, sizeof(fingerprint), "%016llx", (unsigned long long)hit->fingerprint);
    eg_json_object(json);
    eg_json_key(json, "id");
    eg_json_i64(json, hit->id);
    put_time(json, "time", hit->time);
    put_time(json, "stored_time", hit->stored_time);
    put_time(json, "shown_time", hit->shown_time);
    eg_json_put_u64(json, "count", hit->count);
    put_time(json, "last_time", hit->last_time);
    eg_json_put_str(json, "fingerprint", eg_str_from(fingerprint));
    eg_json_put_str(json, "level", eg_str_from(eg_level_name(hit->level)));
    eg_json_put_str(json, "rule", hit->rule_id);
    eg_json_put_str(json, "title", hit->rule_title);
    eg_json_put_str(json, "author", hit->rule_author);
    put_tags(json, hit->tags);
    eg_json_put_u64(json, "pack_serial", hit->pack_serial);
    eg_json_put_str(json, "program", hit->program);
    eg_json_put_str(json, "parent", hit->parent);
    eg_json_put_str(json, "user", hit->user);
    eg_json_key(json, "incident");
    eg_json_i64(json, hit->incident_id);
    eg_json_key(json, "exception");
    eg_json_i64(json, hit->exception_id);
    put_texts(json, hit);
    put_event(json, hit->event_json);
    eg_json_object_end(json);
}
