/* SPDX-License-Identifier: Apache-2.0 */
/* open, termios, fork and waitpid are POSIX, not C. */
#define _POSIX_C_SOURCE 200809L

#include "cli/terminal.h"

#include "core/base/os.h"
#include "core/base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int read_line(int terminal, eg_buf *out)
{
    char c = 0;
    for (;;) {
        ssize_t got = read(terminal, &c, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return eg_fail_os((uint32_t)errno, "reading from the terminal");
        }
        if (got == 0 || c == '\n') {
            return EG_OK;
        }
        int status = eg_buf_append_char(out, c);
        if (status != EG_OK) {
            return status;
        }
    }
}

int eg_terminal_ask_secret(const char *prompt, eg_buf *out)
{
    struct termios shown, hidden;
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || tcgetattr(terminal, &shown) != 0) {
        if (terminal >= 0) {
            close(terminal);
        }
        return eg_fail(EG_E_UNSUPPORTED, "there is no terminal to ask for a passphrase");
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    int status = EG_OK;
    if (tcsetattr(terminal, TCSAFLUSH, &hidden) != 0 ||
        write(terminal, prompt, strlen(prompt)) < 0) {
        status = eg_fail_os((uint32_t)errno, "asking on the terminal");
    }
    if (status == EG_OK) {
        status = read_line(terminal, out);
    }
    tcsetattr(terminal, TCSAFLUSH, &shown);
    if (write(terminal, "\n", 1) < 0 && status == EG_OK) {
        status = eg_fail_os((uint32_t)errno, "asking on the terminal");
    }
    close(terminal);
    return status;
}

int eg_private_file_write(const char *path, const void *data, size_t size)
{
    mode_t before = umask(S_IRWXG | S_IRWXO);
    int status = eg_file_write_new(path, data, size);
    umask(before);
    return status;
}

int eg_shell_run(const char *line)
{
    int result = 0;
    pid_t child = fork();
    if (child < 0) {
        return eg_fail_os((uint32_t)errno, "start a shell");
    }
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    while (waitpid(child, &result, 0) < 0) {
        if (errno != EINTR) {
            return eg_fail_os((uint32_t)errno, "wait for a shell");
        }
    }
    if (!WIFEXITED(result) || WEXITSTATUS(result) != 0) {
        return eg_fail(EG_E_IO, "the command ended with %d: %.800s",
                       WIFEXITED(result) ? WEXITSTATUS(result) : -1, line);
    }
    return EG_OK;
}

int eg_shell_append_word(eg_buf *line, const char *text)
{
    eg_buf_append_char(line, '\'');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'') {
            eg_buf_append_cstr(line, "'\\''");
        } else {
            eg_buf_append_char(line, *c);
        }
    }
    return eg_buf_append_char(line, '\'');
}
