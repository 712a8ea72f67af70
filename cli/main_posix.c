/* SPDX-License-Identifier: Apache-2.0 */
/* Entry point and the commands that only Windows has, for everywhere else. */
/* fileno, isatty and sigaction are POSIX, not C. */
#define _XOPEN_SOURCE 700

#include "cli/check_pc.h"
#include "cli/cli.h"

#include "core/base/status.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    return eg_cli_main(argc, argv);
}

bool eg_cli_is_terminal(FILE *stream)
{
    return isatty(fileno(stream)) != 0;
}

FILE *eg_cli_open(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (!file) {
        eg_fail_os((uint32_t)errno, "open %s", path);
    }
    return file;
}

static void (*interrupted)(void);

static void on_interrupt(int number)
{
    EG_UNUSED(number);
    interrupted();
}

int eg_cli_on_interrupt(void (*call)(void))
{
    struct sigaction action = {.sa_handler = on_interrupt};
    interrupted = call;
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0) {
        return eg_fail_os((uint32_t)errno, "listen for Ctrl-C");
    }
    return EG_OK;
}

void eg_cli_wait_input_end(void)
{
    char bytes[256];
    ssize_t got;
    do {
        got = read(STDIN_FILENO, bytes, sizeof(bytes));
    } while (got > 0 || (got < 0 && errno == EINTR));
}

void eg_cli_leave(int code)
{
    fflush(stdout);
    _exit(code);
}

bool eg_check_pc_possible(void)
{
    return false;
}

int eg_check_pc_gather(eg_check_pc *pc)
{
    EG_UNUSED(pc);
    return eg_fail(EG_E_UNSUPPORTED, "the check of a whole PC runs on Windows");
}

int eg_cli_default_database(eg_buf *out)
{
    EG_UNUSED(out);
    return eg_fail(EG_E_UNSUPPORTED, "the service runs on Windows only: name its database with "
                                     "--database FILE");
}

int eg_cli_default_rules(eg_buf *out)
{
    EG_UNUSED(out);
    return eg_fail(EG_E_UNSUPPORTED, "no rules are installed here: name them with --rules PATH");
}

int eg_cli_scan_worker(eg_buf *out)
{
    EG_UNUSED(out);
    return eg_fail(EG_E_UNSUPPORTED, "there is no scan worker on this system");
}

static int windows_only(const char *command, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            printf("emoguard %s works on Windows only, where --help explains it.\n", command);
            return EG_EXIT_OK;
        }
    }
    eg_cli_error("%s works on Windows only: it needs the EmoGuard service", command);
    return EG_EXIT_INCOMPLETE;
}

int eg_cli_resolve(int64_t incident_id)
{
    EG_UNUSED(incident_id);
    return eg_fail(EG_E_UNSUPPORTED,
                   "resolve works on Windows only: it needs the EmoGuard service");
}

static int needs_service(void)
{
    return eg_fail(EG_E_UNSUPPORTED,
                   "exceptions are changed on Windows only: it needs the EmoGuard service");
}

int eg_cli_except(eg_str json, int64_t *id)
{
    EG_UNUSED(json);
    EG_UNUSED(id);
    return needs_service();
}

int eg_cli_revoke_exception(int64_t id)
{
    EG_UNUSED(id);
    return needs_service();
}

int eg_command_status(int argc, char **argv)
{
    return windows_only("status", argc, argv);
}

int eg_command_drill(int argc, char **argv)
{
    return windows_only("drill", argc, argv);
}
