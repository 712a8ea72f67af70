/* SPDX-License-Identifier: Apache-2.0 */
#include "service/client_session_internal.h"

#include "core/base/log.h"
#include "core/base/status.h"
#include "service/client_user.h"

#define STATUS_MAX 30000u /* what a status message may hold */
/* What a client may ask for in ten seconds. A person who keeps "next" pressed stays below it. */
#define RATE_WINDOW_NS UINT64_C(10000000000)
#define RATE_BUDGET 1000u
#define COST_SHOWN 1u
#define COST_STATUS 10u
#define COST_CHANGE 25u /* each one goes to the disk */
#define USER_NAME_MAX 600u

static int send_status(eg_client_session *self)
{
    eg_buf json;
    eg_message message = {0};
    message.type = EG_MESSAGE_STATUS;
    eg_buf_init(&json, STATUS_MAX);
    int status = self->service->status(self->service->user, &json);
    if (status == EG_OK) {
        message.body.status.json = eg_buf_str(&json);
        status = eg_client_session_send(self, &message);
    }
    eg_buf_done(&json);
    return status;
}

static void take_shown(eg_client_session *self, int64_t id, eg_str title)
{
    if (title.len > 0) {
        eg_clients_set_window(self->service->clients, self->index, title);
    }
    if (!self->takes_hits || !eg_client_feed_was_sent(&self->feed, id)) {
        /* A tray may still show a hit it got before the service restarted; it will get it again. */
        eg_log(EG_LOG_DEBUG, "pipe", "pid %lu shows hit %lld, which it did not get from us",
               (unsigned long)self->client.pid, (long long)id);
        return;
    }
    if (eg_client_feed_shown(&self->feed, id) != EG_OK) {
        eg_log(EG_LOG_WARNING, "pipe", "hit %lld cannot be marked as shown: %s", (long long)id,
               eg_error_message());
    }
}

/* EG_OK, or a reason to refuse for good; anything else is worth another attempt by the client. */
static int keep_answer(eg_client_session *self, int64_t incident_id, eg_str answer)
{
    bool is_new = false;
    eg_answer kept = {.incident_id = incident_id,
                      .time = eg_clock_utc(),
                      .session = self->client.session,
                      .user = eg_str_from(self->feed.user),
                      .answer = answer};
    int status = eg_store_add_answer(self->feed.options.store, &kept, &is_new);
    if (status == EG_OK && is_new) {
        self->service->answered(self->service->user, &kept);
    }
    return status;
}

static bool is_refusal(int status)
{
    return status == EG_E_NOTFOUND || status == EG_E_DENIED || status == EG_E_LIMIT;
}

/* A client sends an answer again until it hears of it; the store keeps it once. */
static int take_answer(eg_client_session *self, int64_t incident_id, eg_str answer)
{
    if (!self->takes_hits) {
        return eg_fail(EG_E_INVALID, "an answer from a client that shows nothing");
    }
    int status = keep_answer(self, incident_id, answer);
    if (status != EG_OK) {
        eg_log(EG_LOG_WARNING, "pipe", "the answer to incident %lld by pid %lu is not kept: %s",
               (long long)incident_id, (unsigned long)self->client.pid, eg_error_message());
    }
    if (status != EG_OK && !is_refusal(status)) {
        return EG_OK; /* it stays with the client */
    }
    eg_message message = {0};
    message.type = EG_MESSAGE_ANSWERED;
    message.body.answered.incident_id = incident_id;
    message.body.answered.kept = status == EG_OK;
    return eg_client_session_send(self, &message);
}

/* Does what only administrators may, and fills the receipt. */
static int change(const eg_client_session *self, const eg_message *wanted, eg_str who,
                  eg_message *receipt)
{
    const eg_session_service *service = self->service;
    if (wanted->type == EG_MESSAGE_RESOLVE) {
        receipt->type = EG_MESSAGE_RESOLVED;
        receipt->body.resolved.incident_id = wanted->body.resolve.incident_id;
        return service->resolve(service->user, wanted->body.resolve.incident_id, who);
    }
    receipt->type = EG_MESSAGE_EXCEPTED;
    if (wanted->type == EG_MESSAGE_REVOKE) {
        receipt->body.excepted.exception_id = wanted->body.revoke.exception_id;
        return service->revoke(service->user, wanted->body.revoke.exception_id, who);
    }
    return service->except(service->user, wanted->body.except.json, who,
                           &receipt->body.excepted.exception_id);
}

static int take_change(eg_client_session *self, const eg_message *wanted)
{
    eg_message receipt = {0};
    eg_buf user;
    eg_buf_init(&user, USER_NAME_MAX);
    int status = self->service->check_admin(self->io.pipe);
    if (status == EG_OK) {
        status = eg_client_user_name(self->io.pipe, &user);
    }
    if (status == EG_OK) {
        status = change(self, wanted, eg_buf_str(&user), &receipt);
    }
    eg_buf_done(&user);
    if (status != EG_OK) {
        /* The client hears why. "Not found" would mean that more bytes are needed. */
        return status == EG_E_NOTFOUND ? EG_E_INVALID : status;
    }
    return eg_client_session_send(self, &receipt);
}

/* How it goes after the asking, also for a client that is told of no changes. */
static int send_note(eg_client_session *self, eg_message_type type)
{
    eg_buf_clear(&self->out);
    int status = eg_board_get(self->service->board, type, &self->out);
    return status == EG_OK ? eg_client_session_send_out(self) : status;
}

static int take_check(eg_client_session *self, eg_check_action action)
{
    if (self->service->check) {
        eg_log(EG_LOG_INFO, "pipe", "pid %lu in session %lu asks for a check: %s",
               (unsigned long)self->client.pid, (unsigned long)self->client.session,
               eg_check_action_names[action]);
        self->service->check(self->service->user, action);
    }
    return send_note(self, EG_MESSAGE_CHECK_STATE);
}

static int take_update(eg_client_session *self)
{
    if (self->service->update) {
        eg_log(EG_LOG_INFO, "pipe", "pid %lu in session %lu asks for new rules",
               (unsigned long)self->client.pid, (unsigned long)self->client.session);
        self->service->update(self->service->user);
    }
    return send_note(self, EG_MESSAGE_UPDATE_STATE);
}

static int spend(eg_client_session *self, unsigned cost)
{
    uint64_t now = eg_clock_monotonic_ns();
    if (now - self->rate_start > RATE_WINDOW_NS) {
        self->rate_start = now;
        self->spent = 0;
    }
    self->spent += cost;
    if (self->spent > RATE_BUDGET) {
        return eg_fail(EG_E_LIMIT, "too many messages in %u s",
                       (unsigned)(RATE_WINDOW_NS / 1000000000));
    }
    return EG_OK;
}

/* Costs nothing: each was asked for. What is due next goes out at once. */
static int take_errand(eg_client_session *self, const eg_message *message)
{
    if (!self->carries) {
        return eg_fail(EG_E_INVALID, "bytes from a client that does not fetch");
    }
    int status = eg_courier_take(self->service->courier, self->carrier, message);
    return status == EG_OK ? eg_client_session_send_errands(self) : status;
}

int eg_client_session_handle(eg_client_session *self, const eg_message *message)
{
    int status;
    switch (message->type) {
    case EG_MESSAGE_SHOWN:
        status = spend(self, COST_SHOWN);
        if (status == EG_OK) {
            take_shown(self, message->body.shown.hit_id, message->body.shown.title);
        }
        return status;
    case EG_MESSAGE_ANSWER:
        status = spend(self, COST_CHANGE);
        return status == EG_OK ? take_answer(self, message->body.answer.incident_id,
                                             message->body.answer.answer)
                               : status;
    case EG_MESSAGE_RESOLVE:
    case EG_MESSAGE_EXCEPT:
    case EG_MESSAGE_REVOKE:
        status = spend(self, COST_CHANGE);
        return status == EG_OK ? take_change(self, message) : status;
    case EG_MESSAGE_STATUS_ASK:
        status = spend(self, COST_STATUS);
        return status == EG_OK ? send_status(self) : status;
    case EG_MESSAGE_CHECK_ASK:
        status = spend(self, COST_CHANGE);
        return status == EG_OK ? take_check(self, message->body.check_ask.action) : status;
    case EG_MESSAGE_UPDATE_ASK:
        status = spend(self, COST_CHANGE);
        return status == EG_OK ? take_update(self) : status;
    case EG_MESSAGE_ERRAND_ANSWER:
    case EG_MESSAGE_ERRAND_BYTES: return take_errand(self, message);
    case EG_MESSAGE_ERROR:
        eg_log(EG_LOG_WARNING, "pipe", "pid %lu reports: %.*s", (unsigned long)self->client.pid,
               EG_STR_ARGS(message->body.error.reason));
        return eg_fail(EG_E_CLOSED, "the client gave up");
    default: return eg_fail(EG_E_INVALID, "a message that a client must not send");
    }
}
