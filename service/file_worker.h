/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that reads files for rules that ask for hashes or signatures (the second pass of
 * core/detect/second_pass.h), at background priority, so that it is in nobody's way. Owned by the
 * host. Idle, and without a byte read, while no loaded rule asks.
 */
#ifndef EG_SERVICE_FILE_WORKER_H
#define EG_SERVICE_FILE_WORKER_H

#include "core/detect/second_pass.h"

typedef struct eg_file_worker eg_file_worker;

/* `done` and `user` as in eg_second_pass_options. */
int eg_file_worker_start(int (*done)(void *user, const eg_event *event), void *user,
                         eg_file_worker **out);
eg_second_pass *eg_file_worker_second_pass(eg_file_worker *worker);     /* NULL-safe */
void eg_file_worker_stop(eg_file_worker *worker);                       /* does not wait */
int eg_file_worker_join(eg_file_worker *worker, uint32_t milliseconds); /* EG_E_TIMEOUT */
void eg_file_worker_destroy(eg_file_worker *worker); /* after a successful join; NULL-safe */
/* Any thread. */
void eg_file_worker_counts(eg_file_worker *worker, eg_file_counts *files,
                           eg_second_pass_counts *events);

#endif
