/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/literal_index.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

#define KEY_BYTES 8 /* of a head or tail */
#define GRAM_BYTES EG_GRAM_BYTES
#define NO_ENTRY UINT32_MAX
#define BITMAP_BITS_MIN 10
#define BITMAP_BITS_MAX 20 /* 128 KiB */
#define BITS_PER_GRAM 32
#define STRIDE_MAX 8

typedef struct key_slot {
    uint64_t key; /* 0: free */
    uint32_t first;
} key_slot;

typedef struct gram_slot {
    uint32_t gram;
    uint32_t first; /* NO_ENTRY: free */
} gram_slot;

/* A literal under its key. Those of one key are a chain. */
typedef struct entry {
    uint32_t id;
    uint32_t next;
    uint32_t offset;              /* of the gram in its literal */
    uint32_t length;              /* of the literal */
    uint32_t check_offset, check; /* four more bytes of the literal */
} entry;

/* Of how many bytes there are keys. */
typedef struct key_lengths {
    uint8_t bytes[KEY_BYTES];
    uint8_t count;
} key_lengths;

struct eg_literal_index {
    entry *entries;
    size_t entry_count;
    key_slot *table;      /* whole texts, heads, tails, and literals shorter than a gram */
    unsigned table_shift; /* a key's place is its highest bits */
    size_t table_mask;
    bool wholes;
    key_lengths heads, tails;
    gram_slot *grams; /* literals inside; NULL when there are none */
    size_t gram_mask;
    uint64_t *bitmap; /* by the same hash as grams: clear where no literal has the gram */
    size_t bitmap_mask;
    uint8_t *singles; /* by byte: it is a literal; NULL when none has one byte */
    uint8_t *pairs;   /* by two bytes, a bit: a literal of two or three begins so; NULL likewise */
    bool ascii_pairs; /* some of them are in plain ASCII */
    size_t stride; /* one of so many places is enough to look at: each literal has as many grams */
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

/* Equal keys of different kinds are possible: a false proposal. */
static uint64_t make_key(eg_anchor anchor, size_t bytes, uint64_t value)
{
    uint64_t key = (value + ((uint64_t)anchor << 4) + bytes) * UINT64_C(0x9E3779B97F4A7C15);

    return key ? key : 1;
}

static size_t key_bytes(size_t length)
{
    return length < KEY_BYTES ? length : KEY_BYTES;
}

/* The same as load() where EG_LITERAL_PADDING bytes follow: without a loop. */
static uint64_t load_padded(const char *bytes, size_t count)
{
    return load(bytes, 8) & (UINT64_MAX >> (64 - 8 * count));
}

/* By its length and both ends: texts that agree in them are rare. */
static uint64_t whole_key(eg_str text)
{
    uint64_t value = 0;

    if (text.len >= KEY_BYTES)
        value = load(text.ptr, KEY_BYTES) * UINT64_C(0xD6E8FEB86659FD93) +
                load(text.ptr + text.len - KEY_BYTES, KEY_BYTES);
    else if (text.len > 0)
        value = load(text.ptr, text.len);
    return make_key(EG_ANCHOR_WHOLE, 0, (value ^ value >> 29) + text.len);
}

static uint64_t short_key(const char *at, size_t bytes)
{
    return make_key(EG_ANCHOR_INSIDE, bytes, load(at, bytes));
}

/* The upper half of the product: each of its bits depends on all of the gram. */
static size_t gram_hash(uint32_t gram)
{
    return (size_t)((uint64_t)gram * UINT64_C(0x9E3779B97F4A7C15) >> 32);
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

static uint32_t find_key(const eg_literal_index *index, uint64_t key)
{
    size_t at = (size_t)(key >> index->table_shift);

    while (index->table[at].key != 0) {
        if (index->table[at].key == key)
            return index->table[at].first;
        at = (at + 1) & index->table_mask;
    }
    return NO_ENTRY;
}

/* The place of a gram, or the free one where it would be. */
static gram_slot *find_gram(const eg_literal_index *index, size_t hash, uint32_t gram)
{
    size_t at = hash & index->gram_mask;

    while (index->grams[at].first != NO_ENTRY && index->grams[at].gram != gram)
        at = (at + 1) & index->gram_mask;
    return &index->grams[at];
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
static unsigned commonness(const char *at)
{
    static const uint8_t letters[] = {3, 2, 2, 2, 3, 2, 2, 2, 3, 0, 0, 2, 2,
                                      3, 3, 2, 0, 3, 3, 3, 2, 0, 0, 0, 0, 0};
    unsigned sum = 0;
    size_t i;

    for (i = 0; i < GRAM_BYTES; i++) {
        char c = at[i];

        if (c >= 'a' && c <= 'z')
            sum += letters[c - 'a'];
        else
            sum += c == ' ' || c == '.' || c == '\\' ? 3 : 1;
    }
    return sum;
}

/* What a place of ordinary text costs that has this gram. */
static double gram_cost(const gram_counts *counts, const eg_ordinary *ordinary, const char *gram)
{
    return eg_ordinary_share(ordinary, gram) * 1000 + *gram_count(counts, gram) +
           commonness(gram) / 16.0;
}

/* The first of as many neighbours as the stride wants, which together cost least. */
static size_t choose_grams(const gram_counts *counts, const eg_ordinary *ordinary, eg_str text,
                           size_t stride)
{
    size_t best = 0, i;
    double best_cost = 1e9, cost = 0;

    for (i = 0; i + GRAM_BYTES <= text.len; i++) {
        cost += gram_cost(counts, ordinary, text.ptr + i);
        if (i >= stride)
            cost -= gram_cost(counts, ordinary, text.ptr + i - stride);
        if (i + 1 >= stride && cost < best_cost) {
            best = i + 1 - stride;
            best_cost = cost;
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

static int reserve_grams(eg_literal_index *index, size_t count)
{
    unsigned bits = bits_for(count, BITS_PER_GRAM, BITMAP_BITS_MIN, BITMAP_BITS_MAX);
    size_t i;

    if (count == 0)
        return EG_OK;
    index->bitmap_mask = ((size_t)1 << bits) - 1;
    index->bitmap = keep(index, (size_t)1 << (bits - 6), sizeof(*index->bitmap));
    index->gram_mask = ((size_t)1 << bits_for(count, 2, 4, 40)) - 1;
    index->grams = keep(index, index->gram_mask + 1, sizeof(*index->grams));
    if (!index->bitmap || !index->grams)
        return EG_E_NOMEM;
    for (i = 0; i <= index->gram_mask; i++)
        index->grams[i].first = NO_ENTRY;
    return EG_OK;
}

/* Even the shortest literal has so many neighbouring grams. */
static size_t choose_stride(size_t shortest)
{
    size_t grams = shortest - GRAM_BYTES + 1;

    return grams < STRIDE_MAX ? grams : STRIDE_MAX;
}

static int reserve(eg_literal_index *index, const eg_literal *literals, size_t count)
{
    size_t inside[GRAM_BYTES + 1] = {0}, shortest = GRAM_BYTES + STRIDE_MAX, grams, i;
    unsigned bits;

    for (i = 0; i < count; i++) {
        size_t length = literals[i].text.len;

        if (literals[i].anchor != EG_ANCHOR_INSIDE)
            continue;
        inside[length < GRAM_BYTES ? length : GRAM_BYTES]++;
        if (length >= GRAM_BYTES && length < shortest)
            shortest = length;
    }
    index->stride = choose_stride(shortest);
    grams = inside[GRAM_BYTES] * index->stride;
    bits = bits_for(count - inside[GRAM_BYTES], 4, 4, 40);
    index->table_shift = 64 - bits;
    index->table_mask = ((size_t)1 << bits) - 1;
    index->table = keep(index, (size_t)1 << bits, sizeof(*index->table));
    index->entries = keep(index, count - inside[GRAM_BYTES] + grams, sizeof(*index->entries));
    if (!index->table || !index->entries)
        return EG_E_NOMEM;
    if (inside[1] > 0 && !(index->singles = keep(index, 256, 1)))
        return EG_E_NOMEM;
    if (inside[2] + inside[3] > 0 && !(index->pairs = keep(index, 65536 / 8, 1)))
        return EG_E_NOMEM;
    return reserve_grams(index, grams);
}

static entry *new_entry(eg_literal_index *index, const eg_literal *literal, uint32_t *first)
{
    entry *item = &index->entries[index->entry_count];

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
    uint32_t last = (uint32_t)literal->text.len - GRAM_BYTES;
    entry *item;

    while (index->table[at].key != 0 && index->table[at].key != key)
        at = (at + 1) & index->table_mask;
    if (index->table[at].key == 0)
        index->table[at].first = NO_ENTRY;
    index->table[at].key = key;
    item = new_entry(index, literal, &index->table[at].first);
    if (literal->text.len < GRAM_BYTES)
        return;
    if (literal->anchor == EG_ANCHOR_WHOLE)
        item->check_offset = last / 2; /* the key has both ends */
    else if (literal->anchor == EG_ANCHOR_HEAD)
        item->check_offset = last;
    item->check = load_gram(literal->text.ptr + item->check_offset);
}

/* What is checked lies as far from the gram as it can: near it, much agrees that is none. */
static void add_gram(eg_literal_index *index, const eg_literal *literal, size_t offset)
{
    const char *text = literal->text.ptr;
    size_t last = literal->text.len - GRAM_BYTES;
    uint32_t gram = load_gram(text + offset);
    size_t hash = gram_hash(gram);
    gram_slot *slot = find_gram(index, hash, gram);
    entry *item;

    index->bitmap[(hash & index->bitmap_mask) / 64] |= UINT64_C(1) << (hash % 64);
    slot->gram = gram;
    item = new_entry(index, literal, &slot->first);
    item->offset = (uint32_t)offset;
    item->check_offset = offset > last / 2 ? 0 : (uint32_t)last;
    item->check = load_gram(text + item->check_offset);
}

static void add_inside(eg_literal_index *index, const gram_counts *counts,
                       const eg_ordinary *ordinary, const eg_literal *literal)
{
    eg_str text = literal->text;

    size_t first, i;

    if (text.len >= GRAM_BYTES) {
        first = choose_grams(counts, ordinary, text, index->stride);
        for (i = 0; i < index->stride; i++)
            add_gram(index, literal, first + i);
        return;
    }
    if (text.len == 1)
        index->singles[(unsigned char)text.ptr[0]] = 1;
    else
        set_bit(index->pairs, pair_of(text.ptr));
    index->ascii_pairs |= ((unsigned char)text.ptr[0] & 0x80) == 0;
    add_key(index, short_key(text.ptr, text.len), literal);
}

static void add_length(key_lengths *lengths, size_t bytes)
{
    uint8_t i = 0;

    while (i < lengths->count && lengths->bytes[i] != bytes)
        i++;
    lengths->bytes[i] = (uint8_t)bytes;
    if (i == lengths->count)
        lengths->count++;
}

static void add(eg_literal_index *index, const gram_counts *counts, const eg_ordinary *ordinary,
                const eg_literal *literal)
{
    eg_str text = literal->text;
    size_t bytes = key_bytes(text.len);

    switch (literal->anchor) {
    case EG_ANCHOR_WHOLE:
        index->wholes = true;
        add_key(index, whole_key(text), literal);
        break;
    case EG_ANCHOR_HEAD:
        add_length(&index->heads, bytes);
        add_key(index, make_key(EG_ANCHOR_HEAD, bytes, load(text.ptr, bytes)), literal);
        break;
    case EG_ANCHOR_TAIL:
        add_length(&index->tails, bytes);
        add_key(index, make_key(EG_ANCHOR_TAIL, bytes, load(text.ptr + text.len - bytes, bytes)),
                literal);
        break;
    case EG_ANCHOR_INSIDE: add_inside(index, counts, ordinary, literal); break;
    }
}

int eg_literal_index_create(const eg_literal *literals, size_t count, const eg_ordinary *ordinary,
                            eg_literal_index **out)
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
        add(index, &counts, ordinary, &literals[i]);
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

/* ---- scanning ---- */

typedef struct scan {
    const eg_literal_index *index;
    eg_str text;
    eg_literal_propose propose;
    void *user;
} scan;

/* Every literal of this key, which begins at this place or ends with the text. */
static void propose_all(const scan *s, uint64_t key, size_t at, bool tail)
{
    size_t room = s->text.len - at;
    uint32_t i = find_key(s->index, key);

    while (i != NO_ENTRY) {
        const entry *item = &s->index->entries[i];
        size_t start = tail ? s->text.len - item->length : at;

        if (item->length <= room &&
            (item->length < GRAM_BYTES ||
             load_gram(s->text.ptr + start + item->check_offset) == item->check))
            s->propose(s->user, item->id, at);
        i = item->next;
    }
}

/* A gram that some literals have was found: those of which more is there are proposed. */
static void propose_gram(const scan *s, size_t hash, size_t at)
{
    const char *text = s->text.ptr;
    uint32_t i = find_gram(s->index, hash, load_gram(text + at))->first;

    while (i != NO_ENTRY) {
        const entry *item = &s->index->entries[i];
        size_t start = at - item->offset;

        if (item->offset <= at && item->length <= s->text.len - start &&
            load_gram(text + start + item->check_offset) == item->check)
            s->propose(s->user, item->id, start);
        i = item->next;
    }
}

bool eg_literal_index_has_ends(const eg_literal_index *index)
{
    return index->wholes || index->heads.count > 0 || index->tails.count > 0;
}

void eg_literal_index_scan_ends(const eg_literal_index *index, eg_str text,
                                eg_literal_propose propose, void *user)
{
    scan s = {index, text, propose, user};
    const char *end = text.ptr + text.len;
    size_t i, bytes;

    if (index->wholes)
        propose_all(&s, whole_key(text), 0, false);
    for (i = 0; i < index->heads.count; i++) {
        bytes = index->heads.bytes[i];
        if (bytes <= text.len)
            propose_all(&s, make_key(EG_ANCHOR_HEAD, bytes, load_padded(text.ptr, bytes)), 0,
                        false);
    }
    for (i = 0; i < index->tails.count; i++) {
        bytes = index->tails.bytes[i];
        if (bytes <= text.len)
            propose_all(&s, make_key(EG_ANCHOR_TAIL, bytes, load_padded(end - bytes, bytes)), 0,
                        true);
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
            propose_all(s, short_key(s->text.ptr + at, 1), at, false);
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
        propose_all(s, short_key(text + at, 2), at, false);
        if (at + 1 < places)
            propose_all(s, short_key(text + at, 3), at, false);
    }
}

static void scan_grams(const scan *s)
{
    const uint64_t *bitmap = s->index->bitmap;
    size_t mask = s->index->bitmap_mask, stride = s->index->stride, left;
    const char *at = s->text.ptr;

    if (s->text.len < GRAM_BYTES)
        return;
    for (left = (s->text.len - GRAM_BYTES) / stride + 1; left > 0; left--, at += stride) {
        size_t hash = gram_hash(load_gram(at));

        if (bitmap[(hash & mask) / 64] >> (hash % 64) & 1)
            propose_gram(s, hash, (size_t)(at - s->text.ptr));
    }
}

void eg_literal_index_scan_inside(const eg_literal_index *index, eg_str text, bool ascii,
                                  eg_literal_propose propose, void *user)
{
    scan s = {index, text, propose, user};

    if (index->singles)
        scan_singles(&s);
    if (index->pairs && (index->ascii_pairs || !ascii))
        scan_pairs(&s);
    if (index->bitmap)
        scan_grams(&s);
}
