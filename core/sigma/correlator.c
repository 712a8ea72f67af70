/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/correlator.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/sigma/correlation_group.h"

#include <string.h>

const eg_correlator_limits eg_correlator_default_limits = {4096, 10000, 65536, 4u * 1024 * 1024};

/* What the event at hand did to a correlation. */
typedef struct progress {
    uint64_t wanted; /* bears the event's sequence when a rule it refers to was met */
    uint64_t met;    /* likewise when its condition holds */
    bool is_news;    /* and the group had no hit for a while */
    uint32_t part;   /* by which of its rules */
} progress;

struct eg_sigma_correlator {
    const eg_sigma_set *set;
    const eg_correlations *all; /* NULL: none */
    eg_group_table groups;
    uint64_t sequence;  /* of the event at hand, from 1 */
    uint64_t time;      /* of the event at hand; of the one that counted before when it has none */
    uint64_t *rule_met; /* by rule: bears the event's sequence when met */
    progress *progress; /* by correlation */
    eg_correlation_hit *hits;
    eg_named_value *values; /* of the groups that were hit, one row for each correlation */
    eg_buf key, counted;
};

int eg_sigma_correlator_create(const eg_sigma_set *set, const eg_correlator_limits *limits,
                               eg_sigma_correlator **out)
{
    eg_sigma_correlator *c = eg_alloc_zero(1, sizeof(*c));
    size_t count = eg_sigma_set_correlations(set);
    int status = EG_OK;

    if (!c) {
        return EG_E_NOMEM;
    }
    limits = limits ? limits : &eg_correlator_default_limits;
    c->set = set;
    c->all = set->correlations;
    eg_buf_init(&c->key, limits->text);
    eg_buf_init(&c->counted, limits->text);
    if (count > 0) {
        status = eg_group_table_init(&c->groups, limits);
        c->rule_met = eg_alloc_zero(set->rule_count, sizeof(*c->rule_met));
        c->progress = eg_alloc_zero(count, sizeof(*c->progress));
        c->hits = eg_alloc_zero(count, sizeof(*c->hits));
        c->values = eg_alloc_zero(count * EG_CORRELATION_FIELDS_MAX, sizeof(*c->values));
        if (!c->rule_met || !c->progress || !c->hits || !c->values) {
            status = EG_E_NOMEM;
        }
    }
    if (status != EG_OK) {
        eg_sigma_correlator_destroy(c);
        return EG_E_NOMEM;
    }
    *out = c;
    return EG_OK;
}

void eg_sigma_correlator_destroy(eg_sigma_correlator *c)
{
    if (!c) {
        return;
    }
    eg_group_table_done(&c->groups);
    eg_buf_done(&c->key);
    eg_buf_done(&c->counted);
    eg_free(c->rule_met);
    eg_free(c->progress);
    eg_free(c->hits);
    eg_free(c->values);
    eg_free(c);
}

void eg_sigma_correlator_reset(eg_sigma_correlator *c)
{
    eg_group_table_clear(&c->groups);
    c->time = 0;
}

void eg_sigma_correlator_stats(const eg_sigma_correlator *c, eg_correlator_stats *stats)
{
    *stats = c->groups.stats;
}

/* ---- fields ---- */

typedef struct views {
    const eg_event *items;
    size_t count;
} views;

/* The views of one event have different fields; where two have the same, the first one tells. */
static eg_str value_in_views(const views *v, eg_str name)
{
    size_t i;

    for (i = 0; i < v->count; i++) {
        eg_str value = eg_event_get_named(&v->items[i], name);

        if (value.ptr) {
            return value;
        }
    }
    return EG_STR_NONE;
}

static eg_str resolve_alias(const eg_correlation *item, uint32_t part, eg_str name)
{
    size_t i;

    for (i = 0; i < item->alias_count; i++) {
        if (item->aliases[i].part == part && eg_str_equal(item->aliases[i].name, name)) {
            return item->aliases[i].field;
        }
    }
    return name;
}

/* What a correlation calls `name` in the event that met its part: those below may rename it. */
static eg_str value_of(const eg_sigma_correlator *c, const eg_correlation *item, uint32_t part,
                       const views *v, eg_str name)
{
    for (;;) {
        uint32_t rule = item->parts[part];

        name = resolve_alias(item, part, name);
        if (rule < c->all->first) {
            return value_in_views(v, name);
        }
        item = &c->all->items[rule - c->all->first];
        part = c->progress[rule - c->all->first].part;
    }
}

/* Windows does not tell names in capitals from those in small letters; missing is not empty. */
static int append_value(eg_buf *out, eg_str value)
{
    size_t at = out->len + 1;
    uint32_t len = 0;
    char mark = value.ptr ? '=' : '-';

    (void)eg_buf_append_char(out, mark);
    (void)eg_buf_append(out, &len, sizeof(len));
    (void)eg_fold_str(out, value.ptr ? value : EG_STR(""));
    if (out->status == EG_OK) {
        len = (uint32_t)(out->len - at - sizeof(len));
        memcpy(out->data + at, &len, sizeof(len));
    }
    return out->status;
}

/* The values of several fields as one text. EG_E_LIMIT when they are beyond what is kept. */
static int make_text(eg_sigma_correlator *c, const eg_correlation *item, uint32_t part,
                     const views *v, const eg_str *names, size_t count, eg_buf *out, bool *missing)
{
    size_t i;
    int status = EG_OK;

    eg_buf_clear(out);
    *missing = false;
    for (i = 0; i < count && status == EG_OK; i++) {
        eg_str value = value_of(c, item, part, v, names[i]);

        *missing |= !value.ptr;
        status = append_value(out, value);
    }
    return status;
}

/* ---- one correlation ---- */

static void tell(eg_sigma_correlator *c, size_t number, uint32_t part, const views *v,
                 uint32_t count, size_t *hit_count)
{
    const eg_correlation *item = &c->all->items[number];
    eg_named_value *values = c->values + number * EG_CORRELATION_FIELDS_MAX;
    size_t i;

    for (i = 0; i < item->group_count; i++) {
        values[i] =
            (eg_named_value){item->group_by[i], value_of(c, item, part, v, item->group_by[i])};
    }
    c->hits[(*hit_count)++] = (eg_correlation_hit){item->rule, count, values, item->group_count};
}

static bool is_news(eg_group *group, uint64_t time)
{
    uint64_t between = time > group->told ? time - group->told : group->told - time;

    if (group->was_told && between <= group->correlation->timespan) {
        return false;
    }
    group->was_told = true;
    group->told = time;
    return true;
}

/* Puts the event into its group for this part; *count is 0 unless the condition holds then. */
static int add_to_group(eg_sigma_correlator *c, const eg_correlation *item, uint32_t part,
                        const views *v, uint32_t *count, bool *news)
{
    bool counts_values = item->type == EG_CORRELATION_VALUE_COUNT, missing = false;
    bool temporal =
        item->type == EG_CORRELATION_TEMPORAL || item->type == EG_CORRELATION_TEMPORAL_ORDERED;
    uint64_t reach = 2 * item->timespan;
    eg_group *group = NULL;
    size_t at = SIZE_MAX;
    int status = EG_OK;

    *count = 0;
    if (counts_values) {
        status =
            make_text(c, item, part, v, item->fields, item->field_count, &c->counted, &missing);
    }
    if (status == EG_OK && missing) {
        return EG_OK;
    }
    if (status == EG_OK) {
        status = make_text(c, item, part, v, item->group_by, item->group_count, &c->key, &missing);
    }
    if (status == EG_E_LIMIT) {
        c->groups.stats.events_dropped++;
        return EG_OK;
    }
    if (status == EG_OK) {
        status = eg_group_find(&c->groups, item, eg_buf_str(&c->key), c->time, &group);
    }
    if (status != EG_OK || !group) {
        return status;
    }
    eg_group_expire(&c->groups, group, c->time > reach ? c->time - reach : 0);
    status = eg_group_add(&c->groups, group, c->time, c->sequence, temporal ? part : 0,
                          counts_values ? eg_buf_str(&c->counted) : EG_STR_NONE, &at);
    if (status != EG_OK || at == SIZE_MAX ||
        !eg_window_is_met(item, group->events, group->count, at, count)) {
        return status;
    }
    *news = is_news(group, c->time);
    return EG_OK;
}

/*
 * Did the event at hand meet this part? A correlation that goes on being met says so with every
 * event, so that others can see what comes soon after it; but it counts as one event only.
 */
static bool is_part_met(const eg_sigma_correlator *c, const eg_correlation *item, uint32_t part)
{
    uint32_t rule = item->parts[part];
    bool counting =
        item->type == EG_CORRELATION_EVENT_COUNT || item->type == EG_CORRELATION_VALUE_COUNT;

    if (c->rule_met[rule] != c->sequence) {
        return false;
    }
    return rule < c->all->first || !counting || c->progress[rule - c->all->first].is_news;
}

static void mark_met(eg_sigma_correlator *c, uint32_t rule)
{
    uint32_t i;

    c->rule_met[rule] = c->sequence;
    for (i = c->all->user_first[rule]; i < c->all->user_first[rule + 1]; i++) {
        c->progress[c->all->users[i]].wanted = c->sequence;
    }
}

/* A correlation is met once by an event: where it is news, else where it is met first. */
static int advance(eg_sigma_correlator *c, size_t number, const views *v, size_t *hit_count)
{
    const eg_correlation *item = &c->all->items[number];
    progress *p = &c->progress[number];
    uint32_t part, count;

    p->is_news = false;
    for (part = 0; part < item->part_count; part++) {
        bool news = false;
        int status;

        if (!is_part_met(c, item, part)) {
            continue;
        }
        status = add_to_group(c, item, part, v, &count, &news);
        if (status != EG_OK) {
            return status;
        }
        if (count == 0 || p->is_news || (p->met == c->sequence && !news)) {
            continue;
        }
        p->met = c->sequence;
        p->part = part;
        p->is_news = news;
        if (news && !c->all->silent[item->rule]) {
            tell(c, number, part, v, count, hit_count);
        }
    }
    if (p->met == c->sequence) {
        mark_met(c, item->rule);
    }
    return EG_OK;
}

int eg_sigma_correlate(eg_sigma_correlator *c, const eg_event *items, size_t view_count,
                       const uint32_t *rules, size_t rule_count, const eg_correlation_hit **hits,
                       size_t *hit_count)
{
    const views v = {items, view_count};
    size_t found = 0, i;
    bool wanted = false;
    int status = EG_OK;

    *hits = c->hits;
    *hit_count = 0;
    if (!c->all || view_count == 0) {
        return EG_OK;
    }
    if ((items->flags & EG_EVENT_EXISTING) != 0) {
        return EG_OK;
    }
    c->sequence++;
    for (i = 0; i < rule_count; i++) {
        wanted |= eg_sigma_set_is_correlated(c->set, rules[i]);
        mark_met(c, rules[i]);
    }
    if (wanted && items->time != 0) {
        c->time = items->time;
    }
    for (i = 0; i < c->all->count && wanted && status == EG_OK; i++) {
        if (c->progress[i].wanted == c->sequence) {
            status = advance(c, i, &v, &found);
        }
    }
    *hit_count = status == EG_OK ? found : 0;
    return status;
}
