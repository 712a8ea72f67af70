/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A regular expression as rule authors write it, as PCRE2 should read it: the same language,
 * without the ways of writing it that take forever on text that does not match. Pure.
 */
#ifndef EG_SIGMA_REGEX_TRANSLATE_H
#define EG_SIGMA_REGEX_TRANSLATE_H

#include "core/base/str.h"

/* "(?s)" and its like change what '.' means from there on. */
bool eg_regex_has_inline_dotall(eg_str pattern);
/* Appends to `out`, whose status is returned. `dotall`: '.' means every character. */
int eg_regex_translate(eg_str pattern, bool dotall, eg_buf *out);

#endif
