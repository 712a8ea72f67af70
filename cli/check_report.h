/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result of a check of this PC as plain data: whoever looks adds findings, gaps (what could not
 * be looked at) and stories; eg_check_report_finish draws the verdict; report_text, report_json and
 * report_html write it. The report copies what it is given into an arena of its own, so nothing
 * that was added has to live on. Everything is bounded: what does not fit is counted, never
 * forgotten. One thread at a time; eg_check_report_destroy frees all of it.
 */
#ifndef EG_CLI_CHECK_REPORT_H
#define EG_CLI_CHECK_REPORT_H

#include "core/base/mem.h"
#include "core/detect/text.h"

#define EG_CHECK_FINDINGS_MAX 500                     /* the gravest are kept */
#define EG_CHECK_GAPS_MAX 500                         /* the first are kept */
#define EG_CHECK_STORIES_MAX 50                       /* the first are kept */
#define EG_CHECK_TEXT_MAX ((size_t)128 * 1024)        /* bytes of one text; longer ones are cut */
#define EG_CHECK_JSON_MAX ((size_t)1024 * 1024)       /* of evidence or a story; longer: left out */
#define EG_CHECK_BYTES_MAX ((size_t)64 * 1024 * 1024) /* of all texts together */

typedef enum eg_check_area_id {
#define AREA(id, name) EG_CHECK_##id,
#include "cli/check_areas.def"
#undef AREA
    EG_CHECK_AREA_COUNT,
} eg_check_area_id;

const char *eg_check_area_name(eg_check_area_id area); /* "process" */

/* Why something could not be looked at; cli/report_words.h has the words for it. */
typedef enum eg_check_reason {
#define REASON(id, name, way) EG_CHECK_REASON_##id,
#include "cli/check_reasons.def"
#undef REASON
    EG_CHECK_REASON_COUNT,
} eg_check_reason;

const char *eg_check_reason_name(eg_check_reason reason); /* "unreadable" */

typedef enum eg_check_verdict {
    EG_CHECK_NOTHING_FOUND,
    EG_CHECK_SUSPICIOUS,
    EG_CHECK_COULD_NOT_LOOK, /* nothing found, but not everything could be looked at */
} eg_check_verdict;

const char *eg_check_verdict_name(eg_check_verdict verdict); /* "nothing_found" */

typedef struct eg_check_finding {
    eg_check_area_id area;
    eg_level level;
    eg_str rule_id;
    eg_str rule_title;
    eg_str rule_author;
    eg_text text[EG_LANGUAGE_COUNT];
    eg_str subject;  /* what it is about: a path, a value, a task */
    eg_str program;  /* what runs, or would run; EG_STR_NONE unknown, as the next two */
    eg_str parent;   /* what started it, or wrote it */
    eg_str user;     /* DOMAIN\name or SID */
    uint64_t time;   /* FILETIME of what was found; 0 unknown */
    eg_str evidence; /* one JSON value: the event, or the strings that were matched */
} eg_check_finding;

typedef struct eg_check_gap {
    eg_check_area_id area;
    eg_check_reason reason;
    eg_str what;                   /* path, key, process; empty: all of the area */
    eg_str why;                    /* the error message, a technical detail; may be empty */
    eg_str how[EG_LANGUAGE_COUNT]; /* how to let it be looked at; EG_STR_NONE: no way is known */
} eg_check_gap;

typedef struct eg_check_area {
    bool asked; /* this check was to look here */
    uint64_t looked;
    uint64_t not_looked;
    uint64_t suspicious;
} eg_check_area;

typedef struct eg_check_report {
    /* Set by the caller; texts by eg_check_report_set_text. */
    uint64_t started, finished; /* FILETIME */
    eg_str computer, user;      /* who ran it: DOMAIN\name */
    eg_str pack;                /* name of the rules */
    uint64_t pack_serial;
    uint64_t rules_sigma, rules_yara;
    uint64_t hidden;  /* findings that are none, since an exception lets them be */
    bool elevated;    /* with administrator rights */
    bool cancelled;   /* before its end */
    bool with_memory; /* the memory of programs was looked at, too */
    bool age_known;
    uint64_t rule_age_days; /* when the check started */

    /* Read only: filled by the functions below. */
    eg_check_verdict verdict;
    eg_check_area areas[EG_CHECK_AREA_COUNT];
    eg_check_finding *findings; /* after finish: the gravest first */
    size_t finding_count;
    uint64_t findings_left_out;
    eg_check_gap *gaps;
    size_t gap_count;
    uint64_t gaps_left_out;
    eg_str *stories; /* each one JSON object of eg_incident_write_json */
    size_t story_count;
    uint64_t stories_left_out;
    eg_arena *arena;
} eg_check_report;

int eg_check_report_create(eg_check_report **out);
void eg_check_report_destroy(eg_check_report *report); /* NULL-safe */
/* Sets one of the report's own texts (computer, user, pack) to a copy; EG_E_NOMEM. */
int eg_check_report_set_text(eg_check_report *report, eg_str *text, eg_str value);
/* One more thing of this area was looked at: the area was asked for. */
void eg_check_report_looked(eg_check_report *report, eg_check_area_id area, uint64_t count);
/*
 * Keep a copy and count it in its area. A finding is no second "looked at"; a gap counts as one
 * thing not looked at. EG_E_NOMEM: nothing was kept or counted.
 */
int eg_check_report_add_finding(eg_check_report *report, const eg_check_finding *finding);
int eg_check_report_add_gap(eg_check_report *report, const eg_check_gap *gap);
int eg_check_report_add_story(eg_check_report *report, eg_str story);
/* Sorts the findings, draws the verdict and notes the time. Nothing may be added afterwards. */
void eg_check_report_finish(eg_check_report *report, uint64_t finished);

/*
 * For writers that tell a rule once with all it was met on, and a remedy once with all it is for:
 * the next one that belongs to number `i`, or the count when there is none; and whether `i` is the
 * first of its kind. Findings belong together by rule, gaps by how to let them be looked at.
 */
size_t eg_check_report_next_finding(const eg_check_report *report, size_t i);
bool eg_check_report_is_first_finding(const eg_check_report *report, size_t i);
size_t eg_check_report_next_gap(const eg_check_report *report, size_t i);
bool eg_check_report_is_first_gap(const eg_check_report *report, size_t i);

#endif
