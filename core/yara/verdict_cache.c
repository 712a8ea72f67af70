/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yara/verdict_cache.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

#define WAYS 4 /* places where a key may stand */
#define CAPACITY_MAX ((size_t)16 * 1024 * 1024)

typedef struct entry {
    eg_verdict_key key;
    bool used;
} entry;

struct eg_verdict_cache {
    eg_mutex lock;
    entry *entries;
    size_t groups;   /* of WAYS entries; a power of two */
    size_t next_way; /* whose place is taken next in a full group */
    uint64_t fingerprint;
};

int eg_verdict_cache_create(size_t capacity, eg_verdict_cache **out)
{
    if (capacity > CAPACITY_MAX) {
        return eg_fail(EG_E_LIMIT, "a verdict cache of %zu files", capacity);
    }
    eg_verdict_cache *cache = eg_alloc_zero(1, sizeof(*cache));
    if (!cache) {
        return EG_E_NOMEM;
    }
    cache->groups = 1;
    while (cache->groups * WAYS < capacity) {
        cache->groups *= 2;
    }
    cache->entries = eg_alloc_zero(cache->groups * WAYS, sizeof(*cache->entries));
    int status = cache->entries ? eg_mutex_init(&cache->lock) : EG_E_NOMEM;
    if (status != EG_OK) {
        eg_free(cache->entries);
        eg_free(cache);
        return status;
    }
    *out = cache;
    return EG_OK;
}

void eg_verdict_cache_destroy(eg_verdict_cache *cache)
{
    if (!cache) {
        return;
    }
    eg_mutex_done(&cache->lock);
    eg_free(cache->entries);
    eg_free(cache);
}

static bool is_equal(const eg_verdict_key *a, const eg_verdict_key *b)
{
    return a->facts == b->facts && eg_file_identity_equal(&a->file, &b->file);
}

/* The file decides: a changed one takes the place of what it was. */
static entry *find_group(const eg_verdict_cache *cache, const eg_verdict_key *key)
{
    uint64_t hash = (key->file.id[0] ^ key->file.id[1] ^ key->file.volume ^ key->facts) *
                    UINT64_C(0x9E3779B97F4A7C15);
    return &cache->entries[((size_t)(hash ^ hash >> 32) & (cache->groups - 1)) * WAYS];
}

static bool is_same_file(const eg_verdict_key *a, const eg_verdict_key *b)
{
    return a->facts == b->facts && a->file.volume == b->file.volume &&
           a->file.id[0] == b->file.id[0] && a->file.id[1] == b->file.id[1];
}

void eg_verdict_cache_use_rules(eg_verdict_cache *cache, uint64_t fingerprint)
{
    eg_mutex_lock(&cache->lock);
    if (cache->fingerprint != fingerprint) {
        memset(cache->entries, 0, cache->groups * WAYS * sizeof(*cache->entries));
        cache->fingerprint = fingerprint;
    }
    eg_mutex_unlock(&cache->lock);
}

bool eg_verdict_cache_is_clean(eg_verdict_cache *cache, uint64_t fingerprint,
                               const eg_verdict_key *key)
{
    bool found = false;
    eg_mutex_lock(&cache->lock);
    const entry *group = find_group(cache, key);
    for (size_t i = 0; i < WAYS && !found && cache->fingerprint == fingerprint; i++) {
        found = group[i].used && is_equal(&group[i].key, key);
    }
    eg_mutex_unlock(&cache->lock);
    return found;
}

void eg_verdict_cache_add_clean(eg_verdict_cache *cache, uint64_t fingerprint,
                                const eg_verdict_key *key)
{
    eg_mutex_lock(&cache->lock);
    if (cache->fingerprint == fingerprint) {
        entry *group = find_group(cache, key);
        entry *place = NULL;
        for (size_t i = 0; i < WAYS && !place; i++) {
            if (group[i].used && is_same_file(&group[i].key, key)) {
                place = &group[i];
            }
        }
        for (size_t i = 0; i < WAYS && !place; i++) {
            if (!group[i].used) {
                place = &group[i];
            }
        }
        if (!place) {
            place = &group[cache->next_way];
            cache->next_way = (cache->next_way + 1) % WAYS;
        }
        *place = (entry){*key, true};
    }
    eg_mutex_unlock(&cache->lock);
}

void eg_verdict_cache_each(eg_verdict_cache *cache, eg_verdict_visit visit, void *user)
{
    eg_mutex_lock(&cache->lock);
    for (size_t i = 0; i < cache->groups * WAYS; i++) {
        if (cache->entries[i].used) {
            visit(user, &cache->entries[i].key);
        }
    }
    eg_mutex_unlock(&cache->lock);
}
