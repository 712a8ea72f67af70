/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard hunt: recorded or arriving events, line by line, against rules. */
#include "cli/cli.h"
#include "cli/event_files.h"
#include "cli/hunt_pool.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "core/base/json.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

typedef struct hunt {
    /* options */
    eg_option_list rules, events;
    const char *format_name;
    uint64_t jobs;
    bool stats, follow;
    eg_hunt_format format;
    /* state */
    eg_ruleset *ruleset;
    eg_hunt_pool *pool;
    eg_event_files files;
    eg_progress progress;
    uint64_t load_ns;
} hunt;

static const eg_usage usage_text = {
    .command = "hunt",
    .arguments = "--rules PATH... --events FILE... [options]",
    .about =
        "Matches recorded events, one JSON object a line, against rules. PATH is a pack, a folder\n"
        "of Sigma rules or one rule; FILE is a file, or - for standard input. Events are\n"
        "EmoGuard's own or what Windows event exporters write. A line that cannot be read is\n"
        "named (FILE:LINE, from 1) and skipped; so is a rule that cannot be used.\n"
        "\n"
        "jsonl prints {\"i\":LINE,\"rule\":\"ID\",\"title\":\"...\",\"level\":\"...\"}\n"
        "for each match, in the order of the events; lines are counted from 0 over all files, and\n"
        "with several files \"file\" follows \"i\". table is for reading and names the author of\n"
        "every rule.\n"
        "--stats prints events, events_broken, seconds (in matching alone, without reading and\n"
        "printing; of all jobs together), load_seconds, rules_loaded, rules_inert,\n"
        "rules_rejected, hits and rule_memory_bytes.",
    .exit_codes =
        "0 done, with or without matches; 2 wrong usage, nothing was done; 3 not everything\n"
        "could be read: no rule, a file, a line (the rest was done)",
};

/* ---- rules ---- */

static void report_problem(void *user, const eg_problem *problem)
{
    EG_UNUSED(user);
    if (problem->kind == EG_PROBLEM_INERT) {
        return; /* counted in --stats; `rules list` names them */
    }
    eg_cli_error("%s:%d: %s: %s", problem->file, problem->line, eg_problem_kind_name(problem->kind),
                 problem->reason);
}

static int load_rules(hunt *h)
{
    const eg_report report = {report_problem, h};
    uint64_t start = eg_clock_monotonic_ns();
    size_t jobs = h->jobs == 0 ? eg_cpu_count() : (size_t)h->jobs;
    int status = eg_ruleset_load(h->rules.items, h->rules.count, false, &report, &h->ruleset);

    if (status == EG_OK) {
        status = eg_hunt_pool_create(h->ruleset, &h->format, h->events.items,
                                     jobs > EG_HUNT_JOBS_MAX ? EG_HUNT_JOBS_MAX : jobs, &h->pool);
    }
    h->load_ns = eg_clock_monotonic_ns() - start;
    return status;
}

/* ---- events ---- */

/* There is nothing more to read yet: what is known is shown before anybody waits. */
static bool on_idle(void *user)
{
    hunt *h = user;
    return eg_hunt_pool_drain(h->pool) == EG_OK;
}

static void show_progress(hunt *h)
{
    eg_hunt_totals totals;
    if (!h->progress.shown) {
        return;
    }
    eg_hunt_pool_totals(h->pool, &totals);
    eg_progress_show(&h->progress, eg_event_files_position(&h->files), totals.events, totals.hits);
}

static int read_events(hunt *h)
{
    eg_event_line line;
    int status = EG_OK;
    while (status == EG_OK) {
        status = eg_event_files_next(&h->files, &line);
        bool too_long = status == EG_E_LIMIT;
        if (too_long) {
            line.text = eg_str_from(eg_error_message());
        } else if (status != EG_OK) {
            break;
        }
        status = eg_hunt_batch_add(eg_hunt_pool_batch(h->pool), &line, too_long);
        if (status == EG_OK && eg_hunt_batch_is_full(eg_hunt_pool_batch(h->pool))) {
            status = eg_hunt_pool_submit(h->pool);
            show_progress(h);
        }
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

/* ---- results ---- */

static void print_stats(const hunt *h)
{
    eg_ruleset_stats rules;
    eg_hunt_totals totals;
    eg_buf text;
    eg_json json;

    eg_ruleset_stats_get(h->ruleset, &rules);
    eg_hunt_pool_totals(h->pool, &totals);
    eg_buf_init(&text, 4096);
    eg_json_begin(&json, &text);
    eg_json_object(&json);
    eg_json_put_u64(&json, "events", totals.events);
    eg_json_put_u64(&json, "events_broken", totals.broken);
    eg_json_key(&json, "seconds");
    eg_json_double(&json, (double)totals.match_ns / 1e9);
    eg_json_key(&json, "load_seconds");
    eg_json_double(&json, (double)h->load_ns / 1e9);
    eg_json_put_u64(&json, "rules_loaded", rules.loaded);
    eg_json_put_u64(&json, "rules_inert", rules.inert);
    eg_json_put_u64(&json, "rules_rejected", rules.rejected);
    eg_json_put_u64(&json, "hits", totals.hits);
    eg_json_put_u64(&json, "rule_memory_bytes", rules.memory);
    eg_json_object_end(&json);
    fprintf(stderr, "%s\n", eg_buf_cstr(&text));
    eg_buf_done(&text);
}

/* The table's first lines (`rule_hits` NULL) or last ones. */
static int print_around_table(const hunt *h, const uint64_t *rule_hits)
{
    eg_buf text;
    eg_buf_init(&text, (size_t)1 << 30);
    if (rule_hits) {
        eg_hunt_format_summary(eg_ruleset_sigma(h->ruleset), rule_hits, &text);
    } else {
        eg_hunt_format_heading(&text);
    }
    int status = text.status;
    if (status == EG_OK && fwrite(text.data, 1, text.len, stdout) != text.len) {
        status = eg_fail(EG_E_IO, "writing the matches failed");
    }
    eg_buf_done(&text);
    return status;
}

static int print_summary(const hunt *h)
{
    uint64_t *rule_hits = NULL;
    int status = eg_hunt_pool_rule_hits(h->pool, &rule_hits);
    if (status == EG_OK) {
        status = print_around_table(h, rule_hits);
    }
    eg_free(rule_hits);
    return status;
}

/* ---- the command ---- */

static int hunt_events(hunt *h)
{
    int status = EG_OK;
    h->files.paths = h->events.items;
    h->files.count = h->events.count;
    h->files.follow = h->follow;
    h->files.idle = on_idle;
    h->files.user = h;
    if (h->follow) {
        eg_interrupt_catch();
    }
    if (h->format.table) {
        status = print_around_table(h, NULL);
    }
    if (status == EG_OK) {
        status = eg_event_files_init(&h->files);
    }
    if (status == EG_OK) {
        eg_progress_begin(&h->progress, h->follow ? 0 : h->files.total);
        status = read_events(h);
        eg_progress_clear(&h->progress);
    }
    if (status == EG_OK) {
        status = eg_hunt_pool_drain(h->pool);
    }
    if (status == EG_OK && h->format.table) {
        status = print_summary(h);
    }
    if (fflush(stdout) != 0 && status == EG_OK) {
        status = eg_fail(EG_E_IO, "writing the matches failed");
    }
    return status;
}

static int run(hunt *h)
{
    eg_hunt_totals totals = {0};
    int status = load_rules(h);
    if (status == EG_OK) {
        status = hunt_events(h);
        eg_hunt_pool_totals(h->pool, &totals);
        if (h->stats) {
            print_stats(h);
        }
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    bool whole = status == EG_OK && totals.broken == 0 && h->files.unreadable == 0;
    return whole ? EG_EXIT_OK : EG_EXIT_INCOMPLETE;
}

static int check_options(hunt *h, const eg_usage *usage)
{
    h->format.table = strcmp(h->format_name, "table") == 0;
    h->format.files = h->events.count > 1 ? h->events.items : NULL;
    if (h->rules.count == 0 || h->events.count == 0) {
        return eg_options_wrong(usage, "%s is missing", h->events.count ? "--rules" : "--events");
    }
    if (!h->format.table && strcmp(h->format_name, "jsonl") != 0) {
        return eg_options_wrong(usage, "--format is jsonl or table, not '%s'", h->format_name);
    }
    if (h->jobs > EG_HUNT_JOBS_MAX) {
        return eg_options_wrong(usage, "--jobs is at most %d", EG_HUNT_JOBS_MAX);
    }
    return EG_EXIT_OK;
}

int eg_command_hunt(int argc, char **argv)
{
    hunt h = {.format_name = "jsonl", .jobs = 1, .files = {.input = {.handle = EG_INPUT_CLOSED}}};
    const eg_option options[] = {
        {"--rules", EG_OPTION_LIST, &h.rules, "PATH...", "packs, folders of rules, or rules"},
        {"--events", EG_OPTION_LIST, &h.events, "FILE...",
         "events, one JSON object a line; - reads standard input"},
        {"--format", EG_OPTION_TEXT, &h.format_name, "jsonl|table",
         "how matches are printed (jsonl)"},
        {"--authors", EG_OPTION_FLAG, &h.format.authors, NULL,
         "jsonl: add \"author\" to each match"},
        {"--jobs", EG_OPTION_NUMBER, &h.jobs, "N",
         "threads that match (1); 0 takes every processor. The output is the same"},
        {"--follow", EG_OPTION_FLAG, &h.follow, NULL,
         "wait for more lines in the last FILE until Ctrl-C, also when it is cut or replaced"},
        {"--stats", EG_OPTION_FLAG, &h.stats, NULL,
         "one JSON object of figures on standard error at the end"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, NULL);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = check_options(&h, &usage);
        if (code == EG_EXIT_OK) {
            code = run(&h);
        }
    }
    eg_event_files_done(&h.files);
    eg_hunt_pool_destroy(h.pool);
    eg_ruleset_unref(h.ruleset);
    eg_options_list_done(&h.rules);
    eg_options_list_done(&h.events);
    return code;
}
