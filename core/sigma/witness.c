/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/witness.h"

#include "core/base/status.h"
#include "core/sigma/bucket_index.h"

#include <stdlib.h>
#include <string.h>

#define NEVER_FOUND 1e9 /* chance of what no index can find */

typedef struct planner {
    eg_sigma_set *set;
    eg_ordinary *ordinary;
    double *cost;   /* by node: of asking all of it */
    double *chance; /* by node: how often its witnesses are true; NEVER_FOUND when it has none */
    double *predicate_cost, *predicate_chance; /* the same by predicate */
    uint32_t *last_rule; /* by predicate: rule it was last taken for, so that none is taken twice */
} planner;

/* ---- estimates ---- */

/* How often a predicate is true, as its length and ordinary text make likely. */
static double pattern_chance(const eg_ordinary *ordinary, const eg_pattern *pattern)
{
    static const double by_length[] = {1, 0.9, 0.8, 0.6, 0.08, 0.05, 0.03, 0.02};
    eg_str text = eg_pattern_literal(pattern);
    double share = eg_ordinary_share_of_text(ordinary, text), guess;

    switch (pattern->kind) {
    case EG_PATTERN_EQUALS: guess = text.len < 6 ? 0.3 : 0.001; break; /* event ids, numbers */
    case EG_PATTERN_SUFFIX: /* which endings are common (.exe), the sample knows */
        guess = text.len < 4 ? 0.2 : text.len < 5 ? 0.02 : 0.004;
        break;
    case EG_PATTERN_PREFIX: guess = text.len < 5 ? 0.2 : 0.01; break;
    default: guess = text.len < EG_COUNT(by_length) ? by_length[text.len] : 0.1 / (double)text.len;
    }
    return text.len >= EG_GRAM_BYTES && share > guess ? share : guess;
}

static double predicate_cost(const planner *p, const eg_predicate *predicate)
{
    switch ((eg_predicate_kind)predicate->kind) {
    case EG_PREDICATE_MISSING:
    case EG_PREDICATE_PRESENT: return 1;
    case EG_PREDICATE_STRING: return eg_bucket_index_wants(predicate, p->ordinary) ? 1 : 3;
    case EG_PREDICATE_REGEX: return 100000;
    default: return 10;
    }
}

static double ref_cost(const planner *p, eg_ref ref)
{
    return ref & EG_REF_PREDICATE ? p->predicate_cost[ref & ~EG_REF_PREDICATE] : p->cost[ref];
}

static double ref_chance(const planner *p, eg_ref ref)
{
    return ref & EG_REF_PREDICATE ? p->predicate_chance[ref & ~EG_REF_PREDICATE] : p->chance[ref];
}

static double node_chance(const planner *p, const eg_node *node)
{
    double best = NEVER_FOUND, sum = 0;
    uint32_t i;

    if (node->kind == EG_NODE_NOT || (node->kind == EG_NODE_COUNT && node->need == 0)) {
        return NEVER_FOUND;
    }
    for (i = 0; i < node->count; i++) {
        double chance = ref_chance(p, p->set->children[node->first + i]);

        best = chance < best ? chance : best;
        sum += chance;
    }
    if (node->kind == EG_NODE_AND) {
        return best;
    }
    return sum < NEVER_FOUND ? sum : NEVER_FOUND;
}

/* ---- order of questions ---- */

/* First what costs little and fails often: of an AND; of the others, what costs little. */
static double question_rank(const planner *p, const eg_node *node, eg_ref ref)
{
    double chance = ref_chance(p, ref);

    if (node->kind != EG_NODE_AND) {
        return ref_cost(p, ref);
    }
    if (chance >= NEVER_FOUND) {
        chance = 0.5;
    }
    return ref_cost(p, ref) / (chance < 0.95 ? 1 - chance : 0.05);
}

/* Stable, so that the same rules always give the same set. Lists are short or sorted already. */
static void sort_children(const planner *p, const eg_node *node)
{
    eg_ref *children = p->set->children + node->first;
    uint32_t i, j;

    for (i = 1; i < node->count; i++) {
        eg_ref ref = children[i];
        double rank = question_rank(p, node, ref);

        for (j = i; j > 0 && question_rank(p, node, children[j - 1]) > rank; j--) {
            children[j] = children[j - 1];
        }
        children[j] = ref;
    }
}

static void weigh_predicates(planner *p)
{
    size_t i;

    for (i = 0; i < p->set->predicate_count; i++) {
        const eg_predicate *predicate = &p->set->predicates[i];

        p->predicate_cost[i] = predicate_cost(p, predicate);
        p->predicate_chance[i] = eg_bucket_index_can(predicate)
                                     ? pattern_chance(p->ordinary, &predicate->want.pattern)
                                     : NEVER_FOUND;
    }
}

/* Children have smaller numbers than the node they are in. */
static void weigh_nodes(planner *p)
{
    size_t i;
    uint32_t j;

    for (i = 0; i < p->set->node_count; i++) {
        const eg_node *node = &p->set->nodes[i];

        p->cost[i] = 1;
        for (j = 0; j < node->count; j++) {
            p->cost[i] += ref_cost(p, p->set->children[node->first + j]);
        }
        p->chance[i] = node_chance(p, node);
        sort_children(p, node);
    }
}

/* ---- witnesses ---- */

typedef void (*witness_found)(planner *p, uint32_t predicate, uint32_t rule);

static void count_posting(planner *p, uint32_t predicate, uint32_t rule)
{
    EG_UNUSED(rule);
    p->set->posting_first[predicate + 2]++;
    p->set->posting_count++;
}

/* While filling, posting_first[n + 1] is where the next one of n goes; then, where they end. */
static void fill_posting(planner *p, uint32_t predicate, uint32_t rule)
{
    p->set->postings[p->set->posting_first[predicate + 1]++] = rule;
}

static void each_witness(planner *p, eg_ref ref, uint32_t rule, witness_found found)
{
    const eg_node *node;
    eg_ref best = 0;
    double best_chance = NEVER_FOUND * 2;
    uint32_t i;

    if (ref & EG_REF_PREDICATE) {
        uint32_t predicate = ref & ~EG_REF_PREDICATE;

        if (p->last_rule[predicate] != rule + 1) {
            p->last_rule[predicate] = rule + 1;
            found(p, predicate, rule);
        }
        return;
    }
    node = &p->set->nodes[ref];
    for (i = 0; i < node->count; i++) {
        eg_ref child = p->set->children[node->first + i];

        if (node->kind != EG_NODE_AND) {
            each_witness(p, child, rule, found);
        } else if (ref_chance(p, child) < best_chance) {
            best = child;
            best_chance = ref_chance(p, child);
        }
    }
    if (node->kind == EG_NODE_AND && node->count > 0) {
        each_witness(p, best, rule, found);
    }
}

/* ---- rules without witnesses ---- */

typedef struct refuter {
    uint32_t predicate;
    double chance;
} refuter;

/* The likeliest predicate whose truth alone makes this true, or false. */
static void find_refuter(const planner *p, eg_ref ref, bool makes, refuter *best)
{
    const eg_node *node;
    uint32_t i;

    if (ref & EG_REF_PREDICATE) {
        double chance = ref_chance(p, ref);

        if (makes && chance < NEVER_FOUND && chance > best->chance) {
            *best = (refuter){ref & ~EG_REF_PREDICATE, chance};
        }
        return;
    }
    node = &p->set->nodes[ref];
    if (node->kind == EG_NODE_NOT) {
        makes = !makes;
    } else if (node->kind != (makes ? EG_NODE_OR : EG_NODE_AND)) {
        return;
    }
    for (i = 0; i < node->count; i++) {
        find_refuter(p, p->set->children[node->first + i], makes, best);
    }
}

static int add_always(planner *p, uint32_t rule)
{
    eg_bucket *bucket = &p->set->buckets[p->set->rules[rule].bucket];
    refuter found = {EG_NO_PREDICATE, 0};

    if (bucket->always_count == bucket->always_capacity) {
        size_t capacity = bucket->always_capacity ? bucket->always_capacity * 2 : 8;
        eg_always *always = eg_realloc(bucket->always, capacity * sizeof(*always));

        if (!always) {
            return EG_E_NOMEM;
        }
        bucket->always = always;
        bucket->always_capacity = capacity;
    }
    find_refuter(p, p->set->rules[rule].root, false, &found);
    bucket->always[bucket->always_count++] = (eg_always){rule, found.predicate};
    return EG_OK;
}

/* Those that nothing refutes first: one more than EG_NO_PREDICATE is 0. */
static int compare_always(const void *left, const void *right)
{
    const eg_always *a = left, *b = right;
    uint32_t first = a->refuter + 1, second = b->refuter + 1;

    if (first != second) {
        return first < second ? -1 : 1;
    }
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static int build_always(planner *p)
{
    eg_sigma_set *set = p->set;
    uint32_t rule;
    size_t i;

    for (rule = 0; rule < set->rule_count; rule++) {
        if (ref_chance(p, set->rules[rule].root) >= NEVER_FOUND && add_always(p, rule) != EG_OK) {
            return EG_E_NOMEM;
        }
    }
    for (i = 0; i < set->bucket_count; i++) {
        if (set->buckets[i].always_count > 0) {
            qsort(set->buckets[i].always, set->buckets[i].always_count, sizeof(eg_always),
                  compare_always);
        }
    }
    return EG_OK;
}

static void each_rule(planner *p, witness_found found)
{
    uint32_t rule;

    memset(p->last_rule, 0, p->set->predicate_count * sizeof(*p->last_rule));
    for (rule = 0; rule < p->set->rule_count; rule++) {
        if (ref_chance(p, p->set->rules[rule].root) < NEVER_FOUND) {
            each_witness(p, p->set->rules[rule].root, rule, found);
        }
    }
}

static int build_postings(planner *p)
{
    eg_sigma_set *set = p->set;
    size_t i;

    set->posting_first = eg_alloc_zero(set->predicate_count + 2, sizeof(*set->posting_first));
    if (!set->posting_first) {
        return EG_E_NOMEM;
    }
    each_rule(p, count_posting);
    set->postings = eg_alloc_zero(set->posting_count, sizeof(*set->postings));
    if (!set->postings) {
        return EG_E_NOMEM;
    }
    for (i = 2; i < set->predicate_count + 2; i++) {
        set->posting_first[i] += set->posting_first[i - 1];
    }
    each_rule(p, fill_posting);
    return EG_OK;
}

int eg_witness_build(eg_sigma_set *set)
{
    planner p = {set, NULL, NULL, NULL, NULL, NULL, NULL};
    int status = eg_ordinary_create(&p.ordinary);

    if (status != EG_OK) {
        return status;
    }
    p.cost = eg_alloc_zero(set->node_count, sizeof(*p.cost));
    p.chance = eg_alloc_zero(set->node_count, sizeof(*p.chance));
    p.last_rule = eg_alloc_zero(set->predicate_count, sizeof(*p.last_rule));
    p.predicate_cost = eg_alloc_zero(set->predicate_count, sizeof(*p.predicate_cost));
    p.predicate_chance = eg_alloc_zero(set->predicate_count, sizeof(*p.predicate_chance));
    if (p.cost && p.chance && p.last_rule && p.predicate_cost && p.predicate_chance) {
        weigh_predicates(&p);
        weigh_nodes(&p);
        status = build_postings(&p);
        if (status == EG_OK) {
            status = build_always(&p);
        }
    } else {
        status = EG_E_NOMEM;
    }
    if (status == EG_OK) {
        status = eg_bucket_index_build(set, p.ordinary);
    }
    eg_ordinary_destroy(p.ordinary);
    eg_free(p.cost);
    eg_free(p.chance);
    eg_free(p.last_rule);
    eg_free(p.predicate_cost);
    eg_free(p.predicate_chance);
    return status;
}
