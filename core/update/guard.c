/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/guard.h"

#include <inttypes.h>
#include <stdio.h>

#define MINUTE_NS UINT64_C(60000000000)

static uint64_t per_event(uint64_t busy_ns, uint64_t events)
{
    return events >= EG_GUARD_EVENTS_MIN ? busy_ns / events : 0;
}

void eg_guard_begin(eg_guard *guard, const eg_release_guard *limits, const eg_guard_sample *before)
{
    *guard = (eg_guard){.limits = *limits, .start = *before, .minute = *before};
    guard->event_ns = per_event(before->busy_ns, before->events);
}

static bool is_flood(eg_guard *guard, const eg_guard_sample *now, char *reason, size_t size)
{
    uint64_t all = now->hits - guard->start.hits;
    if (guard->limits.max_hits_per_hour > 0) {
        /* A trial is shorter than an hour. */
        if (all > guard->limits.max_hits_per_hour) {
            snprintf(reason, size, "%" PRIu64 " hits on trial, %" PRIu32 " in an hour are allowed",
                     all, guard->limits.max_hits_per_hour);
            return true;
        }
        return false;
    }
    uint64_t hits = now->hits - guard->minute.hits;
    if (hits > EG_GUARD_HITS_PER_MINUTE) {
        snprintf(reason, size, "%" PRIu64 " hits within a minute, %u are allowed", hits,
                 EG_GUARD_HITS_PER_MINUTE);
        return true;
    }
    if (now->time_ns - guard->minute.time_ns >= MINUTE_NS) {
        guard->minute = *now;
    }
    return false;
}

static bool is_slow(const eg_guard *guard, const eg_guard_sample *now, char *reason, size_t size)
{
    uint64_t limit = guard->limits.max_slowdown ? guard->limits.max_slowdown : EG_GUARD_SLOWDOWN;
    uint64_t event_ns =
        per_event(now->busy_ns - guard->start.busy_ns, now->events - guard->start.events);
    if (guard->event_ns == 0 || event_ns < EG_GUARD_EVENT_NS ||
        event_ns / limit <= guard->event_ns) {
        return false;
    }
    snprintf(reason, size,
             "%" PRIu64 " microseconds for an event, %" PRIu64 " with the pack before: more than"
             " %" PRIu64 " times",
             event_ns / 1000, guard->event_ns / 1000, limit);
    return true;
}

bool eg_guard_look(eg_guard *guard, const eg_guard_sample *now, char *reason, size_t size)
{
    return !is_flood(guard, now, reason, size) && !is_slow(guard, now, reason, size);
}
