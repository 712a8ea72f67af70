/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard check: looks at files and folders and says what it found, and what it could not see. */
#include "cli/check_files.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/ruleset.h"
#include "core/detect/yara_files.h"

#include <inttypes.h>
#include <string.h>

#define JOBS_MAX 64
#define LINE_MAX_BYTES ((size_t)1024 * 1024)
#define SERIAL_DAY 100 /* a serial is a date and a two-digit number */

typedef struct check {
    bool json, text;
    uint64_t jobs;
    const char *pack;
    eg_ruleset *ruleset;
    eg_ruleset_stats stats;
    uint64_t started; /* FILETIME */
    eg_check_files files;
    eg_buf out;
} check;

static const eg_usage usage_text = {
    .command = "check",
    .arguments = "PATH... [options]",
    .about =
        "Looks at files, and at all files below folders, with the YARA rules of a pack. Links are\n"
        "not followed. The verdict is one of three: nothing found, suspicious, or could not look\n"
        "everywhere; then it says where and why.",
    .exit_codes =
        "0 nothing found, 1 suspicious, 2 wrong usage, 3 could not look everywhere and found\n"
        "nothing in the rest",
};

/* ---- rules ---- */

static int load_rules(check *c)
{
    eg_buf standard;
    eg_buf_init(&standard, 64 * 1024);
    int status = c->pack ? EG_OK : eg_cli_default_rules(&standard);
    const char *path = c->pack ? c->pack : eg_buf_cstr(&standard);
    if (status == EG_OK) {
        status = eg_ruleset_load(&path, 1, false, NULL, &c->ruleset);
    }
    eg_buf_done(&standard);
    if (status != EG_OK) {
        return status;
    }
    eg_ruleset_stats_get(c->ruleset, &c->stats);
    if (c->stats.yara == 0) {
        return eg_fail(EG_E_INVALID, "there are no YARA rules in it");
    }
    return EG_OK;
}

/* Days since the date in the serial; false when there is none. */
static bool rule_age(const check *c, uint64_t *days)
{
    char text[EG_TIME_TEXT_SIZE];
    uint64_t date = c->stats.serial / SERIAL_DAY, made = 0;
    (void)snprintf(text, sizeof(text), "%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64 "T00:00:00Z",
                   date / 10000 % 10000, date / 100 % 100, date % 100);
    if (date > 99991231 || eg_time_parse(eg_str_from(text), &made) != EG_OK || made > c->started) {
        return false;
    }
    *days = (c->started - made) / (EG_TICKS_PER_SECOND * 86400);
    return true;
}

static const char *verdict_name(const eg_check_counts *counts)
{
    return counts->suspicious > 0   ? "suspicious"
           : counts->not_looked > 0 ? "could not look everywhere"
                                    : "nothing found";
}

/* ---- JSON: one object a line, the verdict last ---- */

static void put_strings(eg_json *json, const eg_yara_match *match)
{
    eg_json_key(json, "strings");
    eg_json_array(json);
    for (size_t i = 0; i < match->string_count; i++) {
        const eg_yara_string *string = &match->strings[i];
        char hex[EG_YARA_EXCERPT_MAX * 2 + 1] = "";
        for (size_t j = 0; j < string->excerpt_length; j++) {
            (void)snprintf(hex + j * 2, 3, "%02x", string->excerpt[j]);
        }
        eg_json_object(json);
        eg_json_put_str(json, "name", eg_str_from(string->name));
        eg_json_put_u64(json, "offset", string->offset);
        eg_json_put_u64(json, "length", string->length);
        eg_json_put_str(json, "bytes", eg_str_from(hex));
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
}

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
        put_strings(json, &result->matches[i]);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
}

static void write_finding(check *c, const char *path, const eg_file_report *report,
                          const char *reason)
{
    eg_json json;
    bool met = report && report->verdict == EG_FILE_SUSPICIOUS;
    eg_json_begin(&json, &c->out);
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
    eg_buf_append_char(&c->out, '\n');
}

static void write_verdict(check *c)
{
    const eg_check_counts *counts = &c->files.counts;
    char time[EG_TIME_TEXT_SIZE];
    uint64_t days;
    eg_json json;
    eg_time_format(c->started, time);
    eg_json_begin(&json, &c->out);
    eg_json_object(&json);
    eg_json_put_str(&json, "verdict", eg_str_from(verdict_name(counts)));
    eg_json_put_str(&json, "time", eg_str_from(time));
    eg_json_put_u64(&json, "files", counts->files);
    eg_json_put_u64(&json, "bytes", counts->bytes);
    eg_json_put_u64(&json, "suspicious", counts->suspicious);
    eg_json_put_u64(&json, "not_looked", counts->not_looked);
    eg_json_put_str(&json, "pack", c->stats.name);
    eg_json_put_u64(&json, "serial", c->stats.serial);
    eg_json_put_u64(&json, "rules", c->stats.yara);
    if (rule_age(c, &days)) {
        eg_json_put_u64(&json, "rule_age_days", days);
    }
    eg_json_object_end(&json);
    eg_buf_append_char(&c->out, '\n');
}

/* ---- text ---- */

static void print_path(check *c, const char *what, const char *path)
{
    eg_buf_appendf(&c->out, "%s: ", what);
    eg_cli_append_cut(&c->out, eg_str_from(path), SIZE_MAX);
    eg_buf_append_char(&c->out, '\n');
}

static void print_finding(check *c, const char *path, const eg_file_report *report,
                          const char *reason)
{
    bool met = report && report->verdict == EG_FILE_SUSPICIOUS;
    print_path(c, met ? "suspicious" : "could not look", path);
    for (size_t i = 0; met && i < report->result.count; i++) {
        eg_rule_info rule;
        eg_text text;
        eg_yara_rule_info(report->result.matches[i].rule, &rule);
        eg_texts_find(eg_ruleset_texts(c->ruleset), &rule, EG_LANGUAGE_EN, &text);
        eg_buf_appendf(&c->out, "    %s  ", eg_level_name(rule.level));
        eg_cli_append_cut(&c->out, text.title, 200);
        eg_buf_append_cstr(&c->out, "  ");
        eg_cli_append_cut(&c->out, rule.id, 80);
        eg_buf_append_char(&c->out, '\n');
    }
    if (met && report->result.total > report->result.count) {
        eg_buf_appendf(&c->out, "    and %zu more rules\n",
                       report->result.total - report->result.count);
    }
    if (reason[0] != '\0') {
        eg_buf_append_cstr(&c->out, "    ");
        eg_cli_append_cut(&c->out, eg_str_from(reason), SIZE_MAX);
        eg_buf_append_char(&c->out, '\n');
    }
}

static void print_verdict(check *c)
{
    const eg_check_counts *counts = &c->files.counts;
    char time[EG_TIME_TEXT_SIZE];
    uint64_t days;
    eg_time_format(c->started, time);
    eg_buf_appendf(&c->out,
                   "verdict: %s\n%" PRIu64 " files, %" PRIu64 " suspicious, %" PRIu64
                   " not or not wholly looked at; %.19sZ\n",
                   verdict_name(counts), counts->files, counts->suspicious, counts->not_looked,
                   time);
    eg_buf_appendf(&c->out, "%zu rules, ", c->stats.yara);
    if (c->stats.serial == 0) {
        eg_buf_append_cstr(&c->out, "of no pack");
    } else {
        eg_cli_append_cut(&c->out, c->stats.name, 80);
        eg_buf_appendf(&c->out, " %" PRIu64, c->stats.serial);
    }
    if (rule_age(c, &days)) {
        eg_buf_appendf(&c->out, ", %" PRIu64 " days old", days);
    }
    eg_buf_append_char(&c->out, '\n');
}

/* ---- the command ---- */

static int flush(check *c)
{
    int status = c->out.status;
    if (status == EG_OK && fwrite(eg_buf_cstr(&c->out), 1, c->out.len, stdout) != c->out.len) {
        status = eg_fail(EG_E_IO, "writing the report failed");
    }
    eg_buf_clear(&c->out);
    return status;
}

static int tell_one(check *c, const char *path, const eg_file_report *report, const char *reason)
{
    if (c->json) {
        write_finding(c, path, report, reason);
    } else {
        print_finding(c, path, report, reason);
    }
    return flush(c);
}

static int tell(check *c)
{
    const eg_check_files *files = &c->files;
    int status = EG_OK;
    for (size_t i = 0; i < files->folders.count && status == EG_OK; i++) {
        status = tell_one(c, files->folders.items[i], NULL, files->reasons.items[i]);
    }
    for (size_t i = 0; i < files->paths.count && status == EG_OK; i++) {
        const eg_file_report *report = files->reports[i];
        if (report) {
            status = tell_one(c, files->paths.items[i], report, report->reason);
        }
    }
    if (c->json) {
        write_verdict(c);
    } else {
        print_verdict(c);
    }
    if (status == EG_OK) {
        status = flush(c);
    }
    return status == EG_OK && fflush(stdout) != 0 ? eg_fail(EG_E_IO, "writing the report failed")
                                                  : status;
}

static int run(check *c, const eg_option_list *paths)
{
    const eg_file_scan_limits limits = {EG_FILE_SCAN_BYTES, EG_FILE_SCAN_SECONDS};
    const eg_check_counts *counts = &c->files.counts;
    c->started = eg_clock_utc();
    eg_buf_init(&c->out, LINE_MAX_BYTES);
    int status = load_rules(c);
    for (size_t i = 0; i < paths->count && status == EG_OK; i++) {
        status = eg_check_files_add(&c->files, paths->items[i]);
    }
    if (status == EG_OK) {
        status =
            eg_check_files_run(&c->files, eg_ruleset_yara(c->ruleset), (size_t)c->jobs, &limits);
    }
    if (status == EG_OK) {
        status = tell(c);
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    int code = status != EG_OK || counts->not_looked > 0 ? EG_EXIT_INCOMPLETE : EG_EXIT_OK;
    code = counts->suspicious > 0 ? EG_EXIT_FOUND : code;
    eg_check_files_done(&c->files);
    eg_ruleset_unref(c->ruleset);
    eg_buf_done(&c->out);
    return code;
}

int eg_command_check(int argc, char **argv)
{
    check c = {.json = false};
    eg_option_list paths = {NULL, 0};
    const eg_option options[] = {
        {"--rules", EG_OPTION_TEXT, &c.pack, "PATH",
         "pack, or folder or file of YARA rules (rules beside emoguard.exe)"},
        {"--jobs", EG_OPTION_NUMBER, &c.jobs, "N", "files at a time (one a processor)"},
        {"--cache", EG_OPTION_TEXT, &c.files.cache_file, "FILE",
         "remembers clean files in it: the next check reads only what changed"},
        {"--text", EG_OPTION_FLAG, &c.text, NULL, "lines to read (this is the default)"},
        {"--json", EG_OPTION_FLAG, &c.json, NULL, "one JSON object a finding, the verdict last"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);
    c.jobs = eg_cpu_count() < JOBS_MAX ? eg_cpu_count() : JOBS_MAX;

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &paths);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        if (paths.count == 0) {
            code = eg_options_wrong(&usage, "no PATH: which files or folders?");
        } else if (c.jobs == 0 || c.jobs > JOBS_MAX) {
            code = eg_options_wrong(&usage, "--jobs is a number from 1 to %d", JOBS_MAX);
        } else if (c.json && c.text) {
            code = eg_options_wrong(&usage, "--json or --text, not both");
        } else {
            code = run(&c, &paths);
        }
    }
    eg_options_list_done(&paths);
    return code;
}
