/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of a set while it grows: equal predicates, field names and log sources are kept once.
 * Belongs to the thread that compiles. A failure is EG_E_NOMEM or EG_E_LIMIT with the reason.
 */
#ifndef EG_SIGMA_BUILDER_H
#define EG_SIGMA_BUILDER_H

#include "core/sigma/compiled.h"

typedef struct eg_builder {
    eg_sigma_set *set;
    eg_arena *scratch; /* of the rule being compiled */
    size_t predicate_capacity, node_capacity, child_capacity, bucket_capacity;
    uint32_t *predicate_table; /* open addressing: number + 1 */
    size_t predicate_table_size;
} eg_builder;

int eg_builder_create(size_t rules, eg_builder *builder); /* makes the set too */
void eg_builder_done(eg_builder *builder);                /* leaves the set to the caller */

/* Gives back the room that the tables did not need. */
int eg_builder_trim(eg_builder *builder);

/* Room for one more of `size` bytes each; NULL when memory ran out, the old block stays. */
void *eg_builder_grow(void *items, size_t *capacity, size_t count, size_t size);

int eg_builder_slot(eg_builder *builder, eg_str name, eg_slot *out);
int eg_builder_bucket(eg_builder *builder, eg_logsource logsource, uint16_t *out);
/*
 * Finds or adds. Texts are copied when it is new; a regular expression is compiled then, and a bad
 * one is EG_E_INVALID.
 */
int eg_builder_predicate(eg_builder *builder, const eg_predicate *predicate, eg_ref *out);
/* One child stands for itself where that means the same. `children` is copied. */
int eg_builder_node(eg_builder *builder, eg_node_kind kind, uint32_t need, const eg_ref *children,
                    size_t count, eg_ref *out);

#endif
