/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/json.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void eg_json_begin(eg_json *json, eg_buf *out)
{
    *json = (eg_json){.out = out};
}

static void fail_writer(eg_json *json, const char *reason)
{
    if (json->out->status == EG_OK) {
        json->out->status = eg_fail(EG_E_LIMIT, "JSON: %s", reason);
    }
}

/* What stands between the value before and this one. */
static void before_value(eg_json *json)
{
    if (json->after_key) {
        json->after_key = false;
    } else if (json->comma[json->depth]) {
        eg_buf_append_char(json->out, ',');
    }
    json->comma[json->depth] = true;
}

static void open_level(eg_json *json, char bracket)
{
    before_value(json);
    if (json->depth + 1 >= EG_JSON_DEPTH_MAX) {
        fail_writer(json, "nested too deeply");
        return;
    }
    eg_buf_append_char(json->out, bracket);
    json->depth++;
    json->comma[json->depth] = false;
}

static void close_level(eg_json *json, char bracket)
{
    if (json->depth > 0) {
        json->depth--;
    }
    eg_buf_append_char(json->out, bracket);
}

void eg_json_object(eg_json *json)
{
    open_level(json, '{');
}

void eg_json_object_end(eg_json *json)
{
    close_level(json, '}');
}

void eg_json_array(eg_json *json)
{
    open_level(json, '[');
}

void eg_json_array_end(eg_json *json)
{
    close_level(json, ']');
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void append_escaped_ascii(eg_buf *out, unsigned char c)
{
    static const char letters[] = "\"\"\\\\\nn\rr\tt\bb\ff"; /* character and its short escape */
    for (size_t i = 0; i + 1 < sizeof(letters); i += 2) {
        if ((unsigned char)letters[i] == c) {
            char pair[2] = {'\\', letters[i + 1]};
            eg_buf_append(out, pair, sizeof(pair));
            return;
        }
    }
    eg_buf_appendf(out, "\\u%04x", c);
}

static void append_quoted(eg_buf *out, eg_str text)
{
    eg_buf_append_char(out, '"');
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        while (at < text.len && is_plain((unsigned char)text.ptr[at])) {
            at++;
        }
        eg_buf_append(out, text.ptr + start, at - start);
        if (at == text.len) {
            break;
        }
        uint32_t code = eg_utf8_next(text, &at);
        char bytes[4];
        if (code < 0x80) {
            append_escaped_ascii(out, (unsigned char)code);
        } else if (code <= 0x9F || (code >= 0xD800 && code <= 0xDFFF)) {
            eg_buf_appendf(out, "\\u%04x", (unsigned)code);
        } else {
            eg_buf_append(out, bytes, eg_utf8_encode(code, bytes));
        }
    }
    eg_buf_append_char(out, '"');
}

void eg_json_key_str(eg_json *json, eg_str key)
{
    before_value(json);
    append_quoted(json->out, key);
    eg_buf_append_char(json->out, ':');
    json->after_key = true;
}

void eg_json_key(eg_json *json, const char *key)
{
    eg_json_key_str(json, eg_str_from(key));
}

void eg_json_str(eg_json *json, eg_str value)
{
    if (!value.ptr) {
        eg_json_null(json);
        return;
    }
    before_value(json);
    append_quoted(json->out, value);
}

void eg_json_u64(eg_json *json, uint64_t value)
{
    before_value(json);
    eg_buf_appendf(json->out, "%" PRIu64, value);
}

void eg_json_i64(eg_json *json, int64_t value)
{
    before_value(json);
    eg_buf_appendf(json->out, "%" PRId64, value);
}

void eg_json_double(eg_json *json, double value)
{
    bool finite = value >= -DBL_MAX && value <= DBL_MAX;
    if (!finite) {
        eg_json_null(json); /* JSON has no other word for it */
        return;
    }
    before_value(json);
    /* The shortest text that reads back as the same number. */
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        double again = strtod(text, NULL);
        if (again >= value && again <= value) {
            break;
        }
    }
    eg_buf_append_cstr(json->out, text);
}

void eg_json_bool(eg_json *json, bool value)
{
    before_value(json);
    eg_buf_append_cstr(json->out, value ? "true" : "false");
}

void eg_json_null(eg_json *json)
{
    before_value(json);
    eg_buf_append_cstr(json->out, "null");
}

void eg_json_put_str(eg_json *json, const char *key, eg_str value)
{
    eg_json_key(json, key);
    eg_json_str(json, value);
}

void eg_json_put_u64(eg_json *json, const char *key, uint64_t value)
{
    eg_json_key(json, key);
    eg_json_u64(json, value);
}

void eg_json_put_bool(eg_json *json, const char *key, bool value)
{
    eg_json_key(json, key);
    eg_json_bool(json, value);
}

eg_str eg_json_get_str(yyjson_val *object, const char *key)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    if (!yyjson_is_str(value)) {
        return EG_STR_NONE;
    }
    return (eg_str){yyjson_get_str(value), yyjson_get_len(value)};
}

uint64_t eg_json_get_u64(yyjson_val *object, const char *key, uint64_t missing)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_uint(value) ? yyjson_get_uint(value) : missing;
}

bool eg_json_get_bool(yyjson_val *object, const char *key, bool missing)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_bool(value) ? yyjson_get_bool(value) : missing;
}
