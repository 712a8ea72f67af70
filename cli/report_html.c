/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_format.h"

#include "cli/report_story.h"
#include "cli/report_style.h"
#include "core/base/json_copy.h"
#include "core/base/status.h"
#include "core/version.h"

#include <inttypes.h>

#define NAME_MAX_CHARACTERS 400
#define VALUE_MAX_CHARACTERS 4000
#define SHOWN_AT_ONCE 10 /* of many things of one kind; the others are folded */
#define NESTED_MAX ((size_t)256 * 1024)

static const char *const shapes[] = {EG_REPORT_SHAPE_NOTHING_FOUND, EG_REPORT_SHAPE_SUSPICIOUS,
                                     EG_REPORT_SHAPE_COULD_NOT_LOOK};

/* ---- elements ---- */

static void element(const eg_report_writer *w, const char *name, eg_word word)
{
    eg_buf_appendf(w->out, "<%s>", name);
    eg_report_say(w, word);
    eg_buf_appendf(w->out, "</%s>\n", name);
}

/* Names of others stand apart from the text around them, whichever way they are written. */
static void put_name(const eg_report_writer *w, eg_str name)
{
    eg_report_put(w, "<bdi>");
    eg_report_text(w, name, NAME_MAX_CHARACTERS);
    eg_report_put(w, "</bdi>");
}

static void paragraph(const eg_report_writer *w, eg_str text)
{
    if (text.len > 0) {
        eg_report_put(w, "<p>");
        eg_report_text(w, text, VALUE_MAX_CHARACTERS);
        eg_report_put(w, "</p>\n");
    }
}

static void begin_fact(const eg_report_writer *w, eg_word label)
{
    eg_report_put(w, "<tr><th scope=\"row\">");
    eg_report_say(w, label);
    eg_report_put(w, "</th><td>");
}

static void end_fact(const eg_report_writer *w)
{
    eg_report_put(w, "</td></tr>\n");
}

/* Behind the first few of a list the rest is folded; `done` is how many stand there already. */
static void fold(const eg_report_writer *w, const char *list, size_t done, size_t count)
{
    if (done == SHOWN_AT_ONCE && count > done) {
        eg_buf_appendf(w->out, "</%s><details><summary>", list);
        eg_report_say_number(w, EG_WORD_MORE, count - done);
        eg_buf_appendf(w->out, "</summary><%s>\n", list);
    }
}

static void unfold(const eg_report_writer *w, const char *list, size_t count)
{
    eg_buf_appendf(w->out, "</%s>%s\n", list, count > SHOWN_AT_ONCE ? "</details>" : "");
}

static void put_number(const eg_report_writer *w, eg_word word, uint64_t count)
{
    if (count > 0) {
        eg_report_put(w, "<p>");
        eg_report_say_number(w, word, count);
        eg_report_put(w, "</p>\n");
    }
}

static void put_left_out(const eg_report_writer *w, uint64_t count)
{
    put_number(w, EG_WORD_MORE_LEFT_OUT, count);
}

/* ---- the head ---- */

static void put_head(const eg_report_writer *w, const eg_check_report *report)
{
    eg_buf_appendf(w->out,
                   "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
                   eg_language_code(w->language));
    eg_report_put(w,
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src '" EG_REPORT_STYLE_HASH "'; base-uri 'none'; form-action 'none'\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<title>");
    eg_report_say(w, eg_report_verdict(report->verdict));
    eg_report_put(w, " - ");
    eg_report_say(w, EG_WORD_TITLE);
    eg_report_put(w, "</title>\n<style>" EG_REPORT_STYLE "</style>\n</head>\n<body>\n<main>\n");
    element(w, "h1", EG_WORD_TITLE);
}

static void put_verdict(const eg_report_writer *w, const eg_check_report *report)
{
    eg_buf_appendf(w->out, "<div class=\"verdict %s\">%s<div><strong>",
                   eg_check_verdict_name(report->verdict), shapes[report->verdict]);
    eg_report_say(w, eg_report_verdict(report->verdict));
    eg_report_put(w, "</strong><p>");
    eg_report_say_meaning(w, report);
    eg_report_put(w, "</p>\n");
    if (report->cancelled) {
        element(w, "p", EG_WORD_CANCELLED);
    }
    if (report->verdict == EG_CHECK_SUSPICIOUS && report->gap_count > 0) {
        element(w, "p", EG_WORD_ALSO_NOT_LOOKED);
    }
    eg_report_put(w, "</div></div>\n");
    if (eg_report_is_urgent(report)) {
        eg_report_put(w, "<section class=\"now\">");
        element(w, "h2", EG_WORD_DO_NOW);
        eg_report_put(w, "<ol>\n");
        for (eg_word step = EG_WORD_STEP_NETWORK; step <= EG_WORD_STEP_CALL; step++) {
            element(w, "li", step);
        }
        eg_report_put(w, "</ol></section>\n");
    }
}

static void put_facts(const eg_report_writer *w, const eg_check_report *report)
{
    eg_report_put(w, "<table class=\"facts\">\n");
    begin_fact(w, EG_WORD_COMPUTER);
    put_name(w, report->computer);
    end_fact(w);
    begin_fact(w, EG_WORD_CHECKED);
    eg_report_time(w, report->started);
    end_fact(w);
    begin_fact(w, EG_WORD_TOOK);
    eg_report_say_duration(w, report);
    end_fact(w);
    begin_fact(w, EG_WORD_USER);
    eg_report_say_user(w, report);
    end_fact(w);
    begin_fact(w, EG_WORD_RULES);
    put_name(w, report->pack);
    eg_buf_appendf(w->out, " %" PRIu64, report->pack_serial);
    end_fact(w);
    begin_fact(w, EG_WORD_AGE);
    eg_report_put(w, eg_report_is_old(report) ? "<span class=\"old\">" : "<span>");
    eg_report_say_age(w, report);
    eg_report_put(w, "</span>");
    end_fact(w);
    begin_fact(w, EG_WORD_RULE_COUNTS);
    eg_report_say_number(w, EG_WORD_SIGMA, report->rules_sigma);
    eg_report_put(w, "<br>");
    eg_report_say_number(w, EG_WORD_YARA, report->rules_yara);
    end_fact(w);
    eg_report_put(w, "</table>\n");
}

/* ---- technical details ---- */

static void put_term(const eg_report_writer *w, eg_word label, eg_str value)
{
    if (value.len > 0) {
        element(w, "dt", label);
        eg_report_put(w, "<dd>");
        eg_report_text(w, value, VALUE_MAX_CHARACTERS);
        eg_report_put(w, "</dd>\n");
    }
}

/* Text as it is, anything else as JSON. */
static void put_value(const eg_report_writer *w, yyjson_val *value)
{
    eg_json json;
    eg_buf nested;
    if (yyjson_is_str(value)) {
        const eg_str text = {yyjson_get_str(value), yyjson_get_len(value)};
        eg_report_text(w, text, VALUE_MAX_CHARACTERS);
        return;
    }
    eg_buf_init(&nested, NESTED_MAX);
    eg_json_begin(&json, &nested);
    eg_json_copy(&json, value);
    if (nested.status == EG_E_NOMEM) {
        w->out->status = nested.status;
    }
    eg_report_text(w, eg_buf_str(&nested), VALUE_MAX_CHARACTERS);
    eg_buf_done(&nested);
}

static void put_members(const eg_report_writer *w, yyjson_val *object, bool nested)
{
    size_t index, count;
    yyjson_val *key, *value;
    yyjson_obj_foreach(object, index, count, key, value) {
        const eg_str name = {yyjson_get_str(key), yyjson_get_len(key)};
        if (!nested && yyjson_is_obj(value)) {
            put_members(w, value, true); /* the fields of an event */
            continue;
        }
        eg_report_put(w, "<dt>");
        eg_report_text(w, name, NAME_MAX_CHARACTERS);
        eg_report_put(w, "</dt><dd><code>");
        put_value(w, value);
        eg_report_put(w, "</code></dd>\n");
    }
}

static void put_evidence(const eg_report_writer *w, eg_str json)
{
    yyjson_doc *document = NULL;
    if (!json.ptr) {
        return;
    }
    int status = eg_json_parse(json, &document);
    if (status == EG_E_NOMEM) {
        w->out->status = status;
    }
    if (status != EG_OK) {
        return;
    }
    yyjson_val *root = yyjson_doc_get_root(document);
    if (yyjson_is_obj(root)) {
        put_members(w, root, false);
    } else {
        eg_report_put(w, "<dt></dt><dd><code>");
        put_value(w, root);
        eg_report_put(w, "</code></dd>\n");
    }
    yyjson_doc_free(document);
}

static void put_details(const eg_report_writer *w, const eg_check_finding *finding)
{
    eg_report_put(w, "<dl>\n");
    put_term(w, EG_WORD_WHERE, finding->subject);
    put_term(w, EG_WORD_PROGRAM, finding->program);
    put_term(w, EG_WORD_PARENT, finding->parent);
    put_term(w, EG_WORD_ACCOUNT, finding->user);
    if (finding->time != 0) {
        element(w, "dt", EG_WORD_TIME);
        eg_report_put(w, "<dd>");
        eg_report_time(w, finding->time);
        eg_report_put(w, "</dd>\n");
    }
    put_term(w, EG_WORD_RULE, finding->rule_title);
    put_term(w, EG_WORD_RULE, finding->rule_id);
    put_term(w, EG_WORD_AUTHOR, finding->rule_author);
    put_evidence(w, finding->evidence);
    eg_report_put(w, "</dl>\n");
}

/* ---- findings ---- */

static void put_things(const eg_report_writer *w, const eg_check_report *report, size_t first)
{
    size_t count = 0, done = 0;
    for (size_t i = first; i < report->finding_count; i = eg_check_report_next_finding(report, i)) {
        count++;
    }
    element(w, "h4", EG_WORD_WHERE);
    eg_report_put(w, "<ul>\n");
    for (size_t i = first; i < report->finding_count; i = eg_check_report_next_finding(report, i)) {
        fold(w, "ul", done, count);
        eg_report_put(w, "<li>");
        put_name(w, report->findings[i].subject);
        eg_report_put(w, "</li>\n");
        done++;
    }
    unfold(w, "ul", count);
    eg_report_put(w, "<details class=\"technical\"><summary>");
    eg_report_say(w, EG_WORD_DETAILS);
    eg_report_put(w, "</summary>\n");
    for (size_t i = first; i < report->finding_count; i = eg_check_report_next_finding(report, i)) {
        put_details(w, &report->findings[i]);
    }
    eg_report_put(w, "</details>\n");
}

static void put_rule(const eg_report_writer *w, const eg_check_finding *finding)
{
    const eg_text *text = &finding->text[w->language];
    eg_buf_appendf(w->out, "<section class=\"card %s\"><h3>", eg_level_name(finding->level));
    eg_report_text(w, text->title.len ? text->title : finding->rule_title, NAME_MAX_CHARACTERS);
    eg_report_put(w, "<span class=\"level\">");
    eg_report_say(w, EG_WORD_LEVEL);
    eg_report_put(w, ": ");
    eg_report_say(w, eg_report_level(finding->level));
    eg_report_put(w, "</span></h3>\n");
    paragraph(w, text->meaning);
    if (text->advice.len > 0) {
        eg_report_put(w, "<div class=\"advice\"><strong>");
        eg_report_say(w, EG_WORD_ADVICE);
        eg_report_put(w, "</strong>");
        paragraph(w, text->advice);
        eg_report_put(w, "</div>\n");
    }
}

static void put_findings(const eg_report_writer *w, const eg_check_report *report)
{
    if (report->finding_count > 0) {
        element(w, "h2", EG_WORD_FINDINGS);
    }
    for (size_t i = 0; i < report->finding_count; i++) {
        if (eg_check_report_is_first_finding(report, i)) {
            put_rule(w, &report->findings[i]);
            put_things(w, report, i);
            eg_report_put(w, "</section>\n");
        }
    }
    put_left_out(w, report->findings_left_out);
    put_number(w, EG_WORD_HIDDEN, report->hidden);
}

/* ---- stories ---- */

static void begin_story(const eg_report_writer *w, eg_str title)
{
    eg_report_put(w, "<section class=\"card\"><h3>");
    eg_report_text(w, title, NAME_MAX_CHARACTERS);
    eg_report_put(w, "</h3>\n<ol class=\"chain\">\n");
}

static void put_step(const eg_report_writer *w, const eg_report_step *step)
{
    eg_report_put(w, step->marked ? "<li class=\"marked\"><small>" : "<li><small>");
    eg_report_say(w, eg_report_role(step->role));
    eg_report_put(w, "</small> ");
    put_name(w, step->name);
    if (step->marked) {
        element(w, "b", EG_WORD_MARKED);
    }
    if (step->detail.len > 0) {
        eg_report_put(w, "<code>");
        eg_report_text(w, step->detail, NAME_MAX_CHARACTERS);
        eg_report_put(w, "</code>");
    }
    eg_report_put(w, "</li>\n");
}

static void end_story(const eg_report_writer *w)
{
    eg_report_put(w, "</ol></section>\n");
}

static void put_stories(const eg_report_writer *w, const eg_check_report *report)
{
    static const eg_report_story_look look = {begin_story, put_step, end_story};
    if (report->story_count > 0) {
        element(w, "h2", EG_WORD_STORIES);
    }
    for (size_t i = 0; i < report->story_count; i++) {
        eg_report_story(w, report->stories[i], &look);
    }
    put_left_out(w, report->stories_left_out);
}

/* ---- what could not be looked at, and the numbers ---- */

static void put_gap(const eg_report_writer *w, const eg_check_gap *gap)
{
    eg_report_put(w, eg_report_area(w, gap->area));
    if (gap->what.len > 0) {
        eg_report_put(w, ": ");
        put_name(w, gap->what);
    }
    eg_report_put(w, "<div class=\"why\">");
    eg_report_put(w, eg_report_reason(w, gap->reason));
    eg_report_put(w, "</div>");
    if (gap->why.len > 0) {
        eg_report_put(w, "<details class=\"technical\"><summary>");
        eg_report_say(w, EG_WORD_DETAILS);
        eg_report_put(w, "</summary>");
        put_name(w, gap->why);
        eg_report_put(w, "</details>");
    }
}

static void put_remedy(const eg_report_writer *w, const eg_check_report *report, size_t first)
{
    eg_str how = report->gaps[first].how[w->language];
    size_t count = 0, done = 0;
    for (size_t i = first; i < report->gap_count; i = eg_check_report_next_gap(report, i)) {
        count++;
    }
    eg_report_put(w, "<section class=\"card medium\">");
    if (how.len > 0) {
        element(w, "h3", EG_WORD_HOW);
        paragraph(w, how);
    }
    eg_report_put(w, "<ul>\n");
    for (size_t i = first; i < report->gap_count; i = eg_check_report_next_gap(report, i)) {
        const eg_check_gap *gap = &report->gaps[i];
        fold(w, "ul", done, count);
        eg_report_put(w, "<li>");
        put_gap(w, gap);
        eg_report_put(w, "</li>\n");
        done++;
    }
    unfold(w, "ul", count);
    eg_report_put(w, "</section>\n");
}

static void put_gaps(const eg_report_writer *w, const eg_check_report *report)
{
    if (report->gap_count > 0) {
        element(w, "h2", EG_WORD_GAPS);
    }
    for (size_t i = 0; i < report->gap_count; i++) {
        if (eg_check_report_is_first_gap(report, i)) {
            put_remedy(w, report, i);
        }
    }
    put_left_out(w, report->gaps_left_out);
}

static void put_area(const eg_report_writer *w, const eg_check_report *report, eg_check_area_id id)
{
    const eg_check_area *area = &report->areas[id];
    eg_report_put(w, "<tr><td>");
    eg_report_put(w, eg_report_area(w, id));
    if (!area->asked) {
        eg_report_put(w, "</td><td class=\"not_asked\" colspan=\"3\">");
        eg_report_say(w, EG_WORD_NOT_ASKED);
        end_fact(w);
        return;
    }
    eg_buf_appendf(w->out, "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64,
                   area->looked, area->suspicious, area->not_looked);
    end_fact(w);
}

static void put_areas(const eg_report_writer *w, const eg_check_report *report)
{
    element(w, "h2", EG_WORD_AREAS);
    eg_report_put(w, "<table class=\"numbers\">\n<tr><th></th>");
    for (eg_word word = EG_WORD_LOOKED; word <= EG_WORD_NOT_LOOKED; word++) {
        element(w, "th", word);
    }
    eg_report_put(w, "</tr>\n");
    for (int i = 0; i < EG_CHECK_AREA_COUNT; i++) {
        put_area(w, report, (eg_check_area_id)i);
    }
    eg_report_put(w, "</table>\n<footer>");
    eg_report_say_text(w, EG_WORD_WRITTEN_BY, EG_STR(EG_VERSION_STRING));
    eg_report_put(w, "</footer>\n</main>\n</body>\n</html>\n");
}

int eg_report_write_html(const eg_check_report *report, eg_language language, eg_buf *out)
{
    const eg_report_writer writer = {out, language, true};
    put_head(&writer, report);
    put_verdict(&writer, report);
    put_facts(&writer, report);
    put_findings(&writer, report);
    put_stories(&writer, report);
    put_gaps(&writer, report);
    put_areas(&writer, report);
    return out->status;
}
