/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a rule as predicates. */
#include "core/sigma/compiler.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/sigma/regex_literal.h"
#include "core/sigma/value.h"

#include <string.h>

int eg_compiler_add_ref(eg_compiler *c, eg_ref_list *list, eg_ref ref)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 8;
        eg_ref *refs = eg_arena_alloc(c->builder.scratch, capacity * sizeof(*refs));

        if (!refs) {
            return EG_E_NOMEM;
        }
        if (list->count > 0) {
            memcpy(refs, list->refs, list->count * sizeof(*refs));
        }
        list->refs = refs;
        list->capacity = capacity;
    }
    list->refs[list->count++] = ref;
    return EG_OK;
}

static int string_predicate(eg_compiler *c, eg_slot slot, eg_str value, bool cased, eg_ref *out)
{
    eg_predicate predicate;
    int status;

    eg_buf_clear(&c->folded);
    status = cased ? eg_buf_append_str(&c->folded, value) : eg_fold_str(&c->folded, value);
    if (status != EG_OK) {
        return status;
    }
    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = EG_PREDICATE_STRING;
    predicate.slot = slot;
    predicate.want.pattern = eg_pattern_make(eg_buf_str(&c->folded), cased);
    return eg_builder_predicate(&c->builder, &predicate, out);
}

static int compile_string(eg_compiler *c, const eg_item *item, eg_slot slot, eg_str written,
                          eg_ref *out)
{
    bool cased = eg_item_has(item, EG_MODIFIER_CASED);
    eg_ref_list refs = {NULL, 0, 0};
    const eg_str *values;
    size_t count, i;
    eg_ref ref;
    int status = eg_value_expand(c->builder.scratch, item, written, &values, &count);

    for (i = 0; status == EG_OK && i < count; i++) {
        status = string_predicate(c, slot, values[i], cased, &ref);
        if (status == EG_OK) {
            status = eg_compiler_add_ref(c, &refs, ref);
        }
    }
    if (status != EG_OK) {
        return status;
    }
    return eg_builder_node(&c->builder, EG_NODE_OR, 0, refs.refs, refs.count, out);
}

static unsigned regex_flags(const eg_item *item)
{
    unsigned flags = 0;

    if (eg_item_has(item, EG_MODIFIER_I) || eg_item_has(item, EG_MODIFIER_IGNORECASE)) {
        flags |= EG_REGEX_NOCASE;
    }
    if (eg_item_has(item, EG_MODIFIER_M) || eg_item_has(item, EG_MODIFIER_MULTILINE)) {
        flags |= EG_REGEX_MULTILINE;
    }
    if (eg_item_has(item, EG_MODIFIER_S) || eg_item_has(item, EG_MODIFIER_DOTALL)) {
        flags |= EG_REGEX_DOTALL;
    }
    return flags;
}

/* Text that the expression cannot match without: asked first, so that it runs rarely. */
static int regex_gate(eg_compiler *c, eg_slot slot, eg_str pattern, eg_ref *out, bool *found)
{
    eg_ref_list refs = {NULL, 0, 0};
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
        if (status == EG_OK) {
            status = eg_compiler_add_ref(c, &refs, ref);
        }
    }
    *found = count > 0;
    if (status != EG_OK || count == 0) {
        return status;
    }
    return eg_builder_node(&c->builder, EG_NODE_OR, 0, refs.refs, refs.count, out);
}

static int compile_regex(eg_compiler *c, const eg_item *item, eg_slot slot, eg_str pattern,
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
    if (status == EG_OK) {
        status = regex_gate(c, slot, pattern, &both[0], &gated);
    }
    if (status != EG_OK) {
        return status;
    }
    if (gated) {
        return eg_builder_node(&c->builder, EG_NODE_AND, 0, both, 2, out);
    }
    *out = both[1];
    return EG_OK;
}

bool eg_compiler_number_order(const eg_item *item, eg_ordering *out)
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

static int compile_number(eg_compiler *c, eg_slot slot, eg_ordering order, eg_str text, eg_ref *out)
{
    eg_predicate predicate;

    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = EG_PREDICATE_NUMBER;
    predicate.slot = slot;
    predicate.order = (uint8_t)order;
    if (!eg_number_parse(text, &predicate.want.number)) {
        return eg_fail(EG_E_INVALID, "'%.*s' is no number to compare with", EG_STR_ARGS(text));
    }
    return eg_builder_predicate(&c->builder, &predicate, out);
}

static int compile_network(eg_compiler *c, eg_slot slot, eg_str text, eg_ref *out)
{
    eg_predicate predicate;
    eg_network network;
    int status = eg_network_parse(text, &network);

    if (status != EG_OK) {
        return status;
    }
    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = EG_PREDICATE_NETWORK;
    predicate.slot = slot;
    predicate.want.network = &network;
    return eg_builder_predicate(&c->builder, &predicate, out);
}

static int compile_fieldref(eg_compiler *c, const eg_item *item, eg_slot slot, eg_str written,
                            eg_ref *out)
{
    eg_predicate predicate;
    eg_str name;
    int status = eg_value_parse(c->builder.scratch, written, &name);

    if (status != EG_OK) {
        return status;
    }
    if (eg_value_has_wildcard(name)) {
        return eg_fail(EG_E_INVALID, "fieldref needs a field name without wildcards");
    }
    memset(&predicate, 0, sizeof(predicate));
    predicate.kind = EG_PREDICATE_FIELD;
    predicate.slot = slot;
    predicate.cased = eg_item_has(item, EG_MODIFIER_CASED);
    if (eg_item_has(item, EG_MODIFIER_CONTAINS)) {
        predicate.order = EG_PATTERN_CONTAINS;
    } else if (eg_item_has(item, EG_MODIFIER_STARTSWITH)) {
        predicate.order = EG_PATTERN_PREFIX;
    } else if (eg_item_has(item, EG_MODIFIER_ENDSWITH)) {
        predicate.order = EG_PATTERN_SUFFIX;
    } else {
        predicate.order = EG_PATTERN_EQUALS;
    }
    status = eg_builder_slot(&c->builder, name, &predicate.other);
    return status == EG_OK ? eg_builder_predicate(&c->builder, &predicate, out) : status;
}

int eg_compiler_presence(eg_compiler *c, eg_slot slot, bool present, eg_ref *out)
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

static int compile_value(eg_compiler *c, const eg_item *item, eg_slot slot,
                         const eg_yaml_node *value, eg_ref *out)
{
    eg_ordering order;

    if (eg_item_has(item, EG_MODIFIER_EXISTS)) {
        return eg_compiler_presence(c, slot, means_true(value->text), out);
    }
    if (value->type == EG_YAML_NULL) {
        return eg_compiler_presence(c, slot, false, out);
    }
    if (eg_compiler_number_order(item, &order)) {
        return compile_number(c, slot, order, value->text, out);
    }
    if (eg_item_has(item, EG_MODIFIER_RE)) {
        return compile_regex(c, item, slot, value->text, out);
    }
    if (eg_item_has(item, EG_MODIFIER_CIDR)) {
        return compile_network(c, slot, value->text, out);
    }
    if (eg_item_has(item, EG_MODIFIER_FIELDREF)) {
        return compile_fieldref(c, item, slot, value->text, out);
    }
    return compile_string(c, item, slot, value->text, out);
}

/* What is compared as a Sigma string; the others take their text as it stands. */
static bool is_string(const eg_item *item)
{
    eg_ordering order;

    return !eg_compiler_number_order(item, &order) && !eg_item_has(item, EG_MODIFIER_RE) &&
           !eg_item_has(item, EG_MODIFIER_CIDR) && !eg_item_has(item, EG_MODIFIER_FIELDREF);
}

/* A value with placeholders is met by any of what they stand for. */
int eg_compiler_value(eg_compiler *c, const eg_item *item, eg_slot slot, const eg_yaml_node *value,
                      eg_ref *out)
{
    eg_yaml_node expanded = *value;
    eg_ref_list refs = {NULL, 0, 0};
    const eg_str *texts;
    size_t count, i;
    eg_ref ref = 0;
    int status;

    if (value->type == EG_YAML_NULL || eg_item_has(item, EG_MODIFIER_EXISTS) ||
        !eg_item_has(item, EG_MODIFIER_EXPAND)) {
        return compile_value(c, item, slot, value, out);
    }
    status = eg_placeholders_expand(c->placeholders, c->builder.scratch, value->text,
                                    is_string(item), &texts, &count);
    for (i = 0; status == EG_OK && i < count; i++) {
        expanded.text = texts[i];
        status = compile_value(c, item, slot, &expanded, &ref);
        if (status == EG_OK) {
            status = eg_compiler_add_ref(c, &refs, ref);
        }
    }
    if (status != EG_OK) {
        return status;
    }
    return eg_builder_node(&c->builder, EG_NODE_OR, 0, refs.refs, refs.count, out);
}
