/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/inert.h"

#define NAMES_MAX 4096

typedef struct inert_check {
    const eg_sigma_set *set;
    eg_logsource logsource;
    eg_sigma_inert *found; /* holds the fields that keep what was asked so far from being met */
} inert_check;

static void add_lacking(eg_sigma_inert *found, eg_str name)
{
    size_t i;

    for (i = 0; i < found->lacking_count; i++) {
        if (eg_str_equal(found->lacking[i], name)) {
            return;
        }
    }
    if (found->lacking_count < EG_SIGMA_LACKING_MAX) {
        found->lacking[found->lacking_count++] = name;
    }
}

static bool is_filled(const inert_check *check, eg_slot slot)
{
    return slot == EG_SLOT_KEYWORD ||
           eg_logsource_has_field(check->logsource, check->set->slots.names[slot]);
}

/* An EventID that no sensor makes for this log source: System 7036 is not read, 7045 is. */
static bool is_never_equal(const inert_check *check, const eg_predicate *predicate)
{
    return predicate->kind == EG_PREDICATE_STRING && predicate->slot != EG_SLOT_KEYWORD &&
           predicate->want.pattern.kind == EG_PATTERN_EQUALS &&
           eg_str_equal(check->set->slots.names[predicate->slot], EG_STR("EventID")) &&
           !eg_logsource_has_event(check->logsource, predicate->want.pattern.text);
}

/* A field that is never filled is missing in every event: some questions have one answer then. */
static bool predicate_may_be(const inert_check *check, const eg_predicate *predicate, bool value)
{
    eg_slot lacking = predicate->slot;
    bool may = (predicate->kind == EG_PREDICATE_MISSING) == value;

    if (predicate->kind == EG_PREDICATE_FIELD && !is_filled(check, predicate->other)) {
        lacking = predicate->other;
        may = !value;
    } else if (is_never_equal(check, predicate)) {
        may = !value;
    } else if (is_filled(check, predicate->slot)) {
        return true;
    }
    if (!may) {
        add_lacking(check->found, check->set->slots.names[lacking]);
    }
    return may;
}

static bool may_be(const inert_check *check, eg_ref ref, bool value);

static bool node_may_be(const inert_check *check, const eg_node *node, bool value)
{
    uint32_t able = 0, i;

    if (node->kind == EG_NODE_NOT) {
        return may_be(check, check->set->children[node->first], !value);
    }
    for (i = 0; i < node->count; i++) {
        able += may_be(check, check->set->children[node->first + i], value) ? 1 : 0;
    }
    switch ((eg_node_kind)node->kind) {
    case EG_NODE_AND: return value ? able == node->count : able > 0;
    case EG_NODE_OR: return value ? able > 0 : able == node->count;
    case EG_NODE_COUNT:
        return value ? able >= node->need : node->need > 0 && able > node->count - node->need;
    case EG_NODE_NOT: break;
    }
    return true;
}

static bool may_be(const inert_check *check, eg_ref ref, bool value)
{
    size_t before = check->found->lacking_count;
    bool may;

    if (ref & EG_REF_PREDICATE) {
        return predicate_may_be(check, &check->set->predicates[ref & ~EG_REF_PREDICATE], value);
    }
    may = node_may_be(check, &check->set->nodes[ref], value);
    if (may) {
        check->found->lacking_count = before; /* what is lacking below does not matter */
    }
    return may;
}

/* ---- correlations: they live on the rules they refer to ---- */

static bool is_inert_part(const eg_sigma_set *set, const bool *inert, uint32_t rule,
                          eg_sigma_inert *why)
{
    size_t first = set->rule_count - eg_sigma_set_correlations(set);

    return rule < first ? eg_sigma_set_inert(set, rule, why) : inert[rule - first];
}

bool eg_inert_correlation(const eg_sigma_set *set, const eg_correlation *correlation,
                          const bool *inert)
{
    bool temporal = correlation->type == EG_CORRELATION_TEMPORAL ||
                    correlation->type == EG_CORRELATION_TEMPORAL_ORDERED;
    size_t need = temporal && correlation->range.low > 1 ? correlation->range.low : 1;
    size_t able = 0, i;
    eg_sigma_inert why;

    for (i = 0; i < correlation->part_count; i++) {
        able += is_inert_part(set, inert, correlation->parts[i], &why) ? 0 : 1;
    }
    return able < need;
}

/* Of an inert correlation: what makes the first inert one of its rules so. */
static bool why_inert(const eg_sigma_set *set, size_t index, eg_sigma_inert *out)
{
    const eg_correlations *all = set->correlations;

    while (index >= all->first) {
        const eg_correlation *correlation = &all->items[index - all->first];
        size_t i = 0;

        if (!all->inert[index - all->first]) {
            return false;
        }
        while (!is_inert_part(set, all->inert, correlation->parts[i], out)) {
            i++;
        }
        index = correlation->parts[i];
    }
    return eg_sigma_set_inert(set, index, out);
}

bool eg_sigma_set_inert(const eg_sigma_set *set, size_t index, eg_sigma_inert *out)
{
    const eg_rule_info *info = &set->infos[index];
    inert_check check = {set, info->logsource, out};

    if (eg_sigma_set_is_correlation(set, index)) {
        return why_inert(set, index, out);
    }
    out->lacking_count = 0;
    out->source = !eg_logsource_has_sensor(info->logsource);
    return out->source || !may_be(&check, set->rules[index].root, true);
}

static void report_lacking(const eg_rule_info *info, const eg_sigma_inert *inert,
                           const eg_report *report)
{
    eg_buf names;
    size_t i;

    eg_buf_init(&names, NAMES_MAX);
    for (i = 0; i < inert->lacking_count; i++) {
        eg_buf_appendf(&names, "%s%.*s", i ? ", " : "", EG_STR_ARGS(inert->lacking[i]));
    }
    eg_report_problem(report, EG_PROBLEM_INERT, info->file, 0, info->id,
                      "no sensor fills field %s of %s", eg_buf_cstr(&names),
                      eg_logsource_name(info->logsource));
    eg_buf_done(&names);
}

size_t eg_inert_report(const eg_sigma_set *set, const eg_report *report)
{
    size_t count = 0, i;

    for (i = 0; i < set->rule_count; i++) {
        const eg_rule_info *info = &set->infos[i];
        eg_sigma_inert inert;

        if (!eg_sigma_set_inert(set, i, &inert)) {
            continue;
        }
        count++;
        if (eg_sigma_set_is_correlation(set, i)) {
            eg_report_problem(report, EG_PROBLEM_INERT, info->file, 0, info->id,
                              "too many of the rules it refers to are inert");
        } else if (inert.source) {
            eg_report_problem(report, EG_PROBLEM_INERT, info->file, 0, info->id,
                              "no sensor feeds log source %s", eg_logsource_name(info->logsource));
        } else {
            report_lacking(info, &inert, report);
        }
    }
    return count;
}
