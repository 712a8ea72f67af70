/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiler at work: what compile.c (rules, filters, conditions) and compile_value.c (one value)
 * share. Belongs to the thread that compiles; the references of a list live in the scratch memory
 * of the rule at hand.
 */
#ifndef EG_SIGMA_COMPILER_H
#define EG_SIGMA_COMPILER_H

#include "core/sigma/builder.h"
#include "core/sigma/placeholder.h"
#include "core/sigma/rule_tree.h"

typedef struct eg_compiled_filter {
    const eg_sigma_rule *source;
    eg_ref root;
    bool keywords;
} eg_compiled_filter;

typedef struct eg_compiler {
    eg_builder builder;
    eg_rule_place place;
    const eg_placeholders *placeholders; /* NULL when there are none */
    eg_buf folded;
    bool keywords; /* the rule at hand asks for text in any field */
    bool reported; /* the rule at hand was rejected: its first fault is told */
    uint32_t *ids; /* open addressing over ids of accepted rules: number + 1 */
    size_t ids_size;
    const eg_sigma_rule **sources; /* what the rules of the set were written as */
    eg_compiled_filter *filters;
    size_t filter_count;
} eg_compiler;

/* References while their number is not known yet. */
typedef struct eg_ref_list {
    eg_ref *refs;
    size_t count, capacity;
} eg_ref_list;

int eg_compiler_add_ref(eg_compiler *c, eg_ref_list *list, eg_ref ref);
/* The predicates that one value of an item becomes. EG_E_INVALID or EG_E_LIMIT with the reason. */
int eg_compiler_value(eg_compiler *c, const eg_item *item, eg_slot slot, const eg_yaml_node *value,
                      eg_ref *out);
int eg_compiler_presence(eg_compiler *c, eg_slot slot, bool present, eg_ref *out);
/* Is it compared as a number, and how? */
bool eg_compiler_number_order(const eg_item *item, eg_ordering *out);

#endif
