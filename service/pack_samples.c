/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pack_samples.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/event/event_json.h"
#include "core/event/logsource.h"

#define ARENA_BLOCK ((size_t)64 * 1024)
#define NO_RULE SIZE_MAX

typedef struct samples {
    const eg_sigma_set *set;
    eg_sigma_matcher *matcher;
    eg_event_reader *reader;
    eg_arena *arena;
} samples;

/* Does the event meet `wanted`, or with NO_RULE any rule that raises hits? *rule: which. */
static int match(samples *s, const eg_event *event, size_t wanted, size_t *rule)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    const uint32_t *met = NULL;
    size_t found = 0;
    *rule = NO_RULE;
    eg_arena_reset(s->arena);
    size_t count = eg_event_views(event, s->arena, views);
    for (size_t i = 0; i < count && *rule == NO_RULE; i++) {
        int status = eg_sigma_match(s->matcher, &views[i], &met, &found);
        if (status != EG_OK) {
            return status;
        }
        for (size_t k = 0; k < found && *rule == NO_RULE; k++) {
            bool counts =
                wanted == NO_RULE ? !eg_sigma_set_is_silent(s->set, met[k]) : met[k] == wanted;
            *rule = counts ? met[k] : NO_RULE;
        }
    }
    return EG_OK;
}

static int run_file(samples *s, const eg_pack_file *file, size_t wanted)
{
    eg_str rest = file->text, line;
    int number = 0, status = EG_OK;
    while (status == EG_OK && eg_str_split(&rest, '\n', &line)) {
        eg_event event;
        size_t rule = NO_RULE;
        number++;
        if (eg_str_trim(line).len == 0) {
            continue;
        }
        status = eg_event_read_json(s->reader, line, &event);
        if (status == EG_OK) {
            status = match(s, &event, wanted, &rule);
        }
        if (status == EG_OK && (rule == NO_RULE) != (wanted == NO_RULE)) {
            const eg_rule_info *info = eg_sigma_set_rule(s->set, wanted == NO_RULE ? rule : wanted);
            status = eg_fail(EG_E_INVALID, "%.*s:%d: %s: %.*s", EG_STR_ARGS(file->name), number,
                             wanted == NO_RULE ? "hits" : "does not hit", EG_STR_ARGS(info->title));
        }
    }
    return status;
}

/* The rule whose file has this name, if its samples can be judged event by event. */
static size_t find_rule(const samples *s, eg_str stem)
{
    for (size_t i = 0; i < eg_sigma_set_size(s->set); i++) {
        eg_str file = eg_path_base(eg_str_from(eg_sigma_set_rule(s->set, i)->file));
        if (eg_str_ends_nocase(file, EG_STR(".yml"))) {
            file.len -= 4;
        }
        if (eg_str_equal(file, stem) && !eg_sigma_set_is_silent(s->set, i) &&
            !eg_sigma_set_is_correlation(s->set, i)) {
            return i;
        }
    }
    return NO_RULE;
}

static int run_one(samples *s, const eg_pack_file *file)
{
    eg_str rest = file->name, folder, stem;
    if (!eg_str_split(&rest, '/', &folder) || !eg_str_equal(folder, EG_STR("samples")) ||
        !eg_str_ends_nocase(file->name, EG_STR(".jsonl"))) {
        return EG_OK;
    }
    (void)eg_str_split(&rest, '/', &stem);
    if (rest.len == 0) {
        return run_file(s, file, NO_RULE);
    }
    size_t rule = eg_str_equal(rest, EG_STR("hit.jsonl")) ? find_rule(s, stem) : NO_RULE;
    return rule == NO_RULE ? EG_OK : run_file(s, file, rule);
}

int eg_pack_samples_run(const eg_ruleset *ruleset, const eg_bundle *bundle)
{
    samples s = {.set = eg_ruleset_sigma(ruleset)};
    int status = eg_sigma_matcher_create(s.set, &s.matcher);
    if (status == EG_OK) {
        status = eg_event_reader_create(&s.reader);
    }
    if (status == EG_OK) {
        status = eg_arena_create(&s.arena, ARENA_BLOCK);
    }
    for (size_t i = 0; i < bundle->count && status == EG_OK; i++) {
        status = run_one(&s, &bundle->files[i]);
    }
    eg_arena_destroy(s.arena);
    eg_event_reader_destroy(s.reader);
    eg_sigma_matcher_destroy(s.matcher);
    return status;
}
