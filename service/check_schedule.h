/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the service checks this PC by itself: the setting check_schedule, "off", "daily 12:20" or
 * "weekly wed 12:20", by the clocks on the wall. Pure.
 */
#ifndef EG_SERVICE_CHECK_SCHEDULE_H
#define EG_SERVICE_CHECK_SCHEDULE_H

#include "core/base/str.h"

#define EG_CHECK_SCHEDULE_MAX 32u
/* A PC begins up to so long after the time, each at its own moment. */
#define EG_CHECK_SPREAD_SECONDS 3600u

typedef enum eg_check_rhythm { EG_CHECK_NEVER, EG_CHECK_DAILY, EG_CHECK_WEEKLY } eg_check_rhythm;

typedef struct eg_check_schedule {
    eg_check_rhythm rhythm;
    uint32_t day;    /* 0 Monday to 6 Sunday */
    uint32_t minute; /* of the day */
} eg_check_schedule;

bool eg_check_schedule_read(eg_str text, eg_check_schedule *out);
/*
 * Whether a time came since the last check; one that was missed is made up. `since` (of that check,
 * or when the service was installed) and `now` are local ticks, `spread` is in seconds.
 */
bool eg_check_schedule_is_due(const eg_check_schedule *schedule, uint64_t since, uint64_t now,
                              uint32_t spread);

#endif
