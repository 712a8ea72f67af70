/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences that a snapshot found and that wait for their sensor to report them, oldest first.
 * Inside of baseline.c: one thread, the list owns its events.
 */
#ifndef EG_DETECT_BASELINE_HELD_H
#define EG_DETECT_BASELINE_HELD_H

#include "core/detect/baseline_table.h"

typedef struct eg_held {
    struct eg_held *next;
    eg_object *object; /* NULL: overtaken by what its sensor reported */
    eg_event *event;
    uint64_t state;
    uint64_t due; /* monotonic nanoseconds */
    size_t size;
    bool removal; /* the object is gone */
} eg_held;

typedef struct eg_held_list {
    eg_held *first, *last;
    size_t count;
    size_t size;       /* of all events */
    bool any_released; /* one in the middle is due */
} eg_held_list;

void eg_held_list_done(eg_held_list *list);
/* Copies the event. EG_E_LIMIT when too much is held already, EG_E_NOMEM. */
int eg_held_add(eg_held_list *list, eg_object *object, const eg_event *event, uint64_t state,
                uint64_t now);
int eg_held_add_removal(eg_held_list *list, eg_object *object, const eg_event *event, uint64_t now);
void eg_held_drop(eg_held_list *list, eg_object *object); /* what is held of it; NULL-safe */
/* Lets go of it at once, without its object; true when it is one that a sensor missed. */
bool eg_held_release(eg_held_list *list, eg_object *object);
/* Takes the first whose time has come; the caller frees it and its event. NULL: none. */
eg_held *eg_held_due(eg_held_list *list, uint64_t now);

#endif
