/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of `emoguard rules`, each in its own rules_<verb>.c. argv[0] is the verb; they parse
 * their options themselves and return an exit code.
 */
#ifndef EG_CLI_RULES_H
#define EG_CLI_RULES_H

#include <stddef.h>

#define EG_RULES_PATH "PATH is a pack, a folder of Sigma or YARA rules, or one file.\n"

int eg_rules_lint(int argc, char **argv);
int eg_rules_list(int argc, char **argv);
int eg_rules_explain(int argc, char **argv);
int eg_rules_test(int argc, char **argv);

/*
 * What `rules lint --quiet PACK` prints to standard output, counted. EG_OK also when something is
 * wrong with rules; else the pack itself could not be used.
 */
int eg_rules_lint_pack(const char *pack, size_t *rejected, size_t *warnings);

#endif
