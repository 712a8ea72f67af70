/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_format.h"

#include "cli/report_story.h"
#include "core/base/status.h"
#include "core/version.h"

#include <inttypes.h>

#define NAME_MAX_CHARACTERS 2000
#define LINE "____________________________________________________________\n\n"

static void line_end(const eg_report_writer *w)
{
    eg_report_put(w, "\n");
}

static void heading(const eg_report_writer *w, eg_word word)
{
    eg_report_put(w, "\n[");
    eg_report_say(w, word);
    eg_report_put(w, "]\n");
}

static void begin_line(const eg_report_writer *w, const char *indent, eg_word label)
{
    eg_report_put(w, indent);
    eg_report_say(w, label);
    eg_report_put(w, ": ");
}

static void text_line(const eg_report_writer *w, const char *indent, eg_word label, eg_str value)
{
    if (value.len > 0) {
        begin_line(w, indent, label);
        eg_report_text(w, value, NAME_MAX_CHARACTERS);
        line_end(w);
    }
}

static void plain_line(const eg_report_writer *w, const char *indent, eg_str text)
{
    if (text.len > 0) {
        eg_report_put(w, indent);
        eg_report_text(w, text, NAME_MAX_CHARACTERS);
        line_end(w);
    }
}

/* ---- the head ---- */

static void put_verdict(const eg_report_writer *w, const eg_check_report *report)
{
    eg_report_say(w, EG_WORD_TITLE);
    eg_report_put(w, "\n" LINE "*** ");
    eg_report_say(w, eg_report_verdict(report->verdict));
    eg_report_put(w, " ***\n\n");
    eg_report_say_meaning(w, report);
    line_end(w);
    if (report->cancelled) {
        eg_report_say(w, EG_WORD_CANCELLED);
        line_end(w);
    }
    if (report->verdict == EG_CHECK_SUSPICIOUS && report->gap_count > 0) {
        eg_report_say(w, EG_WORD_ALSO_NOT_LOOKED);
        line_end(w);
    }
    if (eg_report_is_urgent(report)) {
        heading(w, EG_WORD_DO_NOW);
        for (eg_word step = EG_WORD_STEP_NETWORK; step <= EG_WORD_STEP_CALL; step++) {
            eg_buf_appendf(w->out, "  %d. ", (int)(step - EG_WORD_STEP_NETWORK) + 1);
            eg_report_say(w, step);
            line_end(w);
        }
    }
    line_end(w);
}

static void put_facts(const eg_report_writer *w, const eg_check_report *report)
{
    text_line(w, "", EG_WORD_COMPUTER, report->computer);
    begin_line(w, "", EG_WORD_CHECKED);
    eg_report_time(w, report->started);
    line_end(w);
    begin_line(w, "", EG_WORD_TOOK);
    eg_report_say_duration(w, report);
    line_end(w);
    begin_line(w, "", EG_WORD_USER);
    eg_report_say_user(w, report);
    line_end(w);
    begin_line(w, "", EG_WORD_RULES);
    eg_report_text(w, report->pack, NAME_MAX_CHARACTERS);
    eg_buf_appendf(w->out, " %" PRIu64 "\n", report->pack_serial);
    begin_line(w, "", EG_WORD_AGE);
    eg_report_say_age(w, report);
    line_end(w);
    begin_line(w, "", EG_WORD_RULE_COUNTS);
    eg_report_say_number(w, EG_WORD_SIGMA, report->rules_sigma);
    eg_report_say(w, EG_WORD_COMMA);
    eg_report_say_number(w, EG_WORD_YARA, report->rules_yara);
    line_end(w);
}

/* ---- findings ---- */

static void put_finding(const eg_report_writer *w, const eg_check_finding *finding)
{
    plain_line(w, "  - ", finding->subject);
    text_line(w, "      ", EG_WORD_PROGRAM, finding->program);
    text_line(w, "      ", EG_WORD_PARENT, finding->parent);
    text_line(w, "      ", EG_WORD_ACCOUNT, finding->user);
    if (finding->time != 0) {
        begin_line(w, "      ", EG_WORD_TIME);
        eg_report_time(w, finding->time);
        line_end(w);
    }
}

static void put_rule(const eg_report_writer *w, const eg_check_finding *finding)
{
    const eg_text *text = &finding->text[w->language];
    eg_report_put(w, "\n* ");
    eg_report_text(w, text->title.len ? text->title : finding->rule_title, NAME_MAX_CHARACTERS);
    eg_report_put(w, " [");
    eg_report_say(w, eg_report_level(finding->level));
    eg_report_put(w, "]\n");
    plain_line(w, "  ", text->meaning);
    text_line(w, "  ", EG_WORD_ADVICE, text->advice);
    text_line(w, "  ", EG_WORD_RULE, finding->rule_id);
}

static void put_number(const eg_report_writer *w, eg_word word, uint64_t count)
{
    if (count > 0) {
        eg_report_put(w, "\n  ");
        eg_report_say_number(w, word, count);
        line_end(w);
    }
}

static void put_left_out(const eg_report_writer *w, uint64_t count)
{
    put_number(w, EG_WORD_MORE_LEFT_OUT, count);
}

static void put_findings(const eg_report_writer *w, const eg_check_report *report)
{
    if (report->finding_count > 0) {
        heading(w, EG_WORD_FINDINGS);
    }
    for (size_t i = 0; i < report->finding_count; i++) {
        if (eg_check_report_is_first_finding(report, i)) {
            put_rule(w, &report->findings[i]);
            for (size_t j = i; j < report->finding_count;
                 j = eg_check_report_next_finding(report, j)) {
                put_finding(w, &report->findings[j]);
            }
        }
    }
    put_left_out(w, report->findings_left_out);
    put_number(w, EG_WORD_HIDDEN, report->hidden);
}

/* ---- stories ---- */

static void begin_story(const eg_report_writer *w, eg_str title)
{
    plain_line(w, "\n* ", title);
}

static void put_step(const eg_report_writer *w, const eg_report_step *step)
{
    eg_report_put(w, step->marked ? "  ! " : "    ");
    eg_report_say(w, eg_report_role(step->role));
    eg_report_put(w, ": ");
    eg_report_text(w, step->name, NAME_MAX_CHARACTERS);
    line_end(w);
    plain_line(w, "        ", step->detail);
}

static void end_story(const eg_report_writer *w)
{
    EG_UNUSED(w);
}

static void put_stories(const eg_report_writer *w, const eg_check_report *report)
{
    static const eg_report_story_look look = {begin_story, put_step, end_story};
    if (report->story_count > 0) {
        heading(w, EG_WORD_STORIES);
        eg_report_put(w, "  ! = ");
        eg_report_say(w, EG_WORD_MARKED);
        line_end(w);
    }
    for (size_t i = 0; i < report->story_count; i++) {
        eg_report_story(w, report->stories[i], &look);
    }
    put_left_out(w, report->stories_left_out);
}

/* ---- what could not be looked at, and the numbers ---- */

static void put_gap(const eg_report_writer *w, const eg_check_gap *gap)
{
    eg_report_put(w, "  - ");
    eg_report_put(w, eg_report_area(w, gap->area));
    if (gap->what.len > 0) {
        eg_report_put(w, ": ");
        eg_report_text(w, gap->what, NAME_MAX_CHARACTERS);
    }
    line_end(w);
    eg_report_put(w, "      ");
    eg_report_put(w, eg_report_reason(w, gap->reason));
    line_end(w);
    text_line(w, "      ", EG_WORD_DETAILS, gap->why);
}

static void put_gaps(const eg_report_writer *w, const eg_check_report *report)
{
    if (report->gap_count > 0) {
        heading(w, EG_WORD_GAPS);
    }
    for (size_t i = 0; i < report->gap_count; i++) {
        if (eg_check_report_is_first_gap(report, i)) {
            line_end(w);
            text_line(w, "* ", EG_WORD_HOW, report->gaps[i].how[w->language]);
            for (size_t j = i; j < report->gap_count; j = eg_check_report_next_gap(report, j)) {
                put_gap(w, &report->gaps[j]);
            }
        }
    }
    put_left_out(w, report->gaps_left_out);
}

static void put_areas(const eg_report_writer *w, const eg_check_report *report)
{
    heading(w, EG_WORD_AREAS);
    for (int i = 0; i < EG_CHECK_AREA_COUNT; i++) {
        const eg_check_area *area = &report->areas[i];
        eg_report_put(w, "  ");
        eg_report_put(w, eg_report_area(w, (eg_check_area_id)i));
        eg_report_put(w, ": ");
        if (!area->asked) {
            eg_report_say(w, EG_WORD_NOT_ASKED);
            line_end(w);
            continue;
        }
        eg_report_say(w, EG_WORD_LOOKED);
        eg_buf_appendf(w->out, " %" PRIu64, area->looked);
        eg_report_say(w, EG_WORD_COMMA);
        eg_report_say(w, EG_WORD_FOUND);
        eg_buf_appendf(w->out, " %" PRIu64, area->suspicious);
        eg_report_say(w, EG_WORD_COMMA);
        eg_report_say(w, EG_WORD_NOT_LOOKED);
        eg_buf_appendf(w->out, " %" PRIu64 "\n", area->not_looked);
    }
}

int eg_report_write_text(const eg_check_report *report, eg_language language, eg_buf *out)
{
    const eg_report_writer writer = {out, language, false};
    put_verdict(&writer, report);
    put_facts(&writer, report);
    put_findings(&writer, report);
    put_stories(&writer, report);
    put_gaps(&writer, report);
    put_areas(&writer, report);
    eg_report_put(&writer, "\n" LINE);
    eg_report_say_text(&writer, EG_WORD_WRITTEN_BY, EG_STR(EG_VERSION_STRING));
    line_end(&writer);
    return out->status;
}
