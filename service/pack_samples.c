/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pack_samples.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/event/event_json.h"
#include "core/event/logsource.h"
#include "core/sigma/correlator.h"

#include <string.h>

#define ARENA_BLOCK ((size_t)64 * 1024)
#define NO_RULE SIZE_MAX

/* What the lines of a file have to do. */
typedef enum expectation { MUST_HIT, MUST_MISS, MUST_MISS_ALL } expectation;

typedef struct samples {
    const eg_sigma_set *set;
    eg_sigma_matcher *matcher;
    eg_sigma_correlator *correlator;
    eg_event_reader *reader;
    eg_arena *arena;
    uint8_t *has_met; /* by the event at hand: one for each rule of the set */
    uint32_t *met;    /* their numbers */
    size_t met_count;
} samples;

/* One sample file. */
typedef struct sample {
    const eg_pack_file *file;
    expectation expected;
    size_t rule;         /* NO_RULE when it is about all of them */
    bool is_stream;      /* the rule is a correlation */
    int line, completed; /* the line that completed it first; 0: none */
} sample;

static int fail_at(const samples *s, const sample *at, int line, const char *what, size_t rule)
{
    const eg_rule_info *info = eg_sigma_set_rule(s->set, rule);
    return eg_fail(EG_E_INVALID, "%.*s:%d: %s: %.*s", EG_STR_ARGS(at->file->name), line, what,
                   EG_STR_ARGS(info->title));
}

/* ---- one event ---- */

static int match(samples *s, const eg_event *views, size_t count)
{
    s->met_count = 0;
    memset(s->has_met, 0, eg_sigma_set_size(s->set));
    for (size_t i = 0; i < count; i++) {
        const uint32_t *rules = NULL;
        size_t found = 0;
        int status = eg_sigma_match(s->matcher, &views[i], &rules, &found);
        if (status != EG_OK) {
            return status;
        }
        for (size_t k = 0; k < found; k++) {
            if (!s->has_met[rules[k]]) {
                s->has_met[rules[k]] = 1;
                s->met[s->met_count++] = rules[k];
            }
        }
    }
    return EG_OK;
}

/* The first that raises a hit, of the rules met and the correlations completed. */
static size_t first_hit(const samples *s, const eg_correlation_hit *completed, size_t count)
{
    for (size_t i = 0; i < s->met_count; i++) {
        if (!eg_sigma_set_is_silent(s->set, s->met[i])) {
            return s->met[i];
        }
    }
    return count > 0 ? completed[0].rule : NO_RULE;
}

static int judge_event(const samples *s, sample *at, const eg_correlation_hit *completed,
                       size_t count)
{
    if (at->is_stream) {
        for (size_t i = 0; i < count && at->completed == 0; i++) {
            at->completed = completed[i].rule == at->rule ? at->line : 0;
        }
        return EG_OK;
    }
    size_t hit = at->expected == MUST_MISS_ALL ? first_hit(s, completed, count)
                 : s->has_met[at->rule]        ? at->rule
                                               : NO_RULE;
    if (at->expected == MUST_HIT) {
        return hit == NO_RULE ? fail_at(s, at, at->line, "does not hit", at->rule) : EG_OK;
    }
    return hit == NO_RULE ? EG_OK : fail_at(s, at, at->line, "hits", hit);
}

static int run_event(samples *s, sample *at, const eg_event *event)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    const eg_correlation_hit *completed = NULL;
    size_t completed_count = 0;
    eg_arena_reset(s->arena);
    size_t count = eg_event_views(event, s->arena, views);
    int status = match(s, views, count);
    if (status == EG_OK) {
        status = eg_sigma_correlate(s->correlator, views, count, s->met, s->met_count, &completed,
                                    &completed_count);
    }
    return status == EG_OK ? judge_event(s, at, completed, completed_count) : status;
}

/* ---- one file ---- */

/* The last event completes the correlation, or none does. */
static int judge_stream(const samples *s, const sample *at, int last)
{
    if (at->expected == MUST_MISS) {
        return at->completed == 0 ? EG_OK : fail_at(s, at, at->completed, "completes", at->rule);
    }
    return at->completed == last
               ? EG_OK
               : fail_at(s, at, last, at->completed == 0 ? "does not complete" : "completes early",
                         at->rule);
}

static int run_lines(samples *s, sample *at)
{
    eg_str rest = at->file->text, line;
    int status = EG_OK, last = 0;
    at->is_stream = at->rule != NO_RULE && eg_sigma_set_is_correlation(s->set, at->rule);
    eg_sigma_correlator_reset(s->correlator);
    while (status == EG_OK && eg_str_split(&rest, '\n', &line)) {
        eg_event event;
        at->line++;
        if (eg_str_trim(line).len == 0) {
            continue;
        }
        last = at->line;
        status = eg_event_read_json(s->reader, line, &event);
        if (status == EG_OK) {
            status = run_event(s, at, &event);
        } else if (status == EG_E_INVALID || status == EG_E_LIMIT) {
            char reason[200];
            eg_utf8_copy(reason, sizeof(reason), eg_str_from(eg_error_message()));
            status =
                eg_fail(EG_E_INVALID, "%.*s:%d: %s", EG_STR_ARGS(at->file->name), at->line, reason);
        }
    }
    return status == EG_OK && at->is_stream && last > 0 ? judge_stream(s, at, last) : status;
}

/* The rule whose file has this name; silent ones are seen through their correlation. */
static size_t find_rule(const samples *s, eg_str stem)
{
    for (size_t i = 0; i < eg_sigma_set_size(s->set); i++) {
        eg_str file = eg_path_base(eg_str_from(eg_sigma_set_rule(s->set, i)->file));
        if (eg_str_ends_nocase(file, EG_STR(".yml"))) {
            file.len -= 4;
        }
        if (eg_str_equal(file, stem) && !eg_sigma_set_is_silent(s->set, i)) {
            return i;
        }
    }
    return NO_RULE;
}

static int run_file(samples *s, const eg_pack_file *file)
{
    sample at = {.file = file, .expected = MUST_MISS_ALL, .rule = NO_RULE};
    eg_str rest = file->name, folder, stem;
    if (!eg_str_split(&rest, '/', &folder) || !eg_str_equal(folder, EG_STR("samples")) ||
        !eg_str_ends_nocase(file->name, EG_STR(".jsonl"))) {
        return EG_OK;
    }
    (void)eg_str_split(&rest, '/', &stem);
    if (rest.len > 0) {
        bool is_hit = eg_str_equal(rest, EG_STR("hit.jsonl"));
        at.expected = is_hit ? MUST_HIT : MUST_MISS;
        at.rule = is_hit || eg_str_equal(rest, EG_STR("miss.jsonl")) ? find_rule(s, stem) : NO_RULE;
        if (at.rule == NO_RULE) {
            return EG_OK;
        }
    }
    return run_lines(s, &at);
}

int eg_pack_samples_run(const eg_ruleset *ruleset, const eg_bundle *bundle)
{
    samples s = {.set = eg_ruleset_sigma(ruleset)};
    size_t rules = eg_sigma_set_size(s.set);
    s.has_met = eg_alloc_zero(rules + 1, sizeof(*s.has_met));
    s.met = eg_alloc_zero(rules + 1, sizeof(*s.met));
    int status = s.has_met && s.met ? eg_sigma_matcher_create(s.set, &s.matcher) : EG_E_NOMEM;
    if (status == EG_OK) {
        status = eg_sigma_correlator_create(s.set, NULL, &s.correlator);
    }
    if (status == EG_OK) {
        status = eg_event_reader_create(&s.reader);
    }
    if (status == EG_OK) {
        status = eg_arena_create(&s.arena, ARENA_BLOCK);
    }
    for (size_t i = 0; i < bundle->count && status == EG_OK; i++) {
        status = run_file(&s, &bundle->files[i]);
    }
    eg_arena_destroy(s.arena);
    eg_event_reader_destroy(s.reader);
    eg_sigma_correlator_destroy(s.correlator);
    eg_sigma_matcher_destroy(s.matcher);
    eg_free(s.met);
    eg_free(s.has_met);
    return status;
}
