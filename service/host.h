/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The composition root: owns store, rules, sensors, queue, pipeline and pipe server, starts their
 * threads and ends them in order. Started and stopped by one thread (console or service control).
 *
 *   sensor threads -> queue -> pipeline thread -> hit keeper -> store
 *                                                     '-> event log, pipe server -> trays
 */
#ifndef EG_SERVICE_HOST_H
#define EG_SERVICE_HOST_H

#include "service/paths.h"

#include <stdbool.h>

typedef struct eg_host eg_host;

typedef struct eg_host_options {
    const eg_paths *paths; /* must outlive the host, as must the pipe's name */
    const char *pipe;
    bool echo; /* log lines go to the terminal too */
} eg_host_options;

/*
 * EG_E_EXISTS when another service works on the data folder, EG_E_UNSUPPORTED when the database is
 * of a newer version. Everything else that can be worked around is reported and the service runs.
 */
int eg_host_start(const eg_host_options *options, eg_host **out);
/* Looks at everything that exists once more: after a logon, when a user's registry appears. */
void eg_host_resync(eg_host *host);
/* After sleep: what lies on servers is looked at soon, over new connections. */
void eg_host_woke(eg_host *host);
/* Lets go of what belongs to a user who signs off. */
void eg_host_signed_off(eg_host *host);
/*
 * Ends everything within 3 s and frees the host. EG_E_TIMEOUT when a thread hangs: nothing it may
 * use was freed, and the process must end now.
 */
int eg_host_stop(eg_host *host);

#endif
