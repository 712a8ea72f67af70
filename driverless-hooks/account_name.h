/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIDs to "DOMAIN\name". A lookup may ask a domain controller and take seconds, so it runs in the
 * thread pool, and answers are kept, also the refusals. A cache belongs to one thread at a time.
 */
#ifndef EG_ACCOUNT_NAME_H
#define EG_ACCOUNT_NAME_H

#include "core/base/str.h"

typedef struct eg_account_cache eg_account_cache;

int eg_account_cache_create(eg_account_cache **out);
void eg_account_cache_destroy(eg_account_cache *cache); /* NULL-safe */

/* Appends the name of a SID; false when nobody knows it. On a thread of the pool. */
typedef bool (*eg_account_lookup)(const uint8_t *sid, eg_buf *out);
/* The same with another lookup than that of Windows. */
int eg_account_cache_create_with(eg_account_lookup lookup, eg_account_cache **out);

/*
 * The account of a SID, or the SID's text where nobody knows a name or the answer is late: a call
 * waits half a second at most, once in ten minutes for one SID, and not at all while an earlier
 * lookup still hangs. A late answer is used from then on. Valid until the next call; EG_STR_NONE
 * when `sid` is no SID or memory ran out.
 */
eg_str eg_account_name(eg_account_cache *cache, const void *sid, size_t size);

#endif
