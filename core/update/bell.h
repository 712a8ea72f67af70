/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doorbell: a request that a server (nginx with nchan) answers when there is news, with the
 * newest timestamp metadata as its body. It can only wake: what it brings is verified like anything
 * fetched, and a bell that is missing, broken or hostile costs time and no more, since polling goes
 * on underneath. A bell belongs to one thread; eg_bell_cancel is for any.
 */
#ifndef EG_UPDATE_BELL_H
#define EG_UPDATE_BELL_H

#include "core/update/http.h"

#define EG_BELL_BODY_MAX (16u * 1024)

typedef struct eg_bell eg_bell;

typedef enum eg_bell_outcome {
    EG_BELL_RANG,   /* `body` holds what it brought */
    EG_BELL_SILENT, /* the server, or a proxy, ended the wait: ask again soon */
    EG_BELL_ABSENT, /* this server has none: leave it for long */
    EG_BELL_LOST, /* no connection, or an answer that makes no sense: later, less and less often */
} eg_bell_outcome;

typedef struct eg_bell_options {
    const char *url; /* "https://server/v1/bell/stable" */
    eg_http_options http;
    uint32_t wait_ms; /* the longest wait; beyond that of the server, 290 seconds */
} eg_bell_options;

int eg_bell_create(const eg_bell_options *options, eg_bell **out);
void eg_bell_destroy(eg_bell *bell); /* NULL-safe */
/*
 * Waits. The first time the server's newest message comes at once, if it has one. EG_OK with the
 * outcome; EG_E_NOMEM; EG_E_CLOSED after a cancel.
 */
int eg_bell_wait(eg_bell *bell, eg_buf *body, eg_bell_outcome *out);
void eg_bell_cancel(eg_bell *bell);

#endif
