/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/explain.h"

#include "core/base/status.h"
#include "core/sigma/builder.h"
#include "core/sigma/explain_compile.h"
#include "core/sigma/explain_text.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX (1024u * 1024)

/* A line, and for a predicate its place in the set. */
typedef struct line {
    eg_explain_line shown;
    eg_ref ref;
} line;

typedef struct tally {
    uint32_t lines, met;
} tally;

struct eg_explanation {
    eg_arena *arena;
    eg_explain_compiled compiled; /* its parts only while the explanation is made */
    eg_sigma_set *set;            /* NULL of a correlation */
    eg_sigma_matcher *matcher;
    line *lines;
    size_t count, capacity;
    tally *tallies; /* by depth */
    eg_buf text;
};

/* ---- lines ---- */

/* The text is copied. */
static int add_line(eg_explanation *e, eg_explain_line shown, eg_ref ref)
{
    line *lines = eg_builder_grow(e->lines, &e->capacity, e->count, sizeof(*lines));
    char *copy = eg_arena_copy(e->arena, shown.text.ptr, shown.text.len);

    if (!lines) {
        return EG_E_NOMEM;
    }
    e->lines = lines;
    if (!copy) {
        return EG_E_NOMEM;
    }
    shown.text.ptr = copy;
    lines[e->count++] = (line){shown, ref};
    return EG_OK;
}

static int add_group(eg_explanation *e, eg_explain_line shown)
{
    static const char *const texts[] = {"all of", "any of", "", "not"}; /* by eg_explain_kind */
    char count[48];

    shown.text = eg_str_from(texts[shown.kind]);
    if (shown.kind == EG_EXPLAIN_COUNT) {
        (void)snprintf(count, sizeof(count), "at least %lu of", (unsigned long)shown.need);
        shown.text = eg_str_from(count);
    }
    return add_line(e, shown, 0);
}

/* The selections of a filter bear its title. */
static eg_str selection_name(eg_explanation *e, const eg_explain_part *p, uint32_t selection)
{
    eg_str name = p->source->selections[selection].name;

    if (p->source->kind != EG_DOCUMENT_FILTER) {
        return name;
    }
    eg_buf_clear(&e->text);
    eg_buf_appendf(&e->text, "%.*s (of filter %.*s)", EG_STR_ARGS(name),
                   EG_STR_ARGS(p->source->info.title));
    return eg_buf_str(&e->text);
}

static int add_condition(eg_explanation *e, const eg_explain_part *p, const eg_condition *condition,
                         size_t depth)
{
    static const eg_explain_kind kinds[] = {EG_EXPLAIN_SELECTION, EG_EXPLAIN_ALL, EG_EXPLAIN_ANY,
                                            EG_EXPLAIN_NOT,
                                            EG_EXPLAIN_COUNT}; /* by eg_condition_kind */
    eg_explain_line shown = {.kind = kinds[condition->kind], .depth = depth, .in_condition = true};
    size_t i;
    int status;

    if (condition->kind == EG_CONDITION_SELECTION) {
        shown.selection = p->first + condition->selection;
        shown.text = selection_name(e, p, condition->selection);
        return add_line(e, shown, 0);
    }
    shown.need = condition->need;
    status = add_group(e, shown);
    for (i = 0; i < condition->count && status == EG_OK; i++) {
        status = add_condition(e, p, condition->children[i], depth + 1);
    }
    return status;
}

static int add_conditions(eg_explanation *e, const eg_explain_part *p, size_t depth)
{
    eg_explain_line any = {.kind = EG_EXPLAIN_ANY, .depth = depth, .in_condition = true};
    size_t several = p->source->condition_count > 1 ? 1 : 0, i;
    int status = several ? add_group(e, any) : EG_OK;

    for (i = 0; i < p->source->condition_count && status == EG_OK; i++) {
        status = add_condition(e, p, p->source->conditions[i], depth + several);
    }
    return status;
}

static bool finds_rule(const eg_sigma_set *set, uint32_t predicate)
{
    uint32_t i;

    for (i = set->posting_first[predicate]; i < set->posting_first[predicate + 1]; i++) {
        if (set->postings[i] == 0) {
            return true;
        }
    }
    return false;
}

static int add_predicate(eg_explanation *e, uint32_t number, eg_explain_line shown)
{
    const eg_predicate *predicate = &e->set->predicates[number];

    eg_buf_clear(&e->text);
    if (eg_explain_predicate(e->set, predicate, &e->text) != EG_OK) {
        return e->text.status;
    }
    shown.kind = EG_EXPLAIN_PREDICATE;
    shown.text = eg_buf_str(&e->text);
    shown.field = e->set->slots.names[predicate->slot];
    shown.witness = finds_rule(e->set, number);
    return add_line(e, shown, number | EG_REF_PREDICATE);
}

static int add_tree(eg_explanation *e, eg_ref ref, uint32_t selection, size_t depth)
{
    static const eg_explain_kind kinds[] = {EG_EXPLAIN_ALL, EG_EXPLAIN_ANY, EG_EXPLAIN_NOT,
                                            EG_EXPLAIN_COUNT}; /* by eg_node_kind */
    eg_explain_line shown = {.depth = depth, .selection = selection};
    const eg_node *node;
    uint32_t i;
    int status;

    if (ref & EG_REF_PREDICATE) {
        return add_predicate(e, ref & ~EG_REF_PREDICATE, shown);
    }
    node = &e->set->nodes[ref];
    shown.kind = kinds[node->kind];
    shown.need = node->need;
    status = add_group(e, shown);
    for (i = 0; i < node->count && status == EG_OK; i++) {
        status = add_tree(e, e->set->children[node->first + i], selection, depth + 1);
    }
    return status;
}

static int add_selection(eg_explanation *e, const eg_explain_part *p, uint32_t selection)
{
    uint32_t number = p->first + selection;
    eg_explain_line shown = {.kind = EG_EXPLAIN_SELECTION, .selection = number};
    int status;

    shown.text = selection_name(e, p, selection);
    status = add_line(e, shown, 0);
    return status == EG_OK ? add_tree(e, e->set->rules[number + 1].root, number, 1) : status;
}

static int add_lines(eg_explanation *e)
{
    eg_explain_line all = {.kind = EG_EXPLAIN_ALL, .in_condition = true};
    size_t filtered = e->compiled.part_count > 1 ? 1 : 0, i;
    uint32_t j;
    int status = filtered ? add_group(e, all) : EG_OK;

    for (i = 0; i < e->compiled.part_count && status == EG_OK; i++) {
        status = add_conditions(e, &e->compiled.parts[i], filtered);
    }
    for (i = 0; i < e->compiled.part_count && status == EG_OK; i++) {
        for (j = 0; j < e->compiled.parts[i].source->selection_count && status == EG_OK; j++) {
            status = add_selection(e, &e->compiled.parts[i], j);
        }
    }
    return status;
}

static int add_note(void *user, size_t depth, eg_str text)
{
    return add_line(
        user,
        (eg_explain_line){
            .kind = EG_EXPLAIN_NOTE, .depth = depth, .in_condition = true, .text = text},
        0);
}

/* ---- from outside ---- */

static int make_tallies(eg_explanation *e)
{
    size_t deepest = 0, i;

    for (i = 0; i < e->count; i++) {
        if (e->lines[i].shown.depth > deepest) {
            deepest = e->lines[i].shown.depth;
        }
    }
    e->tallies = eg_alloc_zero(deepest + 2, sizeof(*e->tallies));
    return e->tallies ? EG_OK : EG_E_NOMEM;
}

static int make(eg_explanation *e, const eg_explain_rules *rules)
{
    int status = eg_arena_create(&e->arena, 4096);

    if (status == EG_OK && rules->rule->kind == EG_DOCUMENT_CORRELATION) {
        return eg_explain_correlation(rules->rule->correlation, &e->text, add_note, e);
    }
    if (status == EG_OK && rules->rule->kind == EG_DOCUMENT_FILTER) {
        return eg_fail(EG_E_INVALID,
                       "a filter is a part of the rules it is for: explain one of them");
    }
    if (status == EG_OK) {
        status = eg_explain_compile(e->arena, rules, &e->compiled);
        e->set = e->compiled.set;
    }
    if (status == EG_OK) {
        status = eg_sigma_matcher_create(e->set, &e->matcher);
    }
    if (status == EG_OK) {
        status = add_lines(e);
    }
    return status == EG_OK ? make_tallies(e) : status;
}

int eg_explain_create(const eg_explain_rules *rules, eg_explanation **out)
{
    eg_explanation *e = eg_alloc_zero(1, sizeof(*e));
    int status;

    if (!e) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&e->text, TEXT_MAX);
    status = make(e, rules);
    e->compiled = (eg_explain_compiled){NULL, 0, NULL};
    if (status != EG_OK) {
        eg_explain_destroy(e);
        return status;
    }
    *out = e;
    return EG_OK;
}

bool eg_explain_is_filter(const eg_sigma_rule *rule)
{
    return rule->kind == EG_DOCUMENT_FILTER;
}

bool eg_explain_is_correlation(const eg_explanation *e)
{
    return !e->set;
}

void eg_explain_destroy(eg_explanation *e)
{
    if (!e) {
        return;
    }
    eg_sigma_matcher_destroy(e->matcher);
    eg_sigma_set_destroy(e->set);
    eg_arena_destroy(e->arena);
    eg_free(e->lines);
    eg_free(e->tallies);
    eg_buf_done(&e->text);
    eg_free(e);
}

size_t eg_explain_count(const eg_explanation *e)
{
    return e->count;
}

const eg_explain_line *eg_explain_line_at(const eg_explanation *e, size_t index)
{
    return &e->lines[index].shown;
}

bool eg_explain_is_always_asked(const eg_explanation *e)
{
    size_t i;

    for (i = 0; i < e->count; i++) {
        if (e->lines[i].shown.witness) {
            return false;
        }
    }
    return true;
}

/* ---- an event ---- */

static bool group_holds(const eg_explain_line *group, tally below)
{
    switch (group->kind) {
    case EG_EXPLAIN_ALL:
    case EG_EXPLAIN_SELECTION: return below.met == below.lines;
    case EG_EXPLAIN_ANY: return below.met > 0;
    case EG_EXPLAIN_COUNT: return below.met >= group->need;
    case EG_EXPLAIN_NOT: return below.met == 0;
    case EG_EXPLAIN_PREDICATE:
    case EG_EXPLAIN_NOTE: break;
    }
    return false;
}

/* The line of a selection behind the condition. */
static size_t selection_line(const eg_explanation *e, uint32_t selection)
{
    size_t i = 0;

    while (e->lines[i].shown.in_condition || e->lines[i].shown.kind != EG_EXPLAIN_SELECTION ||
           e->lines[i].shown.selection != selection) {
        i++;
    }
    return i;
}

/* From the last line to the first, so that what is below a line is known before the line. */
static void ask_lines(eg_explanation *e, bool *met)
{
    size_t i = e->count;

    while (i-- > 0) {
        const eg_explain_line *shown = &e->lines[i].shown;
        tally *below = &e->tallies[shown->depth + 1], *here = &e->tallies[shown->depth];

        if (shown->kind == EG_EXPLAIN_PREDICATE) {
            met[i] = eg_matcher_holds(e->matcher, e->lines[i].ref);
        } else if (shown->in_condition && shown->kind == EG_EXPLAIN_SELECTION) {
            met[i] = met[selection_line(e, shown->selection)];
        } else {
            met[i] = group_holds(shown, *below);
        }
        *below = (tally){0, 0};
        here->lines++;
        here->met += met[i] ? 1 : 0;
    }
    e->tallies[0] = (tally){0, 0};
}

int eg_explain_event(eg_explanation *e, const eg_event *event, bool *met, bool *hit)
{
    const uint32_t *rules;
    size_t count;
    int status;

    if (eg_explain_is_correlation(e)) {
        return eg_fail(EG_E_UNSUPPORTED, "a correlation asks many events, not one");
    }
    status = eg_sigma_match(e->matcher, event, &rules, &count);
    if (status != EG_OK) {
        return status;
    }
    *hit = count > 0 && rules[0] == 0;
    ask_lines(e, met);
    return EG_OK;
}
