/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scan worker is asked and what it answers, as bytes: 4 bytes length, then the message.
 * The worker looks into hostile bytes and may have become hostile itself, so whoever reads an
 * answer checks every number, length and text; compiled rules never come back, only the number of
 * a rule in the reader's own set. Pure functions, any thread; what is decoded borrows the bytes.
 */
#ifndef EG_YARA_SCAN_WIRE_H
#define EG_YARA_SCAN_WIRE_H

#include "core/yara/file_scan.h"

#define EG_SCAN_HEADER 4u
#define EG_SCAN_REQUEST_MAX (EG_FILE_SCAN_BYTES + 1024u * 1024)
#define EG_SCAN_ANSWER_MAX (128u * 1024)
#define EG_SCAN_TEXT_MAX 512 /* of a reason or a problem */

typedef enum eg_scan_verb {
    EG_SCAN_ADD_SOURCE,  /* name, bytes: one more source */
    EG_SCAN_USE_SOURCES, /* seconds, byte_limit: compile all and scan with them from now on */
    EG_SCAN_TRY_SOURCES, /* compile them, tell problems, forget them */
    EG_SCAN_LOOK_FILE,   /* handle */
    EG_SCAN_LOOK_BYTES,  /* bytes */
    EG_SCAN_LOOK_MEMORY, /* seconds, byte_limit, handle of a process */
    EG_SCAN_VERB_COUNT
} eg_scan_verb;

typedef struct eg_scan_request {
    eg_scan_verb verb;
    uint32_t seconds;    /* USE_SOURCES: for one buffer; LOOK_MEMORY: for all of it */
    uint64_t byte_limit; /* USE_SOURCES: of one file; LOOK_MEMORY: of all of it */
    uint64_t handle;     /* valid in the worker, which closes it */
    eg_str name;         /* ADD_SOURCE: for messages */
    eg_str bytes;
    eg_yara_facts facts; /* LOOK: path, owner, event kind, signer */
} eg_scan_request;

typedef enum eg_scan_answer_kind {
    EG_SCAN_READY,   /* text: which of its own measures the worker could not take */
    EG_SCAN_PROBLEM, /* of a source; more answers follow */
    EG_SCAN_SOURCES, /* the sources are compiled */
    EG_SCAN_REPORT,
    EG_SCAN_ANSWER_KIND_COUNT
} eg_scan_answer_kind;

typedef struct eg_scan_answer {
    eg_scan_answer_kind kind;
    int32_t status;       /* SOURCES, REPORT: EG_OK or why there is none */
    uint32_t source;      /* PROBLEM: number of the source */
    uint32_t line;        /* PROBLEM */
    bool is_warning;      /* PROBLEM */
    uint32_t rule_count;  /* SOURCES */
    uint64_t fingerprint; /* SOURCES */
    char text[EG_SCAN_TEXT_MAX];
    eg_file_report report; /* REPORT */
} eg_scan_answer;

/* The rules that numbers stand for; `rules` may be NULL for those that need none. */
typedef struct eg_scan_rules {
    const eg_yara_ops *engine;
    const eg_yara_rules *rules;
} eg_scan_rules;

/* Appends header and message; EG_E_LIMIT, EG_E_NOMEM. */
int eg_scan_request_write(eg_buf *out, const eg_scan_request *request);
int eg_scan_answer_write(eg_buf *out, const eg_scan_answer *answer, const eg_scan_rules *rules);
/* The length a header announces; EG_E_INVALID for none or more than `max`. */
int eg_scan_header_read(const uint8_t header[EG_SCAN_HEADER], uint32_t max, uint32_t *length);
/* Both take one whole message without its header; EG_E_INVALID says what is wrong with it. */
int eg_scan_request_read(eg_str message, eg_scan_request *out);
int eg_scan_answer_read(eg_str message, const eg_scan_rules *rules, eg_scan_answer *out);

#endif
