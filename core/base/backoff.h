/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pauses between attempts at something that fails: each is twice the one before, up to a bound,
 * until something worked. A value that its owner keeps; not synchronised.
 */
#ifndef EG_BASE_BACKOFF_H
#define EG_BASE_BACKOFF_H

#include "core/base/str.h"

/* Fills `out` with bytes that nobody can guess, or fails: eg_random_bytes, or a test's own. */
typedef int (*eg_random_source)(void *out, size_t size);

/* Begin with {.first_ms = ..., .most_ms = ...}. */
typedef struct eg_backoff {
    uint32_t first_ms, most_ms;
    uint32_t next_ms; /* 0: first_ms */
} eg_backoff;

/* The pause before the next attempt; the one after it is twice as long. */
uint32_t eg_backoff_next(eg_backoff *backoff);
/*
 * The same for many that fail at the same moment ("full jitter"): anything up to that pause, so
 * that they do not come back all at once.
 */
uint32_t eg_backoff_next_spread(eg_backoff *backoff, eg_random_source random);
void eg_backoff_at_least(eg_backoff *backoff, uint32_t milliseconds); /* the next pause */
void eg_backoff_reset(eg_backoff *backoff);                           /* something worked */

/* 0 to `max`, each as likely; the middle when the source fails. */
uint32_t eg_random_up_to(uint32_t max, eg_random_source random);

#endif
