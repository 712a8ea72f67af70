/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a rule is met or not, for those who write rules: one rule, compiled as in any set, as the
 * lines of a tree that people can read, and which of them an event meets. First come the lines of
 * the condition, then those of each selection it names, with the predicates it became.
 *
 * Made on demand, never on the path of events. An explanation owns its memory; one thread.
 */
#ifndef EG_SIGMA_EXPLAIN_H
#define EG_SIGMA_EXPLAIN_H

#include "core/event/event.h"
#include "core/sigma/placeholder.h"
#include "core/sigma/rule.h"

typedef enum eg_explain_kind {
    EG_EXPLAIN_ALL, /* of the lines one level deeper below it */
    EG_EXPLAIN_ANY,
    EG_EXPLAIN_COUNT, /* at least so many of them */
    EG_EXPLAIN_NOT,
    EG_EXPLAIN_SELECTION, /* in the condition: its name; behind it: the same name over its tree */
    EG_EXPLAIN_PREDICATE,
    EG_EXPLAIN_NOTE, /* what a correlation asks: for people only */
} eg_explain_kind;

typedef struct eg_explain_line {
    eg_explain_kind kind;
    size_t depth;
    bool in_condition;
    uint32_t need;      /* of EG_EXPLAIN_COUNT */
    uint32_t selection; /* which one the line names or belongs to, from 0 */
    eg_str text;        /* "any of", "selection_img", "Image ends with '\cmd.exe'"; raw bytes */
    eg_str field;       /* of a predicate; "" when it asks every field */
    bool witness;       /* the index finds the rule by this predicate */
} eg_explain_line;

typedef struct eg_explanation eg_explanation;

typedef struct eg_explain_rules {
    const eg_sigma_rule *rule;
    const eg_sigma_rule *const *others; /* the filters among them that apply become a part of it */
    size_t other_count;
    const eg_placeholders *placeholders; /* NULL: there are none */
} eg_explain_rules;

bool eg_explain_is_filter(const eg_sigma_rule *rule);
/* Keeps nothing of `rules`. EG_E_INVALID with the reason when it cannot be compiled; EG_E_NOMEM. */
int eg_explain_create(const eg_explain_rules *rules, eg_explanation **out);
void eg_explain_destroy(eg_explanation *explanation); /* NULL-safe */
size_t eg_explain_count(const eg_explanation *explanation);
const eg_explain_line *eg_explain_line_at(const eg_explanation *explanation, size_t index);
/* A correlation asks many events: it has words, but no answer to a single one. */
bool eg_explain_is_correlation(const eg_explanation *explanation);
/* No predicate finds the rule: every event of its log source is asked all of it. */
bool eg_explain_is_always_asked(const eg_explanation *explanation);

/*
 * Asks one view of an event: met[n] tells whether line n holds, whatever the log source; *hit
 * whether the rule is met, log source and all. `met` has room for eg_explain_count.
 * EG_E_UNSUPPORTED for a correlation.
 */
int eg_explain_event(eg_explanation *explanation, const eg_event *event, bool *met, bool *hit);

#endif
