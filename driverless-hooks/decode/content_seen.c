/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/content_seen.h"

/* Entries that a content may lie in: where its hash points to and the ones behind. */
enum { WAYS = 8 };

static uint64_t hash_of(uint64_t seed, const uint8_t *content, size_t size)
{
    uint64_t hash = seed ^ size;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ content[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return hash;
}

bool eg_content_seen_is_news(eg_content_seen *seen, uint32_t pid, uint32_t result,
                             const uint8_t *content, size_t size, uint64_t now, uint64_t *repeated)
{
    uint64_t hash = hash_of(seen->seed, content, size);
    eg_content_seen_entry *ways = &seen->entries[hash % (EG_CONTENT_SEEN_ENTRIES / WAYS) * WAYS];
    eg_content_seen_entry *entry = &ways[0];
    *repeated = 0;
    for (size_t i = 0; i < WAYS; i++) {
        eg_content_seen_entry *e = &ways[i];
        if (e->used && e->hash == hash && e->pid == pid && e->result == result) {
            if (now - e->since < EG_CONTENT_SEEN_MS) {
                e->repeated++;
                seen->repeated++;
                return false;
            }
            *repeated = e->repeated;
            entry = e;
            break;
        }
        if (!e->used || (entry->used && e->since < entry->since)) {
            entry = e;
        }
    }
    *entry = (eg_content_seen_entry){
        .used = true, .pid = pid, .result = result, .since = now, .hash = hash};
    return true;
}
