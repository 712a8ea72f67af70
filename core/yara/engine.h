/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YARA behind one table of operations: sources to compiled rules, rules and a buffer to the rules
 * that are met. engine.c is libyara and the only file that knows it; a test can put another table
 * in its place.
 *
 * Compiling runs on the thread that loads rules. Compiled rules are immutable and serve any number
 * of threads, each with a scanner of its own; scanners are destroyed before their rules. libyara
 * is set up with the first rules and put away with the last, under a lock, on any thread. It never
 * sees a path: it gets bytes, and rules cannot include files. Its memory is its own (its allocator
 * cannot be replaced); when that runs out the call fails with EG_E_NOMEM.
 */
#ifndef EG_YARA_ENGINE_H
#define EG_YARA_ENGINE_H

#include "core/base/str.h"

#define EG_YARA_SOURCE_MAX (4u * 1024 * 1024)
#define EG_YARA_MATCHES_MAX 32 /* rules told for one buffer; more are counted */
#define EG_YARA_STRINGS_MAX 8  /* strings told for one rule */
#define EG_YARA_EXCERPT_MAX 48 /* bytes told of one string */
#define EG_YARA_NAME_MAX 64

typedef struct eg_yara_source {
    const char *file; /* for messages; also the namespace, so files never share names */
    eg_str text;
} eg_yara_source;

typedef struct eg_yara_problem {
    const char *file;
    int line; /* from 1; 0 when the whole file is meant */
    const char *reason;
    bool is_warning; /* else the file is left out */
} eg_yara_problem;

typedef struct eg_yara_report {
    void (*problem)(void *user, const eg_yara_problem *problem); /* NULL: dropped */
    void *user;
} eg_yara_report;

/* What a rule says of itself. Absent metadata is ""; lives as long as the rules. */
typedef struct eg_yara_rule {
    eg_str id;    /* meta id, else the identifier */
    eg_str name;  /* the identifier */
    eg_str title; /* meta title, else description, else the identifier */
    eg_str description, author, reference, level;
    int64_t score; /* -1 when the rule has none */
    const char *file;
} eg_yara_rule;

/*
 * What rules may ask beside the bytes, as external variables (docs/rule-guide.md): known when rules
 * are compiled, given anew for each scan. EG_STR_NONE counts as "".
 */
typedef struct eg_yara_facts {
    eg_str path;         /* whole: filepath (the folder), filename and extension are made of it */
    eg_str filetype;     /* by its first bytes: file_scan.h */
    eg_str owner;        /* "DOMAIN\\name" */
    eg_str event_kind;   /* kinds.def, or "check" */
    eg_str signer_state; /* "valid", "invalid", "none", "unknown" */
    uint64_t size;       /* of the file, also when only a part of it is in the buffer */
} eg_yara_facts;

typedef struct eg_yara_string {
    char name[EG_YARA_NAME_MAX]; /* "$a"; cut */
    uint64_t offset;             /* of its first match, in the buffer */
    uint32_t length;             /* of the match */
    uint8_t excerpt[EG_YARA_EXCERPT_MAX];
    size_t excerpt_length;
} eg_yara_string;

typedef struct eg_yara_match {
    const eg_yara_rule *rule;
    eg_yara_string strings[EG_YARA_STRINGS_MAX];
    size_t string_count;
} eg_yara_match;

typedef struct eg_yara_result {
    eg_yara_match matches[EG_YARA_MATCHES_MAX];
    size_t count; /* of matches[] */
    size_t total; /* rules met, those beyond the room included */
    /* A string occurred so often that libyara stopped counting it: a count may be too low. */
    bool cut;
} eg_yara_result;

typedef struct eg_yara_rules eg_yara_rules;
typedef struct eg_yara_scanner eg_yara_scanner;

typedef struct eg_yara_ops {
    /*
     * A file with an error is reported and left out; the others are used. EG_OK also when no
     * file was good: then there are no rules, and nothing is ever met.
     */
    int (*compile)(const eg_yara_source *sources, size_t count, const eg_yara_report *report,
                   eg_yara_rules **out);
    void (*rules_destroy)(eg_yara_rules *rules); /* NULL-safe */
    size_t (*rule_count)(const eg_yara_rules *rules);
    const eg_yara_rule *(*rule)(const eg_yara_rules *rules, size_t index);
    uint64_t (*fingerprint)(const eg_yara_rules *rules); /* changes when the sources do */
    int (*scanner_create)(const eg_yara_rules *rules, eg_yara_scanner **out);
    void (*scanner_destroy)(eg_yara_scanner *scanner); /* NULL-safe */
    /*
     * `seconds` at most (1 and up; libyara looks at the clock between steps, so a little more is
     * possible). EG_E_TIMEOUT, EG_E_NOMEM, EG_E_LIMIT when rules needed more than the engine
     * gives; `out` is then empty.
     */
    int (*scan)(eg_yara_scanner *scanner, eg_str bytes, const eg_yara_facts *facts, int seconds,
                eg_yara_result *out);
} eg_yara_ops;

extern const eg_yara_ops eg_yara_engine; /* libyara */

#endif
