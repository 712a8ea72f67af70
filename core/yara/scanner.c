/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yara/scanner.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

struct eg_scanner_in_process {
    eg_file_scan *scan;
    eg_buf path; /* of the job, with its NUL */
};

int eg_scanner_in_process_create(const eg_yara_ops *engine, const eg_yara_rules *rules,
                                 eg_verdict_cache *cache, const eg_file_scan_limits *limits,
                                 eg_scanner_in_process **out)
{
    eg_scanner_in_process *scanner = eg_alloc_zero(1, sizeof(*scanner));
    if (!scanner) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&scanner->path, EG_FILE_SCAN_PATH_MAX);
    int status = eg_file_scan_create(engine, rules, cache, limits, &scanner->scan);
    if (status != EG_OK) {
        eg_free(scanner);
        return status;
    }
    *out = scanner;
    return EG_OK;
}

void eg_scanner_in_process_destroy(eg_scanner_in_process *scanner)
{
    if (scanner) {
        eg_file_scan_destroy(scanner->scan);
        eg_buf_done(&scanner->path);
        eg_free(scanner);
    }
}

static int scan_file(eg_scanner_in_process *scanner, const eg_scan_job *job, eg_file_report *out)
{
    eg_buf_clear(&scanner->path);
    int status = eg_buf_append_str(&scanner->path, job->path);
    if (status == EG_E_LIMIT) {
        memset(out, 0, sizeof(*out));
        eg_file_report_gap(out, EG_GAP_UNREADABLE, "its path is too long");
        return EG_OK;
    }
    return status == EG_OK
               ? eg_file_scan_run(scanner->scan, eg_buf_cstr(&scanner->path), &job->facts, out)
               : status;
}

static int scan_in_process(void *user, const eg_scan_job *job, eg_file_report *out)
{
    eg_scanner_in_process *scanner = user;
    switch (job->kind) {
    case EG_SCAN_FILE: return scan_file(scanner, job, out);
    case EG_SCAN_BYTES: return eg_file_scan_bytes(scanner->scan, job->bytes, &job->facts, out);
    default:
        memset(out, 0, sizeof(*out));
        eg_file_report_gap(out, EG_GAP_WORKER, "memory is looked at by emoguard-worker.exe only");
        return EG_OK;
    }
}

eg_scanner eg_scanner_in_process_scanner(eg_scanner_in_process *scanner)
{
    return (eg_scanner){scanner, scan_in_process};
}
