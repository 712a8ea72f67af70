/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of the baseline, found by sensor, kind and name. Inside of baseline.c: one thread,
 * the table owns its objects.
 */
#ifndef EG_DETECT_BASELINE_TABLE_H
#define EG_DETECT_BASELINE_TABLE_H

#include "core/event/event.h"

struct eg_held;

typedef struct eg_object {
    struct eg_object *next; /* in its bucket */
    size_t sensor;          /* index of it */
    eg_kind kind;
    eg_str name;
    uint64_t state;
    char *details; /* NUL-terminated; NULL for none */
    uint64_t time;
    uint32_t seen;    /* number of the last snapshot that told it */
    uint32_t touched; /* number of the snapshot during which it was told live, 0 none */
    bool gone;        /* not there; kept while something may still be told of it */
    uint64_t news;    /* monotonic nanoseconds when a difference of it was told, 0 never */
    struct eg_held *held;
} eg_object;

typedef struct eg_object_table eg_object_table;

int eg_object_table_create(eg_object_table **out, size_t max);
void eg_object_table_destroy(eg_object_table *table); /* NULL-safe */
eg_object *eg_object_find(const eg_object_table *table, size_t sensor, eg_kind kind, eg_str name);
/* A new one, gone as yet. EG_E_LIMIT when there is no room for it, EG_E_NOMEM. */
int eg_object_add(eg_object_table *table, size_t sensor, eg_kind kind, eg_str name,
                  eg_object **out);
int eg_object_set_details(eg_object_table *table, eg_object *object, eg_str details);
void eg_object_remove(eg_object_table *table, eg_object *object);
size_t eg_object_count(const eg_object_table *table);
/* Visits all; the visitor may remove the one it is called with. */
void eg_object_each(eg_object_table *table, void (*visit)(void *user, eg_object *object),
                    void *user);

#endif
