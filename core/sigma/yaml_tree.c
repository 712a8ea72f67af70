/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/yaml_tree.h"

#include "core/base/status.h"

#include <string.h>
#include <yaml.h>

typedef struct frame {
    eg_yaml_node *node;
    size_t first; /* of its children on the stack */
} frame;

typedef struct anchor {
    eg_str name;
    const eg_yaml_node *node; /* NULL while it is still being read */
} anchor;

struct eg_yaml_reader {
    yaml_parser_t parser;
    int line;
    bool ended;
    eg_arena *arena; /* of the document being read */
    const eg_yaml_node *root;
    frame frames[EG_YAML_DEPTH_MAX];
    size_t depth;
    const eg_yaml_node **stack; /* children of all open frames */
    size_t stacked, capacity;
    size_t weight;
    anchor anchors[EG_YAML_ANCHORS_MAX];
    size_t anchor_count;
};

int eg_yaml_reader_create(eg_str text, eg_yaml_reader **out)
{
    eg_yaml_reader *reader = eg_alloc_zero(1, sizeof(*reader));

    if (!reader) {
        return EG_E_NOMEM;
    }
    if (!yaml_parser_initialize(&reader->parser)) {
        eg_free(reader);
        return eg_fail(EG_E_NOMEM, "no memory for the YAML reader");
    }
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)text.ptr, text.len);
    reader->line = 1;
    *out = reader;
    return EG_OK;
}

void eg_yaml_reader_destroy(eg_yaml_reader *reader)
{
    if (!reader) {
        return;
    }
    yaml_parser_delete(&reader->parser);
    eg_free((void *)reader->stack);
    eg_free(reader);
}

int eg_yaml_reader_line(const eg_yaml_reader *reader)
{
    return reader->line;
}

static int push(eg_yaml_reader *reader, const eg_yaml_node *node)
{
    if (reader->depth == 0) {
        reader->root = node;
        return EG_OK;
    }
    if (reader->stacked == reader->capacity) {
        size_t capacity = reader->capacity ? reader->capacity * 2 : 256;
        const eg_yaml_node **stack =
            eg_realloc((void *)reader->stack, capacity * sizeof(*reader->stack));

        if (!stack) {
            return EG_E_NOMEM;
        }
        reader->stack = stack;
        reader->capacity = capacity;
    }
    reader->stack[reader->stacked++] = node;
    return EG_OK;
}

static int count_weight(eg_yaml_reader *reader, size_t weight)
{
    reader->weight += weight;
    if (reader->weight > EG_YAML_NODES_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d values in one document", EG_YAML_NODES_MAX);
    }
    return EG_OK;
}

static int copy_scalar_text(eg_yaml_reader *reader, const char *text, size_t len, eg_str *out)
{
    char *copy = eg_arena_copy(reader->arena, text, len);

    if (!copy) {
        return EG_E_NOMEM;
    }
    *out = (eg_str){copy, len};
    return EG_OK;
}

static int anchor_open(eg_yaml_reader *reader, const yaml_char_t *name, size_t *slot)
{
    anchor *entry;

    *slot = SIZE_MAX;
    if (!name) {
        return EG_OK;
    }
    if (reader->anchor_count == EG_YAML_ANCHORS_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d anchors", EG_YAML_ANCHORS_MAX);
    }
    entry = &reader->anchors[reader->anchor_count];
    entry->node = NULL;
    *slot = reader->anchor_count++;
    return copy_scalar_text(reader, (const char *)name, strlen((const char *)name), &entry->name);
}

/* An anchor names a finished node: an alias to what is still open would be a circle. */
static void anchor_close(eg_yaml_reader *reader, const eg_yaml_node *node, size_t slot)
{
    if (slot != SIZE_MAX) {
        reader->anchors[slot].node = node;
    }
}

static eg_yaml_node *new_node(eg_yaml_reader *reader, eg_yaml_kind kind)
{
    eg_yaml_node *node = eg_arena_alloc(reader->arena, sizeof(*node));

    if (!node) {
        return NULL;
    }
    node->kind = kind;
    node->line = reader->line;
    node->text = EG_STR("");
    node->weight = 1;
    return node;
}

static int type_scalar(eg_yaml_reader *reader, const yaml_event_t *event, eg_yaml_node *node)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    const char *tag = (const char *)event->data.scalar.tag;
    eg_str raw = node->text;

    node->type = EG_YAML_TEXT;
    if (event->data.scalar.plain_implicit) {
        return eg_yaml_resolve(reader->arena, raw, &node->type, &node->text);
    }
    if (!tag || event->data.scalar.quoted_implicit || strcmp(tag, "!") == 0) {
        return EG_OK;
    }
    if (strncmp(tag, prefix, sizeof(prefix) - 1) == 0) {
        const char *name = tag + sizeof(prefix) - 1;

        if (strcmp(name, "str") == 0) {
            return EG_OK;
        }
        if (strcmp(name, "int") == 0 || strcmp(name, "float") == 0 || strcmp(name, "bool") == 0 ||
            strcmp(name, "null") == 0) {
            return eg_yaml_resolve(reader->arena, raw, &node->type, &node->text);
        }
    }
    return eg_fail(EG_E_INVALID, "YAML tag %s is not supported", tag);
}

static int on_scalar(eg_yaml_reader *reader, const yaml_event_t *event)
{
    eg_yaml_node *node = new_node(reader, EG_YAML_SCALAR);
    size_t slot;
    int status;

    if (!node) {
        return EG_E_NOMEM;
    }
    status = copy_scalar_text(reader, (const char *)event->data.scalar.value,
                              event->data.scalar.length, &node->text);
    if (status == EG_OK) {
        status = type_scalar(reader, event, node);
    }
    if (status == EG_OK) {
        status = anchor_open(reader, event->data.scalar.anchor, &slot);
    }
    if (status == EG_OK) {
        status = count_weight(reader, 1);
    }
    if (status != EG_OK) {
        return status;
    }
    anchor_close(reader, node, slot);
    return push(reader, node);
}

static int on_start(eg_yaml_reader *reader, eg_yaml_kind kind, const yaml_char_t *name)
{
    eg_yaml_node *node;
    frame *top;
    size_t slot;
    int status;

    if (reader->depth == EG_YAML_DEPTH_MAX) {
        return eg_fail(EG_E_LIMIT, "nested deeper than %d levels", EG_YAML_DEPTH_MAX);
    }
    node = new_node(reader, kind);
    if (!node) {
        return EG_E_NOMEM;
    }
    status = anchor_open(reader, name, &slot);
    if (status == EG_OK) {
        status = count_weight(reader, 1);
    }
    if (status != EG_OK) {
        return status;
    }
    node->count = slot; /* until the end: where its anchor waits */
    top = &reader->frames[reader->depth++];
    top->node = node;
    top->first = reader->stacked;
    return EG_OK;
}

static int check_keys(const eg_yaml_node *map, int *line)
{
    size_t i, j;

    if (map->count > EG_YAML_KEYS_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d keys in one map", EG_YAML_KEYS_MAX);
    }
    for (i = 0; i < map->count; i++) {
        const eg_yaml_node *key = map->items[2 * i];

        *line = key->line;
        if (key->kind != EG_YAML_SCALAR) {
            return eg_fail(EG_E_INVALID, "a key must be a plain name");
        }
        if (key->type == EG_YAML_TEXT && eg_str_equal(key->text, EG_STR("<<"))) {
            return eg_fail(EG_E_INVALID, "merge keys (<<) are not supported");
        }
        for (j = 0; j < i; j++) {
            if (eg_str_equal(map->items[2 * j]->text, key->text)) {
                return eg_fail(EG_E_INVALID, "key %.*s stands twice, first in line %d",
                               EG_STR_ARGS(key->text), map->items[2 * j]->line);
            }
        }
    }
    return EG_OK;
}

static int on_end(eg_yaml_reader *reader)
{
    frame *top = &reader->frames[--reader->depth];
    eg_yaml_node *node = top->node;
    size_t count = reader->stacked - top->first, slot = node->count, i;
    const eg_yaml_node **items = eg_arena_alloc(reader->arena, (count + 1) * sizeof(*items));
    int status;

    if (!items) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < count; i++) {
        items[i] = reader->stack[top->first + i];
        node->weight += items[i]->weight;
    }
    reader->stacked = top->first;
    node->items = items;
    node->count = node->kind == EG_YAML_MAP ? count / 2 : count;
    if (node->kind == EG_YAML_MAP) {
        status = check_keys(node, &reader->line);
        if (status != EG_OK) {
            return status;
        }
    }
    anchor_close(reader, node, slot);
    return push(reader, node);
}

static int on_alias(eg_yaml_reader *reader, const char *name)
{
    size_t i;
    int status;

    for (i = reader->anchor_count; i > 0; i--) {
        const anchor *entry = &reader->anchors[i - 1];

        if (!eg_str_equal(entry->name, eg_str_from(name))) {
            continue;
        }
        if (!entry->node) {
            return eg_fail(EG_E_INVALID, "alias *%s stands inside what it names", name);
        }
        status = count_weight(reader, entry->node->weight);
        return status == EG_OK ? push(reader, entry->node) : status;
    }
    return eg_fail(EG_E_INVALID, "alias *%s names nothing above it", name);
}

static int on_event(eg_yaml_reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT: return on_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(reader, EG_YAML_LIST, event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return on_start(reader, EG_YAML_MAP, event->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return on_end(reader);
    case YAML_ALIAS_EVENT: return on_alias(reader, (const char *)event->data.alias.anchor);
    default: return EG_OK;
    }
}

static int next_event(eg_yaml_reader *reader, yaml_event_t *event)
{
    const yaml_parser_t *parser = &reader->parser;

    if (yaml_parser_parse(&reader->parser, event)) {
        reader->line = (int)event->start_mark.line + 1;
        return EG_OK;
    }
    reader->ended = true;
    if (parser->error == YAML_MEMORY_ERROR) {
        return eg_fail(EG_E_NOMEM, "no memory for the YAML text");
    }
    if (parser->error == YAML_READER_ERROR) {
        return eg_fail(EG_E_INVALID, "not YAML: %s at byte %zu",
                       parser->problem ? parser->problem : "unreadable", parser->problem_offset);
    }
    reader->line = (int)parser->problem_mark.line + 1;
    return eg_fail(EG_E_INVALID, "not YAML: %s%s%s",
                   parser->problem ? parser->problem : "syntax error", parser->context ? ", " : "",
                   parser->context ? parser->context : "");
}

int eg_yaml_read(eg_yaml_reader *reader, eg_arena *arena, const eg_yaml_node **root)
{
    yaml_event_t event;
    yaml_event_type_t type = YAML_NO_EVENT;
    int status = EG_OK;

    reader->arena = arena;
    reader->root = NULL;
    reader->depth = reader->stacked = reader->weight = reader->anchor_count = 0;
    while (!reader->ended && status == EG_OK && type != YAML_DOCUMENT_END_EVENT) {
        status = next_event(reader, &event);
        if (status != EG_OK) {
            return status;
        }
        type = event.type;
        status = on_event(reader, &event);
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT) {
            reader->ended = true;
        }
    }
    if (status != EG_OK) {
        reader->ended = true;
        return status;
    }
    *root = reader->root;
    return EG_OK;
}

const eg_yaml_node *eg_yaml_get(const eg_yaml_node *map, const char *key)
{
    eg_str name = eg_str_from(key);
    size_t i;

    if (!map || map->kind != EG_YAML_MAP) {
        return NULL;
    }
    for (i = 0; i < map->count; i++) {
        if (eg_str_equal(map->items[2 * i]->text, name)) {
            return map->items[2 * i + 1];
        }
    }
    return NULL;
}

eg_str eg_yaml_text(const eg_yaml_node *map, const char *key)
{
    const eg_yaml_node *node = eg_yaml_get(map, key);

    if (!node || node->kind != EG_YAML_SCALAR || node->type == EG_YAML_NULL) {
        return EG_STR_NONE;
    }
    return node->text;
}

int eg_yaml_line(const eg_yaml_node *map, const char *key)
{
    const eg_yaml_node *node = eg_yaml_get(map, key);

    return node ? node->line : map->line;
}
