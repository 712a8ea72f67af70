/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One check from its beginning to its report: rules loaded, files gathered (those named, or those
 * of the whole PC) and looked at on threads of its own, while the caller's thread waits and listens
 * for a cancellation. A check that does not end within a second of that is left behind: then the
 * process must end without freeing anything (`left_behind`).
 */
#ifndef EG_CLI_CHECK_RUN_H
#define EG_CLI_CHECK_RUN_H

#include "cli/check_pc.h"
#include "cli/check_scanner.h"

/* How a missing scan worker is told among what could not be looked at. */
#define EG_CHECK_WORKER "emoguard-worker.exe"
#define EG_CHECK_WORKER_MISSING \
    "it is missing: files were looked at without the protection of a process of its own"

typedef struct eg_check_options {
    const char *pack;       /* NULL: the rules installed with this program */
    const char *cache_file; /* NULL: nothing is remembered */
    const char *const *paths;
    size_t path_count; /* 0: the whole PC */
    size_t jobs;
    bool memory;
    bool fast; /* with the priority of any program */
    eg_check_progress_form progress;
} eg_check_options;

typedef struct eg_check_run {
    eg_check_options options;
    eg_ruleset_slot *slot;
    eg_ruleset *ruleset;
    eg_ruleset_stats stats;
    eg_check_report *report;
    eg_check_files files;
    eg_check_progress progress;
    bool left_behind;

    /* inside */
    eg_mutex lock; /* of report, gaps and stories */
    eg_check_gaps gaps;
    eg_check_stories stories;
    eg_exception_list *exceptions; /* of this PC; NULL: none */
    eg_check_scanner scanner;
    bool worker_missing; /* files were looked at without it */
    eg_thread *thread;
    eg_mutex ending; /* of ended and status */
    eg_cond changed;
    bool ended;
    int status;
    char message[512]; /* of a failure */
    eg_scan_kind looking;
} eg_check_run;

/* Loads the rules and makes an empty report. Close it also after a failure. */
int eg_check_run_open(eg_check_run *run, const eg_check_options *options);
/*
 * Looks, until everything was looked at or somebody cancels, and fills the report, which is then
 * finished. EG_OK also when it was cancelled.
 */
int eg_check_run_look(eg_check_run *run);
void eg_check_run_close(eg_check_run *run); /* does nothing when it was left behind */

#endif
