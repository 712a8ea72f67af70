/* SPDX-License-Identifier: Apache-2.0 */
/* Looking through one text with an index. */
#include "core/sigma/literal_table.h"

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
    uint32_t i = eg_literal_find_key(s->index, key);

    while (i != EG_NO_ENTRY) {
        const eg_literal_entry *item = &s->index->entries[i];
        size_t start = tail ? s->text.len - item->length : at;

        if (item->length <= room &&
            (item->length < EG_GRAM_BYTES ||
             eg_gram_load(s->text.ptr + start + item->check_offset) == item->check)) {
            s->propose(s->user, item->id, start);
        }
        i = item->next;
    }
}

/* A gram that some literals have was found: those of which more is there are proposed. */
static void propose_gram(const scan *s, size_t hash, size_t at)
{
    const char *text = s->text.ptr;
    uint32_t i = eg_literal_find_gram(s->index, hash, eg_gram_load(text + at))->first;

    while (i != EG_NO_ENTRY) {
        const eg_literal_entry *item = &s->index->entries[i];
        size_t start = at - item->offset;

        if (item->offset <= at && item->length <= s->text.len - start &&
            eg_gram_load(text + start + item->check_offset) == item->check) {
            s->propose(s->user, item->id, start);
        }
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

    if (index->wholes) {
        propose_all(&s, eg_key_of_whole(text), 0, false);
    }
    for (i = 0; i < index->heads.count; i++) {
        bytes = index->heads.bytes[i];
        if (bytes <= text.len) {
            propose_all(
                &s,
                eg_key_of_head(text.ptr, bytes, eg_key_load_padded(text.ptr, eg_key_bytes(bytes))),
                0, false);
        }
    }
    for (i = 0; i < index->tails.count; i++) {
        bytes = index->tails.bytes[i];
        if (bytes <= text.len) {
            propose_all(&s,
                        eg_key_make(EG_ANCHOR_TAIL, bytes, eg_key_load_padded(end - bytes, bytes)),
                        0, true);
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
            propose_all(s, eg_key_of_short(s->text.ptr + at, 1), at, false);
        }
    }
}

static void scan_pairs(const scan *s)
{
    const uint8_t *pairs = s->index->pairs;
    const char *text = s->text.ptr;
    size_t at, places = s->text.len < 2 ? 0 : s->text.len - 1;

    for (at = 0; at < places; at++) {
        if (!eg_bit_is_set(pairs, eg_pair_of(text + at))) {
            continue;
        }
        propose_all(s, eg_key_of_short(text + at, 2), at, false);
        if (at + 1 < places) {
            propose_all(s, eg_key_of_short(text + at, 3), at, false);
        }
    }
}

static void scan_grams(const scan *s)
{
    const uint64_t *bitmap = s->index->bitmap;
    size_t mask = s->index->bitmap_mask, stride = s->index->stride, left;
    const char *at = s->text.ptr;

    if (s->text.len < EG_GRAM_BYTES) {
        return;
    }
    for (left = (s->text.len - EG_GRAM_BYTES) / stride + 1; left > 0; left--, at += stride) {
        size_t hash = eg_gram_hash(eg_gram_load(at));

        if (bitmap[(hash & mask) / 64] >> (hash % 64) & 1) {
            propose_gram(s, hash, (size_t)(at - s->text.ptr));
        }
    }
}

void eg_literal_index_scan_inside(const eg_literal_index *index, eg_str text, bool ascii,
                                  eg_literal_propose propose, void *user)
{
    scan s = {index, text, propose, user};

    if (index->singles) {
        scan_singles(&s);
    }
    if (index->pairs && (index->ascii_pairs || !ascii)) {
        scan_pairs(&s);
    }
    if (index->bitmap) {
        scan_grams(&s);
    }
}
