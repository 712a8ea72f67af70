/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_report.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define ARENA_BLOCK ((size_t)64 * 1024)

static const char *const area_names[] = {
#define AREA(id, name) name,
#include "cli/check_areas.def"
#undef AREA
};

static const char *const reason_names[] = {
#define REASON(id, name, way) name,
#include "cli/check_reasons.def"
#undef REASON
};

static const char *const verdict_names[] = {"nothing_found", "suspicious", "could_not_look"};

const char *eg_check_area_name(eg_check_area_id area)
{
    return area_names[area];
}

const char *eg_check_reason_name(eg_check_reason reason)
{
    return reason_names[reason];
}

const char *eg_check_verdict_name(eg_check_verdict verdict)
{
    return verdict_names[verdict];
}

/* ---- life ---- */

int eg_check_report_create(eg_check_report **out)
{
    eg_check_report *report = eg_alloc_zero(1, sizeof(*report));
    if (!report) {
        return EG_E_NOMEM;
    }
    report->findings = eg_alloc_zero(EG_CHECK_FINDINGS_MAX, sizeof(*report->findings));
    report->gaps = eg_alloc_zero(EG_CHECK_GAPS_MAX, sizeof(*report->gaps));
    report->stories = eg_alloc_zero(EG_CHECK_STORIES_MAX, sizeof(*report->stories));
    if (!report->findings || !report->gaps || !report->stories ||
        eg_arena_create(&report->arena, ARENA_BLOCK) != EG_OK) {
        eg_check_report_destroy(report);
        return EG_E_NOMEM;
    }
    *out = report;
    return EG_OK;
}

void eg_check_report_destroy(eg_check_report *report)
{
    if (report) {
        eg_arena_destroy(report->arena);
        eg_free(report->stories);
        eg_free(report->gaps);
        eg_free(report->findings);
        eg_free(report);
    }
}

/* ---- texts ---- */

static bool has_room(const eg_check_report *report)
{
    return eg_arena_bytes(report->arena) < EG_CHECK_BYTES_MAX;
}

/* Replaces a borrowed text by the report's own copy; an absent one stays absent. */
static int keep(eg_check_report *report, eg_str *text)
{
    if (!text->ptr) {
        return EG_OK;
    }
    eg_str cut = eg_utf8_cut(*text, EG_CHECK_TEXT_MAX);
    char *copy = eg_arena_copy(report->arena, cut.ptr, cut.len);
    if (!copy) {
        return EG_E_NOMEM;
    }
    *text = (eg_str){copy, cut.len};
    return EG_OK;
}

/* JSON cannot be cut: too much of it is as none. */
static int keep_json(eg_check_report *report, eg_str *json)
{
    if (!json->ptr || json->len > EG_CHECK_JSON_MAX) {
        *json = EG_STR_NONE;
        return EG_OK;
    }
    char *copy = eg_arena_copy(report->arena, json->ptr, json->len);
    if (!copy) {
        return EG_E_NOMEM;
    }
    json->ptr = copy;
    return EG_OK;
}

int eg_check_report_set_text(eg_check_report *report, eg_str *text, eg_str value)
{
    int status = keep(report, &value);
    if (status == EG_OK) {
        *text = value;
    }
    return status;
}

/* ---- what was found, and what not ---- */

void eg_check_report_looked(eg_check_report *report, eg_check_area_id area, uint64_t count)
{
    report->areas[area].asked = true;
    report->areas[area].looked += count;
}

/* Where a finding goes: to the end, else in the place of one that matters less; NULL: nowhere. */
static eg_check_finding *place_for(eg_check_report *report, eg_level level)
{
    eg_check_finding *least = NULL;
    if (!has_room(report)) {
        return NULL;
    }
    if (report->finding_count < EG_CHECK_FINDINGS_MAX) {
        return &report->findings[report->finding_count];
    }
    for (size_t i = 0; i < report->finding_count; i++) {
        eg_check_finding *finding = &report->findings[i];
        if (finding->level < level && (!least || finding->level <= least->level)) {
            least = finding;
        }
    }
    return least;
}

static int keep_finding(eg_check_report *report, eg_check_finding *finding)
{
    eg_str *texts[] = {&finding->rule_id, &finding->rule_title, &finding->rule_author,
                       &finding->subject, &finding->program,    &finding->parent,
                       &finding->user};
    int status = keep_json(report, &finding->evidence);
    for (size_t i = 0; i < EG_COUNT(texts) && status == EG_OK; i++) {
        status = keep(report, texts[i]);
    }
    for (int i = 0; i < EG_LANGUAGE_COUNT && status == EG_OK; i++) {
        eg_text *text = &finding->text[i];
        status = keep(report, &text->title);
        status = status == EG_OK ? keep(report, &text->meaning) : status;
        status = status == EG_OK ? keep(report, &text->advice) : status;
    }
    return status;
}

int eg_check_report_add_finding(eg_check_report *report, const eg_check_finding *finding)
{
    eg_check_finding *place = place_for(report, finding->level);
    bool full = report->finding_count == EG_CHECK_FINDINGS_MAX;
    eg_check_finding kept = *finding;
    int status = place ? keep_finding(report, &kept) : EG_OK;
    if (status != EG_OK) {
        return status;
    }
    if (place) {
        *place = kept;
    }
    report->finding_count += place && !full;
    report->findings_left_out += !place || full;
    report->areas[finding->area].asked = true;
    report->areas[finding->area].suspicious++;
    return EG_OK;
}

int eg_check_report_add_gap(eg_check_report *report, const eg_check_gap *gap)
{
    bool fits = has_room(report) && report->gap_count < EG_CHECK_GAPS_MAX;
    eg_check_gap kept = *gap;
    int status = fits ? keep(report, &kept.what) : EG_OK;
    if (fits && status == EG_OK) {
        status = keep(report, &kept.why);
    }
    for (int i = 0; i < EG_LANGUAGE_COUNT && fits && status == EG_OK; i++) {
        status = keep(report, &kept.how[i]);
    }
    if (status != EG_OK) {
        return status;
    }
    if (fits) {
        report->gaps[report->gap_count++] = kept;
    }
    report->gaps_left_out += !fits;
    report->areas[gap->area].asked = true;
    report->areas[gap->area].not_looked++;
    return EG_OK;
}

int eg_check_report_add_story(eg_check_report *report, eg_str story)
{
    bool fits = has_room(report) && report->story_count < EG_CHECK_STORIES_MAX;
    int status = fits ? keep_json(report, &story) : EG_OK;
    if (status != EG_OK) {
        return status;
    }
    if (fits && story.ptr) {
        report->stories[report->story_count++] = story;
    } else {
        report->stories_left_out++;
    }
    return EG_OK;
}

/* ---- the end ---- */

/* The gravest first; those of one level in the order in which they were found. */
static void sort_findings(eg_check_report *report)
{
    for (size_t i = 1; i < report->finding_count; i++) {
        eg_check_finding finding = report->findings[i];
        size_t to = i;
        while (to > 0 && report->findings[to - 1].level < finding.level) {
            report->findings[to] = report->findings[to - 1];
            to--;
        }
        report->findings[to] = finding;
    }
}

void eg_check_report_finish(eg_check_report *report, uint64_t finished)
{
    bool gaps = report->gap_count > 0 || report->gaps_left_out > 0 || report->cancelled;
    bool found = report->finding_count > 0 || report->findings_left_out > 0;
    sort_findings(report);
    report->finished = finished;
    report->verdict = found  ? EG_CHECK_SUSPICIOUS
                      : gaps ? EG_CHECK_COULD_NOT_LOOK
                             : EG_CHECK_NOTHING_FOUND;
}

/* ---- what belongs together ---- */

static bool same_rule(const eg_check_report *report, size_t a, size_t b)
{
    const eg_check_finding *one = &report->findings[a];
    const eg_check_finding *other = &report->findings[b];
    return one->level == other->level && eg_str_equal(one->rule_id, other->rule_id);
}

static bool same_remedy(const eg_check_report *report, size_t a, size_t b)
{
    return eg_str_equal(report->gaps[a].how[0], report->gaps[b].how[0]);
}

static size_t next_same(const eg_check_report *report, size_t i, size_t count,
                        bool (*same)(const eg_check_report *report, size_t a, size_t b))
{
    size_t next = i + 1;
    while (next < count && !same(report, i, next)) {
        next++;
    }
    return next;
}

static bool is_first(const eg_check_report *report, size_t i,
                     bool (*same)(const eg_check_report *report, size_t a, size_t b))
{
    size_t before = 0;
    while (before < i && !same(report, before, i)) {
        before++;
    }
    return before == i;
}

size_t eg_check_report_next_finding(const eg_check_report *report, size_t i)
{
    return next_same(report, i, report->finding_count, same_rule);
}

bool eg_check_report_is_first_finding(const eg_check_report *report, size_t i)
{
    return is_first(report, i, same_rule);
}

size_t eg_check_report_next_gap(const eg_check_report *report, size_t i)
{
    return next_same(report, i, report->gap_count, same_remedy);
}

bool eg_check_report_is_first_gap(const eg_check_report *report, size_t i)
{
    return is_first(report, i, same_remedy);
}
