/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that a regular expression cannot match without. Asked of the index first, it keeps the
 * expression from running on nearly every event. Pure; memory is the arena's.
 */
#ifndef EG_SIGMA_REGEX_LITERAL_H
#define EG_SIGMA_REGEX_LITERAL_H

#include "core/base/mem.h"
#include "core/base/str.h"

/*
 * Every match contains one of *out, up to the case of its letters. *count 0: nothing is known.
 * EG_OK or EG_E_NOMEM.
 */
int eg_regex_literals(eg_arena *arena, eg_str pattern, const eg_str **out, size_t *count);

#endif
