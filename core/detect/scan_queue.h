/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events whose files YARA should look at. No event waits for that: the pipeline leaves a copy here,
 * a worker finds the targets (scan_targets.h), asks the memory of verdicts, has the rest scanned
 * and hands back what met a rule. What is known costs no reading: clean files by the verdict cache,
 * others by the reports kept here. Verdicts are remembered by the identity of a file (volume, file
 * id, size, times), not by a hash of its content: rules may ask for path and event, and a hash
 * would have to read what it saves reading.
 *
 * Bounded: what does not fit is counted and not looked at. What exists already (snapshots) waits
 * behind what happens now. Taking and findings: the pipeline thread. Running: the worker. The rest:
 * any thread.
 */
#ifndef EG_DETECT_SCAN_QUEUE_H
#define EG_DETECT_SCAN_QUEUE_H

#include "core/detect/ruleset.h"
#include "core/detect/scan_targets.h"
#include "core/yara/scanner.h"

typedef struct eg_scan_queue eg_scan_queue;

/* What rules may ask of a file beside its bytes, and only the system knows. */
typedef struct eg_scan_facts {
    char owner[256];          /* "DOMAIN\name"; "" unknown */
    const char *signer_state; /* of engine.h; static */
} eg_scan_facts;

/* Whoever looks, and what only the system knows. All but `stop` and `waiting` on the worker. */
typedef struct eg_scan_access {
    void *user;
    /* A scanner for these rules; the queue has one at a time and closes it before the rules go. */
    int (*open)(void *user, eg_ruleset *rules, eg_scanner *out);
    void (*close)(void *user, eg_scanner *scanner);
    void (*stop)(void *user); /* a scan in work returns EG_E_CLOSED soon; any thread */
    int (*identify)(void *user, const char *path, eg_file_identity *out); /* eg_file_identify */
    void (*facts)(void *user, eg_str path, eg_scan_facts *out); /* only for what is scanned */
    void (*found)(void *user); /* findings wait: eg_scan_queue_next */
} eg_scan_access;

typedef struct eg_scan_queue_options {
    eg_ruleset_slot *rules; /* as of the pipeline */
    eg_scan_access access;
    const eg_windows_folders *folders;
    size_t capacity;        /* events that may wait, and clean files remembered: 32 times */
    bool network;           /* files of other computers are read as well */
    bool memory;            /* of processes that met a grave rule */
    const char *cache_file; /* where clean verdicts are kept; NULL: nowhere */
} eg_scan_queue_options;

/* Everything `options` points at must outlive the queue. */
int eg_scan_queue_create(const eg_scan_queue_options *options, eg_scan_queue **out);
void eg_scan_queue_destroy(eg_scan_queue *queue); /* NULL-safe; frees what still waits */
/* Copies an event that names something to look at; others are passed over at once. */
void eg_scan_queue_take(eg_scan_queue *queue, const eg_event *event);
/* The memory of the process that started with this event, if the settings want that. */
void eg_scan_queue_take_memory(eg_scan_queue *queue, const eg_event *event);
void eg_scan_queue_run(eg_scan_queue *queue);  /* the worker: returns after a stop */
void eg_scan_queue_stop(eg_scan_queue *queue); /* does not wait; what waits is not looked at */

typedef struct eg_scan_finding {
    eg_ruleset *rules; /* a reference: the report names its rules */
    eg_event *event;
    eg_scan_reason reason;
    eg_str path;    /* what was looked at; for text of the event its name, possibly "" */
    bool is_text;   /* text of the event, no file */
    bool is_memory; /* of the process */
    eg_file_report report;
} eg_scan_finding;

/* The oldest finding, or NULL when there is none; the caller destroys it. */
eg_scan_finding *eg_scan_queue_next(eg_scan_queue *queue);
void eg_scan_finding_destroy(eg_scan_finding *finding); /* NULL-safe */

typedef struct eg_scan_counts {
    uint64_t waiting;            /* events, now */
    uint64_t events;             /* worked off */
    uint64_t not_taken;          /* events: too many waited, or no memory */
    uint64_t looked;             /* files, texts and processes given to the scanner */
    uint64_t remembered;         /* verdicts known from before */
    uint64_t suspicious;         /* met a rule, known ones included */
    uint64_t missing;            /* files that are not there any more */
    uint64_t unresolved;         /* paths that nobody can tell the place of */
    uint64_t gaps[EG_GAP_COUNT]; /* could not be looked at, or only in part, by reason */
    /* Of those looked at: without the first after new rules, which waits for its scanner. */
    uint64_t timed, timed_bytes, timed_ns;
} eg_scan_counts;

void eg_scan_queue_counts(eg_scan_queue *queue, eg_scan_counts *out);

#endif
