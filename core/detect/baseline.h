/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sensors have told so far about things that stay: autostart values, tasks, services. Each
 * is an object (sensor, kind, name) with a state (a hash of its content). A snapshot is compared
 * with it: what nobody reported is news, whether it happened while the service was down or because
 * a sensor missed it. What is compared for the first time is only remembered.
 *
 * Portable and pure: the caller gives the time and keeps the rows on disk. It belongs to one thread
 * (the pipeline's). Bounded: what does not fit is passed on as it came, and counted.
 */
#ifndef EG_DETECT_BASELINE_H
#define EG_DETECT_BASELINE_H

#include "core/event/event.h"

/* For how long a difference waits for the sensor to report it by itself. */
#define EG_BASELINE_HOLD_MS 5000u
#define EG_BASELINE_OBJECTS_MAX 20000u

typedef struct eg_baseline eg_baseline;

/*
 * What is kept on disk of an object. A row of kind EG_KIND_OTHER is no object: all whose names
 * begin with its name have been listed once, so that one unknown among them is new.
 */
typedef struct eg_baseline_row {
    eg_str sensor;
    eg_kind kind;
    eg_str name;
    uint64_t state;
    eg_str details; /* content for people, at most EG_BASELINE_DETAILS_MAX bytes */
    uint64_t time;  /* FILETIME: when it was told first in this state */
    bool gone;      /* the row is to be deleted */
} eg_baseline_row;

#define EG_BASELINE_DETAILS_MAX 2048u

typedef struct eg_baseline_stats {
    size_t objects;
    uint64_t forgotten; /* told, but not remembered for lack of room */
} eg_baseline_stats;

/* A row is new, has changed, or is gone. Its texts live during the call. */
typedef void (*eg_baseline_keep)(void *user, const eg_baseline_row *row);

int eg_baseline_create(eg_baseline_keep keep, void *user, eg_baseline **out);
void eg_baseline_destroy(eg_baseline *baseline); /* NULL-safe */
/* Takes over a row of an earlier run. Before the first event. */
int eg_baseline_load(eg_baseline *baseline, const eg_baseline_row *row);
/* Hands every row to `keep`: for a database that has lost them. */
void eg_baseline_keep_all(eg_baseline *baseline);

/*
 * Looks at one event or mark, in the order in which they came. *pass tells whether it goes on to
 * the rules now, with the flags that it has then; if not, it was a mark, is known, or is held back
 * for EG_BASELINE_HOLD_MS. `now`: monotonic nanoseconds. EG_E_NOMEM: it goes on as it came.
 */
int eg_baseline_judge(eg_baseline *baseline, eg_event *event, uint64_t now, bool *pass);
/*
 * The next difference whose time has come: news, marked EG_EVENT_CHANGED_WHILE_DOWN or
 * EG_EVENT_MISSED, with PreviousDetails where there was something before. From now on it is known.
 * EG_E_NOTFOUND, without a message, when there is none. Free it with eg_free.
 */
int eg_baseline_take(eg_baseline *baseline, uint64_t now, eg_event **event);

/* A sensor that missed something since the last call, and how much; false when there is none. */
bool eg_baseline_missed(eg_baseline *baseline, eg_str *sensor, uint64_t *count);
void eg_baseline_stats_get(const eg_baseline *baseline, eg_baseline_stats *stats);

#endif
