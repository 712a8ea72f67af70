/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that can be told to stop and waited for with a limit, with the lock and the condition
 * that it and its owner share. Embedded in what it works for: the owner makes it, starts it once,
 * stops it, joins it and lets go of it; its lock guards whatever else the two share. A member that
 * was zeroed and never initialised must not be touched.
 */
#ifndef EG_BASE_STOPPABLE_H
#define EG_BASE_STOPPABLE_H

#include "core/base/os.h"

typedef struct eg_stoppable {
    eg_mutex lock;
    eg_cond changed; /* woken when something under the lock has changed */
    bool stopping;   /* under the lock */
    /* the module's own */
    bool ended;
    eg_thread *thread;
    eg_thread_main run;
    void *arg;
} eg_stoppable;

int eg_stoppable_init(eg_stoppable *stoppable); /* zeroed before */
/* `run` returns soon after `stopping` is set. `name` as for eg_thread_start. */
int eg_stoppable_start(eg_stoppable *stoppable, const char *name, eg_thread_main run, void *arg);
void eg_stoppable_stop(eg_stoppable *stoppable); /* any thread, does not wait */
/* On the thread: waits until then (monotonic ns) or for the stop; false when it is to end. */
bool eg_stoppable_rest(eg_stoppable *stoppable, uint64_t until);
/*
 * Waits for the end of the thread; EG_OK also when it never ran. EG_E_TIMEOUT with `problem` as the
 * message when it does not end in time: then nothing that it uses may be freed.
 */
int eg_stoppable_join(eg_stoppable *stoppable, uint32_t milliseconds, const char *problem);
void eg_stoppable_done(eg_stoppable *stoppable); /* never started, or joined */

#endif
