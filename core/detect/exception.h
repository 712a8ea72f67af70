/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exception: an administrator says of a rule, or of any, that a program may do this here. Data,
 * never an edit to a rule, so it outlives updates of the rules. A hit under one is recorded and not
 * shown. Pure functions, any thread; texts are borrowed, exception_list.h keeps copies.
 *
 * What is wanted of a hit is a pattern: '*' stands for any text, '?' for one character, the case of
 * letters does not matter. Neither character can stand in a Windows path, so there is no escape.
 */
#ifndef EG_DETECT_EXCEPTION_H
#define EG_DETECT_EXCEPTION_H

#include "core/detect/hit.h"

typedef enum eg_exception_on {
    EG_EXCEPTION_SIGNER,       /* who signed the program, when Windows found that valid */
    EG_EXCEPTION_PATH,         /* the program of the hit, or the command that was registered */
    EG_EXCEPTION_HASH,         /* its SHA-256: older ones can be forged */
    EG_EXCEPTION_PARENT,       /* who started or wrote it */
    EG_EXCEPTION_COMMAND_LINE, /* of the program */
    EG_EXCEPTION_USER,
    EG_EXCEPTION_ON_COUNT,
} eg_exception_on;
extern const char *const eg_exception_on_names[]; /* "signer", "path", ... */
bool eg_exception_on_from_name(eg_str name, eg_exception_on *out);

#define EG_EXCEPTION_TEXT_MAX 1024u /* bytes of a pattern and of a reason */
#define EG_EXCEPTION_DAYS 90u       /* how long one holds when nobody says otherwise */
#define EG_EXCEPTION_DAYS_MAX 366u  /* longer only without an end, which has to be said */

typedef struct eg_exception {
    int64_t id;                           /* from 1; of a pack below 0; 0 not given yet */
    eg_str source;                        /* name of that pack, where somebody asked; else none */
    eg_str rule_id;                       /* "": any rule */
    eg_str wanted[EG_EXCEPTION_ON_COUNT]; /* "": does not matter */
    bool whole_rule;                      /* meant: nothing but the rule is wanted */
    uint64_t created_time;                /* FILETIME, as all times here */
    uint64_t expires_time;                /* 0: never */
    eg_str created_by;
    eg_str reason;
    uint64_t revoked_time; /* 0: not revoked; this and the rest are of the store */
    eg_str revoked_by;
    uint64_t hits; /* that it hid */
    uint64_t last_hit_time;
} eg_exception;

/* What of a hit exceptions look at; "" where the event does not say. */
typedef struct eg_exception_facts {
    eg_str rule_id;
    eg_str of[EG_EXCEPTION_ON_COUNT];
    uint64_t time; /* of the event */
} eg_exception_facts;

/* The same for a hit at hand and for a stored one with its event read back; borrows from both. */
void eg_exception_facts_of(const eg_hit *hit, const eg_event *event, eg_exception_facts *out);
/*
 * EG_E_INVALID with the reason for people: no reason, an end before the beginning or more than
 * EG_EXCEPTION_DAYS_MAX after it, a hash that is none, a pattern of wildcards alone, a rule without
 * anything else that is not meant so, any rule without program (a path of a few letters is none,
 * nor is Windows' own signature, which the tools of attackers carry).
 */
int eg_exception_check(const eg_exception *exception);
bool eg_exception_in_force(const eg_exception *exception, uint64_t time);
/* Whether it hides a hit at the time of its event. What the event does not say is not met. */
bool eg_exception_matches(const eg_exception *exception, const eg_exception_facts *facts);
/* Work is bounded: a text that takes too long does not match. */
bool eg_exception_pattern_matches(eg_str pattern, eg_str text);

/* One object: what `exceptions list --json` prints, exceptions.json holds and the pipe carries. */
void eg_exception_write_json(const eg_exception *exception, eg_json *json);
/*
 * Reads such an object; not yet checked. Borrows from it. EG_E_INVALID for a member that is unknown
 * or of the wrong type (a misspelt condition would hide too much), and when "expires_time" is
 * missing: null means never. The members of the store are passed over.
 */
int eg_exception_read_json(yyjson_val *object, eg_exception *out);

#endif
