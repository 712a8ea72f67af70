/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that are a family of verbs (rules lint, admin init): their help, and which one runs. */
#ifndef EG_CLI_VERBS_H
#define EG_CLI_VERBS_H

#include <stddef.h>

typedef struct eg_cli_verb {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* the exit code */
} eg_cli_verb;

/* Runs the verb that argv[1] names, or prints what there is; returns the exit code. */
int eg_cli_run_verb(const char *command, const eg_cli_verb *verbs, size_t count, int argc,
                    char **argv);

#endif
