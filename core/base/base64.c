/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/base64.h"

#include "core/base/status.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int eg_base64_write(eg_buf *out, eg_str bytes)
{
    int status = eg_buf_reserve(out, EG_BASE64_SIZE(bytes.len));
    for (size_t at = 0; status == EG_OK && at < bytes.len; at += 3) {
        size_t count = bytes.len - at < 3 ? bytes.len - at : 3;
        uint32_t group = 0;
        char text[4];
        for (size_t i = 0; i < 3; i++) {
            group = group << 8 | (i < count ? (uint8_t)bytes.ptr[at + i] : 0u);
        }
        for (size_t i = 0; i < 4; i++) {
            text[i] = i <= count ? digits[group >> (18 - 6 * i) & 63u] : '=';
        }
        status = eg_buf_append(out, text, sizeof(text));
    }
    return status;
}

static uint32_t value_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? (uint32_t)(c - 'A')
           : c >= 'a' && c <= 'z' ? (uint32_t)(c - 'a') + 26
           : c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : 64;
}

/* Four characters to `count` bytes; false when they are no group, or bits are left over. */
static bool decode_group(const char *text, size_t count, char bytes[3])
{
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t value = i <= count ? value_of(text[i]) : text[i] == '=' ? 0 : 64;
        if (value == 64) {
            return false;
        }
        group = group << 6 | value;
    }
    for (size_t i = 0; i < 3; i++) {
        bytes[i] = (char)(group >> (16 - 8 * i) & 255u);
    }
    return (count == 3 || (group & ((1u << (24 - 8 * count)) - 1)) == 0);
}

int eg_base64_read(eg_buf *out, eg_str text)
{
    size_t start = out->len;
    int status = text.len % 4 == 0 ? eg_buf_reserve(out, text.len / 4 * 3) : EG_E_INVALID;
    for (size_t at = 0; status == EG_OK && at < text.len; at += 4) {
        const char *group = text.ptr + at;
        bool last = at + 4 == text.len;
        size_t count = last && group[3] == '=' ? (group[2] == '=' ? 1 : 2) : 3;
        char bytes[3];
        status =
            decode_group(group, count, bytes) ? eg_buf_append(out, bytes, count) : EG_E_INVALID;
    }
    if (status == EG_E_INVALID) {
        out->len = start;
        if (out->data) {
            out->data[start] = '\0';
        }
        status = eg_fail(status, "not base64");
    }
    return status;
}
