/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_format.h"

#include "core/base/clock.h"
#include "core/base/json_copy.h"
#include "core/base/status.h"
#include "core/version.h"

static void put_time(eg_json *json, const char *key, uint64_t time)
{
    char text[EG_TIME_TEXT_SIZE];
    eg_time_format(time, text);
    eg_json_put_str(json, key, time ? eg_str_from(text) : EG_STR_NONE);
}

/* JSON of others: only what can be read goes in, so that the report can always be read. */
static void put_json(eg_json *json, eg_str text)
{
    yyjson_doc *document = NULL;
    int status = text.ptr ? eg_json_parse(text, &document) : EG_E_NOTFOUND;
    if (status != EG_OK) {
        eg_json_null(json);
        json->out->status = status == EG_E_NOMEM ? status : json->out->status;
        return;
    }
    eg_json_copy(json, yyjson_doc_get_root(document));
    yyjson_doc_free(document);
}

static void put_rules(eg_json *json, const eg_check_report *report)
{
    eg_json_key(json, "rules");
    eg_json_object(json);
    eg_json_put_str(json, "pack", report->pack);
    eg_json_put_u64(json, "serial", report->pack_serial);
    eg_json_put_u64(json, "sigma", report->rules_sigma);
    eg_json_put_u64(json, "yara", report->rules_yara);
    eg_json_key(json, "age_days");
    if (report->age_known) {
        eg_json_u64(json, report->rule_age_days);
    } else {
        eg_json_null(json);
    }
    eg_json_object_end(json);
}

static void put_areas(eg_json *json, const eg_check_report *report)
{
    eg_json_key(json, "areas");
    eg_json_array(json);
    for (int i = 0; i < EG_CHECK_AREA_COUNT; i++) {
        const eg_check_area *area = &report->areas[i];
        eg_json_object(json);
        eg_json_put_str(json, "area", eg_str_from(eg_check_area_name((eg_check_area_id)i)));
        eg_json_put_bool(json, "asked", area->asked);
        eg_json_put_u64(json, "looked", area->looked);
        eg_json_put_u64(json, "not_looked", area->not_looked);
        eg_json_put_u64(json, "suspicious", area->suspicious);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
}

static void put_texts(eg_json *json, const eg_text texts[EG_LANGUAGE_COUNT])
{
    eg_json_key(json, "text");
    eg_json_object(json);
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        eg_json_key(json, eg_language_code((eg_language)i));
        eg_json_object(json);
        eg_json_put_str(json, "title", texts[i].title);
        eg_json_put_str(json, "meaning", texts[i].meaning);
        eg_json_put_str(json, "advice", texts[i].advice);
        eg_json_object_end(json);
    }
    eg_json_object_end(json);
}

static void put_finding(eg_json *json, const eg_check_finding *finding)
{
    eg_json_object(json);
    eg_json_put_str(json, "area", eg_str_from(eg_check_area_name(finding->area)));
    eg_json_put_str(json, "level", eg_str_from(eg_level_name(finding->level)));
    eg_json_key(json, "rule");
    eg_json_object(json);
    eg_json_put_str(json, "id", finding->rule_id);
    eg_json_put_str(json, "title", finding->rule_title);
    eg_json_put_str(json, "author", finding->rule_author);
    eg_json_object_end(json);
    put_texts(json, finding->text);
    eg_json_put_str(json, "subject", finding->subject);
    eg_json_put_str(json, "program", finding->program);
    eg_json_put_str(json, "parent", finding->parent);
    eg_json_put_str(json, "user", finding->user);
    put_time(json, "time", finding->time);
    eg_json_key(json, "evidence");
    put_json(json, finding->evidence);
    eg_json_object_end(json);
}

static void put_findings(eg_json *json, const eg_check_report *report)
{
    eg_json_key(json, "findings");
    eg_json_array(json);
    for (size_t i = 0; i < report->finding_count; i++) {
        put_finding(json, &report->findings[i]);
    }
    eg_json_array_end(json);
    eg_json_put_u64(json, "findings_left_out", report->findings_left_out);
    eg_json_put_u64(json, "findings_hidden", report->hidden);
}

static void put_gaps(eg_json *json, const eg_check_report *report)
{
    eg_json_key(json, "gaps");
    eg_json_array(json);
    for (size_t i = 0; i < report->gap_count; i++) {
        const eg_check_gap *gap = &report->gaps[i];
        eg_json_object(json);
        eg_json_put_str(json, "area", eg_str_from(eg_check_area_name(gap->area)));
        eg_json_put_str(json, "what", gap->what);
        eg_json_put_str(json, "reason", eg_str_from(eg_check_reason_name(gap->reason)));
        eg_json_put_str(json, "why", gap->why);
        eg_json_key(json, "how");
        eg_json_object(json);
        for (int j = 0; j < EG_LANGUAGE_COUNT; j++) {
            eg_json_put_str(json, eg_language_code((eg_language)j), gap->how[j]);
        }
        eg_json_object_end(json);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
    eg_json_put_u64(json, "gaps_left_out", report->gaps_left_out);
}

static void put_stories(eg_json *json, const eg_check_report *report)
{
    eg_json_key(json, "stories");
    eg_json_array(json);
    for (size_t i = 0; i < report->story_count; i++) {
        put_json(json, report->stories[i]);
    }
    eg_json_array_end(json);
    eg_json_put_u64(json, "stories_left_out", report->stories_left_out);
}

int eg_report_write_json(const eg_check_report *report, eg_buf *out)
{
    eg_json json;
    eg_json_begin(&json, out);
    eg_json_object(&json);
    eg_json_put_u64(&json, "schema", EG_REPORT_SCHEMA);
    eg_json_put_str(&json, "product", EG_STR(EG_PRODUCT_NAME));
    eg_json_put_str(&json, "version", EG_STR(EG_VERSION_STRING));
    eg_json_put_str(&json, "verdict", eg_str_from(eg_check_verdict_name(report->verdict)));
    put_time(&json, "started", report->started);
    put_time(&json, "finished", report->finished);
    eg_json_put_bool(&json, "cancelled", report->cancelled);
    eg_json_put_str(&json, "computer", report->computer);
    eg_json_put_str(&json, "user", report->user);
    eg_json_put_bool(&json, "elevated", report->elevated);
    eg_json_put_bool(&json, "with_memory", report->with_memory);
    put_rules(&json, report);
    put_areas(&json, report);
    put_findings(&json, report);
    put_gaps(&json, report);
    put_stories(&json, report);
    eg_json_object_end(&json);
    return eg_buf_append_char(out, '\n');
}
