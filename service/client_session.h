/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with one client, from hello to goodbye, on a thread of its own. Everything the
 * client sends is hostile input: wrong order, wrong version, nonsense, too large, too often or too
 * slow ends the connection with a reason that the client and the log get. A client can only read
 * its hits and the state, say that it showed one, answer, ask for the status, for a check of the PC
 * (or its end) and for a look for new rules, and bring what the courier asked it for; an
 * administrator can also close a story, make an exception and revoke one. It can change nothing
 * else.
 */
#ifndef EG_SERVICE_CLIENT_SESSION_H
#define EG_SERVICE_CLIENT_SESSION_H

#include "core/base/os.h"
#include "core/ipc/message.h"
#include "core/store/store.h"
#include "service/board.h"
#include "service/clients.h"
#include "service/courier.h"

#include <windows.h>

/* What a conversation needs from the service; outlives it. */
typedef struct eg_session_service {
    eg_clients *clients;
    eg_board *board;
    const eg_atomic *newest_hit; /* id of the newest hit on disk */
    const eg_atomic *repeats;    /* grows with each that was only counted */
    eg_level min_level;          /* hits below it are not sent */
    uint32_t hello_ms;           /* time a client has to say hello */
    uint32_t send_ms;            /* time a client has to take one message */
    void *user;
    eg_store *(*store)(void *user); /* NULL while the database cannot be opened */
    /* Fills the answer to hello; texts may lie in `scratch`. */
    int (*welcome)(void *user, eg_language language, eg_buf *scratch, eg_welcome *out);
    int (*status)(void *user, eg_buf *json); /* the status as JSON */
    /* A new answer is in the store. */
    void (*answered)(void *user, const eg_answer *answer);
    /* `who` is done with a story: closes it, so that what comes later opens a new one. */
    int (*resolve)(void *user, int64_t incident_id, eg_str who);
    /* `who` makes an exception, or revokes one: in force for the next hit when it returns. */
    int (*except)(void *user, eg_str json, eg_str who, int64_t *id);
    int (*revoke)(void *user, int64_t exception_id, eg_str who);
    /* eg_client_user_check_admin, unless a test says who is one. */
    int (*check_admin)(HANDLE pipe);
    /*
     * Somebody asks for a check or its end, for a look for rules. How it goes is on the board
     * before these return. NULL: the service cannot, and the board says so.
     */
    void (*check)(void *user, eg_check_action action);
    void (*update)(void *user);
    eg_courier *courier; /* who asks trays to fetch; NULL: nobody */
    /* eg_client_user_check_interactive, unless a test says who is. */
    int (*check_interactive)(HANDLE pipe);
} eg_session_service;

/* Blocks until the conversation is over; closes `pipe`. Logs how it ended. */
void eg_client_session_run(const eg_session_service *service, HANDLE pipe, HANDLE stop,
                           HANDLE wake);
/* Tells a client that there is no place for it, and closes `pipe`. Short. */
void eg_client_session_refuse(HANDLE pipe, HANDLE stop, const char *reason);

#endif
