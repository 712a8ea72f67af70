/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of Windows that run ETW sessions, as the simulation answers them. Linked into a
 * test program they take the place of those of advapi32.dll (and of the two that late_win32.c looks
 * up), so that api_win32.c is tested as it is. They check what their caller fills in as strictly as
 * Windows documents it.
 */
#define WMIAPI __stdcall /* before the headers: here they are defined, not imported */

#include "tests/etw_double/engine.h"
#include "tests/etw_double/feed.h"

#include "core/base/compiler.h"
#include "core/base/os.h"
#include "driverless-hooks/etw/late_win32.h"

#include <string.h>

#define NAME_UNITS 128u
#define TRACES_MAX 16u
#define PROCESS_MODE 0x10000100u

/* What OpenTraceW was told, per trace; the engine's consumer points here. */
typedef struct front_trace {
    eg_etw_consumer consumer;
    PEVENT_RECORD_CALLBACK callback;
    void *context;
    uint64_t trace;
    bool used;
    bool closing; /* while ProcessTrace runs */
} front_trace;

static eg_mutex lock = EG_MUTEX_INIT; /* of the traces */

const char eg_etw_double_front[] = "win32";

static front_trace traces[TRACES_MAX];

static ULONG narrow(const WCHAR *name, char out[NAME_UNITS])
{
    size_t at = 0;
    for (; name && name[at] != 0; at++) {
        if (at + 1 >= NAME_UNITS || name[at] > 0x7E) {
            return ERROR_INVALID_PARAMETER;
        }
        out[at] = (char)name[at];
    }
    out[at] = '\0';
    return ERROR_SUCCESS;
}

static ULONG check(const EVENT_TRACE_PROPERTIES *p)
{
    if (p->Wnode.BufferSize < sizeof(*p)) {
        return ERROR_BAD_LENGTH;
    }
    if (!(p->Wnode.Flags & WNODE_FLAG_TRACED_GUID) || p->LoggerNameOffset < sizeof(*p) ||
        p->LoggerNameOffset >= p->Wnode.BufferSize || p->LogFileNameOffset != 0) {
        return ERROR_INVALID_PARAMETER;
    }
    return ERROR_SUCCESS;
}

static void from_windows(const EVENT_TRACE_PROPERTIES *from, eg_etw_properties *to)
{
    memset(to, 0, sizeof(*to));
    memcpy(to->guid, &from->Wnode.Guid, sizeof(to->guid));
    to->mode = from->LogFileMode;
    to->flags = from->EnableFlags;
    to->buffer_kilobytes = from->BufferSize;
    to->buffers_least = from->MinimumBuffers;
    to->buffers_most = from->MaximumBuffers;
    to->flush_seconds = from->FlushTimer;
}

/* Everything is written over, as Windows does. */
static void to_windows(const eg_etw_properties *from, EVENT_TRACE_PROPERTIES *to)
{
    memcpy(&to->Wnode.Guid, from->guid, sizeof(to->Wnode.Guid));
    to->Wnode.HistoricalContext = from->session;
    to->LogFileMode = from->mode;
    to->EnableFlags = from->flags;
    to->BufferSize = from->buffer_kilobytes;
    to->MinimumBuffers = from->buffers_least;
    to->MaximumBuffers = from->buffers_most;
    to->FlushTimer = from->flush_seconds;
    to->EventsLost = from->events_lost;
    to->RealTimeBuffersLost = from->buffers_lost;
    to->LogBuffersLost = 0;
}

static ULONG write_name(const WCHAR *name, EVENT_TRACE_PROPERTIES *p)
{
    size_t room = (p->Wnode.BufferSize - p->LoggerNameOffset) / sizeof(WCHAR);
    size_t length = name ? wcslen(name) + 1 : 1;
    if (length > room) {
        return ERROR_MORE_DATA;
    }
    memcpy((BYTE *)p + p->LoggerNameOffset, name ? name : L"", length * sizeof(WCHAR));
    return ERROR_SUCCESS;
}

ULONG WMIAPI StartTraceW(TRACEHANDLE *handle, LPCWSTR name, EVENT_TRACE_PROPERTIES *p)
{
    char text[NAME_UNITS];
    eg_etw_properties properties;
    eg_etw_double_feed_begin();
    *handle = 0;
    ULONG error = check(p);
    if (error == ERROR_SUCCESS) {
        error = narrow(name, text);
    }
    if (error != ERROR_SUCCESS) {
        return error;
    }
    from_windows(p, &properties);
    error = eg_etw_double_api.start(text, &properties);
    if (error == ERROR_SUCCESS) {
        *handle = properties.session;
        error = write_name(name, p);
    }
    return error;
}

ULONG WMIAPI ControlTraceW(TRACEHANDLE handle, LPCWSTR name, EVENT_TRACE_PROPERTIES *p, ULONG code)
{
    char text[NAME_UNITS];
    eg_etw_properties properties;
    eg_etw_control command = code == EVENT_TRACE_CONTROL_STOP    ? EG_ETW_STOP
                             : code == EVENT_TRACE_CONTROL_FLUSH ? EG_ETW_FLUSH
                                                                 : EG_ETW_QUERY;
    eg_etw_double_feed_begin();
    ULONG error = check(p);
    if (error == ERROR_SUCCESS) {
        error = narrow(name, text);
    }
    if (error != ERROR_SUCCESS) {
        return error;
    }
    from_windows(p, &properties);
    error = eg_etw_double_api.control(name ? text : NULL, handle, command, &properties);
    if (error == ERROR_SUCCESS && eg_etw_double_is_present()) {
        to_windows(&properties, p);
        error = write_name(name, p);
    }
    return error;
}

ULONG WMIAPI EnableTraceEx2(TRACEHANDLE handle, LPCGUID provider, ULONG code, UCHAR level,
                            ULONGLONG any, ULONGLONG all, ULONG timeout,
                            ENABLE_TRACE_PARAMETERS *parameters)
{
    eg_etw_enable wanted = {.level = level, .any_keyword = any};
    if (!parameters || parameters->Version != 2 || all != 0 || timeout != 0 ||
        code > EG_ETW_CAPTURE_STATE || parameters->FilterDescCount > 1) {
        return ERROR_INVALID_PARAMETER;
    }
    if (parameters->FilterDescCount == 1) {
        const EVENT_FILTER_DESCRIPTOR *filter = parameters->EnableFilterDesc;
        uint32_t value = 0;
        if (!filter || filter->Size != sizeof(value) || filter->Type != 0) {
            return ERROR_INVALID_PARAMETER;
        }
        memcpy(&value, (const void *)(uintptr_t)filter->Ptr, sizeof(value));
        wanted.registry_data = value == 2;
    }
    memcpy(wanted.guid, provider, sizeof(wanted.guid));
    return eg_etw_double_api.enable(handle, (eg_etw_enabling)code, &wanted);
}

static void on_record(void *user, const eg_etw_record *from)
{
    const front_trace *trace = user;
    EVENT_RECORD record;
    memset(&record, 0, sizeof(record));
    memcpy(&record.EventHeader.ProviderId, from->provider, EG_ETW_GUID_SIZE);
    record.EventHeader.EventDescriptor.Id = from->id;
    record.EventHeader.EventDescriptor.Version = from->version;
    record.EventHeader.EventDescriptor.Opcode = from->opcode;
    record.EventHeader.Flags = (USHORT)from->flags;
    record.EventHeader.ProcessId = from->pid;
    record.EventHeader.ThreadId = from->tid;
    record.EventHeader.TimeStamp.QuadPart = (LONGLONG)from->time;
    record.UserData = (void *)from->payload;
    record.UserDataLength = (USHORT)from->size;
    record.UserContext = trace->context;
    trace->callback(&record);
}

static front_trace *take_trace(void)
{
    front_trace *found = NULL;
    eg_mutex_lock(&lock);
    for (size_t i = 0; i < TRACES_MAX && !found; i++) {
        found = traces[i].used ? NULL : &traces[i];
    }
    if (found) {
        *found = (front_trace){.trace = EG_ETW_NO_TRACE, .used = true};
    }
    eg_mutex_unlock(&lock);
    return found;
}

/* Gives the trace free; when it is still read from, as soon as it is not. */
static void leave_trace(uint64_t trace, bool closing, bool processed)
{
    eg_mutex_lock(&lock);
    for (size_t i = 0; i < TRACES_MAX; i++) {
        if (traces[i].used && traces[i].trace == trace) {
            traces[i].closing |= closing;
            traces[i].used = processed ? !traces[i].closing : closing;
        }
    }
    eg_mutex_unlock(&lock);
}

TRACEHANDLE WMIAPI OpenTraceW(EVENT_TRACE_LOGFILEW *log)
{
    char text[NAME_UNITS];
    uint32_t error = narrow(log->LoggerName, text);
    uint64_t trace = EG_ETW_NO_TRACE;
    eg_etw_double_feed_begin();
    front_trace *front = take_trace();
    if (!front || !log->LoggerName || log->ProcessTraceMode != PROCESS_MODE ||
        !log->EventRecordCallback || log->LogFileName) {
        error = ERROR_INVALID_PARAMETER;
    } else {
        front->consumer = (eg_etw_consumer){on_record, front};
        front->callback = log->EventRecordCallback;
        front->context = log->Context;
    }
    if (error == ERROR_SUCCESS) {
        trace = eg_etw_double_api.open(text, &front->consumer, &error);
    }
    if (front) {
        eg_mutex_lock(&lock);
        front->trace = trace;
        front->used = trace != EG_ETW_NO_TRACE;
        eg_mutex_unlock(&lock);
    }
    SetLastError(error);
    return trace == EG_ETW_NO_TRACE ? (TRACEHANDLE)INVALID_HANDLE_VALUE : trace;
}

ULONG WMIAPI ProcessTrace(TRACEHANDLE *list, ULONG count, LPFILETIME from, LPFILETIME to)
{
    if (count != 1 || from || to) {
        return ERROR_INVALID_PARAMETER;
    }
    ULONG error = eg_etw_double_api.process(list[0]);
    leave_trace(list[0], false, true);
    return error;
}

ULONG WMIAPI CloseTrace(TRACEHANDLE trace)
{
    ULONG error = eg_etw_double_api.close(trace);
    leave_trace(trace, error == ERROR_CTX_CLOSE_PENDING, false);
    return error;
}

ULONG eg_etw_enumerate_guids(TRACE_QUERY_INFO_CLASS what, void *in, ULONG in_size, void *out,
                             ULONG out_size, ULONG *needed)
{
    eg_etw_enabled list[256];
    size_t count = EG_COUNT(list);
    if (what != TraceGuidQueryInfo || in_size != sizeof(GUID)) {
        return ERROR_INVALID_PARAMETER;
    }
    ULONG error = eg_etw_double_api.enablings(in, list, &count);
    if (error != ERROR_SUCCESS) {
        return error;
    }
    /* one registration with all of them, or none */
    TRACE_GUID_INFO info = {count > 0, 0};
    TRACE_PROVIDER_INSTANCE_INFO instance = {0, (ULONG)count, 4, 0};
    size_t head = sizeof(info) + sizeof(instance);
    *needed = (ULONG)(head + count * sizeof(TRACE_ENABLE_INFO));
    if (out_size < *needed) {
        return ERROR_INSUFFICIENT_BUFFER;
    }
    memcpy(out, &info, sizeof(info));
    memcpy((BYTE *)out + sizeof(info), &instance, sizeof(instance));
    for (size_t i = 0; i < count; i++) {
        TRACE_ENABLE_INFO enabled = {0};
        enabled.IsEnabled = list[i].enabled;
        enabled.Level = list[i].level;
        enabled.LoggerId = list[i].logger;
        enabled.MatchAnyKeyword = list[i].any_keyword;
        memcpy((BYTE *)out + head + i * sizeof(enabled), &enabled, sizeof(enabled));
    }
    return ERROR_SUCCESS;
}

ULONG WMIAPI QueryAllTracesW(EVENT_TRACE_PROPERTIES **list, ULONG capacity, ULONG *count)
{
    eg_etw_properties all[64];
    size_t found = EG_COUNT(all);
    *count = 0;
    ULONG error = eg_etw_double_list(all, &found);
    for (size_t i = 0; error == ERROR_SUCCESS && i < found && i < capacity; i++) {
        if (list[i]->Wnode.BufferSize < sizeof(*list[i]) || list[i]->LoggerNameOffset == 0) {
            return ERROR_INVALID_PARAMETER;
        }
        to_windows(&all[i], list[i]);
        *count = (ULONG)i + 1;
    }
    return error;
}

ULONG eg_etw_access_control(GUID *guid, ULONG operation, PSID sid, ULONG rights, BOOLEAN allow)
{
    if (!IsValidSid(sid) || !allow || rights == 0 || operation > EventSecurityAddSACL) {
        return ERROR_INVALID_PARAMETER;
    }
    return eg_etw_double_api.protect((const uint8_t *)guid);
}

/* What code that was compiled against the import library calls. */
#define REPLACE(function) void *__imp_##function = (void *)(uintptr_t)function
REPLACE(StartTraceW);
REPLACE(ControlTraceW);
REPLACE(EnableTraceEx2);
REPLACE(OpenTraceW);
REPLACE(ProcessTrace);
REPLACE(CloseTrace);
REPLACE(QueryAllTracesW);
