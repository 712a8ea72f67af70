/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 <-> UTF-16 and case folding. Names from NTFS, the registry and ETW may hold unpaired
 * surrogates: they are carried through as WTF-8 (three bytes each), so that nothing is refused and
 * a round trip is lossless. Pure functions, no locale. Sizes of UTF-16 are in units (uint16_t).
 */
#ifndef EG_BASE_UTF_H
#define EG_BASE_UTF_H

#include "core/base/str.h"

#define EG_UTF_REPLACEMENT UINT32_C(0xFFFD)

/* Appends the WTF-8 form of `count` UTF-16 units (native byte order). */
int eg_utf8_from_utf16(eg_buf *out, const uint16_t *units, size_t count);
/* The same from little-endian bytes at any alignment; an odd last byte is ignored. */
int eg_utf8_from_utf16le(eg_buf *out, const void *bytes, size_t size);
/*
 * Units needed for `text`, without a terminator. Malformed bytes count as one U+FFFD each.
 * eg_utf16_from_utf8 writes at most `capacity` units including a final 0 and stores the count
 * without it; EG_E_LIMIT when it does not fit.
 */
size_t eg_utf16_length(eg_str text);
int eg_utf16_from_utf8(uint16_t *out, size_t capacity, eg_str text, size_t *count);
/* Heap copy, 0-terminated, freed with eg_free; NULL on no memory. */
uint16_t *eg_utf16_copy(eg_str text);

/* Decodes one code point at *at (must be < text.len) and advances; 0xFFFD for a malformed byte. */
uint32_t eg_utf8_next(eg_str text, size_t *at);
size_t eg_utf8_encode(uint32_t code, char out[4]); /* bytes written; surrogates allowed (WTF-8) */
bool eg_utf8_valid(eg_str text);                   /* strict UTF-8, no surrogates */

/* The longest beginning of `text` that has at most `max` bytes and ends between two characters. */
eg_str eg_utf8_cut(eg_str text, size_t max);
/* Copies what fits of `text` into out[size], whole characters only, and ends it with a NUL. */
void eg_utf8_copy(char *out, size_t size, eg_str text);

/*
 * Lower case of one code point, the simple one-to-one mapping of Unicode 14 plus U+0130
 * (as Python's str.lower() does for single characters). ASCII is the fast path.
 */
uint32_t eg_fold_code(uint32_t code);
/*
 * Appends the folded form of `text`, which is Python's str.lower(): each code point by
 * eg_fold_code, but U+0130 becomes "i" and U+0307, and a capital sigma at the end of a word becomes
 * the final small one. So a part of a text may fold otherwise than it does within the whole.
 * Malformed bytes are kept as they are.
 */
int eg_fold_str(eg_buf *out, eg_str text);
/*
 * The same in the quickest way, for text that is all ASCII and for which room was reserved; false
 * with nothing appended when it is not.
 */
bool eg_fold_append_ascii(eg_buf *out, eg_str text);

/*
 * Takes one code point at *at (must be < text.len), writes its visible form to `out`, advances and
 * returns the bytes written (no NUL): the unit eg_utf8_append_safe works with.
 */
#define EG_UTF8_SAFE_MAX 12
size_t eg_utf8_safe_next(eg_str text, size_t *at, char out[EG_UTF8_SAFE_MAX]);

/*
 * Appends `text` fit for a log line, a window or a terminal: control characters, bidirectional
 * overrides, lone surrogates and malformed bytes become visible `\u{202E}` escapes.
 */
int eg_utf8_append_safe(eg_buf *out, eg_str text);

#endif
