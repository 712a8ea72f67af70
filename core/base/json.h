/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON out: a small writer onto a bounded buffer, which takes care of commas, escaping and text
 * that is not valid UTF-8 (lone surrogates become \ud8xx escapes, malformed bytes U+FFFD).
 * JSON in: yyjson with our limits and our allocator. Not thread-safe per object.
 */
#ifndef EG_BASE_JSON_H
#define EG_BASE_JSON_H

#include "core/base/str.h"

#include <yyjson.h>

#define EG_JSON_DEPTH_MAX 32

typedef struct eg_json {
    eg_buf *out;
    int depth;
    bool comma[EG_JSON_DEPTH_MAX]; /* a value stands before, in this level */
    bool after_key;
} eg_json;

void eg_json_begin(eg_json *json, eg_buf *out); /* appends to out; failures stay in out->status */
void eg_json_object(eg_json *json);
void eg_json_object_end(eg_json *json);
void eg_json_array(eg_json *json);
void eg_json_array_end(eg_json *json);
void eg_json_key(eg_json *json, const char *key);
void eg_json_key_str(eg_json *json, eg_str key);
void eg_json_str(eg_json *json, eg_str value); /* EG_STR_NONE writes null */
void eg_json_u64(eg_json *json, uint64_t value);
void eg_json_i64(eg_json *json, int64_t value);
void eg_json_double(eg_json *json, double value);
void eg_json_bool(eg_json *json, bool value);
void eg_json_null(eg_json *json);
/* key and value in one call */
void eg_json_put_str(eg_json *json, const char *key, eg_str value);
void eg_json_put_u64(eg_json *json, const char *key, uint64_t value);
void eg_json_put_bool(eg_json *json, const char *key, bool value);

/*
 * Parses `text` (at most 2^31 bytes, nesting at most 64, a byte-order mark is passed over). On
 * failure EG_E_INVALID with line and reason. The caller frees with yyjson_doc_free. Strings borrow
 * from the document. Escapes of lone surrogates, as the writer makes them, become WTF-8.
 */
int eg_json_parse(eg_str text, yyjson_doc **out);

/*
 * The same for many small texts: memory from `allocator`, no limit on nesting (the caller must not
 * recurse), numbers as they are written (yyjson raw values), malformed UTF-8 becomes U+FFFD.
 */
int eg_json_parse_raw(eg_str text, const yyjson_alc *allocator, yyjson_doc **out);
/* Member `key` of an object as text; EG_STR_NONE when missing or not a string. */
eg_str eg_json_get_str(yyjson_val *object, const char *key);
uint64_t eg_json_get_u64(yyjson_val *object, const char *key, uint64_t missing);
bool eg_json_get_bool(yyjson_val *object, const char *key, bool missing);

#endif
