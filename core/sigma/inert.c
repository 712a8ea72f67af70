/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/inert.h"

typedef struct inert_check {
    const eg_sigma_set *set;
    eg_logsource logsource;
    eg_slot lacking; /* the field that is not filled, once one mattered */
} inert_check;

static bool is_filled(inert_check *check, eg_slot slot)
{
    if (slot == EG_SLOT_KEYWORD ||
        eg_logsource_has_field(check->logsource, check->set->slots.names[slot]))
        return true;
    check->lacking = slot;
    return false;
}

/* A field that is never filled is missing in every event: some questions have one answer then. */
static bool predicate_may_be(inert_check *check, const eg_predicate *predicate, bool value)
{
    if (predicate->kind == EG_PREDICATE_FIELD && !is_filled(check, predicate->other))
        return !value;
    if (is_filled(check, predicate->slot))
        return true;
    return (predicate->kind == EG_PREDICATE_MISSING) == value;
}

static bool may_be(inert_check *check, eg_ref ref, bool value)
{
    const eg_node *node;
    uint32_t able = 0, i;

    if (ref & EG_REF_PREDICATE)
        return predicate_may_be(check, &check->set->predicates[ref & ~EG_REF_PREDICATE], value);
    node = &check->set->nodes[ref];
    if (node->kind == EG_NODE_NOT)
        return may_be(check, check->set->children[node->first], !value);
    for (i = 0; i < node->count; i++)
        able += may_be(check, check->set->children[node->first + i], value) ? 1 : 0;
    switch ((eg_node_kind)node->kind) {
    case EG_NODE_AND: return value ? able == node->count : able > 0;
    case EG_NODE_OR: return value ? able > 0 : able == node->count;
    case EG_NODE_COUNT:
        return value ? able >= node->need : node->need > 0 && able > node->count - node->need;
    case EG_NODE_NOT: break;
    }
    return true;
}

size_t eg_inert_report(const eg_sigma_set *set, const eg_report *report)
{
    size_t inert = 0, i;

    for (i = 0; i < set->rule_count; i++) {
        const eg_rule_info *info = &set->infos[i];
        inert_check check = {set, info->logsource, EG_SLOT_NONE};

        if (!eg_logsource_has_sensor(info->logsource)) {
            eg_report_problem(report, EG_PROBLEM_INERT, info->file, 0, info->id,
                              "no sensor feeds log source %s", eg_logsource_name(info->logsource));
            inert++;
        } else if (!may_be(&check, set->rules[i].root, true)) {
            eg_str name = set->slots.names[check.lacking];

            eg_report_problem(report, EG_PROBLEM_INERT, info->file, 0, info->id,
                              "no sensor fills field %.*s of %s", EG_STR_ARGS(name),
                              eg_logsource_name(info->logsource));
            inert++;
        }
    }
    return inert;
}
