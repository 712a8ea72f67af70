/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A predicate: one question about one event ("does Image end with \cmd.exe?"). Rules share equal
 * ones, so each is answered at most once per event. Part of a set, immutable with it.
 */
#ifndef EG_SIGMA_PREDICATE_H
#define EG_SIGMA_PREDICATE_H

#include "core/base/mem.h"
#include "core/sigma/address.h"
#include "core/sigma/pattern.h"
#include "core/sigma/regex.h"

typedef enum eg_predicate_kind {
    EG_PREDICATE_STRING,
    EG_PREDICATE_REGEX,
    EG_PREDICATE_NETWORK,
    EG_PREDICATE_NUMBER,
    EG_PREDICATE_MISSING, /* the field is not there */
    EG_PREDICATE_PRESENT,
    EG_PREDICATE_FIELD, /* compared with another field */
} eg_predicate_kind;

typedef enum eg_ordering {
    EG_ORDERING_GT,
    EG_ORDERING_GTE,
    EG_ORDERING_LT,
    EG_ORDERING_LTE
} eg_ordering;

/* A field name of a set as a small number. Keywords ask every value of the event. */
typedef uint16_t eg_slot;
#define EG_SLOT_KEYWORD ((eg_slot)0)
#define EG_SLOT_NONE ((eg_slot)UINT16_MAX)

typedef struct eg_predicate_regex {
    eg_str source;
    unsigned flags;
    eg_regex *code;
} eg_predicate_regex;

typedef struct eg_predicate {
    uint8_t kind; /* eg_predicate_kind */
    eg_slot slot;
    uint8_t order; /* NUMBER: eg_ordering; FIELD: eg_pattern_kind */
    bool cased;    /* FIELD */
    eg_slot other; /* FIELD */
    union {
        eg_pattern pattern;
        eg_predicate_regex *regex;
        const eg_network *network;
        double number;
    } want;
} eg_predicate;

uint64_t eg_predicate_hash(const eg_predicate *predicate);
bool eg_predicate_equal(const eg_predicate *a, const eg_predicate *b);
bool eg_predicate_compare(const eg_predicate *predicate, double value);

/* A whole text as a number, as Python's float() reads it: blanks around, '_' between digits. */
bool eg_number_parse(eg_str text, double *out);

#endif
