/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard rules lint: what is wrong with rules. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/rules.h"
#include "core/base/json.h"
#include "core/base/status.h"
#include "core/detect/ruleset.h"
#include "core/detect/yara_files.h"

typedef struct lint {
    bool json;
    bool quiet;
    size_t problems[EG_PROBLEM_WARNING + 1];
} lint;

static const eg_usage usage_text = {
    .command = "rules lint",
    .arguments = "PATH... [options]",
    .about = EG_RULES_PATH
    "Names every rule that is rejected (file, line, reason), inert (nothing on a PC feeds\n"
    "it) or without a text in one of the languages of its pack.",
    .exit_codes = "0 all is well, 1 a rule is rejected or lacks a text, 2 wrong usage, 3 a path\n"
                  "could not be read",
};

static void print_problem(lint *l, const eg_problem *problem)
{
    l->problems[problem->kind]++;
    if (l->quiet && problem->kind == EG_PROBLEM_INERT) {
        return;
    }
    if (!l->json) {
        eg_cli_print(stdout, eg_str_from(problem->file));
        printf(":%d: %s: ", problem->line, eg_problem_kind_name(problem->kind));
        eg_cli_print(stdout, eg_str_from(problem->reason));
        putchar('\n');
        return;
    }
    eg_buf text;
    eg_json json;
    eg_buf_init(&text, 256 * 1024);
    eg_json_begin(&json, &text);
    eg_json_object(&json);
    eg_json_put_str(&json, "file", eg_str_from(problem->file));
    eg_json_put_u64(&json, "line", (uint64_t)problem->line);
    eg_json_put_str(&json, "kind", eg_str_from(eg_problem_kind_name(problem->kind)));
    eg_json_put_str(&json, "rule", problem->rule_id);
    eg_json_put_str(&json, "reason", eg_str_from(problem->reason));
    eg_json_object_end(&json);
    puts(eg_buf_cstr(&text));
    eg_buf_done(&text);
}

static void on_problem(void *user, const eg_problem *problem)
{
    print_problem(user, problem);
}

static void lint_text(const eg_ruleset *ruleset, const eg_rule_info *rule, const eg_report *report)
{
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        if (!eg_texts_has(eg_ruleset_texts(ruleset), rule->id, (eg_language)i)) {
            eg_report_problem(report, EG_PROBLEM_WARNING, rule->file, 0, rule->id,
                              "no text of its own in texts.%s.json",
                              eg_language_code((eg_language)i));
        }
    }
}

/* Rules of a pack need words for the clerk; loose rules are explained by their technique. */
static void lint_texts(const eg_ruleset *ruleset, const eg_report *report)
{
    const eg_sigma_set *set = eg_ruleset_sigma(ruleset);
    eg_ruleset_stats stats;

    eg_ruleset_stats_get(ruleset, &stats);
    if (stats.serial == 0) {
        return;
    }
    for (size_t i = 0; i < eg_sigma_set_size(set); i++) {
        if (!eg_sigma_set_is_silent(set, i)) { /* else nobody ever reads of it */
            lint_text(ruleset, eg_sigma_set_rule(set, i), report);
        }
    }
    const eg_yara_rules *yara = eg_ruleset_yara(ruleset);
    for (size_t i = 0; i < stats.yara; i++) {
        eg_rule_info rule;
        eg_yara_rule_info(eg_yara_engine.rule(yara, i), &rule);
        lint_text(ruleset, &rule, report);
    }
}

static int lint_paths(lint *l, const char *const *paths, size_t count, eg_ruleset_stats *stats)
{
    const eg_report report = {on_problem, l};
    eg_ruleset *ruleset = NULL;

    int status = eg_ruleset_load(paths, count, true, &report, &ruleset);
    if (status == EG_OK) {
        lint_texts(ruleset, &report);
        eg_ruleset_stats_get(ruleset, stats);
        stats->name = EG_STR_NONE; /* it dies with the ruleset */
        eg_ruleset_unref(ruleset);
    }
    return status;
}

int eg_rules_lint_pack(const char *pack, size_t *rejected, size_t *warnings)
{
    lint l = {.quiet = true};
    eg_ruleset_stats stats;
    int status = lint_paths(&l, &pack, 1, &stats);
    if (status == EG_OK) {
        *rejected = stats.rejected;
        *warnings = l.problems[EG_PROBLEM_WARNING];
    }
    return status;
}

static int run_lint(lint *l, const eg_option_list *paths)
{
    eg_ruleset_stats stats;

    int status = lint_paths(l, paths->items, paths->count, &stats);
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
        return status == EG_E_INVALID ? EG_EXIT_FOUND : EG_EXIT_INCOMPLETE;
    }
    fprintf(stderr,
            "%zu files: %zu rules loaded, %zu inert, %zu rejected, %zu YARA rules, %zu warnings\n",
            stats.files, stats.loaded, stats.inert, stats.rejected, stats.yara,
            l->problems[EG_PROBLEM_WARNING]);
    bool wrong = stats.rejected > 0 || l->problems[EG_PROBLEM_WARNING] > 0;
    return wrong ? EG_EXIT_FOUND : EG_EXIT_OK;
}

int eg_rules_lint(int argc, char **argv)
{
    lint l = {.json = false};
    eg_option_list paths = {NULL, 0};
    const eg_option options[] = {
        {"--json", EG_OPTION_FLAG, &l.json, NULL, "one JSON object a problem"},
        {"--quiet", EG_OPTION_FLAG, &l.quiet, NULL, "count inert rules, do not list them"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &paths);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = paths.count > 0 ? run_lint(&l, &paths) : eg_options_wrong(&usage, "no PATH");
    }
    eg_options_list_done(&paths);
    return code;
}
