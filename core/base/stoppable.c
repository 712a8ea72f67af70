/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/stoppable.h"

#include "core/base/status.h"

int eg_stoppable_init(eg_stoppable *stoppable)
{
    int status = eg_mutex_init(&stoppable->lock);
    if (status != EG_OK) {
        return status;
    }
    status = eg_cond_init(&stoppable->changed);
    if (status != EG_OK) {
        eg_mutex_done(&stoppable->lock);
    }
    return status;
}

static void thread_main(void *arg)
{
    eg_stoppable *stoppable = arg;
    stoppable->run(stoppable->arg);
    eg_mutex_lock(&stoppable->lock);
    stoppable->ended = true;
    eg_cond_wake_all(&stoppable->changed);
    eg_mutex_unlock(&stoppable->lock);
}

int eg_stoppable_start(eg_stoppable *stoppable, const char *name, eg_thread_main run, void *arg)
{
    stoppable->run = run;
    stoppable->arg = arg;
    return eg_thread_start(&stoppable->thread, name, thread_main, stoppable);
}

void eg_stoppable_stop(eg_stoppable *stoppable)
{
    eg_mutex_lock(&stoppable->lock);
    stoppable->stopping = true;
    eg_cond_wake_all(&stoppable->changed);
    eg_mutex_unlock(&stoppable->lock);
}

bool eg_stoppable_rest(eg_stoppable *stoppable, uint64_t until)
{
    int status = EG_OK;
    eg_mutex_lock(&stoppable->lock);
    while (!stoppable->stopping && status == EG_OK) {
        status = eg_cond_wait_until(&stoppable->changed, &stoppable->lock, until);
    }
    bool stopping = stoppable->stopping;
    eg_mutex_unlock(&stoppable->lock);
    return !stopping;
}

int eg_stoppable_join(eg_stoppable *stoppable, uint32_t milliseconds, const char *problem)
{
    uint64_t deadline = eg_deadline_after(milliseconds);
    int status = EG_OK;
    if (!stoppable->thread) {
        return EG_OK;
    }
    eg_mutex_lock(&stoppable->lock);
    while (!stoppable->ended && status == EG_OK) {
        status = eg_cond_wait_until(&stoppable->changed, &stoppable->lock, deadline);
    }
    bool ended = stoppable->ended;
    eg_mutex_unlock(&stoppable->lock);
    if (!ended) {
        return eg_fail(EG_E_TIMEOUT, "%s", problem);
    }
    eg_thread_join(stoppable->thread);
    stoppable->thread = NULL;
    return EG_OK;
}

void eg_stoppable_done(eg_stoppable *stoppable)
{
    eg_cond_done(&stoppable->changed);
    eg_mutex_done(&stoppable->lock);
}
