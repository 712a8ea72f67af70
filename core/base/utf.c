/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/utf.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

static bool is_high_surrogate(uint32_t code)
{
    return (code & 0xFFFFFC00) == 0xD800;
}

static bool is_low_surrogate(uint32_t code)
{
    return (code & 0xFFFFFC00) == 0xDC00;
}

static bool is_surrogate(uint32_t code)
{
    return (code & 0xFFFFF800) == 0xD800;
}

/* ---- UTF-8 ---- */

size_t eg_utf8_encode(uint32_t code, char out[4])
{
    if (code > 0x10FFFF) {
        code = EG_UTF_REPLACEMENT;
    }
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* Length of the sequence that begins with `lead` and the bits it carries; 0 when it cannot lead. */
static size_t sequence_length(unsigned char lead, uint32_t *bits)
{
    if (lead < 0xC2) {
        return 0;
    }
    if (lead < 0xE0) {
        *bits = lead & 0x1Fu;
        return 2;
    }
    if (lead < 0xF0) {
        *bits = lead & 0x0Fu;
        return 3;
    }
    *bits = lead & 0x07u;
    return lead < 0xF5 ? 4 : 0;
}

/* Bytes of the well-formed (WTF-8) sequence at `bytes`, and its code point; 0 when malformed. */
static size_t decode(const unsigned char *bytes, size_t left, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (bytes[0] < 0x80) {
        *code = bytes[0];
        return 1;
    }
    uint32_t value = 0;
    size_t length = sequence_length(bytes[0], &value);
    if (length == 0 || length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    if (value < smallest[length] || value > 0x10FFFF) {
        return 0;
    }
    *code = value;
    return length;
}

uint32_t eg_utf8_next(eg_str text, size_t *at)
{
    uint32_t code = EG_UTF_REPLACEMENT;
    size_t length = decode((const unsigned char *)text.ptr + *at, text.len - *at, &code);
    *at += length > 0 ? length : 1;
    return code;
}

bool eg_utf8_valid(eg_str text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    for (size_t at = 0; at < text.len;) {
        uint32_t code = 0;
        size_t length = decode(bytes + at, text.len - at, &code);
        if (length == 0 || is_surrogate(code)) {
            return false;
        }
        at += length;
    }
    return true;
}

/* ---- UTF-16 ---- */

typedef uint16_t (*unit_at)(const void *units, size_t index);

static uint16_t native_unit(const void *units, size_t index)
{
    return ((const uint16_t *)units)[index];
}

static uint16_t little_endian_unit(const void *units, size_t index)
{
    const unsigned char *bytes = (const unsigned char *)units + index * 2;
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

/* Most text is ASCII: appends what of it stands at `from`, a piece at a time. Units appended. */
static size_t append_ascii(eg_buf *out, const void *units, size_t from, size_t count, unit_at unit)
{
    char piece[128];
    size_t size = 0;
    while (size < sizeof(piece) && from + size < count && unit(units, from + size) < 0x80) {
        piece[size] = (char)unit(units, from + size);
        size++;
    }
    return size > 0 && eg_buf_append(out, piece, size) == EG_OK ? size : 0;
}

static int append_units(eg_buf *out, const void *units, size_t count, unit_at unit)
{
    int status = eg_buf_reserve(out, 0);
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        size_t ascii = append_ascii(out, units, i, count, unit);
        if (ascii > 0) {
            i += ascii - 1;
            continue;
        }
        uint32_t code = unit(units, i);
        if (is_high_surrogate(code) && i + 1 < count && is_low_surrogate(unit(units, i + 1))) {
            i++;
            code = 0x10000 + ((code & 0x3FF) << 10) + (unit(units, i) & 0x3FFu);
        }
        char bytes[4];
        status = eg_buf_append(out, bytes, eg_utf8_encode(code, bytes));
    }
    return status;
}

int eg_utf8_from_utf16(eg_buf *out, const uint16_t *units, size_t count)
{
    return append_units(out, units, count, native_unit);
}

int eg_utf8_from_utf16le(eg_buf *out, const void *bytes, size_t size)
{
    return append_units(out, bytes, size / 2, little_endian_unit);
}

size_t eg_utf16_length(eg_str text)
{
    size_t units = 0;
    for (size_t at = 0; at < text.len;) {
        units += eg_utf8_next(text, &at) > 0xFFFF ? 2 : 1;
    }
    return units;
}

/* `out` has room for eg_utf16_length(text) + 1 units. */
static size_t encode_utf16(uint16_t *out, eg_str text)
{
    size_t units = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t code = eg_utf8_next(text, &at);
        if (code > 0xFFFF) {
            code -= 0x10000;
            out[units++] = (uint16_t)(0xD800 | code >> 10);
            code = 0xDC00 | (code & 0x3FF);
        }
        out[units++] = (uint16_t)code;
    }
    out[units] = 0;
    return units;
}

int eg_utf16_from_utf8(uint16_t *out, size_t capacity, eg_str text, size_t *count)
{
    size_t needed = eg_utf16_length(text);
    if (needed >= capacity) {
        return eg_fail(EG_E_LIMIT, "text of %zu units does not fit into %zu", needed, capacity);
    }
    *count = encode_utf16(out, text);
    return EG_OK;
}

uint16_t *eg_utf16_copy(eg_str text)
{
    uint16_t *out = eg_alloc((eg_utf16_length(text) + 1) * sizeof(*out));
    if (out) {
        encode_utf16(out, text);
    }
    return out;
}

/* ---- text for people ---- */

/* What moves or hides other text, or cannot be shown at all. */
static bool is_deceptive(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || is_surrogate(code) ||
           (code & 0xFFFE) == 0xFFFE || (code >= 0xE0000 && code <= 0xE007F);
}

size_t eg_utf8_safe_next(eg_str text, size_t *at, char out[EG_UTF8_SAFE_MAX])
{
    size_t start = *at;
    uint32_t code = EG_UTF_REPLACEMENT;
    size_t length = decode((const unsigned char *)text.ptr + start, text.len - start, &code);
    if (length == 0) {
        /* A byte that is not text is shown as that byte. */
        code = (unsigned char)text.ptr[start];
        length = 1;
    } else if (!is_deceptive(code)) {
        memcpy(out, text.ptr + start, length);
        *at = start + length;
        return length;
    }
    *at = start + length;
    return (size_t)snprintf(out, EG_UTF8_SAFE_MAX, "\\u{%X}", (unsigned)code);
}

eg_str eg_utf8_cut(eg_str text, size_t max)
{
    if (text.len > max) {
        text.len = max;
        while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xC0) == 0x80) {
            text.len--;
        }
    }
    return text;
}

void eg_utf8_copy(char *out, size_t size, eg_str text)
{
    text = eg_utf8_cut(text, size - 1);
    if (text.len > 0) {
        memcpy(out, text.ptr, text.len);
    }
    out[text.len] = '\0';
}

int eg_utf8_append_safe(eg_buf *out, eg_str text)
{
    int status = eg_buf_reserve(out, 0);
    for (size_t at = 0; at < text.len && status == EG_OK;) {
        char piece[EG_UTF8_SAFE_MAX];
        size_t length = eg_utf8_safe_next(text, &at, piece);
        status = eg_buf_append(out, piece, length);
    }
    return status;
}
