/* SPDX-License-Identifier: Apache-2.0 */
/* Parsed rules into one set: every value becomes a predicate, every selection a tree over them. */
#include "core/sigma/builder.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/sigma/inert.h"
#include "core/sigma/regex_literal.h"
#include "core/sigma/value.h"
#include "core/sigma/witness.h"

#include <string.h>

#define FOLDED_MAX (4u * 1024 * 1024)

typedef struct compiler {
    eg_builder builder;
    eg_rule_place place;
    eg_buf folded;
    bool keywords; /* the rule at hand asks for text in any field */
    bool reported; /* the rule at hand was rejected: its first fault is told */
    uint32_t *ids; /* open addressing over ids of accepted rules: number + 1 */
    size_t ids_size;
} compiler;

/* References while their number is not known yet; memory is the rule's scratch. */
typedef struct ref_list {
    eg_ref *refs;
    size_t count, capacity;
} ref_list;

static int add_ref(compiler *c, ref_list *list, eg_ref ref)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 8;
        eg_ref *refs = eg_arena_alloc(c->builder.scratch, capacity * sizeof(*refs));

        if (!refs)
            return EG_E_NOMEM;
        if (list->count > 0)
            memcpy(refs, list->refs, list->count * sizeof(*refs));
        list->refs = refs;
        list->capacity = capacity;
    }
    list->refs[list->count++] = ref;
    return EG_OK;
}

/* Anything but lack of memory is the rule's fault; only the innermost place reports it. */
static int reject(compiler *c, int line, int status)
{
    if (status == EG_OK || status == EG_E_NOMEM || c->reported)
        return status;
    c->reported = true;
    return eg_rule_reject(&c->place, line, "%s", eg_error_message());
}

/* ---- values ---- */

static int string_predicate(compiler *c, eg_slot slot, eg_str value, bool cased, eg_ref *out)
{
    eg_predicate predicate;
    int status;

    eg_buf_clear(&c->folded);
    status = cased ? eg_buf_append_str(&c->folded, value) : eg_fold_str(&c->folded, value);
    if (status != EG_OK)
        return status;
    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = EG_PREDICATE_STRING;
    predicate.slot = slot;
    predicate.want.pattern = eg_pattern_make(eg_buf_str(&c->folded), cased);
    return eg_builder_predicate(&c->builder, &predicate, out);
}

static int compile_string(compiler *c, const eg_item *item, eg_slot slot, eg_str written,
                          eg_ref *out)
{
    bool cased = eg_item_has(item, EG_MODIFIER_CASED);
    ref_list refs = {NULL, 0, 0};
    const eg_str *values;
    size_t count, i;
    eg_ref ref;
    int status = eg_value_expand(c->builder.scratch, item, written, &values, &count);

    for (i = 0; status == EG_OK && i < count; i++) {
        status = string_predicate(c, slot, values[i], cased, &ref);
        if (status == EG_OK)
            status = add_ref(c, &refs, ref);
    }
    if (status != EG_OK)
        return status;
    return eg_builder_node(&c->builder, EG_NODE_OR, 0, refs.refs, refs.count, out);
}

static unsigned regex_flags(const eg_item *item)
{
    unsigned flags = 0;

    if (eg_item_has(item, EG_MODIFIER_I) || eg_item_has(item, EG_MODIFIER_IGNORECASE))
        flags |= EG_REGEX_NOCASE;
    if (eg_item_has(item, EG_MODIFIER_M) || eg_item_has(item, EG_MODIFIER_MULTILINE))
        flags |= EG_REGEX_MULTILINE;
    if (eg_item_has(item, EG_MODIFIER_S) || eg_item_has(item, EG_MODIFIER_DOTALL))
        flags |= EG_REGEX_DOTALL;
    return flags;
}

/* Text that the expression cannot match without: asked first, so that it runs rarely. */
static int regex_gate(compiler *c, eg_slot slot, eg_str pattern, eg_ref *out, bool *found)
{
    ref_list refs = {NULL, 0, 0};
    const eg_str *literals;
    size_t count, i;
    eg_ref ref;
    int status = eg_regex_literals(c->builder.scratch, pattern, &literals, &count);

    for (i = 0; status == EG_OK && i < count; i++) {
        char star = EG_VALUE_STAR;

        eg_buf_clear(&c->folded);
        (void)eg_buf_append_char(&c->folded, star);
        (void)eg_fold_str(&c->folded, literals[i]);
        status = eg_buf_append_char(&c->folded, star);
        if (status == EG_OK) {
            eg_predicate predicate;

            memset(&predicate, 0, sizeof(predicate));
            predicate.kind = EG_PREDICATE_STRING;
            predicate.slot = slot;
            predicate.want.pattern = eg_pattern_make(eg_buf_str(&c->folded), false);
            status = eg_builder_predicate(&c->builder, &predicate, &ref);
        }
        if (status == EG_OK)
            status = add_ref(c, &refs, ref);
    }
    *found = count > 0;
    if (status != EG_OK || count == 0)
        return status;
    return eg_builder_node(&c->builder, EG_NODE_OR, 0, refs.refs, refs.count, out);
}

static int compile_regex(compiler *c, const eg_item *item, eg_slot slot, eg_str pattern,
                         eg_ref *out)
{
    eg_predicate_regex regex = {pattern, regex_flags(item), NULL};
    eg_predicate predicate;
    eg_ref both[2];
    bool gated = false;
    int status;

    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = EG_PREDICATE_REGEX;
    predicate.slot = slot;
    predicate.want.regex = &regex;
    status = eg_builder_predicate(&c->builder, &predicate, &both[1]);
    if (status == EG_OK)
        status = regex_gate(c, slot, pattern, &both[0], &gated);
    if (status != EG_OK)
        return status;
    if (gated)
        return eg_builder_node(&c->builder, EG_NODE_AND, 0, both, 2, out);
    *out = both[1];
    return EG_OK;
}

static bool number_order(const eg_item *item, eg_ordering *out)
{
    static const eg_modifier modifiers[] = {EG_MODIFIER_GT, EG_MODIFIER_GTE, EG_MODIFIER_LT,
                                            EG_MODIFIER_LTE};
    size_t i;

    for (i = 0; i < EG_COUNT(modifiers); i++) {
        if (eg_item_has(item, modifiers[i])) {
            *out = (eg_ordering)i;
            return true;
        }
    }
    return false;
}

static int compile_number(compiler *c, eg_slot slot, eg_ordering order, eg_str text, eg_ref *out)
{
    eg_predicate predicate;

    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = EG_PREDICATE_NUMBER;
    predicate.slot = slot;
    predicate.order = (uint8_t)order;
    if (!eg_number_parse(text, &predicate.want.number))
        return eg_fail(EG_E_INVALID, "'%.*s' is no number to compare with", EG_STR_ARGS(text));
    return eg_builder_predicate(&c->builder, &predicate, out);
}

static int compile_network(compiler *c, eg_slot slot, eg_str text, eg_ref *out)
{
    eg_predicate predicate;
    eg_network network;
    int status = eg_network_parse(text, &network);

    if (status != EG_OK)
        return status;
    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = EG_PREDICATE_NETWORK;
    predicate.slot = slot;
    predicate.want.network = &network;
    return eg_builder_predicate(&c->builder, &predicate, out);
}

static int compile_fieldref(compiler *c, const eg_item *item, eg_slot slot, eg_str written,
                            eg_ref *out)
{
    eg_predicate predicate;
    eg_str name;
    int status = eg_value_parse(c->builder.scratch, written, &name);

    if (status != EG_OK)
        return status;
    if (eg_value_has_wildcard(name))
        return eg_fail(EG_E_INVALID, "fieldref needs a field name without wildcards");
    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = EG_PREDICATE_FIELD;
    predicate.slot = slot;
    predicate.cased = eg_item_has(item, EG_MODIFIER_CASED);
    if (eg_item_has(item, EG_MODIFIER_CONTAINS))
        predicate.order = EG_PATTERN_CONTAINS;
    else if (eg_item_has(item, EG_MODIFIER_STARTSWITH))
        predicate.order = EG_PATTERN_PREFIX;
    else if (eg_item_has(item, EG_MODIFIER_ENDSWITH))
        predicate.order = EG_PATTERN_SUFFIX;
    else
        predicate.order = EG_PATTERN_EQUALS;
    status = eg_builder_slot(&c->builder, name, &predicate.other);
    return status == EG_OK ? eg_builder_predicate(&c->builder, &predicate, out) : status;
}

static int compile_presence(compiler *c, eg_slot slot, bool present, eg_ref *out)
{
    eg_predicate predicate;

    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = present ? EG_PREDICATE_PRESENT : EG_PREDICATE_MISSING;
    predicate.slot = slot;
    return eg_builder_predicate(&c->builder, &predicate, out);
}

static bool means_true(eg_str text)
{
    return eg_str_equal_nocase(text, EG_STR("true")) || eg_str_equal_nocase(text, EG_STR("yes")) ||
           eg_str_equal(text, EG_STR("1"));
}

static int compile_value(compiler *c, const eg_item *item, eg_slot slot, const eg_yaml_node *value,
                         eg_ref *out)
{
    eg_ordering order;

    if (eg_item_has(item, EG_MODIFIER_EXISTS))
        return compile_presence(c, slot, means_true(value->text), out);
    if (value->type == EG_YAML_NULL)
        return compile_presence(c, slot, false, out);
    if (number_order(item, &order))
        return compile_number(c, slot, order, value->text, out);
    if (eg_item_has(item, EG_MODIFIER_RE))
        return compile_regex(c, item, slot, value->text, out);
    if (eg_item_has(item, EG_MODIFIER_CIDR))
        return compile_network(c, slot, value->text, out);
    if (eg_item_has(item, EG_MODIFIER_FIELDREF))
        return compile_fieldref(c, item, slot, value->text, out);
    return compile_string(c, item, slot, value->text, out);
}

/* ---- items, selections, conditions ---- */

static int compile_values(compiler *c, const eg_item *item, eg_slot slot, eg_ref *out)
{
    ref_list refs = {NULL, 0, 0};
    eg_ref ref = 0;
    size_t i;
    int status = EG_OK;

    for (i = 0; i < item->count; i++) {
        status =
            reject(c, item->values[i]->line, compile_value(c, item, slot, item->values[i], &ref));
        if (status == EG_OK)
            status = add_ref(c, &refs, ref);
        if (status != EG_OK)
            return status;
    }
    if (item->count == 0) { /* an empty list asks for a missing field, as null does */
        status = compile_presence(c, slot, false, &ref);
        if (status == EG_OK)
            status = add_ref(c, &refs, ref);
        if (status != EG_OK)
            return status;
    }
    return eg_builder_node(&c->builder,
                           eg_item_has(item, EG_MODIFIER_ALL) ? EG_NODE_AND : EG_NODE_OR, 0,
                           refs.refs, refs.count, out);
}

static int compile_item(compiler *c, const eg_item *item, eg_ref *out)
{
    eg_slot slot = EG_SLOT_KEYWORD;
    eg_ordering order;
    eg_ref ref;
    int status = EG_OK;

    if (item->field.len > 0)
        status = eg_builder_slot(&c->builder, item->field, &slot);
    else if (item->count == 0)
        status = eg_fail(EG_E_INVALID, "the list of keywords is empty");
    else
        c->keywords = true;
    if (status == EG_OK)
        status = compile_values(c, item, slot, &ref);
    if (status != EG_OK)
        return reject(c, item->line, status);
    if (eg_item_has(item, EG_MODIFIER_NEQ) && !number_order(item, &order))
        return eg_builder_node(&c->builder, EG_NODE_NOT, 0, &ref, 1, out);
    *out = ref;
    return EG_OK;
}

static int compile_detection(compiler *c, const eg_detection *detection, eg_ref *out)
{
    ref_list refs = {NULL, 0, 0};
    size_t i;
    eg_ref ref;

    if (detection->kind == EG_DETECTION_ITEM)
        return compile_item(c, &detection->item, out);
    for (i = 0; i < detection->count; i++) {
        int status = compile_detection(c, &detection->children[i], &ref);

        if (status == EG_OK)
            status = add_ref(c, &refs, ref);
        if (status != EG_OK)
            return status;
    }
    return eg_builder_node(&c->builder,
                           detection->kind == EG_DETECTION_ALL ? EG_NODE_AND : EG_NODE_OR, 0,
                           refs.refs, refs.count, out);
}

static int compile_condition(compiler *c, const eg_condition *condition, const eg_ref *selections,
                             eg_ref *out)
{
    static const eg_node_kind kinds[] = {EG_NODE_AND, EG_NODE_AND, EG_NODE_OR, EG_NODE_NOT,
                                         EG_NODE_COUNT}; /* by eg_condition_kind */
    ref_list refs = {NULL, 0, 0};
    size_t i;
    eg_ref ref;

    if (condition->kind == EG_CONDITION_SELECTION) {
        *out = selections[condition->selection];
        return EG_OK;
    }
    for (i = 0; i < condition->count; i++) {
        int status = compile_condition(c, condition->children[i], selections, &ref);

        if (status == EG_OK)
            status = add_ref(c, &refs, ref);
        if (status != EG_OK)
            return status;
    }
    return eg_builder_node(&c->builder, kinds[condition->kind], condition->need, refs.refs,
                           refs.count, out);
}

static int compile_tree(compiler *c, const eg_sigma_rule *rule, eg_ref *out)
{
    eg_ref *selections =
        eg_arena_alloc(c->builder.scratch, (rule->selection_count + 1) * sizeof(*selections));
    ref_list refs = {NULL, 0, 0};
    eg_ref ref;
    size_t i;
    int status = EG_OK;

    if (!selections)
        return EG_E_NOMEM;
    for (i = 0; i < rule->selection_count && status == EG_OK; i++)
        status = compile_detection(c, &rule->selections[i].detection, &selections[i]);
    for (i = 0; i < rule->condition_count && status == EG_OK; i++) {
        status = compile_condition(c, rule->conditions[i], selections, &ref);
        if (status == EG_OK)
            status = add_ref(c, &refs, ref);
    }
    if (status != EG_OK)
        return status;
    return eg_builder_node(&c->builder, EG_NODE_OR, 0, refs.refs, refs.count, out);
}

/* ---- rules ---- */

static size_t id_place(const compiler *c, eg_str id)
{
    size_t at = (size_t)(eg_str_hash(id) >> 9) & (c->ids_size - 1);

    while (c->ids[at] != 0 && !eg_str_equal(c->builder.set->infos[c->ids[at] - 1].id, id))
        at = (at + 1) & (c->ids_size - 1);
    return at;
}

static int compile_rule(compiler *c, const eg_sigma_rule *rule)
{
    eg_sigma_set *set = c->builder.set;
    size_t place = id_place(c, rule->info.id);
    eg_compiled_rule *compiled = &set->rules[set->rule_count];
    int status;

    c->place.file = rule->info.file;
    c->place.rule_id = rule->info.id;
    c->keywords = c->reported = false;
    eg_arena_reset(c->builder.scratch);
    if (c->ids[place] != 0)
        return eg_rule_reject(&c->place, rule->line, "the id is used already, by %s",
                              set->infos[c->ids[place] - 1].file);
    status = compile_tree(c, rule, &compiled->root);
    if (status == EG_OK)
        status = eg_builder_bucket(&c->builder, rule->info.logsource, &compiled->bucket);
    if (status == EG_OK)
        status = eg_rule_info_copy(set->arena, &rule->info, &set->infos[set->rule_count]);
    if (status != EG_OK)
        return reject(c, rule->line, status);
    set->buckets[compiled->bucket].keywords |= c->keywords;
    c->ids[place] = (uint32_t)++set->rule_count;
    return EG_OK;
}

static int compile_all(compiler *c, const eg_sigma_rule *const *rules, size_t count)
{
    size_t i;

    c->ids_size = 64;
    while (c->ids_size < count * 2)
        c->ids_size *= 2;
    c->ids = eg_alloc_zero(c->ids_size, sizeof(*c->ids));
    if (!c->ids)
        return EG_E_NOMEM;
    for (i = 0; i < count; i++) {
        int status = compile_rule(c, rules[i]);

        if (status == EG_E_INVALID)
            c->builder.set->stats.rejected++;
        else if (status != EG_OK)
            return status;
    }
    return EG_OK;
}

int eg_sigma_compile(const eg_sigma_rule *const *rules, size_t count,
                     const eg_sigma_options *options, const eg_report *report, eg_sigma_set **out)
{
    compiler c;
    int status;

    memset(&c, 0, sizeof(c));
    c.place.report = report;
    eg_buf_init(&c.folded, FOLDED_MAX);
    status = eg_builder_create(count, &c.builder);
    if (status != EG_OK)
        return status;
    status = compile_all(&c, rules, count);
    if (status == EG_OK)
        status = eg_builder_trim(&c.builder);
    if (status == EG_OK)
        status = eg_witness_build(c.builder.set);
    if (status == EG_OK && options && options->report_inert)
        c.builder.set->stats.inert = eg_inert_report(c.builder.set, report);
    eg_builder_done(&c.builder);
    eg_buf_done(&c.folded);
    eg_free(c.ids);
    if (status != EG_OK) {
        eg_sigma_set_destroy(c.builder.set);
        return status;
    }
    *out = c.builder.set;
    return EG_OK;
}
