/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yara/file_scan.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/unpack/unpack.h"

#include <stdio.h>
#include <string.h>

struct eg_file_scan {
    const eg_yara_ops *engine;
    eg_yara_scanner *scanner;
    eg_verdict_cache *cache;
    eg_file_scan_limits limits;
    uint64_t fingerprint;
    eg_buf bytes;
    eg_yara_result result; /* of one buffer */
};

/* One file while its contents are looked at. */
typedef struct one_file {
    eg_file_scan *scan;
    eg_yara_facts facts;
    eg_file_report *report;
} one_file;

int eg_file_scan_create(const eg_yara_ops *engine, const eg_yara_rules *rules,
                        eg_verdict_cache *cache, const eg_file_scan_limits *limits,
                        eg_file_scan **out)
{
    eg_file_scan *scan = eg_alloc_zero(1, sizeof(*scan));
    if (!scan) {
        return EG_E_NOMEM;
    }
    scan->engine = engine;
    scan->cache = cache;
    scan->limits = *limits;
    scan->fingerprint = engine->fingerprint(rules);
    eg_buf_init(&scan->bytes, limits->bytes);
    int status = engine->scanner_create(rules, &scan->scanner);
    if (status != EG_OK) {
        eg_file_scan_destroy(scan);
        return status;
    }
    *out = scan;
    return EG_OK;
}

void eg_file_scan_destroy(eg_file_scan *scan)
{
    if (!scan) {
        return;
    }
    scan->engine->scanner_destroy(scan->scanner);
    eg_buf_done(&scan->bytes);
    eg_free(scan);
}

/* ---- what a file is ---- */

typedef struct magic {
    eg_str start;
    eg_str type;
} magic;

static const magic magics[] = {
    {EG_STR_INIT("MZ"), EG_STR_INIT("EXE")},
    {EG_STR_INIT("\x7F"
                 "ELF"),
     EG_STR_INIT("ELF")},
    {EG_STR_INIT("PK\x03\x04"), EG_STR_INIT("ZIP")},
    {EG_STR_INIT("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), EG_STR_INIT("OLE")},
    {EG_STR_INIT("{\\rt"), EG_STR_INIT("RTF")},
    {EG_STR_INIT("%PDF-"), EG_STR_INIT("PDF")},
    {EG_STR_INIT("L\0\0\0\x01\x14\x02\0"), EG_STR_INIT("LNK")},
    {EG_STR_INIT("\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D"), EG_STR_INIT("ONENOTE")},
    {EG_STR_INIT("<?xml"), EG_STR_INIT("XML")},
    {EG_STR_INIT("<!doctype html"), EG_STR_INIT("HTML")},
    {EG_STR_INIT("<html"), EG_STR_INIT("HTML")},
};

eg_str eg_file_type(eg_str bytes)
{
    for (size_t i = 0; i < EG_COUNT(magics); i++) {
        const magic *m = &magics[i];
        bool is_markup = m->start.ptr[0] == '<';
        if (bytes.len >= m->start.len &&
            (is_markup ? eg_str_starts_nocase(bytes, m->start)
                       : memcmp(bytes.ptr, m->start.ptr, m->start.len) == 0)) {
            return m->type;
        }
    }
    return EG_STR("");
}

/* ---- one file ---- */

void eg_file_report_gap(eg_file_report *report, eg_file_gap gap, const char *reason)
{
    if (report->gap == EG_GAP_NONE) {
        report->gap = gap;
        eg_utf8_copy(report->reason, sizeof(report->reason), eg_str_from(reason));
    }
    if (report->verdict == EG_FILE_CLEAN) {
        report->verdict = EG_FILE_NOT_LOOKED;
    }
}

int eg_file_report_failure(eg_file_report *report, int status)
{
    if (status == EG_E_NOMEM) {
        return status;
    }
    eg_file_report_gap(report,
                       status == EG_E_UNSUPPORTED ? EG_GAP_ELSEWHERE
                       : status == EG_E_NOTFOUND  ? EG_GAP_GONE
                                                  : EG_GAP_UNREADABLE,
                       eg_error_message());
    return EG_OK;
}

const char *eg_file_gap_name(eg_file_gap gap)
{
    static const char *const names[EG_GAP_COUNT] = {
        [EG_GAP_NONE] = "",
        [EG_GAP_TOO_LARGE] = "too large",
        [EG_GAP_TOO_SLOW] = "too slow",
        [EG_GAP_UNREADABLE] = "unreadable",
        [EG_GAP_ELSEWHERE] = "not on this PC",
        [EG_GAP_PACKED] = "packed",
        [EG_GAP_ENGINE] = "engine",
        [EG_GAP_WORKER] = "scanner stopped",
        [EG_GAP_GONE] = "gone",
    };
    return gap < EG_GAP_COUNT ? names[gap] : "";
}

/* The first contents that meet a rule are told; they are enough. */
static int look_at(void *user, eg_str name, eg_str bytes)
{
    one_file *file = user;
    eg_file_scan *scan = file->scan;
    eg_file_report *report = file->report;
    file->facts.filetype = eg_file_type(bytes);
    int status =
        scan->engine->scan(scan->scanner, bytes, &file->facts, scan->limits.seconds, &scan->result);
    if (status == EG_E_NOMEM) {
        return status;
    }
    if (status != EG_OK) {
        eg_file_report_gap(report, status == EG_E_TIMEOUT ? EG_GAP_TOO_SLOW : EG_GAP_ENGINE,
                           eg_error_message());
        return EG_OK;
    }
    report->bytes += bytes.len;
    if (scan->result.count > 0 && report->verdict != EG_FILE_SUSPICIOUS) {
        report->verdict = EG_FILE_SUSPICIOUS;
        report->result = scan->result;
        eg_utf8_copy(report->buffer, sizeof(report->buffer), name);
    }
    if (scan->result.cut) {
        eg_file_report_gap(report, EG_GAP_ENGINE,
                           "a text that rules look for occurs too often in it");
    }
    return EG_OK;
}

static int on_part(void *user, const eg_unpack_part *part)
{
    return look_at(user, part->name, part->bytes);
}

static int on_problem(void *user, eg_str name, int status, const char *why)
{
    one_file *file = user;
    char text[EG_FILE_SCAN_REASON_MAX];
    EG_UNUSED(status);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", EG_STR_ARGS(name), name.len > 0 ? ": " : "",
                   why);
    eg_file_report_gap(file->report, EG_GAP_PACKED, text);
    return EG_OK;
}

/* The bytes themselves, and what lies packed in them. */
static int look_into(one_file *file, eg_str bytes)
{
    const eg_unpack_visitor visitor = {file, on_part, on_problem};
    int status = look_at(file, EG_STR(""), bytes);
    return status == EG_OK ? eg_unpack(bytes, EG_STR(""), &eg_unpack_usual, &visitor) : status;
}

uint64_t eg_file_facts_hash(const eg_yara_facts *facts)
{
    const eg_str parts[] = {facts->path, facts->owner, facts->event_kind, facts->signer_state};
    uint64_t hash = 0;
    for (size_t i = 0; i < EG_COUNT(parts); i++) {
        hash = (hash ^ eg_str_hash(parts[i]) ^ parts[i].len) * UINT64_C(0x100000001B3);
    }
    return hash;
}

static void tell_size(const eg_file_scan *scan, eg_file_report *report, uint64_t size)
{
    char text[EG_FILE_SCAN_REASON_MAX];
    if (size > scan->limits.bytes) {
        (void)snprintf(text, sizeof(text), "only the first %zu of %llu bytes were looked at",
                       scan->limits.bytes, (unsigned long long)size);
        eg_file_report_gap(report, EG_GAP_TOO_LARGE, text);
    }
}

/* What was read of a file, or could not be. */
static int look_at_file(one_file *file, int status, eg_verdict_key *key)
{
    eg_file_scan *scan = file->scan;
    eg_file_report *report = file->report;
    if (status != EG_OK) {
        return eg_file_report_failure(report, status);
    }
    file->facts.size = key->file.size;
    status = look_into(file, eg_buf_str(&scan->bytes));
    if (status != EG_OK) {
        return status;
    }
    tell_size(scan, report, key->file.size);
    if (report->verdict == EG_FILE_CLEAN && scan->cache) {
        eg_verdict_cache_add_clean(scan->cache, scan->fingerprint, key);
    }
    return EG_OK;
}

static bool is_known(const eg_file_scan *scan, const eg_verdict_key *key, eg_file_report *out)
{
    out->from_cache = scan->cache && eg_verdict_cache_is_clean(scan->cache, scan->fingerprint, key);
    return out->from_cache;
}

int eg_file_scan_run(eg_file_scan *scan, const char *path, const eg_yara_facts *facts,
                     eg_file_report *out)
{
    one_file file = {scan, *facts, out};
    eg_verdict_key key = {.facts = eg_file_facts_hash(facts)};

    memset(out, 0, sizeof(*out));
    int status = eg_file_identify(path, &key.file);
    if (status != EG_OK) {
        return eg_file_report_failure(out, status);
    }
    if (is_known(scan, &key, out)) {
        return EG_OK;
    }
    eg_buf_clear(&scan->bytes);
    status = eg_file_read_head(path, scan->limits.bytes, &scan->bytes, &key.file);
    return look_at_file(&file, status, &key);
}

int eg_file_scan_handle(eg_file_scan *scan, intptr_t handle, const eg_yara_facts *facts,
                        eg_file_report *out)
{
    one_file file = {scan, *facts, out};
    eg_verdict_key key = {.facts = eg_file_facts_hash(facts)};
    eg_buf path;

    memset(out, 0, sizeof(*out));
    eg_buf_init(&path, EG_FILE_SCAN_PATH_MAX);
    int status = eg_buf_append_str(&path, facts->path);
    if (status == EG_OK) {
        status = eg_handle_identify(handle, eg_buf_cstr(&path), &key.file);
    }
    if (status != EG_OK) {
        status = eg_file_report_failure(out, status);
    } else if (!is_known(scan, &key, out)) {
        eg_buf_clear(&scan->bytes);
        status = eg_handle_read_head(handle, eg_buf_cstr(&path), scan->limits.bytes, &scan->bytes,
                                     &key.file);
        status = look_at_file(&file, status, &key);
    }
    eg_buf_done(&path);
    return status;
}

int eg_file_scan_bytes(eg_file_scan *scan, eg_str bytes, const eg_yara_facts *facts,
                       eg_file_report *out)
{
    one_file file = {scan, *facts, out};
    memset(out, 0, sizeof(*out));
    file.facts.size = bytes.len;
    return look_into(&file, bytes);
}

int eg_file_scan_buffer(eg_file_scan *scan, eg_str name, eg_str bytes, const eg_yara_facts *facts,
                        eg_file_report *report)
{
    one_file file = {scan, *facts, report};
    return look_at(&file, name, bytes);
}
