/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the host, for host.c (threads, callbacks, end) and host_open.c (what has to be open
 * before any thread runs) alone.
 */
#ifndef EG_SERVICE_HOST_INTERNAL_H
#define EG_SERVICE_HOST_INTERNAL_H

#include "service/host.h"
#include "service/log_file.h"
#include "service/pipe_server.h"
#include "service/pipeline_thread.h"
#include "service/settings.h"
#include "service/status.h"

#define EG_META_RUNNING "service_running" /* "1" from the start to an orderly end */

struct eg_host {
    eg_host_options options;
    uint64_t start_ns;
    HANDLE lock;
    eg_log_file *log;
    eg_settings settings;
    char settings_error[EG_NOTICE_SIZE];
    eg_buf computer;
    eg_notices notices;
    eg_clients clients;
    eg_event_source *events;
    eg_store *store;
    eg_atomic last_hit_id;
    eg_atomic last_hit_time;
    eg_intake *intake;
    eg_hit_keeper *keeper;
    eg_rules *rules;
    eg_pipeline_thread *pipeline;
    eg_pipe_server *pipe;
    eg_sensors_host *sensors;
};

/*
 * Makes the data folder, takes the lock, opens log, settings, event log and store, in this order.
 * On failure the caller releases what is open already.
 */
int eg_host_open(eg_host *host);

#endif
