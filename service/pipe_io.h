/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing one connected pipe with deadlines: overlapped underneath, so that a client
 * that says nothing or reads nothing never holds a thread longer than it is given. Takes over the
 * pipe handle; `stop` and `wake` stay the caller's. One thread per object.
 */
#ifndef EG_SERVICE_PIPE_IO_H
#define EG_SERVICE_PIPE_IO_H

#include "core/base/str.h"

#include <windows.h>

typedef struct eg_pipe_io {
    HANDLE pipe;
    HANDLE stop; /* manual reset: the service stops */
    HANDLE wake; /* auto reset: there is something to send */
    OVERLAPPED read;
    OVERLAPPED write;
    bool reading; /* a read is under way into `buffer` */
    char buffer[4096];
} eg_pipe_io;

/* Closes the pipe on failure too. */
int eg_pipe_io_init(eg_pipe_io *io, HANDLE pipe, HANDLE stop, HANDLE wake);
void eg_pipe_io_done(eg_pipe_io *io); /* ends what is under way, closes the pipe */
/*
 * Waits for bytes. EG_OK with bytes (valid until the next receive), or with none after a wake.
 * EG_E_TIMEOUT; EG_E_CLOSED when the client has gone or the service stops.
 */
int eg_pipe_io_receive(eg_pipe_io *io, uint32_t milliseconds, eg_str *bytes);
/* EG_OK when all is written; EG_E_TIMEOUT when the client does not read; EG_E_CLOSED as above. */
int eg_pipe_io_send(eg_pipe_io *io, eg_str bytes, uint32_t milliseconds);
/* Lets the client read what was sent: waits until it closes its end, at most so long. */
void eg_pipe_io_linger(eg_pipe_io *io, uint32_t milliseconds);

#endif
