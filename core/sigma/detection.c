/* SPDX-License-Identifier: Apache-2.0 */
/* One value of `detection`: maps are "all of", lists are "any of", plain values are keywords. */
#include "core/sigma/rule_tree.h"

#include "core/base/status.h"

#include <string.h>

static const char *const modifier_names[] = {
#define MODIFIER(id, name) name,
#include "core/sigma/modifiers.def"
#undef MODIFIER
};

#define BIT(id) (UINT32_C(1) << EG_MODIFIER_##id)
#define REGEX_FLAGS (BIT(I) | BIT(IGNORECASE) | BIT(M) | BIT(MULTILINE) | BIT(S) | BIT(DOTALL))
/* Needs a field: there is nothing else to compare. */
#define FIELD_ONLY (BIT(EXISTS) | BIT(FIELDREF))

static bool modifier_from_name(eg_str name, eg_modifier *out)
{
    size_t i;

    for (i = 0; i < EG_MODIFIER_COUNT; i++) {
        if (eg_str_equal(name, eg_str_from(modifier_names[i]))) {
            *out = (eg_modifier)i;
            return true;
        }
    }
    return false;
}

static int check_modifiers(const eg_rule_place *place, const eg_item *item)
{
    if ((item->modifiers & REGEX_FLAGS) && !eg_item_has(item, EG_MODIFIER_RE)) {
        return eg_rule_reject(place, item->line, "modifiers i, m and s need re before them");
    }
    if ((item->modifiers & FIELD_ONLY) && item->field.len == 0) {
        return eg_rule_reject(place, item->line, "this modifier needs a field name");
    }
    return EG_OK;
}

/* "Field|contains|all": the name, then modifiers. */
static int parse_key(const eg_rule_place *place, const eg_yaml_node *key, eg_item *item)
{
    eg_str rest = key->text, part;
    eg_modifier modifier;
    const char *bar = memchr(rest.ptr, '|', rest.len);

    if (key->type != EG_YAML_TEXT && key->type != EG_YAML_NUMBER) {
        return eg_rule_reject(place, key->line, "field name '%.*s' must be in quotes",
                              EG_STR_ARGS(key->text));
    }
    item->line = key->line;
    item->field = bar ? (eg_str){rest.ptr, (size_t)(bar - rest.ptr)} : rest;
    if (!bar) {
        return EG_OK;
    }
    rest = (eg_str){bar + 1, rest.len - item->field.len - 1};
    for (;;) {
        bar = rest.len ? memchr(rest.ptr, '|', rest.len) : NULL;
        part = bar ? (eg_str){rest.ptr, (size_t)(bar - rest.ptr)} : rest;
        if (!modifier_from_name(part, &modifier)) {
            return eg_rule_reject(place, key->line, "unknown modifier '%.*s'", EG_STR_ARGS(part));
        }
        if (item->order_count == EG_MODIFIERS_MAX) {
            return eg_rule_reject(place, key->line, "more than %d modifiers", EG_MODIFIERS_MAX);
        }
        item->modifiers |= UINT32_C(1) << modifier;
        item->order[item->order_count++] = (uint8_t)modifier;
        if (!bar) {
            return check_modifiers(place, item);
        }
        rest = (eg_str){bar + 1, rest.len - part.len - 1};
    }
}

static int check_value(const eg_rule_place *place, const eg_item *item, const eg_yaml_node *value)
{
    if (value->kind != EG_YAML_SCALAR) {
        return eg_rule_reject(place, value->line,
                              "a value must be text, a number or a list of them");
    }
    if (eg_item_has(item, EG_MODIFIER_EXISTS)) {
        return EG_OK;
    }
    if (value->type == EG_YAML_DATE) {
        return eg_rule_reject(place, value->line, "date %.*s must be in quotes to be text",
                              EG_STR_ARGS(value->text));
    }
    if (value->type == EG_YAML_NULL && item->field.len == 0) {
        return eg_rule_reject(place, value->line, "null cannot be a keyword");
    }
    return EG_OK;
}

static int set_values(eg_arena *arena, const eg_rule_place *place, const eg_yaml_node *value,
                      eg_item *item)
{
    size_t i;

    if (value->kind == EG_YAML_LIST) {
        item->values = value->items;
        item->count = value->count;
    } else {
        const eg_yaml_node **one = eg_arena_alloc(arena, sizeof(*one));

        if (!one) {
            return EG_E_NOMEM;
        }
        one[0] = value;
        item->values = one;
        item->count = 1;
    }
    for (i = 0; i < item->count; i++) {
        int status = check_value(place, item, item->values[i]);

        if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}

static int parse_map(eg_arena *arena, const eg_rule_place *place, const eg_yaml_node *map,
                     eg_detection *out)
{
    eg_detection *children;
    size_t i;
    int status;

    if (map->count == 0) {
        return eg_rule_reject(place, map->line, "an empty map would match every event");
    }
    children = eg_arena_alloc(arena, map->count * sizeof(*children));
    if (!children) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < map->count; i++) {
        status = parse_key(place, map->items[2 * i], &children[i].item);
        if (status == EG_OK) {
            status = set_values(arena, place, map->items[2 * i + 1], &children[i].item);
        }
        if (status != EG_OK) {
            return status;
        }
    }
    out->kind = EG_DETECTION_ALL;
    out->children = children;
    out->count = map->count;
    return EG_OK;
}

/* The plain values of a list are one keyword item; maps and lists in it stand for themselves. */
static int parse_keywords(eg_arena *arena, const eg_rule_place *place, const eg_yaml_node *list,
                          eg_detection *out)
{
    const eg_yaml_node **values = eg_arena_alloc(arena, (list->count + 1) * sizeof(*values));
    size_t i;

    if (!values) {
        return EG_E_NOMEM;
    }
    out->kind = EG_DETECTION_ITEM;
    out->item.field = EG_STR("");
    out->item.line = list->line;
    for (i = 0; i < list->count; i++) {
        if (list->items[i]->kind == EG_YAML_SCALAR) {
            int status = check_value(place, &out->item, list->items[i]);

            if (status != EG_OK) {
                return status;
            }
            values[out->item.count++] = list->items[i];
        }
    }
    out->item.values = values;
    return EG_OK;
}

static int parse_list(eg_arena *arena, const eg_rule_place *place, const eg_yaml_node *list,
                      eg_detection *out)
{
    eg_detection *children;
    size_t i, used = 0;
    int status;

    if (list->count == 0) {
        return eg_rule_reject(place, list->line, "an empty list matches nothing");
    }
    children = eg_arena_alloc(arena, (list->count + 1) * sizeof(*children));
    if (!children) {
        return EG_E_NOMEM;
    }
    status = parse_keywords(arena, place, list, &children[0]);
    if (status != EG_OK) {
        return status;
    }
    used = children[0].item.count > 0 ? 1 : 0;
    if (used == 0) {
        memset(&children[0], 0, sizeof(children[0]));
    }
    for (i = 0; i < list->count; i++) {
        if (list->items[i]->kind == EG_YAML_SCALAR) {
            continue;
        }
        status = eg_detection_parse(arena, place, list->items[i], &children[used]);
        if (status != EG_OK) {
            return status;
        }
        used++;
    }
    out->kind = EG_DETECTION_ANY;
    out->children = children;
    out->count = used;
    return EG_OK;
}

int eg_detection_parse(eg_arena *arena, const eg_rule_place *place, const eg_yaml_node *node,
                       eg_detection *out)
{
    if (node->kind == EG_YAML_MAP) {
        return parse_map(arena, place, node, out);
    }
    if (node->kind == EG_YAML_LIST) {
        return parse_list(arena, place, node, out);
    }
    out->kind = EG_DETECTION_ITEM;
    out->item.field = EG_STR("");
    out->item.line = node->line;
    return set_values(arena, place, node, &out->item);
}
