/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to the log sources that cover it, remembered by kind of event. */
#include "core/sigma/matcher.h"

#include <string.h>

static bool is_route(const eg_route *r, const eg_event *event, eg_str type)
{
    return r->filled && r->event_id == event->event_id && r->channel_len == event->channel.len &&
           r->type_len == (type.ptr ? type.len + 1 : 0) &&
           memcmp(r->channel, event->channel.ptr, r->channel_len) == 0 &&
           (r->type_len <= 1 || memcmp(r->type, type.ptr, type.len) == 0);
}

static void fill_route(const eg_sigma_set *set, eg_route *r, const eg_event *event)
{
    size_t i;

    r->keywords = false;
    r->bucket_count = 0;
    for (i = 0; i < set->bucket_count; i++) {
        if (!eg_logsource_covers(set->buckets[i].logsource, event)) {
            continue;
        }
        r->buckets[r->bucket_count++] = (uint16_t)i;
        r->keywords |= set->buckets[i].keywords;
    }
}

const eg_route *eg_matcher_route(eg_sigma_matcher *m, const eg_event *event)
{
    eg_str type = event->field[EG_FIELD_EVENT_TYPE];
    size_t place = (event->event_id + event->channel.len * 7 + type.len * 3) % EG_MATCHER_ROUTES;
    eg_route *r = &m->routes[place];

    if (event->channel.len == 0 || event->channel.len > EG_ROUTE_CHANNEL_MAX ||
        type.len > EG_ROUTE_TYPE_MAX) {
        r = &m->routes[EG_MATCHER_ROUTES];
        fill_route(m->set, r, event);
        return r;
    }
    if (is_route(r, event, type)) {
        return r;
    }
    fill_route(m->set, r, event);
    r->filled = true;
    r->event_id = event->event_id;
    r->channel_len = event->channel.len;
    r->type_len = type.ptr ? type.len + 1 : 0;
    memcpy(r->channel, event->channel.ptr, r->channel_len);
    if (r->type_len > 1) {
        memcpy(r->type, type.ptr, type.len);
    }
    return r;
}
