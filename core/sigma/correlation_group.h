/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a correlator remembers: for each correlation and each set of values it groups by, the events
 * that may still count. Memory is bounded by the limits: when one is reached, what was used least
 * recently is forgotten first, and counted. Owns all it holds; one thread.
 */
#ifndef EG_SIGMA_CORRELATION_GROUP_H
#define EG_SIGMA_CORRELATION_GROUP_H

#include "core/sigma/correlation_window.h"
#include "core/sigma/correlator.h"

typedef struct eg_group eg_group;
struct eg_group {
    eg_group *newer, *older; /* by last use */
    eg_group *next;          /* of those whose hashes share a place */
    uint64_t hash;
    const eg_correlation *correlation;
    eg_correlated_event *events; /* by time, then by arrival */
    size_t count, capacity;
    bool was_told;
    uint64_t told;  /* time of the last event that made a hit */
    size_t key_len; /* the key's bytes follow the group */
};

typedef struct eg_group_table {
    eg_group **places;
    size_t mask;
    eg_group *newest, *oldest;
    eg_correlator_limits limits;
    eg_correlator_stats stats;
} eg_group_table;

int eg_group_table_init(eg_group_table *table, const eg_correlator_limits *limits);
void eg_group_table_done(eg_group_table *table);
void eg_group_table_clear(eg_group_table *table); /* forgets all groups; what was dropped stays */

/*
 * The group with this key, made when there is none. *out is NULL when the key alone is beyond the
 * limits; that counts as an event dropped. EG_E_NOMEM.
 */
int eg_group_find(eg_group_table *table, const eg_correlation *correlation, eg_str key,
                  uint64_t now, eg_group **out);
/* Forgets the events before `time`: they can no longer count. */
void eg_group_expire(eg_group_table *table, eg_group *group, uint64_t time);
/*
 * Puts an event in its place, *at. `value` is absent unless values are counted. *at is SIZE_MAX
 * when the value alone is beyond the limits (counted as dropped), or when the group holds the event
 * already: one event counts once. EG_E_NOMEM.
 */
int eg_group_add(eg_group_table *table, eg_group *group, uint64_t time, uint64_t sequence,
                 uint32_t part, eg_str value, size_t *at);

#endif
