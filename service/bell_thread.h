/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that waits at the bell of a web server, for as long as the feed of a repository lives.
 * It waits for nothing before it is told by which proxy; told so again, or that the network has
 * changed, it rings up anew: a connection of before may be dead without anybody knowing. Owned by
 * the feed.
 */
#ifndef EG_SERVICE_BELL_THREAD_H
#define EG_SERVICE_BELL_THREAD_H

#include "core/update/http.h"

typedef struct eg_bell_thread eg_bell_thread;

typedef struct eg_bell_thread_options {
    const char *name;     /* of the repository, for people; outlives the thread, as http's texts */
    const char *url;      /* of the bell; copied */
    eg_http_options http; /* without the proxy */
    void *user;
    /* What it brought, at most once in five seconds; on its thread. */
    void (*rang)(void *user, eg_str timestamp);
} eg_bell_thread_options;

int eg_bell_thread_start(const eg_bell_thread_options *options, eg_bell_thread **out);
/* Any thread: by this proxy, "" for none. */
void eg_bell_thread_connect(eg_bell_thread *bell, const char *proxy, const char *proxy_user);
/* Any thread: the network is another one, the proxy is not known to be. */
void eg_bell_thread_renew(eg_bell_thread *bell);
const char *eg_bell_thread_state(eg_bell_thread *bell); /* "none" yet, "waits", "absent", "lost" */
void eg_bell_thread_stop(eg_bell_thread *bell);         /* does not wait */
int eg_bell_thread_join(eg_bell_thread *bell, uint32_t milliseconds); /* EG_E_TIMEOUT */
void eg_bell_thread_destroy(eg_bell_thread *bell); /* after a successful join; NULL-safe */

#endif
