/* SPDX-License-Identifier: Apache-2.0 */
#include "service/scm.h"

#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "service/service_config.h"

#include <stdio.h>

#include <windows.h>

#define STOP_HINT_MS 5000u
#define ACCEPTED \
    (SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PRESHUTDOWN | \
     SERVICE_ACCEPT_SESSIONCHANGE | SERVICE_ACCEPT_POWEREVENT)

/* One service per process, and Windows gives its entry point no place for a pointer. */
static struct {
    const eg_host_options *options;
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS status;
    eg_mutex lock; /* status, and host against its end */
    eg_host *host;
    HANDLE stop;
    eg_service_exit exit_code;
} service;

/* Under the lock. The checkpoint only counts while something is pending. */
static void report_state(DWORD state, DWORD exit_code)
{
    service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    service.status.dwCurrentState = state;
    service.status.dwControlsAccepted = state == SERVICE_RUNNING ? ACCEPTED : 0;
    service.status.dwWin32ExitCode = exit_code ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR;
    service.status.dwServiceSpecificExitCode = exit_code;
    if (state == SERVICE_STOP_PENDING || state == SERVICE_START_PENDING) {
        service.status.dwCheckPoint++;
        service.status.dwWaitHint = STOP_HINT_MS;
    } else {
        service.status.dwCheckPoint = 0;
        service.status.dwWaitHint = 0;
    }
    if (!SetServiceStatus(service.handle, &service.status)) {
        eg_log(EG_LOG_ERROR, "service", "the state cannot be reported (%lu)",
               (unsigned long)GetLastError());
    }
}

static void change_state(DWORD state, DWORD exit_code)
{
    eg_mutex_lock(&service.lock);
    report_state(state, exit_code);
    eg_mutex_unlock(&service.lock);
}

static void request_stop(const char *why)
{
    eg_mutex_lock(&service.lock);
    if (service.status.dwCurrentState == SERVICE_RUNNING) {
        eg_log(EG_LOG_INFO, "service", "%s", why);
        report_state(SERVICE_STOP_PENDING, 0);
    }
    eg_mutex_unlock(&service.lock);
    SetEvent(service.stop);
}

static void session_changed(DWORD event, const WTSSESSION_NOTIFICATION *session)
{
    eg_log(EG_LOG_INFO, "service", "session %lu: event %lu",
           (unsigned long)(session ? session->dwSessionId : 0), (unsigned long)event);
    eg_mutex_lock(&service.lock);
    if (service.host && event == WTS_SESSION_LOGON) {
        /* The user's registry and tasks have just appeared. */
        eg_host_resync(service.host);
    } else if (service.host && event == WTS_SESSION_LOGOFF) {
        eg_host_signed_off(service.host);
    }
    eg_mutex_unlock(&service.lock);
}

/* Of the events at the end of a sleep this one always comes, also when nobody is at the PC. */
static void power_changed(DWORD event)
{
    if (event != PBT_APMRESUMEAUTOMATIC) {
        return;
    }
    eg_log(EG_LOG_INFO, "service", "the PC woke up");
    eg_mutex_lock(&service.lock);
    if (service.host) {
        eg_host_woke(service.host);
    }
    eg_mutex_unlock(&service.lock);
}

static DWORD WINAPI on_control(DWORD control, DWORD event, LPVOID data, LPVOID context)
{
    EG_UNUSED(context);
    switch (control) {
    case SERVICE_CONTROL_STOP: request_stop("asked to stop"); return NO_ERROR;
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN: request_stop("Windows shuts down"); return NO_ERROR;
    case SERVICE_CONTROL_POWEREVENT: power_changed(event); return NO_ERROR;
    case SERVICE_CONTROL_SESSIONCHANGE: session_changed(event, data); return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE: return NO_ERROR;
    default: return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void set_host(eg_host *host)
{
    eg_mutex_lock(&service.lock);
    service.host = host;
    eg_mutex_unlock(&service.lock);
}

/*
 * What the service manager is told. Failure actions count for a service that ends without saying
 * STOPPED, or says it with an error; so an ordered stop never says one, even when a thread was
 * late: the service must not come back.
 */
static DWORD run_host(void)
{
    eg_host *host = NULL;
    int status = eg_host_start(service.options, &host);
    if (status != EG_OK) {
        service.exit_code = eg_service_exit_from_status(status);
        fprintf(stderr, "emoguard-service: %s\n", eg_error_message());
        return (DWORD)service.exit_code;
    }
    set_host(host);
    if (eg_service_configure() != EG_OK) {
        eg_log(EG_LOG_WARNING, "service", "%s", eg_error_message());
    }
    WaitForSingleObject(service.stop, INFINITE);
    set_host(NULL);
    status = eg_host_stop(host);
    if (status != EG_OK) {
        service.exit_code = EG_SERVICE_EXIT_FAILED;
    }
    return NO_ERROR;
}

static void WINAPI service_main(DWORD argc, LPWSTR *argv)
{
    EG_UNUSED(argc);
    EG_UNUSED(argv);
    service.handle = RegisterServiceCtrlHandlerExW(EG_SERVICE_NAME, on_control, NULL);
    if (!service.handle) {
        service.exit_code = EG_SERVICE_EXIT_FAILED;
        return;
    }
    /* At once: nothing that takes time stands between the start of the PC and "running". */
    change_state(SERVICE_RUNNING, 0);
    change_state(SERVICE_STOPPED, run_host());
}

static bool prepare(const eg_host_options *options)
{
    service.options = options;
    service.exit_code = EG_SERVICE_EXIT_OK;
    service.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    return service.stop && eg_mutex_init(&service.lock) == EG_OK;
}

eg_service_exit eg_scm_run(const eg_host_options *options)
{
    static wchar_t name[] = EG_SERVICE_NAME;
    const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    if (!prepare(options)) {
        return EG_SERVICE_EXIT_FAILED;
    }
    if (StartServiceCtrlDispatcherW(table)) {
        return service.exit_code;
    }
    DWORD error = GetLastError();
    if (error == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
        fprintf(stderr,
                "emoguard-service: this is a Windows service; start it with "
                "`sc start EmoGuard`, or in a terminal with --console.\n\n%s",
                eg_service_usage());
        return EG_SERVICE_EXIT_USAGE;
    }
    fprintf(stderr, "emoguard-service: the service control manager does not answer (%lu)\n",
            (unsigned long)error);
    return EG_SERVICE_EXIT_FAILED;
}

static BOOL WINAPI on_console_event(DWORD event)
{
    SetEvent(service.stop);
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) {
        /* The process ends when this returns: leave the main thread its time to stop in order. */
        Sleep(STOP_HINT_MS);
    }
    return TRUE;
}

eg_service_exit eg_console_run(const eg_host_options *options)
{
    eg_host *host = NULL;
    if (!prepare(options)) {
        return EG_SERVICE_EXIT_FAILED;
    }
    SetConsoleCtrlHandler(on_console_event, TRUE);
    int status = eg_host_start(options, &host);
    if (status != EG_OK) {
        fprintf(stderr, "emoguard-service: %s\n", eg_error_message());
        return eg_service_exit_from_status(status);
    }
    fprintf(stderr, "EmoGuard runs; Ctrl-C ends it.\n");
    WaitForSingleObject(service.stop, INFINITE);
    return eg_service_exit_from_status(eg_host_stop(host));
}
