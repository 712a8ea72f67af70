/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PC remembers of one repository's packs: which is in use, which was the last good one,
 * whether the one in use is still on trial, and which were rejected here and why. A small JSON
 * file with a checksum, replaced in one step. It decides nothing that signatures decide: an archive
 * is used only when its bytes have the hash told here. A plain struct without ownership.
 */
#ifndef EG_UPDATE_AGENT_STATE_H
#define EG_UPDATE_AGENT_STATE_H

#include "core/update/crypto.h"
#include "core/update/guard.h"

#define EG_AGENT_STATE_REJECTED_MAX 32
#define EG_AGENT_STATE_REASON_SIZE 400
#define EG_AGENT_STATE_BYTES_MAX (128u * 1024)

/* A pack that lies here; serial 0: none, what was installed is used. */
typedef struct eg_agent_pack {
    uint64_t serial;
    uint8_t archive[EG_HASH256_SIZE];
    uint64_t size; /* of the archive */
    eg_release_guard guard;
} eg_agent_pack;

typedef struct eg_agent_rejected {
    uint8_t archive[EG_HASH256_SIZE];
    uint64_t serial;
    uint64_t time; /* FILETIME */
    char reason[EG_AGENT_STATE_REASON_SIZE];
} eg_agent_rejected;

typedef struct eg_agent_state {
    eg_agent_pack current;
    eg_agent_pack last_good;
    bool on_trial;         /* the current one */
    uint64_t trial_since;  /* FILETIME */
    uint32_t crashes;      /* of the program, since the trial began */
    eg_guard_pace pace;    /* of packs that were on trial no more */
    eg_agent_pack tested;  /* the last one whose test was begun and not ended; serial 0: none */
    bool testing;          /* it is tested now */
    uint32_t test_crashes; /* of the program meanwhile */
    bool running;          /* the program has not ended in order since it wrote this */
    eg_agent_rejected rejected[EG_AGENT_STATE_REJECTED_MAX]; /* the oldest first */
    size_t rejected_count;
} eg_agent_state;

/* Remembers; the oldest is forgotten when there is no room. The reason is cut at a character. */
void eg_agent_state_reject(eg_agent_state *state, const eg_agent_pack *pack, uint64_t now,
                           const char *reason);
/* The newest rejected pack, until a newer one has proven good; NULL: nothing is amiss. */
const eg_agent_rejected *eg_agent_state_refused(const eg_agent_state *state);

/* The form on disk, as pure functions. EG_E_CORRUPT tells what is wrong with it. */
int eg_agent_state_encode(const eg_agent_state *state, eg_buf *out);
int eg_agent_state_decode(eg_str bytes, eg_agent_state *out);
/* EG_E_NOTFOUND: there is no file. `out` is only set on success. */
int eg_agent_state_load(const char *path, eg_agent_state *out);
int eg_agent_state_save(const char *path, const eg_agent_state *state);

#endif
