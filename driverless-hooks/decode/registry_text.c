/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/registry_text.h"

#include "core/base/utf.h"

#include <inttypes.h>

/* The types of winnt.h, which native builds do not have. */
enum {
    TYPE_SZ = 1,
    TYPE_EXPAND_SZ = 2,
    TYPE_DWORD = 4,
    TYPE_DWORD_BIG_ENDIAN = 5,
    TYPE_LINK = 6,
    TYPE_MULTI_SZ = 7,
    TYPE_QWORD = 11,
};

static uint32_t little_endian(const char *bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t big_endian(const char *bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    return (uint32_t)at[3] | (uint32_t)at[2] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[0] << 24;
}

/* Bytes before the first UTF-16 NUL; an odd last byte does not count. */
static size_t text_size(eg_str data)
{
    size_t size = 0;
    while (size + 2 <= data.len && (data.ptr[size] != 0 || data.ptr[size + 1] != 0)) {
        size += 2;
    }
    return size;
}

static eg_str multi_text(eg_event_text *text, eg_str data)
{
    eg_buf_clear(&text->scratch);
    if (data.len > EG_EVENT_TEXT_MAX / 2) {
        data.len = EG_EVENT_TEXT_MAX / 2;
    }
    while (data.len >= 2) {
        size_t size = text_size(data);
        if (size == 0) {
            break;
        }
        if (text->scratch.len > 0) {
            eg_buf_append_cstr(&text->scratch, "; ");
        }
        eg_utf8_from_utf16le(&text->scratch, data.ptr, size);
        size_t used = size + 2 <= data.len ? size + 2 : data.len;
        data.ptr += used;
        data.len -= used;
    }
    return text->scratch.len > 0 ? eg_event_text_copy(text, eg_buf_str(&text->scratch))
                                 : EG_STR("(Empty)");
}

eg_str eg_registry_details(eg_event_text *text, const eg_value *value)
{
    eg_str data = value->data;
    if (value->full_size > data.len) {
        return eg_event_text_format(text, "Binary Data (%" PRIu64 " bytes)", value->full_size);
    }
    switch (value->type) {
    case TYPE_SZ:
    case TYPE_EXPAND_SZ:
    case TYPE_LINK:
        if (text_size(data) == 0) {
            return EG_STR("(Empty)");
        }
        return eg_event_text_utf16le(text, data.ptr, text_size(data));
    case TYPE_MULTI_SZ: return multi_text(text, data);
    case TYPE_DWORD:
    case TYPE_DWORD_BIG_ENDIAN:
        if (data.len != 4) {
            break;
        }
        return eg_event_text_format(text, "DWORD (0x%08" PRIx32 ")",
                                    value->type == TYPE_DWORD ? little_endian(data.ptr)
                                                              : big_endian(data.ptr));
    case TYPE_QWORD:
        if (data.len != 8) {
            break;
        }
        return eg_event_text_format(text, "QWORD (0x%08" PRIx32 "-0x%08" PRIx32 ")",
                                    little_endian(data.ptr + 4), little_endian(data.ptr));
    default: break;
    }
    return data.len > 0 ? EG_STR("Binary Data") : EG_STR("(Empty)");
}
