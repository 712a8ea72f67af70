/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the translation of an expression: what its parts share. regex_translate.c reads
 * elements, regex_translate_set.c characters and sets of them, regex_translate_group.c what stands
 * between parentheses. The first failure stays in `status`.
 */
#ifndef EG_SIGMA_REGEX_TRANSLATION_H
#define EG_SIGMA_REGEX_TRANSLATION_H

#include "core/base/status.h"
#include "core/base/str.h"

#include <string.h>

#define EG_TRANSLATION_DEPTH_MAX 100

/* What a quantifier would repeat. */
typedef enum eg_before { BEFORE_NOTHING, BEFORE_PLACE, BEFORE_ATOM, BEFORE_REPEAT } eg_before;

typedef struct eg_translation {
    eg_str pattern;
    size_t at;
    eg_buf *out;
    bool nocase, dotall;
    bool outer_nocase[EG_TRANSLATION_DEPTH_MAX]; /* behind the end of each open group */
    size_t depth;
    eg_before before;
    bool begun; /* something stands there: too late for flags of the whole */
    int status;
} eg_translation;

void eg_translation_refuse(eg_translation *t, size_t at, const char *why);
/* One that stands for itself, in a set or outside. */
void eg_translation_put_code(eg_translation *t, uint32_t code, bool in_set);
/* At most so many digits, or exactly so many (`all`). */
uint32_t eg_translation_read_number(eg_translation *t, size_t digits, unsigned base, bool all);
/* Behind the backslash: what means a single character. False when it is something else. */
bool eg_translation_read_code(eg_translation *t, uint32_t *code);
void eg_translation_set(eg_translation *t);
/* True when it was flags of the whole expression, or a comment: nothing that stands there. */
bool eg_translation_group(eg_translation *t);
void eg_translation_close_group(eg_translation *t);

static inline char eg_translation_char(const eg_translation *t, size_t at)
{
    return at < t->pattern.len ? t->pattern.ptr[at] : '\0';
}

static inline bool eg_translation_is_at(const eg_translation *t, char c)
{
    return t->at < t->pattern.len && t->pattern.ptr[t->at] == c;
}

static inline bool eg_is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static inline bool eg_is_digit_char(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool eg_is_letter_code(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

static inline void eg_translation_put(eg_translation *t, const char *text)
{
    (void)eg_buf_append_cstr(t->out, text);
}

static inline void eg_translation_put_char(eg_translation *t, char c)
{
    (void)eg_buf_append_char(t->out, c);
}

#endif
