/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/canonical_json.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* `out` NULL: only look whether it can be written. */
static int write_value(yyjson_val *value, int depth, eg_buf *out);

static int put(eg_buf *out, const void *bytes, size_t size)
{
    return out ? eg_buf_append(out, bytes, size) : EG_OK;
}

static eg_str text_of(yyjson_val *value)
{
    return (eg_str){yyjson_get_str(value), yyjson_get_len(value)};
}

static int write_string(eg_str text, eg_buf *out)
{
    if (!eg_utf8_valid(text)) {
        return eg_fail(EG_E_INVALID, "JSON: a string is not Unicode text");
    }
    int status = put(out, "\"", 1);
    size_t start = 0;
    for (size_t i = 0; i < text.len && status == EG_OK; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\') {
            put(out, text.ptr + start, i - start);
            status = put(out, "\\", 1);
            start = i;
        }
    }
    if (status == EG_OK) {
        put(out, text.ptr + start, text.len - start);
        status = put(out, "\"", 1);
    }
    return status;
}

static int write_number(yyjson_val *value, eg_buf *out)
{
    if (yyjson_is_real(value)) {
        return eg_fail(EG_E_INVALID, "JSON: a number is not an integer of 64 bits");
    }
    if (!out) {
        return EG_OK;
    }
    return yyjson_is_uint(value) ? eg_buf_appendf(out, "%" PRIu64, yyjson_get_uint(value))
                                 : eg_buf_appendf(out, "%" PRId64, yyjson_get_sint(value));
}

static int write_array(yyjson_val *array, int depth, eg_buf *out)
{
    yyjson_arr_iter iter;
    yyjson_arr_iter_init(array, &iter);
    int status = put(out, "[", 1);
    bool comma = false;
    yyjson_val *item = yyjson_arr_iter_next(&iter);
    while (item && status == EG_OK) {
        if (comma) {
            put(out, ",", 1);
        }
        status = write_value(item, depth + 1, out);
        comma = true;
        item = yyjson_arr_iter_next(&iter);
    }
    return status == EG_OK ? put(out, "]", 1) : status;
}

static int by_name(const void *a, const void *b)
{
    yyjson_val *const *left = a;
    yyjson_val *const *right = b;
    return eg_str_compare(text_of(*left), text_of(*right));
}

static int write_members(yyjson_val **names, size_t count, int depth, eg_buf *out)
{
    int status = EG_OK;
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        eg_str name = text_of(names[i]);
        if (i > 0 && eg_str_equal(name, text_of(names[i - 1]))) {
            return eg_fail(EG_E_INVALID, "JSON: the name \"%.64s\" stands twice in an object",
                           name.ptr);
        }
        if (i > 0) {
            put(out, ",", 1);
        }
        status = write_string(name, out);
        if (status == EG_OK) {
            status = put(out, ":", 1);
        }
        if (status == EG_OK) {
            status = write_value(yyjson_obj_iter_get_val(names[i]), depth + 1, out);
        }
    }
    return status;
}

static int write_object(yyjson_val *object, int depth, eg_buf *out)
{
    yyjson_obj_iter iter;
    yyjson_obj_iter_init(object, &iter);
    size_t count = yyjson_obj_size(object);
    yyjson_val **names = eg_alloc(count * sizeof(yyjson_val *));
    if (!names) {
        return EG_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = yyjson_obj_iter_next(&iter);
    }
    qsort(names, count, sizeof(yyjson_val *), by_name);
    int status = put(out, "{", 1);
    if (status == EG_OK) {
        status = write_members(names, count, depth, out);
    }
    eg_free(names);
    return status == EG_OK ? put(out, "}", 1) : status;
}

static int write_value(yyjson_val *value, int depth, eg_buf *out)
{
    if (depth > EG_CANONICAL_DEPTH_MAX) {
        return eg_fail(EG_E_INVALID, "JSON: nested more than %d levels deep",
                       EG_CANONICAL_DEPTH_MAX);
    }
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_OBJ: return write_object(value, depth, out);
    case YYJSON_TYPE_ARR: return write_array(value, depth, out);
    case YYJSON_TYPE_STR: return write_string(text_of(value), out);
    case YYJSON_TYPE_NUM: return write_number(value, out);
    case YYJSON_TYPE_BOOL:
        return yyjson_get_bool(value) ? put(out, "true", 4) : put(out, "false", 5);
    case YYJSON_TYPE_NULL: return put(out, "null", 4);
    default: return eg_fail(EG_E_INVALID, "JSON: no value");
    }
}

int eg_canonical_json_read(eg_str text, yyjson_doc **out)
{
    yyjson_doc *document = NULL;
    if (text.len > 0 && (unsigned char)text.ptr[0] == 0xEF) {
        return eg_fail(EG_E_INVALID, "JSON: begins with a byte-order mark");
    }
    int status = eg_json_parse(text, &document);
    if (status == EG_OK) {
        status = write_value(yyjson_doc_get_root(document), 0, NULL);
    }
    if (status != EG_OK) {
        yyjson_doc_free(document);
        return status;
    }
    *out = document;
    return EG_OK;
}

int eg_canonical_json_write(yyjson_val *value, eg_buf *out)
{
    return write_value(value, 0, out);
}
