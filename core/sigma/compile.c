/* SPDX-License-Identifier: Apache-2.0 */
/* Parsed rules into one set: every value becomes a predicate, every selection a tree over them. */
#include "core/sigma/compiler.h"

#include "core/base/status.h"
#include "core/sigma/correlation.h"
#include "core/sigma/filter.h"
#include "core/sigma/inert.h"
#include "core/sigma/witness.h"

#include <string.h>

#define FOLDED_MAX (4u * 1024 * 1024)

/* Anything but lack of memory is the rule's fault; only the innermost place reports it. */
static int reject(eg_compiler *c, int line, int status)
{
    if (status == EG_OK || status == EG_E_NOMEM || c->reported) {
        return status;
    }
    c->reported = true;
    return eg_rule_reject(&c->place, line, "%s", eg_error_message());
}

/* ---- items, selections, conditions ---- */

static int check_expand(const eg_item *item)
{
    size_t i;

    for (i = 0; i < item->count; i++) {
        if (eg_placeholder_in(item->values[i]->text)) {
            return EG_OK;
        }
    }
    return eg_fail(EG_E_INVALID, "modifier expand: no value holds a %%placeholder%%");
}

static int compile_values(eg_compiler *c, const eg_item *item, eg_slot slot, eg_ref *out)
{
    eg_ref_list refs = {NULL, 0, 0};
    eg_ref ref = 0;
    size_t i;
    int status = EG_OK;

    for (i = 0; i < item->count; i++) {
        status = reject(c, item->values[i]->line,
                        eg_compiler_value(c, item, slot, item->values[i], &ref));
        if (status == EG_OK) {
            status = eg_compiler_add_ref(c, &refs, ref);
        }
        if (status != EG_OK) {
            return status;
        }
    }
    if (item->count == 0) { /* an empty list asks for a missing field, as null does */
        status = eg_compiler_presence(c, slot, false, &ref);
        if (status == EG_OK) {
            status = eg_compiler_add_ref(c, &refs, ref);
        }
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_builder_node(&c->builder,
                           eg_item_has(item, EG_MODIFIER_ALL) ? EG_NODE_AND : EG_NODE_OR, 0,
                           refs.refs, refs.count, out);
}

static int compile_item(eg_compiler *c, const eg_item *item, eg_ref *out)
{
    eg_slot slot = EG_SLOT_KEYWORD;
    eg_ordering order;
    eg_ref ref;
    int status = EG_OK;

    if (item->field.len > 0) {
        status = eg_builder_slot(&c->builder, item->field, &slot);
    } else if (item->count == 0) {
        status = eg_fail(EG_E_INVALID, "the list of keywords is empty");
    } else {
        c->keywords = true;
    }
    if (status == EG_OK && eg_item_has(item, EG_MODIFIER_EXPAND)) {
        status = check_expand(item);
    }
    if (status == EG_OK) {
        status = compile_values(c, item, slot, &ref);
    }
    if (status != EG_OK) {
        return reject(c, item->line, status);
    }
    if (eg_item_has(item, EG_MODIFIER_NEQ) && !eg_compiler_number_order(item, &order)) {
        return eg_builder_node(&c->builder, EG_NODE_NOT, 0, &ref, 1, out);
    }
    *out = ref;
    return EG_OK;
}

static int compile_detection(eg_compiler *c, const eg_detection *detection, eg_ref *out)
{
    eg_ref_list refs = {NULL, 0, 0};
    size_t i;
    eg_ref ref;

    if (detection->kind == EG_DETECTION_ITEM) {
        return compile_item(c, &detection->item, out);
    }
    for (i = 0; i < detection->count; i++) {
        int status = compile_detection(c, &detection->children[i], &ref);

        if (status == EG_OK) {
            status = eg_compiler_add_ref(c, &refs, ref);
        }
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_builder_node(&c->builder,
                           detection->kind == EG_DETECTION_ALL ? EG_NODE_AND : EG_NODE_OR, 0,
                           refs.refs, refs.count, out);
}

static int compile_condition(eg_compiler *c, const eg_condition *condition,
                             const eg_ref *selections, eg_ref *out)
{
    static const eg_node_kind kinds[] = {EG_NODE_AND, EG_NODE_AND, EG_NODE_OR, EG_NODE_NOT,
                                         EG_NODE_COUNT}; /* by eg_condition_kind */
    eg_ref_list refs = {NULL, 0, 0};
    size_t i;
    eg_ref ref;

    if (condition->kind == EG_CONDITION_SELECTION) {
        *out = selections[condition->selection];
        return EG_OK;
    }
    for (i = 0; i < condition->count; i++) {
        int status = compile_condition(c, condition->children[i], selections, &ref);

        if (status == EG_OK) {
            status = eg_compiler_add_ref(c, &refs, ref);
        }
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_builder_node(&c->builder, kinds[condition->kind], condition->need, refs.refs,
                           refs.count, out);
}

static int compile_tree(eg_compiler *c, const eg_sigma_rule *rule, eg_ref *out)
{
    eg_ref *selections =
        eg_arena_alloc(c->builder.scratch, (rule->selection_count + 1) * sizeof(*selections));
    eg_ref_list refs = {NULL, 0, 0};
    eg_ref ref;
    size_t i;
    int status = EG_OK;

    if (!selections) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < rule->selection_count && status == EG_OK; i++) {
        status = compile_detection(c, &rule->selections[i].detection, &selections[i]);
    }
    for (i = 0; i < rule->condition_count && status == EG_OK; i++) {
        status = compile_condition(c, rule->conditions[i], selections, &ref);
        if (status == EG_OK) {
            status = eg_compiler_add_ref(c, &refs, ref);
        }
    }
    if (status != EG_OK) {
        return status;
    }
    return eg_builder_node(&c->builder, EG_NODE_OR, 0, refs.refs, refs.count, out);
}

/* ---- filters ---- */

static void begin_rule(eg_compiler *c, const eg_sigma_rule *rule)
{
    c->place.file = rule->info.file;
    c->place.rule_id = rule->info.id;
    c->keywords = c->reported = false;
    eg_arena_reset(c->builder.scratch);
}

static int compile_filter(eg_compiler *c, const eg_sigma_rule *rule)
{
    eg_compiled_filter *filter = &c->filters[c->filter_count];
    int status;

    begin_rule(c, rule);
    status = compile_tree(c, rule, &filter->root);
    if (status != EG_OK) {
        return reject(c, rule->line, status);
    }
    filter->source = rule;
    filter->keywords = c->keywords;
    c->filter_count++;
    return EG_OK;
}

/* The rule is met when it and all filters for it are. */
static int apply_filters(eg_compiler *c, const eg_sigma_rule *rule, eg_ref *root)
{
    eg_ref_list refs = {NULL, 0, 0};
    int status = c->filter_count > 0 ? eg_compiler_add_ref(c, &refs, *root) : EG_OK;
    size_t i;

    for (i = 0; i < c->filter_count && status == EG_OK; i++) {
        if (!eg_filter_applies(c->filters[i].source, rule)) {
            continue;
        }
        c->keywords |= c->filters[i].keywords;
        status = eg_compiler_add_ref(c, &refs, c->filters[i].root);
    }
    if (status != EG_OK || refs.count < 2) {
        return status;
    }
    return eg_builder_node(&c->builder, EG_NODE_AND, 0, refs.refs, refs.count, root);
}

/* ---- rules ---- */

static size_t id_place(const eg_compiler *c, eg_str id)
{
    size_t at = (size_t)(eg_str_hash(id) >> 9) & (c->ids_size - 1);

    while (c->ids[at] != 0 && !eg_str_equal(c->builder.set->infos[c->ids[at] - 1].id, id)) {
        at = (at + 1) & (c->ids_size - 1);
    }
    return at;
}

static int compile_rule(eg_compiler *c, const eg_sigma_rule *rule)
{
    eg_sigma_set *set = c->builder.set;
    size_t place = id_place(c, rule->info.id);
    eg_compiled_rule *compiled = &set->rules[set->rule_count];
    int status;

    begin_rule(c, rule);
    if (c->ids[place] != 0) {
        return eg_rule_reject(&c->place, rule->line, "the id is used already, by %s",
                              set->infos[c->ids[place] - 1].file);
    }
    status = compile_tree(c, rule, &compiled->root);
    if (status == EG_OK) {
        status = apply_filters(c, rule, &compiled->root);
    }
    if (status == EG_OK) {
        status = eg_builder_bucket(&c->builder, rule->info.logsource, &compiled->bucket);
    }
    if (status == EG_OK) {
        status = eg_rule_info_copy(set->arena, &rule->info, &set->infos[set->rule_count]);
    }
    if (status != EG_OK) {
        return reject(c, rule->line, status);
    }
    set->buckets[compiled->bucket].keywords |= c->keywords;
    c->sources[set->rule_count] = rule;
    c->ids[place] = (uint32_t)++set->rule_count;
    return EG_OK;
}

/* Compiles the documents of one kind. */
static int compile_kind(eg_compiler *c, const eg_sigma_rule *const *rules, size_t count,
                        eg_document_kind kind)
{
    size_t i;

    for (i = 0; i < count; i++) {
        int status = EG_OK;

        if (rules[i]->kind != kind) {
            continue;
        }
        status =
            kind == EG_DOCUMENT_FILTER ? compile_filter(c, rules[i]) : compile_rule(c, rules[i]);
        if (status == EG_E_INVALID) {
            c->builder.set->stats.rejected++;
        } else if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}

static int compile_all(eg_compiler *c, const eg_sigma_rule *const *rules, size_t count)
{
    size_t i;
    int status;

    c->ids_size = 64;
    while (c->ids_size < count * 2) {
        c->ids_size *= 2;
    }
    c->ids = eg_alloc_zero(c->ids_size, sizeof(*c->ids));
    c->sources = (const eg_sigma_rule **)eg_alloc_zero(count, sizeof(*c->sources));
    c->filters = eg_alloc_zero(count, sizeof(*c->filters));
    if (!c->ids || !c->sources || !c->filters) {
        return EG_E_NOMEM;
    }
    status = compile_kind(c, rules, count, EG_DOCUMENT_FILTER);
    if (status == EG_OK) {
        status = compile_kind(c, rules, count, EG_DOCUMENT_RULE);
    }
    for (i = 0; i < c->filter_count && status == EG_OK; i++) {
        eg_filter_check(c->filters[i].source, rules, count, c->place.report);
    }
    return status;
}

int eg_sigma_compile(const eg_sigma_rule *const *rules, size_t count,
                     const eg_sigma_options *options, const eg_report *report, eg_sigma_set **out)
{
    eg_compiler c;
    int status;

    memset(&c, 0, sizeof(c));
    c.place.report = report;
    c.placeholders = options ? options->placeholders : NULL;
    eg_buf_init(&c.folded, FOLDED_MAX);
    status = eg_builder_create(count, &c.builder);
    if (status != EG_OK) {
        return status;
    }
    status = compile_all(&c, rules, count);
    if (status == EG_OK) {
        status = eg_builder_trim(&c.builder);
    }
    if (status == EG_OK) {
        status = eg_witness_build(c.builder.set);
    }
    if (status == EG_OK) {
        status = eg_correlations_compile(&c.builder, rules, count, c.sources, report);
    }
    if (status == EG_OK && options && options->report_inert) {
        c.builder.set->stats.inert = eg_inert_report(c.builder.set, report);
    }
    eg_builder_done(&c.builder);
    eg_buf_done(&c.folded);
    eg_free(c.ids);
    eg_free((void *)c.sources);
    eg_free(c.filters);
    if (status != EG_OK) {
        eg_sigma_set_destroy(c.builder.set);
        return status;
    }
    *out = c.builder.set;
    return EG_OK;
}
