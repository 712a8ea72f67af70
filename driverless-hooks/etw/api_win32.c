/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/os.h"
#include "driverless-hooks/etw/api.h"
#include "driverless-hooks/etw/late_win32.h"

#include <windows.h>

#include <evntrace.h>

#include <evntcons.h>
#include <string.h>

enum {
    NAME_UNITS = 128,
    SESSIONS_MAX = 64, /* that QueryAllTraces lists */
    ENABLINGS_BYTES_MAX = 256 * 1024,
    /* What the MinGW headers lack, or older SDKs. */
    FLAG_TRACED_GUID = 0x00020000,
    CLOCK_QPC = 1,             /* everybody's choice; old systems allow few at a time */
    PROCESS_MODE = 0x10000100, /* real time, EVENT_RECORD callback */
    CODE_CAPTURE_STATE = 2,
    PARAMETERS_VERSION = 2,
    RIGHTS_ALL = 0x00120FFF, /* WMIGUID_ALL_ACCESS */
    RIGHTS_QUERY = 1,
};

_Static_assert(sizeof(EVENT_TRACE_PROPERTIES) == 120, "EVENT_TRACE_PROPERTIES");
_Static_assert(sizeof(EVENT_HEADER) == 80, "EVENT_HEADER");
_Static_assert(sizeof(EVENT_RECORD) == 112, "EVENT_RECORD");
_Static_assert(sizeof(EVENT_TRACE_LOGFILEW) == 448, "EVENT_TRACE_LOGFILEW");
_Static_assert(sizeof(ENABLE_TRACE_PARAMETERS) == 48, "ENABLE_TRACE_PARAMETERS");
_Static_assert(sizeof(TRACE_ENABLE_INFO) == 32, "TRACE_ENABLE_INFO");
_Static_assert(sizeof(TRACE_PROVIDER_INSTANCE_INFO) == 16, "TRACE_PROVIDER_INSTANCE_INFO");
_Static_assert(sizeof(GUID) == EG_ETW_GUID_SIZE, "GUID");
_Static_assert(EG_ETW_NO_SESSION == ERROR_WMI_INSTANCE_NOT_FOUND, "winerror.h");
_Static_assert(EG_ETW_NO_PROVIDER == ERROR_WMI_GUID_NOT_FOUND, "winerror.h");
_Static_assert(EG_ETW_CLOSE_PENDING == ERROR_CTX_CLOSE_PENDING, "winerror.h");

/* The calls write the names behind the struct, so they travel together. */
typedef struct properties {
    EVENT_TRACE_PROPERTIES base;
    WCHAR name[NAME_UNITS];
    WCHAR file[NAME_UNITS];
} properties;

static void widen(const char *name, WCHAR out[NAME_UNITS])
{
    size_t at = 0;
    for (; name[at] != '\0' && at + 1 < NAME_UNITS; at++) {
        out[at] = (unsigned char)name[at];
    }
    out[at] = 0;
}

static GUID guid_from(const uint8_t bytes[EG_ETW_GUID_SIZE])
{
    GUID guid;
    memcpy(&guid, bytes, sizeof(guid));
    return guid;
}

static void to_windows(const eg_etw_properties *from, properties *to)
{
    memset(to, 0, sizeof(*to));
    to->base.Wnode.BufferSize = sizeof(*to);
    to->base.Wnode.Flags = FLAG_TRACED_GUID;
    to->base.Wnode.Guid = guid_from(from->guid);
    to->base.Wnode.ClientContext = CLOCK_QPC;
    to->base.BufferSize = from->buffer_kilobytes;
    to->base.MinimumBuffers = from->buffers_least;
    to->base.MaximumBuffers = from->buffers_most;
    to->base.FlushTimer = from->flush_seconds;
    to->base.LogFileMode = from->mode;
    to->base.EnableFlags = from->flags;
    /* LogFileNameOffset stays 0: there is no file, and ControlTrace has crashed on one */
    to->base.LoggerNameOffset = offsetof(properties, name);
}

static void from_windows(const EVENT_TRACE_PROPERTIES *from, eg_etw_properties *to)
{
    memcpy(to->guid, &from->Wnode.Guid, sizeof(to->guid));
    to->mode = from->LogFileMode;
    to->flags = from->EnableFlags;
    to->session = from->Wnode.HistoricalContext;
    to->events_lost = from->EventsLost;
    to->buffers_lost = from->RealTimeBuffersLost + from->LogBuffersLost;
}

static uint32_t start(const char *name, eg_etw_properties *p)
{
    WCHAR wide[NAME_UNITS];
    properties all;
    TRACEHANDLE session = 0;
    widen(name, wide);
    to_windows(p, &all);
    ULONG error = StartTraceW(&session, wide, &all.base);
    if (error == ERROR_SUCCESS) {
        from_windows(&all.base, p);
        p->session = session;
    }
    return error;
}

static uint32_t control(const char *name, uint64_t session, eg_etw_control code,
                        eg_etw_properties *p)
{
    static const ULONG codes[] = {
        [EG_ETW_QUERY] = EVENT_TRACE_CONTROL_QUERY,
        [EG_ETW_STOP] = EVENT_TRACE_CONTROL_STOP,
        [EG_ETW_FLUSH] = EVENT_TRACE_CONTROL_FLUSH,
    };
    WCHAR wide[NAME_UNITS];
    properties all;
    to_windows(p, &all);
    if (name) {
        widen(name, wide);
    }
    ULONG error = ControlTraceW(session, name ? wide : NULL, &all.base, codes[code]);
    if (error == ERROR_SUCCESS) {
        from_windows(&all.base, p);
    }
    return error;
}

static uint32_t enable(uint64_t session, eg_etw_enabling code, const eg_etw_enable *wanted)
{
    static const ULONG codes[] = {
        [EG_ETW_DISABLE] = EVENT_CONTROL_CODE_DISABLE_PROVIDER,
        [EG_ETW_ENABLE] = EVENT_CONTROL_CODE_ENABLE_PROVIDER,
        [EG_ETW_CAPTURE_STATE] = CODE_CAPTURE_STATE,
    };
    uint32_t capture_data = 2;
    EVENT_FILTER_DESCRIPTOR filter = {(ULONGLONG)(uintptr_t)&capture_data, sizeof(capture_data), 0};
    ENABLE_TRACE_PARAMETERS parameters;
    GUID guid = guid_from(wanted->guid);
    memset(&parameters, 0, sizeof(parameters));
    parameters.Version = PARAMETERS_VERSION;
    if (code == EG_ETW_ENABLE && wanted->registry_data) {
        parameters.EnableFilterDesc = &filter;
        parameters.FilterDescCount = 1;
    }
    return EnableTraceEx2(session, &guid, codes[code], wanted->level, wanted->any_keyword, 0, 0,
                          &parameters);
}

static void WINAPI on_record(EVENT_RECORD *from)
{
    const eg_etw_consumer *consumer = from->UserContext;
    const EVENT_HEADER *header = &from->EventHeader;
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
    consumer->record(consumer->user, &record);
}

static uint64_t open_trace(const char *name, const eg_etw_consumer *consumer, uint32_t *error)
{
    WCHAR wide[NAME_UNITS];
    EVENT_TRACE_LOGFILEW log;
    widen(name, wide);
    memset(&log, 0, sizeof(log));
    log.LoggerName = wide;
    log.ProcessTraceMode = PROCESS_MODE;
    log.EventRecordCallback = on_record;
    log.Context = (void *)consumer;
    TRACEHANDLE trace = OpenTraceW(&log);
    /* 32-bit systems have a value of their own, and headers disagree on it */
    if (trace == (TRACEHANDLE)INVALID_HANDLE_VALUE || trace == 0xFFFFFFFF) {
        *error = GetLastError();
        return EG_ETW_NO_TRACE;
    }
    return trace;
}

static uint32_t process(uint64_t trace)
{
    TRACEHANDLE handle = trace;
    return ProcessTrace(&handle, 1, NULL, NULL);
}

static uint32_t close_trace(uint64_t trace)
{
    return CloseTrace(trace);
}

/* One registration's enablings; false when the block is cut or lies. */
static bool read_instance(const uint8_t *bytes, size_t size, eg_etw_enabled *list, size_t capacity,
                          size_t *count)
{
    TRACE_PROVIDER_INSTANCE_INFO instance;
    memcpy(&instance, bytes, sizeof(instance));
    if (instance.EnableCount > (size - sizeof(instance)) / sizeof(TRACE_ENABLE_INFO)) {
        return false;
    }
    for (ULONG i = 0; i < instance.EnableCount && *count < capacity; i++) {
        TRACE_ENABLE_INFO info;
        memcpy(&info, bytes + sizeof(instance) + i * sizeof(info), sizeof(info));
        list[(*count)++] = (eg_etw_enabled){
            .logger = info.LoggerId,
            .enabled = info.IsEnabled != 0,
            .level = info.Level,
            .any_keyword = info.MatchAnyKeyword,
        };
    }
    if (instance.EnableCount == 0 && *count < capacity) {
        list[(*count)++] = (eg_etw_enabled){0}; /* registered, enabled by nobody */
    }
    return true;
}

static uint32_t read_instances(const uint8_t *bytes, size_t size, eg_etw_enabled *list,
                               size_t capacity, size_t *count)
{
    TRACE_GUID_INFO info;
    size_t at = sizeof(info);
    if (size < sizeof(info)) {
        return ERROR_INVALID_DATA;
    }
    memcpy(&info, bytes, sizeof(info));
    for (ULONG i = 0; i < info.InstanceCount; i++) {
        TRACE_PROVIDER_INSTANCE_INFO instance;
        if (size - at < sizeof(instance) ||
            !read_instance(bytes + at, size - at, list, capacity, count)) {
            return ERROR_INVALID_DATA;
        }
        memcpy(&instance, bytes + at, sizeof(instance));
        if (instance.NextOffset == 0) {
            break;
        }
        if (instance.NextOffset > size - at) {
            return ERROR_INVALID_DATA;
        }
        at += instance.NextOffset;
    }
    return ERROR_SUCCESS;
}

static uint32_t enablings(const uint8_t bytes[EG_ETW_GUID_SIZE], eg_etw_enabled *list,
                          size_t *count)
{
    GUID guid = guid_from(bytes);
    ULONG size = 4096;
    ULONG error = ERROR_INSUFFICIENT_BUFFER;
    uint8_t *block = NULL;
    while (error == ERROR_INSUFFICIENT_BUFFER && size <= ENABLINGS_BYTES_MAX) {
        ULONG needed = 0;
        eg_free(block);
        block = eg_alloc(size);
        if (!block) {
            return ERROR_NOT_ENOUGH_MEMORY;
        }
        error =
            eg_etw_enumerate_guids(TraceGuidQueryInfo, &guid, sizeof(guid), block, size, &needed);
        if (error == ERROR_SUCCESS) {
            size_t filled = 0;
            error = read_instances(block, needed < size ? needed : size, list, *count, &filled);
            *count = filled;
        }
        size = needed > size ? needed : 2 * size;
    }
    eg_free(block);
    return error;
}

static uint32_t find(const uint8_t guid[EG_ETW_GUID_SIZE], uint64_t *session)
{
    EVENT_TRACE_PROPERTIES *list[SESSIONS_MAX];
    ULONG count = 0;
    properties *all = eg_alloc_zero(SESSIONS_MAX, sizeof(*all));
    if (!all) {
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        all[i].base.Wnode.BufferSize = sizeof(*all);
        all[i].base.LoggerNameOffset = offsetof(properties, name);
        all[i].base.LogFileNameOffset = offsetof(properties, file);
        list[i] = &all[i].base;
    }
    ULONG error = QueryAllTracesW(list, SESSIONS_MAX, &count);
    if (error == ERROR_SUCCESS || error == ERROR_MORE_DATA) {
        error = ERROR_WMI_INSTANCE_NOT_FOUND;
        for (ULONG i = 0; i < count && i < SESSIONS_MAX; i++) {
            if (memcmp(&list[i]->Wnode.Guid, guid, EG_ETW_GUID_SIZE) == 0) {
                *session = list[i]->Wnode.HistoricalContext;
                error = ERROR_SUCCESS;
            }
        }
    }
    eg_free(all);
    return error;
}

/* The account this program runs as: SYSTEM as a service, an administrator on a console. */
static ULONG allow_ourselves(GUID *guid)
{
    struct {
        TOKEN_USER user;
        BYTE sid[SECURITY_MAX_SID_SIZE];
    } self;
    DWORD size = 0;
    HANDLE token = NULL;
    ULONG error = ERROR_SUCCESS;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return GetLastError();
    }
    if (!GetTokenInformation(token, TokenUser, &self, sizeof(self), &size)) {
        error = GetLastError();
    } else if (!IsWellKnownSid(self.user.User.Sid, WinLocalSystemSid)) {
        error =
            eg_etw_access_control(guid, EventSecurityAddDACL, self.user.User.Sid, RIGHTS_ALL, TRUE);
    }
    CloseHandle(token);
    return error;
}

static ULONG allow(GUID *guid, ULONG operation, WELL_KNOWN_SID_TYPE who, ULONG rights)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof(sid);
    if (!CreateWellKnownSid(who, NULL, sid, &size)) {
        return GetLastError();
    }
    return eg_etw_access_control(guid, operation, sid, rights, TRUE);
}

static uint32_t protect(const uint8_t bytes[EG_ETW_GUID_SIZE])
{
    GUID guid = guid_from(bytes);
    /* the first one replaces the list that Windows would use else */
    ULONG error = allow(&guid, EventSecuritySetDACL, WinLocalSystemSid, RIGHTS_ALL);
    if (error == ERROR_SUCCESS) {
        error = allow(&guid, EventSecurityAddDACL, WinBuiltinAdministratorsSid, RIGHTS_QUERY);
    }
    return error == ERROR_SUCCESS ? allow_ourselves(&guid) : error;
}

static const eg_etw_api windows_api = {
    .start = start,
    .control = control,
    .enable = enable,
    .open = open_trace,
    .process = process,
    .close = close_trace,
    .enablings = enablings,
    .find = find,
    .protect = protect,
};

const eg_etw_api *eg_etw_system_api(void)
{
    return &windows_api;
}
