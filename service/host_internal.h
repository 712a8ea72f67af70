/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the host, for host.c (the parts, and what they tell each other) and the host_*.c
 * alone, each of which ties one part of the service to the others.
 */
#ifndef EG_SERVICE_HOST_INTERNAL_H
#define EG_SERVICE_HOST_INTERNAL_H

#include "service/check_runner.h"
#include "service/file_worker.h"
#include "service/host.h"
#include "service/log_file.h"
#include "service/pipe_server.h"
#include "service/pipeline_thread.h"
#include "service/session_alarm.h"
#include "service/scan_thread.h"
#include "service/settings.h"
#include "service/status.h"
#include "service/updates.h"

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
    eg_board board;
    eg_event_source *events;
    eg_mutex store_lock;
    eg_store *store; /* under store_lock; NULL while the database cannot be opened, then set once */
    eg_mutex exceptions_lock; /* one change of them after the other */
    uint64_t next_prune;      /* monotonic ns; the pipeline thread's own, as is the next */
    int64_t prune_at_hit;     /* many hits do not wait for the time */
    eg_atomic last_hit_id;
    eg_atomic last_hit_time;
    eg_atomic stories_changed; /* since open_alerts was counted */
    uint64_t open_alerts;      /* the pipeline thread's own */
    eg_intake *intake;
    eg_hit_keeper *keeper;
    eg_baseline_keeper *baseline;
    eg_rules *rules;
    eg_updates *updates;   /* NULL: no repository is set */
    eg_buf programs;       /* folder of our executables */
    eg_file_worker *files; /* NULL when it could not start */
    eg_scan_thread *scans; /* NULL when it could not start */
    eg_pipeline_thread *pipeline;
    eg_pipe_server *pipe;
    eg_check_runner *checks; /* NULL when it could not start */
    eg_session_alarm *alarm; /* NULL when it could not start */
    eg_sensors_host *sensors;
};

/*
 * host_open.c. Makes the data folder, takes the lock, opens log, settings, event log and store, in
 * this order. On failure the caller releases what is open already.
 */
int eg_host_open(eg_host *host);
/* Tells the event log, in a message with one value. */
void eg_host_report(eg_host *host, eg_event_message message, const char *text);

/* host_clients.c. Answers what clients ask for, from here on. */
int eg_host_start_pipe(eg_host *host);

/* host_state.c. Posts on the board for all trays, and wakes them when it is news. Any thread. */
void eg_host_post(eg_host *host, const eg_message *message);
/* Posts what needs attention now. Pipeline thread, every few seconds, and once at the start. */
void eg_host_state_look(eg_host *host);
/* Without it a session whose tray was ended hears nothing until the next sign-in. */
void eg_host_start_alarm(eg_host *host);

/*
 * host_store.c. A database that cannot be opened (disk full) does not keep the service from
 * running: hits wait in memory, and upkeep tries again. EG_E_UNSUPPORTED for one of a newer
 * version.
 */
int eg_host_store_open(eg_host *host);
eg_store *eg_host_store(void *user); /* any thread; NULL while it is not open */
/* Stores a hit; shaped for the hit keeper, `user` is the host. Pipeline thread. */
int eg_host_store_add(void *user, const eg_hit *hit, const eg_event *event, int64_t *id,
                      bool *is_new);
/* What sensors keep in the database, for eg_sensors_options; `user` is the host. Any thread. */
int eg_host_store_keep(void *user, const char *name, eg_str value);
int eg_host_store_recall(void *user, const char *name, eg_buf *value);
/* Gives the pipeline the stories that may still grow; before its thread starts. */
void eg_host_store_restore(eg_host *host, eg_pipeline *pipeline);
/* Opens it late, tells of damage met meanwhile, deletes old hits. Pipeline thread. */
void eg_host_store_upkeep(eg_host *host);
void eg_host_store_end(eg_host *host); /* notes that the service ended in order */

/* host_check.c. Before the pipe's server; without it trays hear that nobody can check. */
void eg_host_checks_start(eg_host *host);
void eg_host_check(void *user, eg_check_action action); /* for eg_session_service; any thread */

/*
 * host_exceptions.c. What administrators except, as the pipe brings it: checked, stored and in
 * force. `user` is the host; any thread.
 */
int eg_host_except(void *user, eg_str json, eg_str who, int64_t *id);
int eg_host_revoke_exception(void *user, int64_t id, eg_str who);
/* Gives the pipeline what is stored and in force; what cannot be read is logged. */
void eg_host_exceptions_load(eg_host *host);

/*
 * host_scans.c. Has YARA look at what events name; after the rules, before the pipeline starts.
 * Without it nothing is found in files, which is told; all else goes on.
 */
void eg_host_start_scans(eg_host *host);

/*
 * host_updates.c. Opens the repositories that rules come from, before the rules are loaded, which
 * then are loaded with their packs; has them looked at, when everything runs, and when a client
 * asks (`user` is the host). Without them the installed rules go on.
 */
void eg_host_open_updates(eg_host *host, eg_rules_options *rules);
void eg_host_start_updates(eg_host *host);
void eg_host_update(void *user);

#endif
