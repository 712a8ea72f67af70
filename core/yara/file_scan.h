/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file to a verdict: opened for full sharing, its beginning read up to a limit, it and what
 * lies packed in it (core/unpack) given to the scanner part by part, the verdict kept for the next
 * time. libyara never sees the path. A file that cannot be looked at is a verdict of its own, with
 * the reason.
 *
 * A file scan belongs to one thread and keeps its memory from file to file; rules and cache are
 * borrowed, shared by many. Who creates it destroys it, before the rules.
 */
#ifndef EG_YARA_FILE_SCAN_H
#define EG_YARA_FILE_SCAN_H

#include "core/yara/engine.h"
#include "core/yara/verdict_cache.h"

#define EG_FILE_SCAN_BYTES (64u * 1024 * 1024) /* ordinary limit for one file */
#define EG_FILE_SCAN_SECONDS 20                /* ordinary limit for one buffer */
#define EG_FILE_SCAN_REASON_MAX 512
#define EG_FILE_SCAN_PATH_MAX ((size_t)128 * 1024)

typedef enum eg_file_verdict {
    EG_FILE_CLEAN,      /* all of it was looked at, no rule is met */
    EG_FILE_SUSPICIOUS, /* a rule is met */
    EG_FILE_NOT_LOOKED, /* `reason` tells why; also when only a part was looked at */
} eg_file_verdict;

/* Of what kind the first reason is, for counting. */
typedef enum eg_file_gap {
    EG_GAP_NONE,
    EG_GAP_TOO_LARGE,  /* there is more of it than the limit */
    EG_GAP_TOO_SLOW,   /* took longer than its time */
    EG_GAP_UNREADABLE, /* refused, changing, no regular file */
    EG_GAP_ELSEWHERE,  /* on the network, or in a cloud */
    EG_GAP_PACKED,     /* what is packed in it: encrypted, damaged, a bomb */
    EG_GAP_ENGINE,     /* rules needed more than the engine gives */
    EG_GAP_WORKER,     /* whoever looked died or answered nonsense (core/yara/scanner.h) */
    EG_GAP_GONE,       /* there is no such file or process, or not any more */
    EG_GAP_COUNT
} eg_file_gap;

typedef struct eg_file_report {
    eg_file_verdict verdict;
    eg_file_gap gap; /* EG_GAP_NONE as long as `reason` is "" */
    bool from_cache;
    uint64_t bytes; /* looked at now */
    eg_yara_result result;
    char buffer[EG_YARA_NAME_MAX]; /* where the rules are met: "" the file itself, else its part */
    /* Why not all of it was looked at; also beside SUSPICIOUS. "" when all of it was. */
    char reason[EG_FILE_SCAN_REASON_MAX];
} eg_file_report;

typedef struct eg_file_scan_limits {
    size_t bytes; /* of one file; what is behind them is not looked at */
    int seconds;  /* for one buffer */
} eg_file_scan_limits;

typedef struct eg_file_scan eg_file_scan;

/* `cache` may be NULL: nothing is remembered. It must use the fingerprint of `rules`. */
int eg_file_scan_create(const eg_yara_ops *engine, const eg_yara_rules *rules,
                        eg_verdict_cache *cache, const eg_file_scan_limits *limits,
                        eg_file_scan **out);
void eg_file_scan_destroy(eg_file_scan *scan); /* NULL-safe */
/*
 * `facts` with the path and what else is known; file type and size are filled in here. EG_E_NOMEM
 * is the only failure: everything else is a verdict.
 */
int eg_file_scan_run(eg_file_scan *scan, const char *path, const eg_yara_facts *facts,
                     eg_file_report *out);
/* The same of a file that is open already, as in eg_handle_read_head. */
int eg_file_scan_handle(eg_file_scan *scan, intptr_t handle, const eg_yara_facts *facts,
                        eg_file_report *out);
/* The same of bytes in memory: nothing is remembered of them, and all of them are looked at. */
int eg_file_scan_bytes(eg_file_scan *scan, eg_str bytes, const eg_yara_facts *facts,
                       eg_file_report *out);

/*
 * Looks at one buffer on behalf of `report`, which began as zeros: what it meets and what could not
 * be looked at is added. `name` tells the buffer from others of the same report. EG_E_NOMEM.
 */
int eg_file_scan_buffer(eg_file_scan *scan, eg_str name, eg_str bytes, const eg_yara_facts *facts,
                        eg_file_report *report);
/* Adds to `report` why not all was looked at; the first reason stays. */
void eg_file_report_gap(eg_file_report *report, eg_file_gap gap, const char *reason);
/* The same of what could not be opened: EG_OK, that is a verdict, or EG_E_NOMEM as it is. */
int eg_file_report_failure(eg_file_report *report, int status);
/* What of `facts` a verdict depends on, for eg_verdict_key. */
uint64_t eg_file_facts_hash(const eg_yara_facts *facts);
/* Stable name: "too large", "too slow", ... "" for none. Never NULL. */
const char *eg_file_gap_name(eg_file_gap gap);

/*
 * What a file is by its first bytes: "EXE", "ELF", "ZIP", "OLE", "RTF", "PDF", "LNK", "ONENOTE",
 * "XML", "HTML" or "".
 */
eg_str eg_file_type(eg_str bytes);

#endif
