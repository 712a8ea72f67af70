/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard rules: for those who write rules, or want to know what the ones they have can see. */
#include "cli/cli.h"
#include "cli/rules.h"
#include "cli/verbs.h"

static const eg_cli_verb verbs[] = {
    {"lint", "what is wrong with rules, with file and line", eg_rules_lint},
    {"list", "every rule: loaded, inert or rejected, and why; totals by category", eg_rules_list},
    {"explain", "what a rule asks, and which of it an event meets", eg_rules_explain},
    {"test", "the samples of a pack, and SigmaHQ's regression tests", eg_rules_test},
};

int eg_command_rules(int argc, char **argv)
{
    return eg_cli_run_verb("rules", verbs, EG_COUNT(verbs), argc, argv);
}
