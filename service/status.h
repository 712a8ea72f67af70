/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the service as one JSON object, for `emoguard status` and for tests. Collects from
 * the parts, each of which locks for itself; any thread. The object:
 *   version, pid, uptime_seconds, data_folder, database, pipe, settings_error, shortened
 *   rules    {path, state, name, serial, loaded, inert, rejected, error, problems [..20]}
 *   updates  see eg_updates_write; null when no repository is set
 *   sensors  [{name, what, health, source, detail, missed}]
 *   counters {events, hits, dropped, waiting, lost, forgotten}
 *   lifetime {starts, ended_by_force, events_dropped}: of the database, over restarts
 *   exceptions {in_force, hidden, of_pack, expired [..20], without_rule [..20]}: the lists hold
 *            numbers of those that ended within 30 days, and of those whose rule is not loaded
 *   files    {read, remembered, waiting, not_taken, elsewhere, unreadable, too_large, too_slow,
 *             changed}: files read for rules on hashes and signatures, and why others were not
 *   scans    {waiting, not_taken, events, looked, remembered, suspicious, missing, unresolved,
 *             could_not_look {reason: how many}, worker {starts, stops, skipped, bytes_peak}}:
 *             files, texts, processes that YARA was asked about, and what became of its worker
 *   check    {state, percent, verdict, time, findings, gaps, report, error}: the check of this PC
 *            that runs, or the last one
 *   clients  [{kind, version, pid, session, language, window}]
 *   last_hit {id, time} of the newest in the database, id 0 and time "" when there is none
 *   recent_hits [{id, time, level, kind, title, program, target}] newest first, at most 20
 *   notices  [{topic, time, text}]
 */
#ifndef EG_SERVICE_STATUS_H
#define EG_SERVICE_STATUS_H

#include "core/detect/scan_queue.h"
#include "core/detect/second_pass.h"
#include "core/store/store.h"
#include "service/check_runner.h"
#include "service/clients.h"
#include "service/hit_keeper.h"
#include "service/notices.h"
#include "service/rules.h"
#include "service/scan_thread.h"
#include "service/sensors_host.h"
#include "service/updates.h"

typedef struct eg_status_view {
    uint32_t pid;
    uint64_t uptime_seconds;
    const char *data_folder;
    const char *database;
    const char *pipe;
    const char *settings_error; /* "" when the settings are in force */
    eg_updates *updates;        /* NULL when no repository is set */
    eg_rules *rules;            /* the parts may be NULL: their member is null then */
    eg_sensors_host *sensors;
    eg_clients *clients;
    eg_notices *notices;
    eg_check_runner *checks;
    eg_store *store;
    uint64_t events;
    uint64_t dropped;
    uint64_t forgotten; /* by correlations, for lack of room */
    eg_hit_keeper_counts hits;
    eg_file_counts files;
    eg_second_pass_counts second_pass;
    eg_scan_counts scans;
    eg_scan_worker_counts worker;
    int64_t last_hit_id;
    uint64_t last_hit_time; /* FILETIME, 0 none */
} eg_status_view;

/* When it does not fit into `out`, lists are shortened and "shortened" is true. */
int eg_status_write(const eg_status_view *view, eg_buf *out);

#endif
