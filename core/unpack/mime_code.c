/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unpack/mime_code.h"

#include "core/base/status.h"
#include "core/unpack/bytes.h"

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Padding ends a group of four; texts put together of several encoded ones go on behind it. */
void eg_base64_decode(eg_str text, eg_buf *out)
{
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < text.len && out->status == EG_OK; i++) {
        int value = base64_value(text.ptr[i]);
        if (text.ptr[i] == '=') {
            count = 0;
        } else if (value >= 0) {
            bits = bits << 6 | (uint32_t)value;
            count += 6;
            if (count >= 8) {
                count -= 8;
                eg_buf_append_char(out, (char)(uint8_t)(bits >> count));
            }
        }
    }
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

void eg_quoted_printable_decode(eg_str text, eg_buf *out)
{
    for (size_t i = 0; i < text.len && out->status == EG_OK; i++) {
        if (text.ptr[i] != '=') {
            eg_buf_append_char(out, text.ptr[i]);
            continue;
        }
        int high = i + 1 < text.len ? hex_value(text.ptr[i + 1]) : -1;
        int low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            eg_buf_append_char(out, (char)(uint8_t)(high << 4 | low));
            i += 2;
        } else if (eg_bytes_start(text, i + 1, "\r\n", 2)) {
            i += 2; /* a line that goes on */
        } else if (eg_bytes_start(text, i + 1, "\n", 1) || eg_bytes_start(text, i + 1, "\r", 1)) {
            i += 1;
        } else {
            eg_buf_append_char(out, '=');
        }
    }
}
