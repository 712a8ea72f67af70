/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A published rule pack: what its target says of it beside length and hashes (its "custom" object,
 * docs/update-protocol.md), and which of the listed ones a PC may run now. What is listed may run;
 * what is listed no longer is taken back. Pure functions; a release borrows from the metadata.
 */
#ifndef EG_UPDATE_RELEASE_H
#define EG_UPDATE_RELEASE_H

#include "core/update/metadata.h"

#define EG_RELEASE_STAGES_MAX 16
#define EG_RELEASE_SPREAD_MAX 86400u /* seconds */

/* From `after` on, so many of a thousand PCs. */
typedef struct eg_release_stage {
    uint64_t after; /* FILETIME */
    uint32_t permille;
} eg_release_stage;

/* When a PC takes the pack back by itself; 0: the ordinary limit. */
typedef struct eg_release_guard {
    uint32_t max_hits_per_hour;
    uint32_t max_slowdown; /* times the matching time of the pack before */
} eg_release_guard;

typedef struct eg_release {
    const eg_tuf_target *target;
    eg_str name; /* of the pack */
    uint64_t serial;
    eg_str engine_min;                /* EG_STR_NONE: any */
    uint8_t archive[EG_HASH256_SIZE]; /* of the archive inside (bundle.h) */
    uint64_t archive_size;
    uint32_t spread_s; /* a PC that is told to look waits up to so long, so that not all come */
    bool emergency;    /* everybody at once */
    eg_release_stage stages[EG_RELEASE_STAGES_MAX]; /* in order of time; none: everybody */
    size_t stage_count;
    eg_release_guard guard;
} eg_release;

/* What decides, of a PC. */
typedef struct eg_release_agent {
    eg_str id;               /* random, its own for good */
    bool canary;             /* goes first */
    uint64_t hold;           /* nothing above this serial; 0: no limit */
    const uint8_t *rejected; /* hashes of archives it had to take back, one behind the other */
    size_t rejected_count;
} eg_release_agent;

/*
 * EG_E_NOTFOUND for a target that is no pack (a delta, somebody else's file); EG_E_INVALID names
 * what is wrong with one.
 */
int eg_release_read(const eg_tuf_target *target, eg_release *out);
/* 0 to 999: a PC's place in the order for this serial; another one for each. */
uint32_t eg_release_bucket(uint64_t serial, eg_str agent_id);
/* May this PC take it at `now`? If not, `*later` is when it may (FILETIME), 0 never. */
bool eg_release_is_due(const eg_release *release, const eg_release_agent *agent, uint64_t now,
                       uint64_t *later);
/*
 * The highest serial that this PC may run now, that it has not rejected and that this engine can
 * run. EG_E_NOTFOUND when there is none. `*later` is when the next one is due, 0 when none is.
 * Targets that are wrong are passed over; `*wrong`, if not NULL, counts them (the last message
 * tells of the last).
 */
int eg_release_choose(const eg_tuf_metadata *targets, const eg_release_agent *agent, uint64_t now,
                      eg_release *out, uint64_t *later, size_t *wrong);
/* The target that makes the archive `to` out of `from`; NULL when there is none. */
const eg_tuf_target *eg_release_find_delta(const eg_tuf_metadata *targets,
                                           const uint8_t from[EG_HASH256_SIZE],
                                           const uint8_t to[EG_HASH256_SIZE]);

#endif
