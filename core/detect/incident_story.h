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
#define EG_STORY_TOLD_MAX 3  /* things that one rule tells of within EG_HIT_QUIET_TICKS */

/* That a thing was told, by the time of the event; all zero: none. */
typedef struct eg_telling {
    uint64_t fingerprint;
    uint64_t time;
} eg_telling;

/* Texts of a step, a rule line or a headline lie in one block each, so that a merge moves them. */
typedef struct eg_story {
    eg_incident view;
    char *headline;
    eg_step steps[EG_INCIDENT_STEPS_MAX];
    char *step_texts[EG_INCIDENT_STEPS_MAX];
    eg_incident_rule rules[EG_INCIDENT_RULES_MAX];
    char *rule_texts[EG_INCIDENT_RULES_MAX];
    eg_telling told[EG_INCIDENT_RULES_MAX][EG_STORY_TOLD_MAX]; /* by rule */
    uint64_t keys[EG_STORY_KEYS_MAX];                          /* a ring */
    size_t key_count;
    uint64_t seen[EG_STORY_SEEN_MAX]; /* a ring */
    size_t seen_count;
    int64_t absorbed[EG_INCIDENT_ABSORBED_MAX];
} eg_story;

/* One hit, and the memory its story may need: all of it is had before anything is changed. */
typedef struct eg_arrival {
    const eg_hit *hit;
    bool found; /* by looking at what is there: it may have been seen happening before */
    eg_step steps[EG_STEPS_PER_EVENT];
    char *step_texts[EG_STEPS_PER_EVENT]; /* NULL once a story has taken it */
    size_t step_count;
    eg_incident_rule rule;
    char *rule_texts;
    eg_str user;
    eg_text text[EG_LANGUAGE_COUNT];
    char *headline;
    eg_story *fresh; /* in case it opens one */
} eg_arrival;

/*
 * Copies the texts, each cut to its limit, into one block and turns the views to it. NULL on no
 * memory.
 */
char *eg_story_keep_texts(eg_str *const *texts, const size_t *limits, size_t count);
/* Limits of the names and details of steps, and of the ids and titles of rules. */
extern const size_t eg_story_step_limits[2];
#define EG_STORY_HEADLINE_TEXTS (1 + 3 * EG_LANGUAGE_COUNT)
/* The texts of a headline in their order: the user, then title, meaning, advice by language. */
void eg_story_headline_texts(eg_str *user, eg_text *text, eg_str *texts[EG_STORY_HEADLINE_TEXTS],
                             size_t limits[EG_STORY_HEADLINE_TEXTS]);

/* Copies what `steps` and the hit borrow; on failure nothing is held. */
int eg_arrival_take(eg_arrival *new);
void eg_arrival_done(eg_arrival *new); /* frees what no story took */

uint64_t eg_time_apart(uint64_t a, uint64_t b); /* whichever is earlier */

eg_story *eg_story_create(void);     /* empty; NULL on no memory */
void eg_story_destroy(eg_story *at); /* NULL-safe */
bool eg_story_belongs(const eg_story *at, const eg_arrival *new);
/* True when the hit says something that was not known. */
bool eg_story_grow(eg_story *at, eg_arrival *new);
/* The halves of eg_incidents_write_memory and eg_incidents_restore that know one story. */
void eg_story_write_memory(const eg_story *at, eg_json *json);
int eg_story_read(eg_str story, eg_str memory, eg_story **out);
/* Moves into `to` what it lacks; `from` is still to be destroyed. */
void eg_story_merge(eg_story *to, eg_story *from);

#endif
