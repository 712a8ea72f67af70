/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/gram_counts.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/sigma/literal_table.h"

static uint32_t *gram_count(const eg_gram_counts *counts, const char *at)
{
    return &counts->counts[eg_gram_hash(eg_gram_load(at)) >> counts->shift];
}

/* The rarer its bytes are in paths and commands, the better a gram tells its literal apart. */
static unsigned commonness(const char *at)
{
    static const uint8_t letters[] = {3, 2, 2, 2, 3, 2, 2, 2, 3, 0, 0, 2, 2,
                                      3, 3, 2, 0, 3, 3, 3, 2, 0, 0, 0, 0, 0};
    unsigned sum = 0;
    size_t i;

    for (i = 0; i < EG_GRAM_BYTES; i++) {
        char c = at[i];

        if (c >= 'a' && c <= 'z') {
            sum += letters[c - 'a'];
        } else {
            sum += c == ' ' || c == '.' || c == '\\' ? 3 : 1;
        }
    }
    return sum;
}

/* What a place of ordinary text costs that has this gram. */
static double gram_cost(const eg_gram_counts *counts, const eg_ordinary *ordinary, const char *gram)
{
    return eg_ordinary_share(ordinary, gram) * 1000 + *gram_count(counts, gram) +
           commonness(gram) / 16.0;
}

size_t eg_gram_counts_choose(const eg_gram_counts *counts, const eg_ordinary *ordinary, eg_str text,
                             size_t stride)
{
    size_t best = 0, i;
    double best_cost = 1e9, cost = 0;

    for (i = 0; i + EG_GRAM_BYTES <= text.len; i++) {
        cost += gram_cost(counts, ordinary, text.ptr + i);
        if (i >= stride) {
            cost -= gram_cost(counts, ordinary, text.ptr + i - stride);
        }
        if (i + 1 >= stride && cost < best_cost) {
            best = i + 1 - stride;
            best_cost = cost;
        }
    }
    return best;
}

int eg_gram_counts_make(const eg_literal *literals, size_t count, eg_gram_counts *out)
{
    size_t grams = 0, i, j;
    unsigned bits = 10;

    for (i = 0; i < count; i++) {
        if (literals[i].anchor == EG_ANCHOR_INSIDE) {
            grams += literals[i].text.len;
        }
    }
    while (bits < 22 && (size_t)1 << bits < grams * 2) {
        bits++;
    }
    out->shift = 32 - bits;
    out->counts = eg_alloc_zero((size_t)1 << bits, sizeof(*out->counts));
    if (!out->counts) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < count; i++) {
        if (literals[i].anchor != EG_ANCHOR_INSIDE) {
            continue;
        }
        for (j = 0; j + EG_GRAM_BYTES <= literals[i].text.len; j++) {
            (*gram_count(out, literals[i].text.ptr + j))++;
        }
    }
    return EG_OK;
}
