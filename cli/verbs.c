/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verbs.h"

#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void print_help(FILE *stream, const char *command, const eg_cli_verb *verbs, size_t count)
{
    fprintf(stream, "usage: emoguard %s ", command);
    for (size_t i = 0; i < count; i++) {
        fprintf(stream, "%s%s", i > 0 ? "|" : "", verbs[i].name);
    }
    fprintf(stream, " ...\n\n");
    for (size_t i = 0; i < count; i++) {
        fprintf(stream, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
    }
    fprintf(stream, "\n`emoguard %s VERB --help` explains one of them.\n", command);
}

int eg_cli_run_verb(const char *command, const eg_cli_verb *verbs, size_t count, int argc,
                    char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "/?") == 0) {
        print_help(stdout, command, verbs, count);
        return EG_EXIT_OK;
    }
    if (name[0] != '\0') {
        eg_cli_error("%s: there is no verb '%s'", command, name);
    }
    print_help(stderr, command, verbs, count);
    return EG_EXIT_USAGE;
}
