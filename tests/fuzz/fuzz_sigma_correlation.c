/* SPDX-License-Identifier: Apache-2.0 */
/* Input: rules as YAML, a NUL, then events of two bytes each: one for time, one for values. */
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/sigma/correlator.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define RULES_MAX 16
#define EVENTS_MAX 400

int eg_fuzz_sigma_correlation(const uint8_t *data, size_t size);

/* Correlations and rules beside those of the input, in groups and with values of their own. */
static const char strangers[] =
    "---\ntitle: t\nid: \"\\0\"\nlogsource: {product: windows}\n"
    "detection: {s: {E: [a, b]}, condition: s}\n"
    "---\ntitle: t\nid: \"\\0\\0\"\ncorrelation: {type: value_count, rules: \"\\0\", group-by: U, "
    "timespan: 5s, condition: {field: V, gte: 2}}\n";

typedef struct rules {
    const eg_sigma_rule *items[RULES_MAX];
    size_t count;
} rules;

static int keep(void *user, eg_sigma_rule *rule)
{
    rules *r = user;

    if (r->count == RULES_MAX) {
        eg_sigma_rule_destroy(rule);
        return EG_E_LIMIT;
    }
    r->items[r->count++] = rule;
    return EG_OK;
}

/* Fields E, U and V of one letter, or none; text that the event borrows is static. */
static void make_event(const uint8_t *bytes, uint64_t *time, eg_event *event,
                       eg_named_value fields[3])
{
    static const char names[] = "EUV", values[] = "abc";
    size_t i, chosen = bytes[1];

    eg_event_init(event, EG_KIND_OTHER);
    *time += (uint64_t)(bytes[0] & 15) * EG_TICKS_PER_SECOND / 2;
    *time -= (uint64_t)(bytes[0] >> 4) * EG_TICKS_PER_SECOND / 4;
    event->time = *time;
    event->extra = fields;
    for (i = 0; i < 3; i++, chosen /= 4) {
        if (chosen % 4 < 3)
            fields[event->extra_count++] =
                (eg_named_value){{names + i, 1}, {values + chosen % 4, 1}};
    }
}

/* Feeds all events; folds what the rules of `asked` told into one number. */
static uint64_t follow(const rules *compiled, const rules *asked, const uint8_t *events,
                       size_t count, const eg_correlator_limits *limits)
{
    eg_sigma_correlator *correlator = NULL;
    eg_sigma_matcher *matcher = NULL;
    eg_sigma_set *set = NULL;
    uint64_t told = 0, time = UINT64_C(133000000000000000);
    size_t i, j, k;

    if (eg_sigma_compile(compiled->items, compiled->count, NULL, NULL, &set) != EG_OK ||
        eg_sigma_matcher_create(set, &matcher) != EG_OK ||
        eg_sigma_correlator_create(set, limits, &correlator) != EG_OK)
        count = 0;
    for (i = 0; i < count; i++) {
        const eg_correlation_hit *hits = NULL;
        eg_named_value fields[3];
        eg_correlator_stats stats;
        const uint32_t *met;
        size_t met_count = 0, hit_count = 0;
        eg_event event;

        make_event(events + 2 * i, &time, &event, fields);
        if (eg_sigma_match(matcher, &event, &met, &met_count) != EG_OK ||
            eg_sigma_correlate(correlator, &event, 1, met, met_count, &hits, &hit_count) != EG_OK)
            break;
        eg_sigma_correlator_stats(correlator, &stats);
        EG_FUZZ_CHECK(stats.groups <= limits->groups && stats.events <= limits->events &&
                      stats.text <= limits->text);
        for (j = 0; j < hit_count; j++) {
            const eg_rule_info *info = eg_sigma_set_rule(set, hits[j].rule);

            for (k = 0; k < asked->count; k++) {
                if (eg_str_equal(info->id, eg_sigma_rule_info(asked->items[k])->id))
                    told = (told ^ (i << 16 ^ k << 8 ^ hits[j].count)) * UINT64_C(0x100000001B3);
            }
        }
    }
    eg_sigma_correlator_destroy(correlator);
    eg_sigma_matcher_destroy(matcher);
    eg_sigma_set_destroy(set);
    return told;
}

/* What is kept never passes its limits, and rules beside them change nothing. */
int eg_fuzz_sigma_correlation(const uint8_t *data, size_t size)
{
    static const eg_correlator_limits small = {5, 7, 20, 200};
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    rules own = {{NULL}, 0}, all;
    size_t count, i;

    if (!end)
        return 0;
    count = (size - (size_t)(end - data) - 1) / 2;
    count = count < EVENTS_MAX ? count : EVENTS_MAX;
    (void)eg_sigma_parse((eg_str){(const char *)data, (size_t)(end - data)}, "f.yml", NULL, keep,
                         &own);
    all = own;
    (void)eg_sigma_parse(eg_str_from(strangers), "s.yml", NULL, keep, &all);
    (void)follow(&all, &own, end + 1, count, &small);
    EG_FUZZ_CHECK(follow(&own, &own, end + 1, count, &eg_correlator_default_limits) ==
                  follow(&all, &own, end + 1, count, &eg_correlator_default_limits));
    for (i = 0; i < all.count; i++)
        eg_sigma_rule_destroy((eg_sigma_rule *)all.items[i]);
    return 0;
}
