/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event against a set: take its values, find the literals in them, look at the rules whose
 * witnesses were found.
 */
#include "core/sigma/matcher.h"

#include "core/base/status.h"

#include <string.h>

/* ---- from literals to candidates ---- */

static void add_candidate(eg_sigma_matcher *m, uint32_t rule)
{
    if (m->rule_generation[rule] == m->generation) {
        return;
    }
    m->rule_generation[rule] = m->generation;
    m->candidates[m->candidate_count++] = rule;
}

static void predicate_found(eg_sigma_matcher *m, uint32_t number)
{
    const eg_sigma_set *set = m->set;
    uint32_t i;

    m->answers[number] = m->generation << 1 | 1;
    for (i = set->posting_first[number]; i < set->posting_first[number + 1]; i++) {
        uint32_t rule = set->postings[i];

        if (m->bucket_generation[set->rules[rule].bucket] == m->generation) {
            add_candidate(m, rule);
        }
    }
}

/* Plain text where an index says that it may be. */
static bool stands_at(const eg_pattern *pattern, eg_str text, size_t at)
{
    size_t length = pattern->text.len, rest = text.len - at;

    if (rest < length || memcmp(text.ptr + at, pattern->text.ptr, length) != 0) {
        return false;
    }
    switch (pattern->kind) {
    case EG_PATTERN_CONTAINS: return true;
    case EG_PATTERN_PREFIX: return at == 0;
    case EG_PATTERN_SUFFIX: return rest == length;
    default: return at == 0 && rest == length;
    }
}

/*
 * A proposal of an index. Plain texts are compared where they should stand, as often as they are
 * proposed; anything else is asked once, of every value that it is about.
 */
static void on_proposal(void *user, uint32_t number, size_t at)
{
    eg_sigma_matcher *m = user;
    const eg_pattern *pattern = &m->set->predicates[number].want.pattern;
    uint32_t answer = m->answers[number];

    if (answer == (m->generation << 1 | 1)) {
        return;
    }
    if (pattern->kind != EG_PATTERN_GLOB && !pattern->cased) {
        if (stands_at(pattern, eg_matcher_folded(m, m->scanned), at)) {
            predicate_found(m, number);
        }
    } else if (answer >> 1 != m->generation && eg_matcher_ask(m, number)) {
        predicate_found(m, number);
    }
}

/* Found among all values, at this place of all of them. */
static void on_keyword_proposal(void *user, uint32_t number, size_t at)
{
    eg_sigma_matcher *m = user;
    size_t low = 0, high = m->value_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (m->values[middle].folded_at <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    m->scanned = &m->values[low];
    if (at - m->scanned->folded_at < m->scanned->folded_len) {
        on_proposal(m, number, at - m->scanned->folded_at);
    }
}

static void find_keywords(eg_sigma_matcher *m, const eg_literal_index *index)
{
    size_t i;

    for (i = 0; i < m->value_count && eg_literal_index_has_ends(index); i++) {
        m->scanned = &m->values[i];
        eg_literal_index_scan_ends(index, eg_matcher_folded(m, m->scanned), on_proposal, m);
    }
    if (m->value_count > 0) {
        eg_literal_index_scan_inside(index,
                                     (eg_str){m->folded.data, m->folded.len - EG_LITERAL_PADDING},
                                     m->ascii, on_keyword_proposal, m);
    }
}

static void find_literals(eg_sigma_matcher *m, const eg_bucket *bucket)
{
    size_t i;

    for (i = 0; i < bucket->index_count; i++) {
        const eg_slot_index *index = &bucket->indexes[i];

        if (index->slot == EG_SLOT_KEYWORD) {
            find_keywords(m, index->literals);
        } else if ((m->scanned = eg_matcher_value(m, index->slot)) != NULL) {
            eg_str text = eg_matcher_folded(m, m->scanned);

            eg_literal_index_scan_ends(index->literals, text, on_proposal, m);
            eg_literal_index_scan_inside(index->literals, text, m->scanned->ascii, on_proposal, m);
        }
    }
}

/* ---- the event ---- */

/* Rules without a witness, but for those that a predicate rules out; that is asked once. */
static void add_always(eg_sigma_matcher *m, const eg_bucket *bucket)
{
    uint32_t refuter = EG_NO_PREDICATE;
    bool refuted = false;
    size_t i;

    for (i = 0; i < bucket->always_count; i++) {
        const eg_always *always = &bucket->always[i];

        if (always->refuter != refuter) {
            refuter = always->refuter;
            refuted = eg_matcher_predicate_holds(m, refuter);
        }
        if (!refuted) {
            m->candidates[m->candidate_count++] = always->rule;
        }
    }
}

/* From the log sources that cover the event to the rules worth a look. */
static void find_candidates(eg_sigma_matcher *m, const eg_route *r)
{
    size_t i;

    for (i = 0; i < r->bucket_count; i++) {
        m->bucket_generation[r->buckets[i]] = m->generation;
    }
    for (i = 0; i < r->bucket_count; i++) {
        const eg_bucket *bucket = &m->set->buckets[r->buckets[i]];

        find_literals(m, bucket);
        add_always(m, bucket);
    }
}

/* Shell's sort: no memory, and quick on the few that match as on the many of a hostile set. */
static void sort_numbers(uint32_t *numbers, size_t count)
{
    size_t gap, i, j;

    for (gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (i = gap; i < count; i++) {
            uint32_t number = numbers[i];

            for (j = i; j >= gap && numbers[j - gap] > number; j -= gap) {
                numbers[j] = numbers[j - gap];
            }
            numbers[j] = number;
        }
    }
}

int eg_sigma_match(eg_sigma_matcher *m, const eg_event *event, const uint32_t **rules,
                   size_t *count)
{
    const eg_route *r = eg_matcher_route(m, event);
    size_t i;

    eg_matcher_begin(m);
    if (r->bucket_count > 0) {
        eg_matcher_take_values(m, event, r->keywords);
        m->status = eg_matcher_fold_values(m);
        if (m->status == EG_OK) {
            find_candidates(m, r);
        }
        for (i = 0; i < m->candidate_count; i++) {
            if (eg_matcher_holds(m, m->set->rules[m->candidates[i]].root)) {
                m->matches[m->match_count++] = m->candidates[i];
            }
        }
    }
    if (m->status != EG_OK) {
        return m->status;
    }
    sort_numbers(m->matches, m->match_count);
    *rules = m->matches;
    *count = m->match_count;
    return EG_OK;
}
