/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By which four bytes a literal is known: those that ordinary text and other literals hold least.
 * Belongs to the thread that builds an index, and is needed no longer than that.
 */
#ifndef EG_SIGMA_GRAM_COUNTS_H
#define EG_SIGMA_GRAM_COUNTS_H

#include "core/sigma/literal_index.h"

/* How often each gram stands in the literals; counted by hash, which is exact enough to choose. */
typedef struct eg_gram_counts {
    uint32_t *counts;
    unsigned shift;
} eg_gram_counts;

/* Free out->counts with eg_free. EG_E_NOMEM. */
int eg_gram_counts_make(const eg_literal *literals, size_t count, eg_gram_counts *out);
/* The first of as many neighbours as the stride wants, which together cost least. */
size_t eg_gram_counts_choose(const eg_gram_counts *counts, const eg_ordinary *ordinary, eg_str text,
                             size_t stride);

#endif
