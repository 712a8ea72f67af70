/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters: a condition that other rules must meet as well, kept in a document of its own
 * (`filter`). A rule is met when its own condition and those of all its filters are. As written a
 * filter lies in the arena of its document; compiled it is a part of each rule it applies to. One
 * thread.
 */
#ifndef EG_SIGMA_FILTER_H
#define EG_SIGMA_FILTER_H

#include "core/sigma/rule_tree.h"

#define EG_FILTER_RULES_MAX 4096

struct eg_written_filter {
    bool any; /* every rule of the log source */
    const eg_reference *rules;
    size_t rule_count;
};

/*
 * Reads what is special to `filter`: which rules it is for. Its selections and its condition are
 * read as those of a rule. EG_E_INVALID after the fault was reported, EG_E_NOMEM.
 */
int eg_filter_parse(eg_sigma_rule *filter, const eg_rule_place *place, const eg_yaml_node *root);

/* Is the filter for this rule, by name and by log source? */
bool eg_filter_applies(const eg_sigma_rule *filter, const eg_sigma_rule *rule);

/* Warns of every reference of the filter that leads to no rule it could apply to. */
void eg_filter_check(const eg_sigma_rule *filter, const eg_sigma_rule *const *rules, size_t count,
                     const eg_report *report);

#endif
