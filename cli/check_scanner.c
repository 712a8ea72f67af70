/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_scanner.h"

#include "cli/cli.h"
#include "core/base/status.h"
#include "core/yara/verdict_cache_file.h"

#define CACHE_FILES ((size_t)256 * 1024)

static int open_cache(eg_check_scanner *scanner, const char *file)
{
    const uint64_t fingerprint = eg_yara_engine.fingerprint(scanner->rules);
    int status = eg_verdict_cache_create(CACHE_FILES, &scanner->cache);
    if (status != EG_OK) {
        return status;
    }
    eg_verdict_cache_use_rules(scanner->cache, fingerprint);
    status = eg_verdict_cache_load(scanner->cache, fingerprint, file);
    if (status != EG_OK && status != EG_E_NOTFOUND && status != EG_E_NOMEM) {
        eg_cli_error("%s", eg_error_message());
        status = EG_OK;
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

int eg_check_scanner_open(eg_check_scanner *scanner, const eg_yara_rules *rules,
                          const char *cache_file)
{
    *scanner = (eg_check_scanner){rules, cache_file, NULL};
    int status = cache_file ? open_cache(scanner, cache_file) : EG_OK;
    if (status != EG_OK) {
        eg_verdict_cache_destroy(scanner->cache);
        scanner->cache = NULL;
    }
    return status;
}

void eg_check_scanner_close(eg_check_scanner *scanner)
{
    if (scanner->cache &&
        eg_verdict_cache_save(scanner->cache, eg_yara_engine.fingerprint(scanner->rules),
                              scanner->cache_file) != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    eg_verdict_cache_destroy(scanner->cache);
    scanner->cache = NULL;
}

int eg_check_scanner_make(void *user, eg_scanner *out)
{
    const eg_check_scanner *of = user;
    const eg_file_scan_limits limits = {EG_FILE_SCAN_BYTES, EG_FILE_SCAN_SECONDS};
    eg_scanner_in_process *made = NULL;
    int status =
        eg_scanner_in_process_create(&eg_yara_engine, of->rules, of->cache, &limits, &made);
    if (status == EG_OK) {
        *out = eg_scanner_in_process_scanner(made);
    }
    return status;
}

void eg_check_scanner_drop(void *user, eg_scanner *scanner)
{
    EG_UNUSED(user);
    eg_scanner_in_process_destroy(scanner->user);
}
