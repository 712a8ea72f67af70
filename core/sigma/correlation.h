/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correlation rules: how many events, how many values, or which rules together, within a time. As
 * written, one lies in the arena of the rule it was parsed with; compiled, in that of the set.
 * Immutable then, for any thread. What a stream of events has brought so far is no part of it: that
 * is a correlator (correlator.h).
 */
#ifndef EG_SIGMA_CORRELATION_H
#define EG_SIGMA_CORRELATION_H

#include "core/sigma/builder.h"
#include "core/sigma/rule_tree.h"

#define EG_CORRELATION_RULES_MAX 64  /* that one refers to */
#define EG_CORRELATION_FIELDS_MAX 16 /* to group by, or to count values of */
#define EG_CORRELATION_ALIASES_MAX 256
#define EG_CORRELATION_COUNT_MAX 4096 /* that a condition may name */
#define EG_CORRELATION_DEPTH_MAX 16   /* of correlations over correlations */
#define EG_CORRELATION_DAYS_MAX 365

typedef enum eg_correlation_type {
    EG_CORRELATION_EVENT_COUNT,
    EG_CORRELATION_VALUE_COUNT,
    EG_CORRELATION_TEMPORAL,
    EG_CORRELATION_TEMPORAL_ORDERED,
} eg_correlation_type;

/* The counts that a condition accepts. */
typedef struct eg_count_range {
    uint32_t low, high; /* UINT32_MAX: no end */
    uint32_t except;    /* 0: none */
} eg_count_range;

static inline bool eg_count_range_holds(const eg_count_range *range, uint32_t count)
{
    return count >= range->low && count <= range->high && count != range->except;
}

/* ---- as written ---- */

typedef struct eg_written_alias {
    eg_str name;
    eg_reference rule;
    eg_str field;
} eg_written_alias;

struct eg_written_correlation {
    eg_correlation_type type;
    int line;
    uint64_t timespan; /* ticks */
    eg_count_range range;
    const eg_reference *rules;
    size_t rule_count;
    const eg_str *group_by;
    size_t group_count;
    const eg_str *fields; /* of which the values are counted */
    size_t field_count;
    const eg_written_alias *aliases;
    size_t alias_count;
    bool generate;
};

/* Reads `correlation` of the document. EG_E_INVALID after the fault was reported, EG_E_NOMEM. */
int eg_correlation_parse(eg_sigma_rule *rule, const eg_rule_place *place, const eg_yaml_node *root);

/* ---- compiled ---- */

typedef struct eg_correlation_alias {
    eg_str name;
    uint32_t part; /* which of the rules it is for */
    eg_str field;
} eg_correlation_alias;

typedef struct eg_correlation {
    uint32_t rule; /* its number in the set */
    eg_correlation_type type;
    uint64_t timespan;
    eg_count_range range;
    const uint32_t *parts; /* the rules it refers to, by number in the set */
    size_t part_count;
    const eg_str *group_by;
    size_t group_count;
    const eg_str *fields;
    size_t field_count;
    const eg_correlation_alias *aliases;
    size_t alias_count;
} eg_correlation;

/* Correlations of a set: its last rules, each behind those it refers to. */
struct eg_correlations {
    size_t first; /* number of the first one in the set */
    size_t count;
    const eg_correlation *items;
    const bool *inert;          /* by correlation: our sensors cannot meet it */
    const bool *silent;         /* by rule: raises no hit of its own */
    const uint32_t *user_first; /* by rule: where its users begin; they end where the next begin */
    const uint32_t *users;      /* which of `items` refer to it */
};

/*
 * Puts the correlations among `rules` behind the compiled rules of the set, in the order given but
 * each behind those it refers to. sources[n] is what rule n of the set was written as, with room
 * for all. What cannot be used is reported and counted as rejected. EG_OK or EG_E_NOMEM.
 */
int eg_correlations_compile(eg_builder *builder, const eg_sigma_rule *const *rules, size_t count,
                            const eg_sigma_rule **sources, const eg_report *report);

#endif
