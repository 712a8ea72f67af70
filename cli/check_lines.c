/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_lines.h"

#include "cli/cli.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/status.h"
#include "core/detect/yara_files.h"

#include <inttypes.h>

#define LINE_MAX_BYTES ((size_t)1024 * 1024)

typedef struct writing {
    const eg_check_run *run;
    bool json;
    eg_language language;
    eg_check_counts counts;
    eg_buf out;
} writing;

void eg_check_count(const eg_check_run *run, eg_check_counts *counts)
{
    *counts = (eg_check_counts){.files = run->files.count,
                                .not_looked = run->files.folders.count + run->worker_missing};
    for (size_t i = 0; i < run->files.count; i++) {
        const eg_check_item *item = &run->files.items[i];
        counts->suspicious += item->report && item->report->verdict == EG_FILE_SUSPICIOUS;
        counts->not_looked += !item->looked || (item->report && item->report->reason[0] != '\0');
    }
}

static const char *verdict_name(const eg_check_counts *counts)
{
    return counts->suspicious > 0   ? "suspicious"
           : counts->not_looked > 0 ? "could not look everywhere"
                                    : "nothing found";
}

/* ---- JSON: one object a line, the verdict last ---- */

static void put_matches(eg_json *json, const eg_yara_result *result)
{
    eg_json_put_u64(json, "rules_met", result->total);
    eg_json_key(json, "rules");
    eg_json_array(json);
    for (size_t i = 0; i < result->count; i++) {
        eg_rule_info rule;
        eg_yara_rule_info(result->matches[i].rule, &rule);
        eg_json_object(json);
        eg_json_put_str(json, "rule", rule.id);
        eg_json_put_str(json, "title", rule.title);
        eg_json_put_str(json, "author", rule.author);
        eg_json_put_str(json, "level", eg_str_from(eg_level_name(rule.level)));
        eg_json_key(json, "strings");
        eg_check_put_strings(json, &result->matches[i]);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
}

static void write_finding(writing *w, const char *path, const eg_file_report *report,
                          const char *reason)
{
    eg_json json;
    bool met = report && report->verdict == EG_FILE_SUSPICIOUS;
    eg_json_begin(&json, &w->out);
    eg_json_object(&json);
    eg_json_put_str(&json, "path", eg_str_from(path));
    eg_json_put_str(&json, "verdict", met ? EG_STR("suspicious") : EG_STR("could not look"));
    if (reason[0] != '\0') {
        eg_json_put_str(&json, "reason", eg_str_from(reason));
    }
    if (met) {
        put_matches(&json, &report->result);
    }
    eg_json_object_end(&json);
    eg_buf_append_char(&w->out, '\n');
}

static void write_verdict(writing *w)
{
    const eg_check_counts *counts = &w->counts;
    char time[EG_TIME_TEXT_SIZE];
    eg_json json;
    eg_time_format(w->run->report->started, time);
    eg_json_begin(&json, &w->out);
    eg_json_object(&json);
    eg_json_put_str(&json, "verdict", eg_str_from(verdict_name(counts)));
    eg_json_put_str(&json, "time", eg_str_from(time));
    eg_json_put_u64(&json, "files", counts->files);
    eg_json_put_u64(&json, "bytes", w->run->files.bytes);
    eg_json_put_u64(&json, "suspicious", counts->suspicious);
    eg_json_put_u64(&json, "not_looked", counts->not_looked);
    if (w->run->report->cancelled) {
        eg_json_put_bool(&json, "cancelled", true);
    }
    eg_json_put_str(&json, "pack", w->run->stats.name);
    eg_json_put_u64(&json, "serial", w->run->stats.serial);
    eg_json_put_u64(&json, "rules", w->run->stats.yara);
    if (w->run->report->age_known) {
        eg_json_put_u64(&json, "rule_age_days", w->run->report->rule_age_days);
    }
    eg_json_object_end(&json);
    eg_buf_append_char(&w->out, '\n');
}

/* ---- text ---- */

static void print_path(writing *w, const char *what, const char *path)
{
    eg_buf_appendf(&w->out, "%s: ", what);
    eg_cli_append_cut(&w->out, eg_str_from(path), SIZE_MAX);
    eg_buf_append_char(&w->out, '\n');
}

static void print_finding(writing *w, const char *path, const eg_file_report *report,
                          const char *reason)
{
    bool met = report && report->verdict == EG_FILE_SUSPICIOUS;
    print_path(w, met ? "suspicious" : "could not look", path);
    for (size_t i = 0; met && i < report->result.count; i++) {
        eg_rule_info rule;
        eg_text text;
        eg_yara_rule_info(report->result.matches[i].rule, &rule);
        eg_texts_find(eg_ruleset_texts(w->run->ruleset), &rule, w->language, &text);
        eg_buf_appendf(&w->out, "    %s  ", eg_level_name(rule.level));
        eg_cli_append_cut(&w->out, text.title, 200);
        eg_buf_append_cstr(&w->out, "  ");
        eg_cli_append_cut(&w->out, rule.id, 80);
        eg_buf_append_char(&w->out, '\n');
    }
    if (met && report->result.total > report->result.count) {
        eg_buf_appendf(&w->out, "    and %zu more rules\n",
                       report->result.total - report->result.count);
    }
    if (reason[0] != '\0') {
        eg_buf_append_cstr(&w->out, "    ");
        eg_cli_append_cut(&w->out, eg_str_from(reason), SIZE_MAX);
        eg_buf_append_char(&w->out, '\n');
    }
}

static void print_verdict(writing *w)
{
    const eg_check_counts *counts = &w->counts;
    char time[EG_TIME_TEXT_SIZE];
    eg_time_format(w->run->report->started, time);
    eg_buf_appendf(&w->out,
                   "verdict: %s%s\n%" PRIu64 " files, %" PRIu64 " suspicious, %" PRIu64
                   " not or not wholly looked at; %.19sZ\n",
                   verdict_name(counts), w->run->report->cancelled ? " (cancelled)" : "",
                   counts->files, counts->suspicious, counts->not_looked, time);
    eg_buf_appendf(&w->out, "%zu rules, ", w->run->stats.yara);
    if (w->run->stats.serial == 0) {
        eg_buf_append_cstr(&w->out, "of no pack");
    } else {
        eg_cli_append_cut(&w->out, w->run->stats.name, 80);
        eg_buf_appendf(&w->out, " %" PRIu64, w->run->stats.serial);
    }
    if (w->run->report->age_known) {
        eg_buf_appendf(&w->out, ", %" PRIu64 " days old", w->run->report->rule_age_days);
    }
    eg_buf_append_char(&w->out, '\n');
}

/* ---- both ---- */

static int flush(writing *w)
{
    int status = w->out.status;
    if (status == EG_OK && fwrite(eg_buf_cstr(&w->out), 1, w->out.len, stdout) != w->out.len) {
        status = eg_fail(EG_E_IO, "writing the report failed");
    }
    eg_buf_clear(&w->out);
    return status;
}

static int tell(writing *w, const char *path, const eg_file_report *report, const char *reason)
{
    if (w->json) {
        write_finding(w, path, report, reason);
    } else {
        print_finding(w, path, report, reason);
    }
    return flush(w);
}

static int tell_all(writing *w)
{
    const eg_check_files *files = &w->run->files;
    int status = EG_OK;
    if (w->run->worker_missing) {
        status = tell(w, EG_CHECK_WORKER, NULL, EG_CHECK_WORKER_MISSING);
    }
    for (size_t i = 0; i < files->folders.count && status == EG_OK; i++) {
        status = tell(w, files->folders.items[i], NULL, files->reasons.items[i]);
    }
    for (size_t i = 0; i < files->count && status == EG_OK; i++) {
        const eg_file_report *report = files->items[i].report;
        if (report) {
            status = tell(w, files->items[i].path, report, report->reason);
        }
    }
    if (w->json) {
        write_verdict(w);
    } else {
        print_verdict(w);
    }
    return status == EG_OK ? flush(w) : status;
}

int eg_check_lines_write(const eg_check_run *run, bool json, eg_language language)
{
    writing w = {.run = run, .json = json, .language = language};
    eg_check_count(run, &w.counts);
    eg_buf_init(&w.out, LINE_MAX_BYTES);
    int status = tell_all(&w);
    eg_buf_done(&w.out);
    return status == EG_OK && fflush(stdout) != 0 ? eg_fail(EG_E_IO, "writing the report failed")
                                                  : status;
}
