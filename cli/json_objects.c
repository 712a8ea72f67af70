/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_objects.h"

#include <string.h>

void eg_json_objects_begin(eg_json_objects *objects, eg_str text)
{
    if (text.len >= 3 && memcmp(text.ptr, "\xEF\xBB\xBF", 3) == 0) {
        text = (eg_str){text.ptr + 3, text.len - 3};
    }
    *objects = (eg_json_objects){text, 1};
}

static bool is_between(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '[' || c == ']';
}

/* Bytes of the object that `text` begins with. */
static size_t object_length(eg_str text)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{') {
            depth++;
        } else if (c == '}' && --depth == 0) {
            return i + 1;
        }
    }
    return text.len;
}

static size_t line_length(eg_str text)
{
    const char *end = memchr(text.ptr, '\n', text.len);
    return end ? (size_t)(end - text.ptr) : text.len;
}

static void advance(eg_json_objects *objects, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        objects->line += objects->rest.ptr[i] == '\n' ? 1 : 0;
    }
    objects->rest = (eg_str){objects->rest.ptr + length, objects->rest.len - length};
}

bool eg_json_objects_next(eg_json_objects *objects, eg_str *object, size_t *line)
{
    while (objects->rest.len > 0 && is_between(objects->rest.ptr[0])) {
        advance(objects, 1);
    }
    if (objects->rest.len == 0) {
        return false;
    }
    bool opens = objects->rest.ptr[0] == '{';
    size_t length = opens ? object_length(objects->rest) : line_length(objects->rest);
    *object = (eg_str){objects->rest.ptr, length};
    *line = objects->line;
    advance(objects, length);
    return true;
}
