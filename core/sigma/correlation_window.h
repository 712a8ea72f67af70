/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of one group, in order of time, and whether those within the time that a correlation
 * gives them meet it. Pure functions: the events belong to the group (correlation_group.h). One
 * thread.
 */
#ifndef EG_SIGMA_CORRELATION_WINDOW_H
#define EG_SIGMA_CORRELATION_WINDOW_H

#include "core/sigma/correlation.h"

/* A value of the field that is counted; events of one group that have the same share it. */
typedef struct eg_counted_value {
    uint64_t hash;
    size_t len;
    uint32_t events; /* that hold it */
    uint32_t inside; /* how many of them the window holds; 0 when none is looked at */
} eg_counted_value;  /* its bytes follow */

typedef struct eg_correlated_event {
    uint64_t time;
    uint64_t sequence; /* in order of arrival; one event may stand for several parts */
    eg_counted_value *value;
    uint32_t part; /* of a temporal correlation: which of its rules */
} eg_correlated_event;

/*
 * Is there a window, as long as the correlation says, both ends included, that ends with one of the
 * events, holds event `at` and meets the condition? *counted is what the first of them counts. In
 * temporal_ordered the count is that of the longest chain through event `at`.
 */
bool eg_window_is_met(const eg_correlation *correlation, const eg_correlated_event *events,
                      size_t count, size_t at, uint32_t *counted);

#endif
