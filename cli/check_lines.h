/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check of named files tells on standard output: a finding a line or a paragraph, in the
 * order of the files, and the verdict last. As text or as JSON, one object a line. Stateless; one
 * thread.
 */
#ifndef EG_CLI_CHECK_LINES_H
#define EG_CLI_CHECK_LINES_H

#include "cli/check_run.h"

typedef struct eg_check_counts {
    uint64_t files;      /* named by the paths, or found in their folders */
    uint64_t suspicious; /* a file can be both: met a rule, and only in part looked at */
    uint64_t not_looked;
} eg_check_counts;

void eg_check_count(const eg_check_run *run, eg_check_counts *counts);
/* EG_E_IO when standard output does not take it. */
int eg_check_lines_write(const eg_check_run *run, bool json, eg_language language);

#endif
