/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/witness.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <stdlib.h>
#include <string.h>

#define NEVER_FOUND 1e9 /* chance of what the index does not find */
#define FOLDED_MAX (4u * 1024 * 1024)

typedef struct planner {
    eg_sigma_set *set;
    double *cost;   /* by node: of asking all of it */
    double *chance; /* by node: how often its witnesses are true; NEVER_FOUND when it has none */
    uint32_t *last_rule; /* by predicate: rule it was last taken for, so that none is taken twice */
} planner;

/* ---- estimates ---- */

/* What nearly every path or command line holds says little. */
static bool is_commonplace(eg_str text)
{
    static const char *const common[] = {"c:\\windows\\system32\\",
                                         "c:\\windows\\syswow64\\",
                                         "c:\\program files (x86)\\",
                                         "c:\\users\\public\\appdata\\local\\temp\\",
                                         "\\appdata\\roaming\\",
                                         "hklm\\software\\microsoft\\windows\\currentversion\\",
                                         "\\registry\\machine\\system\\",
                                         "system\\currentcontrolset\\services\\",
                                         "microsoft corporation",
                                         "https://www.",
                                         ".exe -"};
    size_t i;

    for (i = 0; i < EG_COUNT(common); i++) {
        if (eg_pattern_find(eg_str_from(common[i]), 0, text) != SIZE_MAX)
            return true;
    }
    return false;
}

static double pattern_chance(const eg_pattern *pattern)
{
    static const double by_length[] = {1, 0.6, 0.3, 0.15, 0.08, 0.05, 0.03, 0.02};
    eg_str text = eg_pattern_literal(pattern);

    if (is_commonplace(text))
        return 0.5;
    switch (pattern->kind) {
    case EG_PATTERN_EQUALS: return text.len < 6 ? 0.05 : 0.001;
    case EG_PATTERN_SUFFIX: return text.len < 5 ? 0.2 : 0.01;
    case EG_PATTERN_PREFIX: return text.len < 5 ? 0.2 : 0.02;
    default: return text.len < EG_COUNT(by_length) ? by_length[text.len] : 0.1 / (double)text.len;
    }
}

static double predicate_cost(const eg_predicate *predicate)
{
    if (predicate->indexed)
        return 1;
    switch ((eg_predicate_kind)predicate->kind) {
    case EG_PREDICATE_MISSING:
    case EG_PREDICATE_PRESENT: return 1;
    case EG_PREDICATE_STRING: return 3;
    case EG_PREDICATE_REGEX: return 100000;
    default: return 10;
    }
}

static double ref_cost(const planner *p, eg_ref ref)
{
    return ref & EG_REF_PREDICATE ? predicate_cost(&p->set->predicates[ref & ~EG_REF_PREDICATE])
                                  : p->cost[ref];
}

static double ref_chance(const planner *p, eg_ref ref)
{
    const eg_predicate *predicate;

    if (!(ref & EG_REF_PREDICATE))
        return p->chance[ref];
    predicate = &p->set->predicates[ref & ~EG_REF_PREDICATE];
    return predicate->indexed ? pattern_chance(&predicate->want.pattern) : NEVER_FOUND;
}

static double node_chance(const planner *p, const eg_node *node)
{
    double best = NEVER_FOUND, sum = 0;
    uint32_t i;

    if (node->kind == EG_NODE_NOT || (node->kind == EG_NODE_COUNT && node->need == 0))
        return NEVER_FOUND;
    for (i = 0; i < node->count; i++) {
        double chance = ref_chance(p, p->set->children[node->first + i]);

        best = chance < best ? chance : best;
        sum += chance;
    }
    if (node->kind == EG_NODE_AND)
        return best;
    return sum < NEVER_FOUND ? sum : NEVER_FOUND;
}

/* ---- order of questions ---- */

/* Stable, so that the same rules always give the same set. Lists are short or sorted already. */
static void sort_children(const planner *p, const eg_node *node)
{
    eg_ref *children = p->set->children + node->first;
    uint32_t i, j;

    for (i = 1; i < node->count; i++) {
        eg_ref ref = children[i];
        double cost = ref_cost(p, ref);

        for (j = i; j > 0 && ref_cost(p, children[j - 1]) > cost; j--)
            children[j] = children[j - 1];
        children[j] = ref;
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
        for (j = 0; j < node->count; j++)
            p->cost[i] += ref_cost(p, p->set->children[node->first + j]);
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
    if (node->kind == EG_NODE_AND && node->count > 0)
        each_witness(p, best, rule, found);
}

static int add_always(eg_bucket *bucket, uint32_t rule)
{
    if (bucket->always_count == bucket->always_capacity) {
        size_t capacity = bucket->always_capacity ? bucket->always_capacity * 2 : 8;
        uint32_t *always = eg_realloc(bucket->always, capacity * sizeof(*always));

        if (!always)
            return EG_E_NOMEM;
        bucket->always = always;
        bucket->always_capacity = capacity;
    }
    bucket->always[bucket->always_count++] = rule;
    return EG_OK;
}

static void each_rule(planner *p, witness_found found)
{
    uint32_t rule;

    memset(p->last_rule, 0, p->set->predicate_count * sizeof(*p->last_rule));
    for (rule = 0; rule < p->set->rule_count; rule++) {
        if (ref_chance(p, p->set->rules[rule].root) < NEVER_FOUND)
            each_witness(p, p->set->rules[rule].root, rule, found);
    }
}

static int build_postings(planner *p)
{
    eg_sigma_set *set = p->set;
    uint32_t rule;
    size_t i;

    set->posting_first = eg_alloc_zero(set->predicate_count + 2, sizeof(*set->posting_first));
    if (!set->posting_first)
        return EG_E_NOMEM;
    each_rule(p, count_posting);
    set->postings = eg_alloc_zero(set->posting_count, sizeof(*set->postings));
    if (!set->postings)
        return EG_E_NOMEM;
    for (i = 2; i < set->predicate_count + 2; i++)
        set->posting_first[i] += set->posting_first[i - 1];
    each_rule(p, fill_posting);
    for (rule = 0; rule < set->rule_count; rule++) {
        if (ref_chance(p, set->rules[rule].root) >= NEVER_FOUND &&
            add_always(&set->buckets[set->rules[rule].bucket], rule) != EG_OK)
            return EG_E_NOMEM;
    }
    return EG_OK;
}

/* ---- what the index finds ---- */

static bool is_indexable(const eg_predicate *predicate)
{
    return predicate->kind == EG_PREDICATE_STRING &&
           predicate->want.pattern.kind != EG_PATTERN_ANY &&
           eg_pattern_literal(&predicate->want.pattern).len > 0;
}

static eg_anchor anchor_of(eg_pattern_kind kind)
{
    switch (kind) {
    case EG_PATTERN_EQUALS: return EG_ANCHOR_WHOLE;
    case EG_PATTERN_PREFIX: return EG_ANCHOR_HEAD;
    case EG_PATTERN_SUFFIX: return EG_ANCHOR_TAIL;
    default: return EG_ANCHOR_INSIDE;
    }
}

/* Texts are looked for in folded values: a case-sensitive one is folded, and verified later. */
static int make_literal(eg_arena *arena, const eg_predicate *predicate, uint32_t id,
                        eg_literal *out)
{
    eg_buf folded;
    char *copy;
    int status;

    out->id = id;
    out->anchor = anchor_of(predicate->want.pattern.kind);
    out->text = eg_pattern_literal(&predicate->want.pattern);
    if (!predicate->want.pattern.cased)
        return EG_OK;
    eg_buf_init(&folded, FOLDED_MAX);
    status = eg_fold_str(&folded, out->text);
    copy = status == EG_OK ? eg_arena_copy(arena, eg_buf_cstr(&folded), folded.len) : NULL;
    out->text = (eg_str){copy, folded.len};
    eg_buf_done(&folded);
    return copy ? EG_OK : EG_E_NOMEM;
}

/* The predicates of one slot stand in members[first[slot]] to members[first[slot + 1]]. */
static int build_slot(eg_sigma_set *set, size_t slot, const uint32_t *members, size_t count)
{
    eg_literal *literals;
    eg_arena *arena;
    size_t i;
    int status;

    if (count == 0)
        return EG_OK;
    status = eg_arena_create(&arena, 4096);
    if (status != EG_OK)
        return status;
    literals = eg_alloc_zero(count, sizeof(*literals));
    status = literals ? EG_OK : EG_E_NOMEM;
    for (i = 0; i < count && status == EG_OK; i++)
        status = make_literal(arena, &set->predicates[members[i]], members[i], &literals[i]);
    if (status == EG_OK)
        status = eg_literal_index_create(literals, count, &set->indexes[slot]);
    eg_free(literals);
    eg_arena_destroy(arena);
    return status;
}

static int build_indexes(eg_sigma_set *set)
{
    size_t *first = eg_alloc_zero(set->slots.count + 2, sizeof(*first));
    uint32_t *members = eg_alloc_zero(set->predicate_count, sizeof(*members));
    size_t i;
    int status = EG_OK;

    set->indexes = eg_alloc_zero(set->slots.count, sizeof(*set->indexes));
    if (!first || !members || !set->indexes)
        status = EG_E_NOMEM;
    for (i = 0; i < set->predicate_count && status == EG_OK; i++) {
        set->predicates[i].indexed = is_indexable(&set->predicates[i]);
        if (set->predicates[i].indexed)
            first[set->predicates[i].slot + 2]++;
    }
    for (i = 2; i <= set->slots.count + 1 && status == EG_OK; i++)
        first[i] += first[i - 1];
    for (i = 0; i < set->predicate_count && status == EG_OK; i++) {
        if (set->predicates[i].indexed)
            members[first[set->predicates[i].slot + 1]++] = (uint32_t)i;
    }
    for (i = 0; i < set->slots.count && status == EG_OK; i++)
        status = build_slot(set, i, members + first[i], first[i + 1] - first[i]);
    eg_free(first);
    eg_free(members);
    return status;
}

int eg_witness_build(eg_sigma_set *set)
{
    planner p = {set, NULL, NULL, NULL};
    int status = build_indexes(set);

    if (status != EG_OK)
        return status;
    p.cost = eg_alloc_zero(set->node_count, sizeof(*p.cost));
    p.chance = eg_alloc_zero(set->node_count, sizeof(*p.chance));
    p.last_rule = eg_alloc_zero(set->predicate_count, sizeof(*p.last_rule));
    if (p.cost && p.chance && p.last_rule) {
        weigh_nodes(&p);
        status = build_postings(&p);
    } else {
        status = EG_E_NOMEM;
    }
    eg_free(p.cost);
    eg_free(p.chance);
    eg_free(p.last_rule);
    return status;
}
