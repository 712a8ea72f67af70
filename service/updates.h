/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules from the centre: a feed for each repository that is set (the vendor's, the site's), and how
 * their packs and the installed rules make up what is loaded. A pack of the same name as the
 * installed one takes its place when it is newer; any other is added. Opened before the rules are
 * loaded, so that packs held here are in force from the first event; started when everything runs.
 * Owned by the host.
 */
#ifndef EG_SERVICE_UPDATES_H
#define EG_SERVICE_UPDATES_H

#include "service/courier.h"
#include "service/event_source.h"
#include "service/notices.h"
#include "service/rules.h"
#include "service/settings.h"
#include "service/update_feed.h"

typedef struct eg_updates eg_updates;

typedef struct eg_updates_options {
    const eg_settings *settings;
    const char *folder;    /* for what is kept; made when it is needed */
    const char *installed; /* path of the installed rules */
    const char *programs;  /* folder of our own executables: no rule may hit them */
    eg_str agent_id;       /* copied */
    eg_notices *notices;
    eg_event_source *events;
    void *user;
    void (*sample)(void *user, eg_guard_sample *out);
    void (*post)(void *user, const eg_update_state *state); /* to the trays */
    void (*wake_trays)(void *user);                         /* the courier has something for one */
} eg_updates_options;

/* EG_E_NOTFOUND: no repository is set. One that cannot be opened is told, and the others go on. */
int eg_updates_open(const eg_updates_options *options, eg_updates **out);
void eg_updates_destroy(eg_updates *updates); /* after a successful join; NULL-safe */
/* For eg_rules_options: `user` is the updates. */
void eg_updates_sources(void *user, eg_rules_sources *out);
void eg_updates_release(void *user);
int eg_updates_start(eg_updates *updates, eg_rules *rules);
void eg_updates_stop(eg_updates *updates); /* NULL-safe; does not wait */
int eg_updates_join(eg_updates *updates, uint32_t milliseconds);
/* Any thread: looks at once. */
void eg_updates_wake(eg_updates *updates);
/* Any thread: as eg_update_feed_network_changed, also when the PC wakes up from sleep. */
void eg_updates_network_changed(eg_updates *updates);
/* For the conversations with trays; NULL: there is none. NULL-safe. */
eg_courier *eg_updates_courier(const eg_updates *updates);
/*
 * Any thread; an array of {repository, url, serial, on_trial, state, error, stale, clock_error,
 * by_courier, bell, last_look, last_success, next_look, rejected [{serial, archive, time,
 * reason}]}: times "" for never, of the rejected packs the newest ones first, at most so many.
 */
void eg_updates_write(eg_updates *updates, eg_json *json, size_t rejected_max);

#endif
