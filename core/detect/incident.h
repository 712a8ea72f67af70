/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents: hits that belong together are one story. Two hits belong together when they share a
 * process of their lineage, a file or a place of start, within a day of each other. The table keeps
 * the stories that may still grow; it is a pure function of the hits fed to it.
 *
 * Bounded: of many open stories the one that has been quiet the longest is let go. Belongs to the
 * pipeline thread. What it hands out is valid until the next call.
 */
#ifndef EG_DETECT_INCIDENT_H
#define EG_DETECT_INCIDENT_H

#include "core/detect/hit.h"
#include "core/detect/incident_steps.h"

#define EG_INCIDENT_STEPS_MAX 16
#define EG_INCIDENT_RULES_MAX 16
#define EG_INCIDENT_ABSORBED_MAX 16

/* All hits of one rule in a story are one line, however many they are. */
typedef struct eg_incident_rule {
    eg_str id;
    eg_str title;
    eg_level level;
    uint64_t count;
    uint64_t kinds; /* different things it was met on */
} eg_incident_rule;

typedef struct eg_incident {
    int64_t id;                      /* from 1, grows with time */
    uint64_t first_time;             /* FILETIME of its earliest event */
    uint64_t last_time;              /* of its latest */
    eg_level level;                  /* the gravest of its hits */
    uint64_t hits;                   /* repeated ones included */
    eg_str user;                     /* DOMAIN\name or SID; "" unknown */
    eg_text text[EG_LANGUAGE_COUNT]; /* of the gravest hit */
    const eg_step *steps;
    size_t step_count;
    uint64_t steps_left_out; /* for lack of room */
    const int64_t *absorbed; /* stories that turned out to be part of this one */
    size_t absorbed_count;
    const eg_incident_rule *rules;
    size_t rule_count;
} eg_incident;

typedef struct eg_incident_change {
    const eg_incident *incident;
    bool is_new;
    bool is_news; /* something in it was not known before: worth telling */
} eg_incident_change;

typedef struct eg_incidents eg_incidents;

int eg_incidents_create(eg_incidents **out);
void eg_incidents_destroy(eg_incidents *incidents); /* NULL-safe */
/*
 * Takes a hit into its story, or opens one. `lineage` is that of the event's process, or of its
 * writer. Without memory the table is as it was before.
 */
int eg_incidents_add(eg_incidents *incidents, const eg_hit *hit, const eg_event *event,
                     const eg_lineage *lineage, eg_incident_change *out);
/* One JSON object: what the store keeps, `hits show` prints and the pipe carries. */
void eg_incident_write_json(const eg_incident *incident, eg_json *json);
/* What a story is known by, as one JSON object: nothing of it is for people. */
void eg_incidents_write_memory(const eg_incidents *incidents, int64_t id, eg_json *json);
/*
 * Takes back a story of an earlier run. EG_E_INVALID for texts that the two functions above did
 * not write; the table is as it was then.
 */
int eg_incidents_restore(eg_incidents *incidents, eg_str story, eg_str memory);
/* New stories get ids above this one, if theirs would not be anyway. */
void eg_incidents_number(eg_incidents *incidents, int64_t last_id);
/* The story is resolved: what comes later is a new one. Unknown ids do nothing. */
void eg_incidents_close(eg_incidents *incidents, int64_t id);
size_t eg_incidents_count(const eg_incidents *incidents);

#endif
