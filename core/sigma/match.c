/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event against a set: take its values, find the literals in them, look at the rules whose
 * witnesses were found.
 */
#include "core/sigma/compiled.h"

#include "core/base/log.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define VALUES_MAX (EG_FIELD_COUNT + EG_EVENT_EXTRA_MAX)
#define TEXT_MAX (256u * 1024 * 1024)
#define NOT_MADE SIZE_MAX
#define GENERATION_MAX (UINT32_MAX / 2)

/* A value of the event at hand. Its other forms stand in the matcher's buffers once made. */
typedef struct value {
    eg_str raw;
    size_t folded_at, folded_len;
    size_t valid_at, valid_len; /* for regular expressions: as UTF-8 */
} value;

struct eg_sigma_matcher {
    const eg_sigma_set *set;
    uint32_t generation; /* of the event at hand: what bears another one is from before */
    value values[VALUES_MAX];
    size_t value_count;
    size_t scanned; /* the value being scanned */
    uint32_t *slot_generation;
    uint16_t *slot_value;
    uint32_t *answers; /* by predicate: generation * 2, + 1 when true */
    uint32_t *rule_generation;
    uint32_t *bucket_generation;
    uint32_t *candidates, *matches;
    size_t candidate_count, match_count;
    eg_buf folded, valid;
    eg_regex_scratch *regex;
    bool limit_told;
    int status;
};

static bool holds(eg_sigma_matcher *m, eg_ref ref);

int eg_sigma_matcher_create(const eg_sigma_set *set, eg_sigma_matcher **out)
{
    eg_sigma_matcher *m = eg_alloc_zero(1, sizeof(*m));
    int status;

    if (!m)
        return EG_E_NOMEM;
    m->set = set;
    eg_buf_init(&m->folded, TEXT_MAX);
    eg_buf_init(&m->valid, TEXT_MAX);
    status = eg_regex_scratch_create(&m->regex);
    m->slot_generation = eg_alloc_zero(set->slots.count, sizeof(*m->slot_generation));
    m->slot_value = eg_alloc_zero(set->slots.count, sizeof(*m->slot_value));
    m->answers = eg_alloc_zero(set->predicate_count, sizeof(*m->answers));
    m->rule_generation = eg_alloc_zero(set->rule_count, sizeof(*m->rule_generation));
    m->bucket_generation = eg_alloc_zero(set->bucket_count, sizeof(*m->bucket_generation));
    m->candidates = eg_alloc_zero(set->rule_count, sizeof(*m->candidates));
    m->matches = eg_alloc_zero(set->rule_count, sizeof(*m->matches));
    if (status != EG_OK || !m->slot_generation || !m->slot_value || !m->answers ||
        !m->rule_generation || !m->bucket_generation || !m->candidates || !m->matches) {
        eg_sigma_matcher_destroy(m);
        return EG_E_NOMEM;
    }
    *out = m;
    return EG_OK;
}

void eg_sigma_matcher_destroy(eg_sigma_matcher *m)
{
    if (!m)
        return;
    eg_regex_scratch_destroy(m->regex);
    eg_buf_done(&m->folded);
    eg_buf_done(&m->valid);
    eg_free(m->slot_generation);
    eg_free(m->slot_value);
    eg_free(m->answers);
    eg_free(m->rule_generation);
    eg_free(m->bucket_generation);
    eg_free(m->candidates);
    eg_free(m->matches);
    eg_free(m);
}

static void next_generation(eg_sigma_matcher *m)
{
    const eg_sigma_set *set = m->set;

    if (++m->generation >= GENERATION_MAX) {
        memset(m->slot_generation, 0, set->slots.count * sizeof(*m->slot_generation));
        memset(m->answers, 0, set->predicate_count * sizeof(*m->answers));
        memset(m->rule_generation, 0, set->rule_count * sizeof(*m->rule_generation));
        memset(m->bucket_generation, 0, set->bucket_count * sizeof(*m->bucket_generation));
        m->generation = 1;
    }
    m->value_count = m->candidate_count = m->match_count = 0;
    m->status = EG_OK;
    eg_buf_clear(&m->folded);
    eg_buf_clear(&m->valid);
}

/* ---- values ---- */

static void add_value(eg_sigma_matcher *m, eg_slot slot, eg_str raw, bool keywords)
{
    value *v = &m->values[m->value_count];

    if (m->value_count == VALUES_MAX || (slot == EG_SLOT_NONE && !keywords))
        return;
    v->raw = raw;
    v->folded_at = v->valid_at = NOT_MADE;
    if (slot != EG_SLOT_NONE && m->slot_generation[slot] != m->generation) {
        m->slot_generation[slot] = m->generation;
        m->slot_value[slot] = (uint16_t)m->value_count;
    }
    m->value_count++;
}

static void take_values(eg_sigma_matcher *m, const eg_event *event, bool keywords)
{
    size_t i;

    for (i = 0; i < EG_FIELD_COUNT; i++) {
        if (event->field[i].ptr)
            add_value(m, m->set->slots.known[i], event->field[i], keywords);
    }
    for (i = 0; i < event->extra_count; i++) {
        if (event->extra[i].value.ptr)
            add_value(m, eg_slot_find(&m->set->slots, event->extra[i].name), event->extra[i].value,
                      keywords);
    }
}

static value *value_of(eg_sigma_matcher *m, eg_slot slot)
{
    return m->slot_generation[slot] == m->generation ? &m->values[m->slot_value[slot]] : NULL;
}

/* Valid until the next value is folded. */
static eg_str folded(eg_sigma_matcher *m, value *v)
{
    static const char padding[EG_LITERAL_PADDING] = {0};

    if (v->folded_at == NOT_MADE) {
        size_t at = m->folded.len;

        (void)eg_fold_str(&m->folded, v->raw);
        v->folded_len = m->folded.len - at;
        v->folded_at = at;
        if (eg_buf_append(&m->folded, padding, sizeof(padding)) != EG_OK) {
            m->status = m->folded.status;
            v->folded_len = 0;
            return (eg_str){padding, 0};
        }
    }
    if (m->folded.status != EG_OK)
        return (eg_str){padding, 0};
    return (eg_str){m->folded.data + v->folded_at, v->folded_len};
}

/* What is no UTF-8 stands for one character each, so that '.' meets it. */
static eg_str valid_text(eg_sigma_matcher *m, value *v)
{
    size_t at = 0;
    char code[4];

    if (v->valid_at == NOT_MADE) {
        v->valid_at = m->valid.len;
        if (!eg_utf8_valid(v->raw)) {
            while (at < v->raw.len) {
                uint32_t next = eg_utf8_next(v->raw, &at);

                if (next >= 0xD800 && next <= 0xDFFF)
                    next = 0xFFFD;
                (void)eg_buf_append(&m->valid, code, eg_utf8_encode(next, code));
            }
        }
        v->valid_len = m->valid.len - v->valid_at;
        if (m->valid.status != EG_OK)
            m->status = m->valid.status;
    }
    if (v->valid_len == 0 || m->valid.status != EG_OK)
        return v->raw;
    return (eg_str){m->valid.data + v->valid_at, v->valid_len};
}

/* ---- predicates ---- */

static bool regex_holds(eg_sigma_matcher *m, const eg_predicate *predicate, value *v)
{
    bool found = false;
    eg_str text = valid_text(m, v);
    int status = m->status;

    if (status == EG_OK)
        status = eg_regex_search(predicate->want.regex->code, m->regex, text, &found);
    if (status == EG_E_NOMEM)
        m->status = status;
    if (status == EG_E_LIMIT && !m->limit_told) {
        m->limit_told = true;
        eg_log(EG_LOG_WARNING, "sigma", "%s: %.200s", eg_error_message(),
               predicate->want.regex->source.ptr);
    }
    return found;
}

static bool value_holds(eg_sigma_matcher *m, const eg_predicate *predicate, value *v)
{
    eg_address address;
    double number;

    switch ((eg_predicate_kind)predicate->kind) {
    case EG_PREDICATE_STRING:
        return eg_pattern_matches(&predicate->want.pattern,
                                  predicate->want.pattern.cased ? v->raw : folded(m, v));
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
    value *a = value_of(m, predicate->slot), *b = value_of(m, predicate->other);
    eg_pattern pattern;

    if (!a || !b)
        return false;
    pattern.kind = (eg_pattern_kind)predicate->order;
    pattern.cased = predicate->cased;
    if (predicate->cased) {
        pattern.text = b->raw;
        return eg_pattern_matches(&pattern, a->raw);
    }
    (void)folded(m, a); /* the second may move the buffer under the first */
    pattern.text = folded(m, b);
    return eg_pattern_matches(&pattern, folded(m, a));
}

static bool ask(eg_sigma_matcher *m, const eg_predicate *predicate)
{
    value *v;
    size_t i;

    if (predicate->slot == EG_SLOT_KEYWORD) {
        for (i = 0; i < m->value_count; i++) {
            if (value_holds(m, predicate, &m->values[i]))
                return true;
        }
        return false;
    }
    v = value_of(m, predicate->slot);
    if (predicate->kind == EG_PREDICATE_MISSING)
        return !v;
    if (predicate->kind == EG_PREDICATE_PRESENT)
        return v != NULL;
    if (predicate->kind == EG_PREDICATE_FIELD)
        return field_holds(m, predicate);
    return v && value_holds(m, predicate, v);
}

static bool predicate_holds(eg_sigma_matcher *m, uint32_t number)
{
    const eg_predicate *predicate = &m->set->predicates[number];
    bool answer;

    if (m->answers[number] >> 1 == m->generation)
        return m->answers[number] & 1;
    if (predicate->indexed)
        return false;
    answer = ask(m, predicate);
    m->answers[number] = m->generation << 1 | (answer ? 1 : 0);
    return answer;
}

static bool node_holds(eg_sigma_matcher *m, const eg_node *node)
{
    const eg_ref *child = m->set->children + node->first, *end = child + node->count;
    uint32_t met = 0;

    switch ((eg_node_kind)node->kind) {
    case EG_NODE_AND:
        while (child < end && holds(m, *child))
            child++;
        return child == end;
    case EG_NODE_OR:
        while (child < end && !holds(m, *child))
            child++;
        return child < end;
    case EG_NODE_NOT: return !holds(m, *child);
    case EG_NODE_COUNT:
        for (; child < end && met < node->need; child++)
            met += holds(m, *child) ? 1 : 0;
        return met >= node->need;
    }
    return false;
}

static bool holds(eg_sigma_matcher *m, eg_ref ref)
{
    if (ref & EG_REF_PREDICATE)
        return predicate_holds(m, ref & ~EG_REF_PREDICATE);
    return node_holds(m, &m->set->nodes[ref]);
}

bool eg_matcher_holds(eg_sigma_matcher *m, eg_ref ref)
{
    return holds(m, ref);
}

/* ---- from literals to candidates ---- */

static void add_candidate(eg_sigma_matcher *m, uint32_t rule)
{
    if (m->rule_generation[rule] == m->generation)
        return;
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

        if (m->bucket_generation[set->rules[rule].bucket] == m->generation)
            add_candidate(m, rule);
    }
}

/*
 * A proposal of the index. Plain texts are compared where they should stand, as often as they are
 * proposed; what has to be searched for is asked once.
 */
static void on_proposal(void *user, uint32_t number, size_t at)
{
    eg_sigma_matcher *m = user;
    const eg_predicate *predicate = &m->set->predicates[number];
    const eg_pattern *pattern = &predicate->want.pattern;
    value *v = &m->values[m->scanned];
    uint32_t answer = m->answers[number];

    if (answer == (m->generation << 1 | 1))
        return;
    if (pattern->kind == EG_PATTERN_CONTAINS && !pattern->cased) {
        if (v->folded_len - at >= pattern->text.len &&
            memcmp(m->folded.data + v->folded_at + at, pattern->text.ptr, pattern->text.len) == 0)
            predicate_found(m, number);
    } else if (predicate->slot == EG_SLOT_KEYWORD || answer >> 1 != m->generation) {
        m->answers[number] = m->generation << 1;
        if (value_holds(m, predicate, v))
            predicate_found(m, number);
    }
}

static void scan_value(eg_sigma_matcher *m, eg_slot slot, size_t number)
{
    const eg_literal_index *index = m->set->indexes[slot];

    if (!index)
        return;
    m->scanned = number;
    eg_literal_index_scan(index, folded(m, &m->values[number]), on_proposal, m);
}

static void scan_values(eg_sigma_matcher *m, bool keywords)
{
    size_t slot, i;

    for (slot = 1; slot < m->set->slots.count; slot++) {
        if (m->slot_generation[slot] == m->generation)
            scan_value(m, (eg_slot)slot, m->slot_value[slot]);
    }
    for (i = 0; keywords && i < m->value_count; i++)
        scan_value(m, EG_SLOT_KEYWORD, i);
}

/* ---- the event ---- */

/* Marks the log sources that cover the event; false when none does. */
static bool choose_buckets(eg_sigma_matcher *m, const eg_event *event, bool *keywords)
{
    bool any = false;
    size_t i, j;

    *keywords = false;
    for (i = 0; i < m->set->bucket_count; i++) {
        const eg_bucket *bucket = &m->set->buckets[i];

        if (!eg_logsource_covers(bucket->logsource, event))
            continue;
        any = true;
        m->bucket_generation[i] = m->generation;
        *keywords |= bucket->keywords;
        for (j = 0; j < bucket->always_count; j++)
            add_candidate(m, bucket->always[j]);
    }
    return any;
}

/* Shell's sort: no memory, and quick on the few that match as on the many of a hostile set. */
static void sort_numbers(uint32_t *numbers, size_t count)
{
    size_t gap, i, j;

    for (gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (i = gap; i < count; i++) {
            uint32_t number = numbers[i];

            for (j = i; j >= gap && numbers[j - gap] > number; j -= gap)
                numbers[j] = numbers[j - gap];
            numbers[j] = number;
        }
    }
}

int eg_sigma_match(eg_sigma_matcher *m, const eg_event *event, const uint32_t **rules,
                   size_t *count)
{
    bool keywords;
    size_t i;

    next_generation(m);
    if (choose_buckets(m, event, &keywords)) {
        take_values(m, event, keywords);
        scan_values(m, keywords);
        for (i = 0; i < m->candidate_count; i++) {
            if (holds(m, m->set->rules[m->candidates[i]].root))
                m->matches[m->match_count++] = m->candidates[i];
        }
    }
    if (m->status != EG_OK)
        return m->status;
    sort_numbers(m->matches, m->match_count);
    *rules = m->matches;
    *count = m->match_count;
    return EG_OK;
}
