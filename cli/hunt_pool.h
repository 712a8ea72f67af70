/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches worked off by several hunters at once and written in the order they were filled. One
 * hunter works on the caller's thread; more get threads of their own. The caller's thread reads,
 * fills batches and writes what came of them; only the ring of batches is shared.
 */
#ifndef EG_CLI_HUNT_POOL_H
#define EG_CLI_HUNT_POOL_H

#include "cli/hunt_batch.h"

#define EG_HUNT_JOBS_MAX 256

typedef struct eg_hunt_pool eg_hunt_pool;

typedef struct eg_hunt_totals {
    uint64_t events, broken, hits;
    uint64_t match_ns; /* of all hunters together */
} eg_hunt_totals;

/* `ruleset`, `format` and `paths` are borrowed until the pool is gone. */
int eg_hunt_pool_create(eg_ruleset *ruleset, const eg_hunt_format *format, const char *const *paths,
                        size_t jobs, eg_hunt_pool **out);
void eg_hunt_pool_destroy(eg_hunt_pool *pool); /* NULL-safe; drops what was not written */

/* The batch to add lines to. */
eg_hunt_batch *eg_hunt_pool_batch(eg_hunt_pool *pool);
/* Hands the batch over and makes an empty one ready, which may mean waiting and writing. */
int eg_hunt_pool_submit(eg_hunt_pool *pool);
/* Until everything submitted is written and flushed. */
int eg_hunt_pool_drain(eg_hunt_pool *pool);

/* Of what was written so far; match_ns and the hits by rule only once the pool is drained. */
void eg_hunt_pool_totals(const eg_hunt_pool *pool, eg_hunt_totals *totals);
int eg_hunt_pool_rule_hits(const eg_hunt_pool *pool, uint64_t **out); /* eg_free */

#endif
