/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/unpack/unpack.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_unpack(const uint8_t *data, size_t size);

static const eg_unpack_limits limits = {
    .depth = 3,
    .parts = 200,
    .problems = 20,
    .part_bytes = 256 * 1024,
    .all_bytes = 1024 * 1024,
    .ratio = 100,
    .work = 8 * 1024 * 1024,
};

typedef struct told {
    uint32_t parts, problems;
    uint64_t bytes, sum;
} told;

static int take_part(void *user, const eg_unpack_part *part)
{
    told *into = user;
    into->parts++;
    into->bytes += part->bytes.len;
    EG_FUZZ_CHECK(part->bytes.len <= limits.part_bytes);
    EG_FUZZ_CHECK(part->depth >= 1 && part->depth <= limits.depth);
    EG_FUZZ_CHECK(eg_utf8_valid(part->name));
    for (size_t i = 0; i < part->bytes.len; i++) { /* every byte is there to be read */
        into->sum += (uint8_t)part->bytes.ptr[i];
    }
    return EG_OK;
}

static int take_problem(void *user, eg_str name, int status, const char *why)
{
    told *into = user;
    into->problems++;
    EG_FUZZ_CHECK(status == EG_E_INVALID || status == EG_E_LIMIT || status == EG_E_UNSUPPORTED);
    EG_FUZZ_CHECK(eg_utf8_valid(name) && strlen(why) > 0);
    return EG_OK;
}

/* Whatever comes in: all limits hold, and nothing but running out of memory ends the walk. */
int eg_fuzz_unpack(const uint8_t *data, size_t size)
{
    told found = {0, 0, 0, 0};
    eg_unpack_visitor visitor = {&found, take_part, take_problem};
    eg_str bytes = {(const char *)data, size};
    EG_FUZZ_CHECK(eg_unpack(bytes, EG_STR("file"), &limits, &visitor) == EG_OK);
    EG_FUZZ_CHECK(found.parts <= limits.parts);
    EG_FUZZ_CHECK(found.problems <= limits.problems + 1);
    EG_FUZZ_CHECK(found.bytes <= limits.all_bytes);
    return 0;
}
