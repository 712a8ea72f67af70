/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_config.h"

#include "core/base/compiler.h"
#include "core/base/log.h"
#include "core/base/status.h"

#include <windows.h>

#define FAILURE_RESET_SECONDS (24u * 60 * 60)
#define PRESHUTDOWN_MS 10000u

static wchar_t description[] =
    L"Watches this PC for the steps of Emotet and similar malware and tells the people at it.";

static int change(SC_HANDLE service, DWORD level, void *info, const char *what)
{
    if (!ChangeServiceConfig2W(service, level, info)) {
        return eg_fail_os(GetLastError(), "set the %s of the service", what);
    }
    return EG_OK;
}

static int set_failure_actions(SC_HANDLE service)
{
    SC_ACTION actions[] = {
        {SC_ACTION_RESTART, 1000},
        {SC_ACTION_RESTART, 5000},
        {SC_ACTION_RESTART, 30000}, /* and every time after that */
    };
    SERVICE_FAILURE_ACTIONSW failure = {0};
    failure.dwResetPeriod = FAILURE_RESET_SECONDS;
    failure.cActions = EG_COUNT(actions);
    failure.lpsaActions = actions;
    return change(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure, "failure actions");
}

static int set_all(SC_HANDLE service)
{
    SERVICE_DESCRIPTIONW text = {description};
    int status = change(service, SERVICE_CONFIG_DESCRIPTION, &text, "description");
    if (status == EG_OK) {
        status = set_failure_actions(service);
    }
    /* Nice to have, and not known to every system that runs us. */
    SERVICE_FAILURE_ACTIONS_FLAG also_errors = {TRUE};
    SERVICE_PRESHUTDOWN_INFO preshutdown = {PRESHUTDOWN_MS};
    SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    const struct {
        DWORD level;
        void *info;
        const char *what;
    } optional[] = {
        {SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &also_errors, "failure flag"},
        {SERVICE_CONFIG_PRESHUTDOWN_INFO, &preshutdown, "shutdown time"},
        {SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "service SID"},
    };
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(optional); i++) {
        if (!ChangeServiceConfig2W(service, optional[i].level, optional[i].info)) {
            eg_log(EG_LOG_INFO, "service", "%s of the service: not available here (%lu)",
                   optional[i].what, (unsigned long)GetLastError());
        }
    }
    return status;
}

int eg_service_configure(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (!manager) {
        return eg_fail_os(GetLastError(), "connect to the service control manager");
    }
    int status;
    /* A restart action needs the right to start the service. */
    SC_HANDLE service =
        OpenServiceW(manager, EG_SERVICE_NAME, SERVICE_CHANGE_CONFIG | SERVICE_START);
    if (service) {
        status = set_all(service);
        CloseServiceHandle(service);
    } else if (GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST) {
        status = eg_fail(EG_E_NOTFOUND, "the service EmoGuard is not installed");
    } else {
        status = eg_fail_os(GetLastError(), "open the service EmoGuard");
    }
    CloseServiceHandle(manager);
    return status;
}

bool eg_service_is_running(void)
{
    SERVICE_STATUS now = {0};
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service =
        manager ? OpenServiceW(manager, EG_SERVICE_NAME, SERVICE_QUERY_STATUS) : NULL;
    bool running = service && QueryServiceStatus(service, &now) &&
                   now.dwCurrentState != SERVICE_STOPPED &&
                   now.dwCurrentState != SERVICE_STOP_PENDING;
    if (service) {
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
    return running;
}
