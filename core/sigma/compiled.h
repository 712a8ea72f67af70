/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of a compiled set: what the compiler builds and the matcher reads.
 *
 * A rule is a tree over predicates. Its witnesses are predicates of which one must be true when the
 * rule is met; only rules with a true witness are looked at. Rules without any (they only say what
 * must not be) stand in the `always` list of their log source, each with the likeliest predicate
 * that rules it out, which many of them share.
 *
 * Each log source has literal indexes of its own, one a field, so that an event pays only for what
 * its rules look for. A predicate is in them when it is a witness, or a text to be found anywhere
 * in a value; what is left is cheap to ask and asked when a rule comes to it.
 */
#ifndef EG_SIGMA_COMPILED_H
#define EG_SIGMA_COMPILED_H

#include "core/sigma/literal_index.h"
#include "core/sigma/predicate.h"
#include "core/sigma/set.h"

/* A predicate (highest bit set) or a node of the tree. */
typedef uint32_t eg_ref;
#define EG_REF_PREDICATE UINT32_C(0x80000000)

typedef enum eg_node_kind { EG_NODE_AND, EG_NODE_OR, EG_NODE_NOT, EG_NODE_COUNT } eg_node_kind;

/* AND of nothing is true, OR of nothing false. Children are in the order they are asked. */
typedef struct eg_node {
    uint32_t kind; /* eg_node_kind */
    uint32_t need; /* of EG_NODE_COUNT */
    uint32_t first;
    uint32_t count;
} eg_node;

typedef struct eg_compiled_rule {
    eg_ref root;
    uint16_t bucket;
} eg_compiled_rule;

typedef struct eg_slot_index {
    eg_slot slot;
    eg_literal_index *literals;
} eg_slot_index;

/* A rule without witnesses. */
typedef struct eg_always {
    uint32_t rule;
    uint32_t refuter; /* the rule is not met when this predicate is true; EG_NO_PREDICATE: none */
} eg_always;
#define EG_NO_PREDICATE UINT32_MAX

/* The rules of one log source. */
typedef struct eg_bucket {
    eg_logsource logsource;
    bool keywords; /* some rule asks for text in any field */
    eg_slot_index *indexes;
    size_t index_count;
    eg_always *always; /* those of the same refuter together, those without one first */
    size_t always_count, always_capacity;
} eg_bucket;

/* Names of fields that rules use, numbered from 1; 0 is EG_SLOT_KEYWORD. */
typedef struct eg_slot_table {
    eg_str *names;
    size_t count, capacity;
    eg_slot known[EG_FIELD_COUNT];
    eg_slot *by_name; /* hash table */
    size_t by_name_size;
} eg_slot_table;

typedef struct eg_correlations eg_correlations; /* correlation.h */

struct eg_sigma_set {
    eg_arena *arena;
    eg_rule_info *infos;
    eg_compiled_rule *rules;
    size_t rule_count;
    eg_node *nodes;
    size_t node_count;
    eg_ref *children;
    size_t child_count;
    eg_predicate *predicates;
    size_t predicate_count;
    eg_bucket *buckets;
    size_t bucket_count;
    eg_slot_table slots;
    uint64_t *indexed;       /* by predicate, a bit: an index finds it */
    uint32_t *posting_first; /* by predicate; its postings end where the next one's begin */
    uint32_t *postings;      /* rules that this predicate is a witness of */
    size_t posting_count;
    const eg_correlations *correlations; /* the last rules of the set; NULL when there are none */
    eg_sigma_stats stats;
};

static inline bool eg_set_is_indexed(const eg_sigma_set *set, size_t predicate)
{
    return set->indexed[predicate / 64] >> (predicate % 64) & 1;
}

/* For explanations: does the event last matched, of a log source of the set, meet this? */
bool eg_matcher_holds(eg_sigma_matcher *matcher, eg_ref ref);

/* Copies the texts into the arena. */
int eg_rule_info_copy(eg_arena *arena, const eg_rule_info *info, eg_rule_info *out);

/* The slot of a name; EG_SLOT_NONE when no rule uses it. */
eg_slot eg_slot_find(const eg_slot_table *table, eg_str name);

#endif
