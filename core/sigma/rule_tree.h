/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of a parsed rule: what rule_parse.c builds and compile.c reads. Everything lies in the
 * rule's arena and keeps the line it came from, so that whoever finds a fault can say where.
 */
#ifndef EG_SIGMA_RULE_TREE_H
#define EG_SIGMA_RULE_TREE_H

#include "core/sigma/condition.h"
#include "core/sigma/rule.h"
#include "core/sigma/yaml_tree.h"

/* Where a fault is reported to. */
typedef struct eg_rule_place {
    const eg_report *report;
    const char *file;
    eg_str rule_id;
} eg_rule_place;

/* Reports the rule as rejected for this reason; returns EG_E_INVALID, which then is all said. */
int eg_rule_reject(const eg_rule_place *place, int line, const char *format, ...) EG_PRINTF(3, 4);

typedef enum eg_modifier {
#define MODIFIER(id, name) EG_MODIFIER_##id,
#include "core/sigma/modifiers.def"
#undef MODIFIER
    EG_MODIFIER_COUNT,
} eg_modifier;

#define EG_MODIFIERS_MAX 8 /* on one field */

/* One `field|modifiers: values` line. */
typedef struct eg_item {
    eg_str field; /* "" for keywords, which look into every field */
    int line;
    uint32_t modifiers;              /* bit 1 << eg_modifier */
    uint8_t order[EG_MODIFIERS_MAX]; /* as written */
    size_t order_count;
    const eg_yaml_node *const *values; /* scalars */
    size_t count;
} eg_item;

static inline bool eg_item_has(const eg_item *item, eg_modifier modifier)
{
    return (item->modifiers >> modifier & 1) != 0;
}

typedef enum eg_detection_kind {
    EG_DETECTION_ITEM,
    EG_DETECTION_ALL,
    EG_DETECTION_ANY
} eg_detection_kind;

typedef struct eg_detection eg_detection;
struct eg_detection {
    eg_detection_kind kind;
    eg_item item; /* of EG_DETECTION_ITEM */
    const eg_detection *children;
    size_t count;
};

typedef struct eg_selection {
    eg_str name;
    int line;
    eg_detection detection;
} eg_selection;

/* What a document of YAML is. */
typedef enum eg_document_kind {
    EG_DOCUMENT_RULE,
    EG_DOCUMENT_CORRELATION,
    EG_DOCUMENT_FILTER,
} eg_document_kind;

/* Another rule, by its id or its name. */
typedef struct eg_reference {
    eg_str text;
    int line;
} eg_reference;

typedef struct eg_written_correlation eg_written_correlation;
typedef struct eg_written_filter eg_written_filter;

struct eg_sigma_rule {
    eg_arena *arena;
    eg_rule_info info;
    eg_document_kind kind;
    eg_str name;                       /* for references; absent when it has none */
    eg_str product, category, service; /* of the log source, as written; absent when not there */
    int line;                          /* where the rule's document starts */
    const eg_written_correlation *correlation; /* of EG_DOCUMENT_CORRELATION */
    const eg_written_filter *filter;           /* of EG_DOCUMENT_FILTER */
    const eg_selection *selections;
    size_t selection_count;
    const eg_condition *const *conditions; /* any of them */
    int condition_line;
    size_t condition_count;
};

/* Does the reference mean this rule? An id in any case, or the name as it stands. */
bool eg_reference_names(eg_str reference, const eg_sigma_rule *rule);
/*
 * Reads one text or a list of texts that all differ, at most `max`. `what` is for the message.
 * EG_E_INVALID after the fault was reported, EG_E_NOMEM.
 */
int eg_references_parse(eg_arena *arena, const eg_rule_place *place, const eg_yaml_node *node,
                        const char *what, size_t max, const eg_reference **out, size_t *count);

/*
 * Reads one value of `detection`. EG_E_INVALID after the fault was reported, EG_E_NOMEM.
 */
int eg_detection_parse(eg_arena *arena, const eg_rule_place *place, const eg_yaml_node *node,
                       eg_detection *out);

#endif
