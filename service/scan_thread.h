/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread, of low priority, that has files looked at by YARA: it runs the scan queue and tells
 * it what only Windows knows. Owned by the host.
 */
#ifndef EG_SERVICE_SCAN_THREAD_H
#define EG_SERVICE_SCAN_THREAD_H

#include "core/detect/scan_queue.h"

typedef struct eg_scan_thread eg_scan_thread;

typedef struct eg_scan_thread_options {
    eg_ruleset_slot *rules;
    const char *cache_file; /* verdicts that outlive the service */
    bool network;           /* files of other computers are read as well */
    bool memory;            /* of processes that met a grave rule */
    void *user;
    void (*found)(void *user); /* findings wait in the queue; on the thread */
} eg_scan_thread_options;

/* Of emoguard-worker.exe, since the thread was started. */
typedef struct eg_scan_worker_counts {
    uint64_t starts;
    uint64_t stops;      /* workers that died, hung, took too much memory or answered nonsense */
    uint64_t skipped;    /* files given to none, since they had stopped two */
    uint64_t bytes_peak; /* most private memory of one that was seen */
    bool is_down;        /* the last one that was wanted could not be started */
} eg_scan_worker_counts;

/* Everything `options` points at must outlive the thread. */
int eg_scan_thread_start(const eg_scan_thread_options *options, eg_scan_thread **out);
/* To take events, and findings out; NULL for a thread that is NULL. */
eg_scan_queue *eg_scan_thread_queue(eg_scan_thread *thread);
void eg_scan_thread_worker(eg_scan_thread *thread, eg_scan_worker_counts *out); /* any thread */
/* True when nobody looks: the thread or its worker could not be started. Any thread. */
bool eg_scan_thread_is_down(eg_scan_thread *thread);
void eg_scan_thread_stop(eg_scan_thread *thread); /* does not wait */
/* After a stop. EG_E_TIMEOUT when a scan does not let go: then nothing may be destroyed. */
int eg_scan_thread_join(eg_scan_thread *thread, uint32_t milliseconds);
void eg_scan_thread_destroy(eg_scan_thread *thread); /* NULL-safe; after join */

#endif
