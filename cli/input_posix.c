/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "cli/input.h"

#include "core/base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int eg_input_open(const char *path, eg_input *out)
{
    bool standard = strcmp(path, "-") == 0;
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;

    if (file < 0 || fstat(file, &info) != 0) {
        return eg_fail_os((uint32_t)errno, "open %s", path);
    }
    *out = (eg_input){.handle = file, .path = path, .is_file = S_ISREG(info.st_mode)};
    if (S_ISDIR(info.st_mode)) {
        eg_input_close(out);
        return eg_fail(EG_E_INVALID, "%s is a folder, not a file", path);
    }
    return EG_OK;
}

void eg_input_close(eg_input *input)
{
    if (input->handle != EG_INPUT_CLOSED && input->handle != STDIN_FILENO) {
        close((int)input->handle);
    }
    input->handle = EG_INPUT_CLOSED;
}

int eg_input_read(eg_input *input, void *out, size_t size, size_t *got)
{
    for (;;) {
        if (eg_interrupted()) {
            return eg_fail(EG_E_CLOSED, "interrupted");
        }
        ssize_t count = read((int)input->handle, out, size);
        if (count >= 0) {
            *got = (size_t)count;
            input->position += *got;
            return EG_OK;
        }
        if (errno != EINTR) {
            return eg_fail_os((uint32_t)errno, "read %s", input->path);
        }
    }
}

bool eg_input_may_wait(const eg_input *input)
{
    struct pollfd ready = {.fd = (int)input->handle, .events = POLLIN};
    return poll(&ready, 1, 0) == 0;
}

uint64_t eg_input_size(const eg_input *input)
{
    struct stat info;
    bool known = input->is_file && fstat((int)input->handle, &info) == 0;
    return known ? (uint64_t)info.st_size : 0;
}

bool eg_input_was_replaced(const eg_input *input)
{
    struct stat ours, named;
    if (input->handle == STDIN_FILENO || fstat((int)input->handle, &ours) != 0 ||
        stat(input->path, &named) != 0) {
        return false;
    }
    return ours.st_dev != named.st_dev || ours.st_ino != named.st_ino;
}

int eg_input_rewind(eg_input *input)
{
    if (lseek((int)input->handle, 0, SEEK_SET) < 0) {
        return eg_fail_os((uint32_t)errno, "read %s again", input->path);
    }
    input->position = 0;
    return EG_OK;
}

/* ---- Ctrl-C ---- */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    EG_UNUSED(number);
    interrupted = 1;
}

void eg_interrupt_catch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND; /* and no SA_RESTART: a read that waits comes back */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool eg_interrupted(void)
{
    return interrupted != 0;
}
