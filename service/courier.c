/* SPDX-License-Identifier: Apache-2.0 */
#include "service/courier.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "service/settings.h"

#include <string.h>

#define NO_PLACE SIZE_MAX
#define TEXT_MAX 256

/* What is under way with the tray that was chosen. */
typedef enum phase {
    PHASE_NONE,
    PHASE_TO_ASK,  /* the errand is to be sent */
    PHASE_ASKED,   /* its answer is awaited */
    PHASE_TO_NEXT, /* a piece is to be asked for */
    PHASE_PIECE,   /* it is awaited */
    PHASE_OVER,    /* `status` says how */
} phase;

typedef struct place {
    bool used, to_end; /* the end of `errand` is to be sent */
    uint32_t session;
    uint32_t errand;   /* the last one it was asked for; 0 none */
    uint32_t owes;     /* messages it was asked for and has not sent */
    uint32_t failures; /* one behind the other */
} place;

struct eg_courier {
    eg_courier_options options;
    eg_mutex lock; /* for what follows */
    eg_cond changed;
    bool cancelled, busy;
    bool missed; /* a tray was wanted, and none could */
    uint32_t last_id;
    place places[EG_CLIENTS_MAX];
    /* of the one errand */
    phase phase;
    size_t runner;
    eg_errand errand; /* texts are the caller's, who waits */
    eg_buf *body;
    eg_http_answer *answer;
    size_t at, end; /* of the whole file: where the next piece begins, where the last ends */
    int result;     /* of the errand as the tray tells it */
    int status;
    char error[TEXT_MAX];
};

int eg_courier_create(const eg_courier_options *options, eg_courier **out)
{
    eg_courier *courier = eg_alloc_zero(1, sizeof(*courier));
    if (!courier) {
        return EG_E_NOMEM;
    }
    courier->options = *options;
    courier->runner = NO_PLACE;
    int status = eg_mutex_init(&courier->lock);
    if (status == EG_OK) {
        status = eg_cond_init(&courier->changed);
        if (status != EG_OK) {
            eg_mutex_done(&courier->lock);
        }
    }
    if (status != EG_OK) {
        eg_free(courier);
        return status;
    }
    *out = courier;
    return EG_OK;
}

void eg_courier_destroy(eg_courier *courier)
{
    if (courier) {
        eg_cond_done(&courier->changed);
        eg_mutex_done(&courier->lock);
        eg_free(courier);
    }
}

void eg_courier_cancel(eg_courier *courier)
{
    if (courier) {
        eg_mutex_lock(&courier->lock);
        courier->cancelled = true;
        eg_cond_wake_all(&courier->changed);
        eg_mutex_unlock(&courier->lock);
    }
}

/* ---- the trays; all under the lock but for the public functions ---- */

/* The errand ends; the caller of eg_courier_get goes on. */
static void finish(eg_courier *courier, int status)
{
    courier->phase = PHASE_OVER;
    courier->status = status;
    eg_cond_wake_all(&courier->changed);
}

static int fail(eg_courier *courier, int status, const char *error)
{
    eg_utf8_copy(courier->error, sizeof(courier->error), eg_str_from(error));
    finish(courier, status);
    return status;
}

int eg_courier_enter(eg_courier *courier, uint32_t session, size_t *place_of)
{
    int status = EG_E_LIMIT;
    eg_mutex_lock(&courier->lock);
    for (size_t i = 0; i < EG_COUNT(courier->places) && status != EG_OK; i++) {
        if (!courier->places[i].used) {
            courier->places[i] = (place){.used = true, .session = session};
            *place_of = i;
            status = EG_OK;
        }
    }
    bool missed = courier->missed && status == EG_OK;
    courier->missed = courier->missed && !missed;
    eg_mutex_unlock(&courier->lock);
    if (missed) {
        courier->options.arrived(courier->options.user);
    }
    return status == EG_OK ? EG_OK : eg_fail(status, "too many trays");
}

void eg_courier_leave(eg_courier *courier, size_t place_of)
{
    eg_mutex_lock(&courier->lock);
    if (courier->runner == place_of && courier->phase != PHASE_OVER) {
        fail(courier, EG_E_IO, "it ended in the middle");
    }
    courier->places[place_of].used = false;
    eg_mutex_unlock(&courier->lock);
}

static int due_message(eg_courier *courier, size_t place_of, eg_message *out)
{
    place *p = &courier->places[place_of];
    if (p->to_end) {
        out->type = EG_MESSAGE_ERRAND_END;
        out->body.errand_end.id = p->errand;
        p->to_end = false;
        return EG_OK;
    }
    if (courier->runner != place_of) {
        return EG_E_NOTFOUND;
    }
    if (courier->phase == PHASE_TO_ASK) {
        out->type = EG_MESSAGE_ERRAND;
        out->body.errand = courier->errand;
        courier->phase = PHASE_ASKED;
        p->errand = courier->errand.id;
    } else if (courier->phase == PHASE_TO_NEXT) {
        out->type = EG_MESSAGE_ERRAND_NEXT;
        out->body.errand_next.id = courier->errand.id;
        out->body.errand_next.at = (uint32_t)courier->at;
        courier->phase = PHASE_PIECE;
    } else {
        return EG_E_NOTFOUND;
    }
    p->owes++;
    return EG_OK;
}

int eg_courier_next(eg_courier *courier, size_t place_of, eg_buf *frame)
{
    eg_message message = {.type = EG_MESSAGE_COUNT};
    eg_mutex_lock(&courier->lock);
    int status = due_message(courier, place_of, &message);
    if (status == EG_OK) {
        status = eg_message_encode(frame, &message);
    }
    eg_mutex_unlock(&courier->lock);
    return status;
}

/* What the tray says of the file, before any byte of it. */
static int check_answer(eg_courier *courier, const eg_errand_answer *answer)
{
    bool answered = answer->result == EG_ERRAND_ANSWERED;
    if ((answered && answer->status < 100) ||
        (answered && answer->status != 200 && answer->size > 0) ||
        (answer->start != 0 && answer->start != courier->errand.start)) {
        return fail(courier, EG_E_INVALID, "its answer contradicts itself");
    }
    if (answer->size > courier->errand.max - answer->start) {
        return fail(courier, EG_E_INVALID, "it has more than was asked for");
    }
    return EG_OK;
}

static void copy_header(char *out, eg_str text)
{
    eg_utf8_copy(out, EG_HTTP_TEXT_MAX, text);
}

static int take_answer(eg_courier *courier, const eg_errand_answer *answer)
{
    static const int statuses[EG_ERRAND_RESULT_COUNT] = {
        [EG_ERRAND_ANSWERED] = EG_OK,       [EG_ERRAND_BROKEN] = EG_E_IO,
        [EG_ERRAND_DENIED] = EG_E_DENIED,   [EG_ERRAND_TIMEOUT] = EG_E_TIMEOUT,
        [EG_ERRAND_TOO_LARGE] = EG_E_LIMIT, [EG_ERRAND_REFUSED] = EG_E_UNSUPPORTED,
    };
    if (courier->phase != PHASE_ASKED) {
        return fail(courier, EG_E_INVALID, "it answered twice");
    }
    int status = check_answer(courier, answer);
    if (status != EG_OK) {
        return status;
    }
    courier->result = statuses[answer->result];
    eg_utf8_copy(courier->error, sizeof(courier->error), answer->error);
    courier->answer->status = (int)answer->status;
    courier->answer->retry_after_s = answer->retry_after_s;
    courier->answer->began_anew = courier->errand.start > 0 && answer->start == 0;
    copy_header(courier->answer->etag, answer->etag);
    copy_header(courier->answer->last_modified, answer->last_modified);
    copy_header(courier->answer->date, answer->date);
    if (answer->start == 0) {
        eg_buf_clear(courier->body);
    }
    courier->at = answer->start;
    courier->end = (size_t)answer->start + answer->size;
    if (answer->size == 0) {
        finish(courier, courier->result);
    } else {
        courier->phase = PHASE_TO_NEXT;
        eg_cond_wake_all(&courier->changed); /* other deadlines hold now */
    }
    return EG_OK;
}

static int take_bytes(eg_courier *courier, uint32_t at, eg_str bytes)
{
    size_t left = courier->end - courier->at;
    size_t due = left < EG_ERRAND_PIECE_MAX ? left : EG_ERRAND_PIECE_MAX;
    if (courier->phase != PHASE_PIECE || at != courier->at || bytes.len != due) {
        return fail(courier, EG_E_INVALID, "it sent another piece than was asked for");
    }
    int status = eg_buf_append_str(courier->body, bytes);
    if (status != EG_OK) {
        fail(courier, status, eg_error_message());
        return EG_OK; /* not the tray's fault */
    }
    courier->at += due;
    courier->answer->received += due;
    if (courier->at == courier->end) {
        finish(courier, courier->result);
    } else {
        courier->phase = PHASE_TO_NEXT;
    }
    return EG_OK;
}

static int take(eg_courier *courier, size_t place_of, const eg_message *message)
{
    place *p = &courier->places[place_of];
    bool is_answer = message->type == EG_MESSAGE_ERRAND_ANSWER;
    uint32_t id = is_answer ? message->body.errand_answer.id : message->body.errand_bytes.id;
    bool wanted = courier->runner == place_of && courier->phase != PHASE_OVER &&
                  courier->phase != PHASE_TO_ASK && id == courier->errand.id;
    if (p->owes == 0) {
        return wanted ? fail(courier, EG_E_INVALID, "it sent what was not asked for")
                      : EG_E_INVALID;
    }
    p->owes--;
    if (!wanted) {
        return EG_OK;
    }
    return is_answer ? take_answer(courier, &message->body.errand_answer)
                     : take_bytes(courier, message->body.errand_bytes.at,
                                  message->body.errand_bytes.bytes);
}

int eg_courier_take(eg_courier *courier, size_t place_of, const eg_message *message)
{
    eg_mutex_lock(&courier->lock);
    int status = take(courier, place_of, message);
    eg_mutex_unlock(&courier->lock);
    return status == EG_OK ? EG_OK : eg_fail(EG_E_INVALID, "bytes that it was not asked for");
}

/* ---- fetching; all under the lock but for eg_courier_get ---- */

static uint64_t now_ms(void)
{
    return eg_clock_monotonic_ns() / 1000000;
}

static int take_turn(eg_courier *courier)
{
    while (courier->busy && !courier->cancelled) {
        (void)eg_cond_wait(&courier->changed, &courier->lock, EG_FOREVER);
    }
    if (courier->cancelled) {
        return eg_fail(EG_E_CLOSED, "fetching was cancelled");
    }
    courier->busy = true;
    return EG_OK;
}

/* The tray that failed least often of late. */
static size_t choose(const eg_courier *courier, const bool *tried)
{
    size_t best = NO_PLACE;
    for (size_t i = 0; i < EG_COUNT(courier->places); i++) {
        const place *p = &courier->places[i];
        if (p->used && !tried[i] &&
            (best == NO_PLACE || p->failures < courier->places[best].failures)) {
            best = i;
        }
    }
    return best;
}

static void wake_trays(eg_courier *courier)
{
    eg_mutex_unlock(&courier->lock);
    courier->options.wake(courier->options.user);
    eg_mutex_lock(&courier->lock);
}

/* Until the tray has done it, failed, or used up its time. */
static void await(eg_courier *courier)
{
    uint64_t now = now_ms(), end = now + courier->errand.timeout_ms + courier->options.hand_over_ms;
    bool handing_over = false;
    while (courier->phase != PHASE_OVER) {
        if (!handing_over && courier->phase >= PHASE_TO_NEXT) {
            handing_over = true;
            end = now + courier->options.hand_over_ms;
        }
        if (courier->cancelled || now >= end) {
            fail(courier, courier->cancelled ? EG_E_CLOSED : EG_E_TIMEOUT,
                 courier->cancelled ? "fetching was cancelled" : "it takes too long");
            return;
        }
        (void)eg_cond_wait(&courier->changed, &courier->lock, (uint32_t)(end - now));
        now = now_ms();
    }
}

static int run_errand(eg_courier *courier, size_t runner, eg_http_answer *answer)
{
    place *p = &courier->places[runner];
    uint32_t session = p->session;
    memset(answer, 0, sizeof(*answer));
    courier->last_id = courier->last_id == UINT32_MAX ? 1 : courier->last_id + 1;
    courier->errand.id = courier->last_id;
    courier->errand.start = (uint32_t)courier->body->len;
    courier->answer = answer;
    courier->error[0] = '\0';
    courier->phase = PHASE_TO_ASK;
    courier->runner = runner;
    wake_trays(courier);
    await(courier);
    int status = courier->status;
    if (status == EG_OK && answer->status == 407) {
        status = fail(courier, EG_E_DENIED, "the proxy refuses that user, too (407)");
    }
    courier->phase = PHASE_NONE;
    courier->runner = NO_PLACE;
    if (p->used && p->errand == courier->errand.id) {
        p->failures = status == EG_OK ? 0 : p->failures + 1;
        p->to_end = true;
        wake_trays(courier);
    }
    return status == EG_OK ? EG_OK
                           : eg_fail(status, "by the tray of session %lu: %s",
                                     (unsigned long)session, courier->error);
}

static void cut(eg_buf *body, size_t size)
{
    if (body->len > size) {
        body->len = size;
        body->data[size] = '\0';
    }
}

/* One tray after the other; a part that one brought stays, for the caller to go on with. */
static int run_by_any(eg_courier *courier, eg_http_answer *answer)
{
    bool tried[EG_CLIENTS_MAX] = {false};
    int status = EG_E_NOTFOUND;
    for (;;) {
        size_t had = courier->body->len, runner = choose(courier, tried);
        if (runner == NO_PLACE) {
            break;
        }
        tried[runner] = true;
        status = run_errand(courier, runner, answer);
        if (status == EG_OK || status == EG_E_CLOSED || status == EG_E_NOMEM ||
            (status == EG_E_IO && courier->body->len > had)) {
            return status;
        }
        cut(courier->body, had);
        eg_log(EG_LOG_INFO, "update", "%s", eg_error_message());
    }
    courier->missed = true;
    return status == EG_E_NOTFOUND
               ? eg_fail(EG_E_DENIED, "the proxy wants a login (407), and nobody "
                                      "is signed in whose tray could fetch")
               : status;
}

int eg_courier_get(void *user, const eg_http_options *http, const eg_http_request *request,
                   eg_buf *body, eg_http_answer *out)
{
    eg_courier *courier = user;
    eg_http_answer answer = {0};
    if (http->ca_pem.len > EG_ERRAND_CA_MAX) {
        return eg_fail(EG_E_UNSUPPORTED, "a tray takes at most %u bytes of certificates to trust",
                       EG_ERRAND_CA_MAX);
    }
    size_t max = request->max < EG_ERRAND_FILE_MAX ? request->max : EG_ERRAND_FILE_MAX;
    if (!request->go_on) {
        eg_buf_clear(body);
    }
    if (body->len > max) {
        return eg_fail(EG_E_LIMIT, "more than the %zu bytes that are allowed", max);
    }
    eg_mutex_lock(&courier->lock);
    int status = take_turn(courier);
    if (status == EG_OK) {
        courier->body = body;
        courier->errand = (eg_errand){
            .url = eg_str_from(request->url),
            .proxy = eg_str_from(http->proxy),
            .ca_pem = http->ca_pem.ptr ? http->ca_pem : EG_STR(""),
            .etag = request->etag.ptr ? request->etag : EG_STR(""),
            .max = (uint32_t)max,
            .timeout_ms = request->timeout_ms,
            .stored_login = courier->options.stored_login,
        };
        status = run_by_any(courier, &answer);
        courier->busy = false;
        eg_cond_wake_all(&courier->changed);
    }
    eg_mutex_unlock(&courier->lock);
    if (status == EG_OK) {
        if (answer.status != 200) {
            eg_buf_clear(body);
        }
        *out = answer;
    }
    return status;
}
