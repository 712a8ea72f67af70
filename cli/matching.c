/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/matching.h"

#include "core/base/os.h"
#include "core/base/status.h"

#include <stdlib.h>
#include <string.h>

int eg_matching_init(eg_matching *matching, eg_ruleset *ruleset)
{
    memset(matching, 0, sizeof(*matching));
    matching->ruleset = ruleset;
    matching->set = eg_ruleset_sigma(ruleset);
    int status = eg_sigma_matcher_create(matching->set, &matching->matcher);
    for (size_t i = 0; i < EG_MATCHING_EVENTS && status == EG_OK; i++) {
        status = eg_event_reader_create(&matching->readers[i]);
    }
    if (status == EG_OK) {
        status = eg_arena_create(&matching->arena, 64 * 1024);
    }
    if (status != EG_OK) {
        eg_matching_done(matching);
    }
    return status;
}

void eg_matching_done(eg_matching *matching)
{
    eg_sigma_matcher_destroy(matching->matcher);
    for (size_t i = 0; i < EG_MATCHING_EVENTS; i++) {
        eg_event_reader_destroy(matching->readers[i]);
    }
    eg_arena_destroy(matching->arena);
    eg_free(matching->met);
    eg_ruleset_unref(matching->ruleset);
    memset(matching, 0, sizeof(*matching));
}

int eg_matching_read(eg_matching *matching, eg_str text)
{
    size_t slot = matching->count;
    int status = eg_event_read_json(matching->readers[slot], text, &matching->events[slot]);
    if (status == EG_OK) {
        matching->count++;
    }
    return status;
}

void eg_matching_clear(eg_matching *matching)
{
    matching->count = 0;
}

/* ---- rules that were met ---- */

static int add_met(eg_matching *matching, const uint32_t *rules, size_t count, size_t *end)
{
    if (count == 0) {
        return EG_OK;
    }
    if (*end + count > matching->met_capacity) {
        size_t capacity = (*end + count) * 2;
        uint32_t *met = eg_realloc(matching->met, capacity * sizeof(*met));
        if (!met) {
            return EG_E_NOMEM;
        }
        matching->met = met;
        matching->met_capacity = capacity;
    }
    memcpy(matching->met + *end, rules, count * sizeof(*rules));
    *end += count;
    return EG_OK;
}

static int compare_index(const void *a, const void *b)
{
    uint32_t left, right;
    memcpy(&left, a, sizeof(left));
    memcpy(&right, b, sizeof(right));
    return left < right ? -1 : left > right;
}

/* A rule met in several views of one event is one match. */
static size_t drop_repeated(uint32_t *met, size_t count)
{
    size_t kept = 1;
    qsort(met, count, sizeof(*met), compare_index);
    for (size_t i = 1; i < count; i++) {
        if (met[i] != met[kept - 1]) {
            met[kept++] = met[i];
        }
    }
    return kept;
}

static int match_event(eg_matching *matching, const eg_event *event, size_t *end)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    size_t first = *end;

    eg_arena_reset(matching->arena);
    size_t count = eg_event_views(event, matching->arena, views);
    for (size_t i = 0; i < count; i++) {
        const uint32_t *rules = NULL;
        size_t found = 0;
        int status = eg_sigma_match(matching->matcher, &views[i], &rules, &found);
        if (status == EG_OK) {
            status = add_met(matching, rules, found, end);
        }
        if (status != EG_OK) {
            return status;
        }
    }
    if (count > 1 && *end > first + 1) {
        *end = first + drop_repeated(matching->met + first, *end - first);
    }
    return EG_OK;
}

int eg_matching_run(eg_matching *matching)
{
    size_t end = 0;
    int status = EG_OK;
    uint64_t start = eg_clock_monotonic_ns();

    for (size_t i = 0; i < matching->count && status == EG_OK; i++) {
        status = match_event(matching, &matching->events[i], &end);
        matching->met_end[i] = end;
    }
    matching->match_ns += eg_clock_monotonic_ns() - start;
    return status;
}

const uint32_t *eg_matching_met(const eg_matching *matching, size_t event, size_t *count)
{
    size_t first = event > 0 ? matching->met_end[event - 1] : 0;
    *count = matching->met_end[event] - first;
    return *count > 0 ? matching->met + first : NULL;
}

bool eg_matching_has_met(const eg_matching *matching, size_t event, size_t rule)
{
    size_t count;
    const uint32_t *met = eg_matching_met(matching, event, &count);
    for (size_t i = 0; i < count; i++) {
        if (met[i] == rule) {
            return true;
        }
    }
    return false;
}
