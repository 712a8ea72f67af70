/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a rule by what people know of it: its id, its title or a part of it, its file. Of several
 * kinds of agreement the closest one counts. Filters and placeholders are kept besides: without
 * them a rule does not mean all it means. One thread; eg_rule_search_done frees everything.
 */
#ifndef EG_CLI_RULE_SEARCH_H
#define EG_CLI_RULE_SEARCH_H

#include "cli/paths.h"
#include "core/sigma/placeholder.h"
#include "core/sigma/rule.h"

typedef struct eg_rule_search {
    const char *wanted;
    int rank; /* of what was found so far */
    eg_sigma_rule **rules;
    size_t count, capacity;
    eg_sigma_rule **filters; /* all of them: they are parts of the rules they are for */
    size_t filter_count, filter_capacity;
    eg_placeholders *placeholders;
    eg_buf problem; /* nothing found: why a rule with that id or file cannot be used, or "" */
} eg_rule_search;

int eg_rule_search_run(const char *wanted, const eg_rule_paths *paths, eg_rule_search *out);
void eg_rule_search_done(eg_rule_search *search);

#endif
