/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thing to be looked at with YARA, to its verdict, whoever does the looking: this process
 * (below), or a child that may die of it (worker/scan_client.h). A scanner is bound to one set of
 * compiled rules, which outlive it, and serves one thread at a time.
 */
#ifndef EG_YARA_SCANNER_H
#define EG_YARA_SCANNER_H

#include "core/yara/file_scan.h"

typedef enum eg_scan_kind { EG_SCAN_FILE, EG_SCAN_BYTES, EG_SCAN_PROCESS } eg_scan_kind;

typedef struct eg_scan_job {
    eg_scan_kind kind;
    eg_str path;         /* FILE: which; BYTES, PROCESS: what it is, for people */
    eg_str bytes;        /* BYTES */
    uint32_t process_id; /* PROCESS: its memory */
    uint64_t created;    /* PROCESS: FILETIME of its creation; another one is not looked at */
    eg_yara_facts facts; /* path, owner, event kind, signer; the rest is filled in */
} eg_scan_job;

typedef struct eg_scanner {
    void *user;
    /*
     * As eg_file_scan_run: what could not be looked at is a verdict. The matches of `out` name
     * rules of the set that the scanner is bound to. EG_E_NOMEM, EG_E_CLOSED after a stop.
     */
    int (*scan)(void *user, const eg_scan_job *job, eg_file_report *out);
} eg_scanner;

/* Looks at files and bytes in this process; memory of others is never looked at that way. */
typedef struct eg_scanner_in_process eg_scanner_in_process;

/* Arguments as of eg_file_scan_create. */
int eg_scanner_in_process_create(const eg_yara_ops *engine, const eg_yara_rules *rules,
                                 eg_verdict_cache *cache, const eg_file_scan_limits *limits,
                                 eg_scanner_in_process **out);
void eg_scanner_in_process_destroy(eg_scanner_in_process *scanner); /* NULL-safe */
eg_scanner eg_scanner_in_process_scanner(eg_scanner_in_process *scanner);

#endif
