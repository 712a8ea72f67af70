/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ordinary Windows events hold: how often four bytes stand in a sample of paths, command
 * lines, registry keys and names. It tells which part of a rule's text is rare, and so by which
 * predicate a rule is found best. A poor guess costs time, never a match.
 *
 * Made once for the compilation of a set, by the thread that compiles.
 */
#ifndef EG_SIGMA_ORDINARY_H
#define EG_SIGMA_ORDINARY_H

#include "core/base/str.h"

#define EG_GRAM_BYTES 4

typedef struct eg_ordinary eg_ordinary;

int eg_ordinary_create(eg_ordinary **out);
void eg_ordinary_destroy(eg_ordinary *ordinary); /* NULL-safe */
/* In how much of the sample these EG_GRAM_BYTES stand, from 0 to 1. */
double eg_ordinary_share(const eg_ordinary *ordinary, const char *gram);
/* The share of the rarest gram of a folded text: it is in no more than that. 1 for a short one. */
double eg_ordinary_share_of_text(const eg_ordinary *ordinary, eg_str text);

#endif
