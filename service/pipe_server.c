/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pipe_server.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "service/client_feed.h"
#include "service/security.h"
#include "service/wide.h"

#include <stdio.h>

#define BUFFER_BYTES (64u * 1024)
#define TOPIC_PIPE "pipe"

/*
 * D:P                 nothing is inherited
 * (D;;GA;;;NU)        nobody from the network, whatever else he may be
 * (A;;GA;;;SY)        the service itself
 * (A;;GA;;;BA)        administrators
 * (A;;0x12019b;;;IU)  people at the PC, also by remote desktop: read, write, ask for the pipe's
 *                     state, but not make instances of it (0x4) and so pose as the service
 * S:(ML;;NRNW;;;ME)   programs of low integrity (sandboxes of browsers and viewers): nothing
 */
#define PIPE_SDDL L"D:P(D;;GA;;;NU)(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x12019b;;;IU)S:(ML;;NRNW;;;ME)"

typedef struct slot {
    eg_pipe_server *server;
    eg_thread *thread;
    HANDLE pipe; /* taken over by the conversation */
    HANDLE wake;
    bool busy;     /* under the server's lock, as are the next */
    bool ended;    /* the thread is about to return */
    ULONG session; /* of the client, as Windows says */
} slot;

struct eg_pipe_server {
    eg_pipe_server_options options;
    eg_atomic newest_hit;
    eg_atomic repeats;        /* counted so far */
    uint64_t repeats_told_ns; /* when the clients were woken for them last */
    wchar_t *name;
    SECURITY_ATTRIBUTES attributes;
    HANDLE stop;
    eg_thread *accept_thread;
    eg_mutex lock;
    eg_cond changed;
    bool accept_ended;
    slot slots[EG_CLIENTS_MAX];
};

static HANDLE create_instance(eg_pipe_server *server, bool first)
{
    DWORD mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED;
    if (first) {
        mode |= FILE_FLAG_FIRST_PIPE_INSTANCE; /* fails when somebody else has the name */
    }
    return CreateNamedPipeW(
        server->name, mode, PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
        PIPE_UNLIMITED_INSTANCES, BUFFER_BYTES, BUFFER_BYTES, 0, &server->attributes);
}

static void tell_no_pipe(eg_pipe_server *server, DWORD error)
{
    char text[EG_NOTICE_SIZE];
    eg_fail_os(error, "the pipe %s cannot be made%s", server->options.name,
               error == ERROR_ACCESS_DENIED ? " (another program has the name)" : "");
    snprintf(text, sizeof(text), "%s", eg_error_message());
    if (eg_notices_set(server->options.notices, TOPIC_PIPE, text)) {
        eg_str value = eg_str_from(text);
        eg_log(EG_LOG_ERROR, "pipe", "%s", text);
        eg_event_source_report(server->options.events, EG_EVENT_MESSAGE_PIPE, &value, 1);
    }
}

/* Tries until it works; INVALID_HANDLE_VALUE when the server stops. */
static HANDLE make_instance(eg_pipe_server *server, bool first)
{
    for (;;) {
        HANDLE pipe = create_instance(server, first);
        if (pipe != INVALID_HANDLE_VALUE) {
            eg_notices_clear(server->options.notices, TOPIC_PIPE);
            return pipe;
        }
        tell_no_pipe(server, GetLastError());
        if (WaitForSingleObject(server->stop, server->options.retry_ms) == WAIT_OBJECT_0) {
            return INVALID_HANDLE_VALUE;
        }
    }
}

/* True when a client is there, false when the server stops; then `pipe` is still open. */
static bool wait_for_client(eg_pipe_server *server, HANDLE pipe, HANDLE connected)
{
    OVERLAPPED overlapped = {0};
    DWORD moved = 0;
    overlapped.hEvent = connected;
    ResetEvent(connected);
    if (ConnectNamedPipe(pipe, &overlapped)) {
        return true;
    }
    switch (GetLastError()) {
    case ERROR_PIPE_CONNECTED: /* came between creating and waiting */
    case ERROR_NO_DATA: /* came and went: the conversation finds out */ return true;
    case ERROR_IO_PENDING: break;
    default:
        eg_log(EG_LOG_ERROR, "pipe", "waiting for clients fails (%lu)",
               (unsigned long)GetLastError());
        return WaitForSingleObject(server->stop, server->options.retry_ms) != WAIT_OBJECT_0;
    }
    HANDLE handles[] = {server->stop, connected};
    DWORD which = WaitForMultipleObjects(2, handles, FALSE, INFINITE);
    if (which != WAIT_OBJECT_0 + 1) {
        CancelIoEx(pipe, &overlapped);
    }
    GetOverlappedResult(pipe, &overlapped, &moved, TRUE);
    return which == WAIT_OBJECT_0 + 1;
}

static void client_main(void *arg)
{
    slot *self = arg;
    eg_pipe_server *server = self->server;
    eg_client_session_run(&server->options.service, self->pipe, server->stop, self->wake);
    eg_mutex_lock(&server->lock);
    self->ended = true;
    eg_cond_wake_all(&server->changed);
    eg_mutex_unlock(&server->lock);
}

/*
 * A slot for a client of this session; frees those whose thread has ended. NULL when none is left,
 * or when the session has its share: no user can shut out the others, or the administrator.
 */
static slot *free_slot(eg_pipe_server *server, ULONG windows_session)
{
    slot *found = NULL;
    size_t of_session = 0;
    eg_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->options.max_clients; i++) {
        slot *each = &server->slots[i];
        if (each->ended) {
            eg_thread_join(each->thread);
            each->thread = NULL;
            each->ended = false;
            each->busy = false;
        }
        if (!each->busy && !found) {
            found = each;
        }
        of_session += each->busy && each->session == windows_session;
    }
    eg_mutex_unlock(&server->lock);
    return of_session < (server->options.max_clients + 1) / 2 ? found : NULL;
}

static void hand_over(eg_pipe_server *server, HANDLE pipe)
{
    char reason[96];
    ULONG windows_session = 0;
    GetNamedPipeClientSessionId(pipe, &windows_session); /* gone already: counts for the services */
    slot *taken = free_slot(server, windows_session);
    if (!taken) {
        snprintf(reason, sizeof(reason), "all places for session %lu are taken (of %zu in all)",
                 (unsigned long)windows_session, server->options.max_clients);
        eg_log(EG_LOG_WARNING, "pipe", "client refused: %s", reason);
        eg_client_session_refuse(pipe, server->stop, reason);
        return;
    }
    eg_mutex_lock(&server->lock);
    taken->pipe = pipe;
    taken->session = windows_session;
    taken->busy = true;
    eg_mutex_unlock(&server->lock);
    if (eg_thread_start(&taken->thread, "pipe-client", client_main, taken) != EG_OK) {
        eg_log(EG_LOG_ERROR, "pipe", "client refused: %s", eg_error_message());
        eg_client_session_refuse(pipe, server->stop, "the service is short of memory");
        eg_mutex_lock(&server->lock);
        taken->busy = false;
        eg_mutex_unlock(&server->lock);
    }
}

static void accept_clients(eg_pipe_server *server, HANDLE connected)
{
    HANDLE listening = make_instance(server, true);
    while (listening != INVALID_HANDLE_VALUE) {
        bool come = wait_for_client(server, listening, connected);
        /* The next instance before this one is given away: the name is never free. */
        HANDLE next = come ? make_instance(server, false) : INVALID_HANDLE_VALUE;
        if (next == INVALID_HANDLE_VALUE) {
            CloseHandle(listening);
        } else {
            hand_over(server, listening);
        }
        listening = next;
    }
}

static void accept_main(void *arg)
{
    eg_pipe_server *server = arg;
    HANDLE connected = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (connected) {
        accept_clients(server, connected);
        CloseHandle(connected);
    } else {
        tell_no_pipe(server, GetLastError());
    }
    eg_mutex_lock(&server->lock);
    server->accept_ended = true;
    eg_cond_wake_all(&server->changed);
    eg_mutex_unlock(&server->lock);
}

static int prepare(eg_pipe_server *server)
{
    server->name = eg_wide_copy(eg_str_from(server->options.name));
    if (!server->name) {
        return EG_E_NOMEM;
    }
    server->attributes.nLength = sizeof(server->attributes);
    int status = eg_security_from_sddl(PIPE_SDDL, &server->attributes.lpSecurityDescriptor);
    if (status != EG_OK) {
        return status;
    }
    server->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    bool made = server->stop != NULL;
    for (size_t i = 0; made && i < server->options.max_clients; i++) {
        server->slots[i].server = server;
        server->slots[i].wake = CreateEventW(NULL, FALSE, FALSE, NULL);
        made = server->slots[i].wake != NULL;
    }
    return made ? EG_OK : eg_fail_os(GetLastError(), "make the events of the pipe server");
}

int eg_pipe_server_start(const eg_pipe_server_options *options, eg_pipe_server **out)
{
    eg_pipe_server *server = eg_alloc_zero(1, sizeof(*server));
    if (!server) {
        return EG_E_NOMEM;
    }
    server->options = *options;
    server->options.service.newest_hit = &server->newest_hit;
    server->options.service.repeats = &server->repeats;
    eg_atomic_set(&server->newest_hit, options->newest_hit);
    int status = eg_mutex_init(&server->lock);
    if (status != EG_OK) {
        goto free_server;
    }
    status = eg_cond_init(&server->changed);
    if (status != EG_OK) {
        goto done_lock;
    }
    status = prepare(server);
    if (status == EG_OK) {
        status = eg_thread_start(&server->accept_thread, "pipe", accept_main, server);
    }
    if (status != EG_OK) {
        eg_pipe_server_destroy(server);
        return status;
    }
    *out = server;
    return EG_OK;

done_lock:
    eg_mutex_done(&server->lock);
free_server:
    eg_free(server);
    return status;
}

void eg_pipe_server_wake(eg_pipe_server *server)
{
    eg_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->options.max_clients; i++) {
        if (server->slots[i].busy) {
            SetEvent(server->slots[i].wake);
        }
    }
    eg_mutex_unlock(&server->lock);
}

void eg_pipe_server_hit_stored(eg_pipe_server *server, int64_t id)
{
    eg_atomic_set(&server->newest_hit, id);
    eg_pipe_server_wake(server);
}

/* What comes until the next wake is seen by the feeds when they look again. */
void eg_pipe_server_hit_counted(eg_pipe_server *server)
{
    uint64_t now = eg_clock_monotonic_ns();
    eg_atomic_add(&server->repeats, 1);
    if (server->repeats_told_ns == 0 || now - server->repeats_told_ns >= EG_FEED_LOOK_NS) {
        server->repeats_told_ns = now;
        eg_pipe_server_wake(server);
    }
}

void eg_pipe_server_resolved(eg_pipe_server *server, int64_t incident_id)
{
    eg_clients_add_resolved(server->options.service.clients, incident_id);
    eg_pipe_server_wake(server);
}

void eg_pipe_server_stop(eg_pipe_server *server)
{
    SetEvent(server->stop);
}

/* Under the lock. */
static bool all_ended(const eg_pipe_server *server)
{
    bool ended = server->accept_ended;
    for (size_t i = 0; i < server->options.max_clients; i++) {
        ended = ended && (!server->slots[i].thread || server->slots[i].ended);
    }
    return ended;
}

int eg_pipe_server_join(eg_pipe_server *server, uint32_t milliseconds)
{
    uint64_t end = eg_deadline_after(milliseconds);
    bool ended;
    eg_mutex_lock(&server->lock);
    while (!(ended = all_ended(server)) &&
           eg_cond_wait_until(&server->changed, &server->lock, end) == EG_OK) {
        continue;
    }
    eg_mutex_unlock(&server->lock);
    if (!ended) {
        return eg_fail(EG_E_TIMEOUT, "the pipe server does not stop");
    }
    eg_thread_join(server->accept_thread);
    server->accept_thread = NULL;
    for (size_t i = 0; i < server->options.max_clients; i++) {
        eg_thread_join(server->slots[i].thread);
        server->slots[i].thread = NULL;
    }
    return EG_OK;
}

void eg_pipe_server_destroy(eg_pipe_server *server)
{
    if (!server) {
        return;
    }
    for (size_t i = 0; i < server->options.max_clients; i++) {
        if (server->slots[i].wake) {
            CloseHandle(server->slots[i].wake);
        }
    }
    if (server->stop) {
        CloseHandle(server->stop);
    }
    LocalFree(server->attributes.lpSecurityDescriptor);
    eg_free(server->name);
    eg_cond_done(&server->changed);
    eg_mutex_done(&server->lock);
    eg_free(server);
}
