/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/wmi_connect.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

enum { REASON_SIZE = 256 };

struct eg_wmi_connect {
    eg_atomic holders; /* the owner and the pool's thread */
    const eg_wmi_api *api;
    const WCHAR *path;
    const WCHAR *query;
    HANDLE done; /* signalled once the next three are set */
    int status;
    char reason[REASON_SIZE];
    eg_wmi_session *session; /* NULL once taken */
    bool com;                /* CoUninitialize is the owner's to call */
};

/*
 * Whoever lets go last frees. `com`: the calling thread has entered COM once; closing a session
 * leaves it, also where another thread had opened the session and then left by itself.
 */
static void let_go(eg_wmi_connect *connect, bool com)
{
    bool last = eg_atomic_add(&connect->holders, -1) == 0;
    if (last && connect->session) {
        eg_wmi_session_close(connect->session);
    } else if (com) {
        CoUninitialize();
    }
    if (last) {
        CloseHandle(connect->done);
        eg_free(connect);
    }
}

static void CALLBACK run(PTP_CALLBACK_INSTANCE instance, void *context)
{
    eg_wmi_connect *connect = context;
    eg_wmi_session *session = NULL;
    CallbackMayRunLong(instance);
    int status = eg_wmi_session_open(&session, connect->api, connect->path, NULL);
    if (status == EG_OK) {
        status = eg_wmi_session_subscribe(session, connect->query);
    }
    if (status != EG_OK) {
        eg_utf8_copy(connect->reason, REASON_SIZE, eg_str_from(eg_error_message()));
        eg_wmi_session_close(session);
        session = NULL;
    }
    connect->status = status;
    connect->session = session;
    SetEvent(connect->done);
    let_go(connect, session != NULL);
}

int eg_wmi_connect_begin(eg_wmi_connect **out, const eg_wmi_api *api, const WCHAR *path,
                         const WCHAR *query)
{
    eg_wmi_connect *connect = eg_alloc_zero(1, sizeof(*connect));
    if (!connect) {
        return EG_E_NOMEM;
    }
    connect->api = api;
    connect->path = path;
    connect->query = query;
    connect->done = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!connect->done) {
        int failed = eg_fail_os(GetLastError(), "create an event");
        eg_free(connect);
        return failed;
    }
    HRESULT result = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    connect->com = SUCCEEDED(result);
    eg_atomic_set(&connect->holders, 2);
    int status =
        connect->com ? EG_OK : eg_fail(EG_E_IO, "start COM: error 0x%08lx", (unsigned long)result);
    if (status == EG_OK && !TrySubmitThreadpoolCallback(run, connect, NULL)) {
        status = eg_fail_os(GetLastError(), "run in the thread pool");
    }
    if (status != EG_OK) {
        eg_atomic_set(&connect->holders, 1);
        let_go(connect, connect->com);
        return status;
    }
    *out = connect;
    return EG_OK;
}

int eg_wmi_connect_take(eg_wmi_connect *connect, uint32_t milliseconds, eg_wmi_session **session)
{
    if (WaitForSingleObject(connect->done, milliseconds) == WAIT_TIMEOUT) {
        return eg_fail(EG_E_TIMEOUT, "WMI has not answered yet");
    }
    if (connect->status != EG_OK) {
        return eg_fail(connect->status, "%s", connect->reason);
    }
    *session = connect->session;
    connect->session = NULL;
    connect->com = false; /* closing the session does it */
    return EG_OK;
}

void eg_wmi_connect_end(eg_wmi_connect *connect)
{
    if (connect) {
        let_go(connect, connect->com);
    }
}
