/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds which of many strings one text equals, begins with, ends with or contains, in one pass.
 *
 * Whole texts, heads and tails are looked up in a hash table, tails by their last eight bytes at
 * most, heads by up to 32, for many begin alike. For `contains` every string is known by four bytes
 * of it, the ones that ordinary text and other strings hold least: a bitmap tells for nearly every
 * place of the text that none is there, and four more bytes of the string refuse most of what is
 * left. The caller verifies what is proposed, so a false proposal costs time only.
 *
 * Immutable once finished; any thread.
 */
#ifndef EG_SIGMA_LITERAL_INDEX_H
#define EG_SIGMA_LITERAL_INDEX_H

#include "core/base/str.h"
#include "core/sigma/ordinary.h"

typedef enum eg_anchor {
    EG_ANCHOR_WHOLE,
    EG_ANCHOR_HEAD,
    EG_ANCHOR_TAIL,
    EG_ANCHOR_INSIDE
} eg_anchor;

typedef struct eg_literal {
    eg_str text; /* folded, not empty */
    uint32_t id; /* told to the caller when it may be there */
    eg_anchor anchor;
} eg_literal;

typedef struct eg_literal_index eg_literal_index;

/* Borrows nothing from `literals` afterwards. */
int eg_literal_index_create(const eg_literal *literals, size_t count, const eg_ordinary *ordinary,
                            eg_literal_index **out);
void eg_literal_index_destroy(eg_literal_index *index); /* NULL-safe */
size_t eg_literal_index_memory(const eg_literal_index *index);

/*
 * Calls `propose` for every literal that may be there, possibly several times: `ends` for whole
 * texts, heads and tails, `inside` for the others; `at` is where it would begin. The text must be
 * followed by EG_LITERAL_PADDING readable bytes; `ascii` when it is nothing else.
 */
#define EG_LITERAL_PADDING 8
typedef void (*eg_literal_propose)(void *user, uint32_t id, size_t at);
bool eg_literal_index_has_ends(const eg_literal_index *index); /* else scan_ends does nothing */
void eg_literal_index_scan_ends(const eg_literal_index *index, eg_str text,
                                eg_literal_propose propose, void *user);
void eg_literal_index_scan_inside(const eg_literal_index *index, eg_str text, bool ascii,
                                  eg_literal_propose propose, void *user);

#endif
