/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/pipeline.h"

#include "core/base/log.h"
#include "core/base/status.h"
#include "core/detect/lineage.h"
#include "core/detect/repeats.h"
#include "core/detect/scan_hit.h"
#include "core/detect/slow_rules.h"
#include "core/detect/subject.h"
#include "core/detect/yara_files.h"
#include "core/sigma/correlator.h"

#include <string.h>

#define PROCESSES 8192u
#define ARENA_BLOCK (64u * 1024)
#define STORY_MAX (256u * 1024)
#define TAGS_MAX (8u * 1024) /* or a rule's id and a path */

struct eg_pipeline {
    eg_ruleset_slot *slot;
    eg_pipeline_on_hit on_hit;
    void *user;
    eg_ruleset *rules; /* the one `matcher` is for; NULL before any was loaded */
    eg_sigma_matcher *matcher;
    eg_sigma_correlator *correlator;
    eg_slow_rules *slow;
    const eg_exception_list *exceptions; /* of this PC; may be NULL */
    eg_second_pass *second_pass;         /* NULL: all rules are decided at once */
    eg_file_reader *files;               /* NULL: what is to be known of a file stays unknown */
    eg_scan_queue *scans;                /* NULL: no file is looked at */
    uint32_t *met;                       /* room for every rule of the set once */
    size_t met_count;
    eg_process_table *processes;
    eg_incidents *incidents;
    eg_arena *arena; /* for one event */
    eg_buf evidence; /* its JSON */
    eg_buf tags;
    eg_buf story, memory; /* JSON of the incident of the hit at hand */
    eg_repeats told;
    eg_pipeline_stats stats;
};

/* What all hits of one event share. */
typedef struct context {
    const eg_event *event; /* completed */
    eg_event views[EG_EVENT_VIEWS_MAX];
    size_t view_count;
    eg_subject subject;
    bool written; /* `evidence` holds this event */
} context;

int eg_pipeline_create(eg_ruleset_slot *rules, eg_pipeline_on_hit on_hit, void *user,
                       eg_pipeline **out)
{
    eg_pipeline *pipeline = eg_alloc_zero(1, sizeof(*pipeline));
    if (!pipeline)
        return EG_E_NOMEM;
    pipeline->slot = rules;
    pipeline->on_hit = on_hit;
    pipeline->user = user;
    eg_buf_init(&pipeline->evidence, EG_EVENT_LINE_MAX);
    eg_buf_init(&pipeline->tags, TAGS_MAX);
    eg_buf_init(&pipeline->story, STORY_MAX);
    eg_buf_init(&pipeline->memory, STORY_MAX);
    int status = eg_process_table_create(&pipeline->processes, PROCESSES);
    if (status == EG_OK)
        status = eg_arena_create(&pipeline->arena, ARENA_BLOCK);
    if (status == EG_OK)
        status = eg_incidents_create(&pipeline->incidents);
    if (status != EG_OK) {
        eg_pipeline_destroy(pipeline);
        return status;
    }
    *out = pipeline;
    return EG_OK;
}

static uint64_t dropped_by(const eg_sigma_correlator *correlator)
{
    eg_correlator_stats stats = {0};
    if (correlator) {
        eg_sigma_correlator_stats(correlator, &stats);
    }
    return stats.events_dropped;
}

static void drop_rules(eg_pipeline *pipeline)
{
    eg_sigma_matcher_destroy(pipeline->matcher);
    pipeline->matcher = NULL;
    pipeline->stats.forgotten += dropped_by(pipeline->correlator);
    eg_sigma_correlator_destroy(pipeline->correlator);
    pipeline->correlator = NULL;
    eg_slow_rules_destroy(pipeline->slow);
    pipeline->slow = NULL;
    eg_free(pipeline->met);
    pipeline->met = NULL;
    eg_ruleset_unref(pipeline->rules);
    pipeline->rules = NULL;
}

void eg_pipeline_use_second_pass(eg_pipeline *pipeline, eg_second_pass *second_pass)
{
    pipeline->second_pass = second_pass;
}

void eg_pipeline_use_files(eg_pipeline *pipeline, eg_file_reader *files)
{
    pipeline->files = files;
}

void eg_pipeline_use_exceptions(eg_pipeline *pipeline, const eg_exception_list *exceptions)
{
    pipeline->exceptions = exceptions;
}

void eg_pipeline_use_scans(eg_pipeline *pipeline, eg_scan_queue *scans)
{
    pipeline->scans = scans;
}

void eg_pipeline_destroy(eg_pipeline *pipeline)
{
    if (!pipeline)
        return;
    drop_rules(pipeline);
    eg_process_table_destroy(pipeline->processes);
    eg_incidents_destroy(pipeline->incidents);
    eg_arena_destroy(pipeline->arena);
    eg_buf_done(&pipeline->evidence);
    eg_buf_done(&pipeline->tags);
    eg_buf_done(&pipeline->story);
    eg_buf_done(&pipeline->memory);
    eg_free(pipeline);
}

/* Goes over to the current ruleset. When that fails the one before stays in use. */
static int take_rules(eg_pipeline *pipeline)
{
    eg_ruleset *rules = eg_ruleset_slot_get(pipeline->slot);
    if (rules == pipeline->rules) {
        eg_ruleset_unref(rules);
        return EG_OK;
    }
    eg_sigma_matcher *matcher = NULL;
    eg_sigma_correlator *correlator = NULL;
    eg_slow_rules *slow = NULL;
    uint32_t *met = NULL;
    if (rules) {
        const eg_sigma_set *set = eg_ruleset_sigma(rules);
        int status = eg_sigma_matcher_create(set, &matcher);
        if (status == EG_OK)
            status = eg_sigma_correlator_create(set, NULL, &correlator);
        if (status == EG_OK)
            status = eg_slow_rules_create(set, &slow);
        if (status == EG_OK) {
            met = eg_alloc_zero(eg_sigma_set_size(set) + 1, sizeof(*met));
            status = met ? EG_OK : EG_E_NOMEM;
        }
        if (status != EG_OK) {
            eg_sigma_matcher_destroy(matcher);
            eg_sigma_correlator_destroy(correlator);
            eg_slow_rules_destroy(slow);
            eg_ruleset_unref(rules);
            return status;
        }
    }
    drop_rules(pipeline);
    pipeline->rules = rules;
    pipeline->matcher = matcher;
    pipeline->correlator = correlator;
    pipeline->slow = slow;
    pipeline->met = met;
    return EG_OK;
}

/* Adds the rules of one view to those of the views before: ascending, each once. */
static void merge(eg_pipeline *pipeline, const uint32_t *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = pipeline->met_count;
        while (at > 0 && pipeline->met[at - 1] > rules[i])
            at--;
        if (at > 0 && pipeline->met[at - 1] == rules[i])
            continue;
        memmove(pipeline->met + at + 1, pipeline->met + at,
                (pipeline->met_count - at) * sizeof(*pipeline->met));
        pipeline->met[at] = rules[i];
        pipeline->met_count++;
    }
}

static void take_missing(eg_str *text, eg_str other)
{
    if (text->len == 0)
        *text = other;
}

/* Matches every view, and learns from all of them what the event is about. */
static int match_views(eg_pipeline *pipeline, context *about)
{
    eg_event *views = about->views;
    size_t count = eg_event_views(about->event, pipeline->arena, views);
    about->view_count = count;
    pipeline->met_count = 0;
    about->subject = (eg_subject){EG_STR(""), EG_STR(""), EG_STR(""), EG_STR(""), EG_STR("")};
    for (size_t i = 0; i < count; i++) {
        const uint32_t *rules = NULL;
        size_t found = 0;
        int status = eg_sigma_match(pipeline->matcher, &views[i], &rules, &found);
        if (status != EG_OK)
            return status;
        merge(pipeline, rules, found);
    }
    for (size_t i = 0; pipeline->met_count > 0 && i < count; i++) {
        eg_subject subject;
        int status = eg_subject_of(&views[i], pipeline->arena, &subject);
        if (status != EG_OK)
            return status;
        take_missing(&about->subject.program, subject.program);
        take_missing(&about->subject.parent, subject.parent);
        take_missing(&about->subject.user, subject.user);
    }
    return EG_OK;
}

/* More tags than fit are more than anybody reads. */
static int join_tags(eg_buf *out, const eg_rule_info *rule)
{
    eg_buf_clear(out);
    for (size_t i = 0; i < rule->tag_count; i++) {
        if (rule->tags[i].len + 2 > out->max - out->len)
            break;
        if (i > 0)
            eg_buf_append_cstr(out, ", ");
        eg_buf_append_str(out, rule->tags[i]);
    }
    return out->status;
}

static int write_evidence(eg_pipeline *pipeline, context *about)
{
    if (about->written)
        return EG_OK;
    eg_json json;
    eg_buf_clear(&pipeline->evidence);
    eg_json_begin(&json, &pipeline->evidence);
    eg_event_write_json(about->event, &json);
    about->written = pipeline->evidence.status == EG_OK;
    return pipeline->evidence.status;
}

/* Takes the hit into its story and sets what the hit says of it. */
static int tell_story(eg_pipeline *pipeline, const eg_event *event, eg_hit *hit)
{
    eg_lineage lineage;
    eg_incident_change change;
    eg_json json;
    eg_lineage_of(pipeline->processes, event, &lineage);
    int status = eg_incidents_add(pipeline->incidents, hit, event, &lineage, &change);
    if (status != EG_OK) {
        return status;
    }
    eg_buf_clear(&pipeline->story);
    eg_json_begin(&json, &pipeline->story);
    eg_incident_write_json(change.incident, &json);
    eg_buf_clear(&pipeline->memory);
    eg_json_begin(&json, &pipeline->memory);
    eg_incidents_write_memory(pipeline->incidents, change.incident->id, &json);
    hit->incident_id = change.incident->id;
    hit->incident_news = change.is_news;
    hit->incident_json = eg_buf_str(&pipeline->story);
    hit->incident_memory = eg_buf_str(&pipeline->memory);
    return pipeline->story.status != EG_OK ? pipeline->story.status : pipeline->memory.status;
}

/* The number of the exception that hides the hit, this PC's own first; 0 when none does. */
static int64_t find_exception(const eg_pipeline *pipeline, const eg_event *event, const eg_hit *hit)
{
    eg_exception_facts facts;
    eg_exception_facts_of(hit, event, &facts);
    const eg_exception *found = eg_exception_list_find(pipeline->exceptions, &facts);
    if (!found) {
        found = eg_exception_list_find(eg_ruleset_exceptions(pipeline->rules), &facts);
    }
    return found ? found->id : 0;
}

static int report(eg_pipeline *pipeline, context *about, const eg_rule_info *rule)
{
    const eg_event *event = about->event;
    int status = join_tags(&pipeline->tags, rule);
    if (status == EG_OK)
        status = write_evidence(pipeline, about);
    if (status != EG_OK)
        return status;
    eg_ruleset_stats stats;
    eg_ruleset_stats_get(pipeline->rules, &stats);
    eg_hit hit = {
        .time = event->time,
        .count = 1,
        .fingerprint = eg_hit_fingerprint(rule->id, event),
        .pack_serial = stats.serial,
        .level = rule->level,
        .rule_id = rule->id,
        .rule_title = rule->title,
        .rule_author = rule->author,
        .tags = eg_buf_str(&pipeline->tags),
        .program = about->subject.program,
        .parent = about->subject.parent,
        .user = about->subject.user,
        .event_json = eg_buf_str(&pipeline->evidence),
    };
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++)
        eg_texts_find(eg_ruleset_texts(pipeline->rules), rule, (eg_language)i, &hit.text[i]);
    hit.exception_id = find_exception(pipeline, event, &hit);
    if (hit.exception_id == 0)
        status = tell_story(pipeline, event, &hit);
    if (status != EG_OK)
        return status;
    pipeline->stats.hits++;
    return pipeline->on_hit(pipeline->user, &hit, event);
}

static void failed(eg_pipeline *pipeline, int status, const char *what)
{
    pipeline->stats.failures++;
    eg_log(EG_LOG_ERROR, "pipeline", "%s: %s (%s)", what, eg_error_message(),
           eg_status_name(status));
}

static void drop_told(eg_pipeline *pipeline, const eg_event *event)
{
    const eg_sigma_set *set = eg_ruleset_sigma(pipeline->rules);
    size_t kept = 0;
    for (size_t i = 0; i < pipeline->met_count; i++) {
        if (!eg_repeats_has(&pipeline->told, eg_sigma_set_rule(set, pipeline->met[i])->id, event))
            pipeline->met[kept++] = pipeline->met[i];
    }
    pipeline->met_count = kept;
}

/* Whatever a process that met a grave rule holds is worth a look. */
static void ask_for_memory(eg_pipeline *pipeline, const eg_event *event, eg_level level)
{
    if (pipeline->scans && level >= EG_LEVEL_HIGH) {
        eg_scan_queue_take_memory(pipeline->scans, event);
    }
}

/* A silent rule is heard of only through the correlations that refer to it. */
static void report_rule(eg_pipeline *pipeline, context *about, uint32_t index)
{
    const eg_sigma_set *set = eg_ruleset_sigma(pipeline->rules);
    const eg_rule_info *rule = eg_sigma_set_rule(set, index);
    int status = EG_OK;
    if (!eg_sigma_set_is_silent(set, index)) {
        status = report(pipeline, about, rule);
        ask_for_memory(pipeline, about->event, rule->level);
    }
    if (status == EG_OK)
        eg_repeats_add(&pipeline->told, rule->id, about->event);
    else
        failed(pipeline, status, "a hit was not taken");
}

/* Leaves the event to the second pass. False when all rules have to be decided now. */
static bool comes_back(eg_pipeline *pipeline, const eg_event *event)
{
    uint32_t wanted = eg_slow_rules_wanted(pipeline->slow, event);
    return wanted != 0 && pipeline->second_pass &&
           eg_second_pass_take(pipeline->second_pass, event, wanted) == EG_OK;
}

static void drop_of_other_pass(eg_pipeline *pipeline, bool second)
{
    size_t kept = 0;
    for (size_t i = 0; i < pipeline->met_count; i++) {
        if (eg_slow_rules_has(pipeline->slow, pipeline->met[i]) == second)
            pipeline->met[kept++] = pipeline->met[i];
    }
    pipeline->met_count = kept;
}

static int match(eg_pipeline *pipeline, const eg_event *event)
{
    bool second = (event->flags & EG_EVENT_SECOND_PASS) != 0;
    context about = {.event = event};
    const eg_correlation_hit *completed = NULL;
    size_t count = 0;
    int status = match_views(pipeline, &about);
    if (status != EG_OK)
        return status;
    if (second || comes_back(pipeline, event))
        drop_of_other_pass(pipeline, second);
    drop_told(pipeline, event);
    int correlated = eg_sigma_correlate(pipeline->correlator, about.views, about.view_count,
                                        pipeline->met, pipeline->met_count, &completed, &count);
    for (size_t i = 0; i < pipeline->met_count; i++)
        report_rule(pipeline, &about, pipeline->met[i]);
    for (size_t i = 0; i < count; i++)
        report_rule(pipeline, &about, completed[i].rule);
    return correlated;
}

/* Whatever stands around an event was learned and put in when it came first. */
static int complete(eg_pipeline *pipeline, eg_event *event)
{
    if (event->flags & EG_EVENT_SECOND_PASS)
        return EG_OK;
    pipeline->stats.events++;
    int status = eg_process_table_learn(pipeline->processes, event);
    eg_process_table_complete(pipeline->processes, event);
    return status;
}

/* Without the facts the event is decided as it is. */
static int read_file_of(eg_pipeline *pipeline, eg_event *event)
{
    uint32_t wanted = eg_slow_rules_wanted(pipeline->slow, event);
    return wanted != 0 && !pipeline->second_pass && pipeline->files
               ? eg_file_reader_complete(pipeline->files, wanted, pipeline->arena, event)
               : EG_OK;
}

int eg_pipeline_feed(eg_pipeline *pipeline, const eg_event *event)
{
    eg_event completed = *event;
    int learned = complete(pipeline, &completed);
    int taken = take_rules(pipeline);
    if (taken != EG_OK)
        failed(pipeline, taken, "the new rules are not in use");
    int status = pipeline->rules ? read_file_of(pipeline, &completed) : EG_OK;
    if (status != EG_OK)
        failed(pipeline, status, "a file was not read for the rules that ask for it");
    status = pipeline->rules ? match(pipeline, &completed) : EG_OK;
    if (pipeline->scans)
        eg_scan_queue_take(pipeline->scans, &completed);
    eg_arena_reset(pipeline->arena);
    if (status == EG_OK)
        status = learned;
    if (status != EG_OK)
        pipeline->stats.failures++;
    return status;
}

/* ---- what YARA found ---- */

/* One rule on one file because of one event: two sources may tell of the same event. */
static int name_finding(eg_pipeline *pipeline, const eg_scan_finding *finding, eg_str rule_id)
{
    eg_buf_clear(&pipeline->tags);
    eg_buf_appendf(&pipeline->tags, "%.*s\n%s\n%.*s", EG_STR_ARGS(rule_id),
                   finding->is_memory ? "memory" : "", EG_STR_ARGS(finding->path));
    return pipeline->tags.status;
}

/* The program is the file; what loads it, or else who started it, is the parent. */
static int fill_subject(eg_pipeline *pipeline, const eg_scan_finding *finding, eg_hit *hit)
{
    eg_subject subject;
    int status = eg_subject_of(finding->event, pipeline->arena, &subject);
    if (status != EG_OK)
        return status;
    hit->program = finding->is_text ? subject.program : finding->path;
    hit->parent = finding->reason == EG_SCAN_COMMAND_LINE ? subject.program : subject.parent;
    hit->user = subject.user;
    hit->file = finding->is_text ? EG_STR_NONE : finding->path;
    return EG_OK;
}

static int report_found(eg_pipeline *pipeline, const eg_scan_finding *finding,
                        const eg_yara_match *match, const eg_rule_info *rule)
{
    eg_ruleset_stats stats;
    eg_json json;
    eg_hit hit = {
        .time = finding->event->time,
        .count = 1,
        .fingerprint = eg_scan_hit_fingerprint(finding, rule->id),
        .level = rule->level,
        .rule_id = rule->id,
        .rule_title = rule->title,
        .rule_author = rule->author,
        .tags = EG_STR(""),
    };
    eg_ruleset_stats_get(finding->rules, &stats);
    hit.pack_serial = stats.serial;
    eg_buf_clear(&pipeline->evidence);
    eg_json_begin(&json, &pipeline->evidence);
    eg_scan_hit_write(finding, match, &json);
    hit.event_json = eg_buf_str(&pipeline->evidence);
    int status = pipeline->evidence.status;
    if (status == EG_OK)
        status = fill_subject(pipeline, finding, &hit);
    if (status != EG_OK)
        return status;
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++)
        eg_texts_find(eg_ruleset_texts(finding->rules), rule, (eg_language)i, &hit.text[i]);
    hit.exception_id = find_exception(pipeline, finding->event, &hit);
    if (hit.exception_id == 0)
        status = tell_story(pipeline, finding->event, &hit);
    if (status != EG_OK)
        return status;
    pipeline->stats.hits++;
    return pipeline->on_hit(pipeline->user, &hit, finding->event);
}

void eg_pipeline_found(eg_pipeline *pipeline, const eg_scan_finding *finding)
{
    const eg_yara_result *result = &finding->report.result;
    for (size_t i = 0; i < result->count; i++) {
        eg_rule_info rule;
        eg_yara_rule_info(result->matches[i].rule, &rule);
        int status = name_finding(pipeline, finding, rule.id);
        eg_str name = eg_buf_str(&pipeline->tags);
        if (status == EG_OK && eg_repeats_has(&pipeline->told, name, finding->event))
            continue;
        if (status == EG_OK)
            status = report_found(pipeline, finding, &result->matches[i], &rule);
        if (status == EG_OK)
            eg_repeats_add(&pipeline->told, name, finding->event);
        else
            failed(pipeline, status, "a hit was not taken");
        if (!finding->is_memory)
            ask_for_memory(pipeline, finding->event, rule.level);
        eg_arena_reset(pipeline->arena);
    }
}

void eg_pipeline_number_incidents(eg_pipeline *pipeline, int64_t last_id)
{
    eg_incidents_number(pipeline->incidents, last_id);
}

int eg_pipeline_restore_incident(eg_pipeline *pipeline, eg_str story, eg_str memory)
{
    return eg_incidents_restore(pipeline->incidents, story, memory);
}

void eg_pipeline_close_incident(eg_pipeline *pipeline, int64_t id)
{
    eg_incidents_close(pipeline->incidents, id);
}

void eg_pipeline_stats_get(const eg_pipeline *pipeline, eg_pipeline_stats *stats)
{
    *stats = pipeline->stats;
    stats->forgotten += dropped_by(pipeline->correlator);
}
