/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remembers which files were looked at and found clean, so that looking again costs no reading.
 * Files that met a rule are not kept: they are rare, and whoever asks again wants to know all of
 * it. A key holds what the verdict depends on beside the rules; the rules are those of the cache,
 * and other rules empty it. Bounded: when it is full, the place of an older one is taken.
 * Any thread; the cache has a lock. Who creates it destroys it.
 */
#ifndef EG_YARA_VERDICT_CACHE_H
#define EG_YARA_VERDICT_CACHE_H

#include "core/base/os.h"

typedef struct eg_verdict_key {
    eg_file_identity file;
    uint64_t facts; /* eg_str_hash over what else rules were told: path, owner, signer, event */
} eg_verdict_key;

typedef struct eg_verdict_cache eg_verdict_cache;

/* Room for about `capacity` files (88 bytes each). */
int eg_verdict_cache_create(size_t capacity, eg_verdict_cache **out);
void eg_verdict_cache_destroy(eg_verdict_cache *cache); /* NULL-safe */
/* Forgets everything unless the rules are the same as before. */
void eg_verdict_cache_use_rules(eg_verdict_cache *cache, uint64_t fingerprint);
/* Is this file, as it is, known to be clean under these rules? */
bool eg_verdict_cache_is_clean(eg_verdict_cache *cache, uint64_t fingerprint,
                               const eg_verdict_key *key);
/* Ignored when `fingerprint` is not that of the cache: the rules changed during the scan. */
void eg_verdict_cache_add_clean(eg_verdict_cache *cache, uint64_t fingerprint,
                                const eg_verdict_key *key);
/* All that is known, for whoever keeps it on disk; `visit` must not call the cache. */
typedef void (*eg_verdict_visit)(void *user, const eg_verdict_key *key);
void eg_verdict_cache_each(eg_verdict_cache *cache, eg_verdict_visit visit, void *user);

#endif
