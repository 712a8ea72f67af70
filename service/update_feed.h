/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One repository that rules come from: a thread that looks there every hour or so, when somebody
 * asks and when the bell rings, and watches a new pack while it is on trial; a second thread that
 * waits at the bell of a web server. Opened, loaded, started, stopped and destroyed by its owner,
 * who outlives it; the callbacks of `owner` come on the feed's thread.
 */
#ifndef EG_SERVICE_UPDATE_FEED_H
#define EG_SERVICE_UPDATE_FEED_H

#include "core/ipc/message.h"
#include "core/update/agent.h"
#include "core/update/source.h"

#define EG_UPDATE_FEED_TEXT 512

typedef struct eg_update_feed eg_update_feed;

/* Texts must outlive the feed. */
typedef struct eg_update_feed_options {
    const char *name; /* "site", "vendor": for people */
    const char *folder;
    const char *url;
    const char *root_path; /* of the installed root.json */
    const char *channel;   /* of the bell; NULL: none is waited for */
    eg_http_options http;  /* without the proxy */
    eg_source_courier courier;
    eg_str agent_id;
    bool canary;
    uint64_t hold;
    uint32_t poll_ms; /* between two looks, about */
    /* The first look, and the one after the network has changed, is within so much. */
    uint32_t first_ms;
    eg_update_owner owner;
    /* What the rules in use have done until now, for the guard. Feed's thread. */
    void (*sample)(void *user, eg_guard_sample *out);
    /* Appends the proxy of this moment for `url`, or nothing. Feed's thread; may take seconds. */
    void (*find_proxy)(void *user, const char *url, eg_buf *out);
    /* The status below has changed. Feed's thread. */
    void (*changed)(void *user);
} eg_update_feed_options;

typedef struct eg_update_feed_status {
    eg_update_state_id state;
    uint64_t serial; /* of its pack in use; 0: none */
    bool on_trial;
    bool stale;                                  /* its metadata has expired */
    bool clock_error;                            /* the local clock is behind signed times */
    bool by_courier;                             /* the last look was made by a tray */
    uint64_t last_look, last_success, next_look; /* FILETIME, 0 none */
    const char *bell;                            /* "none", "waits", "absent", "lost" */
    eg_update_failure failure;                   /* of the last look, for the person at the PC */
    char error[EG_UPDATE_FEED_TEXT];             /* the same; "" when it went well */
    eg_agent_rejected refused;                   /* as eg_agent_state_refused; serial 0: none */
} eg_update_feed_status;

int eg_update_feed_open(const eg_update_feed_options *options, eg_update_feed **out);
void eg_update_feed_destroy(eg_update_feed *feed); /* after a successful join; NULL-safe */
/* As eg_update_agent_load; before the start. `*serial` is that of the pack. */
int eg_update_feed_load(eg_update_feed *feed, eg_bundle *out, uint64_t *serial);
int eg_update_feed_start(eg_update_feed *feed);
void eg_update_feed_stop(eg_update_feed *feed);                       /* does not wait */
int eg_update_feed_join(eg_update_feed *feed, uint32_t milliseconds); /* EG_E_TIMEOUT */
/* Any thread: looks at once; how it goes is in the status. */
void eg_update_feed_wake(eg_update_feed *feed);
/*
 * Any thread, after the start: the PC woke up or its network has changed, so that connections may
 * be dead and another proxy be right. Looks soon, and rings up the bell anew.
 */
void eg_update_feed_network_changed(eg_update_feed *feed);
void eg_update_feed_status_get(eg_update_feed *feed, eg_update_feed_status *out);
/* The packs that were rejected on this PC and are remembered, the newest first: how many. */
size_t eg_update_feed_rejected_get(eg_update_feed *feed,
                                   eg_agent_rejected out[EG_AGENT_STATE_REJECTED_MAX]);

#endif
