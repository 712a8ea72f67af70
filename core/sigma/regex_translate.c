/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/regex_translate.h"

#include <string.h>

typedef struct translation {
    eg_str pattern;
    size_t at;
    bool shorten; /* '.' stops at the end of a line everywhere */
    eg_buf *out;
} translation;

static bool is_at(eg_str pattern, size_t at, const char *text)
{
    size_t len = strlen(text);

    return at <= pattern.len && pattern.len - at >= len && memcmp(pattern.ptr + at, text, len) == 0;
}

bool eg_regex_has_inline_dotall(eg_str pattern)
{
    size_t i, j;

    for (i = 0; i + 2 < pattern.len; i++) {
        if (!is_at(pattern, i, "(?")) {
            continue;
        }
        for (j = i + 2; j < pattern.len && pattern.ptr[j] >= 'a' && pattern.ptr[j] <= 'z'; j++) {
            if (pattern.ptr[j] == 's') {
                return true;
            }
        }
    }
    return false;
}

/*
 * A sign that stands for itself at `at`, written plain or behind a backslash: *sign, and how many
 * bytes that took; 0 when there is none. Letters and digits are left out: case may not matter.
 */
static size_t plain_sign(eg_str pattern, size_t at, char *sign)
{
    bool escaped = at < pattern.len && pattern.ptr[at] == '\\';
    size_t place = escaped ? at + 1 : at;
    char c = place < pattern.len ? pattern.ptr[place] : '\0';

    if (c <= ' ' || c >= '\x7f' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
        (c >= 'A' && c <= 'Z') || (!escaped && strchr("\\^$.|?*+()[]{}", c))) {
        return 0;
    }
    *sign = c;
    return escaped ? 2 : 1;
}

/* ".*+" at `at`: *sign is the '+', and the result where it ends; 0 when there is no such thing. */
static size_t any_until_sign(eg_str pattern, size_t at, char *sign)
{
    size_t bytes = is_at(pattern, at, ".*") ? plain_sign(pattern, at + 2, sign) : 0;

    return bytes > 0 ? at + 2 + bytes : 0;
}

/* "(?:.*+){1,}" is ".*+": the first repetition covers all the others. */
static size_t repeated_until_sign(eg_str pattern, size_t at, char *sign)
{
    size_t end = is_at(pattern, at, "(?:") ? any_until_sign(pattern, at + 3, sign) : 0;

    if (end > 0 && is_at(pattern, end, "){1,}")) {
        return end + 5;
    }
    if (end > 0 && is_at(pattern, end, ")+")) {
        return end + 2;
    }
    return 0;
}

/*
 * ".*+.*" is "[^+\n]*+" "+.*": whatever follows is met behind the first '+' if it is met behind
 * any, since the second ".*" covers the rest. Written so, a chain of them needs no second try.
 */
static bool shorten(translation *t)
{
    char sign = '\0';
    size_t repeated = t->shorten ? repeated_until_sign(t->pattern, t->at, &sign) : 0;
    size_t end = repeated > 0 || !t->shorten ? repeated : any_until_sign(t->pattern, t->at, &sign);

    if (end > 0 && is_at(t->pattern, end, ".*")) {
        (void)eg_buf_appendf(t->out, "[^\\n\\%c]*+\\%c", sign, sign);
    } else if (repeated > 0 && (end == t->pattern.len || !strchr("?+", t->pattern.ptr[end]))) {
        (void)eg_buf_appendf(t->out, ".*\\%c", sign);
    } else {
        return false;
    }
    t->at = end;
    return true;
}

/* A class is copied as it is: nothing in it is a quantifier. */
static void copy_class(translation *t)
{
    size_t end = t->at + 1;

    if (is_at(t->pattern, end, "^")) {
        end++;
    }
    if (is_at(t->pattern, end, "]")) {
        end++;
    }
    while (end < t->pattern.len && t->pattern.ptr[end] != ']') {
        end += t->pattern.ptr[end] == '\\' ? 2 : 1;
    }
    end = end < t->pattern.len ? end + 1 : t->pattern.len;
    (void)eg_buf_append(t->out, t->pattern.ptr + t->at, end - t->at);
    t->at = end;
}

/*
 * Spelled differently from the tools that rules are written with: "\Z" is the very end of the text,
 * and "{,3}" counts from zero.
 */
static void copy_element(translation *t)
{
    char c = t->pattern.ptr[t->at];

    if (c == '[') {
        copy_class(t);
        return;
    }
    if (is_at(t->pattern, t->at, "{,")) {
        (void)eg_buf_append_cstr(t->out, "{0");
    } else if (is_at(t->pattern, t->at, "\\Z")) {
        (void)eg_buf_append_cstr(t->out, "\\z");
    } else {
        (void)eg_buf_append(t->out, t->pattern.ptr + t->at,
                            c == '\\' && t->at + 1 < t->pattern.len ? 2 : 1);
    }
    t->at += c == '\\' ? 2 : 1;
}

int eg_regex_translate(eg_str pattern, bool dotall, eg_buf *out)
{
    translation t = {pattern, 0, !dotall && !eg_regex_has_inline_dotall(pattern), out};

    while (t.at < pattern.len) {
        if (!shorten(&t)) {
            copy_element(&t);
        }
    }
    return out->status;
}
