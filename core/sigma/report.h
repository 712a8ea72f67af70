/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Problems found in rules: where (file, line), how bad, why. The caller's sink decides what to do
 * with them; one bad rule never stops the others. Called on the thread that loads.
 */
#ifndef EG_SIGMA_REPORT_H
#define EG_SIGMA_REPORT_H

#include "core/base/str.h"

typedef enum eg_problem_kind {
    EG_PROBLEM_REJECTED, /* the rule cannot be used: malformed, or beyond what we support */
    EG_PROBLEM_INERT,    /* the rule is fine, but nothing on this system feeds it */
    EG_PROBLEM_WARNING,  /* the rule is used; somebody should look at it */
} eg_problem_kind;

typedef struct eg_problem {
    eg_problem_kind kind;
    const char *file; /* as given to the parser */
    int line;         /* from 1; 0 when the whole file is meant */
    eg_str rule_id;   /* EG_STR_NONE before the id was read */
    const char *reason;
} eg_problem;

typedef struct eg_report {
    void (*problem)(void *user, const eg_problem *problem); /* NULL: problems are dropped */
    void *user;
} eg_report;

/* Formats the reason and calls the sink. NULL report is fine. */
void eg_report_problem(const eg_report *report, eg_problem_kind kind, const char *file, int line,
                       eg_str rule_id, const char *format, ...) EG_PRINTF(6, 7);
const char *eg_problem_kind_name(eg_problem_kind kind); /* "rejected", "inert", "warning" */

#endif
