/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rules compiled into one set, and matching events against it.
 *
 * The set is immutable: any number of threads may match against it, each with a matcher of its own
 * (scratch memory, grown once, no allocation per event afterwards).
 */
#ifndef EG_SIGMA_SET_H
#define EG_SIGMA_SET_H

#include "core/sigma/placeholder.h"
#include "core/sigma/rule.h"

typedef struct eg_sigma_set eg_sigma_set;
typedef struct eg_sigma_matcher eg_sigma_matcher;

typedef struct eg_sigma_options {
    /*
     * Live agent: rules whose log source or needed field no sensor of ours can fill are reported
     * and counted as inert (still compiled: hunting may feed them).
     */
    bool report_inert;
    const eg_placeholders *placeholders; /* for `expand`; NULL: such rules are rejected */
} eg_sigma_options;

typedef struct eg_sigma_stats {
    size_t rules; /* compiled */
    size_t inert;
    size_t rejected; /* by the compiler: a broken regex, a duplicate id ... */
    size_t predicates;
    size_t memory; /* bytes held by the compiled form */
} eg_sigma_stats;

/*
 * Does not keep or free the rules. Order of rules is kept: it is the order of matches; correlations
 * stand behind all others. Filters become a part of the rules they apply to.
 */
int eg_sigma_compile(const eg_sigma_rule *const *rules, size_t count,
                     const eg_sigma_options *options, const eg_report *report, eg_sigma_set **out);
void eg_sigma_set_destroy(eg_sigma_set *set); /* NULL-safe; matchers must be gone */
size_t eg_sigma_set_size(const eg_sigma_set *set);
const eg_rule_info *eg_sigma_set_rule(const eg_sigma_set *set, size_t index);
/* Correlations are the last rules of a set, behind all others: how many, and is this one? */
size_t eg_sigma_set_correlations(const eg_sigma_set *set);
bool eg_sigma_set_is_correlation(const eg_sigma_set *set, size_t index);
/* Does a correlation refer to the rule? */
bool eg_sigma_set_is_correlated(const eg_sigma_set *set, size_t index);
/* Only correlations refer to it, and none says `generate: true`: it raises no hit of its own. */
bool eg_sigma_set_is_silent(const eg_sigma_set *set, size_t index);
void eg_sigma_set_stats(const eg_sigma_set *set, eg_sigma_stats *stats);

#define EG_SIGMA_LACKING_MAX 8
/* Why a rule of the set is inert. */
typedef struct eg_sigma_inert {
    bool source;                          /* no sensor of this build feeds its log source; else: */
    eg_str lacking[EG_SIGMA_LACKING_MAX]; /* fields it can only be met by and no sensor fills */
    size_t lacking_count;
} eg_sigma_inert;

/* Does the rule, or a correlation over it, ask for this field? Keywords ask for none by name. */
bool eg_sigma_set_reads(const eg_sigma_set *set, size_t index, eg_str field);

/* False when the rule can be met by what the sensors of this build see. */
bool eg_sigma_set_inert(const eg_sigma_set *set, size_t index, eg_sigma_inert *out);

int eg_sigma_matcher_create(const eg_sigma_set *set, eg_sigma_matcher **out);
void eg_sigma_matcher_destroy(eg_sigma_matcher *matcher); /* NULL-safe */

/*
 * Finds the rules that this event (one view of it) meets: *rules points at their indices, in
 * ascending order, valid until the next call on this matcher. EG_OK also when there is none.
 * Correlations are never among them: what several events meet is a correlator's to tell.
 */
int eg_sigma_match(eg_sigma_matcher *matcher, const eg_event *event, const uint32_t **rules,
                   size_t *count);

#endif
