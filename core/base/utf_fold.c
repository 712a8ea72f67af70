/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/utf.h"

#include "core/base/status.h"

#include <string.h>

typedef struct fold_range {
    uint32_t first, last;
    uint32_t step;
    int32_t delta;
} fold_range;

static const fold_range ranges[] = {
#define FOLD(first, last, step, delta) {first, last, step, delta},
#include "core/base/utf_fold_table.h"
};

typedef struct code_span {
    uint32_t first, last;
} code_span;

static const code_span ignored[] = {
#define IGNORED(first, last) {first, last},
#include "core/base/utf_fold_table.h"
};

static const code_span cased[] = {
#define CASED(first, last) {first, last},
#include "core/base/utf_fold_table.h"
};

#define CAPITAL_I_WITH_DOT 0x0130u
#define COMBINING_DOT_ABOVE 0x0307u
#define CAPITAL_SIGMA 0x03A3u
#define FINAL_SIGMA 0x03C2u

static uint32_t fold_beyond_ascii(uint32_t code)
{
    size_t low = 0;
    size_t high = EG_COUNT(ranges);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].last < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == EG_COUNT(ranges) || code < ranges[low].first) {
        return code == CAPITAL_I_WITH_DOT ? 'i' : code;
    }
    if ((code - ranges[low].first) % ranges[low].step != 0) {
        return code;
    }
    return (uint32_t)((int32_t)code + ranges[low].delta);
}

static unsigned char fold_ascii(unsigned char c)
{
    return (unsigned char)(c - 'A') < 26 ? (unsigned char)(c + ('a' - 'A')) : c;
}

uint32_t eg_fold_code(uint32_t code)
{
    return code < 0x80 ? fold_ascii((unsigned char)code) : fold_beyond_ascii(code);
}

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight ASCII letters at once: the sums carry into the top bit from 'A' on, and past 'Z'. */
static uint64_t fold_eight(uint64_t bytes)
{
    uint64_t from_a = bytes + EIGHT(0x80 - 'A');
    uint64_t past_z = bytes + EIGHT(0x80 - 'Z' - 1);
    return bytes | (from_a & ~past_z & EIGHT(0x80)) >> 2;
}

static int append_ascii(eg_buf *out, const char *text, size_t length)
{
    int status = eg_buf_reserve(out, length);
    if (status != EG_OK) {
        return status;
    }
    char *end = out->data + out->len;
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t bytes;
        memcpy(&bytes, text + i, 8);
        bytes = fold_eight(bytes);
        memcpy(end + i, &bytes, 8);
    }
    for (; i < length; i++) {
        end[i] = (char)fold_ascii((unsigned char)text[i]);
    }
    end[length] = '\0';
    out->len += length;
    return EG_OK;
}

bool eg_fold_append_ascii(eg_buf *out, eg_str text)
{
    char *end = out->data + out->len;
    uint64_t bytes, all = 0;
    size_t i = 0;

    for (; i + 8 <= text.len; i += 8) {
        memcpy(&bytes, text.ptr + i, 8);
        all |= bytes;
        bytes = fold_eight(bytes);
        memcpy(end + i, &bytes, 8);
    }
    if (i > 0 && i < text.len) { /* what is left, together with what stands before it */
        i = text.len;
        memcpy(&bytes, text.ptr + i - 8, 8);
        all |= bytes;
        bytes = fold_eight(bytes);
        memcpy(end + i - 8, &bytes, 8);
    }
    for (; i < text.len; i++) {
        all |= (unsigned char)text.ptr[i];
        end[i] = (char)fold_ascii((unsigned char)text.ptr[i]);
    }
    if (all & EIGHT(0x80)) {
        return false;
    }
    out->len += text.len;
    end[text.len] = '\0';
    return true;
}

static bool is_in(const code_span *spans, size_t count, uint32_t code)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (spans[middle].last < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && code >= spans[low].first;
}

static bool is_ignored(uint32_t code)
{
    return is_in(ignored, EG_COUNT(ignored), code);
}

/* Decodes the character that ends before `at` (above 0) and gives its start. */
static uint32_t code_before(eg_str text, size_t at, size_t *start)
{
    size_t from = at - 1;
    while (from > 0 && at - from < 4 && ((unsigned char)text.ptr[from] & 0xC0) == 0x80) {
        from--;
    }
    *start = from;
    uint32_t code = eg_utf8_next(text, &from);
    if (from != at) { /* not one character: the last byte stands for itself */
        *start = at - 1;
        code = EG_UTF_REPLACEMENT;
    }
    return code;
}

static bool letter_before(eg_str text, size_t at)
{
    uint32_t code = EG_UTF_REPLACEMENT;
    do {
        if (at == 0) {
            return false;
        }
        code = code_before(text, at, &at);
    } while (is_ignored(code));
    return is_in(cased, EG_COUNT(cased), code);
}

static bool letter_after(eg_str text, size_t at)
{
    uint32_t code = EG_UTF_REPLACEMENT;
    do {
        if (at >= text.len) {
            return false;
        }
        code = eg_utf8_next(text, &at);
    } while (is_ignored(code));
    return is_in(cased, EG_COUNT(cased), code);
}

/* A capital sigma at `start` that ends a word has a small form of its own. */
static uint32_t fold_in_place(eg_str text, size_t start, size_t end, uint32_t code)
{
    if (code == CAPITAL_SIGMA && letter_before(text, start) && !letter_after(text, end)) {
        return FINAL_SIGMA;
    }
    return eg_fold_code(code);
}

static int append_code(eg_buf *out, uint32_t code, uint32_t folded)
{
    char bytes[8];
    size_t length = eg_utf8_encode(folded, bytes);
    if (code == CAPITAL_I_WITH_DOT) {
        length += eg_utf8_encode(COMBINING_DOT_ABOVE, bytes + length);
    }
    return eg_buf_append(out, bytes, length);
}

static size_t ascii_run(const char *text, size_t length)
{
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t bytes;
        memcpy(&bytes, text + i, 8);
        if (bytes & EIGHT(0x80)) {
            break;
        }
    }
    while (i < length && (unsigned char)text[i] < 0x80) {
        i++;
    }
    return i;
}

int eg_fold_str(eg_buf *out, eg_str text)
{
    int status = eg_buf_reserve(out, 0);
    for (size_t at = 0; at < text.len && status == EG_OK;) {
        size_t start = at;
        size_t run = ascii_run(text.ptr + at, text.len - at);
        if (run > 0) {
            status = append_ascii(out, text.ptr + at, run);
            at += run;
            continue;
        }
        uint32_t code = eg_utf8_next(text, &at);
        if (code == EG_UTF_REPLACEMENT) {
            status = eg_buf_append(out, text.ptr + start, at - start);
        } else {
            status = append_code(out, code, fold_in_place(text, start, at, code));
        }
    }
    return status;
}
