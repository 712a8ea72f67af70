/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/correlation_window.h"

static uint64_t before(uint64_t time, uint64_t timespan)
{
    return time > timespan ? time - timespan : 0;
}

/* ---- any order: events come into the window at its end and leave it at its beginning ---- */

typedef struct window {
    eg_correlation_type type;
    uint32_t counted;
    uint32_t inside[EG_CORRELATION_RULES_MAX]; /* by part */
} window;

static uint32_t *counter_of(window *w, const eg_correlated_event *event)
{
    return w->type == EG_CORRELATION_VALUE_COUNT ? &event->value->inside : &w->inside[event->part];
}

static void enter(window *w, const eg_correlated_event *event)
{
    if (w->type == EG_CORRELATION_EVENT_COUNT || (*counter_of(w, event))++ == 0) {
        w->counted++;
    }
}

static void leave(window *w, const eg_correlated_event *event)
{
    if (w->type == EG_CORRELATION_EVENT_COUNT || --*counter_of(w, event) == 0) {
        w->counted--;
    }
}

static bool is_met_in_any_order(const eg_correlation *c, const eg_correlated_event *events,
                                size_t count, size_t at, uint32_t *counted)
{
    uint64_t time = events[at].time, first = before(time, c->timespan);
    window w = {c->type, 0, {0}};
    size_t low = 0, high, end = at;
    bool met = false;

    while (events[low].time < first) {
        low++;
    }
    high = low;
    while (!met && end < count && events[end].time - time <= c->timespan) {
        uint64_t last = events[end].time;

        for (; high < count && events[high].time <= last; high++) {
            enter(&w, &events[high]);
        }
        for (; events[low].time < before(last, c->timespan); low++) {
            leave(&w, &events[low]);
        }
        met = eg_count_range_holds(&c->range, w.counted);
        end = high;
    }
    if (met) {
        *counted = w.counted;
    }
    for (; low < high; low++) {
        leave(&w, &events[low]);
    }
    return met;
}

/* ---- in order: chains of events, each for a later part than the one before ---- */

static bool is_same_event(const eg_correlated_event *a, const eg_correlated_event *b)
{
    return a->time == b->time && a->sequence == b->sequence;
}

static uint32_t longest(const uint32_t *chains, uint32_t first, uint32_t end)
{
    uint32_t best = 0, part;

    for (part = first; part < end; part++) {
        best = chains[part] > best ? chains[part] : best;
    }
    return best;
}

/*
 * The longest chain that ends with event `at` and begins not before `first`. An event that stands
 * for several parts is one link, so the lengths of all its parts are found before any is kept.
 */
static uint32_t chain_up_to(const eg_correlated_event *events, size_t at, uint64_t first)
{
    uint32_t chains[EG_CORRELATION_RULES_MAX] = {0}, found[EG_CORRELATION_RULES_MAX];
    size_t i = 0, begin, j;

    while (events[i].time < first) {
        i++;
    }
    while (!is_same_event(&events[i], &events[at])) {
        for (begin = i; is_same_event(&events[i], &events[begin]); i++) {
            found[events[i].part] = 1 + longest(chains, 0, events[i].part);
        }
        for (j = begin; j < i; j++) {
            if (found[events[j].part] > chains[events[j].part]) {
                chains[events[j].part] = found[events[j].part];
            }
        }
    }
    return 1 + longest(chains, 0, events[at].part);
}

/* Grows the chains that begin with event `at` by what happened at one instant; returns its end. */
static size_t grow_chains(const eg_correlated_event *events, size_t count, size_t at, size_t from,
                          uint32_t *chains)
{
    uint32_t found[EG_CORRELATION_RULES_MAX], part = events[at].part;
    uint64_t time = events[from].time;
    size_t i = from, begin, j;

    while (i < count && events[i].time == time) {
        for (begin = i; i < count && is_same_event(&events[i], &events[begin]); i++) {
            found[events[i].part] =
                events[i].part > part ? 1 + longest(chains, part, events[i].part) : 0;
        }
        for (j = begin; j < i; j++) {
            if (found[events[j].part] > chains[events[j].part]) {
                chains[events[j].part] = found[events[j].part];
            }
        }
    }
    return i;
}

static bool is_met_in_order(const eg_correlation *c, const eg_correlated_event *events,
                            size_t count, size_t at, uint32_t *counted)
{
    uint32_t chains[EG_CORRELATION_RULES_MAX] = {0}, part = events[at].part, length;
    uint64_t time = events[at].time, last = time;
    size_t next = at;

    chains[part] = 1;
    while (next < count && is_same_event(&events[next], &events[at])) {
        next++;
    }
    if (next < count && events[next].time == time) {
        next = grow_chains(events, count, at, next, chains);
    }
    for (;;) {
        length = chain_up_to(events, at, before(last, c->timespan)) +
                 longest(chains, part, EG_CORRELATION_RULES_MAX) - 1;
        if (eg_count_range_holds(&c->range, length)) {
            *counted = length;
            return true;
        }
        if (next >= count || events[next].time - time > c->timespan) {
            return false;
        }
        last = events[next].time;
        next = grow_chains(events, count, at, next, chains);
    }
}

bool eg_window_is_met(const eg_correlation *c, const eg_correlated_event *events, size_t count,
                      size_t at, uint32_t *counted)
{
    if (c->type == EG_CORRELATION_TEMPORAL_ORDERED) {
        return is_met_in_order(c, events, count, at, counted);
    }
    return is_met_in_any_order(c, events, count, at, counted);
}
