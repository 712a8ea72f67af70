/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_scanner.h"

#include "cli/cli.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/yara/verdict_cache_file.h"
#include "worker/scan_client.h"

#include <string.h>

#define PROCESS_BYTES ((uint64_t)1024 * 1024 * 1024) /* of the memory of one program */
#define CACHE_FILES ((size_t)256 * 1024)

static const eg_yara_rules *rules_of(const eg_check_scanner *scanner)
{
    return eg_ruleset_yara(scanner->ruleset);
}

static int open_cache(eg_check_scanner *scanner, const char *file)
{
    const uint64_t fingerprint = eg_yara_engine.fingerprint(rules_of(scanner));
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

int eg_check_scanner_open(eg_check_scanner *scanner, const eg_ruleset *ruleset,
                          const char *cache_file, const char *worker)
{
    *scanner = (eg_check_scanner){.ruleset = ruleset, .cache_file = cache_file};
    int status = EG_OK;
    if (worker) {
        scanner->worker = eg_copy_bytes(worker, strlen(worker));
        status = scanner->worker ? EG_OK : EG_E_NOMEM;
    }
    if (status == EG_OK && cache_file) {
        status = open_cache(scanner, cache_file);
    }
    if (status != EG_OK) {
        eg_verdict_cache_destroy(scanner->cache);
        eg_free(scanner->worker);
        *scanner = (eg_check_scanner){NULL, NULL, NULL, NULL};
    }
    return status;
}

void eg_check_scanner_close(eg_check_scanner *scanner)
{
    if (scanner->cache &&
        eg_verdict_cache_save(scanner->cache, eg_yara_engine.fingerprint(rules_of(scanner)),
                              scanner->cache_file) != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    eg_verdict_cache_destroy(scanner->cache);
    eg_free(scanner->worker);
    *scanner = (eg_check_scanner){NULL, NULL, NULL, NULL};
}

static int make_child(const eg_check_scanner *of, const eg_file_scan_limits *limits,
                      eg_scanner *out)
{
    const eg_yara_files *files = eg_ruleset_yara_files(of->ruleset);
    const eg_scan_client_options options = {
        .program = of->worker,
        .engine = &eg_yara_engine,
        .rules = rules_of(of),
        .sources = files->items,
        .source_count = files->count,
        .cache = of->cache,
        .limits = *limits,
        .process_bytes = PROCESS_BYTES,
    };
    eg_scan_client *made = NULL;
    int status = eg_scan_client_create(&options, &made);
    if (status == EG_OK) {
        *out = eg_scan_client_scanner(made);
    }
    return status;
}

int eg_check_scanner_make(void *user, eg_scanner *out)
{
    const eg_check_scanner *of = user;
    const eg_file_scan_limits limits = {EG_FILE_SCAN_BYTES, EG_FILE_SCAN_SECONDS};
    eg_scanner_in_process *made = NULL;
    if (of->worker) {
        return make_child(of, &limits, out);
    }
    int status =
        eg_scanner_in_process_create(&eg_yara_engine, rules_of(of), of->cache, &limits, &made);
    if (status == EG_OK) {
        *out = eg_scanner_in_process_scanner(made);
    }
    return status;
}

void eg_check_scanner_drop(void *user, eg_scanner *scanner)
{
    const eg_check_scanner *of = user;
    if (of->worker) {
        eg_scan_client_destroy(scanner->user);
    } else {
        eg_scanner_in_process_destroy(scanner->user);
    }
}
