/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of connected clients: who they are, and under which title each showed its last window.
 * Filled by the clients' threads, read by `status`. All functions lock; any thread.
 */
#ifndef EG_SERVICE_CLIENTS_H
#define EG_SERVICE_CLIENTS_H

#include "core/base/json.h"
#include "core/base/os.h"
#include "core/detect/text.h"
#include "service/settings.h"

#define EG_CLIENT_WINDOW_SIZE 256

typedef struct eg_client {
    bool used;
    char kind[16];    /* "tray" or "cli" */
    char version[32]; /* of its program */
    uint32_t pid;     /* as the system says, not as the client says */
    uint32_t session;
    eg_language language;
    char window[EG_CLIENT_WINDOW_SIZE]; /* title of the last window it showed, "" none */
} eg_client;

#define EG_CLIENTS_RESOLVED_MAX 64

typedef struct eg_clients {
    eg_mutex lock;
    int64_t resolved[EG_CLIENTS_RESOLVED_MAX]; /* stories, a ring */
    uint64_t resolved_count;                   /* ever */
    eg_client list[EG_CLIENTS_MAX];
} eg_clients;

int eg_clients_init(eg_clients *clients);
void eg_clients_done(eg_clients *clients);
/* Copies `client`; EG_E_LIMIT when the table is full. *index names it until removed. */
int eg_clients_add(eg_clients *clients, const eg_client *client, size_t *index);
void eg_clients_remove(eg_clients *clients, size_t index);
void eg_clients_set_window(eg_clients *clients, size_t index, eg_str title); /* cut to fit */
bool eg_clients_has_tray(eg_clients *clients, uint32_t session);
size_t eg_clients_count(eg_clients *clients);
/* An administrator is done with a story: each client is to be told. */
void eg_clients_add_resolved(eg_clients *clients, int64_t incident_id);
uint64_t eg_clients_resolved_count(eg_clients *clients); /* ever: where a new client begins */
/* The next after the *cursor first ones, which grows; false when there is none. */
bool eg_clients_next_resolved(eg_clients *clients, uint64_t *cursor, int64_t *incident_id);
/* Writes an array of {"kind","version","pid","session","language","window"}, at most so many. */
void eg_clients_write(eg_clients *clients, eg_json *json, size_t max);

#endif
