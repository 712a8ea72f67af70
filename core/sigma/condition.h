/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a rule's `condition` as a tree: or < and < not < "1 of name*". Pure function of text
 * and selection names; the tree lies in the caller's arena.
 */
#ifndef EG_SIGMA_CONDITION_H
#define EG_SIGMA_CONDITION_H

#include "core/base/mem.h"
#include "core/base/str.h"

#define EG_CONDITION_DEPTH_MAX 64
#define EG_CONDITION_NODES_MAX 50000

typedef enum eg_condition_kind {
    EG_CONDITION_SELECTION,
    EG_CONDITION_AND,
    EG_CONDITION_OR,
    EG_CONDITION_NOT,
    EG_CONDITION_COUNT, /* at least `need` of the children */
} eg_condition_kind;

typedef struct eg_condition eg_condition;
struct eg_condition {
    eg_condition_kind kind;
    uint32_t selection; /* index into the names given to the parser */
    uint32_t need;
    const eg_condition *const *children;
    size_t count;
};

/* EG_E_INVALID or EG_E_LIMIT with the reason; EG_E_NOMEM. */
int eg_condition_parse(eg_arena *arena, eg_str text, const eg_str *names, size_t name_count,
                       const eg_condition **out);

#endif
