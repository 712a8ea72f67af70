/* SPDX-License-Identifier: Apache-2.0 */
#include "service/file_worker.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/stoppable.h"
#include "worker/win32/file_access.h"

#define EVENTS_WAITING_MAX 1024u

struct eg_file_worker {
    eg_file_access *access;
    eg_file_reader *reader;
    eg_second_pass *pass;
    eg_stoppable thread;
};

static void thread_main(void *arg)
{
    eg_file_worker *worker = arg;
    eg_thread_stand_back();
    eg_second_pass_run(worker->pass);
}

static int open_parts(eg_file_worker *worker, int (*done)(void *user, const eg_event *event),
                      void *user)
{
    int status = eg_file_access_create(&worker->access);
    if (status == EG_OK) {
        eg_file_ops ops = eg_file_access_ops(worker->access);
        status = eg_file_reader_create(&ops, &eg_file_default_limits, &worker->reader);
    }
    if (status == EG_OK) {
        const eg_second_pass_options options = {worker->reader, EVENTS_WAITING_MAX, user, done};
        status = eg_second_pass_create(&options, &worker->pass);
    }
    if (status == EG_OK) {
        status = eg_stoppable_start(&worker->thread, "files", thread_main, worker);
    }
    return status;
}

int eg_file_worker_start(int (*done)(void *user, const eg_event *event), void *user,
                         eg_file_worker **out)
{
    eg_file_worker *worker = eg_alloc_zero(1, sizeof(*worker));
    if (!worker) {
        return EG_E_NOMEM;
    }
    int status = eg_stoppable_init(&worker->thread);
    if (status != EG_OK) {
        eg_free(worker);
        return status;
    }
    status = open_parts(worker, done, user);
    if (status != EG_OK) {
        eg_file_worker_destroy(worker);
        return status;
    }
    *out = worker;
    return EG_OK;
}

eg_second_pass *eg_file_worker_second_pass(eg_file_worker *worker)
{
    return worker ? worker->pass : NULL;
}

void eg_file_worker_stop(eg_file_worker *worker)
{
    eg_second_pass_stop(worker->pass);
}

int eg_file_worker_join(eg_file_worker *worker, uint32_t milliseconds)
{
    int status = eg_stoppable_join(&worker->thread, milliseconds,
                                   "a file that is being read does not let go");
    if (status != EG_OK) {
        return status;
    }
    eg_second_pass_counts counts;
    eg_second_pass_counts_get(worker->pass, &counts);
    if (counts.waiting > 0) {
        eg_log(
            EG_LOG_WARNING, "files",
            "%llu events were not checked against rules on hashes and signatures before the stop",
            (unsigned long long)counts.waiting);
    }
    return EG_OK;
}

void eg_file_worker_destroy(eg_file_worker *worker)
{
    if (worker) {
        eg_second_pass_destroy(worker->pass);
        eg_file_reader_destroy(worker->reader);
        eg_file_access_destroy(worker->access);
        eg_stoppable_done(&worker->thread);
        eg_free(worker);
    }
}

void eg_file_worker_counts(eg_file_worker *worker, eg_file_counts *files,
                           eg_second_pass_counts *events)
{
    eg_file_reader_counts(worker->reader, files);
    eg_second_pass_counts_get(worker->pass, events);
}
