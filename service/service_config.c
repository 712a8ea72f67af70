/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service_config.h"

#include "core/base/compiler.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "service/event_source.h"
#include "service/wide.h"

#include <windows.h>

#define FAILURE_RESET_SECONDS (24u * 60 * 60)
#define PRESHUTDOWN_MS 10000u

static const char *const descriptions[EG_LANGUAGE_COUNT] = {
#define EVENT_TEXT(id, text)
#define ALARM_TEXT(part, text)
#define SERVICE_TEXT(part, text) [LANGUAGE_ID] = (text),
/* Blanks would be part of the name. */
/* clang-format off */
#define LANGUAGE_TEXTS(code) EG_QUOTE(service/texts.code.def)
/* clang-format on */
#include "core/detect/languages.def"
#undef LANGUAGE_TEXTS
#undef SERVICE_TEXT
#undef ALARM_TEXT
#undef EVENT_TEXT
};

static int change(SC_HANDLE service, DWORD level, void *info, const char *what)
{
    if (!ChangeServiceConfig2W(service, level, info)) {
        return eg_fail_os(GetLastError(), "set the %s of the service", what);
    }
    return EG_OK;
}

/* In the language of the system, as all that the service tells Windows. */
static int set_description(SC_HANDLE service)
{
    wchar_t *text = eg_wide_copy(eg_str_from(descriptions[eg_event_source_system_language()]));
    if (!text) {
        return EG_E_NOMEM;
    }
    SERVICE_DESCRIPTIONW info = {text};
    int status = change(service, SERVICE_CONFIG_DESCRIPTION, &info, "description");
    eg_free(text);
    return status;
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
    int status = set_description(service);
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
