/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard hunt: recorded events, line by line, against rules. */
#include "cli/cli.h"
#include "cli/line_reader.h"
#include "cli/matching.h"
#include "cli/options.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

typedef struct hunt {
    /* options */
    eg_option_list rules;
    const char *events;
    const char *format;
    bool stats;
    bool table;
    /* state */
    eg_matching matching;
    eg_buf line; /* output of one match */
    uint64_t line_number, events_read, events_broken, hits;
    uint64_t load_ns, next_progress_ns;
} hunt;

#define PROGRESS_NS UINT64_C(500000000)

static const eg_usage usage_text = {
    .command = "hunt",
    .arguments = "--rules PATH... --events FILE [--format jsonl|table] [--stats]",
    .about =
        "Matches recorded events, one JSON object a line, against rules. PATH is a pack, a folder\n"
        "of Sigma rules or one rule; FILE is a file or - for standard input. Event lines are\n"
        "EmoGuard's own or what Windows event exporters write. A line that cannot be read is\n"
        "reported and skipped.\n\n"
        "jsonl prints {\"i\":LINE,\"rule\":\"ID\",\"title\":\"...\",\"level\":\"...\"} for each\n"
        "match, lines counted from 0; table is for reading.",
    .exit_codes = "0 done, 2 wrong usage, 3 rules or events could not be read (the rest was done)",
};

static void report_problem(void *user, const eg_problem *problem)
{
    EG_UNUSED(user);
    if (problem->kind == EG_PROBLEM_INERT) {
        return; /* counted in --stats; `rules lint` lists them */
    }
    eg_cli_error("%s:%d: %s: %s", problem->file, problem->line, eg_problem_kind_name(problem->kind),
                 problem->reason);
}

static int load_rules(hunt *h)
{
    const eg_report report = {report_problem, h};
    eg_ruleset *ruleset = NULL;
    uint64_t start = eg_clock_monotonic_ns();
    int status = eg_ruleset_load(h->rules.items, h->rules.count, false, &report, &ruleset);
    if (status == EG_OK) {
        status = eg_matching_init(&h->matching, ruleset);
    }
    h->load_ns = eg_clock_monotonic_ns() - start;
    return status;
}

static void print_jsonl(hunt *h, const eg_rule_info *rule)
{
    eg_json json;
    eg_buf_clear(&h->line);
    eg_json_begin(&json, &h->line);
    eg_json_object(&json);
    eg_json_put_u64(&json, "i", h->line_number);
    eg_json_put_str(&json, "rule", rule->id);
    eg_json_put_str(&json, "title", rule->title);
    eg_json_put_str(&json, "level", eg_str_from(eg_level_name(rule->level)));
    eg_json_object_end(&json);
    eg_buf_append_char(&h->line, '\n');
    fwrite(eg_buf_cstr(&h->line), 1, h->line.len, stdout);
}

static void print_row(hunt *h, const eg_rule_info *rule, const eg_event *event)
{
    eg_str what = eg_event_get(event, EG_FIELD_COMMAND_LINE);
    if (!what.len) {
        what = eg_event_get(event, EG_FIELD_TARGET_OBJECT);
    }
    if (!what.len) {
        what = eg_event_get(event, EG_FIELD_TASK_NAME);
    }
    if (!what.len) {
        what = eg_event_get(event, EG_FIELD_IMAGE);
    }
    printf("%8llu  ", (unsigned long long)h->line_number);
    eg_cli_print_column(stdout, eg_str_from(eg_level_name(rule->level)), 13);
    fputs("  ", stdout);
    eg_cli_print_column(stdout, rule->title, 60);
    fputs("  ", stdout);
    eg_cli_print_column(stdout, what, what.len < 100 ? what.len : 100);
    fputc('\n', stdout);
}

static int hunt_line(hunt *h, eg_str line)
{
    eg_event event;
    if (eg_str_trim(line).len == 0) {
        return EG_OK;
    }
    int status = eg_matching_line(&h->matching, line, &event);
    if (status == EG_E_INVALID || status == EG_E_LIMIT) {
        h->events_broken++;
        eg_cli_error("line %llu: %s", (unsigned long long)h->line_number, eg_error_message());
        return EG_OK;
    }
    if (status != EG_OK) {
        return status;
    }
    h->events_read++;
    for (size_t i = 0; i < h->matching.met_count; i++) {
        const eg_rule_info *rule = eg_sigma_set_rule(h->matching.set, h->matching.met[i]);
        if (h->table) {
            print_row(h, rule, &event);
        } else {
            print_jsonl(h, rule);
        }
    }
    h->hits += h->matching.met_count;
    return EG_OK;
}

static void print_progress(hunt *h, const eg_line_reader *lines, bool last)
{
    uint64_t now = eg_clock_monotonic_ns();
    if (!last && now < h->next_progress_ns) {
        return;
    }
    h->next_progress_ns = now + PROGRESS_NS;
    fprintf(stderr, "\r%llu events, %llu MB, %llu matches ", (unsigned long long)h->events_read,
            (unsigned long long)(lines->bytes >> 20), (unsigned long long)h->hits);
    if (last) {
        fputc('\n', stderr);
    }
}

static int hunt_stream(hunt *h, FILE *file)
{
    eg_line_reader lines;
    bool progress = eg_cli_is_terminal(stderr) && !eg_cli_is_terminal(stdout);
    int status = eg_line_reader_init(&lines, file, EG_EVENT_LINE_MAX);
    if (status != EG_OK) {
        return status;
    }
    for (;;) {
        eg_str line;
        status = eg_line_reader_next(&lines, &line);
        if (status == EG_E_LIMIT) {
            h->events_broken++;
            eg_cli_error("line %llu: %s", (unsigned long long)h->line_number, eg_error_message());
        } else if (status != EG_OK || (status = hunt_line(h, line)) != EG_OK) {
            break;
        }
        h->line_number++;
        if (progress) {
            print_progress(h, &lines, false);
        }
    }
    if (progress) {
        print_progress(h, &lines, true);
    }
    eg_line_reader_done(&lines);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

static void print_stats(const hunt *h)
{
    eg_ruleset_stats rules;
    eg_buf text;
    eg_json json;

    eg_ruleset_stats_get(h->matching.ruleset, &rules);
    eg_buf_init(&text, 4096);
    eg_json_begin(&json, &text);
    eg_json_object(&json);
    eg_json_put_u64(&json, "events", h->events_read);
    eg_json_put_u64(&json, "events_broken", h->events_broken);
    eg_json_key(&json, "seconds");
    eg_json_double(&json, (double)h->matching.match_ns / 1e9);
    eg_json_key(&json, "load_seconds");
    eg_json_double(&json, (double)h->load_ns / 1e9);
    eg_json_put_u64(&json, "rules_loaded", rules.loaded);
    eg_json_put_u64(&json, "rules_inert", rules.inert);
    eg_json_put_u64(&json, "rules_rejected", rules.rejected);
    eg_json_put_u64(&json, "hits", h->hits);
    eg_json_put_u64(&json, "rule_memory_bytes", rules.memory);
    eg_json_object_end(&json);
    fprintf(stderr, "%s\n", eg_buf_cstr(&text));
    eg_buf_done(&text);
}

static int hunt_run(hunt *h)
{
    FILE *file = NULL;
    int status = load_rules(h);
    if (status != EG_OK) {
        goto out;
    }
    file = strcmp(h->events, "-") == 0 ? stdin : eg_cli_open(h->events, "rb");
    if (!file) {
        status = EG_E_IO;
        goto out;
    }
    status = hunt_stream(h, file);
    if (file != stdin) {
        fclose(file);
    }
    if (fflush(stdout) != 0 && status == EG_OK) {
        status = eg_fail(EG_E_IO, "writing the matches failed");
    }
    if (h->stats) {
        print_stats(h);
    }
out:
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    return status != EG_OK || h->events_broken > 0 ? EG_EXIT_INCOMPLETE : EG_EXIT_OK;
}

int eg_command_hunt(int argc, char **argv)
{
    hunt h = {.format = "jsonl"};
    const eg_option options[] = {
        {"--rules", EG_OPTION_LIST, &h.rules, "PATH...", "packs, folders of rules, or rules"},
        {"--events", EG_OPTION_TEXT, &h.events, "FILE",
         "events, one JSON object a line; - reads standard input"},
        {"--format", EG_OPTION_TEXT, &h.format, "jsonl|table", "how matches are printed (jsonl)"},
        {"--stats", EG_OPTION_FLAG, &h.stats, NULL,
         "one JSON object of figures on standard error at the end"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    int code = EG_EXIT_OK;
    eg_options_result parsed = eg_options_parse(&usage, argc, argv, NULL);
    h.table = strcmp(h.format, "table") == 0;
    if (parsed != EG_OPTIONS_RUN) {
        code = parsed == EG_OPTIONS_HELP ? EG_EXIT_OK : EG_EXIT_USAGE;
    } else if (h.rules.count == 0 || !h.events) {
        code = eg_options_wrong(&usage, "%s is missing", h.events ? "--rules" : "--events");
    } else if (!h.table && strcmp(h.format, "jsonl") != 0) {
        code = eg_options_wrong(&usage, "--format is jsonl or table, not '%s'", h.format);
    } else {
        eg_buf_init(&h.line, 1024 * 1024);
        code = hunt_run(&h);
        eg_buf_done(&h.line);
    }
    eg_matching_done(&h.matching);
    eg_options_list_done(&h.rules);
    return code;
}
