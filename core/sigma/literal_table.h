/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of a literal index: its tables, and the keys by which what builds it (literal_index.c) and
 * what reads it (literal_scan.c) find their places in them.
 *
 * Made by one thread, then immutable; eg_literal_index_destroy frees all of it.
 */
#ifndef EG_SIGMA_LITERAL_TABLE_H
#define EG_SIGMA_LITERAL_TABLE_H

#include "core/sigma/literal_index.h"

#include <string.h>

#define EG_KEY_BYTES 8 /* of a tail; of a head, when it is no longer than a few times that */
#define EG_KEY_LENGTHS 10
#define EG_NO_ENTRY UINT32_MAX

typedef struct eg_key_slot {
    uint64_t key; /* 0: free */
    uint32_t first;
} eg_key_slot;

typedef struct eg_gram_slot {
    uint32_t gram;
    uint32_t first; /* EG_NO_ENTRY: free */
} eg_gram_slot;

/* A literal under its key. Those of one key are a chain. */
typedef struct eg_literal_entry {
    uint32_t id;
    uint32_t next;
    uint32_t offset;              /* of the gram in its literal */
    uint32_t length;              /* of the literal */
    uint32_t check_offset, check; /* four more bytes of the literal */
} eg_literal_entry;

/* Of how many bytes there are keys. */
typedef struct eg_key_lengths {
    uint8_t bytes[EG_KEY_LENGTHS];
    uint8_t count;
} eg_key_lengths;

struct eg_literal_index {
    eg_literal_entry *entries;
    size_t entry_count;
    eg_key_slot *table;   /* whole texts, heads, tails, and literals shorter than a gram */
    unsigned table_shift; /* a key's place is its highest bits */
    size_t table_mask;
    bool wholes;
    eg_key_lengths heads, tails;
    eg_gram_slot *grams; /* literals inside; NULL when there are none */
    size_t gram_mask;
    uint64_t *bitmap; /* by the same hash as grams: clear where no literal has the gram */
    size_t bitmap_mask;
    uint8_t *singles; /* by byte: it is a literal; NULL when none has one byte */
    uint8_t *pairs;   /* by two bytes, a bit: a literal of two or three begins so; NULL likewise */
    bool ascii_pairs; /* some of them are in plain ASCII */
    size_t stride; /* one of so many places is enough to look at: each literal has as many grams */
    size_t memory;
};

static inline uint64_t eg_key_load(const char *bytes, size_t count)
{
    uint64_t value = 0;

    memcpy(&value, bytes, count);
    return value;
}

static inline uint32_t eg_gram_load(const char *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

/* Equal keys of different kinds are possible: a false proposal. */
static inline uint64_t eg_key_make(eg_anchor anchor, size_t bytes, uint64_t value)
{
    uint64_t key = (value + ((uint64_t)anchor << 4) + bytes) * UINT64_C(0x9E3779B97F4A7C15);

    return key ? key : 1;
}

static inline size_t eg_key_bytes(size_t length)
{
    return length < EG_KEY_BYTES ? length : EG_KEY_BYTES;
}

/* The same as load() where EG_LITERAL_PADDING bytes follow: without a loop. */
static inline uint64_t eg_key_load_padded(const char *bytes, size_t count)
{
    return eg_key_load(bytes, 8) & (UINT64_MAX >> (64 - 8 * count));
}

/* Heads often begin alike ("hklm\software\"): as many of their bytes as these steps allow. */
static inline size_t eg_key_head_bytes(size_t length)
{
    return length >= 4 * EG_KEY_BYTES   ? 4 * EG_KEY_BYTES
           : length >= 2 * EG_KEY_BYTES ? 2 * EG_KEY_BYTES
                                        : eg_key_bytes(length);
}

static inline uint64_t eg_key_of_head(const char *head, size_t bytes, uint64_t first)
{
    size_t i;

    for (i = EG_KEY_BYTES; i < bytes; i += EG_KEY_BYTES) {
        first = first * UINT64_C(0xD6E8FEB86659FD93) + eg_key_load(head + i, EG_KEY_BYTES);
    }
    return eg_key_make(EG_ANCHOR_HEAD, bytes, first ^ first >> 29);
}

/* By its length and both ends: texts that agree in them are rare. */
static inline uint64_t eg_key_of_whole(eg_str text)
{
    uint64_t value = 0;

    if (text.len >= EG_KEY_BYTES) {
        value = eg_key_load(text.ptr, EG_KEY_BYTES) * UINT64_C(0xD6E8FEB86659FD93) +
                eg_key_load(text.ptr + text.len - EG_KEY_BYTES, EG_KEY_BYTES);
    } else if (text.len > 0) {
        value = eg_key_load(text.ptr, text.len);
    }
    return eg_key_make(EG_ANCHOR_WHOLE, 0, (value ^ value >> 29) + text.len);
}

static inline uint64_t eg_key_of_short(const char *at, size_t bytes)
{
    return eg_key_make(EG_ANCHOR_INSIDE, bytes, eg_key_load(at, bytes));
}

/* The upper half of the product: each of its bits depends on all of the gram. */
static inline size_t eg_gram_hash(uint32_t gram)
{
    return (size_t)((uint64_t)gram * UINT64_C(0x9E3779B97F4A7C15) >> 32);
}

static inline bool eg_bit_is_set(const uint8_t *bits, size_t number)
{
    return bits[number >> 3] >> (number & 7) & 1;
}

static inline size_t eg_pair_of(const char *at)
{
    return (size_t)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

static inline uint32_t eg_literal_find_key(const eg_literal_index *index, uint64_t key)
{
    size_t at = (size_t)(key >> index->table_shift);

    while (index->table[at].key != 0) {
        if (index->table[at].key == key) {
            return index->table[at].first;
        }
        at = (at + 1) & index->table_mask;
    }
    return EG_NO_ENTRY;
}

/* The place of a gram, or the free one where it would be. */
static inline eg_gram_slot *eg_literal_find_gram(const eg_literal_index *index, size_t hash,
                                                 uint32_t gram)
{
    size_t at = hash & index->gram_mask;

    while (index->grams[at].first != EG_NO_ENTRY && index->grams[at].gram != gram) {
        at = (at + 1) & index->gram_mask;
    }
    return &index->grams[at];
}

#endif
