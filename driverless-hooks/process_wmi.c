/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second of the process sources: WMI's trace classes. They tell pid, parent and name, no
 * command line and no path; the feed asks the running process for those, if it still runs.
 *
 * Semisynchronous: the answers are fetched on the sensor's thread, no callback comes from outside.
 */
#include "driverless-hooks/process_source.h"

#define COBJMACROS
#include <objbase.h>
#include <oleauto.h>
#include <wbemidl.h>

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/event_text.h"

#include <inttypes.h>
#include <wchar.h>

enum {
    NEXT_MS = 50,            /* how long one fetch waits */
    RESYNC_MS = 60 * 1000,   /* what WMI missed is found this often */
    CONNECT_MAX_WAIT = 0x80, /* WBEM_FLAG_CONNECT_USE_MAX_WAIT: at most two minutes */
};

typedef struct wmi_source {
    eg_process_feed *feed;
    HANDLE stop;
    IWbemServices *services;
    IEnumWbemClassObject *events;
    eg_event_text text;
    bool com; /* CoUninitialize is ours to call */
} wmi_source;

static int fail_com(HRESULT result, const char *what)
{
    return eg_fail(result == E_ACCESSDENIED || result == (HRESULT)WBEM_E_ACCESS_DENIED ? EG_E_DENIED
                                                                                       : EG_E_IO,
                   "%s: error 0x%08lx", what, (unsigned long)result);
}

static int start_com(wmi_source *source)
{
    HRESULT result = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    source->com = SUCCEEDED(result);
    if (FAILED(result) && result != RPC_E_CHANGED_MODE) {
        return fail_com(result, "start COM");
    }
    /* once per process: whoever comes second gets RPC_E_TOO_LATE, and lives with the first's */
    result = CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_PKT_PRIVACY,
                                  RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_NONE, NULL);
    if (FAILED(result) && result != RPC_E_TOO_LATE) {
        return fail_com(result, "set the security of COM");
    }
    return EG_OK;
}

static HRESULT connect_server(IWbemLocator *locator, IWbemServices **services)
{
    BSTR name = SysAllocString(L"ROOT\\CIMV2");
    HRESULT result = E_OUTOFMEMORY;
    if (name) {
        result = IWbemLocator_ConnectServer(locator, name, NULL, NULL, NULL, CONNECT_MAX_WAIT, NULL,
                                            NULL, services);
    }
    SysFreeString(name);
    return result;
}

static HRESULT protect(IUnknown *proxy)
{
    return CoSetProxyBlanket(proxy, RPC_C_AUTHN_WINNT, RPC_C_AUTHZ_NONE, NULL,
                             RPC_C_AUTHN_LEVEL_PKT_PRIVACY, RPC_C_IMP_LEVEL_IMPERSONATE, NULL,
                             EOAC_NONE);
}

static HRESULT subscribe(IWbemServices *services, IEnumWbemClassObject **events)
{
    BSTR language = SysAllocString(L"WQL");
    BSTR query = SysAllocString(L"SELECT * FROM Win32_ProcessTrace");
    HRESULT result = E_OUTOFMEMORY;
    if (language && query) {
        result = IWbemServices_ExecNotificationQuery(
            services, language, query, WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY, NULL,
            events);
    }
    SysFreeString(query);
    SysFreeString(language);
    return result;
}

static int open_events(wmi_source *source)
{
    IWbemLocator *locator = NULL;
    HRESULT result = CoCreateInstance(&CLSID_WbemLocator, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_IWbemLocator, (void **)&locator);
    if (FAILED(result)) {
        return fail_com(result, "create the WMI locator");
    }
    result = connect_server(locator, &source->services);
    IWbemLocator_Release(locator);
    if (FAILED(result)) {
        return fail_com(result, "connect to WMI");
    }
    result = protect((IUnknown *)source->services);
    if (FAILED(result)) {
        return fail_com(result, "protect the connection to WMI");
    }
    result = subscribe(source->services, &source->events);
    if (FAILED(result)) {
        return fail_com(result, "subscribe to process events of WMI");
    }
    return EG_OK;
}

static void wmi_close(void *context)
{
    wmi_source *source = context;
    if (!source) {
        return;
    }
    if (source->events) {
        IEnumWbemClassObject_Release(source->events);
    }
    if (source->services) {
        IWbemServices_Release(source->services);
    }
    if (source->com) {
        CoUninitialize();
    }
    eg_event_text_done(&source->text);
    eg_free(source);
}

static int wmi_open(void **context, eg_process_feed *feed, HANDLE stop)
{
    wmi_source *source = eg_alloc_zero(1, sizeof(*source));
    if (!source) {
        return EG_E_NOMEM;
    }
    source->feed = feed;
    source->stop = stop;
    int status = eg_event_text_init(&source->text);
    if (status == EG_OK) {
        status = start_com(source);
    }
    if (status == EG_OK) {
        status = open_events(source);
    }
    if (status == EG_OK) {
        status = eg_process_feed_poll(feed, NULL);
    }
    if (status != EG_OK) {
        wmi_close(source);
        return status;
    }
    *context = source;
    return EG_OK;
}

static bool get_number(IWbemClassObject *object, const WCHAR *name, uint32_t *out)
{
    VARIANT value;
    VariantInit(&value);
    bool found = SUCCEEDED(IWbemClassObject_Get(object, name, 0, &value, NULL, NULL)) &&
                 V_VT(&value) == VT_I4;
    if (found) {
        *out = (uint32_t)V_I4(&value);
    }
    VariantClear(&value);
    return found;
}

static eg_str get_text(wmi_source *source, IWbemClassObject *object, const WCHAR *name)
{
    VARIANT value;
    eg_str found = EG_STR_NONE;
    VariantInit(&value);
    if (SUCCEEDED(IWbemClassObject_Get(object, name, 0, &value, NULL, NULL)) &&
        V_VT(&value) == VT_BSTR) {
        found = eg_event_text_utf16le(&source->text, V_BSTR(&value),
                                      SysStringLen(V_BSTR(&value)) * sizeof(WCHAR));
    }
    VariantClear(&value);
    return found;
}

/* TIME_CREATED is a FILETIME written as decimal text. */
static uint64_t event_time(wmi_source *source, IWbemClassObject *object)
{
    uint64_t time;
    return eg_str_to_u64(get_text(source, object, L"TIME_CREATED"), &time) ? time : eg_clock_utc();
}

static void report(wmi_source *source, IWbemClassObject *object)
{
    eg_event event;
    uint32_t session = 0;
    eg_event_text_reset(&source->text);
    eg_str class_name = get_text(source, object, L"__CLASS");
    bool start = eg_str_equal_nocase(class_name, EG_STR("Win32_ProcessStartTrace"));
    if (!start && !eg_str_equal_nocase(class_name, EG_STR("Win32_ProcessStopTrace"))) {
        return;
    }
    eg_event_init(&event, start ? EG_KIND_PROCESS_START : EG_KIND_PROCESS_STOP);
    event.source = EG_STR("wmi");
    event.time = event_time(source, object);
    if (!get_number(object, L"ProcessID", &event.pid)) {
        return;
    }
    event.field[EG_FIELD_IMAGE] = get_text(source, object, L"ProcessName");
    if (!start) {
        eg_process_feed_stop(source->feed, &event);
        return;
    }
    get_number(object, L"ParentProcessID", &event.parent_pid);
    if (get_number(object, L"SessionID", &session)) {
        event.field[EG_FIELD_TERMINAL_SESSION_ID] =
            eg_event_text_format(&source->text, "%" PRIu32, session);
    }
    eg_process_feed_start(source->feed, &event, EG_STR_NONE, 0);
}

static int wmi_run(void *context, uint32_t milliseconds)
{
    wmi_source *source = context;
    uint64_t begin = eg_clock_monotonic_ns();
    uint64_t resync = begin;
    while (WaitForSingleObject(source->stop, 0) == WAIT_TIMEOUT) {
        IWbemClassObject *object = NULL;
        ULONG count = 0;
        uint64_t now = eg_clock_monotonic_ns();
        HRESULT result = IEnumWbemClassObject_Next(source->events, NEXT_MS, 1, &object, &count);
        if (FAILED(result)) {
            return fail_com(result, "fetch process events of WMI");
        }
        if (count > 0 && object) {
            report(source, object);
            IWbemClassObject_Release(object);
        }
        if (now - resync >= (uint64_t)RESYNC_MS * 1000000) {
            resync = now;
            eg_process_feed_poll(source->feed, NULL);
        }
        if (milliseconds != EG_FOREVER && now - begin >= (uint64_t)milliseconds * 1000000) {
            return EG_E_TIMEOUT;
        }
    }
    return EG_OK;
}

const eg_process_source eg_process_source_wmi = {
    .name = "wmi",
    .health = EG_SENSOR_DEGRADED,
    .detail = "WMI process events; the command line of programs that end at once is missed",
    .open = wmi_open,
    .run = wmi_run,
    .close = wmi_close,
};
