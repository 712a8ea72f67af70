/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/json_copy.h"

static eg_str text_of(yyjson_val *value)
{
    return (eg_str){yyjson_get_str(value), yyjson_get_len(value)};
}

static void copy_number(eg_json *json, yyjson_val *value)
{
    if (yyjson_is_uint(value)) {
        eg_json_u64(json, yyjson_get_uint(value));
    } else if (yyjson_is_sint(value)) {
        eg_json_i64(json, yyjson_get_sint(value));
    } else {
        eg_json_double(json, yyjson_get_real(value));
    }
}

static void copy_object(eg_json *json, yyjson_val *object)
{
    yyjson_obj_iter iter;
    yyjson_obj_iter_init(object, &iter);
    eg_json_object(json);
    for (yyjson_val *key = yyjson_obj_iter_next(&iter); key; key = yyjson_obj_iter_next(&iter)) {
        eg_json_key_str(json, text_of(key));
        eg_json_copy(json, yyjson_obj_iter_get_val(key));
    }
    eg_json_object_end(json);
}

static void copy_array(eg_json *json, yyjson_val *array)
{
    yyjson_arr_iter iter;
    yyjson_arr_iter_init(array, &iter);
    eg_json_array(json);
    for (yyjson_val *item = yyjson_arr_iter_next(&iter); item; item = yyjson_arr_iter_next(&iter)) {
        eg_json_copy(json, item);
    }
    eg_json_array_end(json);
}

void eg_json_copy(eg_json *json, yyjson_val *value)
{
    bool deeper = json->depth < EG_JSON_DEPTH_MAX - 1;
    if (yyjson_is_obj(value) && deeper) {
        copy_object(json, value);
    } else if (yyjson_is_arr(value) && deeper) {
        copy_array(json, value);
    } else if (yyjson_is_str(value)) {
        eg_json_str(json, text_of(value));
    } else if (yyjson_is_num(value)) {
        copy_number(json, value);
    } else if (yyjson_is_bool(value)) {
        eg_json_bool(json, yyjson_get_bool(value));
    } else {
        eg_json_null(json);
    }
}
