/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hunt_batch.h"

#include "core/base/status.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_MAX (EG_HUNT_BATCH_BYTES + EG_EVENT_LINE_MAX)
#define OUTPUT_MAX ((size_t)1 << 30)

int eg_hunt_batch_create(eg_hunt_batch **out)
{
    eg_hunt_batch *batch = eg_alloc_zero(1, sizeof(*batch));
    if (!batch) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&batch->text, TEXT_MAX);
    eg_buf_init(&batch->complaints, OUTPUT_MAX);
    eg_buf_init(&batch->matches, OUTPUT_MAX);
    *out = batch;
    return EG_OK;
}

void eg_hunt_batch_destroy(eg_hunt_batch *batch)
{
    if (batch) {
        eg_buf_done(&batch->text);
        eg_buf_done(&batch->complaints);
        eg_buf_done(&batch->matches);
        eg_hunt_waiting_done(&batch->waiting);
        eg_free(batch);
    }
}

void eg_hunt_batch_clear(eg_hunt_batch *batch)
{
    eg_buf_clear(&batch->text);
    eg_buf_clear(&batch->complaints);
    eg_buf_clear(&batch->matches);
    eg_hunt_waiting_clear(&batch->waiting);
    batch->count = 0;
    batch->events = batch->broken = batch->hits = 0;
    batch->status = EG_OK;
}

bool eg_hunt_batch_is_full(const eg_hunt_batch *batch)
{
    return batch->count == EG_HUNT_BATCH_LINES || batch->text.len >= EG_HUNT_BATCH_BYTES;
}

int eg_hunt_batch_add(eg_hunt_batch *batch, const eg_event_line *line, bool broken)
{
    eg_hunt_line *kept = &batch->lines[batch->count];
    kept->offset = batch->text.len;
    kept->length = line->text.len;
    kept->broken = broken;
    kept->place = *line;
    kept->place.text = EG_STR_NONE;
    int status = eg_buf_append_str(&batch->text, line->text);
    if (status == EG_OK) {
        batch->count++;
    }
    return status;
}

/* ---- work ---- */

int eg_hunter_init(eg_hunter *hunter, eg_ruleset *ruleset, const eg_hunt_format *format,
                   const char *const *paths)
{
    size_t rules = eg_sigma_set_size(eg_ruleset_sigma(ruleset));
    memset(hunter, 0, sizeof(*hunter));
    hunter->format = format;
    hunter->paths = paths;
    int status = eg_matching_init(&hunter->matching, ruleset);
    if (status == EG_OK) {
        hunter->rule_hits = eg_alloc_zero(rules, sizeof(*hunter->rule_hits));
        status = hunter->rule_hits ? EG_OK : EG_E_NOMEM;
    }
    return status;
}

void eg_hunter_done(eg_hunter *hunter)
{
    eg_matching_done(&hunter->matching);
    eg_free(hunter->rule_hits);
    hunter->rule_hits = NULL;
}

static void complain(const eg_hunter *hunter, eg_hunt_batch *batch, const eg_event_line *place,
                     eg_str reason)
{
    const char *path = hunter->paths[place->file];
    batch->broken++;
    eg_buf_appendf(&batch->complaints, "%s:%" PRIu64 ": skipped (i %" PRIu64 "): %.*s\n",
                   strcmp(path, "-") == 0 ? "standard input" : path, place->number, place->i,
                   EG_STR_ARGS(reason));
}

/* Prints the rules that event `number` meets, and puts it aside where correlations want it. */
static int take_event(eg_hunter *hunter, size_t number, const eg_event_line *place,
                      eg_hunt_batch *batch)
{
    const eg_sigma_set *set = hunter->matching.set;
    const eg_event *event = &hunter->matching.events[number];
    bool correlated = false;
    size_t count;
    const uint32_t *met = eg_matching_met(&hunter->matching, number, &count);

    for (size_t i = 0; i < count; i++) {
        correlated = correlated || eg_sigma_set_is_correlated(set, met[i]);
        if (eg_sigma_set_is_silent(set, met[i])) {
            continue;
        }
        hunter->rule_hits[met[i]]++;
        batch->hits++;
        eg_hunt_format_match(hunter->format, place, event, eg_sigma_set_rule(set, met[i]),
                             &batch->matches);
    }
    batch->events++;
    if (!correlated) {
        return EG_OK;
    }
    return eg_hunt_waiting_add(&batch->waiting, place, event, met, count, batch->matches.len);
}

/* Matches the events read so far; places[n] is where event n stood. */
static int match_read(eg_hunter *hunter, const eg_event_line *const *places, eg_hunt_batch *batch)
{
    eg_matching *matching = &hunter->matching;
    int status = eg_matching_run(matching);

    for (size_t i = 0; i < matching->count && status == EG_OK; i++) {
        status = take_event(hunter, i, places[i], batch);
    }
    eg_matching_clear(matching);
    return status == EG_OK ? batch->matches.status : status;
}

static int work(eg_hunter *hunter, eg_hunt_batch *batch)
{
    const eg_event_line *places[EG_MATCHING_EVENTS];
    eg_matching *matching = &hunter->matching;
    int status = EG_OK;

    for (size_t i = 0; i < batch->count && status == EG_OK; i++) {
        const eg_hunt_line *line = &batch->lines[i];
        eg_str text = {batch->text.data + line->offset, line->length};
        if (line->broken) {
            complain(hunter, batch, &line->place, text);
            continue;
        }
        if (eg_str_trim(text).len == 0) {
            continue;
        }
        status = eg_matching_read(matching, text);
        if (status == EG_OK) {
            places[matching->count - 1] = &line->place;
        } else if (status == EG_E_INVALID || status == EG_E_LIMIT) {
            complain(hunter, batch, &line->place, eg_str_from(eg_error_message()));
            status = EG_OK;
        }
        if (status == EG_OK && matching->count == EG_MATCHING_EVENTS) {
            status = match_read(hunter, places, batch);
        }
    }
    return status == EG_OK ? match_read(hunter, places, batch) : status;
}

void eg_hunter_work(eg_hunter *hunter, eg_hunt_batch *batch)
{
    batch->status = work(hunter, batch);
    if (batch->status != EG_OK) {
        eg_matching_clear(&hunter->matching);
        eg_buf_appendf(&batch->complaints, "%s\n", eg_error_message());
    }
}
