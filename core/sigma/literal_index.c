/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/literal_index.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

#define KEY_BYTES 8  /* of a head or tail */
#define GRAM_BYTES 4 /* of a literal inside */
#define NO_ENTRY UINT32_MAX
#define BITMAP_BITS_MIN 10
#define BITMAP_BITS_MAX 18 /* 32 KiB: fits the first-level cache */

typedef struct key_slot {
    uint64_t key; /* 0: free */
    uint32_t first;
} key_slot;

typedef struct entry {
    uint32_t id;
    uint32_t next;
    uint32_t offset; /* of the gram in its literal */
} entry;

struct eg_literal_index {
    key_slot *table;
    unsigned table_shift; /* a key's place is its highest bits */
    size_t table_mask;
    entry *entries;
    size_t entry_count;
    uint8_t heads, tails; /* bit n - 1: there are keys of n bytes */
    bool wholes;
    uint8_t *filter; /* by the highest bits of a key: clear when it is not in the table */
    unsigned filter_shift;
    uint8_t *bitmap; /* grams of GRAM_BYTES; NULL when there are none */
    unsigned bitmap_shift;
    uint8_t *singles; /* by byte: it is a literal; NULL when none has one byte */
    uint8_t *pairs;   /* by two bytes, a bit: a literal of two or three begins so; NULL likewise */
    size_t memory;
};

/* ---- keys ---- */

static uint64_t load(const char *bytes, size_t count)
{
    uint64_t value = 0;

    memcpy(&value, bytes, count);
    return value;
}

static uint32_t load_gram(const char *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

static uint64_t make_key(eg_anchor anchor, size_t bytes, uint64_t value)
{
    uint64_t key = (value ^ ((uint64_t)anchor << 60 | (uint64_t)bytes << 56)) + bytes * 4 + anchor;

    key *= UINT64_C(0xD6E8FEB86659FD93);
    key ^= key >> 32;
    key *= UINT64_C(0xD6E8FEB86659FD93);
    return key ? key : 1;
}

static uint64_t hash_whole(eg_str text)
{
    uint64_t hash = text.len, i = 0;

    for (; i + 8 <= text.len; i += 8) {
        hash = (hash ^ load(text.ptr + i, 8)) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 31;
    }
    if (i < text.len)
        hash = (hash ^ load(text.ptr + i, text.len - i)) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static size_t key_bytes(size_t length)
{
    return length < KEY_BYTES ? length : KEY_BYTES;
}

static uint64_t whole_key(eg_str text)
{
    return make_key(EG_ANCHOR_WHOLE, 0, hash_whole(text));
}

/* The same as load() where EG_LITERAL_PADDING bytes follow: without a loop. */
static uint64_t load_padded(const char *bytes, size_t count)
{
    return load(bytes, 8) & (UINT64_MAX >> (64 - 8 * count));
}

static uint64_t gram_key(const char *at, size_t bytes)
{
    return make_key(EG_ANCHOR_INSIDE, bytes, load(at, bytes));
}

static uint32_t gram_hash(uint32_t gram)
{
    return gram * UINT32_C(0x9E3779B1);
}

static void set_bit(uint8_t *bits, size_t number)
{
    bits[number >> 3] |= (uint8_t)(1u << (number & 7));
}

static bool has_bit(const uint8_t *bits, size_t number)
{
    return bits[number >> 3] >> (number & 7) & 1;
}

static size_t pair_of(const char *at)
{
    return (size_t)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

/* Asks the small filter first: most keys are not there, and the table exceeds the cache. */
static uint32_t *find_key(const eg_literal_index *index, uint64_t key)
{
    size_t at = (size_t)(key >> index->table_shift);

    if (!has_bit(index->filter, (size_t)(key >> index->filter_shift)))
        return NULL;
    while (index->table[at].key != 0) {
        if (index->table[at].key == key)
            return &index->table[at].first;
        at = (at + 1) & index->table_mask;
    }
    return NULL;
}

/* ---- choosing the gram ---- */

/* How often each gram stands in the literals; counted by hash, which is exact enough to choose. */
typedef struct gram_counts {
    uint32_t *counts;
    unsigned shift;
} gram_counts;

static uint32_t *gram_count(const gram_counts *counts, const char *at)
{
    return &counts->counts[gram_hash(load_gram(at)) >> counts->shift];
}

/* The rarer its bytes are in paths and commands, the better a gram tells its literal apart. */
static unsigned rareness(const char *at)
{
    unsigned sum = 0;
    size_t i;

    for (i = 0; i < GRAM_BYTES; i++) {
        char c = at[i];

        if (strchr("etaoinsr\\ .", c) && c != '\0')
            sum += 1;
        else if (c >= 'a' && c <= 'z')
            sum += strchr("jqxzkvwy", c) ? 4 : 2;
        else
            sum += 3;
    }
    return sum;
}

static size_t choose_gram(const gram_counts *counts, eg_str text)
{
    size_t best = 0, i;
    uint32_t best_count = UINT32_MAX;
    unsigned best_rareness = 0;

    for (i = 0; i + GRAM_BYTES <= text.len; i++) {
        uint32_t count = *gram_count(counts, text.ptr + i);
        unsigned rare = rareness(text.ptr + i);

        if (count < best_count || (count == best_count && rare > best_rareness)) {
            best = i;
            best_count = count;
            best_rareness = rare;
        }
    }
    return best;
}

static int count_grams(const eg_literal *literals, size_t count, gram_counts *out)
{
    size_t grams = 0, i, j;
    unsigned bits = 10;

    for (i = 0; i < count; i++) {
        if (literals[i].anchor == EG_ANCHOR_INSIDE)
            grams += literals[i].text.len;
    }
    while (bits < 22 && (size_t)1 << bits < grams * 2)
        bits++;
    out->shift = 32 - bits;
    out->counts = eg_alloc_zero((size_t)1 << bits, sizeof(*out->counts));
    if (!out->counts)
        return EG_E_NOMEM;
    for (i = 0; i < count; i++) {
        if (literals[i].anchor != EG_ANCHOR_INSIDE)
            continue;
        for (j = 0; j + GRAM_BYTES <= literals[i].text.len; j++)
            (*gram_count(out, literals[i].text.ptr + j))++;
    }
    return EG_OK;
}

/* ---- building ---- */

static void *keep(eg_literal_index *index, size_t count, size_t size)
{
    void *block = eg_alloc_zero(count, size);

    if (block)
        index->memory += count * size;
    return block;
}

/* The number of bits, as a power of two, that `count` things fill to less than one in `room`. */
static unsigned bits_for(size_t count, size_t room, unsigned least, unsigned most)
{
    unsigned bits = least;

    while (bits < most && (size_t)1 << bits < count * room)
        bits++;
    return bits;
}

static int reserve_inside(eg_literal_index *index, const eg_literal *literals, size_t count)
{
    size_t by_length[GRAM_BYTES + 1] = {0}, i;
    unsigned bits;

    for (i = 0; i < count; i++) {
        size_t length = literals[i].text.len;

        if (literals[i].anchor == EG_ANCHOR_INSIDE)
            by_length[length < GRAM_BYTES ? length : GRAM_BYTES]++;
    }
    bits = bits_for(by_length[GRAM_BYTES], 32, BITMAP_BITS_MIN, BITMAP_BITS_MAX);
    index->bitmap_shift = 32 - bits;
    if (by_length[GRAM_BYTES] > 0 && !(index->bitmap = keep(index, (size_t)1 << (bits - 3), 1)))
        return EG_E_NOMEM;
    if (by_length[1] > 0 && !(index->singles = keep(index, 256, 1)))
        return EG_E_NOMEM;
    if (by_length[2] + by_length[3] > 0 && !(index->pairs = keep(index, 65536 / 8, 1)))
        return EG_E_NOMEM;
    return EG_OK;
}

static int reserve(eg_literal_index *index, const eg_literal *literals, size_t count)
{
    unsigned bits = bits_for(count, 2, 4, 40);

    index->table_shift = 64 - bits;
    index->table_mask = ((size_t)1 << bits) - 1;
    index->table = keep(index, (size_t)1 << bits, sizeof(*index->table));
    index->entries = keep(index, count, sizeof(*index->entries));
    bits = bits_for(count, 16, 9, BITMAP_BITS_MAX);
    index->filter_shift = 64 - bits;
    index->filter = keep(index, (size_t)1 << (bits - 3), 1);
    if (!index->table || !index->entries || !index->filter)
        return EG_E_NOMEM;
    return reserve_inside(index, literals, count);
}

static void add_entry(eg_literal_index *index, uint64_t key, uint32_t id, size_t offset)
{
    size_t at = (size_t)(key >> index->table_shift);
    entry *item = &index->entries[index->entry_count];

    while (index->table[at].key != 0 && index->table[at].key != key)
        at = (at + 1) & index->table_mask;
    item->id = id;
    item->offset = (uint32_t)offset;
    item->next = index->table[at].key ? index->table[at].first : NO_ENTRY;
    set_bit(index->filter, (size_t)(key >> index->filter_shift));
    index->table[at].key = key;
    index->table[at].first = (uint32_t)index->entry_count++;
}

static void add_inside(eg_literal_index *index, const gram_counts *counts,
                       const eg_literal *literal)
{
    eg_str text = literal->text;
    size_t offset;

    if (text.len < GRAM_BYTES) {
        if (text.len == 1)
            index->singles[(unsigned char)text.ptr[0]] = 1;
        else
            set_bit(index->pairs, pair_of(text.ptr));
        add_entry(index, gram_key(text.ptr, text.len), literal->id, 0);
        return;
    }
    offset = choose_gram(counts, text);
    set_bit(index->bitmap, gram_hash(load_gram(text.ptr + offset)) >> index->bitmap_shift);
    add_entry(index, gram_key(text.ptr + offset, GRAM_BYTES), literal->id, offset);
}

static void add(eg_literal_index *index, const gram_counts *counts, const eg_literal *literal)
{
    eg_str text = literal->text;
    size_t bytes = key_bytes(text.len);
    uint64_t key;

    switch (literal->anchor) {
    case EG_ANCHOR_WHOLE:
        index->wholes = true;
        add_entry(index, whole_key(text), literal->id, 0);
        break;
    case EG_ANCHOR_HEAD:
        index->heads |= (uint8_t)(1u << (bytes - 1));
        key = make_key(EG_ANCHOR_HEAD, bytes, load(text.ptr, bytes));
        add_entry(index, key, literal->id, 0);
        break;
    case EG_ANCHOR_TAIL:
        index->tails |= (uint8_t)(1u << (bytes - 1));
        key = make_key(EG_ANCHOR_TAIL, bytes, load(text.ptr + text.len - bytes, bytes));
        add_entry(index, key, literal->id, 0);
        break;
    case EG_ANCHOR_INSIDE: add_inside(index, counts, literal); break;
    }
}

int eg_literal_index_create(const eg_literal *literals, size_t count, eg_literal_index **out)
{
    eg_literal_index *index = eg_alloc_zero(1, sizeof(*index));
    gram_counts counts = {NULL, 0};
    size_t i;
    int status;

    if (!index)
        return EG_E_NOMEM;
    index->memory = sizeof(*index);
    status = reserve(index, literals, count);
    if (status == EG_OK)
        status = count_grams(literals, count, &counts);
    if (status != EG_OK) {
        eg_literal_index_destroy(index);
        return status;
    }
    for (i = 0; i < count; i++)
        add(index, &counts, &literals[i]);
    eg_free(counts.counts);
    *out = index;
    return EG_OK;
}

void eg_literal_index_destroy(eg_literal_index *index)
{
    if (!index)
        return;
    eg_free(index->table);
    eg_free(index->entries);
    eg_free(index->filter);
    eg_free(index->bitmap);
    eg_free(index->singles);
    eg_free(index->pairs);
    eg_free(index);
}

size_t eg_literal_index_memory(const eg_literal_index *index)
{
    return index->memory;
}

/* ---- scanning ---- */

typedef struct scan {
    const eg_literal_index *index;
    eg_str text;
    eg_literal_propose propose;
    void *user;
} scan;

/* `at` is where the key was found; a literal that would begin before the text is none. */
static void propose_all(const scan *s, uint64_t key, size_t at)
{
    const uint32_t *first = find_key(s->index, key);
    uint32_t i;

    for (i = first ? *first : NO_ENTRY; i != NO_ENTRY; i = s->index->entries[i].next) {
        const entry *item = &s->index->entries[i];

        if (item->offset <= at)
            s->propose(s->user, item->id, at - item->offset);
    }
}

static void scan_ends(const scan *s)
{
    const eg_literal_index *index = s->index;
    const char *end = s->text.ptr + s->text.len;
    size_t bytes;
    uint64_t key;

    if (index->wholes)
        propose_all(s, whole_key(s->text), 0);
    for (bytes = 1; bytes <= KEY_BYTES && bytes <= s->text.len; bytes++) {
        if (index->heads >> (bytes - 1) & 1) {
            key = make_key(EG_ANCHOR_HEAD, bytes, load_padded(s->text.ptr, bytes));
            propose_all(s, key, 0);
        }
        if (index->tails >> (bytes - 1) & 1) {
            key = make_key(EG_ANCHOR_TAIL, bytes, load_padded(end - bytes, bytes));
            propose_all(s, key, 0);
        }
    }
}

/* Each of these literals is proposed where it stands first: once is enough. */
static void scan_singles(const scan *s)
{
    uint8_t seen[256] = {0};
    size_t at;

    for (at = 0; at < s->text.len; at++) {
        unsigned char byte = (unsigned char)s->text.ptr[at];

        if (s->index->singles[byte] && !seen[byte]) {
            seen[byte] = 1;
            propose_all(s, gram_key(s->text.ptr + at, 1), at);
        }
    }
}

static void scan_pairs(const scan *s)
{
    const uint8_t *pairs = s->index->pairs;
    const char *text = s->text.ptr;
    size_t at, places = s->text.len < 2 ? 0 : s->text.len - 1;

    for (at = 0; at < places; at++) {
        if (!has_bit(pairs, pair_of(text + at)))
            continue;
        propose_all(s, gram_key(text + at, 2), at);
        if (at + 1 < places)
            propose_all(s, gram_key(text + at, 3), at);
    }
}

static void scan_grams(const scan *s)
{
    const uint8_t *bitmap = s->index->bitmap;
    const char *text = s->text.ptr;
    unsigned shift = s->index->bitmap_shift;
    size_t at, places = s->text.len < GRAM_BYTES ? 0 : s->text.len - GRAM_BYTES + 1;

    for (at = 0; at < places; at++) {
        if (has_bit(bitmap, gram_hash(load_gram(text + at)) >> shift))
            propose_all(s, gram_key(text + at, GRAM_BYTES), at);
    }
}

void eg_literal_index_scan(const eg_literal_index *index, eg_str text, eg_literal_propose propose,
                           void *user)
{
    scan s = {index, text, propose, user};

    scan_ends(&s);
    if (index->singles)
        scan_singles(&s);
    if (index->pairs)
        scan_pairs(&s);
    if (index->bitmap)
        scan_grams(&s);
}
