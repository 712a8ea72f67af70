/* SPDX-License-Identifier: Apache-2.0 */
/* Answering predicates, and the trees that rules make of them. */
#include "core/sigma/matcher.h"

#include "core/base/log.h"
#include "core/base/status.h"

static bool regex_holds(eg_sigma_matcher *m, const eg_predicate *predicate, eg_value_view *v)
{
    bool found = false;
    eg_str text = eg_matcher_valid_text(m, v);
    int status = m->status;

    if (status == EG_OK) {
        status = eg_regex_search(predicate->want.regex->code, m->regex, text, &found);
    }
    if (status == EG_E_NOMEM) {
        m->status = status;
    }
    if (status == EG_E_LIMIT && !m->limit_told) {
        m->limit_told = true;
        eg_log(EG_LOG_WARNING, "sigma", "%s: %.200s", eg_error_message(),
               predicate->want.regex->source.ptr);
    }
    return found;
}

static bool value_holds(eg_sigma_matcher *m, const eg_predicate *predicate, eg_value_view *v)
{
    eg_address address;
    double number;

    switch ((eg_predicate_kind)predicate->kind) {
    case EG_PREDICATE_STRING:
        return eg_pattern_matches(&predicate->want.pattern,
                                  predicate->want.pattern.cased ? v->raw : eg_matcher_folded(m, v));
    case EG_PREDICATE_REGEX: return regex_holds(m, predicate, v);
    case EG_PREDICATE_NETWORK:
        return eg_address_parse(v->raw, &address) &&
               eg_network_contains(predicate->want.network, &address);
    case EG_PREDICATE_NUMBER:
        return eg_number_parse(v->raw, &number) && eg_predicate_compare(predicate, number);
    default: return false;
    }
}

static bool field_holds(eg_sigma_matcher *m, const eg_predicate *predicate)
{
    eg_value_view *a = eg_matcher_value(m, predicate->slot),
                  *b = eg_matcher_value(m, predicate->other);
    eg_pattern pattern;

    if (!a || !b) {
        return false;
    }
    pattern.kind = (eg_pattern_kind)predicate->order;
    pattern.cased = predicate->cased;
    if (predicate->cased) {
        pattern.text = b->raw;
        return eg_pattern_matches(&pattern, a->raw);
    }
    pattern.text = eg_matcher_folded(m, b);
    return eg_pattern_matches(&pattern, eg_matcher_folded(m, a));
}

static bool ask(eg_sigma_matcher *m, const eg_predicate *predicate)
{
    eg_value_view *v;
    size_t i;

    if (predicate->slot == EG_SLOT_KEYWORD) {
        for (i = 0; i < m->value_count; i++) {
            if (value_holds(m, predicate, &m->values[i])) {
                return true;
            }
        }
        return false;
    }
    v = eg_matcher_value(m, predicate->slot);
    if (predicate->kind == EG_PREDICATE_MISSING) {
        return !v;
    }
    if (predicate->kind == EG_PREDICATE_PRESENT) {
        return v != NULL;
    }
    if (predicate->kind == EG_PREDICATE_FIELD) {
        return field_holds(m, predicate);
    }
    return v && value_holds(m, predicate, v);
}

bool eg_matcher_ask(eg_sigma_matcher *m, uint32_t number)
{
    bool answer = ask(m, &m->set->predicates[number]);

    m->answers[number] = m->generation << 1 | (answer ? 1 : 0);
    return answer;
}

static bool node_holds(eg_sigma_matcher *m, const eg_node *node);

static inline bool holds(eg_sigma_matcher *m, eg_ref ref)
{
    if (ref & EG_REF_PREDICATE) {
        return eg_matcher_predicate_holds(m, ref & ~EG_REF_PREDICATE);
    }
    return node_holds(m, &m->set->nodes[ref]);
}

static bool node_holds(eg_sigma_matcher *m, const eg_node *node)
{
    const eg_ref *child = m->set->children + node->first, *end = child + node->count;
    uint32_t met = 0;

    switch ((eg_node_kind)node->kind) {
    case EG_NODE_AND:
        while (child < end && holds(m, *child)) {
            child++;
        }
        return child == end;
    case EG_NODE_OR:
        while (child < end && !holds(m, *child)) {
            child++;
        }
        return child < end;
    case EG_NODE_NOT: return !holds(m, *child);
    case EG_NODE_COUNT:
        for (; child < end && met < node->need; child++) {
            met += holds(m, *child) ? 1 : 0;
        }
        return met >= node->need;
    }
    return false;
}

bool eg_matcher_holds(eg_sigma_matcher *m, eg_ref ref)
{
    return holds(m, ref);
}
