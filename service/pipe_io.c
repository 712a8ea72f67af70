/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pipe_io.h"

#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

int eg_pipe_io_init(eg_pipe_io *io, HANDLE pipe, HANDLE stop, HANDLE wake)
{
    memset(io, 0, sizeof(*io));
    io->pipe = pipe;
    io->stop = stop;
    io->wake = wake;
    io->read.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    io->write.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!io->read.hEvent || !io->write.hEvent) {
        int status = eg_fail_os(GetLastError(), "make an event for a client");
        eg_pipe_io_done(io);
        return status;
    }
    return EG_OK;
}

void eg_pipe_io_done(eg_pipe_io *io)
{
    DWORD moved = 0;
    if (io->reading) {
        /* The buffer is ours again only when the system has let go of it. */
        CancelIoEx(io->pipe, &io->read);
        GetOverlappedResult(io->pipe, &io->read, &moved, TRUE);
        io->reading = false;
    }
    CloseHandle(io->pipe);
    if (io->read.hEvent) {
        CloseHandle(io->read.hEvent);
    }
    if (io->write.hEvent) {
        CloseHandle(io->write.hEvent);
    }
}

static int closed_by_client(DWORD error)
{
    if (error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA || error == ERROR_PIPE_NOT_CONNECTED ||
        error == ERROR_OPERATION_ABORTED) {
        return eg_fail(EG_E_CLOSED, "the client closed the connection");
    }
    return eg_fail_os(error, "the connection to the client");
}

static int start_read(eg_pipe_io *io)
{
    if (io->reading) {
        return EG_OK;
    }
    /* A read that ends at once signals the event as well: both ways are collected in one place. */
    if (!ReadFile(io->pipe, io->buffer, sizeof(io->buffer), NULL, &io->read) &&
        GetLastError() != ERROR_IO_PENDING) {
        return closed_by_client(GetLastError());
    }
    io->reading = true;
    return EG_OK;
}

int eg_pipe_io_receive(eg_pipe_io *io, uint32_t milliseconds, eg_str *bytes)
{
    int status = start_read(io);
    if (status != EG_OK) {
        return status;
    }
    HANDLE handles[] = {io->stop, io->read.hEvent, io->wake};
    DWORD count = io->wake ? 3 : 2;
    DWORD which = WaitForMultipleObjects(count, handles, FALSE, milliseconds);
    DWORD moved = 0;
    switch (which) {
    case WAIT_OBJECT_0: return eg_fail(EG_E_CLOSED, "the service stops");
    case WAIT_OBJECT_0 + 1:
        io->reading = false;
        if (!GetOverlappedResult(io->pipe, &io->read, &moved, FALSE)) {
            return closed_by_client(GetLastError());
        }
        *bytes = (eg_str){io->buffer, moved};
        return EG_OK;
    case WAIT_OBJECT_0 + 2: *bytes = (eg_str){io->buffer, 0}; return EG_OK;
    case WAIT_TIMEOUT:
        return eg_fail(EG_E_TIMEOUT, "the client said nothing in %lu ms",
                       (unsigned long)milliseconds);
    default: return eg_fail_os(GetLastError(), "wait for a client");
    }
}

int eg_pipe_io_send(eg_pipe_io *io, eg_str bytes, uint32_t milliseconds)
{
    DWORD moved = 0;
    if (bytes.len > UINT32_MAX) {
        return eg_fail(EG_E_LIMIT, "message of %zu bytes", bytes.len);
    }
    if (!WriteFile(io->pipe, bytes.ptr, (DWORD)bytes.len, NULL, &io->write) &&
        GetLastError() != ERROR_IO_PENDING) {
        return closed_by_client(GetLastError());
    }
    HANDLE handles[] = {io->write.hEvent, io->stop};
    DWORD which = WaitForMultipleObjects(2, handles, FALSE, milliseconds);
    if (which != WAIT_OBJECT_0) {
        CancelIoEx(io->pipe, &io->write);
    }
    BOOL written = GetOverlappedResult(io->pipe, &io->write, &moved, TRUE);
    if (written && moved == bytes.len) {
        return EG_OK;
    }
    if (which == WAIT_TIMEOUT) {
        return eg_fail(EG_E_TIMEOUT, "the client did not read a message in %lu ms",
                       (unsigned long)milliseconds);
    }
    if (which == WAIT_OBJECT_0 + 1) {
        return eg_fail(EG_E_CLOSED, "the service stops");
    }
    return written ? eg_fail(EG_E_IO, "a message went out in part")
                   : closed_by_client(GetLastError());
}

void eg_pipe_io_linger(eg_pipe_io *io, uint32_t milliseconds)
{
    eg_str ignored;
    HANDLE wake = io->wake;
    uint64_t start = eg_clock_monotonic_ns();
    uint64_t passed = 0;
    io->wake = NULL;
    while (passed < milliseconds &&
           eg_pipe_io_receive(io, milliseconds - (uint32_t)passed, &ignored) == EG_OK) {
        passed = (eg_clock_monotonic_ns() - start) / 1000000;
    }
    io->wake = wake;
}
