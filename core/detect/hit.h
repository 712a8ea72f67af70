/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hit: one rule met by one event. The pipeline fills it with borrowed views for the length of a
 * call; the store keeps it; the pipe carries it. The texts of all languages travel with it, so a
 * stored hit explains itself after its rule has been changed or withdrawn.
 */
#ifndef EG_DETECT_HIT_H
#define EG_DETECT_HIT_H

#include "core/detect/text.h"
#include "core/event/event_json.h"

/* For so long, from one telling to the next, a hit that repeats what was told is only counted. */
#define EG_HIT_QUIET_TICKS (UINT64_C(24) * 3600 * 10000000)

typedef struct eg_hit {
    int64_t id;           /* given by the store, 0 before; grows with time */
    uint64_t time;        /* FILETIME of the event */
    uint64_t stored_time; /* FILETIME when the store had it on disk */
    uint64_t shown_time;  /* FILETIME when a window showed it, 0 not yet */
    uint64_t count;       /* how often the same thing was seen happening, from 1 */
    uint64_t last_time;   /* FILETIME when the store heard of it last */
    uint64_t fingerprint; /* same rule on the same thing: see eg_hit_fingerprint */
    uint64_t pack_serial;
    eg_level level;
    eg_str rule_id;
    eg_str rule_title;
    eg_str rule_author;
    eg_str tags;       /* "attack.execution, attack.t1059.001" */
    eg_str program;    /* what ran, or what was registered to run: path or command */
    eg_str parent;     /* who started or wrote it; "" unknown */
    eg_str user;       /* DOMAIN\name or SID; "" unknown */
    eg_str file;       /* in which YARA found it; EG_STR_NONE: found in the event */
    eg_str event_json; /* evidence: the event as one JSON object */
    eg_text text[EG_LANGUAGE_COUNT];
    int64_t incident_id;    /* of its story; 0 none */
    bool incident_news;     /* it told something that was not known of the story */
    eg_str incident_json;   /* the story after this hit: see eg_incident_write_json */
    eg_str incident_memory; /* by which it grows after a restart: see eg_incidents_restore */
    int64_t exception_id;   /* of what hides it: no story, no window; below 0 of a pack; 0 none */
} eg_hit;

/* Over rule id, kind and the fields that name the thing; not over times and process ids. */
uint64_t eg_hit_fingerprint(eg_str rule_id, const eg_event *event);

/* One JSON object: what `hits export`, `hits show --json` and the pipe write. */
void eg_hit_write_json(const eg_hit *hit, eg_json *json);

#endif
