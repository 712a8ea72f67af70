/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/etw_event.h"
#include "driverless-hooks/decode/etw_layout.h"
#include "driverless-hooks/decode/sid.h"

#include <inttypes.h>
#include <string.h>

/* Room for a whole payload in hexadecimal, or as UTF-8. */
#define FIELD_TEXT_MAX (4u * 64 * 1024)

static void write_buf(eg_json *json, eg_buf *buf)
{
    if (buf->status != EG_OK) {
        json->out->status = buf->status;
        return;
    }
    eg_json_str(json, eg_buf_str(buf));
}

static void append_hex(eg_buf *buf, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        eg_buf_append_char(buf, digits[bytes[i] >> 4]);
        eg_buf_append_char(buf, digits[bytes[i] & 15]);
    }
}

static void append_guid(eg_buf *buf, const uint8_t *guid)
{
    static const uint8_t order[EG_ETW_GUID_SIZE] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < EG_ETW_GUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            eg_buf_append_char(buf, '-');
        }
        append_hex(buf, &guid[order[i]], 1);
    }
}

static void write_span(eg_json *json, eg_etw_type type, eg_etw_span span)
{
    char sid[EG_SID_TEXT_SIZE];
    eg_buf text;
    if (!span.bytes) {
        eg_json_null(json);
        return;
    }
    eg_buf_init(&text, FIELD_TEXT_MAX);
    switch (type) {
    case EG_ETW_TYPE_WIDE:
    case EG_ETW_TYPE_WIDE_LAST: eg_utf8_from_utf16le(&text, span.bytes, span.size); break;
    case EG_ETW_TYPE_SID:
    case EG_ETW_TYPE_USER_SID:
        eg_sid_format(span.bytes, span.size, sid);
        eg_buf_append_cstr(&text, sid);
        break;
    case EG_ETW_TYPE_GUID: append_guid(&text, span.bytes); break;
    case EG_ETW_TYPE_DATA:
    case EG_ETW_TYPE_VALUE_DATA:
    case EG_ETW_TYPE_CONTENT:
    case EG_ETW_TYPE_SHA256:
    case EG_ETW_TYPE_SHA256_LAST: append_hex(&text, span.bytes, span.size); break;
    default: eg_buf_append(&text, span.bytes, span.size); break;
    }
    write_buf(json, &text);
    eg_buf_done(&text);
}

static void write_hex_number(eg_json *json, uint64_t number)
{
    eg_buf text;
    eg_buf_init(&text, 32);
    eg_buf_appendf(&text, "0x%" PRIx64, number);
    write_buf(json, &text);
    eg_buf_done(&text);
}

static void write_text_list(eg_json *json, eg_etw_span list)
{
    eg_json_array(json);
    while (list.size >= 2) {
        size_t size = 0;
        while (size + 2 <= list.size && (list.bytes[size] | list.bytes[size + 1]) != 0) {
            size += 2;
        }
        write_span(json, EG_ETW_TYPE_WIDE, (eg_etw_span){list.bytes, size});
        size = size + 2 <= list.size ? size + 2 : list.size;
        list = (eg_etw_span){list.bytes + size, list.size - size};
    }
    eg_json_array_end(json);
}

static void write_trimmed(eg_json *json, const char *name, eg_etw_span text)
{
    eg_json_key(json, name);
    write_span(json, EG_ETW_TYPE_WIDE, eg_etw_trim_wide(text));
}

/* Captured data of a text value is shown a second time as text. */
static void write_captured_text(const eg_etw_decoded *decoded, eg_json *json)
{
    enum { REG_TYPE_TEXT = 1, REG_TYPE_EXPANDED_TEXT = 2 };
    const eg_etw_registry_value *value = &decoded->as.registry_value;
    if (value->type == REG_TYPE_TEXT || value->type == REG_TYPE_EXPANDED_TEXT) {
        write_trimmed(json, "CapturedData_text", value->data);
    }
}

/* Microseconds: seven digits suggest a precision that no reader of these fields keeps. */
static void write_time_text(eg_json *json, uint64_t ticks)
{
    char shown[EG_TIME_TEXT_SIZE];
    eg_time_format(ticks, shown);
    char *point = strchr(shown, '.');
    if (point) {
        memcpy(point + 7, "Z", 2);
    }
    eg_json_put_str(json, "CreateTimeUtc", eg_str_from(shown));
}

static void write_column(const eg_etw_decoded *decoded, const eg_etw_column *column, eg_json *json)
{
    eg_json_key(json, column->name);
    switch (column->type) {
    case EG_ETW_TYPE_U8:
    case EG_ETW_TYPE_U16:
    case EG_ETW_TYPE_U32:
    case EG_ETW_TYPE_U64:
    case EG_ETW_TYPE_TIME: eg_json_u64(json, eg_etw_number(decoded, column)); break;
    case EG_ETW_TYPE_TIME_UTC:
        eg_json_u64(json, eg_etw_number(decoded, column));
        write_time_text(json, eg_etw_number(decoded, column));
        break;
    case EG_ETW_TYPE_I32: eg_json_i64(json, (int64_t)eg_etw_number(decoded, column)); break;
    case EG_ETW_TYPE_HEX32:
    case EG_ETW_TYPE_POINTER: write_hex_number(json, eg_etw_number(decoded, column)); break;
    case EG_ETW_TYPE_VALUE_DATA:
        write_span(json, column->type, eg_etw_bytes(decoded, column));
        write_captured_text(decoded, json);
        break;
    case EG_ETW_TYPE_CONTENT:
        write_span(json, column->type, eg_etw_bytes(decoded, column));
        if (eg_etw_content_is_wide(eg_etw_bytes(decoded, column))) {
            write_trimmed(json, "content_text", eg_etw_bytes(decoded, column));
        }
        break;
    case EG_ETW_TYPE_WIDE_LIST:
    case EG_ETW_TYPE_WIDE_LIST_LAST: write_text_list(json, eg_etw_bytes(decoded, column)); break;
    default: write_span(json, column->type, eg_etw_bytes(decoded, column)); break;
    }
}

void eg_etw_write_fields(const eg_etw_decoded *decoded, eg_json *json)
{
    eg_json_object(json);
    for (size_t i = 0; i < decoded->layout->count; i++) {
        if (eg_etw_column_present(decoded, &decoded->layout->columns[i])) {
            write_column(decoded, &decoded->layout->columns[i], json);
        }
    }
    eg_json_object_end(json);
}
