/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/str.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

int eg_str_printf_len(eg_str view)
{
    return view.len > INT_MAX ? INT_MAX : (int)view.len;
}

eg_str eg_str_from(const char *text)
{
    return text ? (eg_str){text, strlen(text)} : EG_STR_NONE;
}

static bool bytes_equal(const char *a, const char *b, size_t len)
{
    return len == 0 || memcmp(a, b, len) == 0;
}

static char lower_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool bytes_equal_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower_ascii(a[i]) != lower_ascii(b[i])) {
            return false;
        }
    }
    return true;
}

bool eg_str_equal(eg_str a, eg_str b)
{
    return a.len == b.len && bytes_equal(a.ptr, b.ptr, a.len);
}

bool eg_str_equal_nocase(eg_str a, eg_str b)
{
    return a.len == b.len && bytes_equal_nocase(a.ptr, b.ptr, a.len);
}

bool eg_str_starts_nocase(eg_str text, eg_str prefix)
{
    return text.len >= prefix.len && bytes_equal_nocase(text.ptr, prefix.ptr, prefix.len);
}

bool eg_str_ends_nocase(eg_str text, eg_str suffix)
{
    if (text.len < suffix.len || suffix.len == 0) {
        return suffix.len == 0;
    }
    return bytes_equal_nocase(text.ptr + (text.len - suffix.len), suffix.ptr, suffix.len);
}

int eg_str_compare(eg_str a, eg_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order != 0) {
        return order < 0 ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

eg_str eg_str_trim(eg_str text)
{
    while (text.len > 0 && is_space(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

bool eg_str_split(eg_str *rest, char separator, eg_str *part)
{
    if (!rest->ptr) {
        return false;
    }
    const char *found = rest->len > 0 ? memchr(rest->ptr, separator, rest->len) : NULL;
    if (!found) {
        *part = *rest;
        *rest = EG_STR_NONE;
        return true;
    }
    size_t len = (size_t)(found - rest->ptr);
    *part = (eg_str){rest->ptr, len};
    *rest = (eg_str){found + 1, rest->len - len - 1};
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = lower_ascii(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

bool eg_str_to_u64(eg_str text, uint64_t *out)
{
    unsigned base = 10;
    if (eg_str_starts_nocase(text, EG_STR("0x"))) {
        base = 16;
        text = (eg_str){text.ptr + 2, text.len - 2};
    }
    if (text.len == 0) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)digit_value(text.ptr[i]);
        if (digit >= base || value > (UINT64_MAX - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *out = value;
    return true;
}

/* Up to eight bytes as one number. */
static uint64_t load_bytes(const char *bytes, size_t count)
{
    uint64_t block = 0;
    if (count >= sizeof(block)) {
        memcpy(&block, bytes, sizeof(block));
    } else if (count >= 4) { /* two halves, which may overlap */
        uint32_t first, last;
        memcpy(&first, bytes, sizeof(first));
        memcpy(&last, bytes + count - sizeof(last), sizeof(last));
        block = (uint64_t)first << 32 | last;
    } else if (count > 0) {
        block = (uint64_t)(unsigned char)bytes[0] << 16 |
                (uint64_t)(unsigned char)bytes[count / 2] << 8 | (unsigned char)bytes[count - 1];
    }
    return block;
}

static uint64_t mix_block(uint64_t hash, uint64_t block)
{
    hash = (hash ^ block) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

uint64_t eg_str_hash(eg_str text)
{
    uint64_t hash = mix_block(UINT64_C(0xCBF29CE484222325), text.len);
    size_t at = 0;
    if (text.len == 0) {
        return hash;
    }
    for (; text.len - at > sizeof(uint64_t); at += sizeof(uint64_t)) {
        hash = mix_block(hash, load_bytes(text.ptr + at, sizeof(uint64_t)));
    }
    hash = mix_block(hash, load_bytes(text.ptr + at, text.len - at));
    return hash * UINT64_C(0x9E3779B97F4A7C15);
}

eg_str eg_path_base(eg_str path)
{
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '\\' && path.ptr[at - 1] != '/') {
        at--;
    }
    return at > 0 ? (eg_str){path.ptr + at, path.len - at} : path;
}

/* ---- buffer ---- */

void eg_buf_init(eg_buf *buf, size_t max)
{
    *buf = (eg_buf){.max = max};
}

void eg_buf_done(eg_buf *buf)
{
    eg_free(buf->data);
    eg_buf_init(buf, buf->max);
}

void eg_buf_clear(eg_buf *buf)
{
    buf->len = 0;
    buf->status = EG_OK;
    if (buf->data) {
        buf->data[0] = '\0';
    }
}

int eg_buf_reserve(eg_buf *buf, size_t extra)
{
    if (buf->status != EG_OK) {
        return buf->status;
    }
    size_t max = buf->max < SIZE_MAX ? buf->max : SIZE_MAX - 1;
    if (buf->len > max || extra > max - buf->len) {
        buf->status = eg_fail(EG_E_LIMIT, "text larger than %zu bytes", max);
        return buf->status;
    }
    size_t need = buf->len + extra + 1;
    if (need <= buf->cap) {
        return EG_OK;
    }
    size_t cap = buf->cap < 32 ? 64 : buf->cap;
    while (cap < need) {
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    }
    if (cap > max) {
        cap = max + 1;
    }
    char *data = eg_realloc(buf->data, cap);
    if (!data) {
        buf->status = EG_E_NOMEM;
        return buf->status;
    }
    data[buf->len] = '\0';
    buf->data = data;
    buf->cap = cap;
    return EG_OK;
}

int eg_buf_append(eg_buf *buf, const void *bytes, size_t size)
{
    int status = eg_buf_reserve(buf, size);
    if (status != EG_OK) {
        return status;
    }
    if (size > 0) {
        memcpy(buf->data + buf->len, bytes, size);
    }
    buf->len += size;
    buf->data[buf->len] = '\0';
    return EG_OK;
}

int eg_buf_append_str(eg_buf *buf, eg_str text)
{
    return eg_buf_append(buf, text.ptr, text.len);
}

int eg_buf_append_cstr(eg_buf *buf, const char *text)
{
    return eg_buf_append(buf, text, strlen(text));
}

int eg_buf_append_char(eg_buf *buf, char c)
{
    return eg_buf_append(buf, &c, 1);
}

int eg_buf_appendv(eg_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (length < 0) {
        if (buf->status == EG_OK) {
            buf->status = eg_fail(EG_E_INVALID, "text cannot be formatted");
        }
    } else if (eg_buf_reserve(buf, (size_t)length) == EG_OK) {
        vsnprintf(buf->data + buf->len, (size_t)length + 1, format, again);
        buf->len += (size_t)length;
    }
    va_end(again);
    return buf->status;
}

int eg_buf_appendf(eg_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = eg_buf_appendv(buf, format, args);
    va_end(args);
    return status;
}

eg_str eg_buf_str(const eg_buf *buf)
{
    return (eg_str){buf->data ? buf->data : "", buf->len};
}

const char *eg_buf_cstr(const eg_buf *buf)
{
    return buf->data ? buf->data : "";
}

char *eg_buf_take(eg_buf *buf)
{
    if (buf->status != EG_OK || buf->len == 0) {
        return NULL;
    }
    char *data = buf->data;
    eg_buf_init(buf, buf->max);
    return data;
}
