/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/service_client.h"

#include "cli/cli.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/ipc/frame.h"
#include "core/version.h"

#include <windows.h>

#define CHANGE_MS 10000u
#define NS_PER_MS UINT64_C(1000000)

typedef struct client {
    HANDLE pipe;
    HANDLE done; /* of the overlapped operation under way */
    uint64_t deadline_ns;
    eg_frame_reader frames;
    eg_message_decoder *decoder;
} client;

static DWORD time_left(const client *c)
{
    uint64_t now = eg_clock_monotonic_ns();
    return now >= c->deadline_ns ? 0 : (DWORD)((c->deadline_ns - now) / NS_PER_MS) + 1;
}

/* Waits for the one overlapped call that was just started; a late one is cancelled for good. */
static int finish(client *c, OVERLAPPED *overlapped, BOOL started, DWORD *bytes)
{
    DWORD error = started ? ERROR_SUCCESS : GetLastError();
    if (error == ERROR_IO_PENDING) {
        bool late = WaitForSingleObject(c->done, time_left(c)) != WAIT_OBJECT_0;
        if (late) {
            CancelIoEx(c->pipe, overlapped);
        }
        error =
            GetOverlappedResult(c->pipe, overlapped, bytes, TRUE) ? ERROR_SUCCESS : GetLastError();
        if (late && error == ERROR_OPERATION_ABORTED) {
            return eg_fail(EG_E_TIMEOUT, "the service does not answer");
        }
    }
    return error == ERROR_SUCCESS ? EG_OK : eg_fail_os(error, "talk to the service");
}

static int connect_pipe(client *c, const char *name)
{
    uint16_t *wide = eg_utf16_copy(eg_str_from(name));
    int status = wide ? EG_OK : EG_E_NOMEM;
    while (status == EG_OK) {
        c->pipe = CreateFileW(
            (LPCWSTR)wide, EG_PIPE_CLIENT_ACCESS, 0, NULL, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (c->pipe != INVALID_HANDLE_VALUE) {
            break;
        }
        DWORD error = GetLastError();
        if (error == ERROR_FILE_NOT_FOUND) {
            status = eg_fail(EG_E_NOTFOUND, "the EmoGuard service is not running on this PC");
        } else if (error != ERROR_PIPE_BUSY) {
            status = eg_fail_os(error, "connect to the service");
        } else if (time_left(c) == 0 || !WaitNamedPipeW((LPCWSTR)wide, time_left(c))) {
            status = eg_fail(EG_E_TIMEOUT, "the service is busy with other clients");
        }
    }
    eg_free(wide);
    return status;
}

static int send_message(client *c, const eg_message *message)
{
    eg_buf frame;
    eg_buf_init(&frame, EG_FRAME_MAX + EG_FRAME_HEADER);
    int status = eg_message_encode(&frame, message);
    size_t sent = 0;
    while (status == EG_OK && sent < frame.len) {
        OVERLAPPED overlapped = {.hEvent = c->done};
        DWORD bytes = 0;
        BOOL started =
            WriteFile(c->pipe, frame.data + sent, (DWORD)(frame.len - sent), &bytes, &overlapped);
        status = finish(c, &overlapped, started, &bytes);
        sent += bytes;
    }
    eg_buf_done(&frame);
    return status;
}

static int receive_message(client *c, eg_message *message)
{
    for (;;) {
        eg_str payload;
        int status = eg_frame_reader_next(&c->frames, &payload);
        if (status == EG_OK) {
            return eg_message_decode(c->decoder, payload, message);
        }
        if (status != EG_E_NOTFOUND) {
            return status;
        }
        char bytes[4096];
        DWORD count = 0;
        OVERLAPPED overlapped = {.hEvent = c->done};
        BOOL started = ReadFile(c->pipe, bytes, sizeof(bytes), &count, &overlapped);
        status = finish(c, &overlapped, started, &count);
        if (status == EG_OK) {
            status = eg_frame_reader_feed(&c->frames, bytes, count);
        }
        if (status != EG_OK) {
            return status;
        }
    }
}

/* Skips what is not asked for; an error message of the service ends the conversation. */
static int expect(client *c, eg_message_type type, eg_message *message)
{
    for (;;) {
        int status = receive_message(c, message);
        if (status != EG_OK) {
            return status;
        }
        if (message->type == EG_MESSAGE_ERROR) {
            return eg_fail(EG_E_UNSUPPORTED, "the service says: %.*s",
                           EG_STR_ARGS(message->body.error.reason));
        }
        if (message->type == type) {
            return EG_OK;
        }
    }
}

static int say_hello(client *c)
{
    eg_message message = {.type = EG_MESSAGE_HELLO};
    DWORD session = 0;

    ProcessIdToSessionId(GetCurrentProcessId(), &session);
    message.body.hello = (eg_hello){.protocol = EG_PROTOCOL_VERSION,
                                    .client = EG_STR("cli"),
                                    .version = EG_STR(EG_VERSION_STRING),
                                    .pid = eg_process_id(),
                                    .session = session,
                                    .language = EG_LANGUAGE_EN};
    int status = send_message(c, &message);
    return status == EG_OK ? expect(c, EG_MESSAGE_WELCOME, &message) : status;
}

static void hang_up(client *c)
{
    if (c->pipe != INVALID_HANDLE_VALUE) {
        CloseHandle(c->pipe);
    }
    eg_message_decoder_destroy(c->decoder);
    if (c->done) {
        CloseHandle(c->done);
    }
    eg_frame_reader_done(&c->frames);
}

/* Sends one message after hello and waits for `answer`. On EG_OK the caller hangs up. */
static int ask(client *c, const char *pipe, uint32_t timeout_ms, const eg_message *question,
               eg_message_type type, eg_message *answer)
{
    *c = (client){.pipe = INVALID_HANDLE_VALUE};
    c->deadline_ns = eg_clock_monotonic_ns() + timeout_ms * NS_PER_MS;
    eg_frame_reader_init(&c->frames);
    c->done = CreateEventW(NULL, TRUE, FALSE, NULL);
    int status = c->done ? eg_message_decoder_create(&c->decoder)
                         : eg_fail_os(GetLastError(), "create event");
    if (status == EG_OK) {
        status = connect_pipe(c, pipe ? pipe : EG_PIPE_NAME);
    }
    if (status == EG_OK) {
        status = say_hello(c);
    }
    if (status == EG_OK) {
        status = send_message(c, question);
    }
    if (status == EG_OK) {
        status = expect(c, type, answer);
    }
    if (status != EG_OK) {
        hang_up(c);
    }
    return status;
}

int eg_service_status(const char *pipe, uint32_t timeout_ms, eg_buf *json)
{
    client c;
    eg_message answer;
    const eg_message question = {.type = EG_MESSAGE_STATUS_ASK};
    int status = ask(&c, pipe, timeout_ms, &question, EG_MESSAGE_STATUS, &answer);
    if (status == EG_OK) {
        eg_buf_clear(json);
        status = eg_buf_append_str(json, answer.body.status.json);
        hang_up(&c);
    }
    return status;
}

int eg_cli_resolve(int64_t incident_id)
{
    client c;
    eg_message answer;
    eg_message question = {.type = EG_MESSAGE_RESOLVE};
    question.body.resolve.incident_id = incident_id;
    int status = ask(&c, NULL, CHANGE_MS, &question, EG_MESSAGE_RESOLVED, &answer);
    if (status == EG_OK) {
        hang_up(&c);
    }
    return status;
}

/* Asks for a change of exceptions; *id is that of the receipt. */
static int change_exception(const eg_message *question, int64_t *id)
{
    client c;
    eg_message answer;
    int status = ask(&c, NULL, CHANGE_MS, question, EG_MESSAGE_EXCEPTED, &answer);
    if (status == EG_OK) {
        *id = answer.body.excepted.exception_id;
        hang_up(&c);
    }
    return status;
}

int eg_cli_except(eg_str json, int64_t *id)
{
    eg_message question = {.type = EG_MESSAGE_EXCEPT};
    question.body.except.json = json;
    return change_exception(&question, id);
}

int eg_cli_revoke_exception(int64_t id)
{
    eg_message question = {.type = EG_MESSAGE_REVOKE};
    question.body.revoke.exception_id = id;
    return change_exception(&question, &id);
}
