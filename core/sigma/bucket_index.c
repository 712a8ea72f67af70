/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/bucket_index.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define COMMON_SHARE 0.1
#define FOLDED_MAX (4u * 1024 * 1024)

typedef struct index_builder {
    eg_sigma_set *set;
    const eg_ordinary *ordinary;
    eg_arena *folded;      /* literals that had to be folded; of the log source at hand */
    uint32_t *last_bucket; /* by predicate: log source it was last taken for, + 1 */
    uint32_t *members;     /* predicates to be found, of the log source at hand */
    size_t member_count;
    eg_literal *literals;
} index_builder;

bool eg_bucket_index_can(const eg_predicate *predicate)
{
    return predicate->kind == EG_PREDICATE_STRING &&
           predicate->want.pattern.kind != EG_PATTERN_ANY &&
           eg_pattern_literal(&predicate->want.pattern).len > 0;
}

bool eg_bucket_index_wants(const eg_predicate *predicate, const eg_ordinary *ordinary)
{
    const eg_pattern *pattern = &predicate->want.pattern;
    eg_str text;

    if (!eg_bucket_index_can(predicate) ||
        (pattern->kind != EG_PATTERN_CONTAINS && pattern->kind != EG_PATTERN_GLOB)) {
        return false;
    }
    text = eg_pattern_literal(pattern);
    return text.len >= EG_GRAM_BYTES && eg_ordinary_share_of_text(ordinary, text) < COMMON_SHARE;
}

/* ---- which predicates ---- */

/* An end of a value or all of it: looked up at once with all others of its kind. */
static bool is_lookup(const eg_predicate *predicate)
{
    return eg_bucket_index_can(predicate) && predicate->want.pattern.kind != EG_PATTERN_CONTAINS &&
           predicate->want.pattern.kind != EG_PATTERN_GLOB;
}

static void mark_indexed(eg_sigma_set *set, uint32_t number)
{
    set->indexed[number / 64] |= UINT64_C(1) << (number % 64);
}

/* A rule that is asked of every event asks its predicates of every event. */
static void mark_lookups(eg_sigma_set *set, eg_ref ref)
{
    const eg_node *node;
    uint32_t i;

    if (ref & EG_REF_PREDICATE) {
        if (is_lookup(&set->predicates[ref & ~EG_REF_PREDICATE])) {
            mark_indexed(set, ref & ~EG_REF_PREDICATE);
        }
        return;
    }
    node = &set->nodes[ref];
    for (i = 0; i < node->count; i++) {
        mark_lookups(set, set->children[node->first + i]);
    }
}

/* What is indexed is so in every log source: that it was not found must mean the same there. */
static void choose_predicates(index_builder *b)
{
    eg_sigma_set *set = b->set;
    uint32_t number;
    size_t i, j;

    for (number = 0; number < set->predicate_count; number++) {
        if (set->posting_first[number] < set->posting_first[number + 1] ||
            eg_bucket_index_wants(&set->predicates[number], b->ordinary)) {
            mark_indexed(set, number);
        }
    }
    for (i = 0; i < set->bucket_count; i++) {
        for (j = 0; j < set->buckets[i].always_count; j++) {
            mark_lookups(set, set->rules[set->buckets[i].always[j].rule].root);
        }
    }
}

static void take_tree(index_builder *b, eg_ref ref, uint32_t bucket)
{
    uint32_t number = ref & ~EG_REF_PREDICATE, i;
    const eg_node *node;

    if (ref & EG_REF_PREDICATE) {
        if (eg_set_is_indexed(b->set, number) && b->last_bucket[number] != bucket + 1) {
            b->last_bucket[number] = bucket + 1;
            b->members[b->member_count++] = number;
        }
        return;
    }
    node = &b->set->nodes[ref];
    for (i = 0; i < node->count; i++) {
        take_tree(b, b->set->children[node->first + i], bucket);
    }
}

/* ---- one index ---- */

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
    if (!predicate->want.pattern.cased) {
        return EG_OK;
    }
    eg_buf_init(&folded, FOLDED_MAX);
    status = eg_fold_str(&folded, out->text);
    copy = status == EG_OK ? eg_arena_copy(arena, eg_buf_cstr(&folded), folded.len) : NULL;
    out->text = (eg_str){copy, folded.len};
    eg_buf_done(&folded);
    return copy ? EG_OK : EG_E_NOMEM;
}

/* The members of one slot, if there are any, become its index. */
static int build_slot(index_builder *b, eg_bucket *bucket, eg_slot slot)
{
    size_t count = 0, i;
    int status = EG_OK;
    eg_slot_index *index = &bucket->indexes[bucket->index_count];

    for (i = 0; i < b->member_count && status == EG_OK; i++) {
        const eg_predicate *predicate = &b->set->predicates[b->members[i]];

        if (predicate->slot == slot) {
            status = make_literal(b->folded, predicate, b->members[i], &b->literals[count++]);
        }
    }
    if (status != EG_OK || count == 0) {
        return status;
    }
    index->slot = slot;
    status = eg_literal_index_create(b->literals, count, b->ordinary, &index->literals);
    if (status == EG_OK) {
        bucket->index_count++;
    }
    return status;
}

static size_t count_slots(const index_builder *b, bool *used)
{
    size_t slots = 0, i;

    memset(used, 0, b->set->slots.count * sizeof(*used));
    for (i = 0; i < b->member_count; i++) {
        eg_slot slot = b->set->predicates[b->members[i]].slot;

        slots += used[slot] ? 0 : 1;
        used[slot] = true;
    }
    return slots;
}

/* ---- all of them ---- */

static int build_bucket(index_builder *b, uint32_t number, const uint32_t *rules, size_t count,
                        bool *used)
{
    eg_bucket *bucket = &b->set->buckets[number];
    size_t i;
    int status = EG_OK;

    b->member_count = 0;
    eg_arena_reset(b->folded);
    for (i = 0; i < count; i++) {
        take_tree(b, b->set->rules[rules[i]].root, number);
    }
    bucket->indexes = eg_alloc_zero(count_slots(b, used), sizeof(*bucket->indexes));
    if (!bucket->indexes) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < b->set->slots.count && status == EG_OK; i++) {
        if (used[i]) {
            status = build_slot(b, bucket, (eg_slot)i);
        }
    }
    return status;
}

/* The rules of each log source together: first[n] to first[n + 1] of the list. */
static void sort_rules(const eg_sigma_set *set, size_t *first, uint32_t *rules)
{
    uint32_t rule;
    size_t i;

    for (rule = 0; rule < set->rule_count; rule++) {
        first[set->rules[rule].bucket + 2]++;
    }
    for (i = 2; i < set->bucket_count + 2; i++) {
        first[i] += first[i - 1];
    }
    for (rule = 0; rule < set->rule_count; rule++) {
        rules[first[set->rules[rule].bucket + 1]++] = rule;
    }
}

/* No condition names them, so no index has them; explanations ask them all the same. */
static void forget_unused(const index_builder *b)
{
    size_t i;

    for (i = 0; i < b->set->predicate_count; i++) {
        if (b->last_bucket[i] == 0) {
            b->set->indexed[i / 64] &= ~(UINT64_C(1) << (i % 64));
        }
    }
}

static int build_all(index_builder *b)
{
    eg_sigma_set *set = b->set;
    size_t *first = eg_alloc_zero(set->bucket_count + 2, sizeof(*first));
    uint32_t *rules = eg_alloc_zero(set->rule_count, sizeof(*rules));
    bool *used = eg_alloc_zero(set->slots.count, sizeof(*used));
    uint32_t i;
    int status = first && rules && used ? EG_OK : EG_E_NOMEM;

    if (status == EG_OK) {
        choose_predicates(b);
        sort_rules(set, first, rules);
    }
    for (i = 0; i < set->bucket_count && status == EG_OK; i++) {
        status = build_bucket(b, i, rules + first[i], first[i + 1] - first[i], used);
    }
    if (status == EG_OK) {
        forget_unused(b);
    }
    eg_free(first);
    eg_free(rules);
    eg_free(used);
    return status;
}

int eg_bucket_index_build(eg_sigma_set *set, const eg_ordinary *ordinary)
{
    index_builder b = {set, ordinary, NULL, NULL, NULL, 0, NULL};
    int status = eg_arena_create(&b.folded, 4096);

    if (status != EG_OK) {
        return status;
    }
    b.last_bucket = eg_alloc_zero(set->predicate_count, sizeof(*b.last_bucket));
    b.members = eg_alloc_zero(set->predicate_count, sizeof(*b.members));
    b.literals = eg_alloc_zero(set->predicate_count, sizeof(*b.literals));
    set->indexed = eg_alloc_zero(set->predicate_count / 64 + 1, sizeof(*set->indexed));
    status = set->indexed && b.last_bucket && b.members && b.literals ? build_all(&b) : EG_E_NOMEM;
    eg_free(b.last_bucket);
    eg_free(b.members);
    eg_free(b.literals);
    eg_arena_destroy(b.folded);
    return status;
}
