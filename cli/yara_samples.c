/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/yara_samples.h"

#include "core/yara/byte_sample.h"
#include "cli/cli.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/yara/file_scan.h"

enum { PATH_MAX_BYTES = 16 * 1024, TEXT_MAX_BYTES = 4 * 1024 * 1024 };

typedef struct yara_samples {
    eg_file_scan *scan;
    eg_file_report *report;
    const eg_yara_rule *rule; /* whose samples are at hand */
    size_t hits, misses;      /* of them */
    eg_samples_result *result;
} yara_samples;

static void fail(yara_samples *s, const char *path, const char *why)
{
    s->result->failed++;
    printf("FAIL %s: %s ", path, why);
    eg_cli_print(stdout, s->rule->name);
    putchar('\n');
}

static bool has_met(const yara_samples *s)
{
    for (size_t i = 0; i < s->report->result.count; i++) {
        if (s->report->result.matches[i].rule == s->rule) {
            return true;
        }
    }
    return false;
}

static int judge(yara_samples *s, const char *path, const eg_byte_sample *sample, bool must_hit)
{
    const eg_yara_facts facts = {.path = eg_buf_str(&sample->name), .event_kind = EG_STR("check")};
    int status = eg_file_scan_bytes(s->scan, eg_buf_str(&sample->bytes), &facts, s->report);
    if (status == EG_OK && has_met(s) == must_hit) {
        s->result->passed++;
    } else if (status == EG_OK) {
        fail(s, path, must_hit ? "does not hit" : "hits");
    }
    return status;
}

/* One sample; what is wrong with it is a failure of the pack, not of the run. */
static int run_file(yara_samples *s, const char *path, bool must_hit)
{
    eg_byte_sample sample;
    eg_buf text;
    eg_buf_init(&text, TEXT_MAX_BYTES);
    int status = eg_file_read(path, TEXT_MAX_BYTES, &text);
    if (status == EG_OK) {
        status = eg_byte_sample_parse(eg_buf_str(&text), &sample);
    }
    eg_buf_done(&text);
    if (status == EG_OK) {
        status = judge(s, path, &sample, must_hit);
        eg_byte_sample_done(&sample);
    } else if (status != EG_E_NOMEM) {
        fail(s, path, eg_error_message());
        status = EG_OK;
    }
    return status;
}

static int visit(void *user, const eg_dir_entry *entry)
{
    yara_samples *s = user;
    eg_str name = eg_str_from(entry->name);
    bool hit = eg_str_starts_nocase(name, EG_STR("hit"));
    if (entry->is_dir || !eg_str_ends_nocase(name, EG_STR(".bytes")) ||
        (!hit && !eg_str_starts_nocase(name, EG_STR("miss")))) {
        return EG_OK;
    }
    s->hits += hit;
    s->misses += !hit;
    return run_file(s, entry->path, hit);
}

static int run_rule(yara_samples *s, const char *folder)
{
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    s->hits = s->misses = 0;
    int status = eg_buf_appendf(&path, "%s/%.*s", folder, EG_STR_ARGS(s->rule->name));
    if (status == EG_OK && eg_dir_exists(eg_buf_cstr(&path))) {
        status = eg_dir_walk(eg_buf_cstr(&path), 1, visit, s);
    }
    if (status == EG_OK && (s->hits == 0 || s->misses == 0)) {
        fail(s, eg_buf_cstr(&path), s->hits == 0 ? "no hit*.bytes for" : "no miss*.bytes for");
    }
    eg_buf_done(&path);
    return status;
}

int eg_yara_samples_run(const eg_yara_rules *rules, const char *folder, eg_samples_result *result)
{
    const eg_file_scan_limits limits = {EG_FILE_SCAN_BYTES, EG_FILE_SCAN_SECONDS};
    yara_samples s = {.result = result};
    size_t count = eg_yara_engine.rule_count(rules);
    s.report = eg_alloc(sizeof(*s.report));
    int status = s.report ? EG_OK : EG_E_NOMEM;
    if (status == EG_OK) {
        status = eg_file_scan_create(&eg_yara_engine, rules, NULL, &limits, &s.scan);
    }
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        s.rule = eg_yara_engine.rule(rules, i);
        status = run_rule(&s, folder);
    }
    result->rules += count;
    eg_file_scan_destroy(s.scan);
    eg_free(s.report);
    return status;
}
