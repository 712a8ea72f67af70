/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/detect/subject.h"
#include "core/ipc/message.h"

static int keep(eg_arena *arena, eg_str *text)
{
    if (text->len == 0) {
        *text = EG_STR("");
        return EG_OK;
    }
    char *copy = eg_arena_copy(arena, text->ptr, text->len);
    if (!copy) {
        return EG_E_NOMEM;
    }
    text->ptr = copy;
    return EG_OK;
}

/* In the wanted language, else in any, else what the rule's author called it. */
static eg_text choose_text(const eg_hit *hit, eg_language language)
{
    eg_text text = hit->text[language];
    for (int i = 0; text.title.len == 0 && i < EG_LANGUAGE_COUNT; i++) {
        text = hit->text[i];
    }
    if (text.title.len == 0) {
        text.title = hit->rule_title;
    }
    return text;
}

static int keep_all(eg_arena *arena, eg_hit_notice *notice)
{
    eg_str *const texts[] = {&notice->text.title, &notice->text.meaning, &notice->text.advice,
                             &notice->rule_id,    &notice->rule_title,   &notice->rule_author,
                             &notice->program,    &notice->command_line, &notice->parent,
                             &notice->user,       &notice->target};
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(texts); i++) {
        status = keep(arena, texts[i]);
    }
    return status;
}

static uint64_t read_time(yyjson_val *object, const char *key)
{
    uint64_t time = 0;
    eg_str text = eg_json_get_str(object, key);
    return text.len > 0 && eg_time_parse(text, &time) == EG_OK ? time : 0;
}

static int add_steps(yyjson_val *all, eg_arena *arena, eg_notice_steps *steps)
{
    size_t index, count;
    yyjson_val *value;
    yyjson_arr_foreach(all, index, count, value) {
        eg_notice_step step = {.role = EG_ROLE_OTHER, .name = eg_json_get_str(value, "name")};
        if (index == EG_NOTICE_STEPS_MAX) {
            break;
        }
        eg_role_from_name(eg_json_get_str(value, "role"), &step.role);
        step.time = read_time(value, "time");
        step.suspicious = eg_json_get_bool(value, "suspicious", false);
        int status = keep(arena, &step.name);
        if (status != EG_OK) {
            return status;
        }
        steps->step[steps->count++] = step;
    }
    return EG_OK;
}

static void add_absorbed(yyjson_val *all, eg_notice_ids *ids)
{
    size_t index, count;
    yyjson_val *value;
    yyjson_arr_foreach(all, index, count, value) {
        if (index < EG_NOTICE_ABSORBED_MAX && yyjson_is_uint(value) &&
            yyjson_get_uint(value) <= INT64_MAX) {
            ids->id[ids->count++] = (int64_t)yyjson_get_uint(value);
        }
    }
}

/* The story speaks for all its hits; one that cannot be read leaves the hit to speak for itself. */
static int add_story(const eg_hit *hit, eg_language language, eg_arena *arena,
                     eg_hit_notice *notice)
{
    yyjson_doc *document = NULL;
    int status = hit->incident_json.len > 0 ? eg_json_parse(hit->incident_json, &document) : EG_OK;
    if (status != EG_OK || !document) {
        return status == EG_E_NOMEM ? status : EG_OK;
    }
    yyjson_val *root = yyjson_doc_get_root(document);
    yyjson_val *texts = yyjson_obj_get(root, "text");
    yyjson_val *text = yyjson_obj_get(texts, eg_language_code(language));
    eg_text told = {eg_json_get_str(text, "title"), eg_json_get_str(text, "meaning"),
                    eg_json_get_str(text, "advice")};
    eg_level_from_name(eg_json_get_str(root, "level"), &notice->level);
    notice->incident_hits = eg_json_get_u64(root, "hits", 0);
    notice->incident_last = read_time(root, "last_time");
    if (told.title.len > 0) {
        notice->text = told;
    }
    eg_str *const kept[] = {&notice->text.title, &notice->text.meaning, &notice->text.advice};
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(kept); i++) {
        status = keep(arena, kept[i]);
    }
    if (status == EG_OK) {
        status = add_steps(yyjson_obj_get(root, "steps"), arena, &notice->steps);
        add_absorbed(yyjson_obj_get(root, "absorbed"), &notice->absorbed);
    }
    yyjson_doc_free(document);
    return status;
}

/* A hit whose evidence cannot be read any more is still shown, with what the hit itself says. */
static int add_evidence(eg_event_reader *reader, const eg_hit *hit, eg_arena *arena,
                        eg_hit_notice *notice)
{
    eg_event event;
    int status = eg_event_read_json(reader, hit->event_json, &event);
    if (status != EG_OK) {
        return status == EG_E_NOMEM ? status : EG_OK;
    }
    eg_subject subject;
    status = eg_subject_of(&event, arena, &subject);
    if (status != EG_OK) {
        return status;
    }
    notice->kind = event.kind;
    notice->pid = event.pid;
    notice->command_line = subject.command_line;
    notice->target = subject.target;
    return EG_OK;
}

int eg_hit_notice_from_hit(const eg_hit *hit, eg_language language, eg_arena *arena,
                           eg_hit_notice *out)
{
    eg_hit_notice notice = {
        .id = hit->id,
        .time = hit->time,
        .level = hit->level,
        .kind = EG_KIND_OTHER,
        .text = choose_text(hit, language),
        .rule_id = hit->rule_id,
        .rule_title = hit->rule_title,
        .rule_author = hit->rule_author,
        .program = hit->program,
        .parent = hit->parent,
        .user = hit->user,
        .incident_id = (uint64_t)hit->incident_id,
    };
    eg_event_reader *reader = NULL;
    int status = eg_event_reader_create(&reader);
    if (status != EG_OK) {
        return status;
    }
    status = add_evidence(reader, hit, arena, &notice);
    if (status == EG_OK) {
        status = add_story(hit, language, arena, &notice);
    }
    if (status == EG_OK) {
        status = keep_all(arena, &notice);
    }
    if (status == EG_OK) {
        *out = notice;
    }
    eg_event_reader_destroy(reader);
    return status;
}
