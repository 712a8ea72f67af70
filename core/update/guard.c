/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_NS UINT64_C(60000000000)

static const struct {
    uint64_t least, ns;
    const char *unit;
} works[EG_GUARD_WORKS] = {
    [EG_GUARD_MATCHING] = {EG_GUARD_EVENTS_MIN, EG_GUARD_EVENT_NS, "an event"},
    [EG_GUARD_SCANNING] = {EG_GUARD_SCANNED_MIN, EG_GUARD_SCANNED_NS, "a KiB of a file"},
};

static void charge(eg_guard_sample *charged, const eg_guard_sample *from, const eg_guard_sample *to)
{
    charged->hits += to->hits - from->hits;
    for (int i = 0; i < EG_GUARD_WORKS; i++) {
        charged->work[i].units += to->work[i].units - from->work[i].units;
        charged->work[i].ns += to->work[i].ns - from->work[i].ns;
    }
}

void eg_guard_shares_charge(eg_guard_shares *shares, const eg_guard_sample *all)
{
    bool anybody = shares->newest == 0 || all->time_ns >= shares->newest_until;
    for (size_t i = 0; i < EG_GUARD_PACKS; i++) {
        shares->charged[i].time_ns = all->time_ns;
        if (anybody || i + 1 == shares->newest) {
            charge(&shares->charged[i], &shares->all, all);
        }
    }
    shares->all = *all;
}

void eg_guard_shares_change(eg_guard_shares *shares, const eg_guard_sample *all, size_t pack,
                            bool is_newest)
{
    eg_guard_shares_charge(shares, all);
    if (is_newest) {
        shares->newest = pack + 1;
        shares->newest_until = all->time_ns + EG_GUARD_TRIAL_NS;
    } else if (shares->newest == pack + 1) {
        shares->newest = 0;
    }
}

void eg_guard_pace_take(eg_guard_pace *pace, const eg_guard_sample *from, const eg_guard_sample *to)
{
    for (int i = 0; i < EG_GUARD_WORKS; i++) {
        uint64_t units = to->work[i].units - from->work[i].units;
        if (units >= works[i].least) {
            pace->ns[i] = (to->work[i].ns - from->work[i].ns) / units;
        }
    }
}

void eg_guard_begin(eg_guard *guard, const eg_release_guard *limits, const eg_guard_pace *pace,
                    const eg_guard_sample *now)
{
    *guard = (eg_guard){.limits = *limits, .hits_before = now->hits, .minute = *now, .pace = *pace};
    memcpy(guard->seen, now->work, sizeof(guard->seen));
}

static bool is_flood(eg_guard *guard, const eg_guard_sample *now, char *reason, size_t size)
{
    uint64_t all = now->hits - guard->hits_before;
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

/* Judges what was done since the last time, once that is enough to tell. */
static bool is_slow(eg_guard *guard, int i, const eg_guard_sample *now, char *reason, size_t size)
{
    uint64_t limit = guard->limits.max_slowdown ? guard->limits.max_slowdown : EG_GUARD_SLOWDOWN;
    uint64_t units = now->work[i].units - guard->seen[i].units;
    if (guard->pace.ns[i] == 0 || units < works[i].least) {
        return false;
    }
    uint64_t ns = (now->work[i].ns - guard->seen[i].ns) / units;
    bool slow = ns >= works[i].ns && ns / limit > guard->pace.ns[i];
    guard->seen[i] = now->work[i];
    guard->slow[i] = slow ? guard->slow[i] + 1 : 0;
    if (guard->slow[i] < EG_GUARD_SLOW_MAX) {
        return false;
    }
    snprintf(reason, size,
             "%" PRIu64 " microseconds for %s, %" PRIu64 " with the pack before: more than %" PRIu64
             " times",
             ns / 1000, works[i].unit, guard->pace.ns[i] / 1000, limit);
    return true;
}

bool eg_guard_look(eg_guard *guard, const eg_guard_sample *now, char *reason, size_t size)
{
    return !is_flood(guard, now, reason, size) &&
           !is_slow(guard, EG_GUARD_MATCHING, now, reason, size) &&
           !is_slow(guard, EG_GUARD_SCANNING, now, reason, size);
}
