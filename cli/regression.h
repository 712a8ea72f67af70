/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SigmaHQ's regression tests: a folder with info.yml, which names a rule and how many events of a
 * recording must meet it, and the recording as <name>.json, objects one after the other. Failures
 * are printed to standard output. One thread.
 */
#ifndef EG_CLI_REGRESSION_H
#define EG_CLI_REGRESSION_H

#include "cli/paths.h"

typedef struct eg_regression_result {
    size_t rules; /* that could be used */
    size_t passed, failed;
    size_t without; /* info.yml that name no test */
} eg_regression_result;

/* Runs every test of `paths` with the rules of `paths`. EG_OK also when tests failed. */
int eg_regression_run(const eg_rule_paths *paths, eg_regression_result *result);

#endif
