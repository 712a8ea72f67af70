/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a conversation, for client_session.c (its course, and what is sent unasked) and
 * client_requests.c (what a client asks for) alone. One thread each.
 */
#ifndef EG_SERVICE_CLIENT_SESSION_INTERNAL_H
#define EG_SERVICE_CLIENT_SESSION_INTERNAL_H

#include "core/ipc/frame.h"
#include "service/client_feed.h"
#include "service/client_session.h"
#include "service/pipe_io.h"

typedef struct eg_client_session {
    const eg_session_service *service;
    eg_pipe_io io;
    eg_frame_reader reader;
    eg_message_decoder *decoder;
    eg_buf out; /* frames to send */
    eg_client client;
    size_t index; /* in the table of clients */
    eg_client_feed feed;
    bool takes_hits;     /* and the notes of the board */
    bool carries;        /* fetches for the service when it is asked to */
    size_t carrier;      /* its place in the courier */
    uint64_t board_seen; /* the newest note it has */
    uint64_t resolved;   /* of the stories resolved so far, the client has heard of so many */
    uint64_t rate_start;
    unsigned spent; /* since rate_start */
} eg_client_session;

/* ---- client_session.c ---- */

int eg_client_session_send(eg_client_session *self, const eg_message *message);
int eg_client_session_send_out(eg_client_session *self); /* what lies in `out` */
int eg_client_session_send_errands(eg_client_session *self);

/* ---- client_requests.c ---- */

/* Does what a message after hello asks for. Anything but EG_OK ends the conversation. */
int eg_client_session_handle(eg_client_session *self, const eg_message *message);

#endif
