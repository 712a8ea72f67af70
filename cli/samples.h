/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The samples of a pack, run against its own rules: samples/<rule file>/hit.jsonl must hit that
 * rule with every line, miss.jsonl with none, and samples/<name>.jsonl (ordinary days) may hit no
 * rule at all. A rule without both samples has failed. Failures are printed to standard output.
 * YARA rules have samples of bytes: yara_samples.h.
 */
#ifndef EG_CLI_SAMPLES_H
#define EG_CLI_SAMPLES_H

#include "core/base/str.h"

typedef struct eg_samples_result {
    size_t rules;
    size_t passed, failed; /* samples: event lines, files of bytes */
} eg_samples_result;

/* `pack` is a pack folder. EG_OK also when samples failed: see the result. */
int eg_samples_run(const char *pack, eg_samples_result *result);

#endif
