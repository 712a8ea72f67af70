/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard rules test: do rules meet the events they were written for, and no others? */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/paths.h"
#include "cli/regression.h"
#include "cli/rules.h"
#include "cli/samples.h"
#include "core/base/status.h"

static const eg_usage usage_text = {
    .command = "rules test",
    .arguments = "PATH...",
    .about =
        "A pack is run against its samples: every line of samples/<rule file>/hit.jsonl must hit\n"
        "that rule, no line of miss.jsonl may, and no line of samples/*.jsonl may hit any rule.\n"
        "YARA rules have samples/<rule>/hit*.bytes and miss*.bytes, which describe bytes.\n"
        "\n"
        "Folders may also hold regression tests as SigmaHQ keeps them: info.yml names a rule and\n"
        "a recording, which lies beside it as <name>.json, event objects one after the other; at\n"
        "least match_count (1) of them must meet the rule. The rules are those of all PATHs, for\n"
        "example: emoguard rules test rules rules-emerging-threats regression_data",
    .exit_codes =
        "0 all passed, 1 a test failed, 2 wrong usage, 3 a path could not be read, or there\n"
        "is nothing to test in it",
};

static int test_pack(const char *pack, size_t *failed)
{
    eg_samples_result result;
    int status = eg_samples_run(pack, &result);
    if (status == EG_OK) {
        fprintf(stderr, "%s: %zu rules, %zu samples: %zu passed, %zu failed\n", pack, result.rules,
                result.passed + result.failed, result.passed, result.failed);
        *failed += result.failed;
    }
    return status;
}

static int test_regression(const eg_rule_paths *paths, size_t *failed)
{
    eg_regression_result result;
    int status = eg_regression_run(paths, &result);
    if (status == EG_OK) {
        fprintf(stderr, "%zu rules, %zu regression tests: %zu passed, %zu failed", result.rules,
                result.passed + result.failed, result.passed, result.failed);
        if (result.without > 0) {
            fprintf(stderr, "; %zu info.yml without a test", result.without);
        }
        fputc('\n', stderr);
        *failed += result.failed;
    }
    return status;
}

static int run(const eg_option_list *words)
{
    eg_rule_paths paths;
    size_t failed = 0;
    int status = eg_rule_paths_find(words->items, words->count, &paths);

    for (size_t i = 0; status == EG_OK && i < paths.packs.count; i++) {
        status = test_pack(paths.packs.items[i], &failed);
    }
    if (status == EG_OK && paths.tests.count > 0) {
        status = test_regression(&paths, &failed);
    }
    if (status == EG_OK && paths.packs.count == 0 && paths.tests.count == 0) {
        status = eg_fail(EG_E_NOTFOUND, "nothing to test: no pack, no info.yml");
    }
    eg_rule_paths_done(&paths);
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
        return EG_EXIT_INCOMPLETE;
    }
    return failed > 0 ? EG_EXIT_FOUND : EG_EXIT_OK;
}

int eg_rules_test(int argc, char **argv)
{
    eg_option_list paths = {NULL, 0};
    eg_options_result parsed = eg_options_parse(&usage_text, argc, argv, &paths);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = paths.count > 0 ? run(&paths) : eg_options_wrong(&usage_text, "no PATH");
    }
    eg_options_list_done(&paths);
    return code;
}
