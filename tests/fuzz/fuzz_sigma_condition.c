/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/sigma/condition.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_sigma_condition(const uint8_t *data, size_t size);

static const eg_str names[] = {{"a", 1}, {"sel", 3}, {"sel_b", 5}, {"_x", 2}, {"of", 2}};

/* Whether the tree holds when the selections in `mask` do. */
static bool holds(const eg_condition *node, unsigned mask, int depth)
{
    size_t met = 0, i;

    EG_FUZZ_CHECK(depth <= EG_CONDITION_DEPTH_MAX * 4);
    if (node->kind == EG_CONDITION_SELECTION) {
        EG_FUZZ_CHECK(node->selection < EG_COUNT(names));
        return mask >> node->selection & 1;
    }
    EG_FUZZ_CHECK(node->count > 0);
    for (i = 0; i < node->count; i++)
        met += holds(node->children[i], mask, depth + 1) ? 1 : 0;
    switch (node->kind) {
    case EG_CONDITION_AND: return met == node->count;
    case EG_CONDITION_OR: return met > 0;
    case EG_CONDITION_NOT: return met == 0;
    default: return met >= node->need;
    }
}

/* "not (" text ")" is the contrary of the text, for every combination of selections. */
int eg_fuzz_sigma_condition(const uint8_t *data, size_t size)
{
    eg_str text = {size > 0 ? (const char *)data : "", size};
    const eg_condition *plain = NULL, *negated = NULL;
    eg_arena *arena;
    eg_buf around;
    unsigned mask;

    if (size > 4096 || eg_arena_create(&arena, 4096) != EG_OK)
        return 0;
    eg_buf_init(&around, 8192);
    if (eg_condition_parse(arena, text, names, EG_COUNT(names), &plain) == EG_OK &&
        eg_buf_appendf(&around, "not (%.*s)", EG_STR_ARGS(text)) == EG_OK) {
        int status =
            eg_condition_parse(arena, eg_buf_str(&around), names, EG_COUNT(names), &negated);

        EG_FUZZ_CHECK(status == EG_OK || status == EG_E_LIMIT || around.len < text.len + 6);
        for (mask = 0; status == EG_OK && mask < 1u << EG_COUNT(names); mask++)
            EG_FUZZ_CHECK(holds(plain, mask, 0) != holds(negated, mask, 0));
    }
    eg_buf_done(&around);
    eg_arena_destroy(arena);
    return 0;
}
