/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanners of a check: one for each thread that looks, all with the rules of one ruleset and,
 * with a cache file, one memory of what earlier checks found clean. With a worker each is a child
 * that may die of what it looks at; without one files are looked at here, and memory is not.
 * Opened and closed by the thread that runs the check; ruleset and cache file are borrowed.
 */
#ifndef EG_CLI_CHECK_SCANNER_H
#define EG_CLI_CHECK_SCANNER_H

#include "core/detect/ruleset.h"
#include "core/yara/scanner.h"

typedef struct eg_check_scanner {
    const eg_ruleset *ruleset;
    const char *cache_file;
    char *worker;            /* emoguard-worker.exe; NULL: there is none */
    eg_verdict_cache *cache; /* NULL without a file */
} eg_check_scanner;

/*
 * A cache file that cannot be used costs time, not the check: said on standard error. `worker` is
 * copied and may be NULL.
 */
int eg_check_scanner_open(eg_check_scanner *scanner, const eg_ruleset *ruleset,
                          const char *cache_file, const char *worker);
void eg_check_scanner_close(eg_check_scanner *scanner); /* writes the cache file */

/* For eg_check_look, `user` is the eg_check_scanner. Any thread. */
int eg_check_scanner_make(void *user, eg_scanner *out);
void eg_check_scanner_drop(void *user, eg_scanner *scanner);

#endif
