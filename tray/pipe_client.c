/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/pipe_client.h"

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/ipc/frame.h"
#include "core/version.h"
#include "tray/errand.h"
#include "tray/proxy_login.h"
#include "tray/server_check.h"

#define PAUSE_FIRST_MS 200u
#define PAUSE_MAX_MS 5000u
#define WRITE_TIMEOUT_MS 5000u
#define READ_SIZE 8192u
#define OUTGOING_MAX (4u * EG_FRAME_MAX)

struct eg_pipe_client {
    wchar_t *pipe_name;
    bool check_server;
    HWND window;
    eg_language language;
    eg_thread *thread;
    HANDLE stop;  /* set once */
    HANDLE again; /* auto reset: begin a new connection */
    HANDLE outgoing_ready;
    eg_mutex lock;   /* guards outgoing and connected */
    eg_buf outgoing; /* whole frames */
    bool connected;
    /* the thread's own */
    HANDLE pipe;
    HANDLE read_done, write_done;
    eg_frame_reader frames;
    eg_message_decoder *decoder;
    eg_errands *errands;
    bool welcomed;
    bool trusted; /* this is the service, as far as anybody can know */
    DWORD last_connect_error;
};

/* When the window takes no more, the connection ends; the next one is told everything again. */
static int post(const eg_pipe_client *client, UINT message, void *owned, eg_arena *arena)
{
    if (!PostMessageW(client->window, message, 0, (LPARAM)owned)) {
        int status = eg_fail_os(GetLastError(), "cannot hand on a message from the service");
        eg_arena_destroy(arena);
        return status;
    }
    return EG_OK;
}

static int on_welcome(eg_pipe_client *client, const eg_welcome *welcome)
{
    eg_service_info *info = NULL;
    int status;

    if (welcome->protocol != EG_PROTOCOL_VERSION) {
        return eg_fail(EG_E_UNSUPPORTED, "the service speaks protocol %lu, this program %d",
                       (unsigned long)welcome->protocol, EG_PROTOCOL_VERSION);
    }
    status = eg_service_info_create(welcome, &info);
    if (status == EG_OK) {
        client->welcomed = true;
        eg_log(EG_LOG_INFO, "tray", "connected to service %.*s, rules %llu",
               EG_STR_ARGS(welcome->version), (unsigned long long)welcome->pack_serial);
        status = post(client, EG_PIPE_CONNECTED, info, info->arena);
    }
    return status;
}

static bool is_news(eg_message_type type)
{
    return type == EG_MESSAGE_STATE || type == EG_MESSAGE_CHECK_STATE ||
           type == EG_MESSAGE_UPDATE_STATE;
}

static int on_news(eg_pipe_client *client, const eg_message *message)
{
    eg_service_news *news = NULL;
    int status = eg_service_news_create(message, &news);

    return status == EG_OK ? post(client, EG_PIPE_NEWS, news, news->arena) : status;
}

static bool is_errand(eg_message_type type)
{
    return type == EG_MESSAGE_ERRAND || type == EG_MESSAGE_ERRAND_NEXT ||
           type == EG_MESSAGE_ERRAND_END;
}

static int on_errand(eg_pipe_client *client, const eg_message *message)
{
    if (!client->trusted) {
        return eg_fail(EG_E_DENIED, "no errands for a service that is not installed");
    }
    return eg_errands_take(client->errands, message);
}

static int on_message(eg_pipe_client *client, const eg_message *message)
{
    eg_tray_notice *notice = NULL;
    int status;

    if (message->type == EG_MESSAGE_WELCOME && !client->welcomed) {
        return on_welcome(client, &message->body.welcome);
    }
    if (message->type == EG_MESSAGE_ERROR) {
        eg_log(EG_LOG_WARNING, "tray", "the service says: %.*s",
               EG_STR_ARGS(message->body.error.reason));
        return EG_OK;
    }
    if (message->type == EG_MESSAGE_ANSWERED && client->welcomed) {
        PostMessageW(client->window, EG_PIPE_ANSWERED, message->body.answered.kept,
                     (LPARAM)message->body.answered.incident_id);
        return EG_OK;
    }
    if (message->type == EG_MESSAGE_RESOLVED && client->welcomed) {
        PostMessageW(client->window, EG_PIPE_RESOLVED, 0,
                     (LPARAM)message->body.resolved.incident_id);
        return EG_OK;
    }
    if (is_news(message->type) && client->welcomed) {
        return on_news(client, message);
    }
    if (is_errand(message->type) && client->welcomed) {
        return on_errand(client, message);
    }
    if (message->type != EG_MESSAGE_HIT || !client->welcomed) {
        return eg_fail(EG_E_INVALID, "an unexpected message (type %d) from the service",
                       (int)message->type);
    }
    status = eg_tray_notice_create(&message->body.hit, &notice);
    if (status == EG_OK) {
        status = post(client, EG_PIPE_HIT, notice, notice->arena);
    }
    return status;
}

static int on_bytes(eg_pipe_client *client, const char *bytes, size_t size)
{
    int status = eg_frame_reader_feed(&client->frames, bytes, size);

    while (status == EG_OK) {
        eg_message message;
        eg_str payload;

        status = eg_frame_reader_next(&client->frames, &payload);
        if (status == EG_E_NOTFOUND) {
            return EG_OK;
        }
        if (status == EG_OK) {
            status = eg_message_decode(client->decoder, payload, &message);
        }
        if (status == EG_OK) {
            status = on_message(client, &message);
        }
    }
    return status;
}

/* Writes all of `bytes`; a service that does not read for a while ends the connection. */
static int write_all(eg_pipe_client *client, const char *bytes, size_t size)
{
    while (size > 0) {
        OVERLAPPED overlapped = {.hEvent = client->write_done};
        HANDLE events[2] = {client->write_done, client->stop};
        DWORD part = size < READ_SIZE ? (DWORD)size : READ_SIZE, written = 0;

        if (!WriteFile(client->pipe, bytes, part, NULL, &overlapped) &&
            GetLastError() != ERROR_IO_PENDING) {
            return eg_fail_os(GetLastError(), "cannot write to the service");
        }
        if (WaitForMultipleObjects(2, events, FALSE, WRITE_TIMEOUT_MS) != WAIT_OBJECT_0) {
            CancelIoEx(client->pipe, &overlapped);
            GetOverlappedResult(client->pipe, &overlapped, &written, TRUE);
            return eg_fail(EG_E_TIMEOUT, "the service does not read");
        }
        if (!GetOverlappedResult(client->pipe, &overlapped, &written, FALSE) || written == 0) {
            return eg_fail_os(GetLastError(), "cannot write to the service");
        }
        bytes += written;
        size -= written;
    }
    return EG_OK;
}

static int write_outgoing(eg_pipe_client *client)
{
    eg_buf frames;
    int status;

    eg_mutex_lock(&client->lock);
    frames = client->outgoing;
    eg_buf_init(&client->outgoing, OUTGOING_MAX);
    eg_mutex_unlock(&client->lock);
    status = write_all(client, frames.data, frames.len);
    eg_buf_done(&frames);
    return status;
}

static int say_hello(eg_pipe_client *client)
{
    eg_message message = {.type = EG_MESSAGE_HELLO};
    DWORD session = 0;
    eg_buf frame;
    int status;

    ProcessIdToSessionId(GetCurrentProcessId(), &session);
    message.body.hello =
        (eg_hello){EG_PROTOCOL_VERSION,   EG_STR("tray"), EG_STR(EG_VERSION_STRING),
                   GetCurrentProcessId(), session,        client->language};
    eg_buf_init(&frame, EG_FRAME_MAX + EG_FRAME_HEADER);
    status = eg_message_encode(&frame, &message);
    if (status == EG_OK) {
        status = write_all(client, frame.data, frame.len);
    }
    eg_buf_done(&frame);
    return status;
}

/* Reads and writes until the connection ends; EG_E_CLOSED when we are to stop, or begin again. */
static int talk(eg_pipe_client *client)
{
    char bytes[READ_SIZE];
    HANDLE events[] = {client->stop, client->read_done, client->outgoing_ready, client->again};
    int status = say_hello(client);

    while (status == EG_OK) {
        OVERLAPPED overlapped = {.hEvent = client->read_done};
        DWORD got = 0, woken = WAIT_OBJECT_0 + 2;

        if (!ReadFile(client->pipe, bytes, sizeof(bytes), NULL, &overlapped) &&
            GetLastError() != ERROR_IO_PENDING && GetLastError() != ERROR_MORE_DATA) {
            return eg_fail_os(GetLastError(), "the connection to the service ended");
        }
        while (status == EG_OK && woken == WAIT_OBJECT_0 + 2) {
            woken = WaitForMultipleObjects(EG_COUNT(events), events, FALSE, INFINITE);
            if (woken == WAIT_OBJECT_0 + 2) {
                status = write_outgoing(client);
            }
        }
        if (status != EG_OK || woken != WAIT_OBJECT_0 + 1) {
            CancelIoEx(client->pipe, &overlapped);
            GetOverlappedResult(client->pipe, &overlapped, &got, TRUE);
            return status != EG_OK ? status : EG_E_CLOSED;
        }
        if (!GetOverlappedResult(client->pipe, &overlapped, &got, FALSE) &&
            GetLastError() != ERROR_MORE_DATA) {
            return eg_fail_os(GetLastError(), "the connection to the service ended");
        }
        status = on_bytes(client, bytes, got);
    }
    return status;
}

static int connect_pipe(eg_pipe_client *client)
{
    /* The service may know who we are, and may not act as us. */
    DWORD flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
    BOOL installed = TRUE; /* whoever names another pipe knows whose it is */
    int status;

    client->pipe =
        CreateFileW(client->pipe_name, EG_PIPE_CLIENT_ACCESS, 0, NULL, OPEN_EXISTING, flags, NULL);
    if (client->pipe == INVALID_HANDLE_VALUE) {
        DWORD error = GetLastError();
        status = eg_fail_os(error, "cannot connect to the service");
        if (error != client->last_connect_error) {
            client->last_connect_error = error; /* once, not at each attempt */
            eg_log(EG_LOG_WARNING, "tray", "%s", eg_error_message());
        }
        return status;
    }
    client->last_connect_error = 0;
    status = client->check_server ? eg_server_check(client->pipe, &installed) : EG_OK;
    client->trusted = installed;
    if (status != EG_OK) {
        eg_log(EG_LOG_ERROR, "tray", "%s", eg_error_message());
        CloseHandle(client->pipe);
    }
    return status;
}

static void set_connected(eg_pipe_client *client, bool connected)
{
    eg_mutex_lock(&client->lock);
    client->connected = connected;
    eg_buf_done(&client->outgoing);
    eg_mutex_unlock(&client->lock);
}

static int one_connection(eg_pipe_client *client)
{
    int status = connect_pipe(client);

    if (status != EG_OK) {
        return status;
    }
    client->welcomed = false;
    ResetEvent(client->again); /* this is one */
    eg_frame_reader_init(&client->frames);
    set_connected(client, true);
    status = talk(client);
    eg_errands_drop(client->errands);
    set_connected(client, false);
    eg_frame_reader_done(&client->frames);
    CloseHandle(client->pipe);
    if (status != EG_E_CLOSED) {
        eg_log(EG_LOG_WARNING, "tray", "%s", eg_error_message());
    }
    return status;
}

static void run(void *arg)
{
    eg_pipe_client *client = arg;
    eg_backoff backoff = {.first_ms = PAUSE_FIRST_MS, .most_ms = PAUSE_MAX_MS};

    while (WaitForSingleObject(client->stop, 0) == WAIT_TIMEOUT) {
        client->welcomed = false;
        one_connection(client);
        if (client->welcomed) {
            eg_backoff_reset(&backoff);
        }
        PostMessageW(client->window, EG_PIPE_DISCONNECTED, 0, 0);
        if (WaitForSingleObject(client->stop, eg_backoff_next(&backoff)) != WAIT_TIMEOUT) {
            break;
        }
    }
}

static void release(eg_pipe_client *client)
{
    if (client->stop) {
        CloseHandle(client->stop);
    }
    if (client->again) {
        CloseHandle(client->again);
    }
    if (client->outgoing_ready) {
        CloseHandle(client->outgoing_ready);
    }
    if (client->read_done) {
        CloseHandle(client->read_done);
    }
    if (client->write_done) {
        CloseHandle(client->write_done);
    }
    eg_errands_destroy(client->errands);
    eg_message_decoder_destroy(client->decoder);
    eg_buf_done(&client->outgoing);
    eg_mutex_done(&client->lock);
    eg_free(client->pipe_name);
    eg_free(client);
}

/* Any thread. */
static void put_outgoing(eg_pipe_client *client, const eg_message *message)
{
    eg_mutex_lock(&client->lock);
    if (client->connected && eg_message_encode(&client->outgoing, message) == EG_OK) {
        SetEvent(client->outgoing_ready);
    }
    eg_mutex_unlock(&client->lock);
}

static void send_errand(void *user, const eg_message *message)
{
    put_outgoing(user, message);
}

static int get_login(void *user, eg_str proxy, bool stored, eg_buf *out)
{
    EG_UNUSED(user);
    return eg_proxy_login_get(proxy, stored, out);
}

static int create_errands(eg_pipe_client *client)
{
    const eg_errands_options options = {client, send_errand, get_login};

    return eg_errands_create(&options, &client->errands);
}

int eg_pipe_client_start(const wchar_t *pipe, bool check_server, HWND window, eg_language language,
                         eg_pipe_client **out)
{
    eg_pipe_client *client = eg_alloc_zero(1, sizeof(*client));
    int status;

    if (!client) {
        return EG_E_NOMEM;
    }
    status = eg_mutex_init(&client->lock);
    if (status != EG_OK) {
        eg_free(client);
        return status;
    }
    client->check_server = check_server;
    client->window = window;
    client->language = language;
    eg_buf_init(&client->outgoing, OUTGOING_MAX);
    client->pipe_name =
        (wchar_t *)eg_copy_bytes((const char *)pipe, (wcslen(pipe) + 1) * sizeof(wchar_t));
    client->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    client->again = CreateEventW(NULL, FALSE, FALSE, NULL);
    client->outgoing_ready = CreateEventW(NULL, FALSE, FALSE, NULL);
    client->read_done = CreateEventW(NULL, TRUE, FALSE, NULL);
    client->write_done = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!client->pipe_name || !client->stop || !client->again || !client->outgoing_ready ||
        !client->read_done || !client->write_done) {
        status = eg_fail(EG_E_NOMEM, "cannot prepare the connection to the service");
    }
    if (status == EG_OK) {
        status = eg_message_decoder_create(&client->decoder);
    }
    if (status == EG_OK) {
        status = create_errands(client);
    }
    if (status == EG_OK) {
        status = eg_thread_start(&client->thread, "pipe", run, client);
    }
    if (status != EG_OK) {
        release(client);
        return status;
    }
    *out = client;
    return EG_OK;
}

void eg_pipe_client_stop(eg_pipe_client *client)
{
    if (client) {
        SetEvent(client->stop);
        eg_thread_join(client->thread);
        release(client);
    }
}

void eg_pipe_client_begin_again(eg_pipe_client *client)
{
    SetEvent(client->again);
}

void eg_pipe_client_answer(eg_pipe_client *client, int64_t story, eg_answer_kind answer)
{
    eg_message message = {.type = EG_MESSAGE_ANSWER};

    message.body.answer.incident_id = story;
    message.body.answer.answer = eg_str_from(eg_answer_names[answer]);
    put_outgoing(client, &message);
}

void eg_pipe_client_check(eg_pipe_client *client, eg_check_action action)
{
    eg_message message = {.type = EG_MESSAGE_CHECK_ASK};

    message.body.check_ask.action = action;
    put_outgoing(client, &message);
}

void eg_pipe_client_update(eg_pipe_client *client)
{
    const eg_message message = {.type = EG_MESSAGE_UPDATE_ASK};

    put_outgoing(client, &message);
}

void eg_pipe_client_shown(eg_pipe_client *client, int64_t hit_id, const wchar_t *title)
{
    eg_message message = {.type = EG_MESSAGE_SHOWN};
    eg_buf text;

    eg_buf_init(&text, EG_FRAME_MAX);
    if (eg_utf8_from_utf16(&text, (const uint16_t *)title, wcslen(title)) == EG_OK) {
        message.body.shown.hit_id = hit_id;
        message.body.shown.title = eg_buf_str(&text);
        put_outgoing(client, &message);
    }
    eg_buf_done(&text);
}

void eg_pipe_client_drain(HWND window)
{
    MSG message;

    while (PeekMessageW(&message, window, EG_PIPE_CONNECTED, EG_PIPE_NEWS, PM_REMOVE)) {
        if (message.message == EG_PIPE_CONNECTED) {
            eg_service_info_destroy((eg_service_info *)message.lParam);
        } else if (message.message == EG_PIPE_NEWS) {
            eg_service_news_destroy((eg_service_news *)message.lParam);
        } else {
            eg_tray_notice_destroy((eg_tray_notice *)message.lParam);
        }
    }
}
