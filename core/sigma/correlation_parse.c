/* SPDX-License-Identifier: Apache-2.0 */
/* The `correlation` part of a document. */
#include "core/sigma/correlation.h"

#include "core/base/clock.h"
#include "core/base/status.h"

#define DAY UINT64_C(86400)

typedef struct type_name {
    const char *name;
    eg_correlation_type type;
} type_name;

static const type_name types[] = {
    {"event_count", EG_CORRELATION_EVENT_COUNT},
    {"value_count", EG_CORRELATION_VALUE_COUNT},
    {"temporal", EG_CORRELATION_TEMPORAL},
    {"temporal_ordered", EG_CORRELATION_TEMPORAL_ORDERED},
};

static bool is_temporal(const eg_written_correlation *c)
{
    return c->type == EG_CORRELATION_TEMPORAL || c->type == EG_CORRELATION_TEMPORAL_ORDERED;
}

/* A key we do not know may change what is meant: better no rule than another one. */
static int check_keys(const eg_rule_place *place, const eg_yaml_node *map)
{
    static const char *const keys[] = {"type",      "rules",   "group-by", "timespan",
                                       "condition", "aliases", "generate"};
    size_t i, j;

    for (i = 0; i < map->count; i++) {
        const eg_yaml_node *key = map->items[2 * i];

        for (j = 0; j < EG_COUNT(keys); j++) {
            if (eg_str_equal(key->text, eg_str_from(keys[j]))) {
                break;
            }
        }
        if (j == EG_COUNT(keys)) {
            return eg_rule_reject(place, key->line, "correlation has no key '%.*s'",
                                  EG_STR_ARGS(key->text));
        }
    }
    return EG_OK;
}

static int parse_type(eg_written_correlation *c, const eg_rule_place *place,
                      const eg_yaml_node *map)
{
    eg_str name = eg_yaml_text(map, "type");
    size_t i;

    if (!name.ptr) {
        return eg_rule_reject(place, eg_yaml_line(map, "type"), "correlation has no type");
    }
    for (i = 0; i < EG_COUNT(types); i++) {
        if (eg_str_equal(name, eg_str_from(types[i].name))) {
            c->type = types[i].type;
            return EG_OK;
        }
    }
    return eg_rule_reject(place, eg_yaml_line(map, "type"),
                          "correlation type '%.*s' is not supported", EG_STR_ARGS(name));
}

/* "90m": a whole number and one of s, m, h, d. */
static int parse_timespan(eg_written_correlation *c, const eg_rule_place *place,
                          const eg_yaml_node *map)
{
    eg_str text = eg_yaml_text(map, "timespan");
    int line = eg_yaml_line(map, "timespan");
    uint64_t number = 0, seconds = 0;

    if (!text.ptr) {
        return eg_rule_reject(place, line, "correlation has no timespan");
    }
    if (text.len >= 2 && text.ptr[0] >= '0' && text.ptr[0] <= '9' &&
        eg_str_to_u64((eg_str){text.ptr, text.len - 1}, &number)) {
        switch (text.ptr[text.len - 1]) {
        case 's': seconds = 1; break;
        case 'm': seconds = 60; break;
        case 'h': seconds = 60 * 60; break;
        case 'd': seconds = DAY; break;
        default: break;
        }
    }
    if (seconds == 0 || number == 0) {
        return eg_rule_reject(place, line, "timespan '%.*s' is no number from 1 with s, m, h or d",
                              EG_STR_ARGS(text));
    }
    if (number > EG_CORRELATION_DAYS_MAX * DAY / seconds) {
        return eg_rule_reject(place, line, "timespan '%.*s' is longer than %d days",
                              EG_STR_ARGS(text), EG_CORRELATION_DAYS_MAX);
    }
    c->timespan = number * seconds * EG_TICKS_PER_SECOND;
    return EG_OK;
}

static int parse_names(eg_sigma_rule *rule, const eg_rule_place *place, const eg_yaml_node *node,
                       const char *what, const eg_str **out, size_t *count)
{
    const eg_reference *list = NULL;
    size_t given = 0, i;
    eg_str *names;
    int status = eg_references_parse(rule->arena, place, node, what, EG_CORRELATION_FIELDS_MAX,
                                     &list, &given);

    if (status != EG_OK) {
        return status;
    }
    names = eg_arena_alloc(rule->arena, given * sizeof(*names));
    if (!names) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < given; i++) {
        names[i] = list[i].text;
    }
    *out = names;
    *count = given;
    return EG_OK;
}

/* ---- condition ---- */

/* Narrows the range by one line of the condition; false when it is no comparison. */
static bool narrow(eg_count_range *range, eg_str comparison, uint32_t number)
{
    uint32_t low = 0, high = UINT32_MAX;

    if (eg_str_equal(comparison, EG_STR("gt"))) {
        low = number + 1;
    } else if (eg_str_equal(comparison, EG_STR("gte"))) {
        low = number;
    } else if (eg_str_equal(comparison, EG_STR("lt"))) {
        high = number > 0 ? number - 1 : 0;
    } else if (eg_str_equal(comparison, EG_STR("lte"))) {
        high = number;
    } else if (eg_str_equal(comparison, EG_STR("eq"))) {
        low = high = number;
    } else if (eg_str_equal(comparison, EG_STR("neq"))) {
        range->except = number;
    } else {
        return false;
    }
    if (low > range->low) {
        range->low = low;
    }
    if (high < range->high) {
        range->high = high;
    }
    return true;
}

static int parse_comparison(eg_written_correlation *c, const eg_rule_place *place,
                            const eg_yaml_node *key, const eg_yaml_node *value)
{
    eg_count_range tried = {0, UINT32_MAX, 0};
    uint64_t number = 0;

    if (!narrow(&tried, key->text, 0)) {
        return eg_rule_reject(place, key->line, "condition has no key '%.*s'",
                              EG_STR_ARGS(key->text));
    }
    if (value->kind != EG_YAML_SCALAR || value->type == EG_YAML_NULL ||
        !eg_str_to_u64(value->text, &number)) {
        return eg_rule_reject(place, value->line, "condition: %.*s needs a whole number",
                              EG_STR_ARGS(key->text));
    }
    if (number > EG_CORRELATION_COUNT_MAX) {
        return eg_rule_reject(place, value->line, "condition: %.*s counts further than %d",
                              EG_STR_ARGS(key->text), EG_CORRELATION_COUNT_MAX);
    }
    (void)narrow(&c->range, key->text, (uint32_t)number);
    return EG_OK;
}

/* Nothing happens when nothing comes: a condition that only 0 fulfils would never be heard of. */
static int check_range(const eg_written_correlation *c, const eg_rule_place *place, int line)
{
    uint32_t most = is_temporal(c) ? (uint32_t)c->rule_count : UINT32_MAX, count;
    uint32_t low = c->range.low > 1 ? c->range.low : 1;
    uint32_t high = c->range.high < most ? c->range.high : most;

    for (count = low; count <= high && count < low + 2; count++) {
        if (eg_count_range_holds(&c->range, count)) {
            return EG_OK;
        }
    }
    return eg_rule_reject(place, line, "condition: no number of %s from 1 can meet it",
                          is_temporal(c)                          ? "the rules"
                          : c->type == EG_CORRELATION_VALUE_COUNT ? "values"
                                                                  : "events");
}

static int parse_condition(eg_sigma_rule *rule, eg_written_correlation *c,
                           const eg_rule_place *place, const eg_yaml_node *node)
{
    size_t compared = 0, i;
    int status = EG_OK;

    if (node->kind != EG_YAML_MAP) {
        return eg_rule_reject(place, node->line,
                              "condition of a correlation must be a map such as 'gte: 10'");
    }
    for (i = 0; i < node->count && status == EG_OK; i++) {
        const eg_yaml_node *key = node->items[2 * i], *value = node->items[2 * i + 1];

        if (!eg_str_equal(key->text, EG_STR("field"))) {
            status = parse_comparison(c, place, key, value);
            compared++;
        } else if (c->type != EG_CORRELATION_VALUE_COUNT) {
            status = eg_rule_reject(place, key->line, "condition: field is for value_count only");
        } else {
            status = parse_names(rule, place, value, "field", &c->fields, &c->field_count);
        }
    }
    if (status == EG_OK && compared == 0) {
        status = eg_rule_reject(place, node->line, "condition compares with no number");
    }
    return status == EG_OK ? check_range(c, place, node->line) : status;
}

static int parse_counting(eg_sigma_rule *rule, eg_written_correlation *c,
                          const eg_rule_place *place, const eg_yaml_node *map)
{
    const eg_yaml_node *node = eg_yaml_get(map, "condition");
    int status;

    c->range = (eg_count_range){0, UINT32_MAX, 0};
    if (!node && is_temporal(c)) {
        c->range.low = (uint32_t)c->rule_count;
        return EG_OK;
    }
    if (!node) {
        return eg_rule_reject(place, map->line, "correlation has no condition");
    }
    status = parse_condition(rule, c, place, node);
    if (status == EG_OK && c->type == EG_CORRELATION_VALUE_COUNT && c->field_count == 0) {
        status = eg_rule_reject(place, node->line, "condition of value_count names no field");
    }
    return status;
}

/* ---- aliases ---- */

static int parse_alias(eg_written_correlation *c, const eg_rule_place *place,
                       const eg_yaml_node *name, const eg_yaml_node *map, eg_written_alias *out)
{
    size_t i;

    if (map->kind != EG_YAML_MAP || map->count == 0) {
        return eg_rule_reject(place, map->line, "alias '%.*s' must be a map from rules to fields",
                              EG_STR_ARGS(name->text));
    }
    for (i = 0; i < map->count; i++) {
        const eg_yaml_node *rule = map->items[2 * i], *field = map->items[2 * i + 1];

        if (field->kind != EG_YAML_SCALAR || field->type == EG_YAML_NULL || field->text.len == 0) {
            return eg_rule_reject(place, field->line, "alias '%.*s' needs the name of a field",
                                  EG_STR_ARGS(name->text));
        }
        out[i] = (eg_written_alias){name->text, {rule->text, rule->line}, field->text};
    }
    c->alias_count += map->count;
    return EG_OK;
}

static int parse_aliases(eg_sigma_rule *rule, eg_written_correlation *c, const eg_rule_place *place,
                         const eg_yaml_node *node)
{
    eg_written_alias *aliases;
    size_t total = 0, i;
    int status = EG_OK;

    if (!node) {
        return EG_OK;
    }
    if (node->kind != EG_YAML_MAP) {
        return eg_rule_reject(place, node->line, "aliases must be a map");
    }
    for (i = 0; i < node->count; i++) {
        total += node->items[2 * i + 1]->count;
    }
    if (total > EG_CORRELATION_ALIASES_MAX) {
        return eg_rule_reject(place, node->line, "more than %d aliases",
                              EG_CORRELATION_ALIASES_MAX);
    }
    aliases = eg_arena_alloc(rule->arena, (total + 1) * sizeof(*aliases));
    if (!aliases) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < node->count && status == EG_OK; i++) {
        status = parse_alias(c, place, node->items[2 * i], node->items[2 * i + 1],
                             aliases + c->alias_count);
    }
    c->aliases = aliases;
    return status;
}

/* ---- the whole ---- */

/* The specification has `generate` beside `correlation`, other tools inside of it. */
static int parse_generate(eg_written_correlation *c, const eg_rule_place *place,
                          const eg_yaml_node *map, const eg_yaml_node *root)
{
    const eg_yaml_node *inside = eg_yaml_get(map, "generate");
    const eg_yaml_node *node = inside ? inside : eg_yaml_get(root, "generate");

    if (!node) {
        return EG_OK;
    }
    if (inside && eg_yaml_get(root, "generate")) {
        return eg_rule_reject(place, inside->line, "generate stands twice");
    }
    if (node->kind != EG_YAML_SCALAR || node->type != EG_YAML_BOOL) {
        return eg_rule_reject(place, node->line, "generate must be true or false");
    }
    c->generate = eg_str_equal(node->text, EG_STR("true"));
    return EG_OK;
}

int eg_correlation_parse(eg_sigma_rule *rule, const eg_rule_place *place, const eg_yaml_node *root)
{
    const eg_yaml_node *map = eg_yaml_get(root, "correlation"), *rules, *group_by;
    eg_written_correlation *c = eg_arena_alloc(rule->arena, sizeof(*c));
    int status;

    if (!c) {
        return EG_E_NOMEM;
    }
    if (map->kind != EG_YAML_MAP) {
        return eg_rule_reject(place, map->line, "correlation must be a map");
    }
    if (eg_yaml_get(root, "detection")) {
        return eg_rule_reject(place, map->line, "a rule has either detection or correlation");
    }
    c->line = map->line;
    rules = eg_yaml_get(map, "rules");
    group_by = eg_yaml_get(map, "group-by");
    status = check_keys(place, map);
    if (status == EG_OK) {
        status = parse_type(c, place, map);
    }
    if (status == EG_OK && !rules) {
        status = eg_rule_reject(place, map->line, "correlation refers to no rules");
    }
    if (status == EG_OK) {
        status = eg_references_parse(rule->arena, place, rules, "rules", EG_CORRELATION_RULES_MAX,
                                     &c->rules, &c->rule_count);
    }
    if (status == EG_OK && group_by) {
        status = parse_names(rule, place, group_by, "group-by", &c->group_by, &c->group_count);
    }
    if (status == EG_OK) {
        status = parse_timespan(c, place, map);
    }
    if (status == EG_OK) {
        status = parse_counting(rule, c, place, map);
    }
    if (status == EG_OK) {
        status = parse_aliases(rule, c, place, eg_yaml_get(map, "aliases"));
    }
    if (status == EG_OK) {
        status = parse_generate(c, place, map, root);
    }
    rule->correlation = c;
    return status;
}
