/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hunt_correlation.h"

#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

typedef struct eg_waiting_event {
    eg_event *event;
    eg_event_line place;
    size_t offset;
    size_t first, count; /* of its rules */
} eg_waiting_event;

/* ---- what waits ---- */

static int grow(void **items, size_t *capacity, size_t wanted, size_t size)
{
    size_t more = *capacity > 0 ? *capacity * 2 : 64;
    if (wanted <= *capacity) {
        return EG_OK;
    }
    more = more < wanted ? wanted : more;
    void *grown = eg_realloc(*items, more * size);
    if (!grown) {
        return EG_E_NOMEM;
    }
    *items = grown;
    *capacity = more;
    return EG_OK;
}

int eg_hunt_waiting_add(eg_hunt_waiting *waiting, const eg_event_line *place, const eg_event *event,
                        const uint32_t *met, size_t count, size_t offset)
{
    void *items = waiting->items, *rules = waiting->met;
    eg_event *copy = NULL;

    int status = grow(&items, &waiting->capacity, waiting->count + 1, sizeof(*waiting->items));
    waiting->items = items;
    if (status == EG_OK) {
        status =
            grow(&rules, &waiting->met_capacity, waiting->met_count + count, sizeof(*waiting->met));
        waiting->met = rules;
    }
    if (status == EG_OK) {
        status = eg_event_clone(event, &copy);
    }
    if (status != EG_OK) {
        return status;
    }
    waiting->items[waiting->count++] =
        (eg_waiting_event){copy, *place, offset, waiting->met_count, count};
    memcpy(waiting->met + waiting->met_count, met, count * sizeof(*met));
    waiting->met_count += count;
    return EG_OK;
}

void eg_hunt_waiting_clear(eg_hunt_waiting *waiting)
{
    for (size_t i = 0; i < waiting->count; i++) {
        eg_free(waiting->items[i].event);
    }
    waiting->count = waiting->met_count = 0;
}

void eg_hunt_waiting_done(eg_hunt_waiting *waiting)
{
    eg_hunt_waiting_clear(waiting);
    eg_free(waiting->items);
    eg_free(waiting->met);
    memset(waiting, 0, sizeof(*waiting));
}

/* ---- the stream ---- */

int eg_hunt_stream_init(eg_hunt_stream *stream, const eg_sigma_set *set)
{
    memset(stream, 0, sizeof(*stream));
    stream->set = set;
    int status = eg_sigma_correlator_create(set, NULL, &stream->correlator);
    if (status == EG_OK) {
        status = eg_arena_create(&stream->arena, 64 * 1024);
    }
    if (status == EG_OK) {
        stream->rule_hits = eg_alloc_zero(eg_sigma_set_size(set), sizeof(*stream->rule_hits));
        status = stream->rule_hits ? EG_OK : EG_E_NOMEM;
    }
    if (status != EG_OK) {
        eg_hunt_stream_done(stream);
    }
    return status;
}

void eg_hunt_stream_done(eg_hunt_stream *stream)
{
    eg_sigma_correlator_destroy(stream->correlator);
    eg_arena_destroy(stream->arena);
    eg_free(stream->rule_hits);
    memset(stream, 0, sizeof(*stream));
}

static int follow_event(eg_hunt_stream *stream, const eg_waiting_event *item, const uint32_t *met,
                        const eg_hunt_format *format, eg_buf *out)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    const eg_correlation_hit *completed;
    size_t count;

    uint64_t start = eg_clock_monotonic_ns();
    eg_arena_reset(stream->arena);
    size_t view_count = eg_event_views(item->event, stream->arena, views);
    int status = eg_sigma_correlate(stream->correlator, views, view_count, met, item->count,
                                    &completed, &count);
    stream->ns += eg_clock_monotonic_ns() - start;
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        stream->rule_hits[completed[i].rule]++;
        stream->hits++;
        eg_hunt_format_match(format, &item->place, item->event,
                             eg_sigma_set_rule(stream->set, completed[i].rule), out);
    }
    return status == EG_OK ? out->status : status;
}

int eg_hunt_stream_follow(eg_hunt_stream *stream, const eg_hunt_waiting *waiting,
                          const eg_hunt_format *format, eg_str matches, eg_buf *out)
{
    size_t written = 0;
    for (size_t i = 0; i < waiting->count; i++) {
        const eg_waiting_event *item = &waiting->items[i];
        int status = eg_buf_append(out, matches.ptr + written, item->offset - written);
        written = item->offset;
        if (status == EG_OK) {
            status = follow_event(stream, item, waiting->met + item->first, format, out);
        }
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_buf_append(out, matches.ptr + written, matches.len - written);
}
