/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One repository's rules on this PC: looks what is published, fetches it, has its owner test it,
 * puts it to work, watches it while it is on trial, and goes back when it is bad or withdrawn.
 * Archives lie in the agent's folder under their hash, which is counted again whenever one is
 * loaded; nothing is ever unpacked to disk. No threads, no clock: an agent belongs to one thread at
 * a time, who opened it closes it. Closing it, or eg_update_agent_stops where its thread may be too
 * late for that, is how a trial knows an orderly end from a crash.
 */
#ifndef EG_UPDATE_AGENT_H
#define EG_UPDATE_AGENT_H

#include "core/update/agent_state.h"
#include "core/update/bundle.h"
#include "core/update/client.h"
#include "core/update/guard.h"

/* A pack is on trial for so long; it goes when the program crashed so often then or in its test. */
#define EG_UPDATE_TRIAL_TICKS (EG_GUARD_TRIAL_NS / 100)
#define EG_UPDATE_CRASHES_MAX 2

typedef enum eg_update_news {
    EG_NEWS_ACTIVATED,     /* a pack is at work; text: "" */
    EG_NEWS_PROVEN,        /* its trial is over */
    EG_NEWS_REJECTED,      /* a pack was refused, or taken back; text: why */
    EG_NEWS_WITHDRAWN,     /* it is no longer published, the one before is at work */
    EG_NEWS_STATE_DAMAGED, /* what was remembered here is lost; text: what of it */
    EG_NEWS_COUNT,
} eg_update_news;

typedef struct eg_update_owner {
    void *user;
    /*
     * Is it fit for this PC? Compiles and tests it, apart from what runs. EG_E_NOMEM, EG_E_CLOSED:
     * could not be found out, it is tried again. Any other failure rejects the pack for good, with
     * the message as the reason.
     */
    int (*test)(void *user, const eg_release *release, const eg_bundle *bundle);
    /* Puts it to work; NULL: what was installed. The bundle's content may be taken over. */
    int (*activate)(void *user, eg_bundle *bundle, uint64_t serial);
    /* For people and logs; `serial` is the one that the news is about. */
    void (*news)(void *user, eg_update_news what, uint64_t serial, const char *text);
} eg_update_owner;

typedef struct eg_update_agent_options {
    const char *folder;    /* of this repository alone; made when it is not there */
    eg_str installed_root; /* root.json */
    eg_fetcher fetcher;
    eg_str agent_id;
    bool canary;
    uint64_t hold; /* nothing above this serial; 0: no limit */
    eg_update_owner owner;
} eg_update_agent_options;

typedef struct eg_update_agent eg_update_agent;

/*
 * Reads the state and counts a crash when the last run did not end in order; a pack that was tested
 * or on trial too often then is rejected. Does not activate: eg_update_agent_load tells what should
 * run.
 */
int eg_update_agent_open(const eg_update_agent_options *options, uint64_t now,
                         eg_update_agent **out);
void eg_update_agent_close(eg_update_agent *agent); /* NULL-safe */
/*
 * The program was told to end: whatever becomes of it from here on is no crash. Any thread, also
 * while another is in the agent.
 */
void eg_update_agent_stops(const eg_update_agent *agent);
/*
 * The pack in use, its hash counted; of one that is damaged, the last good one. EG_E_NOTFOUND: what
 * was installed is in use.
 */
int eg_update_agent_load(eg_update_agent *agent, eg_bundle *out);

typedef struct eg_update_result {
    eg_tuf_status tuf;
    bool changed;      /* another pack is at work than before */
    uint64_t later;    /* FILETIME: when one that is published becomes due here; 0: none */
    uint64_t received; /* bytes of packs that came */
    bool was_delta;
} eg_update_result;

/*
 * One look at the repository, with all that follows from it. `before`: what the pack in use has
 * done, for the guard. `out` is filled whatever the result; a failure is one of fetching or of this
 * machine. A bad pack is none: it is rejected, told, and what ran before goes on.
 */
int eg_update_agent_run(eg_update_agent *agent, uint64_t now, const eg_guard_sample *before,
                        eg_update_result *out);
/* While a pack is on trial, every few seconds. Goes back when it is bad: true in `*changed`. */
int eg_update_agent_watch(eg_update_agent *agent, uint64_t now, const eg_guard_sample *sample,
                          bool *changed);
/* As eg_tuf_client_hint. */
int eg_update_agent_hint(eg_update_agent *agent, eg_str timestamp, bool *newer);
/* Seconds over which PCs that are told to look spread, as the newest pack known here says. */
uint32_t eg_update_agent_spread(const eg_update_agent *agent);
/* Valid until the next call. */
const eg_agent_state *eg_update_agent_state(const eg_update_agent *agent);

#endif
