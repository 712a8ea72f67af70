/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/http_get/by_tray.h"

#include "core/ipc/frame.h"
#include "service/courier.c"
#include "tray/errand.c"

typedef struct pair {
    const char *login;
    eg_courier *courier;
    eg_errands *errands;
    size_t place;
    eg_mutex lock; /* for what follows */
    eg_cond changed;
    bool woken, ended;
} pair;

static void on_wake(void *user)
{
    pair *p = user;
    eg_mutex_lock(&p->lock);
    p->woken = true;
    eg_cond_wake_all(&p->changed);
    eg_mutex_unlock(&p->lock);
}

static void on_arrived(void *user)
{
    EG_UNUSED(user);
}

static int on_login(void *user, eg_str proxy, bool stored, eg_buf *out)
{
    const pair *p = user;
    EG_UNUSED(proxy);
    EG_UNUSED(stored);
    return eg_buf_append_cstr(out, p->login);
}

/* A frame as the other side reads it. */
static int deliver(pair *p, const eg_buf *frame, bool to_tray)
{
    eg_message message;
    eg_message_decoder *decoder = NULL;
    eg_str payload = {frame->data + EG_FRAME_HEADER, frame->len - EG_FRAME_HEADER};
    int status = eg_message_decoder_create(&decoder);
    if (status == EG_OK) {
        status = eg_message_decode(decoder, payload, &message);
    }
    if (status == EG_OK) {
        status = to_tray ? eg_errands_take(p->errands, &message)
                         : eg_courier_take(p->courier, p->place, &message);
    }
    eg_message_decoder_destroy(decoder);
    return status;
}

static void on_send(void *user, const eg_message *message)
{
    pair *p = user;
    eg_buf frame;
    eg_buf_init(&frame, 2 * EG_FRAME_MAX);
    if (eg_message_encode(&frame, message) != EG_OK || deliver(p, &frame, false) != EG_OK) {
        eg_log(EG_LOG_ERROR, "test", "%s", eg_error_message());
    }
    eg_buf_done(&frame);
    on_wake(p); /* for what is due next */
}

/* The conversation of the service with its tray. */
static void converse(void *user)
{
    pair *p = user;
    eg_buf frame;
    eg_buf_init(&frame, 2 * EG_FRAME_MAX);
    for (;;) {
        eg_mutex_lock(&p->lock);
        while (!p->woken && !p->ended) {
            (void)eg_cond_wait(&p->changed, &p->lock, EG_FOREVER);
        }
        bool ended = p->ended;
        p->woken = false;
        eg_mutex_unlock(&p->lock);
        if (ended) {
            break;
        }
        int status = EG_OK;
        while (status == EG_OK) {
            eg_buf_clear(&frame);
            status = eg_courier_next(p->courier, p->place, &frame);
            status = status == EG_OK ? deliver(p, &frame, true) : status;
        }
    }
    eg_buf_done(&frame);
}

int eg_by_tray_get(const char *login, const eg_http_options *http, const eg_http_request *request,
                   eg_buf *body, eg_http_answer *out)
{
    pair p = {.login = login};
    eg_thread *thread = NULL;
    const eg_courier_options courier = {false, 60000, &p, on_wake, on_arrived};
    const eg_errands_options errands = {&p, on_send, on_login};
    if (eg_mutex_init(&p.lock) != EG_OK || eg_cond_init(&p.changed) != EG_OK ||
        eg_courier_create(&courier, &p.courier) != EG_OK ||
        eg_errands_create(&errands, &p.errands) != EG_OK ||
        eg_courier_enter(p.courier, 1, &p.place) != EG_OK ||
        eg_thread_start(&thread, "tray", converse, &p) != EG_OK) {
        return EG_E_NOMEM; /* the program ends */
    }
    int status = eg_courier_get(p.courier, http, request, body, out);
    eg_mutex_lock(&p.lock);
    p.ended = true;
    eg_cond_wake_all(&p.changed);
    eg_mutex_unlock(&p.lock);
    eg_thread_join(thread);
    eg_courier_leave(p.courier, p.place);
    eg_errands_destroy(p.errands);
    eg_courier_destroy(p.courier);
    eg_cond_done(&p.changed);
    eg_mutex_done(&p.lock);
    return status;
}
