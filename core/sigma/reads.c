/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields a rule depends on. */
#include "core/sigma/correlation.h"

static bool node_reads(const eg_sigma_set *set, eg_ref ref, eg_slot slot)
{
    if (ref & EG_REF_PREDICATE) {
        const eg_predicate *predicate = &set->predicates[ref & ~EG_REF_PREDICATE];

        return predicate->slot == slot ||
               (predicate->kind == EG_PREDICATE_FIELD && predicate->other == slot);
    }
    const eg_node *node = &set->nodes[ref];

    for (uint32_t i = 0; i < node->count; i++) {
        if (node_reads(set, set->children[node->first + i], slot)) {
            return true;
        }
    }
    return false;
}

static bool lists(const eg_str *names, size_t count, eg_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (eg_str_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* Does it group by the field, count its values, or call it by another name? */
static bool correlation_reads(const eg_correlation *correlation, eg_str field)
{
    for (size_t i = 0; i < correlation->alias_count; i++) {
        if (eg_str_equal(correlation->aliases[i].field, field)) {
            return true;
        }
    }
    return lists(correlation->group_by, correlation->group_count, field) ||
           lists(correlation->fields, correlation->field_count, field);
}

bool eg_sigma_set_reads(const eg_sigma_set *set, size_t index, eg_str field)
{
    const eg_correlations *all = set->correlations;
    eg_slot slot = eg_slot_find(&set->slots, field);

    if (!eg_sigma_set_is_correlation(set, index) && slot != EG_SLOT_NONE &&
        node_reads(set, set->rules[index].root, slot)) {
        return true;
    }
    for (uint32_t i = all ? all->user_first[index] : 0; all && i < all->user_first[index + 1];
         i++) {
        const eg_correlation *user = &all->items[all->users[i]];

        if (correlation_reads(user, field) || eg_sigma_set_reads(set, user->rule, field)) {
            return true;
        }
    }
    return false;
}
