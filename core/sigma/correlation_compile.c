/* SPDX-License-Identifier: Apache-2.0 */
/* Correlations into a set: who refers to whom, in which order they are asked, who stays silent. */
#include "core/sigma/correlation.h"
#include "core/sigma/inert.h"

#include "core/base/status.h"

#include <string.h>

#define NOT_FOUND UINT32_MAX

typedef enum candidate_state { WAITING, TAKEN, REJECTED } candidate_state;

/* A rule that can be referred to: first all rules of the set, then all correlations. */
typedef struct candidate {
    const eg_sigma_rule *source;
    candidate_state state;
    uint32_t number; /* in the set, once taken */
    unsigned depth;  /* of correlations below it, itself included */
    uint32_t *parts; /* of a correlation: which candidates it refers to */
} candidate;

typedef struct linker {
    eg_sigma_set *set;
    eg_arena *scratch;
    const eg_report *report;
    candidate *candidates;
    size_t plain_count, count;
    eg_correlation *items;
    size_t taken;
} linker;

/* The correlation cannot be used; this is no failure of the others. */
static int reject(linker *l, candidate *c, int line, const char *what, eg_str name, const char *why)
{
    eg_rule_place place = {l->report, c->source->info.file, c->source->info.id};

    c->state = REJECTED;
    l->set->stats.rejected++;
    (void)eg_rule_reject(&place, line, "%s'%.*s'%s", what, EG_STR_ARGS(name), why);
    return EG_OK;
}

/* ---- references ---- */

/* A name that several rules bear means the one of the same file. */
static uint32_t find_by_name(const linker *l, const candidate *from, eg_str name, bool *several)
{
    uint32_t found = NOT_FOUND, near = NOT_FOUND, i;
    size_t count = 0, near_count = 0;

    for (i = 0; i < l->count; i++) {
        const eg_sigma_rule *rule = l->candidates[i].source;

        if (!rule->name.ptr || !eg_str_equal(rule->name, name)) {
            continue;
        }
        found = i;
        count++;
        if (strcmp(rule->info.file, from->source->info.file) == 0) {
            near = i;
            near_count++;
        }
    }
    *several = count > 1 && near_count != 1;
    return count > 1 ? near : found;
}

static uint32_t find(const linker *l, const candidate *from, eg_str reference, bool *several)
{
    uint32_t i;

    *several = false;
    for (i = 0; i < l->count; i++) {
        if (eg_str_equal_nocase(l->candidates[i].source->info.id, reference)) {
            return i;
        }
    }
    return find_by_name(l, from, reference, several);
}

static int resolve(linker *l, candidate *c)
{
    const eg_written_correlation *written = c->source->correlation;
    size_t i, j;
    bool several;

    c->parts = eg_arena_alloc(l->scratch, written->rule_count * sizeof(*c->parts));
    if (!c->parts) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < written->rule_count; i++) {
        const eg_reference *reference = &written->rules[i];

        c->parts[i] = find(l, c, reference->text, &several);
        if (several) {
            return reject(l, c, reference->line, "several rules are named ", reference->text,
                          ": refer to one by its id");
        }
        if (c->parts[i] == NOT_FOUND) {
            return reject(l, c, reference->line, "refers to ", reference->text,
                          ", but no rule that was loaded has that id or name");
        }
        for (j = 0; j < i; j++) {
            if (c->parts[j] == c->parts[i]) {
                return reject(l, c, reference->line, "refers to ", reference->text,
                              " under two names");
            }
        }
    }
    return EG_OK;
}

static int check_id(linker *l, candidate *c)
{
    size_t i;

    for (i = 0; &l->candidates[i] != c; i++) {
        if (eg_str_equal(l->candidates[i].source->info.id, c->source->info.id)) {
            return reject(l, c, c->source->line, "the id ", c->source->info.id, " is used already");
        }
    }
    return EG_OK;
}

/* ---- taking one into the set ---- */

static int copy_names(eg_arena *arena, const eg_str *names, size_t count, const eg_str **out)
{
    eg_str *copies = eg_arena_alloc(arena, (count + 1) * sizeof(*copies));
    size_t i;

    if (!copies) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < count; i++) {
        copies[i].len = names[i].len;
        copies[i].ptr = eg_arena_copy(arena, names[i].ptr, names[i].len);
        if (!copies[i].ptr) {
            return EG_E_NOMEM;
        }
    }
    *out = copies;
    return EG_OK;
}

static bool find_part(const linker *l, const candidate *c, eg_str reference, uint32_t *out)
{
    uint32_t i;

    for (i = 0; i < c->source->correlation->rule_count; i++) {
        if (eg_reference_names(reference, l->candidates[c->parts[i]].source)) {
            *out = i;
            return true;
        }
    }
    return false;
}

static int take_aliases(linker *l, candidate *c, eg_correlation *item)
{
    const eg_written_correlation *written = c->source->correlation;
    eg_correlation_alias *aliases =
        eg_arena_alloc(l->set->arena, (written->alias_count + 1) * sizeof(*aliases));
    size_t i;
    int status = EG_OK;

    if (!aliases) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < written->alias_count && status == EG_OK; i++) {
        const eg_written_alias *alias = &written->aliases[i];
        const eg_str *names = NULL;
        const eg_str texts[2] = {alias->name, alias->field};

        if (!find_part(l, c, alias->rule.text, &aliases[i].part)) {
            return reject(l, c, alias->rule.line, "aliases name the rule ", alias->rule.text,
                          ", to which the correlation does not refer");
        }
        status = copy_names(l->set->arena, texts, 2, &names);
        if (status == EG_OK) {
            aliases[i].name = names[0];
            aliases[i].field = names[1];
        }
    }
    item->aliases = aliases;
    item->alias_count = written->alias_count;
    return status;
}

static int take_parts(linker *l, candidate *c, eg_correlation *item)
{
    size_t count = c->source->correlation->rule_count, i;
    uint32_t *parts = eg_arena_alloc(l->set->arena, count * sizeof(*parts));

    if (!parts) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < count; i++) {
        parts[i] = l->candidates[c->parts[i]].number;
        if (l->candidates[c->parts[i]].depth >= c->depth) {
            c->depth = l->candidates[c->parts[i]].depth + 1;
        }
    }
    item->parts = parts;
    item->part_count = count;
    return EG_OK;
}

static int take(linker *l, candidate *c)
{
    const eg_written_correlation *written = c->source->correlation;
    eg_sigma_set *set = l->set;
    eg_correlation *item = &l->items[l->taken];
    int status = take_parts(l, c, item);

    if (status == EG_OK && c->depth > EG_CORRELATION_DEPTH_MAX) {
        return reject(l, c, written->line, "", c->source->info.id,
                      " stands on too many correlations, one above the other");
    }
    if (status == EG_OK) {
        status = take_aliases(l, c, item);
    }
    if (status != EG_OK || c->state == REJECTED) {
        return status;
    }
    item->type = written->type;
    item->timespan = written->timespan;
    item->range = written->range;
    item->group_count = written->group_count;
    item->field_count = written->field_count;
    item->rule = (uint32_t)set->rule_count;
    status = copy_names(set->arena, written->group_by, written->group_count, &item->group_by);
    if (status == EG_OK) {
        status = copy_names(set->arena, written->fields, written->field_count, &item->fields);
    }
    if (status == EG_OK) {
        status = eg_rule_info_copy(set->arena, &c->source->info, &set->infos[set->rule_count]);
    }
    if (status != EG_OK) {
        return status;
    }
    set->rules[set->rule_count] = set->rules[item->parts[0]];
    c->state = TAKEN;
    c->number = item->rule;
    set->rule_count++;
    l->taken++;
    return EG_OK;
}

/* ---- all of them, each behind those it refers to ---- */

/* A part that is in this state; NOT_FOUND when there is none. */
static uint32_t part_in_state(const linker *l, const candidate *c, candidate_state state)
{
    uint32_t i;

    for (i = 0; i < c->source->correlation->rule_count; i++) {
        if (l->candidates[c->parts[i]].state == state) {
            return i;
        }
    }
    return NOT_FOUND;
}

/* Looks once at all that wait; *moved tells whether one of them does no more. */
static int take_ready(linker *l, bool *moved)
{
    size_t i;
    int status = EG_OK;

    *moved = false;
    for (i = l->plain_count; i < l->count && status == EG_OK; i++) {
        candidate *c = &l->candidates[i];
        uint32_t bad;

        if (c->state != WAITING) {
            continue;
        }
        bad = part_in_state(l, c, REJECTED);
        if (bad != NOT_FOUND) {
            status = reject(l, c, c->source->correlation->rules[bad].line, "refers to ",
                            c->source->correlation->rules[bad].text, ", which was rejected");
        } else if (part_in_state(l, c, WAITING) == NOT_FOUND) {
            status = take(l, c);
        }
        *moved |= c->state != WAITING;
    }
    return status;
}

static int take_all(linker *l)
{
    bool moved = true;
    size_t i;
    int status = EG_OK;

    for (i = l->plain_count; i < l->count && status == EG_OK; i++) {
        status = check_id(l, &l->candidates[i]);
        if (status == EG_OK && l->candidates[i].state == WAITING) {
            status = resolve(l, &l->candidates[i]);
        }
    }
    while (status == EG_OK && moved) {
        status = take_ready(l, &moved);
    }
    for (i = l->plain_count; i < l->count && status == EG_OK; i++) {
        candidate *c = &l->candidates[i];
        uint32_t waits;

        if (c->state != WAITING) {
            continue;
        }
        waits = part_in_state(l, c, WAITING);
        if (waits == NOT_FOUND) {
            waits = part_in_state(l, c, REJECTED);
        }
        status = reject(l, c, c->source->correlation->rules[waits].line,
                        "the correlations go round in a circle through ",
                        c->source->correlation->rules[waits].text, "");
    }
    return status;
}

/* ---- who uses a rule, and who is silent ---- */

static void mark_silent(const linker *l, bool *silent, bool generate)
{
    size_t i, j;

    for (i = l->plain_count; i < l->count; i++) {
        const candidate *c = &l->candidates[i];

        if (c->state != TAKEN || c->source->correlation->generate != generate) {
            continue;
        }
        for (j = 0; j < c->source->correlation->rule_count; j++) {
            silent[l->candidates[c->parts[j]].number] = !generate;
        }
    }
}

static int publish(linker *l)
{
    eg_sigma_set *set = l->set;
    eg_correlations *all = eg_arena_alloc(set->arena, sizeof(*all));
    bool *silent = eg_arena_alloc(set->arena, set->rule_count * sizeof(*silent));
    bool *inert = eg_arena_alloc(set->arena, l->taken * sizeof(*inert));
    uint32_t *first = eg_arena_alloc(set->arena, (set->rule_count + 2) * sizeof(*first)), *users;
    size_t total = 0, i, j;

    for (i = 0; i < l->taken; i++) {
        total += l->items[i].part_count;
    }
    users = eg_arena_alloc(set->arena, (total + 1) * sizeof(*users));
    if (!all || !silent || !inert || !first || !users) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < l->taken; i++) {
        for (j = 0; j < l->items[i].part_count; j++) {
            first[l->items[i].parts[j] + 2]++;
        }
    }
    for (i = 2; i < set->rule_count + 2; i++) {
        first[i] += first[i - 1];
    }
    for (i = 0; i < l->taken; i++) {
        for (j = 0; j < l->items[i].part_count; j++) {
            users[first[l->items[i].parts[j] + 1]++] = (uint32_t)i;
        }
    }
    mark_silent(l, silent, false);
    mark_silent(l, silent, true); /* who wants a rule heard prevails */
    *all = (eg_correlations){
        .first = set->rule_count - l->taken,
        .count = l->taken,
        .items = l->items,
        .inert = inert,
        .silent = silent,
        .user_first = first,
        .users = users,
    };
    set->correlations = all;
    for (i = 0; i < l->taken; i++) {
        inert[i] = eg_inert_correlation(set, &l->items[i], inert);
    }
    return EG_OK;
}

int eg_correlations_compile(eg_builder *builder, const eg_sigma_rule *const *rules, size_t count,
                            const eg_sigma_rule **sources, const eg_report *report)
{
    eg_sigma_set *set = builder->set;
    linker l = {set, builder->scratch, report, NULL, set->rule_count, set->rule_count, NULL, 0};
    size_t wanted = 0, i;
    int status;

    for (i = 0; i < count; i++) {
        wanted += rules[i]->kind == EG_DOCUMENT_CORRELATION ? 1 : 0;
    }
    if (wanted == 0) {
        return EG_OK;
    }
    eg_arena_reset(builder->scratch);
    l.candidates = eg_arena_alloc(l.scratch, (l.count + wanted) * sizeof(*l.candidates));
    l.items = eg_arena_alloc(set->arena, wanted * sizeof(*l.items));
    if (!l.candidates || !l.items) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < l.plain_count; i++) {
        l.candidates[i] = (candidate){sources[i], TAKEN, (uint32_t)i, 0, NULL};
    }
    for (i = 0; i < count; i++) {
        if (rules[i]->kind == EG_DOCUMENT_CORRELATION) {
            l.candidates[l.count++] = (candidate){rules[i], WAITING, NOT_FOUND, 0, NULL};
        }
    }
    status = take_all(&l);
    return status == EG_OK && l.taken > 0 ? publish(&l) : status;
}
