/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions that a long text makes slow, written so that they are not. "a.*b.*c" backtracks from
 * every a over every b; but within a line the first a, then the first b behind it, then the first c
 * behind that is all there is to try. And what an expression begins with need not be repeated more
 * often than it must, for a match may begin anywhere.
 */
#ifndef EG_SIGMA_REGEX_CHAIN_H
#define EG_SIGMA_REGEX_CHAIN_H

#include "core/base/str.h"

typedef enum eg_regex_form {
    EG_REGEX_AS_IT_IS, /* nothing was gained, or not understood: *out is left alone */
    EG_REGEX_EQUAL,    /* matches the same texts */
    EG_REGEX_STRICTER, /* matches no other texts, but perhaps misses some */
} eg_regex_form;

/* `pattern` as regex_translate.c writes it, without dotall. A failure stays in out->status. */
eg_regex_form eg_regex_chain(eg_str pattern, eg_buf *out);

#endif
