/* SPDX-License-Identifier: Apache-2.0 */
#include "service/client_session.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/ipc/frame.h"
#include "service/client_feed.h"
#include "service/client_user.h"
#include "service/pipe_io.h"

#include <string.h>

#define STATUS_MAX 30000u /* what a status message may hold */
#define OUT_MAX (2u * (EG_FRAME_MAX + EG_FRAME_HEADER))
#define RETRY_MS 5000u /* look at the store again after a failed read */
#define LINGER_MS 250u /* for the client to read why it is dropped */
/* What a client may ask for in ten seconds. A person who keeps "next" pressed stays below it. */
#define RATE_WINDOW_NS UINT64_C(10000000000)
#define RATE_BUDGET 1000u
#define COST_SHOWN 1u
#define COST_STATUS 10u
#define COST_CHANGE 25u /* each one goes to the disk */
#define USER_NAME_MAX 600u

typedef struct session {
    const eg_session_service *service;
    eg_pipe_io io;
    eg_frame_reader reader;
    eg_message_decoder *decoder;
    eg_buf out;
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
} session;

static int send_message(session *self, const eg_message *message)
{
    eg_buf_clear(&self->out);
    int status = eg_message_encode(&self->out, message);
    if (status == EG_OK) {
        status = eg_pipe_io_send(&self->io, eg_buf_str(&self->out), self->service->send_ms);
    }
    return status;
}

static void send_error(session *self, const char *reason)
{
    eg_message message = {0};
    message.type = EG_MESSAGE_ERROR;
    message.body.error.reason = eg_str_from(reason);
    if (send_message(self, &message) == EG_OK) {
        eg_pipe_io_linger(&self->io, LINGER_MS);
    }
}

/* One whole message; EG_E_NOTFOUND when more bytes are needed first. */
static int next_message(session *self, eg_message *out)
{
    eg_str payload;
    int status = eg_frame_reader_next(&self->reader, &payload);
    return status == EG_OK ? eg_message_decode(self->decoder, payload, out) : status;
}

static int receive_hello(session *self, eg_message *out)
{
    uint64_t start = eg_clock_monotonic_ns();
    for (;;) {
        eg_str bytes;
        uint64_t passed = (eg_clock_monotonic_ns() - start) / 1000000;
        if (passed >= self->service->hello_ms) {
            return eg_fail(EG_E_TIMEOUT, "no hello in %lu ms",
                           (unsigned long)self->service->hello_ms);
        }
        int status =
            eg_pipe_io_receive(&self->io, self->service->hello_ms - (uint32_t)passed, &bytes);
        if (status == EG_E_TIMEOUT) {
            continue; /* the clock above says it better */
        }
        if (status == EG_OK) {
            status = eg_frame_reader_feed(&self->reader, bytes.ptr, bytes.len);
        }
        if (status == EG_OK) {
            status = next_message(self, out);
        }
        if (status != EG_E_NOTFOUND) {
            return status;
        }
    }
}

/* What the client says of itself is only believed where it does not matter. */
static void identify(session *self, const eg_hello *hello)
{
    ULONG pid = 0;
    DWORD windows_session = 0;
    eg_client *client = &self->client;
    eg_utf8_copy(client->kind, sizeof(client->kind), hello->client);
    eg_utf8_copy(client->version, sizeof(client->version), hello->version);
    client->language = hello->language;
    client->pid = GetNamedPipeClientProcessId(self->io.pipe, &pid) && pid ? pid : hello->pid;
    client->session =
        ProcessIdToSessionId(client->pid, &windows_session) ? windows_session : hello->session;
}

static int check_hello(const eg_message *message)
{
    if (message->type != EG_MESSAGE_HELLO) {
        return eg_fail(EG_E_INVALID, "the first message is not hello");
    }
    const eg_hello *hello = &message->body.hello;
    if (hello->protocol != EG_PROTOCOL_VERSION) {
        return eg_fail(
            EG_E_UNSUPPORTED,
            "the client speaks protocol %lu, this service speaks %d: update the older one",
            (unsigned long)hello->protocol, EG_PROTOCOL_VERSION);
    }
    if (!eg_str_equal(hello->client, EG_STR("tray")) &&
        !eg_str_equal(hello->client, EG_STR("cli"))) {
        return eg_fail(EG_E_INVALID, "unknown kind of client");
    }
    return EG_OK;
}

static int send_welcome(session *self)
{
    eg_buf scratch;
    eg_message message = {0};
    message.type = EG_MESSAGE_WELCOME;
    eg_buf_init(&scratch, 4096);
    int status = self->service->welcome(self->service->user, self->client.language, &scratch,
                                        &message.body.welcome);
    if (status == EG_OK) {
        status = send_message(self, &message);
    }
    eg_buf_done(&scratch);
    return status;
}

static int start_feed(session *self)
{
    eg_store *store = self->service->store(self->service->user);
    if (!store) {
        return eg_fail(EG_E_IO, "the hit database cannot be opened; try again later");
    }
    int status = eg_client_feed_init(&self->feed, store, eg_atomic_get(self->service->newest_hit),
                                     self->client.language, self->service->min_level);
    self->takes_hits = status == EG_OK;
    return status;
}

/* Only the tray of somebody who is signed in has a login to fetch with. */
static void join_courier(session *self)
{
    const eg_session_service *service = self->service;
    if (!service->courier || !self->takes_hits) {
        return;
    }
    int status = service->check_interactive(self->io.pipe);
    if (status == EG_OK) {
        status = eg_courier_enter(service->courier, self->client.session, &self->carrier);
    }
    self->carries = status == EG_OK;
    if (!self->carries) {
        eg_log(EG_LOG_INFO, "pipe", "pid %lu is not asked to fetch: %s",
               (unsigned long)self->client.pid, eg_error_message());
    }
}

/* Hello, welcome, and a place in the table. */
static int greet(session *self)
{
    eg_message message;
    int status = receive_hello(self, &message);
    if (status == EG_OK) {
        status = check_hello(&message);
    }
    if (status != EG_OK) {
        return status;
    }
    identify(self, &message.body.hello);
    self->resolved = eg_clients_resolved_count(self->service->clients);
    status = send_welcome(self);
    if (status == EG_OK && strcmp(self->client.kind, "tray") == 0) {
        status = start_feed(self);
    }
    if (status == EG_OK) {
        status = eg_clients_add(self->service->clients, &self->client, &self->index);
    }
    return status;
}

static int send_status(session *self)
{
    eg_buf json;
    eg_message message = {0};
    message.type = EG_MESSAGE_STATUS;
    eg_buf_init(&json, STATUS_MAX);
    int status = self->service->status(self->service->user, &json);
    if (status == EG_OK) {
        message.body.status.json = eg_buf_str(&json);
        status = send_message(self, &message);
    }
    eg_buf_done(&json);
    return status;
}

static void take_shown(session *self, int64_t id, eg_str title)
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
    if (eg_store_set_shown(self->feed.store, id, eg_clock_utc()) != EG_OK) {
        eg_log(EG_LOG_WARNING, "pipe", "hit %lld cannot be marked as shown: %s", (long long)id,
               eg_error_message());
    }
}

/* EG_OK, or a reason to refuse for good; anything else is worth another attempt by the client. */
static int keep_answer(session *self, int64_t incident_id, eg_str answer)
{
    bool is_new = false;
    eg_buf user;
    eg_buf_init(&user, USER_NAME_MAX);
    int status = eg_client_user_name(self->io.pipe, &user);
    if (status != EG_OK) {
        /* The answer is worth having without the name. */
        eg_log(EG_LOG_WARNING, "pipe", "who answers is not known: %s", eg_error_message());
        eg_buf_clear(&user);
    }
    eg_answer kept = {.incident_id = incident_id,
                      .time = eg_clock_utc(),
                      .session = self->client.session,
                      .user = eg_buf_str(&user),
                      .answer = answer};
    status = eg_store_add_answer(self->feed.store, &kept, &is_new);
    if (status == EG_OK && is_new) {
        self->service->answered(self->service->user, &kept);
    }
    eg_buf_done(&user);
    return status;
}

static bool is_refusal(int status)
{
    return status == EG_E_NOTFOUND || status == EG_E_DENIED || status == EG_E_LIMIT;
}

/* A client sends an answer again until it hears of it; the store keeps it once. */
static int take_answer(session *self, int64_t incident_id, eg_str answer)
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
    return send_message(self, &message);
}

/* Does what only administrators may, and fills the receipt. */
static int change(const session *self, const eg_message *wanted, eg_str who, eg_message *receipt)
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

static int take_change(session *self, const eg_message *wanted)
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
    return send_message(self, &receipt);
}

/* How it goes after the asking, also for a client that is told of no changes. */
static int send_note(session *self, eg_message_type type)
{
    eg_buf_clear(&self->out);
    int status = eg_board_get(self->service->board, type, &self->out);
    return status == EG_OK
               ? eg_pipe_io_send(&self->io, eg_buf_str(&self->out), self->service->send_ms)
               : status;
}

static int take_check(session *self, eg_check_action action)
{
    if (self->service->check) {
        eg_log(EG_LOG_INFO, "pipe", "pid %lu in session %lu asks for a check: %s",
               (unsigned long)self->client.pid, (unsigned long)self->client.session,
               eg_check_action_names[action]);
        self->service->check(self->service->user, action);
    }
    return send_note(self, EG_MESSAGE_CHECK_STATE);
}

static int take_update(session *self)
{
    if (self->service->update) {
        eg_log(EG_LOG_INFO, "pipe", "pid %lu in session %lu asks for new rules",
               (unsigned long)self->client.pid, (unsigned long)self->client.session);
        self->service->update(self->service->user);
    }
    return send_note(self, EG_MESSAGE_UPDATE_STATE);
}

static int spend(session *self, unsigned cost)
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

static int send_errands(session *self)
{
    int status = self->carries ? EG_OK : EG_E_NOTFOUND;
    while (status == EG_OK) {
        eg_buf_clear(&self->out);
        status = eg_courier_next(self->service->courier, self->carrier, &self->out);
        if (status == EG_OK) {
            status = eg_pipe_io_send(&self->io, eg_buf_str(&self->out), self->service->send_ms);
        }
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

/* Costs nothing: each was asked for. What is due next goes out at once. */
static int take_errand(session *self, const eg_message *message)
{
    if (!self->carries) {
        return eg_fail(EG_E_INVALID, "bytes from a client that does not fetch");
    }
    int status = eg_courier_take(self->service->courier, self->carrier, message);
    return status == EG_OK ? send_errands(self) : status;
}

static int handle(session *self, const eg_message *message)
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

/* Sends what has changed on the board. */
static int send_notes(session *self)
{
    int status = self->takes_hits ? EG_OK : EG_E_NOTFOUND;
    while (status == EG_OK) {
        eg_buf_clear(&self->out);
        status = eg_board_next(self->service->board, &self->board_seen, &self->out);
        if (status == EG_OK) {
            status = eg_pipe_io_send(&self->io, eg_buf_str(&self->out), self->service->send_ms);
        }
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

/* A tray hears which stories were closed meanwhile. */
static int send_resolved(session *self)
{
    eg_message message = {.type = EG_MESSAGE_RESOLVED};
    int status = EG_OK;
    while (status == EG_OK && self->takes_hits &&
           eg_clients_next_resolved(self->service->clients, &self->resolved,
                                    &message.body.resolved.incident_id)) {
        status = send_message(self, &message);
    }
    return status;
}

/* Sends what is due. *again_ms is set when the store has to be asked again without a wake. */
static int send_hits(session *self, uint32_t *again_ms)
{
    *again_ms = INFINITE;
    while (self->takes_hits) {
        eg_buf_clear(&self->out);
        int status =
            eg_client_feed_next(&self->feed, eg_atomic_get(self->service->newest_hit), &self->out);
        if (status == EG_E_NOTFOUND) {
            break;
        }
        if (status != EG_OK) {
            eg_log(EG_LOG_ERROR, "pipe", "a hit cannot be sent to pid %lu: %s",
                   (unsigned long)self->client.pid, eg_error_message());
            *again_ms = RETRY_MS;
            break;
        }
        status = eg_pipe_io_send(&self->io, eg_buf_str(&self->out), self->service->send_ms);
        if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}

static int serve(session *self)
{
    for (;;) {
        eg_message message;
        eg_str bytes = {self->io.buffer, 0};
        uint32_t wait_ms = INFINITE;
        int status = send_hits(self, &wait_ms);
        if (status == EG_OK) {
            status = send_notes(self);
        }
        if (status == EG_OK) {
            status = send_resolved(self);
        }
        if (status == EG_OK) {
            status = send_errands(self);
        }
        while (status == EG_OK) {
            status = next_message(self, &message);
            if (status == EG_OK) {
                status = handle(self, &message);
            }
        }
        if (status == EG_E_NOTFOUND) {
            status = eg_pipe_io_receive(&self->io, wait_ms, &bytes);
        }
        if (status == EG_E_TIMEOUT && wait_ms != INFINITE) {
            status = EG_OK;
        }
        if (status == EG_OK) {
            status = eg_frame_reader_feed(&self->reader, bytes.ptr, bytes.len);
        }
        if (status != EG_OK) {
            return status;
        }
    }
}

static void end(session *self, int status, bool greeted)
{
    /* The reason is overwritten by what follows. */
    char reason[256];
    eg_utf8_copy(reason, sizeof(reason), eg_str_from(eg_error_message()));
    ULONG pid = self->client.pid;
    if (pid == 0) {
        GetNamedPipeClientProcessId(self->io.pipe, &pid);
    }
    if (status == EG_E_CLOSED) {
        eg_log(EG_LOG_INFO, "pipe", "%s pid %lu: %s", greeted ? self->client.kind : "client", pid,
               reason);
        return;
    }
    eg_log(EG_LOG_WARNING, "pipe", "%s pid %lu dropped: %s", greeted ? self->client.kind : "client",
           pid, reason);
    send_error(self, reason);
}

void eg_client_session_run(const eg_session_service *service, HANDLE pipe, HANDLE stop, HANDLE wake)
{
    session *self = eg_alloc_zero(1, sizeof(*self));
    if (!self) {
        CloseHandle(pipe);
        return;
    }
    self->service = service;
    eg_frame_reader_init(&self->reader);
    eg_buf_init(&self->out, OUT_MAX);
    int status = eg_pipe_io_init(&self->io, pipe, stop, wake);
    if (status != EG_OK) {
        eg_log(EG_LOG_ERROR, "pipe", "%s", eg_error_message());
        goto free_session;
    }
    status = eg_message_decoder_create(&self->decoder);
    if (status == EG_OK) {
        status = greet(self);
    }
    bool greeted = status == EG_OK;
    if (greeted) {
        eg_log(EG_LOG_INFO, "pipe", "%s %s pid %lu in session %lu connected", self->client.kind,
               self->client.version, (unsigned long)self->client.pid,
               (unsigned long)self->client.session);
        join_courier(self);
        status = serve(self);
        if (self->carries) {
            eg_courier_leave(service->courier, self->carrier);
        }
        eg_clients_remove(service->clients, self->index);
    }
    end(self, status, greeted);
    if (self->takes_hits) {
        eg_client_feed_done(&self->feed);
    }
    eg_message_decoder_destroy(self->decoder);
    eg_pipe_io_done(&self->io);
free_session:
    eg_frame_reader_done(&self->reader);
    eg_buf_done(&self->out);
    eg_free(self);
}

void eg_client_session_refuse(HANDLE pipe, HANDLE stop, const char *reason)
{
    eg_pipe_io io;
    eg_buf frame;
    eg_message message = {0};
    if (eg_pipe_io_init(&io, pipe, stop, NULL) != EG_OK) {
        return;
    }
    message.type = EG_MESSAGE_ERROR;
    message.body.error.reason = eg_str_from(reason);
    eg_buf_init(&frame, OUT_MAX);
    if (eg_message_encode(&frame, &message) == EG_OK) {
        /* Fits into the pipe's buffer: no client can make this wait. */
        eg_pipe_io_send(&io, eg_buf_str(&frame), 0);
    }
    eg_buf_done(&frame);
    eg_pipe_io_done(&io);
}
