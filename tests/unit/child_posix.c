/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/child.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <errno.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct eg_child {
    pid_t pid;
    int pipe;
};

static int tell(void *pipe, int64_t number)
{
    const int *end = pipe;
    return write(*end, &number, sizeof(number)) == (int)sizeof(number) ? EG_OK : EG_E_CLOSED;
}

int eg_child_start(eg_child_main run, void *arg, eg_child **out)
{
    int ends[2];
    eg_child *child = eg_alloc_zero(1, sizeof(*child));
    if (!child) {
        return EG_E_NOMEM;
    }
    if (pipe(ends) != 0) {
        eg_free(child);
        return eg_fail_os((uint32_t)errno, "make a pipe");
    }
    child->pid = fork();
    if (child->pid == 0) {
        close(ends[0]);
        run(arg, tell, &ends[1]);
        _exit(0);
    }
    close(ends[1]);
    child->pipe = ends[0];
    if (child->pid < 0) {
        int status = eg_fail_os((uint32_t)errno, "start a child process");
        close(ends[0]);
        eg_free(child);
        return status;
    }
    *out = child;
    return EG_OK;
}

int eg_child_hear(eg_child *child, int64_t *number)
{
    int64_t heard = 0;
    if (read(child->pipe, &heard, sizeof(heard)) != (int)sizeof(heard)) {
        return EG_E_CLOSED;
    }
    *number = heard;
    return EG_OK;
}

void eg_child_kill(eg_child *child)
{
    kill(child->pid, SIGKILL);
}

void eg_child_destroy(eg_child *child)
{
    if (!child) {
        return;
    }
    eg_child_kill(child);
    waitpid(child->pid, NULL, 0);
    close(child->pipe);
    eg_free(child);
}
