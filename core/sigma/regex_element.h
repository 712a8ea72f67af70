/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads an expression, as regex_translate.c writes it, element by element: an atom (a character, a
 * set, a group) and how often it stands there. Borrows the pattern; pure.
 */
#ifndef EG_SIGMA_REGEX_ELEMENT_H
#define EG_SIGMA_REGEX_ELEMENT_H

#include "core/base/str.h"

typedef struct eg_regex_element {
    eg_str atom;
    eg_str quantifier; /* as written, "" for none */
    eg_str least;      /* of "{3,5}": "3"; "" where it has no braces */
    bool endless;      /* no upper bound */
    bool varies;
    bool shrunk; /* to stand there as seldom as it may */
} eg_regex_element;

typedef struct eg_regex_reader {
    eg_str pattern;
    size_t at;
    bool gave_up; /* what came is not understood, or no element */
} eg_regex_reader;

void eg_regex_read(eg_regex_reader *reader, eg_regex_element *element);
bool eg_regex_reader_is_at(const eg_regex_reader *reader, char c);
/* Behind the set of characters that begins at `at`. */
size_t eg_regex_set_end(const eg_regex_reader *reader, size_t at);

bool eg_regex_is_group(const eg_regex_element *element);
/* What stands between the parentheses of a group. */
eg_str eg_regex_group_inside(const eg_regex_element *group);
/* May the atom match the end of a line? */
bool eg_regex_may_cross_lines(eg_str atom);
/* How many characters the element always matches; false when that differs. */
bool eg_regex_fixed_length(const eg_regex_element *element, size_t *length);

#endif
