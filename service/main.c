/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard-service.exe: hardens itself, reads its command line, and does what that says. */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/version.h"
#include "service/commands.h"
#include "service/harden.h"
#include "service/scm.h"
#include "service/wide.h"

#include <stdio.h>

#include <windows.h>

#include <shellapi.h>

#define ARGUMENTS_MAX 16

/* UTF-8 copies of the arguments behind the program's name; the process keeps them to its end. */
static int read_arguments(const char *arguments[ARGUMENTS_MAX], int *count)
{
    int all = 0;
    int status = EG_OK;
    LPWSTR *wide = CommandLineToArgvW(GetCommandLineW(), &all);
    if (!wide) {
        return eg_fail_os(GetLastError(), "read the command line");
    }
    if (all > ARGUMENTS_MAX) {
        status = eg_fail(EG_E_LIMIT, "too many arguments");
    }
    *count = 0;
    for (int i = 1; status == EG_OK && i < all; i++) {
        eg_buf text;
        eg_buf_init(&text, 128 * 1024);
        status = eg_wide_append_utf8(&text, wide[i]);
        if (status == EG_OK) {
            const char *copy = text.len > 0 ? eg_buf_take(&text) : "";
            status = copy ? EG_OK : EG_E_NOMEM;
            arguments[(*count)++] = copy;
        }
        eg_buf_done(&text);
    }
    LocalFree(wide);
    return status;
}

static eg_service_exit run(const eg_service_options *options)
{
    eg_paths paths;
    eg_service_exit code = EG_SERVICE_EXIT_FAILED;
    int status = eg_paths_init(&paths, options->data, options->rules);
    if (status != EG_OK) {
        fprintf(stderr, "emoguard-service: %s\n", eg_error_message());
        return eg_service_exit_from_status(status);
    }
    eg_host_options host = {&paths, options->pipe, options->command == EG_SERVICE_CONSOLE};
    switch (options->command) {
    case EG_SERVICE_RUN: code = eg_scm_run(&host); break;
    case EG_SERVICE_CONSOLE: code = eg_console_run(&host); break;
    case EG_SERVICE_CONFIGURE: code = eg_command_configure(&paths); break;
    case EG_SERVICE_UNCONFIGURE: code = eg_command_remove(&paths, true); break;
    case EG_SERVICE_PURGE: code = eg_command_remove(&paths, false); break;
    case EG_SERVICE_CHECK_CONFIG: code = eg_command_check_config(&paths); break;
    case EG_SERVICE_VERSION:
    case EG_SERVICE_HELP: break;
    }
    if (code != EG_SERVICE_EXIT_FAILED) {
        eg_paths_done(&paths); /* after a failed stop a thread may still use them */
    }
    return code;
}

int main(void)
{
    const char *arguments[ARGUMENTS_MAX];
    int count = 0;
    eg_service_options options;

    eg_harden_process();
    SetConsoleOutputCP(CP_UTF8);
    if (read_arguments(arguments, &count) != EG_OK ||
        eg_service_options_parse(count, arguments, &options) != EG_OK) {
        fprintf(stderr, "emoguard-service: %s\n\n%s", eg_error_message(), eg_service_usage());
        return EG_SERVICE_EXIT_USAGE;
    }
    if (options.command == EG_SERVICE_HELP) {
        fputs(eg_service_usage(), stdout);
        return EG_SERVICE_EXIT_OK;
    }
    if (options.command == EG_SERVICE_VERSION) {
        printf("emoguard-service %s\n", EG_VERSION_STRING);
        return EG_SERVICE_EXIT_OK;
    }
    eg_service_exit code = run(&options);
    /*
     * Not return: a thread that did not end in time must not run while the C library is torn down.
     */
    fflush(NULL);
    ExitProcess((UINT)code);
}
