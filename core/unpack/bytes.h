/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Little-endian numbers and pieces of bytes from outside, at any place: what lies outside reads as
 * 0 or as nothing, so that a parser can compare before it trusts. Pure, any thread.
 */
#ifndef EG_UNPACK_BYTES_H
#define EG_UNPACK_BYTES_H

#include "core/base/str.h"

#include <string.h>

/* `size` bytes, at most 8. */
static inline uint64_t eg_bytes_number(eg_str bytes, uint64_t at, size_t size)
{
    uint64_t number = 0;
    if (at > bytes.len || size > bytes.len - at) {
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        number |= (uint64_t)(uint8_t)bytes.ptr[at + i] << (8 * i);
    }
    return number;
}

static inline uint16_t eg_bytes_u16(eg_str bytes, uint64_t at)
{
    return (uint16_t)eg_bytes_number(bytes, at, 2);
}

static inline uint32_t eg_bytes_u32(eg_str bytes, uint64_t at)
{
    return (uint32_t)eg_bytes_number(bytes, at, 4);
}

static inline uint64_t eg_bytes_u64(eg_str bytes, uint64_t at)
{
    return eg_bytes_number(bytes, at, 8);
}

/* From `at` on, at most `size` bytes of it. */
static inline eg_str eg_bytes_part(eg_str bytes, uint64_t at, uint64_t size)
{
    if (at >= bytes.len) {
        return (eg_str){bytes.ptr, 0};
    }
    size_t left = bytes.len - (size_t)at;
    return (eg_str){bytes.ptr + at, size < left ? (size_t)size : left};
}

static inline bool eg_bytes_start(eg_str bytes, uint64_t at, const void *mark, size_t size)
{
    eg_str found = eg_bytes_part(bytes, at, size);
    return found.len == size && memcmp(found.ptr, mark, size) == 0;
}

/* Where `mark` next begins at `from` or behind it; bytes.len when nowhere. */
static inline size_t eg_bytes_find(eg_str bytes, size_t from, const void *mark, size_t size)
{
    while (from < bytes.len && size <= bytes.len - from) {
        const char *hit = memchr(bytes.ptr + from, *(const char *)mark, bytes.len - from);
        if (!hit) {
            break;
        }
        from = (size_t)(hit - bytes.ptr);
        if (eg_bytes_start(bytes, from, mark, size)) {
            return from;
        }
        from++;
    }
    return bytes.len;
}

#endif
