/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetching for the service through a proxy that wants the login of the user: one file at a time,
 * only what the service asks for, only from the web, as the signed-in user and without a question.
 * The file waits here until the service has asked for each piece; the service alone judges it.
 *
 * The functions are for the thread of the pipe; the fetching has a thread of its own. Portable.
 */
#ifndef EG_TRAY_ERRAND_H
#define EG_TRAY_ERRAND_H

#include "core/ipc/message.h"

typedef struct eg_errands eg_errands;

typedef struct eg_errands_options {
    void *user;
    void (*send)(void *user, const eg_message *message); /* to the service; any thread */
    /*
     * Fills the login for a proxy, "name:password" or ":" for that of the signed-in user; `stored`:
     * one that the user keeps in Windows may be taken. The fetching's thread.
     */
    int (*login)(void *user, eg_str proxy, bool stored, eg_buf *out);
} eg_errands_options;

int eg_errands_create(const eg_errands_options *options, eg_errands **out);
void eg_errands_destroy(eg_errands *errands); /* ends what is under way; NULL-safe */
/*
 * Takes ERRAND, ERRAND_NEXT or ERRAND_END; answers by `send`. EG_E_INVALID when the service asks
 * for what there is not: then the connection ends.
 */
int eg_errands_take(eg_errands *errands, const eg_message *message);
/* The connection has ended: nobody wants it any more. */
void eg_errands_drop(eg_errands *errands);

#endif
