/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzz target of core/unpack checks: whatever comes in, all limits hold, every byte
 * handed on is there to be read, and nothing but running out of memory ends the walk.
 */
#ifndef EG_TESTS_UNPACK_WALK_H
#define EG_TESTS_UNPACK_WALK_H

#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/unpack/walk.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static const eg_unpack_limits fuzz_limits = {
    .depth = 3,
    .parts = 200,
    .problems = 20,
    .part_bytes = 256 * 1024,
    .all_bytes = 1024 * 1024,
    .ratio = 100,
    .work = 8 * 1024 * 1024,
};

typedef struct fuzz_told {
    uint32_t parts, problems;
    uint64_t bytes, sum;
} fuzz_told;

static inline int fuzz_take_part(void *user, const eg_unpack_part *part)
{
    fuzz_told *into = user;
    into->parts++;
    into->bytes += part->bytes.len;
    EG_FUZZ_CHECK(part->bytes.len <= fuzz_limits.part_bytes);
    EG_FUZZ_CHECK(part->depth <= fuzz_limits.depth);
    EG_FUZZ_CHECK(eg_utf8_valid(part->name));
    for (size_t i = 0; i < part->bytes.len; i++) {
        into->sum += (uint8_t)part->bytes.ptr[i];
    }
    return EG_OK;
}

static inline int fuzz_take_problem(void *user, eg_str name, int status, const char *why)
{
    fuzz_told *into = user;
    into->problems++;
    EG_FUZZ_CHECK(status == EG_E_INVALID || status == EG_E_LIMIT || status == EG_E_UNSUPPORTED);
    EG_FUZZ_CHECK(eg_utf8_valid(name) && strlen(why) > 0);
    return EG_OK;
}

static inline void fuzz_check(const fuzz_told *told)
{
    EG_FUZZ_CHECK(told->parts <= fuzz_limits.parts);
    EG_FUZZ_CHECK(told->problems <= fuzz_limits.problems + 1);
    EG_FUZZ_CHECK(told->bytes <= fuzz_limits.all_bytes);
}

/* The input as one kind of container, whatever it begins with. */
static inline void fuzz_container(void (*unpack)(eg_walk *walk, eg_str bytes), const uint8_t *data,
                                  size_t size)
{
    fuzz_told told = {0, 0, 0, 0};
    eg_unpack_visitor visitor = {&told, fuzz_take_part, fuzz_take_problem};
    eg_walk walk = {.limits = &fuzz_limits, .visitor = &visitor};
    eg_buf_init(&walk.name, 1024);
    unpack(&walk, (eg_str){size > 0 ? (const char *)data : "", size});
    EG_FUZZ_CHECK(walk.status == EG_OK);
    eg_buf_done(&walk.name);
    fuzz_check(&told);
}

#endif
