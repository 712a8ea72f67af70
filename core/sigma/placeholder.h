/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placeholders: names such as %Administrators% in values with the modifier `expand`, and what the
 * administrator wants them to stand for: a YAML map from each name to its value or list of values.
 * Owns copies of all texts. Filled by the thread that loads; immutable then.
 */
#ifndef EG_SIGMA_PLACEHOLDER_H
#define EG_SIGMA_PLACEHOLDER_H

#include "core/base/mem.h"
#include "core/sigma/report.h"

#define EG_PLACEHOLDER_NAMES_MAX 10000
#define EG_PLACEHOLDER_VALUES_MAX 20000 /* of one name, and made of one written value */

typedef struct eg_placeholders eg_placeholders;

int eg_placeholders_create(eg_placeholders **out);
void eg_placeholders_destroy(eg_placeholders *placeholders); /* NULL-safe */
/*
 * Adds what a file says; a name that is known already gets the new values. Faults are reported
 * (file, line, reason) and cost their name only, or the rest of a file that is no YAML. EG_OK or
 * EG_E_NOMEM.
 */
int eg_placeholders_read(eg_placeholders *placeholders, eg_str yaml, const char *file,
                         const eg_report *report);

/* Is there a %name% in it? A percent sign behind a backslash begins none. */
bool eg_placeholder_in(eg_str written);
/*
 * Every text that `written` can stand for. In a Sigma string (`pattern`) the values are patterns of
 * their own, whatever stands around them; elsewhere they are put in as they are. Texts lie in the
 * arena. EG_E_INVALID for a name without values, EG_E_LIMIT, EG_E_NOMEM. NULL knows no names.
 */
int eg_placeholders_expand(const eg_placeholders *placeholders, eg_arena *arena, eg_str written,
                           bool pattern, const eg_str **out, size_t *count);

#endif
