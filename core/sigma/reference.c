/* SPDX-License-Identifier: Apache-2.0 */
/* How one document names others: lists of ids and names, and lists of fields. */
#include "core/sigma/rule_tree.h"

#include "core/base/status.h"

bool eg_reference_names(eg_str reference, const eg_sigma_rule *rule)
{
    return eg_str_equal_nocase(reference, rule->info.id) ||
           (rule->name.ptr && eg_str_equal(reference, rule->name));
}

static int parse_one(const eg_rule_place *place, const eg_yaml_node *node, const char *what,
                     eg_reference *list, size_t count)
{
    size_t i;

    if (node->kind != EG_YAML_SCALAR || node->type == EG_YAML_NULL || node->text.len == 0) {
        return eg_rule_reject(place, node->line, "%s must be text or a list of texts", what);
    }
    for (i = 0; i < count; i++) {
        if (eg_str_equal(list[i].text, node->text)) {
            return eg_rule_reject(place, node->line, "%s: '%.*s' stands twice", what,
                                  EG_STR_ARGS(node->text));
        }
    }
    list[count] = (eg_reference){node->text, node->line};
    return EG_OK;
}

int eg_references_parse(eg_arena *arena, const eg_rule_place *place, const eg_yaml_node *node,
                        const char *what, size_t max, const eg_reference **out, size_t *count)
{
    bool is_list = node->kind == EG_YAML_LIST;
    size_t given = is_list ? node->count : 1, i;
    eg_reference *list;

    if (given == 0) {
        return eg_rule_reject(place, node->line, "%s: the list is empty", what);
    }
    if (given > max) {
        return eg_rule_reject(place, node->line, "%s: more than %zu", what, max);
    }
    list = eg_arena_alloc(arena, given * sizeof(*list));
    if (!list) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < given; i++) {
        int status = parse_one(place, is_list ? node->items[i] : node, what, list, i);

        if (status != EG_OK) {
            return status;
        }
    }
    *out = list;
    *count = given;
    return EG_OK;
}
