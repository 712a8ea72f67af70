/* SPDX-License-Identifier: Apache-2.0 */
#include "service/client_session_internal.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "service/client_user.h"

#include <string.h>

#define OUT_MAX (2u * (EG_FRAME_MAX + EG_FRAME_HEADER))
#define RETRY_MS 5000u /* look at the store again after a failed read */
#define LINGER_MS 250u /* for the client to read why it is dropped */

int eg_client_session_send_out(eg_client_session *self)
{
    return eg_pipe_io_send(&self->io, eg_buf_str(&self->out), self->service->send_ms);
}

int eg_client_session_send(eg_client_session *self, const eg_message *message)
{
    eg_buf_clear(&self->out);
    int status = eg_message_encode(&self->out, message);
    if (status == EG_OK) {
        status = eg_client_session_send_out(self);
    }
    return status;
}

static void send_error(eg_client_session *self, const char *reason)
{
    eg_message message = {0};
    message.type = EG_MESSAGE_ERROR;
    message.body.error.reason = eg_str_from(reason);
    if (eg_client_session_send(self, &message) == EG_OK) {
        eg_pipe_io_linger(&self->io, LINGER_MS);
    }
}

/* One whole message; EG_E_NOTFOUND when more bytes are needed first. */
static int next_message(eg_client_session *self, eg_message *out)
{
    eg_str payload;
    int status = eg_frame_reader_next(&self->reader, &payload);
    return status == EG_OK ? eg_message_decode(self->decoder, payload, out) : status;
}

static int receive_hello(eg_client_session *self, eg_message *out)
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
static void identify(eg_client_session *self, const eg_hello *hello)
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

static int send_welcome(eg_client_session *self)
{
    eg_buf scratch;
    eg_message message = {0};
    message.type = EG_MESSAGE_WELCOME;
    eg_buf_init(&scratch, 4096);
    int status = self->service->welcome(self->service->user, self->client.language, &scratch,
                                        &message.body.welcome);
    if (status == EG_OK) {
        status = eg_client_session_send(self, &message);
    }
    eg_buf_done(&scratch);
    return status;
}

static int start_feed(eg_client_session *self)
{
    eg_store *store = self->service->store(self->service->user);
    if (!store) {
        return eg_fail(EG_E_IO, "the hit database cannot be opened; try again later");
    }
    const eg_session_service *service = self->service;
    const eg_client_feed_options options = {store, service->newest_hit, service->repeats,
                                            self->client.language, service->min_level};
    eg_buf user;
    eg_buf_init(&user, EG_FEED_USER_MAX);
    if (eg_client_user_name(self->io.pipe, &user) != EG_OK) {
        eg_log(EG_LOG_WARNING, "pipe", "who pid %lu is, is not known: %s",
               (unsigned long)self->client.pid, eg_error_message());
        eg_buf_clear(&user);
    }
    int status = eg_client_feed_init(&self->feed, &options, eg_buf_str(&user));
    self->takes_hits = status == EG_OK;
    eg_buf_done(&user);
    return status;
}

/* Only the tray of somebody who is signed in has a login to fetch with. */
static void join_courier(eg_client_session *self)
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
static int greet(eg_client_session *self)
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

int eg_client_session_send_errands(eg_client_session *self)
{
    int status = self->carries ? EG_OK : EG_E_NOTFOUND;
    while (status == EG_OK) {
        eg_buf_clear(&self->out);
        status = eg_courier_next(self->service->courier, self->carrier, &self->out);
        if (status == EG_OK) {
            status = eg_client_session_send_out(self);
        }
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

/* Sends what has changed on the board. */
static int send_notes(eg_client_session *self)
{
    int status = self->takes_hits ? EG_OK : EG_E_NOTFOUND;
    while (status == EG_OK) {
        eg_buf_clear(&self->out);
        status = eg_board_next(self->service->board, &self->board_seen, &self->out);
        if (status == EG_OK) {
            status = eg_client_session_send_out(self);
        }
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

/* A tray hears which stories were closed meanwhile. */
static int send_resolved(eg_client_session *self)
{
    eg_message message = {.type = EG_MESSAGE_RESOLVED};
    int status = EG_OK;
    while (status == EG_OK && self->takes_hits &&
           eg_clients_next_resolved(self->service->clients, &self->resolved,
                                    &message.body.resolved.incident_id)) {
        status = eg_client_session_send(self, &message);
    }
    return status;
}

/* Sends what is due. *again_ms is set when the store has to be asked again without a wake. */
static int send_hits(eg_client_session *self, uint32_t *again_ms)
{
    *again_ms = INFINITE;
    while (self->takes_hits) {
        eg_buf_clear(&self->out);
        int status = eg_client_feed_next(&self->feed, &self->out);
        if (status == EG_E_NOTFOUND) {
            *again_ms = eg_client_feed_wait_ms(&self->feed);
            break;
        }
        if (status != EG_OK) {
            eg_log(EG_LOG_ERROR, "pipe", "a hit cannot be sent to pid %lu: %s",
                   (unsigned long)self->client.pid, eg_error_message());
            *again_ms = RETRY_MS;
            break;
        }
        status = eg_client_session_send_out(self);
        if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}

static int serve(eg_client_session *self)
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
            status = eg_client_session_send_errands(self);
        }
        while (status == EG_OK) {
            status = next_message(self, &message);
            if (status == EG_OK) {
                status = eg_client_session_handle(self, &message);
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

static void end(eg_client_session *self, int status, bool greeted)
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
    eg_client_session *self = eg_alloc_zero(1, sizeof(*self));
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
