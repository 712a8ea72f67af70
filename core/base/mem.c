/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"

#include "core/base/os.h"
#include "core/base/status.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT ((size_t)16)

static eg_atomic seam_armed;
static eg_atomic seam_left;
static eg_atomic seam_failures;

static bool refused_by_seam(void)
{
    if (eg_atomic_get(&seam_armed) == 0 || eg_atomic_add(&seam_left, -1) >= 0) {
        return false;
    }
    eg_atomic_add(&seam_failures, 1);
    return true;
}

static void *out_of_memory(size_t size)
{
    eg_fail(EG_E_NOMEM, "out of memory (%zu bytes wanted)", size);
    return NULL;
}

void *eg_alloc(size_t size)
{
    void *block = refused_by_seam() ? NULL : malloc(size > 0 ? size : 1);
    return block ? block : out_of_memory(size);
}

void *eg_alloc_zero(size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size) {
        return out_of_memory(SIZE_MAX);
    }
    size_t total = count * size;
    void *block = refused_by_seam() ? NULL : calloc(1, total > 0 ? total : 1);
    return block ? block : out_of_memory(total);
}

void *eg_realloc(void *block, size_t size)
{
    void *moved = refused_by_seam() ? NULL : realloc(block, size > 0 ? size : 1);
    return moved ? moved : out_of_memory(size);
}

void eg_free(void *block)
{
    free(block);
}

char *eg_copy_bytes(const char *bytes, size_t size)
{
    if (size == SIZE_MAX) {
        return out_of_memory(size);
    }
    char *copy = eg_alloc(size + 1);
    if (!copy) {
        return NULL;
    }
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    copy[size] = '\0';
    return copy;
}

void eg_mem_fail_after(long count)
{
    eg_atomic_set(&seam_armed, 0);
    if (count < 0) {
        return;
    }
    eg_atomic_set(&seam_failures, 0);
    eg_atomic_set(&seam_left, count);
    eg_atomic_set(&seam_armed, 1);
}

long eg_mem_failures(void)
{
    return (long)eg_atomic_get(&seam_failures);
}

/* ---- arena ---- */

/* The bytes follow the header, which is padded so that they are aligned. */
typedef struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
} arena_block;

#define HEADER_SIZE ((sizeof(arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

struct eg_arena {
    arena_block *first;
    arena_block *current; /* blocks behind it are empty */
    size_t block_size;
    size_t held;
};

int eg_arena_create(eg_arena **out, size_t block_size)
{
    eg_arena *arena = eg_alloc_zero(1, sizeof(*arena));
    if (!arena) {
        return EG_E_NOMEM;
    }
    arena->block_size = block_size > 256 ? block_size : 256;
    arena->held = sizeof(*arena);
    *out = arena;
    return EG_OK;
}

void eg_arena_destroy(eg_arena *arena)
{
    if (!arena) {
        return;
    }
    arena_block *block = arena->first;
    while (block) {
        arena_block *next = block->next;
        eg_free(block);
        block = next;
    }
    eg_free(arena);
}

/* A new block behind the current one, large enough for `size`. */
static arena_block *grow(eg_arena *arena, size_t size)
{
    size_t room = size > arena->block_size ? size : arena->block_size;
    if (room > SIZE_MAX - HEADER_SIZE) {
        return out_of_memory(size);
    }
    arena_block *block = eg_alloc(HEADER_SIZE + room);
    if (!block) {
        return NULL;
    }
    block->size = room;
    block->used = 0;
    if (arena->current) {
        block->next = arena->current->next;
        arena->current->next = block;
    } else {
        block->next = arena->first;
        arena->first = block;
    }
    arena->held += HEADER_SIZE + room;
    return block;
}

void *eg_arena_alloc(eg_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT) {
        return out_of_memory(size);
    }
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    arena_block *block = arena->current;
    while (block && block->size - block->used < size) {
        arena->current = block;
        block = block->next;
    }
    if (!block) {
        block = grow(arena, size);
    }
    if (!block) {
        return NULL;
    }
    arena->current = block;
    unsigned char *bytes = (unsigned char *)block + HEADER_SIZE + block->used;
    block->used += size;
    memset(bytes, 0, size);
    return bytes;
}

char *eg_arena_copy(eg_arena *arena, const char *bytes, size_t size)
{
    if (size == SIZE_MAX) {
        return out_of_memory(size);
    }
    char *copy = eg_arena_alloc(arena, size + 1);
    if (copy && size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

void eg_arena_reset(eg_arena *arena)
{
    for (arena_block *block = arena->first; block; block = block->next) {
        block->used = 0;
    }
    arena->current = arena->first;
}

size_t eg_arena_bytes(const eg_arena *arena)
{
    return arena->held;
}
