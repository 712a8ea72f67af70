/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/wmi_session.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

enum {
    CONNECT_MAX_WAIT = 0x80, /* WBEM_FLAG_CONNECT_USE_MAX_WAIT: at most two minutes */
    SLICE_MS = 200,          /* between two looks at `stop` */
    ANSWER_MS = 10 * 1000,   /* without any answer to a query WMI hangs */
};

struct eg_wmi_session {
    const eg_wmi_api *api;
    HANDLE stop;
    IWbemServices *services;
    IEnumWbemClassObject *events;
    bool com; /* CoUninitialize is ours to call */
};

static HRESULT windows_create_locator(IWbemLocator **locator)
{
    return CoCreateInstance(&CLSID_WbemLocator, NULL, CLSCTX_INPROC_SERVER, &IID_IWbemLocator,
                            (void **)locator);
}

static HRESULT windows_protect(IUnknown *proxy)
{
    return CoSetProxyBlanket(proxy, RPC_C_AUTHN_WINNT, RPC_C_AUTHZ_NONE, NULL,
                             RPC_C_AUTHN_LEVEL_PKT_PRIVACY, RPC_C_IMP_LEVEL_IMPERSONATE, NULL,
                             EOAC_NONE);
}

const eg_wmi_api eg_wmi_windows_api = {windows_create_locator, windows_protect};

static int fail_com(HRESULT result, const char *what)
{
    int status = EG_E_IO;
    if (result == E_ACCESSDENIED || result == (HRESULT)WBEM_E_ACCESS_DENIED) {
        status = EG_E_DENIED;
    } else if (result == (HRESULT)WBEM_E_INVALID_NAMESPACE) {
        status = EG_E_NOTFOUND;
    } else if (result == E_OUTOFMEMORY || result == (HRESULT)WBEM_E_OUT_OF_MEMORY) {
        status = EG_E_NOMEM;
    }
    return eg_fail(status, "%s: error 0x%08lx", what, (unsigned long)result);
}

/* ---- open ---- */

static int start_com(eg_wmi_session *session)
{
    HRESULT result = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    session->com = SUCCEEDED(result);
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

static int connect_server(eg_wmi_session *session, const WCHAR *path)
{
    IWbemLocator *locator = NULL;
    HRESULT result = session->api->create_locator(&locator);
    if (FAILED(result)) {
        return fail_com(result, "create the WMI locator");
    }
    BSTR name = SysAllocString(path);
    result = E_OUTOFMEMORY;
    if (name) {
        result = IWbemLocator_ConnectServer(locator, name, NULL, NULL, NULL, CONNECT_MAX_WAIT, NULL,
                                            NULL, &session->services);
    }
    SysFreeString(name);
    IWbemLocator_Release(locator);
    if (FAILED(result)) {
        return fail_com(result, "connect to WMI");
    }
    result = session->api->protect((IUnknown *)session->services);
    return FAILED(result) ? fail_com(result, "protect the connection to WMI") : EG_OK;
}

int eg_wmi_session_open(eg_wmi_session **out, const eg_wmi_api *api, const WCHAR *path, HANDLE stop)
{
    eg_wmi_session *session = eg_alloc_zero(1, sizeof(*session));
    if (!session) {
        return EG_E_NOMEM;
    }
    session->api = api;
    session->stop = stop;
    int status = start_com(session);
    if (status == EG_OK) {
        status = connect_server(session, path);
    }
    if (status != EG_OK) {
        eg_wmi_session_close(session);
        return status;
    }
    *out = session;
    return EG_OK;
}

void eg_wmi_session_close(eg_wmi_session *session)
{
    if (!session) {
        return;
    }
    if (session->events) {
        IEnumWbemClassObject_Release(session->events);
    }
    if (session->services) {
        IWbemServices_Release(session->services);
    }
    if (session->com) {
        CoUninitialize();
    }
    eg_free(session);
}

/* ---- ask ---- */

typedef HRESULT (*ask_call)(IWbemServices *services, BSTR language, BSTR query,
                            IEnumWbemClassObject **results);

static HRESULT ask_for_events(IWbemServices *services, BSTR language, BSTR query,
                              IEnumWbemClassObject **results)
{
    return IWbemServices_ExecNotificationQuery(
        services, language, query, WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY, NULL,
        results);
}

static HRESULT ask_for_objects(IWbemServices *services, BSTR language, BSTR query,
                               IEnumWbemClassObject **results)
{
    return IWbemServices_ExecQuery(services, language, query,
                                   WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY, NULL,
                                   results);
}

static int ask(eg_wmi_session *session, ask_call call, const WCHAR *text,
               IEnumWbemClassObject **results)
{
    BSTR language = SysAllocString(L"WQL");
    BSTR query = SysAllocString(text);
    HRESULT result = E_OUTOFMEMORY;
    *results = NULL;
    if (language && query) {
        result = call(session->services, language, query, results);
    }
    SysFreeString(query);
    SysFreeString(language);
    if (FAILED(result) || !*results) {
        return fail_com(result, call == ask_for_events ? "subscribe to events of WMI"
                                                       : "ask WMI for what exists");
    }
    /* the answers come through a proxy of their own */
    result = session->api->protect((IUnknown *)*results);
    if (FAILED(result) && result != E_NOINTERFACE) {
        IEnumWbemClassObject_Release(*results);
        *results = NULL;
        return fail_com(result, "protect the answers of WMI");
    }
    return EG_OK;
}

int eg_wmi_session_subscribe(eg_wmi_session *session, const WCHAR *query)
{
    return ask(session, ask_for_events, query, &session->events);
}

/* EG_OK and an object, EG_E_TIMEOUT, EG_E_NOTFOUND at the end, or the failure. */
static int fetch(IEnumWbemClassObject *results, uint32_t milliseconds, IWbemClassObject **object)
{
    ULONG count = 0;
    *object = NULL;
    HRESULT result = IEnumWbemClassObject_Next(results, (long)milliseconds, 1, object, &count);
    if (FAILED(result)) {
        return fail_com(result, "fetch from WMI");
    }
    if (count > 0 && *object) {
        return EG_OK;
    }
    return result == WBEM_S_FALSE ? EG_E_NOTFOUND : EG_E_TIMEOUT;
}

int eg_wmi_session_next(eg_wmi_session *session, uint32_t milliseconds, IWbemClassObject **event)
{
    int status = fetch(session->events, milliseconds, event);
    return status == EG_E_NOTFOUND ? eg_fail(EG_E_CLOSED, "WMI has ended the events") : status;
}

int eg_wmi_session_each(eg_wmi_session *session, const WCHAR *query, eg_wmi_visit visit, void *user)
{
    IEnumWbemClassObject *results = NULL;
    int status = ask(session, ask_for_objects, query, &results);
    uint64_t heard = eg_clock_monotonic_ns();
    while (status == EG_OK || status == EG_E_TIMEOUT) {
        IWbemClassObject *object = NULL;
        status = fetch(results, SLICE_MS, &object);
        if (status == EG_OK) {
            heard = eg_clock_monotonic_ns();
            visit(user, object);
            IWbemClassObject_Release(object);
        } else if (status == EG_E_TIMEOUT &&
                   eg_clock_monotonic_ns() - heard >= (uint64_t)ANSWER_MS * 1000000) {
            status = eg_fail(EG_E_IO, "WMI does not answer");
        }
        if (session->stop && WaitForSingleObject(session->stop, 0) != WAIT_TIMEOUT) {
            status = eg_fail(EG_E_CLOSED, "stopping");
        }
    }
    if (results) {
        IEnumWbemClassObject_Release(results);
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

/* ---- properties ---- */

static bool get(IWbemClassObject *object, const WCHAR *name, VARTYPE type, VARIANT *value)
{
    VariantInit(value);
    return SUCCEEDED(IWbemClassObject_Get(object, name, 0, value, NULL, NULL)) &&
           V_VT(value) == type;
}

eg_str eg_wmi_text(IWbemClassObject *object, const WCHAR *name, eg_event_text *text)
{
    VARIANT value;
    eg_str found = EG_STR_NONE;
    if (get(object, name, VT_BSTR, &value)) {
        found = eg_event_text_utf16le(text, V_BSTR(&value),
                                      SysStringLen(V_BSTR(&value)) * sizeof(WCHAR));
    }
    VariantClear(&value);
    return found;
}

bool eg_wmi_number(IWbemClassObject *object, const WCHAR *name, uint32_t *out)
{
    VARIANT value;
    bool found = get(object, name, VT_I4, &value);
    if (found) {
        *out = (uint32_t)V_I4(&value);
    }
    VariantClear(&value);
    return found;
}

static size_t copy_bytes(SAFEARRAY *array, uint8_t *out, size_t size)
{
    void *data = NULL;
    size_t count = array && SafeArrayGetDim(array) == 1 ? array->rgsabound[0].cElements : 0;
    if (count == 0 || count > size || FAILED(SafeArrayAccessData(array, &data))) {
        return 0;
    }
    memcpy(out, data, count);
    SafeArrayUnaccessData(array);
    return count;
}

size_t eg_wmi_bytes(IWbemClassObject *object, const WCHAR *name, uint8_t *out, size_t size)
{
    VARIANT value;
    size_t count = 0;
    if (get(object, name, VT_ARRAY | VT_UI1, &value)) {
        count = copy_bytes(V_ARRAY(&value), out, size);
    }
    VariantClear(&value);
    return count;
}

IWbemClassObject *eg_wmi_object(IWbemClassObject *object, const WCHAR *name)
{
    VARIANT value;
    void *inner = NULL;
    if (get(object, name, VT_UNKNOWN, &value) && V_UNKNOWN(&value)) {
        IUnknown_QueryInterface(V_UNKNOWN(&value), &IID_IWbemClassObject, &inner);
    }
    VariantClear(&value);
    return inner;
}
