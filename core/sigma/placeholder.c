/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/placeholder.h"

#include "core/base/status.h"
#include "core/sigma/value.h"

#include <string.h>

#define ARENA_BLOCK 4096

typedef struct placeholder {
    eg_str name;
    const eg_str *values;
    size_t count;
} placeholder;

struct eg_placeholders {
    eg_arena *arena;
    placeholder *items;
    size_t count, capacity;
};

int eg_placeholders_create(eg_placeholders **out)
{
    eg_placeholders *p = eg_alloc_zero(1, sizeof(*p));
    int status;

    if (!p) {
        return EG_E_NOMEM;
    }
    status = eg_arena_create(&p->arena, ARENA_BLOCK);
    if (status != EG_OK) {
        eg_free(p);
        return status;
    }
    *out = p;
    return EG_OK;
}

void eg_placeholders_destroy(eg_placeholders *p)
{
    if (!p) {
        return;
    }
    eg_free(p->items);
    eg_arena_destroy(p->arena);
    eg_free(p);
}

static placeholder *find(const eg_placeholders *p, eg_str name)
{
    size_t i;

    for (i = 0; i < p->count; i++) {
        if (eg_str_equal(p->items[i].name, name)) {
            return &p->items[i];
        }
    }
    return NULL;
}

/* ---- reading ---- */

static int copy_text(eg_arena *arena, eg_str text, eg_str *out)
{
    char *copy = eg_arena_copy(arena, text.ptr, text.len);

    if (!copy) {
        return EG_E_NOMEM;
    }
    *out = (eg_str){copy, text.len};
    return EG_OK;
}

static int put(eg_placeholders *p, const placeholder *item)
{
    placeholder *known = find(p, item->name);

    if (known) {
        *known = *item;
        return EG_OK;
    }
    if (p->count == p->capacity) {
        size_t capacity = p->capacity ? p->capacity * 2 : 16;
        placeholder *items = eg_realloc(p->items, capacity * sizeof(*items));

        if (!items) {
            return EG_E_NOMEM;
        }
        p->items = items;
        p->capacity = capacity;
    }
    p->items[p->count++] = *item;
    return EG_OK;
}

static int read_values(eg_placeholders *p, const eg_rule_place *place, const eg_yaml_node *node,
                       placeholder *item)
{
    bool is_list = node->kind == EG_YAML_LIST;
    size_t count = is_list ? node->count : 1, i;
    eg_str *values;

    if (count == 0 || count > EG_PLACEHOLDER_VALUES_MAX) {
        return eg_rule_reject(place, node->line, "placeholder '%.*s' needs 1 to %d values",
                              EG_STR_ARGS(item->name), EG_PLACEHOLDER_VALUES_MAX);
    }
    values = eg_arena_alloc(p->arena, count * sizeof(*values));
    if (!values) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < count; i++) {
        const eg_yaml_node *value = is_list ? node->items[i] : node;

        if (value->kind != EG_YAML_SCALAR || value->type == EG_YAML_NULL) {
            return eg_rule_reject(place, value->line,
                                  "a value of placeholder '%.*s' must be text or a number",
                                  EG_STR_ARGS(item->name));
        }
        if (copy_text(p->arena, value->text, &values[i]) != EG_OK) {
            return EG_E_NOMEM;
        }
    }
    item->values = values;
    item->count = count;
    return EG_OK;
}

static int read_map(eg_placeholders *p, const eg_rule_place *place, const eg_yaml_node *map)
{
    size_t i;

    if (map->kind != EG_YAML_MAP) {
        return eg_rule_reject(place, map->line, "placeholders must be a map from names to values");
    }
    for (i = 0; i < map->count; i++) {
        const eg_yaml_node *name = map->items[2 * i];
        placeholder item = {EG_STR_NONE, NULL, 0};
        int status;

        if (name->text.len == 0 || memchr(name->text.ptr, '%', name->text.len)) {
            (void)eg_rule_reject(place, name->line, "'%.*s' is no name of a placeholder",
                                 EG_STR_ARGS(name->text));
            continue;
        }
        if (p->count == EG_PLACEHOLDER_NAMES_MAX && !find(p, name->text)) {
            return eg_rule_reject(place, name->line, "more than %d placeholders",
                                  EG_PLACEHOLDER_NAMES_MAX);
        }
        status = copy_text(p->arena, name->text, &item.name);
        if (status == EG_OK) {
            status = read_values(p, place, map->items[2 * i + 1], &item);
        }
        if (status == EG_OK) {
            status = put(p, &item);
        }
        if (status == EG_E_NOMEM) {
            return status;
        }
    }
    return EG_OK;
}

int eg_placeholders_read(eg_placeholders *p, eg_str yaml, const char *file, const eg_report *report)
{
    eg_rule_place place = {report, file, EG_STR_NONE};
    const eg_yaml_node *root = NULL;
    eg_yaml_reader *reader = NULL;
    eg_arena *arena;
    int status = eg_arena_create(&arena, ARENA_BLOCK);

    if (status != EG_OK) {
        return status;
    }
    status = eg_yaml_reader_create(yaml, &reader);
    if (status == EG_OK) {
        status = eg_yaml_read(reader, arena, &root);
        if (status == EG_E_INVALID || status == EG_E_LIMIT) {
            status = eg_rule_reject(&place, eg_yaml_reader_line(reader), "%s", eg_error_message());
        }
    }
    if (status == EG_OK && root && !(root->kind == EG_YAML_SCALAR && root->type == EG_YAML_NULL)) {
        status = read_map(p, &place, root);
    }
    eg_yaml_reader_destroy(reader);
    eg_arena_destroy(arena);
    return status == EG_E_INVALID ? EG_OK : status;
}

/* ---- expanding ---- */

/* Finds the first %name%: from *start to *end with both signs. */
static bool next_placeholder(eg_str text, size_t *start, size_t *end)
{
    size_t backslashes = 0, i, close;

    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\') {
            backslashes++;
            continue;
        }
        if (text.ptr[i] == '%' && backslashes % 2 == 0) {
            close = i + 1;
            while (close < text.len && text.ptr[close] != '%') {
                close++;
            }
            if (close < text.len && close > i + 1) {
                *start = i;
                *end = close + 1;
                return true;
            }
        }
        backslashes = 0;
    }
    return false;
}

bool eg_placeholder_in(eg_str written)
{
    size_t start, end;

    return next_placeholder(written, &start, &end);
}

/* Plain text with `\%` as '%'. */
static size_t put_plain(char *out, eg_str text)
{
    size_t len = 0, i;

    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\' && i + 1 < text.len && text.ptr[i + 1] == '%') {
            continue;
        }
        if (text.ptr[i] == '\\' && i + 1 < text.len && text.ptr[i + 1] == '\\') {
            out[len++] = text.ptr[i++];
        }
        out[len++] = text.ptr[i];
    }
    return len;
}

/* A value as a pattern that means the same before and behind any other text. */
static int put_pattern(eg_arena *arena, char *out, eg_str value, size_t *len)
{
    eg_str parsed;
    size_t i;
    int status = eg_value_parse(arena, value, &parsed);

    if (status != EG_OK) {
        return status;
    }
    for (i = 0; i < parsed.len; i++) {
        char c = parsed.ptr[i];

        if (c == EG_VALUE_STAR || c == EG_VALUE_ONE) {
            out[(*len)++] = c == EG_VALUE_STAR ? '*' : '?';
            continue;
        }
        if (c == '*' || c == '?' || c == '\\') {
            out[(*len)++] = '\\';
        }
        out[(*len)++] = c;
    }
    return EG_OK;
}

/* before + value + the rest, in which further placeholders may stand. */
static int join(eg_arena *arena, eg_str before, eg_str value, bool pattern, eg_str *out)
{
    char *text = eg_arena_alloc(arena, before.len + value.len * 2 + 1);
    size_t len = before.len;
    int status = EG_OK;

    if (!text) {
        return EG_E_NOMEM;
    }
    if (before.len > 0) {
        memcpy(text, before.ptr, before.len);
    }
    if (pattern) {
        status = put_pattern(arena, text, value, &len);
    } else if (value.len > 0) {
        memcpy(text + len, value.ptr, value.len);
        len += value.len;
    }
    *out = (eg_str){text, len};
    return status;
}

typedef struct text_list {
    eg_str *items;
    size_t count;
} text_list;

/* Every text so far, followed by `plain` and then by each of the values. */
static int multiply(eg_arena *arena, const text_list *in, eg_str plain, const placeholder *item,
                    bool pattern, text_list *out)
{
    size_t i, j;

    if (in->count > EG_PLACEHOLDER_VALUES_MAX / item->count) {
        return eg_fail(EG_E_LIMIT, "the placeholders make more than %d values of one",
                       EG_PLACEHOLDER_VALUES_MAX);
    }
    out->items = eg_arena_alloc(arena, in->count * item->count * sizeof(*out->items));
    out->count = 0;
    if (!out->items) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < in->count; i++) {
        eg_str head = in->items[i];
        char *text = eg_arena_alloc(arena, head.len + plain.len + 1);

        if (!text) {
            return EG_E_NOMEM;
        }
        if (head.len > 0) {
            memcpy(text, head.ptr, head.len);
        }
        head.len += put_plain(text + head.len, plain);
        head.ptr = text;
        for (j = 0; j < item->count; j++) {
            if (join(arena, head, item->values[j], pattern, &out->items[out->count]) != EG_OK) {
                return EG_E_NOMEM;
            }
            out->count++;
        }
    }
    return EG_OK;
}

int eg_placeholders_expand(const eg_placeholders *p, eg_arena *arena, eg_str written, bool pattern,
                           const eg_str **out, size_t *count)
{
    static const eg_str nothing = EG_STR_INIT("");
    const placeholder *item;
    text_list list = {NULL, 1}, made = {NULL, 0};
    eg_str rest = written, one = nothing;
    size_t start, end, i;

    list.items = &one;
    while (next_placeholder(rest, &start, &end)) {
        eg_str name = {rest.ptr + start + 1, end - start - 2};
        int status;

        item = p ? find(p, name) : NULL;
        if (!item) {
            return eg_fail(EG_E_INVALID, "no values are known for placeholder %%%.*s%%",
                           EG_STR_ARGS(name));
        }
        status = multiply(arena, &list, (eg_str){rest.ptr, start}, item, pattern, &made);
        if (status != EG_OK) {
            return status;
        }
        list = made;
        rest = (eg_str){rest.ptr + end, rest.len - end};
    }
    made.items = eg_arena_alloc(arena, list.count * sizeof(*made.items));
    if (!made.items) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < list.count; i++) {
        char *text = eg_arena_alloc(arena, list.items[i].len + rest.len + 1);

        if (!text) {
            return EG_E_NOMEM;
        }
        if (list.items[i].len > 0) {
            memcpy(text, list.items[i].ptr, list.items[i].len);
        }
        made.items[i] = (eg_str){text, list.items[i].len};
        made.items[i].len += put_plain(text + list.items[i].len, rest);
    }
    *out = made.items;
    *count = list.count;
    return EG_OK;
}
