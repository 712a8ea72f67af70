/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: eg_str is a borrowed view (pointer and length in bytes, UTF-8, not NUL-terminated), eg_buf
 * an owned, bounded, always NUL-terminated buffer. Nothing here knows about UTF-16: see utf.h.
 * A view with ptr NULL means "absent"; a view with len 0 and a pointer means "present, empty".
 */
#ifndef EG_BASE_STR_H
#define EG_BASE_STR_H

#include "core/base/compiler.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct eg_str {
    const char *ptr;
    size_t len;
} eg_str;

#define EG_STR(literal) ((eg_str){"" literal, sizeof(literal) - 1})
/* The same as an initialiser inside a static table. */
/* clang-format off */
#define EG_STR_INIT(literal) {"" literal, sizeof(literal) - 1}
/* clang-format on */
#define EG_STR_NONE ((eg_str){NULL, 0})
/* For "%.*s". Cuts at INT_MAX. */
#define EG_STR_ARGS(view) eg_str_printf_len(view), ((view).ptr ? (view).ptr : "")

int eg_str_printf_len(eg_str view);
eg_str eg_str_from(const char *text); /* NULL gives EG_STR_NONE */
bool eg_str_equal(eg_str a, eg_str b);
/* ASCII letters only: keywords, option names, extensions. */
bool eg_str_equal_nocase(eg_str a, eg_str b);
bool eg_str_starts_nocase(eg_str text, eg_str prefix);
bool eg_str_ends_nocase(eg_str text, eg_str suffix);
int eg_str_compare(eg_str a, eg_str b); /* bytewise, like memcmp then length */
eg_str eg_str_trim(eg_str text);        /* ASCII white space */
/* Cuts `*rest` at the first `separator`: returns what was before it; false when nothing is left. */
bool eg_str_split(eg_str *rest, char separator, eg_str *part);
/* Decimal, or 0x hexadecimal; the whole view must be a number that fits. */
bool eg_str_to_u64(eg_str text, uint64_t *out);
uint64_t eg_str_hash(eg_str text); /* for tables, not for secrets */
eg_str eg_path_base(eg_str path);  /* part behind the last '\\' or '/' */

typedef struct eg_buf {
    char *data; /* NUL-terminated; NULL until the first append */
    size_t len; /* bytes without the NUL */
    size_t cap;
    size_t max; /* appending beyond this many bytes is EG_E_LIMIT */
    int status; /* EG_OK, or the first failure: later appends do nothing and return it */
} eg_buf;

void eg_buf_init(eg_buf *buf, size_t max);
void eg_buf_done(eg_buf *buf);  /* frees; empty again, with the same max */
void eg_buf_clear(eg_buf *buf); /* keeps the memory, clears status */
/* Makes room for `extra` more bytes: data[len .. len + extra) may then be written by the caller. */
int eg_buf_reserve(eg_buf *buf, size_t extra);
/* `bytes` must not lie in the buffer itself. */
int eg_buf_append(eg_buf *buf, const void *bytes, size_t size);
int eg_buf_append_str(eg_buf *buf, eg_str text);
int eg_buf_append_cstr(eg_buf *buf, const char *text);
int eg_buf_append_char(eg_buf *buf, char c);
int eg_buf_appendf(eg_buf *buf, const char *format, ...) EG_PRINTF(2, 3);
int eg_buf_appendv(eg_buf *buf, const char *format, va_list args);
eg_str eg_buf_str(const eg_buf *buf);       /* view, valid until the next append; never ptr NULL */
const char *eg_buf_cstr(const eg_buf *buf); /* "" when empty */
/* Hands the block to the caller (eg_free); NULL if empty or failed. */
char *eg_buf_take(eg_buf *buf);

#endif
