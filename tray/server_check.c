/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/server_check.h"

#include "core/base/log.h"
#include "core/base/status.h"

#define SERVICE_NAME L"EmoGuard"

/* Process id of the service, 0 when it is not running; *installed says whether there is one. */
static int find_service(DWORD *pid, BOOL *installed)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, SERVICE_NAME, SERVICE_QUERY_STATUS) : NULL;
    SERVICE_STATUS_PROCESS state;
    DWORD needed, error = GetLastError();
    int status = EG_OK;

    *installed = TRUE;
    *pid = 0;
    if (!service) {
        *installed = FALSE;
        if (!manager || error != ERROR_SERVICE_DOES_NOT_EXIST) {
            status = eg_fail_os(error, "cannot ask the service manager for EmoGuard");
        }
    } else if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&state, sizeof(state),
                                     &needed)) {
        status = eg_fail_os(GetLastError(), "cannot ask for the state of the EmoGuard service");
    } else {
        *pid = state.dwProcessId;
    }
    if (service) {
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
    return status;
}

int eg_server_check(HANDLE pipe, BOOL *installed)
{
    ULONG server = 0;
    DWORD pid;
    int status = find_service(&pid, installed);

    if (status != EG_OK) {
        return status;
    }
    if (!*installed) {
        eg_log(EG_LOG_INFO, "tray", "no EmoGuard service is installed: its pipe is not checked");
        return EG_OK;
    }
    if (!GetNamedPipeServerProcessId(pipe, &server)) {
        return eg_fail_os(GetLastError(), "cannot find out whose pipe this is");
    }
    if (pid == 0 || server != pid) {
        return eg_fail(EG_E_DENIED, "the pipe belongs to process %lu, the service is process %lu",
                       (unsigned long)server, (unsigned long)pid);
    }
    return EG_OK;
}
