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
    if (status == EG_OK) {
        status = eg_event_reader_create(&matching->reader);
    }
    if (status == EG_OK) {
        status = eg_arena_create(&matching->arena, 64 * 1024);
    }
    if (status == EG_OK) {
        matching->met = eg_alloc_zero(eg_sigma_set_size(matching->set) * EG_EVENT_VIEWS_MAX + 1,
                                      sizeof(*matching->met));
        status = matching->met ? EG_OK : EG_E_NOMEM;
    }
    if (status != EG_OK) {
        eg_matching_done(matching);
    }
    return status;
}

void eg_matching_done(eg_matching *matching)
{
    eg_sigma_matcher_destroy(matching->matcher);
    eg_event_reader_destroy(matching->reader);
    eg_arena_destroy(matching->arena);
    eg_free(matching->met);
    eg_ruleset_unref(matching->ruleset);
    memset(matching, 0, sizeof(*matching));
}

static int compare_index(const void *a, const void *b)
{
    uint32_t left, right;
    memcpy(&left, a, sizeof(left));
    memcpy(&right, b, sizeof(right));
    return left < right ? -1 : left > right;
}

/* A rule met in several views of one event is one match. */
static void drop_repeated(eg_matching *matching)
{
    qsort(matching->met, matching->met_count, sizeof(*matching->met), compare_index);
    size_t kept = 1;
    for (size_t i = 1; i < matching->met_count; i++) {
        if (matching->met[i] != matching->met[kept - 1]) {
            matching->met[kept++] = matching->met[i];
        }
    }
    matching->met_count = kept;
}

static int match_views(eg_matching *matching, const eg_event *event)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    eg_arena_reset(matching->arena);
    size_t count = eg_event_views(event, matching->arena, views);
    for (size_t i = 0; i < count; i++) {
        const uint32_t *rules = NULL;
        size_t found = 0;
        int status = eg_sigma_match(matching->matcher, &views[i], &rules, &found);
        if (status != EG_OK) {
            return status;
        }
        if (found > 0) {
            memcpy(matching->met + matching->met_count, rules, found * sizeof(*rules));
            matching->met_count += found;
        }
    }
    if (count > 1 && matching->met_count > 1) {
        drop_repeated(matching);
    }
    return EG_OK;
}

int eg_matching_line(eg_matching *matching, eg_str line, eg_event *event)
{
    matching->met_count = 0;
    int status = eg_event_read_json(matching->reader, line, event);
    if (status != EG_OK) {
        return status;
    }
    uint64_t start = eg_clock_monotonic_ns();
    status = match_views(matching, event);
    matching->match_ns += eg_clock_monotonic_ns() - start;
    return status;
}
