/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/etw_session.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

/* What the MinGW headers lack, or older SDKs. */
enum {
    MODE_REAL_TIME = 0x00000100,
    MODE_SYSTEM_LOGGER = 0x02000000,
    FLAG_PROCESS = 0x00000001,
    FLAG_NO_HARDWARE_RUNDOWN = 0x10000000,
    PROCESS_MODE = 0x10000100, /* real time, EVENT_RECORD callback */
    FLAG_TRACED_GUID = 0x00020000,
    CLOCK_QPC = 1,
};

enum {
    BUFFER_KILOBYTES = 64,
    BUFFERS_SPARE = 24,
    BUFFERS_LEAST = 8,
    START_TRIES = 3,
    START_WAIT_MS = 100,
    JOIN_MS = 5000,
    NAME_UNITS = 64,
};

const WCHAR eg_etw_session_name[] = L"EmoGuard-Sys";

/* {6E0B9B5E-6C4B-4E0E-9B6F-3B7B6D1C5A41}: ours for good, also in the session's access rules. */
static const GUID session_guid = {
    0x6e0b9b5e, 0x6c4b, 0x4e0e, {0x9b, 0x6f, 0x3b, 0x7b, 0x6d, 0x1c, 0x5a, 0x41}};
/* {3D6FA8D0-FE05-11D0-9DDA-00C04FD7BA7C}: process records of the kernel */
static const GUID process_guid = {
    0x3d6fa8d0, 0xfe05, 0x11d0, {0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c}};
/* {6A399AE0-4BC6-4DE9-870B-3657F8947E7E}: the stream's own word that something was lost */
static const GUID lost_guid = {
    0x6a399ae0, 0x4bc6, 0x4de9, {0x87, 0x0b, 0x36, 0x57, 0xf8, 0x94, 0x7e, 0x7e}};

_Static_assert(sizeof(EVENT_TRACE_PROPERTIES) == 120, "EVENT_TRACE_PROPERTIES");
_Static_assert(sizeof(EVENT_RECORD) == 112, "EVENT_RECORD");
_Static_assert(sizeof(EVENT_TRACE_LOGFILEW) == 448, "EVENT_TRACE_LOGFILEW");

/* The calls write the name behind the struct, so both travel together. */
typedef struct properties {
    EVENT_TRACE_PROPERTIES base;
    WCHAR name[NAME_UNITS];
} properties;

struct eg_etw_session {
    const eg_etw_api *api;
    eg_etw_ring *ring;
    TRACEHANDLE trace;
    eg_thread *thread;
    HANDLE ended; /* manual-reset event: the consumer has returned */
    eg_atomic stream_lost;
    uint64_t kernel_lost; /* of the session at the time it was opened */
    ULONG flags;          /* likewise, as far as this Windows tells them */
};

static ULONG windows_start(TRACEHANDLE *session, const WCHAR *name, EVENT_TRACE_PROPERTIES *p)
{
    return StartTraceW(session, name, p);
}

static ULONG windows_control(const WCHAR *name, EVENT_TRACE_PROPERTIES *p, ULONG code)
{
    return ControlTraceW(0, name, p, code);
}

static TRACEHANDLE windows_open(EVENT_TRACE_LOGFILEW *log, ULONG *error)
{
    TRACEHANDLE trace = OpenTraceW(log);
    *error = GetLastError();
    return trace;
}

static ULONG windows_process(TRACEHANDLE trace)
{
    return ProcessTrace(&trace, 1, NULL, NULL);
}

static ULONG windows_close(TRACEHANDLE trace)
{
    return CloseTrace(trace);
}

const eg_etw_api eg_etw_windows_api = {
    windows_start, windows_control, windows_open, windows_process, windows_close,
};

static void init_properties(properties *p)
{
    SYSTEM_INFO system;
    GetNativeSystemInfo(&system);
    ULONG buffers = 2 * system.dwNumberOfProcessors;
    memset(p, 0, sizeof(*p));
    p->base.Wnode.BufferSize = sizeof(*p);
    p->base.Wnode.Flags = FLAG_TRACED_GUID;
    p->base.Wnode.Guid = session_guid;
    p->base.Wnode.ClientContext = CLOCK_QPC;
    p->base.BufferSize = BUFFER_KILOBYTES;
    p->base.MinimumBuffers = buffers > BUFFERS_LEAST ? buffers : BUFFERS_LEAST;
    p->base.MaximumBuffers = p->base.MinimumBuffers + BUFFERS_SPARE;
    p->base.FlushTimer = 1;
    p->base.LogFileMode = MODE_REAL_TIME | MODE_SYSTEM_LOGGER;
    p->base.EnableFlags = FLAG_PROCESS | FLAG_NO_HARDWARE_RUNDOWN;
    p->base.LoggerNameOffset = offsetof(properties, name);
}

static ULONG control(const eg_etw_api *api, properties *p, ULONG code)
{
    init_properties(p);
    return api->control(eg_etw_session_name, &p->base, code);
}

/* Somebody may have made a session of our name to feed us records: check before reading it. */
static bool is_ours(const properties *p)
{
    return memcmp(&p->base.Wnode.Guid, &session_guid, sizeof(session_guid)) == 0 &&
           (p->base.LogFileMode & (MODE_REAL_TIME | MODE_SYSTEM_LOGGER)) ==
               (MODE_REAL_TIME | MODE_SYSTEM_LOGGER);
}

static int explain(ULONG error)
{
    switch (error) {
    case ERROR_NO_SYSTEM_RESOURCES:
        return eg_fail(EG_E_LIMIT, "all ETW sessions of the kernel are taken by other programs");
    case ERROR_INVALID_PARAMETER:
        return eg_fail(EG_E_UNSUPPORTED, "this Windows has no private kernel ETW sessions");
    default: return eg_fail_os(error, "start the ETW session EmoGuard-Sys");
    }
}

static int start_or_adopt(const eg_etw_api *api)
{
    properties p;
    ULONG error = control(api, &p, EVENT_TRACE_CONTROL_QUERY);
    if (error == ERROR_SUCCESS && is_ours(&p) && p.base.EnableFlags & FLAG_PROCESS) {
        return EG_OK;
    }
    for (int tries = 0; tries < START_TRIES; tries++) {
        TRACEHANDLE unused = 0;
        if (error == ERROR_SUCCESS || error == ERROR_ALREADY_EXISTS) {
            eg_log(EG_LOG_WARNING, "etw", "a foreign session has our name; it is stopped");
            control(api, &p, EVENT_TRACE_CONTROL_STOP);
            Sleep(START_WAIT_MS);
        }
        init_properties(&p);
        error = api->start(&unused, eg_etw_session_name, &p.base);
        if (error == ERROR_SUCCESS) {
            return EG_OK;
        }
        if (error != ERROR_ALREADY_EXISTS) {
            break;
        }
    }
    return explain(error);
}

static void WINAPI on_record(EVENT_RECORD *from)
{
    eg_etw_session *session = from->UserContext;
    const EVENT_HEADER *header = &from->EventHeader;
    if (memcmp(&header->ProviderId, &process_guid, sizeof(process_guid)) == 0) {
        eg_etw_record record = {
            .id = header->EventDescriptor.Id,
            .version = header->EventDescriptor.Version,
            .opcode = header->EventDescriptor.Opcode,
            .flags = header->Flags,
            .pid = header->ProcessId,
            .tid = header->ThreadId,
            .time = (uint64_t)header->TimeStamp.QuadPart,
            .payload = from->UserData,
            .size = from->UserDataLength,
        };
        memcpy(record.provider, &header->ProviderId, EG_ETW_GUID_SIZE);
        eg_etw_ring_push(session->ring, &record); /* the ring counts what does not fit */
    } else if (memcmp(&header->ProviderId, &lost_guid, sizeof(lost_guid)) == 0) {
        eg_atomic_add(&session->stream_lost, 1);
    }
}

static void consume(void *arg)
{
    eg_etw_session *session = arg;
    ULONG error = session->api->process(session->trace);
    eg_log(EG_LOG_INFO, "etw", "the consumer ended with %lu", error);
    SetEvent(session->ended);
    eg_etw_ring_wake(session->ring);
}

static int open_trace(eg_etw_session *session)
{
    EVENT_TRACE_LOGFILEW log;
    ULONG error = ERROR_SUCCESS;
    memset(&log, 0, sizeof(log));
    log.LoggerName = (WCHAR *)eg_etw_session_name;
    log.ProcessTraceMode = PROCESS_MODE;
    log.EventRecordCallback = on_record;
    log.Context = session;
    session->trace = session->api->open(&log, &error);
    if (session->trace == (TRACEHANDLE)INVALID_HANDLE_VALUE || session->trace == 0xFFFFFFFF) {
        return eg_fail_os(error, "open the ETW session EmoGuard-Sys");
    }
    return EG_OK;
}

static uint64_t lost_count(const properties *p)
{
    return (uint64_t)p->base.EventsLost + p->base.RealTimeBuffersLost + p->base.LogBuffersLost;
}

static void stop_session(const eg_etw_api *api)
{
    properties p;
    control(api, &p, EVENT_TRACE_CONTROL_STOP);
}

int eg_etw_session_open(eg_etw_session **out, const eg_etw_api *api, eg_etw_ring *ring)
{
    properties p;
    eg_etw_session *session = eg_alloc_zero(1, sizeof(*session));
    if (!session) {
        return EG_E_NOMEM;
    }
    session->api = api;
    session->ring = ring;
    session->ended = CreateEventW(NULL, TRUE, FALSE, NULL);
    int status = session->ended ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = start_or_adopt(api);
    }
    if (status != EG_OK) {
        goto free_session;
    }
    status = open_trace(session);
    if (status != EG_OK) {
        goto stop_session;
    }
    if (control(api, &p, EVENT_TRACE_CONTROL_QUERY) == ERROR_SUCCESS) {
        session->kernel_lost = lost_count(&p);
        session->flags = p.base.EnableFlags;
    }
    status = eg_thread_start(&session->thread, "etw", consume, session);
    if (status != EG_OK) {
        goto close_trace;
    }
    *out = session;
    return EG_OK;

close_trace:
    api->close(session->trace);
stop_session:
    stop_session(api);
free_session:
    if (session->ended) {
        CloseHandle(session->ended);
    }
    eg_free(session);
    return status;
}

void eg_etw_session_close(eg_etw_session *session)
{
    if (!session) {
        return;
    }
    eg_etw_session_flush(session);
    stop_session(session->api);
    /* a consumer that does not notice the end of its session is thrown out */
    bool drained = WaitForSingleObject(session->ended, JOIN_MS) == WAIT_OBJECT_0;
    if (!drained) {
        session->api->close(session->trace);
    }
    eg_thread_join(session->thread);
    if (drained) {
        session->api->close(session->trace);
    }
    CloseHandle(session->ended);
    eg_free(session);
}

void eg_etw_session_flush(eg_etw_session *session)
{
    properties p;
    control(session->api, &p, EVENT_TRACE_CONTROL_FLUSH);
}

int eg_etw_session_lost(eg_etw_session *session, uint64_t *lost)
{
    properties p;
    ULONG error = control(session->api, &p, EVENT_TRACE_CONTROL_QUERY);
    if (error != ERROR_SUCCESS) {
        return eg_fail(EG_E_NOTFOUND, "the ETW session EmoGuard-Sys is gone (%lu)", error);
    }
    if (!is_ours(&p) || (session->flags & ~p.base.EnableFlags & FLAG_PROCESS) != 0) {
        return eg_fail(EG_E_NOTFOUND, "the ETW session EmoGuard-Sys was changed by someone");
    }
    uint64_t now = lost_count(&p);
    *lost = (now > session->kernel_lost ? now - session->kernel_lost : 0) +
            (uint64_t)eg_atomic_get(&session->stream_lost);
    return EG_OK;
}

bool eg_etw_session_ended(eg_etw_session *session)
{
    return WaitForSingleObject(session->ended, 0) == WAIT_OBJECT_0;
}
