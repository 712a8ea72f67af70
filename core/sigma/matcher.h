/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of a matcher: what it remembers between events, and what it knows of the event at hand.
 * match.c tells the story; matcher.c owns the memory, match_values.c takes and folds the values of
 * an event, match_route.c knows which log sources cover it, match_ask.c answers predicates and
 * trees.
 *
 * One thread at a time. Nothing is cleared between events: what bears the number of the event at
 * hand (its generation) counts, all else is from before.
 */
#ifndef EG_SIGMA_MATCHER_H
#define EG_SIGMA_MATCHER_H

#include "core/sigma/compiled.h"

#define EG_MATCHER_VALUES_MAX (EG_FIELD_COUNT + EG_EVENT_EXTRA_MAX)
#define EG_MATCHER_ROUTES 64 /* a power of two */
#define EG_ROUTE_CHANNEL_MAX 80
#define EG_ROUTE_TYPE_MAX 24

/* A value of the event at hand. Its other forms stand in the matcher's buffers. */
typedef struct eg_value_view {
    eg_str raw;
    bool ascii;
    size_t folded_at, folded_len;
    size_t valid_at, valid_len; /* for regular expressions: as UTF-8, once made */
} eg_value_view;

/*
 * The log sources that cover events of one channel, event id and EventType (all they depend on):
 * few kinds of events come again and again.
 */
typedef struct eg_route {
    bool filled;
    bool keywords; /* some rule of them asks for text in any field */
    uint32_t event_id;
    size_t channel_len, type_len; /* type_len is one more than it is; 0 for none */
    char channel[EG_ROUTE_CHANNEL_MAX], type[EG_ROUTE_TYPE_MAX];
    uint16_t *buckets;
    size_t bucket_count;
} eg_route;

struct eg_sigma_matcher {
    const eg_sigma_set *set;
    uint32_t generation; /* of the event at hand: what bears another one is from before */
    eg_value_view values[EG_MATCHER_VALUES_MAX];
    size_t value_count;
    eg_value_view *scanned;                 /* being looked through */
    eg_route routes[EG_MATCHER_ROUTES + 1]; /* the last one for what does not fit */
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

/* The next event: nothing is known of it. */
void eg_matcher_begin(eg_sigma_matcher *m);

/* The log sources that cover the event; valid until the next call. */
const eg_route *eg_matcher_route(eg_sigma_matcher *m, const eg_event *event);

/* Borrows the values that rules ask for; all of them where there are rules with keywords. */
void eg_matcher_take_values(eg_sigma_matcher *m, const eg_event *event, bool keywords);
/* Folds the values one behind the other into m->folded, with EG_LITERAL_PADDING behind the last. */
int eg_matcher_fold_values(eg_sigma_matcher *m);
/* As valid UTF-8, each malformed byte one character; a failure is in m->status. */
eg_str eg_matcher_valid_text(eg_sigma_matcher *m, eg_value_view *v);

/* Asks a predicate that has no answer yet, and keeps the answer. */
bool eg_matcher_ask(eg_sigma_matcher *m, uint32_t number);

/* NULL when the event has no such field. */
static inline eg_value_view *eg_matcher_value(eg_sigma_matcher *m, eg_slot slot)
{
    return m->slot_generation[slot] == m->generation ? &m->values[m->slot_value[slot]] : NULL;
}

static inline eg_str eg_matcher_folded(const eg_sigma_matcher *m, const eg_value_view *v)
{
    return (eg_str){m->folded.data + v->folded_at, v->folded_len};
}

/* What an index would have found and did not is false. */
static inline bool eg_matcher_predicate_holds(eg_sigma_matcher *m, uint32_t number)
{
    uint32_t answer = m->answers[number];

    if (answer >> 1 == m->generation) {
        return answer & 1;
    }
    return !eg_set_is_indexed(m->set, number) && eg_matcher_ask(m, number);
}

#endif
