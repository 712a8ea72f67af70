/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_findings.h"

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/detect/subject.h"
#include "core/detect/yara_files.h"

#include <stdio.h>
#include <string.h>

/* ---- stories ---- */

int eg_check_stories_take(eg_check_stories *stories, const eg_hit *hit)
{
    size_t at = 0;
    if (hit->incident_id == 0 || hit->level < EG_CHECK_HIT_LEVEL) {
        return EG_OK;
    }
    while (at < stories->count && stories->items[at].id != hit->incident_id) {
        at++;
    }
    if (at == EG_CHECK_STORIES_MAX) {
        return EG_OK;
    }
    char *json = eg_copy_bytes(hit->incident_json.ptr, hit->incident_json.len);
    if (!json) {
        return EG_E_NOMEM;
    }
    eg_free(stories->items[at].json);
    stories->items[at] = (eg_check_story){hit->incident_id, json};
    stories->count += at == stories->count;
    return EG_OK;
}

/* Is this story part of another one by now? */
static bool is_absorbed(const eg_check_stories *stories, int64_t id)
{
    bool absorbed = false;
    for (size_t i = 0; i < stories->count && !absorbed; i++) {
        yyjson_doc *document = NULL;
        if (eg_json_parse(eg_str_from(stories->items[i].json), &document) != EG_OK) {
            continue;
        }
        size_t at, count;
        yyjson_val *value;
        yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(document), "absorbed"), at, count,
                           value) {
            absorbed = absorbed || yyjson_get_sint(value) == id;
        }
        yyjson_doc_free(document);
    }
    return absorbed;
}

int eg_check_stories_tell(eg_check_stories *stories, eg_check_report *report)
{
    int status = EG_OK;
    for (size_t i = 0; i < stories->count && status == EG_OK; i++) {
        if (!is_absorbed(stories, stories->items[i].id)) {
            status = eg_check_report_add_story(report, eg_str_from(stories->items[i].json));
        }
    }
    return status;
}

void eg_check_stories_done(eg_check_stories *stories)
{
    for (size_t i = 0; i < stories->count; i++) {
        eg_free(stories->items[i].json);
    }
    stories->count = 0;
}

/* ---- hits ---- */

eg_check_area_id eg_check_area_of(eg_kind kind)
{
    switch (kind) {
    case EG_KIND_REGISTRY_SET:
    case EG_KIND_REGISTRY_DELETE: return EG_CHECK_AUTOSTART;
    case EG_KIND_TASK_REGISTERED:
    case EG_KIND_TASK_UPDATED:
    case EG_KIND_TASK_REMOVED:
    case EG_KIND_TASK_STARTED: return EG_CHECK_TASK;
    case EG_KIND_SERVICE_INSTALLED: return EG_CHECK_SERVICE;
    case EG_KIND_WMI_SUBSCRIPTION: return EG_CHECK_WMI;
    case EG_KIND_FILE_CREATED: return EG_CHECK_FILE;
    default: return EG_CHECK_PROCESS;
    }
}

int eg_check_add_hit(eg_check_report *report, const eg_hit *hit, const eg_event *event)
{
    eg_arena *arena = NULL;
    eg_subject subject;
    if (hit->level < EG_CHECK_HIT_LEVEL || hit->exception_id != 0) {
        report->hidden += hit->level >= EG_CHECK_HIT_LEVEL;
        return EG_OK;
    }
    int status = eg_arena_create(&arena, 4096);
    if (status == EG_OK) {
        status = eg_subject_of(event, arena, &subject);
    }
    if (status == EG_OK) {
        eg_check_finding finding = {
            .area = eg_check_area_of(event->kind),
            .level = hit->level,
            .rule_id = hit->rule_id,
            .rule_title = hit->rule_title,
            .rule_author = hit->rule_author,
            .subject = subject.target.len > 0         ? subject.target
                       : subject.command_line.len > 0 ? subject.command_line
                                                      : subject.program,
            .program = subject.program,
            .parent = subject.parent,
            .user = hit->user,
            .time = hit->time,
            .evidence = hit->event_json,
        };
        memcpy(finding.text, hit->text, sizeof(finding.text));
        status = eg_check_report_add_finding(report, &finding);
    }
    eg_arena_destroy(arena);
    return status;
}

/* ---- files and memory ---- */

void eg_check_put_strings(eg_json *json, const eg_yara_match *match)
{
    eg_json_array(json);
    for (size_t i = 0; i < match->string_count; i++) {
        const eg_yara_string *string = &match->strings[i];
        char hex[EG_YARA_EXCERPT_MAX * 2 + 1] = "";
        for (size_t j = 0; j < string->excerpt_length; j++) {
            (void)snprintf(hex + j * 2, 3, "%02x", string->excerpt[j]);
        }
        eg_json_object(json);
        eg_json_put_str(json, "name", eg_str_from(string->name));
        eg_json_put_u64(json, "offset", string->offset);
        eg_json_put_u64(json, "length", string->length);
        eg_json_put_str(json, "bytes", eg_str_from(hex));
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
}

/* Of a file nothing is known here but its path. */
static bool is_excepted(const eg_check_report *report, const eg_check_rules *rules,
                        const eg_check_item *item, eg_str rule_id)
{
    eg_exception_facts facts = {.rule_id = rule_id, .time = report->started};
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        facts.of[i] = EG_STR("");
    }
    facts.of[EG_EXCEPTION_PATH] = eg_str_from(item->path);
    return eg_exception_list_find(rules->exceptions[0], &facts) ||
           eg_exception_list_find(rules->exceptions[1], &facts);
}

static int add_match(eg_check_report *report, const eg_check_rules *rules,
                     const eg_check_item *item, const eg_yara_match *match)
{
    eg_rule_info rule;
    eg_json json;
    eg_buf evidence;
    eg_yara_rule_info(match->rule, &rule);
    if (is_excepted(report, rules, item, rule.id)) {
        report->hidden++;
        return EG_OK;
    }
    eg_buf_init(&evidence, EG_CHECK_JSON_MAX);
    eg_json_begin(&json, &evidence);
    eg_json_object(&json);
    if (item->report->buffer[0] != '\0') {
        eg_json_put_str(&json, "part", eg_str_from(item->report->buffer));
    }
    if (item->kind == EG_SCAN_PROCESS) {
        eg_json_put_u64(&json, "process_id", item->process_id);
    }
    eg_json_key(&json, "strings");
    eg_check_put_strings(&json, match);
    eg_json_object_end(&json);
    eg_check_finding finding = {
        .area = item->area,
        .level = rule.level,
        .rule_id = rule.id,
        .rule_title = rule.title,
        .rule_author = rule.author,
        .subject = eg_str_from(item->path),
        .evidence = eg_buf_str(&evidence),
    };
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        eg_texts_find(rules->texts, &rule, (eg_language)i, &finding.text[i]);
    }
    int status =
        evidence.status == EG_OK ? eg_check_report_add_finding(report, &finding) : evidence.status;
    eg_buf_done(&evidence);
    return status;
}

int eg_check_add_matches(eg_check_report *report, const eg_check_rules *rules,
                         const eg_check_item *item)
{
    int status = EG_OK;
    if (item->report->verdict == EG_FILE_SUSPICIOUS) {
        for (size_t i = 0; i < item->report->result.count && status == EG_OK; i++) {
            status = add_match(report, rules, item, &item->report->result.matches[i]);
        }
    }
    return status;
}
