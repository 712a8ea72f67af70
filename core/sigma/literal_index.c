/* SPDX-License-Identifier: Apache-2.0 */
/* Building an index; literal_scan.c reads it. */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/sigma/gram_counts.h"
#include "core/sigma/literal_table.h"

#define BITMAP_BITS_MIN 10
#define BITMAP_BITS_MAX 20 /* 128 KiB */
#define BITS_PER_GRAM 16
#define STRIDE_MAX 8

static void *keep(eg_literal_index *index, size_t count, size_t size)
{
    void *block = eg_alloc_zero(count, size);

    if (block) {
        index->memory += count * size;
    }
    return block;
}

/* The number of bits, as a power of two, that `count` things fill to less than one in `room`. */
static unsigned bits_for(size_t count, size_t room, unsigned least, unsigned most)
{
    unsigned bits = least;

    while (bits < most && (size_t)1 << bits < count * room) {
        bits++;
    }
    return bits;
}

static int reserve_grams(eg_literal_index *index, size_t count)
{
    unsigned bits = bits_for(count, BITS_PER_GRAM, BITMAP_BITS_MIN, BITMAP_BITS_MAX);
    size_t i;

    if (count == 0) {
        return EG_OK;
    }
    index->bitmap_mask = ((size_t)1 << bits) - 1;
    index->bitmap = keep(index, (size_t)1 << (bits - 6), sizeof(*index->bitmap));
    index->gram_mask = ((size_t)1 << bits_for(count, 2, 4, 40)) - 1;
    index->grams = keep(index, index->gram_mask + 1, sizeof(*index->grams));
    if (!index->bitmap || !index->grams) {
        return EG_E_NOMEM;
    }
    for (i = 0; i <= index->gram_mask; i++) {
        index->grams[i].first = EG_NO_ENTRY;
    }
    return EG_OK;
}

/* Even the shortest literal has so many neighbouring grams. */
static size_t choose_stride(size_t shortest)
{
    size_t grams = shortest - EG_GRAM_BYTES + 1;

    return grams < STRIDE_MAX ? grams : STRIDE_MAX;
}

static int reserve(eg_literal_index *index, const eg_literal *literals, size_t count)
{
    size_t inside[EG_GRAM_BYTES + 1] = {0}, shortest = EG_GRAM_BYTES + STRIDE_MAX, grams, i;
    unsigned bits;

    for (i = 0; i < count; i++) {
        size_t length = literals[i].text.len;

        if (literals[i].anchor != EG_ANCHOR_INSIDE) {
            continue;
        }
        inside[length < EG_GRAM_BYTES ? length : EG_GRAM_BYTES]++;
        if (length >= EG_GRAM_BYTES && length < shortest) {
            shortest = length;
        }
    }
    index->stride = choose_stride(shortest);
    grams = inside[EG_GRAM_BYTES] * index->stride;
    bits = bits_for(count - inside[EG_GRAM_BYTES], 4, 4, 40);
    index->table_shift = 64 - bits;
    index->table_mask = ((size_t)1 << bits) - 1;
    index->table = keep(index, (size_t)1 << bits, sizeof(*index->table));
    index->entries = keep(index, count - inside[EG_GRAM_BYTES] + grams, sizeof(*index->entries));
    if (!index->table || !index->entries) {
        return EG_E_NOMEM;
    }
    if (inside[1] > 0 && !(index->singles = keep(index, 256, 1))) {
        return EG_E_NOMEM;
    }
    if (inside[2] + inside[3] > 0 && !(index->pairs = keep(index, 65536 / 8, 1))) {
        return EG_E_NOMEM;
    }
    return reserve_grams(index, grams);
}

static void set_bit(uint8_t *bits, size_t number)
{
    bits[number >> 3] |= (uint8_t)(1u << (number & 7));
}

static eg_literal_entry *new_entry(eg_literal_index *index, const eg_literal *literal,
                                   uint32_t *first)
{
    eg_literal_entry *item = &index->entries[index->entry_count];

    item->id = literal->id;
    item->length = (uint32_t)literal->text.len;
    item->next = *first;
    *first = (uint32_t)index->entry_count++;
    return item;
}

/* What is checked of an end lies as far as it can from what the key was made of. */
static void add_key(eg_literal_index *index, uint64_t key, const eg_literal *literal)
{
    size_t at = (size_t)(key >> index->table_shift);
    uint32_t last = (uint32_t)literal->text.len - EG_GRAM_BYTES;
    eg_literal_entry *item;

    while (index->table[at].key != 0 && index->table[at].key != key) {
        at = (at + 1) & index->table_mask;
    }
    if (index->table[at].key == 0) {
        index->table[at].first = EG_NO_ENTRY;
    }
    index->table[at].key = key;
    item = new_entry(index, literal, &index->table[at].first);
    if (literal->text.len < EG_GRAM_BYTES) {
        return;
    }
    if (literal->anchor == EG_ANCHOR_WHOLE) {
        item->check_offset = last / 2; /* the key has both ends */
    } else if (literal->anchor == EG_ANCHOR_HEAD) {
        item->check_offset = last;
    }
    item->check = eg_gram_load(literal->text.ptr + item->check_offset);
}

/* What is checked lies as far from the gram as it can: near it, much agrees that is none. */
static void add_gram(eg_literal_index *index, const eg_literal *literal, size_t offset)
{
    const char *text = literal->text.ptr;
    size_t last = literal->text.len - EG_GRAM_BYTES;
    uint32_t gram = eg_gram_load(text + offset);
    size_t hash = eg_gram_hash(gram);
    eg_gram_slot *slot = eg_literal_find_gram(index, hash, gram);
    eg_literal_entry *item;

    index->bitmap[(hash & index->bitmap_mask) / 64] |= UINT64_C(1) << (hash % 64);
    slot->gram = gram;
    item = new_entry(index, literal, &slot->first);
    item->offset = (uint32_t)offset;
    item->check_offset = offset > last / 2 ? 0 : (uint32_t)last;
    item->check = eg_gram_load(text + item->check_offset);
}

static void add_inside(eg_literal_index *index, const eg_gram_counts *counts,
                       const eg_ordinary *ordinary, const eg_literal *literal)
{
    eg_str text = literal->text;

    size_t first, i;

    if (text.len >= EG_GRAM_BYTES) {
        first = eg_gram_counts_choose(counts, ordinary, text, index->stride);
        for (i = 0; i < index->stride; i++) {
            add_gram(index, literal, first + i);
        }
        return;
    }
    if (text.len == 1) {
        index->singles[(unsigned char)text.ptr[0]] = 1;
    } else {
        set_bit(index->pairs, eg_pair_of(text.ptr));
    }
    index->ascii_pairs |= ((unsigned char)text.ptr[0] & 0x80) == 0;
    add_key(index, eg_key_of_short(text.ptr, text.len), literal);
}

static void add_length(eg_key_lengths *lengths, size_t bytes)
{
    uint8_t i = 0;

    while (i < lengths->count && lengths->bytes[i] != bytes) {
        i++;
    }
    lengths->bytes[i] = (uint8_t)bytes;
    if (i == lengths->count) {
        lengths->count++;
    }
}

static void add(eg_literal_index *index, const eg_gram_counts *counts, const eg_ordinary *ordinary,
                const eg_literal *literal)
{
    eg_str text = literal->text;
    size_t bytes = eg_key_bytes(text.len);

    switch (literal->anchor) {
    case EG_ANCHOR_WHOLE:
        index->wholes = true;
        add_key(index, eg_key_of_whole(text), literal);
        break;
    case EG_ANCHOR_HEAD:
        bytes = eg_key_head_bytes(text.len);
        add_length(&index->heads, bytes);
        add_key(index, eg_key_of_head(text.ptr, bytes, eg_key_load(text.ptr, eg_key_bytes(bytes))),
                literal);
        break;
    case EG_ANCHOR_TAIL:
        add_length(&index->tails, bytes);
        add_key(index,
                eg_key_make(EG_ANCHOR_TAIL, bytes, eg_key_load(text.ptr + text.len - bytes, bytes)),
                literal);
        break;
    case EG_ANCHOR_INSIDE: add_inside(index, counts, ordinary, literal); break;
    }
}

int eg_literal_index_create(const eg_literal *literals, size_t count, const eg_ordinary *ordinary,
                            eg_literal_index **out)
{
    eg_literal_index *index = eg_alloc_zero(1, sizeof(*index));
    eg_gram_counts counts = {NULL, 0};
    size_t i;
    int status;

    if (!index) {
        return EG_E_NOMEM;
    }
    index->memory = sizeof(*index);
    status = reserve(index, literals, count);
    if (status == EG_OK) {
        status = eg_gram_counts_make(literals, count, &counts);
    }
    if (status != EG_OK) {
        eg_literal_index_destroy(index);
        return status;
    }
    for (i = 0; i < count; i++) {
        add(index, &counts, ordinary, &literals[i]);
    }
    eg_free(counts.counts);
    *out = index;
    return EG_OK;
}

void eg_literal_index_destroy(eg_literal_index *index)
{
    if (!index) {
        return;
    }
    eg_free(index->table);
    eg_free(index->entries);
    eg_free(index->grams);
    eg_free(index->bitmap);
    eg_free(index->singles);
    eg_free(index->pairs);
    eg_free(index);
}

size_t eg_literal_index_memory(const eg_literal_index *index)
{
    return index->memory;
}
