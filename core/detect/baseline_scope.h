/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensors that the baseline knows, and for each the scopes: the parts of what it tells that are
 * listed as a whole, such as the machine and the hive of each user. Inside of baseline.c: one
 * thread, the list owns all.
 */
#ifndef EG_DETECT_BASELINE_SCOPE_H
#define EG_DETECT_BASELINE_SCOPE_H

#include "core/base/str.h"

enum { EG_BASELINE_SENSORS_MAX = 16, EG_BASELINE_PREFIX_SIZE = 256 };

typedef struct eg_baseline_scope {
    char prefix[EG_BASELINE_PREFIX_SIZE]; /* what the names in it begin with */
    bool known;                           /* was listed once, in this run or an earlier one */
    bool this_run;   /* the last snapshot listed it: a difference is one that the sensor missed */
    uint32_t listed; /* number of the snapshot that listed it last */
} eg_baseline_scope;

typedef struct eg_baseline_sensor {
    char name[32];
    bool active; /* between the marks of a snapshot */
    bool check;
    uint32_t number; /* of the snapshot */
    uint64_t lost;   /* events before its begin */
    eg_baseline_scope *scopes;
    size_t scope_count;
    uint64_t missed; /* not told yet */
} eg_baseline_sensor;

typedef struct eg_baseline_sensors {
    eg_baseline_sensor at[EG_BASELINE_SENSORS_MAX];
    size_t count;
} eg_baseline_sensors;

void eg_baseline_sensors_done(eg_baseline_sensors *sensors);
eg_baseline_sensor *eg_baseline_sensor_find(eg_baseline_sensors *sensors, eg_str name);
/* The same; a new one is added. NULL when there are too many. */
eg_baseline_sensor *eg_baseline_sensor_get(eg_baseline_sensors *sensors, eg_str name);
size_t eg_baseline_sensor_index(const eg_baseline_sensors *sensors, const eg_baseline_sensor *of);

/* Finds or adds; valid until the next is added. EG_E_LIMIT, EG_E_NOMEM. */
int eg_baseline_scope_get(eg_baseline_sensor *of, eg_str prefix, eg_baseline_scope **out);
/* The scope that a name belongs to, when it was listed before; NULL when not. */
const eg_baseline_scope *eg_baseline_scope_of(const eg_baseline_sensor *of, eg_str name);

#endif
