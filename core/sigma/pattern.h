/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A string to compare a whole field value with: plain, or with wildcards at its ends or inside.
 * Immutable; the text belongs to whoever made it. Any thread.
 */
#ifndef EG_SIGMA_PATTERN_H
#define EG_SIGMA_PATTERN_H

#include "core/base/str.h"

typedef enum eg_pattern_kind {
    EG_PATTERN_ANY, /* "*": every value, also an empty one */
    EG_PATTERN_EQUALS,
    EG_PATTERN_PREFIX,
    EG_PATTERN_SUFFIX,
    EG_PATTERN_CONTAINS,
    EG_PATTERN_GLOB, /* wildcards inside: text still holds them */
} eg_pattern_kind;

typedef struct eg_pattern {
    eg_pattern_kind kind;
    bool cased;  /* compare with the value as it is, else with the folded value */
    eg_str text; /* folded unless cased; without the wildcards at the ends unless a glob */
} eg_pattern;

/* `value` as eg_value_expand makes it, folded by the caller unless `cased`. Borrows the text. */
eg_pattern eg_pattern_make(eg_str value, bool cased);
bool eg_pattern_matches(const eg_pattern *pattern, eg_str text);
/* The longest run without wildcards; "" when there is none. Every matching text contains it. */
eg_str eg_pattern_literal(const eg_pattern *pattern);
/* First place of `needle` in `text` from `from` on; SIZE_MAX when there is none. */
size_t eg_pattern_find(eg_str text, size_t from, eg_str needle);

#endif
