/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict cache on disk, so that files that did not change are not read again after a restart.
 * The file holds keys only, bounded in number, under a checksum; it counts for one set of rules and
 * one version of this program, since a newer one may see more. It is believed: whoever may write it
 * can have a file passed over, so it belongs where only the account that looks may write.
 * Whoever owns the cache calls this; any thread.
 */
#ifndef EG_YARA_VERDICT_CACHE_FILE_H
#define EG_YARA_VERDICT_CACHE_FILE_H

#include "core/yara/verdict_cache.h"

#define EG_VERDICT_FILE_KEYS ((size_t)1024 * 1024) /* at most, 56 bytes each */

/*
 * Adds what the file knows to a cache that uses the rules `fingerprint`. EG_E_NOTFOUND when there
 * is no file, or it was written under other rules or by another version; EG_E_CORRUPT when it is
 * damaged, EG_E_NOMEM, or why it cannot be read. The cache is then as it was.
 */
int eg_verdict_cache_load(eg_verdict_cache *cache, uint64_t fingerprint, const char *path);
/* Replaces the file in one step. EG_E_NOMEM, EG_E_LIMIT when it has too many keys, or why not. */
int eg_verdict_cache_save(eg_verdict_cache *cache, uint64_t fingerprint, const char *path);

#endif
