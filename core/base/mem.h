/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only door to the heap. Everything is allocated here, so that tests can make any allocation
 * fail and so that libraries (SQLite, yyjson, libyara) can be pointed at one allocator.
 * Thread-safe. Who calls eg_alloc* owns the block and frees it with eg_free.
 *
 * An arena is a bump allocator for many small things that die together (a compiled rule set, one
 * event): blocks are never freed one by one. An arena belongs to one thread at a time.
 */
#ifndef EG_BASE_MEM_H
#define EG_BASE_MEM_H

#include <stddef.h>

/* NULL and status EG_E_NOMEM with a message when memory runs out. size 0 gives a valid pointer. */
void *eg_alloc(size_t size);
void *eg_alloc_zero(size_t count, size_t size);      /* checks count * size for overflow */
void *eg_realloc(void *block, size_t size);          /* the old block stays valid on failure */
void eg_free(void *block);                           /* NULL-safe */
char *eg_copy_bytes(const char *bytes, size_t size); /* adds a NUL */

/*
 * Test seam: the allocation number `count` from now on (0 = the next one) and all after it fail,
 * on every thread, until called with -1. eg_mem_failures() counts how many were refused.
 */
void eg_mem_fail_after(long count);
long eg_mem_failures(void);

typedef struct eg_arena eg_arena;

int eg_arena_create(eg_arena **out, size_t block_size);
void eg_arena_destroy(eg_arena *arena);             /* NULL-safe */
void *eg_arena_alloc(eg_arena *arena, size_t size); /* aligned, zeroed; NULL on no memory */
char *eg_arena_copy(eg_arena *arena, const char *bytes, size_t size); /* adds a NUL */
void eg_arena_reset(eg_arena *arena);         /* forgets everything, keeps the memory */
size_t eg_arena_bytes(const eg_arena *arena); /* held from the heap */

#endif
