/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard rules: for those who write rules, or want to know what the ones they have can see. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/rules.h"

#include <string.h>

typedef struct verb {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} verb;

static const verb verbs[] = {
    {"lint", "what is wrong with rules, with file and line", eg_rules_lint},
    {"list", "every rule: loaded, inert or rejected, and why; totals by category", eg_rules_list},
    {"explain", "what a rule asks, and which of it an event meets", eg_rules_explain},
    {"test", "the samples of a pack, and SigmaHQ's regression tests", eg_rules_test},
};

static void print_help(FILE *stream)
{
    fprintf(stream, "usage: emoguard rules lint|list|explain|test ...\n\n");
    for (size_t i = 0; i < EG_COUNT(verbs); i++) {
        fprintf(stream, "  %-8s %s\n", verbs[i].name, verbs[i].summary);
    }
    fprintf(stream, "\n`emoguard rules VERB --help` explains one of them.\n");
}

int eg_command_rules(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < EG_COUNT(verbs); i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "/?") == 0) {
        print_help(stdout);
        return EG_EXIT_OK;
    }
    if (name[0] != '\0') {
        eg_cli_error("rules: lint, list, explain or test, not '%s'", name);
    }
    print_help(stderr);
    return EG_EXIT_USAGE;
}
