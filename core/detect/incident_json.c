/* SPDX-License-Identifier: Apache-2.0 */
/* Stories as JSON: for people and tools, and back into the table after a restart. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/detect/incident_story.h"

#include <stdio.h>
#include <string.h>

static void put_time(eg_json *json, const char *key, uint64_t time)
{
    char text[EG_TIME_TEXT_SIZE];
    eg_json_key(json, key);
    if (time == 0) {
        eg_json_null(json);
        return;
    }
    eg_time_format(time, text);
    eg_json_str(json, eg_str_from(text));
}

/* Numbers of 64 bits are beyond what many JSON readers keep exactly. */
static void put_hex(eg_json *json, uint64_t value)
{
    char text[17];
    snprintf(text, sizeof(text), "%016llx", (unsigned long long)value);
    eg_json_str(json, eg_str_from(text));
}

static void put_steps(eg_json *json, const eg_incident *incident)
{
    eg_json_key(json, "steps");
    eg_json_array(json);
    for (size_t i = 0; i < incident->step_count; i++) {
        const eg_step *step = &incident->steps[i];
        eg_json_object(json);
        eg_json_put_str(json, "role", eg_str_from(eg_role_name(step->role)));
        eg_json_put_str(json, "name", step->name);
        eg_json_put_str(json, "detail", step->detail);
        put_time(json, "time", step->time);
        eg_json_put_u64(json, "pid", step->pid);
        eg_json_put_bool(json, "suspicious", step->suspicious);
        eg_json_key(json, "key");
        put_hex(json, step->key);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
    eg_json_put_u64(json, "steps_left_out", incident->steps_left_out);
}

static void put_rules(eg_json *json, const eg_incident *incident)
{
    eg_json_key(json, "rules");
    eg_json_array(json);
    for (size_t i = 0; i < incident->rule_count; i++) {
        const eg_incident_rule *rule = &incident->rules[i];
        eg_json_object(json);
        eg_json_put_str(json, "id", rule->id);
        eg_json_put_str(json, "title", rule->title);
        eg_json_put_str(json, "level", eg_str_from(eg_level_name(rule->level)));
        eg_json_put_u64(json, "count", rule->count);
        eg_json_put_u64(json, "things", rule->kinds);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
}

static void put_texts(eg_json *json, const eg_incident *incident)
{
    eg_json_key(json, "text");
    eg_json_object(json);
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        eg_json_key(json, eg_language_code((eg_language)i));
        eg_json_object(json);
        eg_json_put_str(json, "title", incident->text[i].title);
        eg_json_put_str(json, "meaning", incident->text[i].meaning);
        eg_json_put_str(json, "advice", incident->text[i].advice);
        eg_json_object_end(json);
    }
    eg_json_object_end(json);
}

void eg_incident_write_json(const eg_incident *incident, eg_json *json)
{
    eg_json_object(json);
    eg_json_key(json, "id");
    eg_json_i64(json, incident->id);
    put_time(json, "first_time", incident->first_time);
    put_time(json, "last_time", incident->last_time);
    eg_json_put_str(json, "level", eg_str_from(eg_level_name(incident->level)));
    eg_json_put_u64(json, "hits", incident->hits);
    eg_json_put_str(json, "user", incident->user);
    put_texts(json, incident);
    put_steps(json, incident);
    put_rules(json, incident);
    eg_json_key(json, "absorbed");
    eg_json_array(json);
    for (size_t i = 0; i < incident->absorbed_count; i++) {
        eg_json_i64(json, incident->absorbed[i]);
    }
    eg_json_array_end(json);
    eg_json_object_end(json);
}

static void put_numbers(eg_json *json, const char *key, const uint64_t *numbers, size_t count)
{
    eg_json_key(json, key);
    eg_json_array(json);
    for (size_t i = 0; i < count; i++) {
        put_hex(json, numbers[i]);
    }
    eg_json_array_end(json);
}

/* For each rule a list of fingerprint and time, in turns. */
static void put_told(eg_json *json, const eg_story *at)
{
    eg_json_key(json, "told");
    eg_json_array(json);
    for (size_t i = 0; i < at->view.rule_count; i++) {
        eg_json_array(json);
        for (size_t j = 0; j < EG_STORY_TOLD_MAX; j++) {
            put_hex(json, at->told[i][j].fingerprint);
            put_hex(json, at->told[i][j].time);
        }
        eg_json_array_end(json);
    }
    eg_json_array_end(json);
}

void eg_story_write_memory(const eg_story *at, eg_json *json)
{
    size_t keys = at->key_count < EG_STORY_KEYS_MAX ? at->key_count : EG_STORY_KEYS_MAX;
    size_t seen = at->seen_count < EG_STORY_SEEN_MAX ? at->seen_count : EG_STORY_SEEN_MAX;
    eg_json_object(json);
    put_numbers(json, "keys", at->keys, keys);
    put_numbers(json, "seen", at->seen, seen);
    put_told(json, at);
    eg_json_object_end(json);
}

static int bad(const char *what)
{
    return eg_fail(EG_E_INVALID, "the stored story: %s", what);
}

static bool read_hex(yyjson_val *value, uint64_t *out)
{
    char text[18] = {'0', 'x'};
    if (!yyjson_is_str(value) || yyjson_get_len(value) != 16) {
        return false;
    }
    memcpy(text + 2, yyjson_get_str(value), 16);
    return eg_str_to_u64((eg_str){text, sizeof(text)}, out);
}

static uint64_t read_time(yyjson_val *object, const char *key)
{
    uint64_t time = 0;
    eg_str text = eg_json_get_str(object, key);
    return text.len > 0 && eg_time_parse(text, &time) == EG_OK ? time : 0;
}

static int read_step(eg_story *at, yyjson_val *from)
{
    eg_step step = {
        .time = read_time(from, "time"),
        .suspicious = eg_json_get_bool(from, "suspicious", false),
        .pid = (uint32_t)eg_json_get_u64(from, "pid", 0),
        .name = eg_json_get_str(from, "name"),
        .detail = eg_json_get_str(from, "detail"),
    };
    eg_str *const texts[] = {&step.name, &step.detail};
    if (at->view.step_count == EG_INCIDENT_STEPS_MAX ||
        !eg_role_from_name(eg_json_get_str(from, "role"), &step.role) ||
        !read_hex(yyjson_obj_get(from, "key"), &step.key)) {
        return bad("a step cannot be read");
    }
    char *block = eg_story_keep_texts(texts, eg_story_step_limits, EG_COUNT(texts));
    if (!block) {
        return EG_E_NOMEM;
    }
    at->step_texts[at->view.step_count] = block;
    at->steps[at->view.step_count++] = step;
    return EG_OK;
}

static int read_rule(eg_story *at, yyjson_val *from)
{
    eg_incident_rule rule = {
        .id = eg_json_get_str(from, "id"),
        .title = eg_json_get_str(from, "title"),
        .count = eg_json_get_u64(from, "count", 0),
        .kinds = eg_json_get_u64(from, "things", 0),
    };
    eg_str *const texts[] = {&rule.id, &rule.title};
    if (at->view.rule_count == EG_INCIDENT_RULES_MAX ||
        !eg_level_from_name(eg_json_get_str(from, "level"), &rule.level)) {
        return bad("a rule cannot be read");
    }
    char *block = eg_story_keep_texts(texts, eg_story_step_limits, EG_COUNT(texts));
    if (!block) {
        return EG_E_NOMEM;
    }
    at->rule_texts[at->view.rule_count] = block;
    at->rules[at->view.rule_count++] = rule;
    return EG_OK;
}

static int read_absorbed(eg_story *at, yyjson_val *value)
{
    if (at->view.absorbed_count == EG_INCIDENT_ABSORBED_MAX || !yyjson_is_int(value)) {
        return bad("an absorbed story cannot be read");
    }
    at->absorbed[at->view.absorbed_count++] = yyjson_get_sint(value);
    return EG_OK;
}

static int read_key(eg_story *at, yyjson_val *value)
{
    if (at->key_count == EG_STORY_KEYS_MAX || !read_hex(value, &at->keys[at->key_count])) {
        return bad("a key cannot be read");
    }
    at->key_count++;
    return EG_OK;
}

static int read_seen(eg_story *at, yyjson_val *value)
{
    if (at->seen_count == EG_STORY_SEEN_MAX || !read_hex(value, &at->seen[at->seen_count])) {
        return bad("a fingerprint cannot be read");
    }
    at->seen_count++;
    return EG_OK;
}

static int read_each(eg_story *at, yyjson_val *array, int (*read)(eg_story *, yyjson_val *))
{
    size_t index, count;
    yyjson_val *value;
    int status = yyjson_is_arr(array) ? EG_OK : bad("a list is missing");
    yyjson_arr_foreach(array, index, count, value) {
        if (status == EG_OK) {
            status = read(at, value);
        }
    }
    return status;
}

static int read_headline(eg_story *at, yyjson_val *root)
{
    eg_str *texts[EG_STORY_HEADLINE_TEXTS];
    size_t limits[EG_STORY_HEADLINE_TEXTS];
    yyjson_val *all = yyjson_obj_get(root, "text");
    at->view.user = eg_json_get_str(root, "user");
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        yyjson_val *text = yyjson_obj_get(all, eg_language_code((eg_language)i));
        at->view.text[i].title = eg_json_get_str(text, "title");
        at->view.text[i].meaning = eg_json_get_str(text, "meaning");
        at->view.text[i].advice = eg_json_get_str(text, "advice");
    }
    eg_story_headline_texts(&at->view.user, at->view.text, texts, limits);
    at->headline = eg_story_keep_texts(texts, limits, EG_COUNT(texts));
    return at->headline ? EG_OK : EG_E_NOMEM;
}

static int read_story(eg_story *at, yyjson_val *root)
{
    yyjson_val *id = yyjson_obj_get(root, "id");
    at->view.first_time = read_time(root, "first_time");
    at->view.last_time = read_time(root, "last_time");
    at->view.hits = eg_json_get_u64(root, "hits", 0);
    at->view.steps_left_out = eg_json_get_u64(root, "steps_left_out", 0);
    if (!yyjson_is_int(id) || yyjson_get_sint(id) < 1 || at->view.last_time == 0 ||
        !eg_level_from_name(eg_json_get_str(root, "level"), &at->view.level)) {
        return bad("its head cannot be read");
    }
    at->view.id = yyjson_get_sint(id);
    int status = read_headline(at, root);
    if (status == EG_OK) {
        status = read_each(at, yyjson_obj_get(root, "steps"), read_step);
    }
    if (status == EG_OK) {
        status = read_each(at, yyjson_obj_get(root, "rules"), read_rule);
    }
    if (status == EG_OK) {
        status = read_each(at, yyjson_obj_get(root, "absorbed"), read_absorbed);
    }
    return status;
}

/* Stories of an older version do not have it: they tell again what happens again. */
static int read_told(eg_story *at, yyjson_val *all)
{
    for (size_t i = 0; all && i < at->view.rule_count; i++) {
        yyjson_val *list = yyjson_arr_get(all, i);
        for (size_t j = 0; j < EG_STORY_TOLD_MAX; j++) {
            eg_telling *telling = &at->told[i][j];
            if (!read_hex(yyjson_arr_get(list, 2 * j), &telling->fingerprint) ||
                !read_hex(yyjson_arr_get(list, 2 * j + 1), &telling->time)) {
                return bad("what it has told cannot be read");
            }
        }
    }
    return EG_OK;
}

static int read_memory(eg_story *at, yyjson_val *root)
{
    int status = read_each(at, yyjson_obj_get(root, "keys"), read_key);
    if (status == EG_OK) {
        status = read_each(at, yyjson_obj_get(root, "seen"), read_seen);
    }
    return status == EG_OK ? read_told(at, yyjson_obj_get(root, "told")) : status;
}

static int parse_into(eg_story *at, eg_str text, int (*read)(eg_story *, yyjson_val *))
{
    yyjson_doc *document = NULL;
    int status = eg_json_parse(text, &document);
    if (status == EG_OK) {
        status = read(at, yyjson_doc_get_root(document));
    }
    yyjson_doc_free(document);
    return status;
}

int eg_story_read(eg_str story, eg_str memory, eg_story **out)
{
    eg_story *at = eg_story_create();
    if (!at) {
        return EG_E_NOMEM;
    }
    int status = parse_into(at, story, read_story);
    if (status == EG_OK) {
        status = parse_into(at, memory, read_memory);
    }
    if (status != EG_OK) {
        eg_story_destroy(at);
        return status;
    }
    *out = at;
    return EG_OK;
}
