/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns what the rules met into findings of a report: hits of Sigma rules with their stories, and
 * what YARA rules met in files and memory. The report copies what it is given. One thread at a
 * time.
 */
#ifndef EG_CLI_CHECK_FINDINGS_H
#define EG_CLI_CHECK_FINDINGS_H

#include "cli/check_files.h"
#include "cli/check_report.h"
#include "core/detect/exception_list.h"
#include "core/detect/hit.h"

/*
 * A hit of this level is a finding. What is below tells of ordinary work, too: the service keeps
 * such hits, but opens no window for them either.
 */
#define EG_CHECK_HIT_LEVEL EG_LEVEL_MEDIUM

/* Stories by their id, each as it was last told. Zero-initialise; free with _done. */
typedef struct eg_check_story {
    int64_t id;
    char *json;
} eg_check_story;

typedef struct eg_check_stories {
    eg_check_story items[EG_CHECK_STORIES_MAX];
    size_t count;
} eg_check_stories;

int eg_check_stories_take(eg_check_stories *stories, const eg_hit *hit);
int eg_check_stories_tell(eg_check_stories *stories, eg_check_report *report);
void eg_check_stories_done(eg_check_stories *stories);

/* Where a person would look for what an event tells of. */
eg_check_area_id eg_check_area_of(eg_kind kind);
/* Does nothing with a hit below EG_CHECK_HIT_LEVEL; counts one that an exception hides. */
int eg_check_add_hit(eg_check_report *report, const eg_hit *hit, const eg_event *event);

typedef struct eg_check_rules {
    const eg_texts *texts;
    const eg_exception_list *exceptions[2]; /* of this PC, of the pack; NULL: none */
} eg_check_rules;

/* Each rule that an item met; those that an exception hides are counted. */
int eg_check_add_matches(eg_check_report *report, const eg_check_rules *rules,
                         const eg_check_item *item);
/* Appends the strings of one rule as a JSON array. */
void eg_check_put_strings(eg_json *json, const eg_yara_match *match);

#endif
