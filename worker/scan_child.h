/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan worker as seen by whoever asks it: one process at a time without rights, inside a job
 * that bounds it, at the other end of a pipe that nobody else can open. Each call that waits ends
 * at its deadline (eg_clock_monotonic_ns), when the process ends, or when its memory is spent.
 * eg_scan_child_stop on any thread, everything else on one.
 */
#ifndef EG_WORKER_SCAN_CHILD_H
#define EG_WORKER_SCAN_CHILD_H

#include "core/base/os.h"

typedef struct eg_scan_child eg_scan_child;

/* `program` as in eg_scan_client_options. EG_E_UNSUPPORTED on systems without such a worker. */
int eg_scan_child_create(const char *program, size_t memory_bytes, eg_scan_child **out);
void eg_scan_child_destroy(eg_scan_child *child); /* ends the process; NULL-safe */
/*
 * Starts the process with as few rights as it runs with, and waits until it says that it is ready.
 */
int eg_scan_child_start(eg_scan_child *child, uint64_t deadline);
bool eg_scan_child_runs(const eg_scan_child *child);
void eg_scan_child_end(eg_scan_child *child); /* the process, at once */
/* Whatever waits, and will wait, ends with EG_E_CLOSED. */
void eg_scan_child_stop(eg_scan_child *child);
/* Most private memory that was seen of any process of this child. */
uint64_t eg_scan_child_bytes_peak(const eg_scan_child *child);

/*
 * EG_E_TIMEOUT; EG_E_CLOSED after a stop; EG_E_IO when the process ended; EG_E_LIMIT when it took
 * too much memory; EG_E_INVALID when it answers with something that is no message.
 */
int eg_scan_child_send(eg_scan_child *child, eg_str bytes, uint64_t deadline);
/* Replaces what is in `message` by the next one, without its header. */
int eg_scan_child_receive(eg_scan_child *child, eg_buf *message, uint64_t deadline);

/*
 * Opens a file for reading and nothing else, at once, locking nobody out. EG_E_UNSUPPORTED when it
 * lies in a cloud, or on another computer while `network` is false.
 */
int eg_scan_child_open_file(eg_str path, bool network, intptr_t *handle);
/* Opens a process to read its memory; EG_E_NOTFOUND when it was not created at `created`. */
int eg_scan_child_open_process(uint32_t id, uint64_t created, intptr_t *handle);
void eg_scan_child_close(intptr_t handle);
/* Gives the process a copy of a handle of either kind, a file at its beginning. */
int eg_scan_child_lend(eg_scan_child *child, intptr_t handle, bool is_file, uint64_t *lent);

#endif
