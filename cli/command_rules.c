/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard rules: lint says what is wrong with rules, test runs the samples of a pack. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/samples.h"
#include "core/base/json.h"
#include "core/base/status.h"
#include "core/detect/ruleset.h"

#include <string.h>

typedef struct lint {
    bool json;
    bool quiet;
    size_t problems[EG_PROBLEM_WARNING + 1];
} lint;

static const eg_usage usage_text = {
    .command = "rules",
    .arguments = "lint|test PATH... [options]",
    .about =
        "PATH is a pack, a folder of Sigma rules or one rule.\n"
        "lint names every rule that is rejected (file, line, reason), inert (nothing on a PC\n"
        "feeds it) or without a text in one of the languages.\n"
        "test runs each rule of a pack against its samples: every line of hit.jsonl must hit it,\n"
        "no line of miss.jsonl may, and no line of samples/*.jsonl may hit any rule.",
    .exit_codes =
        "0 all is well, 1 something is wrong with a rule, 2 wrong usage, 3 a path could not "
        "be read",
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
        const eg_rule_info *rule = eg_sigma_set_rule(set, i);
        for (int j = 0; j < EG_LANGUAGE_COUNT; j++) {
            if (!eg_texts_has(eg_ruleset_texts(ruleset), rule->id, (eg_language)j)) {
                eg_report_problem(report, EG_PROBLEM_WARNING, rule->file, 0, rule->id,
                                  "no text of its own in texts.%s.json",
                                  eg_language_code((eg_language)j));
            }
        }
    }
}

static int run_lint(lint *l, const eg_option_list *paths)
{
    const eg_report report = {on_problem, l};
    eg_ruleset_stats stats;
    eg_ruleset *ruleset = NULL;

    int status = eg_ruleset_load(paths->items, paths->count, true, &report, &ruleset);
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
        return status == EG_E_INVALID ? EG_EXIT_FOUND : EG_EXIT_INCOMPLETE;
    }
    lint_texts(ruleset, &report);
    eg_ruleset_stats_get(ruleset, &stats);
    fprintf(stderr, "%zu files: %zu rules loaded, %zu inert, %zu rejected, %zu warnings\n",
            stats.files, stats.loaded, stats.inert, stats.rejected,
            l->problems[EG_PROBLEM_WARNING]);
    eg_ruleset_unref(ruleset);
    bool wrong = stats.rejected > 0 || l->problems[EG_PROBLEM_WARNING] > 0;
    return wrong ? EG_EXIT_FOUND : EG_EXIT_OK;
}

static int run_test(const eg_option_list *paths)
{
    int code = EG_EXIT_OK;
    for (size_t i = 0; i < paths->count; i++) {
        eg_samples_result result;
        int status = eg_samples_run(paths->items[i], &result);
        if (status != EG_OK) {
            eg_cli_error("%s", eg_error_message());
            return EG_EXIT_INCOMPLETE;
        }
        fprintf(stderr, "%s: %zu rules, %zu samples: %zu passed, %zu failed\n", paths->items[i],
                result.rules, result.passed + result.failed, result.passed, result.failed);
        if (result.failed > 0) {
            code = EG_EXIT_FOUND;
        }
    }
    return code;
}

int eg_command_rules(int argc, char **argv)
{
    lint l = {.json = false};
    eg_option_list words = {NULL, 0};
    const eg_option options[] = {
        {"--json", EG_OPTION_FLAG, &l.json, NULL, "lint: one JSON object a problem"},
        {"--quiet", EG_OPTION_FLAG, &l.quiet, NULL, "lint: count inert rules, do not list them"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &words);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        const char *what = words.count > 0 ? words.items[0] : "";
        const eg_option_list paths = {words.items + 1, words.count > 0 ? words.count - 1 : 0};
        bool test = strcmp(what, "test") == 0;
        if (!test && strcmp(what, "lint") != 0) {
            code = eg_options_wrong(&usage, "lint or test, not '%s'", what);
        } else if (paths.count == 0) {
            code = eg_options_wrong(&usage, "no PATH");
        } else {
            code = test ? run_test(&paths) : run_lint(&l, &paths);
        }
    }
    eg_options_list_done(&words);
    return code;
}
