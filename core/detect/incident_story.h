/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One story of the table of incidents: what it holds, how a hit makes it grow, how two become one.
 * For incident.c and incident_json.c alone.
 */
#ifndef EG_DETECT_INCIDENT_STORY_H
#define EG_DETECT_INCIDENT_STORY_H

#include "core/detect/incident.h"

#define EG_STORY_KEYS_MAX 64 /* what a story is known by */
#define EG_STORY_SEEN_MAX 64 /* fingerprints that are told apart */

/* Texts of a step, a rule line or a headline lie in one block each, so that a merge moves them. */
typedef struct eg_story {
    eg_incident view;
    char *headline;
    eg_step steps[EG_INCIDENT_STEPS_MAX];
    char *step_texts[EG_INCIDENT_STEPS_MAX];
    eg_incident_rule rules[EG_INCIDENT_RULES_MAX];
    char *rule_texts[EG_INCIDENT_RULES_MAX];
    uint64_t keys[EG_STORY_KEYS_MAX]; /* a ring */
    size_t key_count;
    uint64_t seen[EG_STORY_SEEN_MAX]; /* a ring */
    size_t seen_count;
} eg_story;

/* One hit, and the memory its story may need: all of it is had before anything is changed. */
typedef struct eg_arrival {
    const eg_hit *hit;
    eg_step steps[EG_STEPS_PER_EVENT];
    char *step_texts[EG_STEPS_PER_EVENT]; /* NULL once a story has taken it */
    size_t step_count;
    eg_incident_rule rule;
    char *rule_texts;
    eg_str user;
    eg_text text[EG_LANGUAGE_COUNT];
    char *headline;
    eg_story *fresh;
} eg_arrival;

/* Copies what `steps` and the hit borrow; on failure nothing is held. */
int eg_arrival_take(eg_arrival *new);
void eg_arrival_done(eg_arrival *new); /* frees what no story took */

void eg_story_destroy(eg_story *at); /* NULL-safe */
bool eg_story_belongs(const eg_story *at, const eg_arrival *new);
/* True when the hit says something that was not known. */
bool eg_story_grow(eg_story *at, eg_arrival *new);
/* Moves into `to` what it lacks; `from` is still to be destroyed. */
void eg_story_merge(eg_story *to, eg_story *from);

#endif
