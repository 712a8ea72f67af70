/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pack_bytes.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/yara/byte_sample.h"

/* One sample file: samples/<rule>/<name>.bytes */
typedef struct place {
    eg_str rule;
    bool must_hit;
} place;

static bool find_place(eg_str name, place *out)
{
    eg_str rest = name, folder;
    if (!eg_str_split(&rest, '/', &folder) || !eg_str_equal(folder, EG_STR("samples")) ||
        !eg_str_split(&rest, '/', &out->rule) || !eg_str_ends_nocase(rest, EG_STR(".bytes"))) {
        return false;
    }
    out->must_hit = eg_str_starts_nocase(rest, EG_STR("hit"));
    return out->must_hit || eg_str_starts_nocase(rest, EG_STR("miss"));
}

static bool has_rule(const eg_yara_rules *rules, eg_str name)
{
    for (size_t i = 0; i < eg_yara_engine.rule_count(rules); i++) {
        if (eg_str_equal(eg_yara_engine.rule(rules, i)->name, name)) {
            return true;
        }
    }
    return false;
}

static bool has_met(const eg_file_report *report, eg_str rule)
{
    for (size_t i = 0; i < report->result.count; i++) {
        if (eg_str_equal(report->result.matches[i].rule->name, rule)) {
            return true;
        }
    }
    return false;
}

static int judge(eg_scanner *scanner, eg_str file, const place *at, const eg_byte_sample *sample,
                 eg_file_report *report)
{
    const eg_scan_job job = {
        .kind = EG_SCAN_BYTES,
        .bytes = eg_buf_str(&sample->bytes),
        .facts = {.path = eg_buf_str(&sample->name), .event_kind = EG_STR("check")},
    };
    int status = scanner->scan(scanner->user, &job, report);
    if (status != EG_OK || has_met(report, at->rule) == at->must_hit) {
        return status;
    }
    return eg_fail(EG_E_INVALID, "%.*s: %s: %.*s%s%s", EG_STR_ARGS(file),
                   at->must_hit ? "does not hit" : "hits", EG_STR_ARGS(at->rule),
                   report->reason[0] ? ": " : "", report->reason);
}

static int run_file(eg_scanner *scanner, const eg_pack_file *file, const place *at,
                    eg_file_report *report)
{
    char reason[200];
    eg_byte_sample sample;
    int status = eg_byte_sample_parse(file->text, &sample);
    if (status == EG_OK) {
        status = judge(scanner, file->name, at, &sample, report);
        eg_byte_sample_done(&sample);
        return status;
    }
    eg_utf8_copy(reason, sizeof(reason), eg_str_from(eg_error_message()));
    return status == EG_E_NOMEM
               ? status
               : eg_fail(EG_E_INVALID, "%.*s: %s", EG_STR_ARGS(file->name), reason);
}

int eg_pack_bytes_run(eg_scanner *scanner, const eg_ruleset *ruleset, const eg_bundle *bundle)
{
    const eg_yara_rules *rules = eg_ruleset_yara(ruleset);
    uint64_t end = eg_deadline_after(EG_PACK_BYTES_SECONDS * 1000);
    size_t left_out = 0;
    int status = EG_OK;
    eg_file_report *report = eg_alloc(sizeof(*report));
    if (!report) {
        return EG_E_NOMEM;
    }
    for (size_t i = 0; i < bundle->count && status == EG_OK; i++) {
        place at;
        if (!find_place(bundle->files[i].name, &at) || !has_rule(rules, at.rule)) {
            continue;
        }
        if (eg_clock_monotonic_ns() < end) {
            status = run_file(scanner, &bundle->files[i], &at, report);
        } else {
            left_out++;
        }
    }
    eg_free(report);
    if (left_out > 0) {
        eg_log(EG_LOG_WARNING, "update", "%zu samples of bytes were left out: this took too long",
               left_out);
    }
    return status;
}
