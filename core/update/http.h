/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetching over HTTP: one request after the other over kept connections, everything bounded:
 * bytes, time, silence. http.c is the only file that knows libcurl. What comes back is trusted by
 * nobody (metadata.h verifies it); TLS keeps it private and finds the right server, no more.
 *
 * A client belongs to one thread; eg_http_cancel is for any. Redirects are not followed, bodies are
 * not decompressed, the environment's proxies are not used: nothing happens that was not asked for.
 */
#ifndef EG_UPDATE_HTTP_H
#define EG_UPDATE_HTTP_H

#include "core/base/str.h"

#define EG_HTTP_TEXT_MAX 256

typedef struct eg_http eg_http;

/* All texts are copied; "" or NULL for none. */
typedef struct eg_http_options {
    const char *user_agent;
    eg_str ca_pem;          /* certificates to trust in the place of the system's */
    const char *pinned_key; /* "sha256//BASE64": the server's public key; several by ';' */
    const char *proxy;      /* "http://host:port"; "" none */
    /* "name:password"; ":" for Negotiate or NTLM as the account that runs this, by Windows */
    const char *proxy_user;
    uint32_t connect_ms;
    uint32_t silence_s; /* less than a byte a second for so long ends a request; 0: never */
} eg_http_options;

typedef struct eg_http_request {
    const char *url;      /* http:// or https:// */
    size_t max;           /* bytes of the whole body; more is EG_E_LIMIT */
    uint32_t timeout_ms;  /* for the whole request */
    bool may_be_silent;   /* a server that answers when there is news */
    eg_str etag;          /* If-None-Match, or If-Range when going on; EG_STR_NONE: none */
    eg_str last_modified; /* If-Modified-Since */
    bool go_on;           /* `body` holds the beginning of it */
    size_t before;        /* going on: bytes in front of those in `body`, which are not at hand */
} eg_http_request;

typedef struct eg_http_answer {
    int status;      /* 200, 304, 407...; 206 is told as 200 */
    bool began_anew; /* asked to go on, the server sent all of it: nothing is before `body` */
    uint32_t retry_after_s; /* 0: not told */
    uint64_t received;      /* bytes of this body over the wire */
    char etag[EG_HTTP_TEXT_MAX];
    char last_modified[EG_HTTP_TEXT_MAX];
    char date[EG_HTTP_TEXT_MAX]; /* of the answer */
    char content_type[EG_HTTP_TEXT_MAX];
} eg_http_answer;

int eg_http_create(const eg_http_options *options, eg_http **out);
void eg_http_destroy(eg_http *http); /* NULL-safe */
/*
 * EG_OK when an answer came, whatever its status; then `body` holds that of a 200 and is empty
 * otherwise. EG_E_IO when the connection failed or broke (`body` keeps what came, to go on with),
 * EG_E_DENIED when the server's certificate is not trusted, EG_E_TIMEOUT, EG_E_LIMIT, EG_E_CLOSED
 * after a cancel, EG_E_INVALID for a URL that is none.
 */
int eg_http_get(eg_http *http, const eg_http_request *request, eg_buf *body, eg_http_answer *out);
/*
 * Later requests go by this proxy, and the next one over a new connection: the old ones may be dead
 * without anybody knowing. As in the options; after EG_E_NOMEM nothing is different.
 */
int eg_http_reconnect(eg_http *http, const char *proxy, const char *proxy_user);
/* Ends the request that runs, and every later one, within moments. Any thread. */
void eg_http_cancel(eg_http *http);

#endif
