/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/report.h"

#include "core/base/status.h"
#include "core/sigma/rule_tree.h"

#include <stdio.h>

#define REASON_SIZE 1024

static void report_formatted(const eg_report *report, eg_problem_kind kind, const char *file,
                             int line, eg_str rule_id, const char *format, va_list args)
{
    char reason[REASON_SIZE];
    eg_problem problem;

    if (!report || !report->problem) {
        return;
    }
    if (vsnprintf(reason, sizeof(reason), format, args) < 0) {
        reason[0] = '\0';
    }
    problem.kind = kind;
    problem.file = file;
    problem.line = line;
    problem.rule_id = rule_id;
    problem.reason = reason;
    report->problem(report->user, &problem);
}

void eg_report_problem(const eg_report *report, eg_problem_kind kind, const char *file, int line,
                       eg_str rule_id, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_formatted(report, kind, file, line, rule_id, format, args);
    va_end(args);
}

int eg_rule_reject(const eg_rule_place *place, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_formatted(place->report, EG_PROBLEM_REJECTED, place->file, line, place->rule_id, format,
                     args);
    va_end(args);
    return EG_E_INVALID;
}

const char *eg_problem_kind_name(eg_problem_kind kind)
{
    switch (kind) {
    case EG_PROBLEM_REJECTED: return "rejected";
    case EG_PROBLEM_INERT: return "inert";
    case EG_PROBLEM_WARNING: return "warning";
    }
    return "problem";
}
