/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that have just appeared and wait until their writers are done with them; then each is told
 * of once. A flood of them drowns nobody: so many are told of at once, then one every so often, and
 * what is left out is counted and told. Belongs to the thread of the sensor's run.
 */
#ifndef EG_FILE_WAITING_H
#define EG_FILE_WAITING_H

#include "driverless-hooks/file_report.h"

typedef struct eg_file_waiting eg_file_waiting;

/* `sink` and `reporter` must outlive it. */
int eg_file_waiting_create(eg_file_waiting **out, const eg_sink *sink, eg_file_reporter *reporter);
void eg_file_waiting_destroy(eg_file_waiting *waiting); /* NULL-safe */

/*
 * A file has appeared or changed. One that waits already is told once. Those of startup folders are
 * told of in a flood too.
 */
void eg_file_waiting_add(eg_file_waiting *waiting, eg_str path, bool startup);
/* Tells of the files whose time has come; returns when the next is due, monotonic nanoseconds. */
uint64_t eg_file_waiting_tell(eg_file_waiting *waiting);

/* A folder had more notes than Windows could hold, and is searched. */
void eg_file_waiting_overflowed(eg_file_waiting *waiting);
/* Tells once a minute what was left out. */
void eg_file_waiting_tell_losses(eg_file_waiting *waiting);

#endif
