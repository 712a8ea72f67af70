/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A regular expression as Python's `re` reads it (with re.ASCII, as the reference evaluator of
 * Sigma does), written so that PCRE2 means the same: capitals and small letters are spelled out
 * where case is ignored, since only those of ASCII count; characters written by number stand plain;
 * what Python refuses is refused. Pure.
 */
#ifndef EG_SIGMA_REGEX_TRANSLATE_H
#define EG_SIGMA_REGEX_TRANSLATE_H

#include "core/base/str.h"

/*
 * Appends to `out`. `flags`: EG_REGEX_...; of the result, only those other than NOCASE remain to be
 * told to PCRE2. *dotall: somewhere in it '.' means the end of a line too. EG_E_INVALID with place
 * and reason.
 */
int eg_regex_translate(eg_str pattern, unsigned flags, eg_buf *out, bool *dotall);

#endif
