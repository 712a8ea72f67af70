/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way through a proxy that wants the login of a user: the service asks the tray of somebody
 * who is signed in for one file at a time, and takes the bytes in pieces, each of which it asked
 * for. What a tray brings is believed as little as what the network brings: the same limits, the
 * same verification. A tray that dies, is slow or breaks the form costs that attempt; then the
 * next one is asked, those that failed last.
 *
 * One thread fetches at a time, others wait; each tray has a place, used by the thread of its
 * conversation. Portable; every function locks. Owned by the updates (updates.h).
 */
#ifndef EG_SERVICE_COURIER_H
#define EG_SERVICE_COURIER_H

#include "core/ipc/message.h"
#include "core/update/http.h"

typedef struct eg_courier eg_courier;

typedef struct eg_courier_options {
    bool stored_login; /* see eg_errand */
    /* A tray has so long to answer, besides the time of the request, and to hand over a file. */
    uint32_t hand_over_ms;
    void *user;
    void (*wake)(void *user); /* there is something for a tray; any thread, no lock held */
    /* A tray has come, and none could when one was wanted. The tray's thread, no lock held. */
    void (*arrived)(void *user);
} eg_courier_options;

int eg_courier_create(const eg_courier_options *options, eg_courier **out);
void eg_courier_destroy(eg_courier *courier); /* nobody may be in it; NULL-safe */
void eg_courier_cancel(eg_courier *courier);  /* ends fetching, now and later; NULL-safe */

/*
 * For eg_source_options: fetches as eg_http_get does, by a tray. EG_E_DENIED when no tray is there
 * or the proxy refuses those users too; the message says which.
 */
int eg_courier_get(void *courier, const eg_http_options *http, const eg_http_request *request,
                   eg_buf *body, eg_http_answer *out);

/* ---- the trays ---- */

/* A tray has come: EG_OK and its *place, or EG_E_LIMIT. */
int eg_courier_enter(eg_courier *courier, uint32_t session, size_t *place);
void eg_courier_leave(eg_courier *courier, size_t place);
/* Appends the frame that is due to this tray; EG_E_NOTFOUND when there is none. */
int eg_courier_next(eg_courier *courier, size_t place, eg_buf *frame);
/*
 * Takes ERRAND_ANSWER or ERRAND_BYTES of this tray. EG_E_INVALID for what nobody asked it for: then
 * its conversation ends. What was asked and is no longer wanted is let pass.
 */
int eg_courier_take(eg_courier *courier, size_t place, const eg_message *message);

#endif
