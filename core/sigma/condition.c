/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/condition.h"

#include "core/base/status.h"

#include <string.h>

typedef struct condition_parser {
    eg_arena *arena;
    eg_str rest;
    eg_str token; /* EG_STR_NONE behind the last one */
    const eg_str *names;
    size_t name_count;
    size_t nodes;
    int depth;
} condition_parser;

/* Children of a node while their number is not known yet. */
typedef struct child_list {
    const eg_condition **items;
    size_t count, capacity;
} child_list;

static int parse_or(condition_parser *parser, const eg_condition **out);

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void next_token(condition_parser *parser)
{
    eg_str rest = parser->rest;
    size_t len = 0;

    while (rest.len > 0 && is_blank(*rest.ptr)) {
        rest.ptr++;
        rest.len--;
    }
    if (rest.len == 0) {
        parser->token = EG_STR_NONE;
        parser->rest = rest;
        return;
    }
    if (strchr("()|", *rest.ptr)) {
        len = 1;
    } else {
        while (len < rest.len && !is_blank(rest.ptr[len]) && !strchr("()|", rest.ptr[len])) {
            len++;
        }
    }
    parser->token = (eg_str){rest.ptr, len};
    parser->rest = (eg_str){rest.ptr + len, rest.len - len};
}

static bool at_word(const condition_parser *parser, const char *word)
{
    return parser->token.ptr && eg_str_equal_nocase(parser->token, eg_str_from(word));
}

static int new_node(condition_parser *parser, eg_condition_kind kind, eg_condition **out)
{
    if (++parser->nodes > EG_CONDITION_NODES_MAX) {
        return eg_fail(EG_E_LIMIT, "condition has more than %d parts", EG_CONDITION_NODES_MAX);
    }
    *out = eg_arena_alloc(parser->arena, sizeof(**out));
    if (!*out) {
        return EG_E_NOMEM;
    }
    (*out)->kind = kind;
    return EG_OK;
}

static int add_child(condition_parser *parser, child_list *list, const eg_condition *child)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 4;
        const eg_condition **items = eg_arena_alloc(parser->arena, capacity * sizeof(*list->items));

        if (!items) {
            return EG_E_NOMEM;
        }
        if (list->count > 0) {
            memcpy((void *)items, (const void *)list->items, list->count * sizeof(*items));
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = child;
    return EG_OK;
}

/* One child needs no node around it, except to be counted. */
static int finish(condition_parser *parser, eg_condition_kind kind, uint32_t need,
                  const child_list *list, const eg_condition **out)
{
    eg_condition *node = NULL;
    int status;

    if (list->count == 1 && kind != EG_CONDITION_COUNT) {
        *out = list->items[0];
        return EG_OK;
    }
    status = new_node(parser, kind, &node);
    if (status != EG_OK) {
        return status;
    }
    node->children = list->items;
    node->count = list->count;
    node->need = need;
    *out = node;
    return EG_OK;
}

static int selection_node(condition_parser *parser, size_t index, const eg_condition **out)
{
    eg_condition *node = NULL;
    int status = new_node(parser, EG_CONDITION_SELECTION, &node);

    if (status != EG_OK) {
        return status;
    }
    node->selection = (uint32_t)index;
    *out = node;
    return EG_OK;
}

static bool find_name(const condition_parser *parser, eg_str name, size_t *index)
{
    size_t i;

    for (i = 0; i < parser->name_count; i++) {
        if (eg_str_equal(parser->names[i], name)) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* `pattern` may hold '*' for any run of characters. */
static bool name_matches(eg_str pattern, eg_str name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, mark = 0;

    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            mark = n;
        } else if (p < pattern.len && pattern.ptr[p] == name.ptr[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

/* Names that start with '_' are meant only by a pattern that does so itself. */
static bool selects(eg_str pattern, eg_str name)
{
    bool hidden = name.len > 0 && name.ptr[0] == '_';

    if (eg_str_equal(pattern, EG_STR("them"))) {
        return !hidden;
    }
    return (!hidden || pattern.ptr[0] == '_') && name_matches(pattern, name);
}

static int quantifier(eg_str text, eg_condition_kind *kind, uint32_t *need)
{
    uint64_t number;
    size_t i;

    *need = 0;
    if (eg_str_equal_nocase(text, EG_STR("all"))) {
        *kind = EG_CONDITION_AND;
        return EG_OK;
    }
    if (eg_str_equal_nocase(text, EG_STR("any")) || eg_str_equal(text, EG_STR("1"))) {
        *kind = EG_CONDITION_OR;
        return EG_OK;
    }
    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            break;
        }
    }
    if (i < text.len || !eg_str_to_u64(text, &number) || number > UINT32_MAX) {
        return eg_fail(EG_E_INVALID, "condition: '%.*s of' needs a number, 'all' or 'any'",
                       EG_STR_ARGS(text));
    }
    *kind = EG_CONDITION_COUNT;
    *need = (uint32_t)number;
    return EG_OK;
}

/* Behind "1 of" and its kin: a pattern of names, or "them". */
static int parse_of(condition_parser *parser, eg_str count, const eg_condition **out)
{
    eg_condition_kind kind = EG_CONDITION_OR;
    eg_str pattern = parser->token;
    const eg_condition *child = NULL;
    child_list list = {NULL, 0, 0};
    uint32_t need = 0;
    size_t i;
    int status = quantifier(count, &kind, &need);

    if (status != EG_OK) {
        return status;
    }
    if (!pattern.ptr) {
        return eg_fail(EG_E_INVALID, "condition ends behind 'of'");
    }
    next_token(parser);
    for (i = 0; i < parser->name_count; i++) {
        if (!selects(pattern, parser->names[i])) {
            continue;
        }
        status = selection_node(parser, i, &child);
        if (status == EG_OK) {
            status = add_child(parser, &list, child);
        }
        if (status != EG_OK) {
            return status;
        }
    }
    if (list.count == 0) {
        return eg_fail(EG_E_INVALID, "condition: no selection is named like '%.*s'",
                       EG_STR_ARGS(pattern));
    }
    return finish(parser, kind, need, &list, out);
}

static int parse_atom(condition_parser *parser, const eg_condition **out)
{
    eg_str token = parser->token;
    size_t index = 0;
    bool known;
    int status;

    if (!token.ptr) {
        return eg_fail(EG_E_INVALID, "condition ends where a selection is expected");
    }
    next_token(parser);
    if (eg_str_equal(token, EG_STR("("))) {
        status = parse_or(parser, out);
        if (status != EG_OK) {
            return status;
        }
        if (!parser->token.ptr || *parser->token.ptr != ')') {
            return eg_fail(EG_E_INVALID, "condition: ')' is missing");
        }
        next_token(parser);
        return EG_OK;
    }
    known = find_name(parser, token, &index);
    if (!known && at_word(parser, "of")) {
        next_token(parser);
        return parse_of(parser, token, out);
    }
    if (!known) {
        return eg_fail(EG_E_INVALID, "condition: there is no selection '%.*s'", EG_STR_ARGS(token));
    }
    return selection_node(parser, index, out);
}

static int parse_not(condition_parser *parser, const eg_condition **out)
{
    const eg_condition *child = NULL;
    const eg_condition **children;
    eg_condition *node = NULL;
    bool negated = false;
    int status;

    while (at_word(parser, "not")) {
        negated = !negated;
        next_token(parser);
    }
    status = parse_atom(parser, &child);
    if (status != EG_OK || !negated) {
        if (status == EG_OK) {
            *out = child;
        }
        return status;
    }
    status = new_node(parser, EG_CONDITION_NOT, &node);
    if (status != EG_OK) {
        return status;
    }
    children = eg_arena_alloc(parser->arena, sizeof(*children));
    if (!children) {
        return EG_E_NOMEM;
    }
    children[0] = child;
    node->children = children;
    node->count = 1;
    *out = node;
    return EG_OK;
}

static int parse_and(condition_parser *parser, const eg_condition **out)
{
    child_list list = {NULL, 0, 0};
    const eg_condition *child = NULL;
    int status;

    for (;;) {
        status = parse_not(parser, &child);
        if (status == EG_OK) {
            status = add_child(parser, &list, child);
        }
        if (status != EG_OK) {
            return status;
        }
        if (!at_word(parser, "and")) {
            return finish(parser, EG_CONDITION_AND, 0, &list, out);
        }
        next_token(parser);
    }
}

static int parse_or(condition_parser *parser, const eg_condition **out)
{
    child_list list = {NULL, 0, 0};
    const eg_condition *child = NULL;
    int status;

    if (parser->depth == EG_CONDITION_DEPTH_MAX) {
        return eg_fail(EG_E_LIMIT, "condition is nested deeper than %d", EG_CONDITION_DEPTH_MAX);
    }
    parser->depth++;
    for (;;) {
        status = parse_and(parser, &child);
        if (status == EG_OK) {
            status = add_child(parser, &list, child);
        }
        if (status != EG_OK) {
            return status;
        }
        if (!at_word(parser, "or")) {
            break;
        }
        next_token(parser);
    }
    parser->depth--;
    return finish(parser, EG_CONDITION_OR, 0, &list, out);
}

int eg_condition_parse(eg_arena *arena, eg_str text, const eg_str *names, size_t name_count,
                       const eg_condition **out)
{
    condition_parser parser = {arena, text, EG_STR_NONE, names, name_count, 0, 0};
    const eg_condition *tree = NULL;
    int status;

    if (text.len > 0 && memchr(text.ptr, '|', text.len)) {
        return eg_fail(EG_E_UNSUPPORTED, "condition: aggregation ('|') is not supported");
    }
    next_token(&parser);
    status = parse_or(&parser, &tree);
    if (status != EG_OK) {
        return status;
    }
    if (parser.token.ptr) {
        return eg_fail(EG_E_INVALID, "condition: '%.*s' is not expected here",
                       EG_STR_ARGS(parser.token));
    }
    *out = tree;
    return EG_OK;
}
