/* SPDX-License-Identifier: Apache-2.0 */
/* Collects what eg_unpack tells, as lines to compare. Include after unit.h. */
#ifndef EG_TESTS_UNPACK_SEEN_H
#define EG_TESTS_UNPACK_SEEN_H

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/unpack/unpack.h"

#include <string.h>

enum { SEEN_MAX = 64 * 1024 * 1024 };

typedef struct seen {
    eg_buf parts;    /* "kind name=bytes", or its number of bytes in <> when there are many */
    eg_buf problems; /* "status name: why" */
    size_t part_count;
    uint64_t bytes;
    uint32_t depth; /* the deepest */
} seen;

static inline int seen_part(void *user, const eg_unpack_part *part)
{
    seen *into = user;
    into->part_count++;
    into->bytes += part->bytes.len;
    into->depth = part->depth > into->depth ? part->depth : into->depth;
    eg_buf_appendf(&into->parts, "%s %.*s=", eg_part_kind_name(part->kind),
                   EG_STR_ARGS(part->name));
    if (part->bytes.len < 200) {
        eg_buf_append_str(&into->parts, part->bytes);
    } else {
        eg_buf_appendf(&into->parts, "<%zu>", part->bytes.len);
    }
    return eg_buf_append_char(&into->parts, '\n');
}

static inline int seen_problem(void *user, eg_str name, int status, const char *why)
{
    seen *into = user;
    return eg_buf_appendf(&into->problems, "%s %.*s: %s\n", eg_status_name(status),
                          EG_STR_ARGS(name), why);
}

static inline int seen_unpack(seen *into, eg_str bytes, const eg_unpack_limits *limits)
{
    memset(into, 0, sizeof(*into));
    eg_buf_init(&into->parts, SEEN_MAX);
    eg_buf_init(&into->problems, SEEN_MAX);
    eg_unpack_visitor visitor = {into, seen_part, seen_problem};
    return eg_unpack(bytes, EG_STR(""), limits ? limits : &eg_unpack_usual, &visitor);
}

static inline void seen_done(seen *into)
{
    eg_buf_done(&into->parts);
    eg_buf_done(&into->problems);
}

/* The lines are compared as bytes: parts may hold a NUL. */
static inline void seen_has(const eg_buf *lines, const char *text)
{
    size_t size = strlen(text);
    for (size_t at = 0; at + size <= lines->len; at++) {
        if (memcmp(eg_buf_cstr(lines) + at, text, size) == 0) {
            return;
        }
    }
    fail_msg("no '%s' in:\n%s", text, eg_buf_cstr(lines));
}

/* Unpacks and expects these texts in parts and in problems; NULL: no problem at all. */
static inline void seen_check(const eg_buf *blob, const char *part, const char *problem)
{
    seen found;
    assert_int_equal(blob->status, EG_OK);
    assert_int_equal(seen_unpack(&found, eg_buf_str(blob), NULL), EG_OK);
    seen_has(&found.parts, part);
    if (problem) {
        seen_has(&found.problems, problem);
    } else {
        assert_string_equal(eg_buf_cstr(&found.problems), "");
    }
    seen_done(&found);
}

#endif
