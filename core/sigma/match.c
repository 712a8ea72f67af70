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
#define ROUTES 64 /* a power of two */
#define CHANNEL_MAX 80
#define TYPE_MAX 24

/* A value of the event at hand. Its other forms stand in the matcher's buffers. */
typedef struct value {
    eg_str raw;
    bool ascii;
    size_t folded_at, folded_len;
    size_t valid_at, valid_len; /* for regular expressions: as UTF-8, once made */
} value;

/*
 * The log sources that cover events of one channel, event id and EventType (all they depend on):
 * few kinds of events come again and again.
 */
typedef struct route {
    bool filled;
    bool keywords; /* some rule of them asks for text in any field */
    uint32_t event_id;
    size_t channel_len, type_len; /* type_len is one more than it is; 0 for none */
    char channel[CHANNEL_MAX], type[TYPE_MAX];
    uint16_t *buckets;
    size_t bucket_count;
} route;

struct eg_sigma_matcher {
    const eg_sigma_set *set;
    uint32_t generation; /* of the event at hand: what bears another one is from before */
    value values[VALUES_MAX];
    size_t value_count;
    value *scanned;           /* being looked through */
    route routes[ROUTES + 1]; /* the last one for what does not fit */
    uint16_t *route_buckets;
    uint32_t *slot_generation;
    uint16_t *slot_value;
    uint32_t *answers; /* by predicate: generation * 2, + 1 when true */
    uint32_t *rule_generation;
    uint32_t *bucket_generation;
    uint32_t *candidates, *matches;
    size_t candidate_count, match_count;
    eg_buf folded, valid;
    eg_regex_scratch *regex;
    bool ascii; /* all of the values are */
    bool limit_told;
    int status;
};

int eg_sigma_matcher_create(const eg_sigma_set *set, eg_sigma_matcher **out)
{
    eg_sigma_matcher *m = eg_alloc_zero(1, sizeof(*m));
    size_t i;
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
    m->route_buckets = eg_alloc_zero((ROUTES + 1) * set->bucket_count, sizeof(*m->route_buckets));
    m->candidates = eg_alloc_zero(set->rule_count, sizeof(*m->candidates));
    m->matches = eg_alloc_zero(set->rule_count, sizeof(*m->matches));
    if (status != EG_OK || !m->slot_generation || !m->slot_value || !m->answers ||
        !m->rule_generation || !m->bucket_generation || !m->route_buckets || !m->candidates ||
        !m->matches) {
        eg_sigma_matcher_destroy(m);
        return EG_E_NOMEM;
    }
    for (i = 0; i <= ROUTES; i++)
        m->routes[i].buckets = m->route_buckets + i * set->bucket_count;
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
    eg_free(m->route_buckets);
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
    v->valid_at = NOT_MADE;
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

static eg_str folded(const eg_sigma_matcher *m, const value *v)
{
    return (eg_str){m->folded.data + v->folded_at, v->folded_len};
}

/* All values one behind the other. */
static int fold_values(eg_sigma_matcher *m)
{
    static const char padding[EG_LITERAL_PADDING] = {0};
    size_t room = sizeof(padding), i;
    int status;

    for (i = 0; i < m->value_count; i++)
        room += m->values[i].raw.len;
    m->ascii = true;
    status = eg_buf_reserve(&m->folded, room);
    for (i = 0; i < m->value_count && status == EG_OK; i++) {
        value *v = &m->values[i];

        v->folded_at = m->folded.len;
        v->ascii = eg_fold_append_ascii(&m->folded, v->raw);
        if (!v->ascii) {
            m->ascii = false;
            status = eg_fold_str(&m->folded, v->raw);
            room -= v->raw.len; /* it may have grown: the others need theirs behind it */
            if (status == EG_OK)
                status = eg_buf_reserve(&m->folded, room);
        } else {
            room -= v->raw.len;
        }
        v->folded_len = m->folded.len - v->folded_at;
    }
    return status == EG_OK ? eg_buf_append(&m->folded, padding, sizeof(padding)) : status;
}

/* What is no UTF-8 stands for one character each, so that '.' meets it. */
static eg_str valid_text(eg_sigma_matcher *m, value *v)
{
    size_t at = 0;
    char code[4];

    if (v->valid_at == NOT_MADE) {
        v->valid_at = m->valid.len;
        if (!v->ascii && !eg_utf8_valid(v->raw)) {
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

static bool ask_once(eg_sigma_matcher *m, uint32_t number)
{
    bool answer = ask(m, &m->set->predicates[number]);

    m->answers[number] = m->generation << 1 | (answer ? 1 : 0);
    return answer;
}

/* What an index would have found and did not is false. */
static inline bool predicate_holds(eg_sigma_matcher *m, uint32_t number)
{
    uint32_t answer = m->answers[number];

    if (answer >> 1 == m->generation)
        return answer & 1;
    return !eg_set_is_indexed(m->set, number) && ask_once(m, number);
}

static bool node_holds(eg_sigma_matcher *m, const eg_node *node);

static inline bool holds(eg_sigma_matcher *m, eg_ref ref)
{
    if (ref & EG_REF_PREDICATE)
        return predicate_holds(m, ref & ~EG_REF_PREDICATE);
    return node_holds(m, &m->set->nodes[ref]);
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
 * A proposal of an index. Plain texts are compared where they should stand, as often as they are
 * proposed; anything else is asked once, of every value that it is about.
 */
static void on_proposal(void *user, uint32_t number, size_t at)
{
    eg_sigma_matcher *m = user;
    const eg_predicate *predicate = &m->set->predicates[number];
    const eg_pattern *pattern = &predicate->want.pattern;
    value *v = m->scanned;
    uint32_t answer = m->answers[number];

    if (answer == (m->generation << 1 | 1))
        return;
    if (pattern->kind == EG_PATTERN_CONTAINS && !pattern->cased) {
        if (v->folded_len - at >= pattern->text.len &&
            memcmp(m->folded.data + v->folded_at + at, pattern->text.ptr, pattern->text.len) == 0)
            predicate_found(m, number);
    } else if (answer >> 1 != m->generation && ask_once(m, number)) {
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

        if (m->values[middle].folded_at <= at)
            low = middle;
        else
            high = middle;
    }
    m->scanned = &m->values[low];
    if (at - m->scanned->folded_at < m->scanned->folded_len)
        on_proposal(m, number, at - m->scanned->folded_at);
}

static void find_keywords(eg_sigma_matcher *m, const eg_literal_index *index)
{
    size_t i;

    for (i = 0; i < m->value_count && eg_literal_index_has_ends(index); i++) {
        m->scanned = &m->values[i];
        eg_literal_index_scan_ends(index, folded(m, m->scanned), on_proposal, m);
    }
    if (m->value_count > 0)
        eg_literal_index_scan_inside(index,
                                     (eg_str){m->folded.data, m->folded.len - EG_LITERAL_PADDING},
                                     m->ascii, on_keyword_proposal, m);
}

static void find_literals(eg_sigma_matcher *m, const eg_bucket *bucket)
{
    size_t i;

    for (i = 0; i < bucket->index_count; i++) {
        const eg_slot_index *index = &bucket->indexes[i];

        if (index->slot == EG_SLOT_KEYWORD) {
            find_keywords(m, index->literals);
        } else if ((m->scanned = value_of(m, index->slot)) != NULL) {
            eg_str text = folded(m, m->scanned);

            eg_literal_index_scan_ends(index->literals, text, on_proposal, m);
            eg_literal_index_scan_inside(index->literals, text, m->scanned->ascii, on_proposal, m);
        }
    }
}

/* ---- the event ---- */

static bool is_route(const route *r, const eg_event *event, eg_str type)
{
    return r->filled && r->event_id == event->event_id && r->channel_len == event->channel.len &&
           r->type_len == (type.ptr ? type.len + 1 : 0) &&
           memcmp(r->channel, event->channel.ptr, r->channel_len) == 0 &&
           (r->type_len <= 1 || memcmp(r->type, type.ptr, type.len) == 0);
}

static void fill_route(const eg_sigma_set *set, route *r, const eg_event *event)
{
    size_t i;

    r->keywords = false;
    r->bucket_count = 0;
    for (i = 0; i < set->bucket_count; i++) {
        if (!eg_logsource_covers(set->buckets[i].logsource, event))
            continue;
        r->buckets[r->bucket_count++] = (uint16_t)i;
        r->keywords |= set->buckets[i].keywords;
    }
}

static const route *find_route(eg_sigma_matcher *m, const eg_event *event)
{
    eg_str type = event->field[EG_FIELD_EVENT_TYPE];
    size_t place = (event->event_id + event->channel.len * 7 + type.len * 3) % ROUTES;
    route *r = &m->routes[place];

    if (event->channel.len == 0 || event->channel.len > CHANNEL_MAX || type.len > TYPE_MAX) {
        r = &m->routes[ROUTES];
        fill_route(m->set, r, event);
        return r;
    }
    if (is_route(r, event, type))
        return r;
    fill_route(m->set, r, event);
    r->filled = true;
    r->event_id = event->event_id;
    r->channel_len = event->channel.len;
    r->type_len = type.ptr ? type.len + 1 : 0;
    memcpy(r->channel, event->channel.ptr, r->channel_len);
    if (r->type_len > 1)
        memcpy(r->type, type.ptr, type.len);
    return r;
}

/* From the log sources that cover the event to the rules worth a look. */
static void find_candidates(eg_sigma_matcher *m, const route *r)
{
    size_t i, j;

    for (i = 0; i < r->bucket_count; i++)
        m->bucket_generation[r->buckets[i]] = m->generation;
    for (i = 0; i < r->bucket_count; i++) {
        const eg_bucket *bucket = &m->set->buckets[r->buckets[i]];

        for (j = 0; j < bucket->always_count; j++)
            add_candidate(m, bucket->always[j]);
        find_literals(m, bucket);
    }
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
    const route *r = find_route(m, event);
    size_t i;

    next_generation(m);
    if (r->bucket_count > 0) {
        take_values(m, event, r->keywords);
        m->status = fold_values(m);
        if (m->status == EG_OK)
            find_candidates(m, r);
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
