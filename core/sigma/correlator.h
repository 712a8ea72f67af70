/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A correlator follows one stream of events through the correlations of a set, in the time that the
 * events tell. Events may come late, by no more than the time a correlation spans; a clock that
 * jumps costs counts, never the correlator. Memory is bounded: what had to be forgotten is counted.
 *
 * It keeps the set and must go before it. One thread.
 */
#ifndef EG_SIGMA_CORRELATOR_H
#define EG_SIGMA_CORRELATOR_H

#include "core/sigma/set.h"

typedef struct eg_sigma_correlator eg_sigma_correlator;

typedef struct eg_correlator_limits {
    size_t groups;       /* in all */
    size_t group_events; /* in one group */
    size_t events;       /* in all groups */
    size_t text;         /* bytes of the values that events are grouped by and counted by */
} eg_correlator_limits;

extern const eg_correlator_limits eg_correlator_default_limits;

typedef struct eg_correlator_stats {
    size_t groups, events, text; /* held now */
    uint64_t groups_dropped;     /* that could still have counted */
    uint64_t events_dropped;     /* those of such groups included */
} eg_correlator_stats;

/* A correlation that an event has completed. */
typedef struct eg_correlation_hit {
    uint32_t rule;               /* index in the set */
    uint32_t count;              /* of events, values or rules, as the condition counts */
    const eg_named_value *group; /* the fields it groups by; a value is absent where missing */
    size_t group_count;
} eg_correlation_hit;

/* NULL limits: the default ones. Cheap for a set without correlations. */
int eg_sigma_correlator_create(const eg_sigma_set *set, const eg_correlator_limits *limits,
                               eg_sigma_correlator **out);
void eg_sigma_correlator_destroy(eg_sigma_correlator *correlator); /* NULL-safe */
void eg_sigma_correlator_reset(eg_sigma_correlator *correlator);   /* a new stream begins */
/*
 * Tells of the next event, in all its views, and of the rules it meets (in any order, each once).
 * *hits are the correlations that it completes, ascending; valid until the next call and as long as
 * the event is. One correlation has at most one hit for a group within its timespan. Events from a
 * snapshot do not count: they say what is there, not when it came. EG_OK, or EG_E_NOMEM: the event
 * may then be missing in some counts.
 */
int eg_sigma_correlate(eg_sigma_correlator *correlator, const eg_event *views, size_t view_count,
                       const uint32_t *rules, size_t rule_count, const eg_correlation_hit **hits,
                       size_t *hit_count);
void eg_sigma_correlator_stats(const eg_sigma_correlator *correlator, eg_correlator_stats *stats);

#endif
