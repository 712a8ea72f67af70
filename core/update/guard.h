/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches a pack while it is on trial: does it flood people with hits, does it make matching or
 * scanning much slower than the pack before? Plain arithmetic on counters that others keep; a plain
 * struct, one thread.
 */
#ifndef EG_UPDATE_GUARD_H
#define EG_UPDATE_GUARD_H

#include "core/update/release.h"

#define EG_GUARD_HITS_PER_MINUTE 1000u /* that a pack without a limit of its own may have */
#define EG_GUARD_SLOWDOWN 5u           /* likewise: times what it took before */
/* Less work than that says nothing about speed, nor does a time below this for a unit of it. */
#define EG_GUARD_EVENTS_MIN 200u
#define EG_GUARD_EVENT_NS UINT64_C(200000)
#define EG_GUARD_SCANNED_MIN (16u * 1024)
#define EG_GUARD_SCANNED_NS UINT64_C(50000)
/* Slow is what is slow so often in a row: a PC that is busy with something else is for a while. */
#define EG_GUARD_SLOW_MAX 3u

typedef enum eg_guard_work_kind {
    EG_GUARD_MATCHING, /* events; not those with hits, which wait for the disk */
    EG_GUARD_SCANNING, /* KiB of files, each with EG_GUARD_FILE_KIB for opening and asking */
    EG_GUARD_WORKS,
} eg_guard_work_kind;

#define EG_GUARD_FILE_KIB 1024u
#define EG_GUARD_PACKS 2u /* the vendor's and the site's */
#define EG_GUARD_TRIAL_NS (UINT64_C(30) * 60 * 1000000000)

typedef struct eg_guard_work {
    uint64_t units, ns;
} eg_guard_work;

/* Since the service started; counters only grow. */
typedef struct eg_guard_sample {
    uint64_t time_ns; /* monotonic */
    uint64_t hits;    /* all of them, shown or not */
    eg_guard_work work[EG_GUARD_WORKS];
} eg_guard_sample;

/* Nanoseconds for a unit of each work; 0: not known. */
typedef struct eg_guard_pace {
    uint64_t ns[EG_GUARD_WORKS];
} eg_guard_pace;

typedef struct eg_guard {
    eg_release_guard limits;
    uint64_t hits_before;               /* the trial */
    eg_guard_sample minute;             /* as the minute that runs began */
    eg_guard_pace pace;                 /* of the pack before */
    eg_guard_work seen[EG_GUARD_WORKS]; /* judged already */
    uint32_t slow[EG_GUARD_WORKS];      /* so often in a row */
} eg_guard;

/*
 * What each of the packs that work together is charged with: all that was done, but while one is on
 * trial that came last it alone, since it made the change. Begins as zeros.
 */
typedef struct eg_guard_shares {
    eg_guard_sample all; /* until now */
    eg_guard_sample charged[EG_GUARD_PACKS];
    size_t newest;         /* its number and 1; 0: none */
    uint64_t newest_until; /* monotonic ns: when its trial is over in any case */
} eg_guard_shares;

void eg_guard_shares_charge(eg_guard_shares *shares, const eg_guard_sample *all);
/* From now on this pack is the newest one, or is it no longer. */
void eg_guard_shares_change(eg_guard_shares *shares, const eg_guard_sample *all, size_t pack,
                            bool is_newest);
/* From what was done between two samples; as it was for work of which that was too little. */
void eg_guard_pace_take(eg_guard_pace *pace, const eg_guard_sample *from,
                        const eg_guard_sample *to);
void eg_guard_begin(eg_guard *guard, const eg_release_guard *limits, const eg_guard_pace *pace,
                    const eg_guard_sample *now);
/* False when the pack must go; `reason` then says why, with the figures. */
bool eg_guard_look(eg_guard *guard, const eg_guard_sample *now, char *reason, size_t size);

#endif
