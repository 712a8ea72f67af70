/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIDs to "DOMAIN\name". A lookup may ask a domain controller and take seconds, so answers are
 * kept, also the refusals. A cache belongs to one thread at a time.
 */
#ifndef EG_ACCOUNT_NAME_H
#define EG_ACCOUNT_NAME_H

#include "core/base/str.h"

typedef struct eg_account_cache eg_account_cache;

int eg_account_cache_create(eg_account_cache **out);
void eg_account_cache_destroy(eg_account_cache *cache); /* NULL-safe */

/*
 * The account of a SID, or the SID's text where nobody knows a name. Valid until the next call;
 * EG_STR_NONE when `sid` is no SID or memory ran out.
 */
eg_str eg_account_name(eg_account_cache *cache, const void *sid, size_t size);

#endif
