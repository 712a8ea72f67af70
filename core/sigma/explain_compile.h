/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule compiled so that it can be explained: into a set of its own, with the filters that apply
 * to it, and with one probe for each selection: a rule for every log source that asks nothing but
 * that selection. So each selection has a root in the set, built of the same predicates as the rule
 * itself. For explain.c only.
 */
#ifndef EG_SIGMA_EXPLAIN_COMPILE_H
#define EG_SIGMA_EXPLAIN_COMPILE_H

#include "core/sigma/explain.h"
#include "core/sigma/rule_tree.h"
#include "core/sigma/set.h"

/* The rule, or a filter that applies to it. */
typedef struct eg_explain_part {
    const eg_sigma_rule *source;
    uint32_t first; /* number of its first selection; those of all parts are numbered through */
} eg_explain_part;

typedef struct eg_explain_compiled {
    const eg_explain_part *parts; /* the rule first */
    size_t part_count;
    eg_sigma_set *set; /* rule 0 is the rule, rule n + 1 the probe of selection n; the caller's */
} eg_explain_compiled;

/* Memory is the arena's. EG_E_INVALID with the reason when the rule or a filter is rejected. */
int eg_explain_compile(eg_arena *arena, const eg_explain_rules *rules, eg_explain_compiled *out);

#endif
