/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which AMSI contents were told a moment ago. A script host hands the same text over each time it
 * runs it, a loop thousands of times; what a process repeats is counted and told once in a while.
 * Keyed by the content itself, not by the hash that the record claims, and by the writing process,
 * whose id is the kernel's word. Bounded; pure; one thread.
 */
#ifndef EG_DECODE_CONTENT_SEEN_H
#define EG_DECODE_CONTENT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EG_CONTENT_SEEN_ENTRIES 1024u
#define EG_CONTENT_SEEN_MS (3u * 60 * 1000)

typedef struct eg_content_seen_entry {
    bool used;
    uint32_t pid;
    uint32_t result;
    uint64_t since; /* milliseconds: when it was told last */
    uint64_t repeated;
    uint64_t hash;
} eg_content_seen_entry;

typedef struct eg_content_seen {
    uint64_t seed; /* set to something random once, so that nobody can make contents look alike */
    eg_content_seen_entry entries[EG_CONTENT_SEEN_ENTRIES];
    uint64_t repeated; /* in all */
} eg_content_seen;

/*
 * True when this content is to be told now: new, or told longer than EG_CONTENT_SEEN_MS ago.
 * `repeated` is how often it came since it was told last. `now` is any steady clock.
 */
bool eg_content_seen_is_news(eg_content_seen *seen, uint32_t pid, uint32_t result,
                             const uint8_t *content, size_t size, uint64_t now, uint64_t *repeated);

#endif
