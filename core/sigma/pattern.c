/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/pattern.h"

#include "core/base/utf.h"
#include "core/sigma/value.h"

#include <string.h>

static bool equal_bytes(const char *a, const char *b, size_t len)
{
    return len == 0 || memcmp(a, b, len) == 0;
}

eg_pattern eg_pattern_make(eg_str value, bool cased)
{
    eg_pattern pattern = {EG_PATTERN_EQUALS, cased, value};
    eg_str inner = value;
    bool before = false, after = false;

    while (inner.len > 0 && inner.ptr[0] == EG_VALUE_STAR) {
        inner.ptr++;
        inner.len--;
        before = true;
    }
    while (inner.len > 0 && inner.ptr[inner.len - 1] == EG_VALUE_STAR) {
        inner.len--;
        after = true;
    }
    if (eg_value_has_wildcard(inner)) {
        pattern.kind = EG_PATTERN_GLOB;
        return pattern;
    }
    pattern.text = inner;
    if (inner.len == 0 && before) {
        pattern.kind = EG_PATTERN_ANY;
    } else if (before && after) {
        pattern.kind = EG_PATTERN_CONTAINS;
    } else if (before) {
        pattern.kind = EG_PATTERN_SUFFIX;
    } else if (after) {
        pattern.kind = EG_PATTERN_PREFIX;
    }
    return pattern;
}

size_t eg_pattern_find(eg_str text, size_t from, eg_str needle)
{
    const char *at, *end;

    if (needle.len == 0) {
        return from <= text.len ? from : SIZE_MAX;
    }
    if (text.len < needle.len || from > text.len - needle.len) {
        return SIZE_MAX;
    }
    at = text.ptr + from;
    end = text.ptr + (text.len - needle.len) + 1;
    while (at < end) {
        at = memchr(at, (unsigned char)needle.ptr[0], (size_t)(end - at));
        if (!at) {
            return SIZE_MAX;
        }
        if (memcmp(at, needle.ptr, needle.len) == 0) {
            return (size_t)(at - text.ptr);
        }
        at++;
    }
    return SIZE_MAX;
}

/* Next place behind `mark` where the pattern behind a star may go on; SIZE_MAX for nowhere. */
static size_t next_mark(eg_str glob, size_t p, eg_str text, size_t mark)
{
    const char *found;

    (void)eg_utf8_next(text, &mark);
    if (p >= glob.len || glob.ptr[p] == EG_VALUE_ONE || glob.ptr[p] == EG_VALUE_STAR) {
        return mark;
    }
    if (mark >= text.len) {
        return SIZE_MAX;
    }
    found = memchr(text.ptr + mark, (unsigned char)glob.ptr[p], text.len - mark);
    return found ? (size_t)(found - text.ptr) : SIZE_MAX;
}

/* Only the last star has to be tried again: what stands before it matched as early as possible. */
static bool glob_matches(eg_str glob, eg_str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

    while (t < text.len) {
        if (p < glob.len && glob.ptr[p] == EG_VALUE_STAR) {
            star = p++;
            mark = t;
            if (p == glob.len) {
                return true;
            }
        } else if (p < glob.len && glob.ptr[p] == EG_VALUE_ONE) {
            (void)eg_utf8_next(text, &t);
            p++;
        } else if (p < glob.len && glob.ptr[p] == text.ptr[t]) {
            p++;
            t++;
        } else {
            if (star == SIZE_MAX) {
                return false;
            }
            p = star + 1;
            mark = next_mark(glob, p, text, mark);
            if (mark == SIZE_MAX) {
                return false;
            }
            t = mark;
        }
    }
    while (p < glob.len && glob.ptr[p] == EG_VALUE_STAR) {
        p++;
    }
    return p == glob.len;
}

bool eg_pattern_matches(const eg_pattern *pattern, eg_str text)
{
    eg_str want = pattern->text;

    switch (pattern->kind) {
    case EG_PATTERN_ANY: return true;
    case EG_PATTERN_EQUALS:
        return text.len == want.len && equal_bytes(text.ptr, want.ptr, want.len);
    case EG_PATTERN_PREFIX:
        return text.len >= want.len && equal_bytes(text.ptr, want.ptr, want.len);
    case EG_PATTERN_SUFFIX:
        return text.len >= want.len &&
               equal_bytes(text.ptr + text.len - want.len, want.ptr, want.len);
    case EG_PATTERN_CONTAINS: return eg_pattern_find(text, 0, want) != SIZE_MAX;
    case EG_PATTERN_GLOB: return glob_matches(want, text);
    }
    return false;
}

eg_str eg_pattern_literal(const eg_pattern *pattern)
{
    eg_str best = EG_STR("");
    size_t start = 0, i;

    if (pattern->kind != EG_PATTERN_GLOB) {
        return pattern->text;
    }
    for (i = 0; i <= pattern->text.len; i++) {
        if (i < pattern->text.len && pattern->text.ptr[i] != EG_VALUE_STAR &&
            pattern->text.ptr[i] != EG_VALUE_ONE) {
            continue;
        }
        if (i - start > best.len) {
            best = (eg_str){pattern->text.ptr + start, i - start};
        }
        start = i + 1;
    }
    return best;
}
