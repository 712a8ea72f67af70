/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/correlation_group.h"

#include "core/base/status.h"

#include <string.h>

#define EVENTS_MIN 4
#define PLACES_MIN 64
/* More than a condition asks for is of use only when events come late. */
#define EVENTS_PLENTY 256

int eg_group_table_init(eg_group_table *table, const eg_correlator_limits *limits)
{
    size_t places = PLACES_MIN;

    memset(table, 0, sizeof(*table));
    table->limits = *limits;
    while (places < limits->groups && places < SIZE_MAX / 4) {
        places *= 2;
    }
    table->places = (eg_group **)eg_alloc_zero(places, sizeof(*table->places));
    if (!table->places) {
        return EG_E_NOMEM;
    }
    table->mask = places - 1;
    return EG_OK;
}

/* ---- events ---- */

static void release_value(eg_group_table *table, eg_counted_value *value)
{
    if (!value || --value->events > 0) {
        return;
    }
    table->stats.text -= value->len;
    eg_free(value);
}

static void remove_event(eg_group_table *table, eg_group *group, size_t at)
{
    release_value(table, group->events[at].value);
    group->count--;
    table->stats.events--;
    memmove(group->events + at, group->events + at + 1,
            (group->count - at) * sizeof(*group->events));
}

void eg_group_expire(eg_group_table *table, eg_group *group, uint64_t time)
{
    size_t gone = 0;

    while (gone < group->count && group->events[gone].time < time) {
        release_value(table, group->events[gone++].value);
    }
    if (gone == 0) {
        return;
    }
    group->count -= gone;
    table->stats.events -= gone;
    memmove(group->events, group->events + gone, group->count * sizeof(*group->events));
}

/* How many events of the group are like this one: hold its value, or stand for its part. */
static uint32_t like_it(const eg_group *group, const eg_correlated_event *event,
                        const uint32_t *of_part)
{
    if (group->correlation->type == EG_CORRELATION_VALUE_COUNT) {
        return event->value->events;
    }
    return of_part[event->part];
}

/*
 * Makes room for an event. What came first is forgotten first, whatever time it bears: by time that
 * could be the new event itself, once a clock was wrong. But first of all what is there several
 * times, and before that what is like the new event: whoever floods the group with one thing
 * displaces nothing else.
 */
static void drop_event(eg_group_table *table, eg_group *group, const eg_counted_value *value,
                       uint32_t part)
{
    uint32_t of_part[EG_CORRELATION_RULES_MAX] = {0};
    size_t victim = 0, i;
    int reason = 0;

    for (i = 0; i < group->count; i++) {
        of_part[group->events[i].part]++;
    }
    for (i = 0; i < group->count; i++) {
        const eg_correlated_event *event = &group->events[i];
        int why = event->value == value && event->part == part ? 2
                  : like_it(group, event, of_part) > 1         ? 1
                                                               : 0;

        if (why > reason || (why == reason && event->sequence < group->events[victim].sequence)) {
            victim = i;
            reason = why;
        }
    }
    remove_event(table, group, victim);
    table->stats.events_dropped++;
}

/* ---- groups ---- */

static char *key_of(eg_group *group)
{
    return (char *)(group + 1);
}

static void unlink_group(eg_group_table *table, eg_group *group)
{
    if (group->newer) {
        group->newer->older = group->older;
    } else {
        table->newest = group->older;
    }
    if (group->older) {
        group->older->newer = group->newer;
    } else {
        table->oldest = group->newer;
    }
}

static void link_newest(eg_group_table *table, eg_group *group)
{
    group->newer = NULL;
    group->older = table->newest;
    if (table->newest) {
        table->newest->newer = group;
    } else {
        table->oldest = group;
    }
    table->newest = group;
}

static void remove_group(eg_group_table *table, eg_group *group)
{
    eg_group **at = &table->places[group->hash & table->mask];

    while (*at != group) {
        at = &(*at)->next;
    }
    *at = group->next;
    unlink_group(table, group);
    eg_group_expire(table, group, UINT64_MAX);
    while (group->count > 0) {
        remove_event(table, group, group->count - 1);
    }
    table->stats.groups--;
    table->stats.text -= group->key_len;
    eg_free(group->events);
    eg_free(group);
}

static bool still_counts(const eg_group *group, uint64_t now)
{
    uint64_t reach = 2 * group->correlation->timespan;

    return group->count > 0 &&
           group->events[group->count - 1].time >= (now > reach ? now - reach : 0);
}

static void drop_oldest(eg_group_table *table, uint64_t now)
{
    if (still_counts(table->oldest, now)) {
        table->stats.groups_dropped++;
        table->stats.events_dropped += table->oldest->count;
    }
    remove_group(table, table->oldest);
}

void eg_group_table_clear(eg_group_table *table)
{
    while (table->oldest) {
        remove_group(table, table->oldest);
    }
}

void eg_group_table_done(eg_group_table *table)
{
    eg_group_table_clear(table);
    eg_free((void *)table->places);
    memset(table, 0, sizeof(*table));
}

static eg_group *look_up(const eg_group_table *table, const eg_correlation *correlation,
                         uint64_t hash, eg_str key)
{
    eg_group *group = table->places[hash & table->mask];

    while (group && !(group->hash == hash && group->correlation == correlation &&
                      eg_str_equal((eg_str){key_of(group), group->key_len}, key))) {
        group = group->next;
    }
    return group;
}

static int make_group(eg_group_table *table, const eg_correlation *correlation, uint64_t hash,
                      eg_str key, eg_group **out)
{
    eg_group *group = eg_alloc_zero(1, sizeof(*group) + key.len);

    if (!group) {
        return EG_E_NOMEM;
    }
    group->hash = hash;
    group->correlation = correlation;
    group->key_len = key.len;
    if (key.len > 0) {
        memcpy(key_of(group), key.ptr, key.len);
    }
    group->next = table->places[hash & table->mask];
    table->places[hash & table->mask] = group;
    link_newest(table, group);
    table->stats.groups++;
    table->stats.text += key.len;
    *out = group;
    return EG_OK;
}

int eg_group_find(eg_group_table *table, const eg_correlation *correlation, eg_str key,
                  uint64_t now, eg_group **out)
{
    uint64_t hash = eg_str_hash(key) ^ (uint64_t)correlation->rule * UINT64_C(0x9E3779B97F4A7C15);
    eg_group *group = look_up(table, correlation, hash, key);

    if (group) {
        unlink_group(table, group);
        link_newest(table, group);
        *out = group;
        return EG_OK;
    }
    if (key.len > table->limits.text || table->limits.groups == 0) {
        table->stats.events_dropped++;
        *out = NULL;
        return EG_OK;
    }
    while (table->oldest && (table->stats.groups >= table->limits.groups ||
                             table->stats.text + key.len > table->limits.text)) {
        drop_oldest(table, now);
    }
    return make_group(table, correlation, hash, key, out);
}

/* ---- adding an event ---- */

static size_t most_events(const eg_group_table *table, const eg_correlation *c)
{
    size_t most = EVENTS_PLENTY;
    uint32_t high = c->range.high < UINT32_MAX ? c->range.high + 1 : 0;

    if (most < (size_t)c->range.low * 2) {
        most = (size_t)c->range.low * 2;
    }
    if (most < (size_t)high * 2) {
        most = (size_t)high * 2;
    }
    if (most < (size_t)c->range.except * 2) {
        most = (size_t)c->range.except * 2;
    }
    return most < table->limits.group_events ? most : table->limits.group_events;
}

static eg_counted_value *find_value(const eg_group *group, uint64_t hash, eg_str text)
{
    size_t i;

    for (i = group->count; i > 0; i--) {
        eg_counted_value *value = group->events[i - 1].value;

        if (value && value->hash == hash &&
            eg_str_equal((eg_str){(const char *)(value + 1), value->len}, text)) {
            return value;
        }
    }
    return NULL;
}

static bool holds_event(const eg_group *group, uint64_t sequence, uint32_t part,
                        const eg_counted_value *value)
{
    size_t i;

    for (i = group->count; i > 0; i--) {
        const eg_correlated_event *event = &group->events[i - 1];

        if (event->sequence == sequence && event->part == part && event->value == value) {
            return true;
        }
    }
    return false;
}

/* Room for one event and `text` bytes within the limits; false when they alone are beyond them. */
static bool make_room(eg_group_table *table, eg_group *group, uint64_t now, size_t text,
                      const eg_counted_value *value, uint32_t part)
{
    size_t most = most_events(table, group->correlation);

    if (most == 0 || table->limits.events == 0 || group->key_len + text > table->limits.text) {
        return false;
    }
    while (group->count >= most) {
        drop_event(table, group, value, part);
    }
    while (table->stats.events >= table->limits.events ||
           table->stats.text + text > table->limits.text) {
        if (table->oldest != group) {
            drop_oldest(table, now);
        } else {
            drop_event(table, group, value, part);
        }
    }
    return true;
}

static int grow_events(eg_group *group)
{
    size_t capacity = group->capacity ? group->capacity * 2 : EVENTS_MIN;
    eg_correlated_event *events;

    if (group->count < group->capacity) {
        return EG_OK;
    }
    events = eg_realloc(group->events, capacity * sizeof(*events));
    if (!events) {
        return EG_E_NOMEM;
    }
    group->events = events;
    group->capacity = capacity;
    return EG_OK;
}

static int make_value(eg_group_table *table, eg_str text, uint64_t hash, eg_counted_value **out)
{
    eg_counted_value *value = eg_alloc_zero(1, sizeof(*value) + text.len);

    if (!value) {
        return EG_E_NOMEM;
    }
    value->hash = hash;
    value->len = text.len;
    value->events = 1;
    if (text.len > 0) {
        memcpy(value + 1, text.ptr, text.len);
    }
    table->stats.text += text.len;
    *out = value;
    return EG_OK;
}

static size_t put_event(eg_group_table *table, eg_group *group, const eg_correlated_event *event)
{
    size_t place = group->count;

    while (place > 0 && group->events[place - 1].time > event->time) {
        place--;
    }
    memmove(group->events + place + 1, group->events + place,
            (group->count - place) * sizeof(*group->events));
    group->events[place] = *event;
    group->count++;
    table->stats.events++;
    return place;
}

int eg_group_add(eg_group_table *table, eg_group *group, uint64_t time, uint64_t sequence,
                 uint32_t part, eg_str text, size_t *at)
{
    uint64_t hash = text.ptr ? eg_str_hash(text) : 0;
    eg_counted_value *value = text.ptr ? find_value(group, hash, text) : NULL;
    int status;

    *at = SIZE_MAX;
    if ((value || !text.ptr) && holds_event(group, sequence, part, value)) {
        return EG_OK;
    }
    if (value) {
        value->events++; /* the new event's share keeps it, whoever has to leave */
    }
    if (!make_room(table, group, time, value ? 0 : text.len, value, part)) {
        release_value(table, value);
        table->stats.events_dropped++;
        return EG_OK;
    }
    status = grow_events(group);
    if (status == EG_OK && text.ptr && !value) {
        status = make_value(table, text, hash, &value);
    }
    if (status != EG_OK) {
        release_value(table, value);
        return status;
    }
    *at = put_event(table, group, &(eg_correlated_event){time, sequence, value, part});
    return EG_OK;
}
