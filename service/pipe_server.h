/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The named pipe that trays and `emoguard status` connect to. One thread accepts, one thread serves
 * each client, and one instance of the pipe is always ours and listening, so that nobody else can
 * take the name. When the name is taken at the start, the service goes on without the pipe, says so
 * and tries again. Owned by the host.
 */
#ifndef EG_SERVICE_PIPE_SERVER_H
#define EG_SERVICE_PIPE_SERVER_H

#include "service/client_session.h"
#include "service/event_source.h"
#include "service/notices.h"

typedef struct eg_pipe_server eg_pipe_server;

typedef struct eg_pipe_server_options {
    const char *name;           /* full pipe name; must outlive the server */
    size_t max_clients;         /* at most EG_CLIENTS_MAX; one session gets half of the places */
    uint32_t retry_ms;          /* between attempts to make the pipe */
    int64_t newest_hit;         /* id of the newest hit on disk at the start */
    eg_session_service service; /* copied; newest_hit in it is set by the server */
    eg_notices *notices;
    eg_event_source *events; /* may be NULL */
} eg_pipe_server_options;

int eg_pipe_server_start(const eg_pipe_server_options *options, eg_pipe_server **out);
/* A hit is on disk: wakes the clients' threads. Any thread; never blocks for a client. */
void eg_pipe_server_hit_stored(eg_pipe_server *server, int64_t id);
/*
 * A repeat was counted: open windows follow, at most every EG_FEED_LOOK_NS. For the pipeline's
 * thread; quick.
 */
void eg_pipe_server_hit_counted(eg_pipe_server *server);
/* There is news on the board. Any thread. */
void eg_pipe_server_wake(eg_pipe_server *server);
/* An administrator is done with a story: so are told those who show it. Any thread. */
void eg_pipe_server_resolved(eg_pipe_server *server, int64_t incident_id);
void eg_pipe_server_stop(eg_pipe_server *server);                       /* does not wait */
int eg_pipe_server_join(eg_pipe_server *server, uint32_t milliseconds); /* EG_E_TIMEOUT */
void eg_pipe_server_destroy(eg_pipe_server *server); /* after a successful join; NULL-safe */

#endif
