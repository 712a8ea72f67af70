/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/explain_compile.h"

#include "core/base/status.h"
#include "core/sigma/filter.h"

#include <stdio.h>

#define REASON_SIZE 512

typedef struct explained {
    eg_arena *arena;
    eg_explain_part *parts;
    size_t part_count;
    uint32_t selection_count;
    char reason[REASON_SIZE]; /* why something was rejected */
} explained;

/* ---- the rule and its filters ---- */

static void add_part(explained *e, const eg_sigma_rule *source)
{
    e->parts[e->part_count++] = (eg_explain_part){source, e->selection_count};
    e->selection_count += (uint32_t)source->selection_count;
}

static int find_parts(explained *e, const eg_explain_rules *rules)
{
    size_t i;

    e->parts = eg_arena_alloc(e->arena, (rules->other_count + 1) * sizeof(*e->parts));
    if (!e->parts) {
        return EG_E_NOMEM;
    }
    add_part(e, rules->rule);
    for (i = 0; i < rules->other_count; i++) {
        const eg_sigma_rule *other = rules->others[i];

        if (other->kind == EG_DOCUMENT_FILTER && eg_filter_applies(other, rules->rule)) {
            add_part(e, other);
        }
    }
    return EG_OK;
}

/* ---- the set ---- */

static void on_problem(void *user, const eg_problem *problem)
{
    explained *e = user;

    if (problem->kind == EG_PROBLEM_REJECTED && e->reason[0] == '\0') {
        (void)snprintf(e->reason, sizeof(e->reason), "line %d: %s", problem->line, problem->reason);
    }
}

/* Of the same filter, for this rule alone: probes must go without. */
static int narrow_filter(eg_arena *arena, const eg_sigma_rule *rule, const eg_sigma_rule *filter,
                         eg_sigma_rule *out)
{
    eg_written_filter *written = eg_arena_alloc(arena, sizeof(*written));
    eg_reference *reference = eg_arena_alloc(arena, sizeof(*reference));

    if (!written || !reference) {
        return EG_E_NOMEM;
    }
    *reference = (eg_reference){rule->info.id, filter->line};
    *written = (eg_written_filter){false, reference, 1};
    *out = *filter;
    out->filter = written;
    return EG_OK;
}

/* Ids only have to differ: those of probes begin as no id of a rule does. */
static int make_probe(eg_arena *arena, const eg_sigma_rule *source, size_t selection, size_t number,
                      eg_sigma_rule *probe)
{
    char id[32];
    eg_condition *condition = eg_arena_alloc(arena, sizeof(*condition));
    const eg_condition **conditions = eg_arena_alloc(arena, sizeof(*conditions));
    int length = snprintf(id, sizeof(id), "\x01%zu", number);
    char *copy = eg_arena_copy(arena, id, (size_t)length);

    if (!condition || !conditions || !copy) {
        return EG_E_NOMEM;
    }
    condition->kind = EG_CONDITION_SELECTION;
    conditions[0] = condition;
    *probe = *source;
    probe->kind = EG_DOCUMENT_RULE;
    probe->filter = NULL;
    probe->name = probe->product = probe->category = probe->service = EG_STR_NONE;
    probe->info.id = (eg_str){copy, (size_t)length};
    probe->info.logsource = EG_LOGSOURCE_ANY;
    probe->selections = &source->selections[selection];
    probe->selection_count = 1;
    probe->conditions = conditions;
    probe->condition_count = 1;
    return EG_OK;
}

/* The documents to compile: the rule, a copy of each filter, a probe for each selection. */
static int make_documents(explained *e, const eg_sigma_rule **out, size_t *count)
{
    const eg_sigma_rule *rule = e->parts[0].source;
    eg_sigma_rule *copies =
        eg_arena_alloc(e->arena, (e->part_count + e->selection_count) * sizeof(*copies));
    size_t i, j;
    int status = copies ? EG_OK : EG_E_NOMEM;

    *count = 0;
    out[(*count)++] = rule;
    for (i = 1; i < e->part_count && status == EG_OK; i++) {
        status = narrow_filter(e->arena, rule, e->parts[i].source, copies);
        out[(*count)++] = copies++;
    }
    for (i = 0; i < e->part_count && status == EG_OK; i++) {
        const eg_sigma_rule *source = e->parts[i].source;

        for (j = 0; j < source->selection_count && status == EG_OK; j++) {
            status = make_probe(e->arena, source, j, e->parts[i].first + j, copies);
            out[(*count)++] = copies++;
        }
    }
    return status;
}

static int compile(explained *e, const eg_placeholders *placeholders, eg_sigma_set **out)
{
    const eg_report report = {on_problem, e};
    const eg_sigma_options options = {.placeholders = placeholders};
    const eg_sigma_rule **documents =
        eg_arena_alloc(e->arena, (e->part_count + e->selection_count) * sizeof(*documents));
    size_t count = 0;
    int status = documents ? make_documents(e, documents, &count) : EG_E_NOMEM;

    if (status == EG_OK) {
        status = eg_sigma_compile(documents, count, &options, &report, out);
    }
    if (status == EG_OK && e->reason[0] != '\0') {
        eg_sigma_set_destroy(*out);
        *out = NULL;
        status = eg_fail(EG_E_INVALID, "%s", e->reason);
    }
    return status;
}

int eg_explain_compile(eg_arena *arena, const eg_explain_rules *rules, eg_explain_compiled *out)
{
    explained e = {.arena = arena};
    eg_sigma_set *set = NULL;
    int status = find_parts(&e, rules);

    if (status == EG_OK) {
        status = compile(&e, rules->placeholders, &set);
    }
    if (status == EG_OK) {
        *out = (eg_explain_compiled){e.parts, e.part_count, set};
    }
    return status;
}
