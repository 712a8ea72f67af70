/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions as JSON: in packs, over the pipe, for tools. */
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/detect/exception.h"

static void put_time(eg_json *json, const char *key, uint64_t time)
{
    char text[EG_TIME_TEXT_SIZE];
    eg_json_key(json, key);
    if (time == 0) {
        eg_json_null(json);
        return;
    }
    eg_time_format(time, text);
    eg_json_str(json, eg_str_from(text));
}

void eg_exception_write_json(const eg_exception *exception, eg_json *json)
{
    eg_json_object(json);
    eg_json_key(json, "id");
    eg_json_i64(json, exception->id < 0 ? -exception->id : exception->id);
    eg_json_put_str(json, "scope", exception->id < 0 ? EG_STR("pack") : EG_STR("pc"));
    eg_json_put_str(json, "source", exception->source);
    eg_json_put_str(json, "rule", exception->rule_id);
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        eg_json_put_str(json, eg_exception_on_names[i], exception->wanted[i]);
    }
    eg_json_put_bool(json, "whole_rule", exception->whole_rule);
    put_time(json, "created_time", exception->created_time);
    put_time(json, "expires_time", exception->expires_time);
    eg_json_put_str(json, "created_by", exception->created_by);
    eg_json_put_str(json, "reason", exception->reason);
    put_time(json, "revoked_time", exception->revoked_time);
    eg_json_put_str(json, "revoked_by", exception->revoked_by);
    eg_json_put_u64(json, "hits", exception->hits);
    put_time(json, "last_hit_time", exception->last_hit_time);
    eg_json_object_end(json);
}

static int take_text(eg_str key, yyjson_val *value, eg_str *out)
{
    if (yyjson_is_null(value)) {
        return EG_OK;
    }
    if (!yyjson_is_str(value)) {
        return eg_fail(EG_E_INVALID, "\"%.*s\" is not a text", EG_STR_ARGS(key));
    }
    *out = (eg_str){yyjson_get_str(value), yyjson_get_len(value)};
    return EG_OK;
}

static int take_time(eg_str key, yyjson_val *value, uint64_t *out)
{
    eg_str text = EG_STR("");
    int status = take_text(key, value, &text);
    if (status == EG_OK && !yyjson_is_null(value) && eg_time_parse(text, out) != EG_OK) {
        status = eg_fail(EG_E_INVALID, "\"%.*s\" is no time such as 2026-11-23T09:00:00Z",
                         EG_STR_ARGS(key));
    }
    return status;
}

static int take_id(yyjson_val *value, int64_t *out)
{
    if (!yyjson_is_uint(value) || yyjson_get_uint(value) > INT64_MAX) {
        return eg_fail(EG_E_INVALID, "\"id\" is not a number from 0");
    }
    *out = (int64_t)yyjson_get_uint(value);
    return EG_OK;
}

/* What the store alone knows, and an object that was printed from there has. */
static bool is_of_store(eg_str key)
{
    static const char *const keys[] = {"scope",      "source", "revoked_time",
                                       "revoked_by", "hits",   "last_hit_time"};
    for (size_t i = 0; i < EG_COUNT(keys); i++) {
        if (eg_str_equal(key, eg_str_from(keys[i]))) {
            return true;
        }
    }
    return false;
}

static int take_member(eg_str key, yyjson_val *value, eg_exception *out)
{
    eg_exception_on on;
    if (eg_exception_on_from_name(key, &on)) {
        return take_text(key, value, &out->wanted[on]);
    }
    if (eg_str_equal(key, EG_STR("id"))) {
        return take_id(value, &out->id);
    }
    if (eg_str_equal(key, EG_STR("rule"))) {
        return take_text(key, value, &out->rule_id);
    }
    if (eg_str_equal(key, EG_STR("created_by"))) {
        return take_text(key, value, &out->created_by);
    }
    if (eg_str_equal(key, EG_STR("reason"))) {
        return take_text(key, value, &out->reason);
    }
    if (eg_str_equal(key, EG_STR("created_time"))) {
        return take_time(key, value, &out->created_time);
    }
    if (eg_str_equal(key, EG_STR("expires_time"))) {
        return take_time(key, value, &out->expires_time);
    }
    if (eg_str_equal(key, EG_STR("whole_rule")) && yyjson_is_bool(value)) {
        out->whole_rule = yyjson_get_bool(value);
        return EG_OK;
    }
    return is_of_store(key)
               ? EG_OK
               : eg_fail(EG_E_INVALID, "\"%.*s\" is no member of an exception", EG_STR_ARGS(key));
}

int eg_exception_read_json(yyjson_val *object, eg_exception *out)
{
    size_t index, count;
    yyjson_val *key, *value;
    eg_exception read = {.rule_id = EG_STR(""),
                         .created_by = EG_STR(""),
                         .reason = EG_STR(""),
                         .revoked_by = EG_STR("")};
    int status = EG_OK;
    if (!yyjson_is_obj(object)) {
        return eg_fail(EG_E_INVALID, "an exception is an object");
    }
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        read.wanted[i] = EG_STR("");
    }
    yyjson_obj_foreach(object, index, count, key, value) {
        if (status == EG_OK) {
            status = take_member((eg_str){yyjson_get_str(key), yyjson_get_len(key)}, value, &read);
        }
    }
    if (status == EG_OK && !yyjson_obj_get(object, "expires_time")) {
        status = eg_fail(EG_E_INVALID, "\"expires_time\" is missing; null means never");
    }
    if (status == EG_OK) {
        *out = read;
    }
    return status;
}
