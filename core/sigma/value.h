/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma strings: escapes and wildcards, and what modifiers make of them. A value is kept as UTF-8
 * in which two bytes that UTF-8 never uses stand for the wildcards. One written value may become
 * several (windash, base64offset): the event must hold one of them. Pure; memory is the arena's.
 */
#ifndef EG_SIGMA_VALUE_H
#define EG_SIGMA_VALUE_H

#include "core/sigma/rule_tree.h"

#define EG_VALUE_STAR '\xff' /* any run of characters */
#define EG_VALUE_ONE '\xfe'  /* exactly one character */
#define EG_VALUES_MAX 20000  /* made of one written value */

/* Reads `\*`, `\?` and `\\` as themselves, '*' and '?' as wildcards. EG_E_NOMEM. */
int eg_value_parse(eg_arena *arena, eg_str written, eg_str *out);
bool eg_value_has_wildcard(eg_str value);

/*
 * Applies the item's string modifiers in the order written. EG_E_INVALID or EG_E_LIMIT with the
 * reason, EG_E_NOMEM.
 */
int eg_value_expand(eg_arena *arena, const eg_item *item, eg_str written, const eg_str **out,
                    size_t *count);

#endif
