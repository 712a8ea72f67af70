/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scanning in a child that may die: an eg_scanner whose bytes are looked at by emoguard-worker.exe,
 * a process without rights (docs/attack-surface.md). The child is started with the first job or
 * before it, gets the sources of the rules and compiles them; what it needs of a file or a process
 * is one handle a job. A child that hangs, dies, takes too much memory or answers nonsense is ended
 * and made anew, and the job still ends with a verdict or a reason. What stopped it twice is not
 * given to it again. Elsewhere than on Windows the scanning is done in this process.
 *
 * eg_scan_client_stop and eg_scan_client_counts_get on any thread, everything else on one at a
 * time. Rules and cache are borrowed; who creates the client destroys it before them.
 */
#ifndef EG_WORKER_SCAN_CLIENT_H
#define EG_WORKER_SCAN_CLIENT_H

#include "core/yara/scanner.h"

#define EG_SCAN_JOB_SECONDS 60   /* ordinary limit for one job, all of its buffers together */
#define EG_SCAN_START_SECONDS 60 /* ordinary limit for starting and for compiling */
#define EG_SCAN_MEMORY_BYTES ((size_t)1024 * 1024 * 1024) /* ordinary limit of the child */

typedef struct eg_scan_client_options {
    const char *program; /* emoguard-worker.exe, full path; NULL: beside this program */
    const eg_yara_ops *engine;
    const eg_yara_rules *rules;    /* what the numbers of rules in answers mean; NULL: only tries */
    const eg_yara_source *sources; /* what `rules` was compiled from; copied */
    size_t source_count;
    eg_verdict_cache *cache; /* NULL: nothing is remembered */
    eg_file_scan_limits limits;
    uint64_t process_bytes; /* of the memory of one process; 0: the limit of a file */
    uint32_t job_seconds;   /* 0: EG_SCAN_JOB_SECONDS */
    uint32_t start_seconds; /* 0: EG_SCAN_START_SECONDS */
    size_t memory_bytes;    /* 0: EG_SCAN_MEMORY_BYTES */
    bool network;           /* files on other computers too */
} eg_scan_client_options;

typedef struct eg_scan_client_counts {
    uint64_t scanned;                  /* jobs that were looked at, from the cache included */
    uint64_t suspicious;               /* of them */
    uint64_t not_looked[EG_GAP_COUNT]; /* all or in part, by reason */
    uint64_t skipped;                  /* given to no child, since they had stopped it twice */
    uint64_t starts;                   /* of children */
    uint64_t stops;            /* children that died, hung, took too much or answered nonsense */
    uint64_t child_bytes_peak; /* most private memory of a child that was seen */
    bool down;                 /* the last child that was wanted could not be started */
} eg_scan_client_counts;

typedef struct eg_scan_client eg_scan_client;

int eg_scan_client_create(const eg_scan_client_options *options, eg_scan_client **out);
/* Ends the child at once; NULL-safe. */
void eg_scan_client_destroy(eg_scan_client *client);
eg_scanner eg_scan_client_scanner(eg_scan_client *client);
/*
 * Starts the child now instead of with the first job. EG_OK also when it runs or none is needed;
 * EG_E_UNSUPPORTED when it cannot be started now, which each job tries again, EG_E_CLOSED,
 * EG_E_NOMEM. On the thread of the jobs.
 */
int eg_scan_client_start(eg_scan_client *client);
/* The job or trial that runs, and all after it, end with EG_E_CLOSED at once. */
void eg_scan_client_stop(eg_scan_client *client);
void eg_scan_client_counts_get(eg_scan_client *client, eg_scan_client_counts *out);

/*
 * Compiles the sources in the child and ends it, whatever rules run elsewhere. EG_OK when every
 * source is good; EG_E_INVALID when not, each problem told; EG_E_IO when the compiler died of them,
 * EG_E_TIMEOUT when it did not end.
 */
int eg_scan_client_try(eg_scan_client *client, const eg_yara_report *report);

#endif
