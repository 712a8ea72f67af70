/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text as a tree of nodes that know their line. Scalars are typed as YAML 1.1 readers do
 * (null, true/false, numbers, dates, text), so that a rule means here what it means to its author's
 * tools. Depth, size and aliases are limited: a file cannot unfold into more than it shows.
 *
 * Nodes live in the caller's arena. The reader and the tree belong to one thread.
 */
#ifndef EG_SIGMA_YAML_TREE_H
#define EG_SIGMA_YAML_TREE_H

#include "core/base/mem.h"
#include "core/base/str.h"

#define EG_YAML_DEPTH_MAX 32
#define EG_YAML_NODES_MAX 200000 /* per document, aliases counted as what they stand for */
#define EG_YAML_ANCHORS_MAX 256
#define EG_YAML_KEYS_MAX 2048 /* in one map */

typedef enum eg_yaml_kind { EG_YAML_SCALAR, EG_YAML_LIST, EG_YAML_MAP } eg_yaml_kind;

typedef enum eg_yaml_type {
    EG_YAML_TEXT,
    EG_YAML_NUMBER, /* text is in decimal, as Python prints it */
    EG_YAML_BOOL,   /* text is "true" or "false" */
    EG_YAML_NULL,
    EG_YAML_DATE,
} eg_yaml_type;

typedef struct eg_yaml_node eg_yaml_node;
struct eg_yaml_node {
    eg_yaml_kind kind;
    eg_yaml_type type;                /* scalars */
    int line;                         /* from 1 */
    eg_str text;                      /* scalars; never absent */
    size_t count;                     /* of items, or of key-value pairs */
    const eg_yaml_node *const *items; /* a map holds key, value, key, value ...; keys are unique */
    size_t weight;                    /* nodes below, with itself */
};

typedef struct eg_yaml_reader eg_yaml_reader;

/* `text` must outlive the reader. */
int eg_yaml_reader_create(eg_str text, eg_yaml_reader **out);
void eg_yaml_reader_destroy(eg_yaml_reader *reader); /* NULL-safe */
/*
 * Reads the next document; *root is NULL behind the last one. EG_E_INVALID or EG_E_LIMIT with the
 * reason, and eg_yaml_reader_line says where; nothing more can be read then.
 */
int eg_yaml_read(eg_yaml_reader *reader, eg_arena *arena, const eg_yaml_node **root);
int eg_yaml_reader_line(const eg_yaml_reader *reader);

/* Value of `key` in a map; NULL when there is none or `map` is no map. */
const eg_yaml_node *eg_yaml_get(const eg_yaml_node *map, const char *key);
/* Its text; absent when it is missing, null, a list or a map. */
eg_str eg_yaml_text(const eg_yaml_node *map, const char *key);
/* Its line; that of the map when it is missing. */
int eg_yaml_line(const eg_yaml_node *map, const char *key);

/*
 * Types a plain scalar: *type and its canonical text, which is `raw` itself or in the arena.
 * EG_E_NOMEM, or EG_E_INVALID for a number beyond 64 bits that is not written in decimal.
 */
int eg_yaml_resolve(eg_arena *arena, eg_str raw, eg_yaml_type *type, eg_str *text);

#endif
