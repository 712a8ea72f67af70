/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/scan_talk.h"

#include "core/base/status.h"

#define PROBLEMS_MAX 10000 /* a worker that tells of more talks nonsense */

void eg_scan_talk_init(eg_scan_talk *talk)
{
    eg_buf_init(&talk->out, (size_t)EG_SCAN_REQUEST_MAX + EG_SCAN_HEADER);
    eg_buf_init(&talk->in, EG_SCAN_ANSWER_MAX);
}

void eg_scan_talk_done(eg_scan_talk *talk)
{
    eg_buf_done(&talk->out);
    eg_buf_done(&talk->in);
}

static int send_request(eg_scan_talk *talk, const eg_scan_request *request, uint64_t deadline)
{
    eg_buf_clear(&talk->out);
    int status = eg_scan_request_write(&talk->out, request);
    if (status == EG_OK) {
        status = eg_scan_child_send(talk->child, eg_buf_str(&talk->out), deadline);
    }
    return status;
}

static int receive_answer(eg_scan_talk *talk, const eg_scan_rules *rules, uint64_t deadline)
{
    int status = eg_scan_child_receive(talk->child, &talk->in, deadline);
    if (status == EG_OK) {
        status = eg_scan_answer_read(eg_buf_str(&talk->in), rules, &talk->answer);
    }
    return status;
}

static void tell_problem(eg_scan_talk *talk, const eg_yara_source *sources,
                         const eg_yara_report *report)
{
    const eg_scan_answer *answer = &talk->answer;
    const eg_yara_problem problem = {sources[answer->source].file, (int)answer->line, answer->text,
                                     answer->is_warning};
    talk->errors += !answer->is_warning;
    if (report && report->problem) {
        report->problem(report->user, &problem);
    }
}

static int receive_compiled(eg_scan_talk *talk, const eg_yara_source *sources, size_t count,
                            const eg_yara_report *report, uint64_t deadline)
{
    const eg_scan_rules no_rules = {NULL, NULL};
    for (size_t problems = 0; problems <= PROBLEMS_MAX; problems++) {
        int status = receive_answer(talk, &no_rules, deadline);
        if (status != EG_OK || talk->answer.kind == EG_SCAN_SOURCES) {
            return status;
        }
        if (talk->answer.kind != EG_SCAN_PROBLEM || talk->answer.source >= count) {
            break;
        }
        tell_problem(talk, sources, report);
    }
    return eg_fail(EG_E_INVALID, "the scan worker answered something else than asked");
}

int eg_scan_talk_sources(eg_scan_talk *talk, const eg_yara_source *sources, size_t count,
                         const eg_file_scan_limits *limits, const eg_yara_report *report,
                         uint64_t deadline)
{
    eg_scan_request compile = {.verb = EG_SCAN_TRY_SOURCES};
    int status = EG_OK;
    talk->errors = 0;
    if (limits) {
        compile.verb = EG_SCAN_USE_SOURCES;
        compile.seconds = (uint32_t)limits->seconds;
        compile.byte_limit = limits->bytes;
    }
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        const eg_scan_request add = {.verb = EG_SCAN_ADD_SOURCE,
                                     .name = eg_str_from(sources[i].file),
                                     .bytes = sources[i].text};
        status = send_request(talk, &add, deadline);
    }
    if (status == EG_OK) {
        status = send_request(talk, &compile, deadline);
    }
    return status == EG_OK ? receive_compiled(talk, sources, count, report, deadline) : status;
}

int eg_scan_talk_job(eg_scan_talk *talk, const eg_scan_request *request, const eg_scan_rules *rules,
                     uint64_t deadline)
{
    int status = send_request(talk, request, deadline);
    if (status == EG_OK) {
        status = receive_answer(talk, rules, deadline);
    }
    if (status == EG_OK && talk->answer.kind != EG_SCAN_REPORT) {
        status = eg_fail(EG_E_INVALID, "the scan worker answered something else than asked");
    }
    return status;
}

/* ---- without a worker ---- */

typedef struct problem_count {
    const eg_yara_report *report;
    unsigned long errors;
} problem_count;

static void count_problem(void *user, const eg_yara_problem *problem)
{
    problem_count *count = user;
    count->errors += !problem->is_warning;
    if (count->report && count->report->problem) {
        count->report->problem(count->report->user, problem);
    }
}

int eg_scan_try_here(const eg_yara_ops *engine, const eg_yara_source *sources, size_t count,
                     const eg_yara_report *report)
{
    problem_count problems = {report, 0};
    const eg_yara_report counting = {count_problem, &problems};
    eg_yara_rules *rules = NULL;
    int status = engine->compile(sources, count, &counting, &rules);
    if (status == EG_OK) {
        engine->rules_destroy(rules);
    }
    if (status == EG_OK && problems.errors > 0) {
        status = eg_fail(EG_E_INVALID, "%lu errors in rule files", problems.errors);
    }
    return status;
}
