/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place a repository is published at: a web server (http://, https://), a folder or a share
 * (file://, \\server\share, a path). Brings its files to a TUF client (client.h), goes on with a
 * download that broke off, and tells how the server answered. A source belongs to one thread;
 * eg_source_cancel is for any. Who creates it destroys it, after the client that uses it.
 */
#ifndef EG_UPDATE_SOURCE_H
#define EG_UPDATE_SOURCE_H

#include "core/update/client.h"
#include "core/update/http.h"

typedef struct eg_source eg_source;

/*
 * Another way to a web server, for when the proxy wants a login (407) that this program does not
 * have. `get` is as eg_http_get, but never EG_E_NOTFOUND.
 */
typedef struct eg_source_courier {
    void *user; /* NULL: there is none */
    int (*get)(void *user, const eg_http_options *http, const eg_http_request *request,
               eg_buf *body, eg_http_answer *out);
} eg_source_courier;

typedef struct eg_source_options {
    const char *url;      /* of the folder that holds metadata/ and targets/ */
    eg_http_options http; /* for web servers; with a courier its texts outlive the source */
    uint32_t timeout_ms;  /* for one file, at a web server */
    eg_source_courier courier;
} eg_source_options;

/* Of the last file that was asked for at a web server. */
typedef struct eg_source_answer {
    int status;             /* of HTTP; 0: no answer came */
    uint32_t retry_after_s; /* 0: not told */
    uint64_t received;      /* bytes of bodies since the source was created */
    bool by_courier;
} eg_source_answer;

/* EG_E_INVALID for a URL of another kind. */
int eg_source_create(const eg_source_options *options, eg_source **out);
void eg_source_destroy(eg_source *source); /* NULL-safe */
/*
 * The calls for a client. Failures: EG_E_NOTFOUND for what is not there (404, 410, and 403, which
 * is what some stores say of it), EG_E_DENIED for 401 and 407 and an untrusted certificate, EG_E_IO
 * for any other answer, else as eg_http_get.
 */
eg_fetcher eg_source_fetcher(eg_source *source);
void eg_source_answer_get(const eg_source *source, eg_source_answer *out);
bool eg_source_is_web(const eg_source *source);
/* As eg_http_reconnect; nothing for a folder. */
int eg_source_reconnect(eg_source *source, const char *proxy, const char *proxy_user);
void eg_source_cancel(eg_source *source); /* any thread */

#endif
