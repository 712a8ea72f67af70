/* SPDX-License-Identifier: Apache-2.0 */
#include "service/check_job.h"

#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/check_output.h"
#include "service/check_child.h"
#include "service/check_reports.h"

#define POLL_MS 100u
#define PROGRESS_NS UINT64_C(300000000)
#define NS_PER_MS UINT64_C(1000000)
#define MS_PER_MINUTE 60000u
#define CHUNK_BYTES 4096u
#define CHUNKS_AT_ONCE 64u
#define PATH_BYTES_MAX ((size_t)96 * 1024)

typedef struct run {
    const eg_check_job *job;
    eg_check_child child;
    eg_check_output output;
    uint64_t start_ns, heard_ns, told_ns, stop_ns; /* stop_ns: 0, or when it must have stopped */
    uint64_t lines, bytes;
    eg_check_failure failure; /* what it is when the step that runs now fails */
} run;

static int start(const eg_check_job *job, const char *folder, eg_check_child *out)
{
    const char *const arguments[] = {"check",      "--quiet",     "--json",   "--html",
                                     "--lang",     job->language, "--rules",  job->rules,
                                     "--progress", "json",        "--output", folder};
    return eg_check_child_start(job->program, arguments, EG_COUNT(arguments), out);
}

static void tell(run *r, uint64_t now)
{
    const eg_check_output *output = &r->output;
    eg_check_state state = {.state = EG_JOB_RUNNING};
    if (output->lines == r->lines) {
        return;
    }
    r->heard_ns = now;
    if (now - r->told_ns < PROGRESS_NS) {
        return;
    }
    r->lines = output->lines;
    r->told_ns = now;
    state.percent = output->percent;
    state.phase = output->phase;
    state.item = eg_buf_str(&output->item);
    state.left_seconds = output->left_seconds;
    r->job->progress(r->job->user, &state);
}

static void listen(run *r)
{
    char chunk[CHUNK_BYTES];
    size_t size = 0;
    for (unsigned i = 0; i < CHUNKS_AT_ONCE; i++) {
        if (!eg_check_child_read(&r->child, chunk, sizeof(chunk), &size)) {
            return;
        }
        r->bytes += size;
        eg_check_output_feed(&r->output, (eg_str){chunk, size});
    }
}

static int look_after(const run *r, uint64_t now)
{
    if (r->bytes > r->job->output_max) {
        return eg_fail(EG_E_LIMIT, "the check talks without end");
    }
    if (now - r->heard_ns > r->job->silence_ms * NS_PER_MS) {
        return eg_fail(EG_E_TIMEOUT, "the check has told nothing for %lu minutes",
                       (unsigned long)(r->job->silence_ms / MS_PER_MINUTE));
    }
    if (now - r->start_ns > r->job->longest_ms * NS_PER_MS) {
        return eg_fail(EG_E_TIMEOUT, "the check was not done after %lu minutes",
                       (unsigned long)(r->job->longest_ms / MS_PER_MINUTE));
    }
    return EG_OK;
}

/* Until the process has ended, or must. EG_E_CLOSED when the service stops. */
static int attend(run *r)
{
    for (;;) {
        eg_check_order order = r->job->order(r->job->user, POLL_MS);
        /* Asked first: what it wrote before its end is read below. */
        bool ended = WaitForSingleObject(r->child.process, 0) == WAIT_OBJECT_0;
        uint64_t now = eg_clock_monotonic_ns();
        listen(r);
        tell(r, now);
        if (order == EG_CHECK_END_NOW) {
            return EG_E_CLOSED;
        }
        if (ended) {
            return EG_OK;
        }
        if (order == EG_CHECK_STOP_SOON && r->stop_ns == 0) {
            eg_check_child_ask_to_stop(&r->child);
            r->stop_ns = now + r->job->stop_ms * NS_PER_MS;
        }
        if (r->stop_ns != 0 && now >= r->stop_ns) {
            return EG_OK; /* it did not listen */
        }
        int status = look_after(r, now);
        if (status != EG_OK) {
            return status;
        }
    }
}

/* What it said last, if anything, is why. */
static int explain(run *r, uint32_t code)
{
    r->failure = EG_CHECK_FAILURE_ENDED;
    const char *complaint = eg_buf_cstr(&r->output.complaint);
    return eg_fail(EG_E_IO, "the check ended with code 0x%lx%s%s", (unsigned long)code,
                   complaint[0] ? ": " : "", complaint);
}

static int take_result(run *r, const char *folder, uint32_t code, eg_check_state *state,
                       eg_buf *report)
{
    static const uint32_t codes[EG_VERDICT_COUNT] = {
        [EG_VERDICT_NONE] = UINT32_MAX,
        [EG_VERDICT_NOTHING_FOUND] = 0,
        [EG_VERDICT_SUSPICIOUS] = 1,
        [EG_VERDICT_COULD_NOT_LOOK] = 3,
    };
    eg_check_state read = {0};
    if (code != 0 && code != 1 && code != 3) {
        return explain(r, code);
    }
    int status = eg_check_reports_take(r->job->reports, folder, &read, report);
    if (status == EG_E_NOTFOUND) {
        return explain(r, code);
    }
    if (status == EG_OK && codes[read.verdict] != code) {
        return eg_fail(EG_E_INVALID, "the check ended with code %lu, its report says %s",
                       (unsigned long)code, eg_verdict_names[read.verdict]);
    }
    if (status == EG_OK) {
        state->verdict = read.verdict;
        state->findings = read.findings;
        state->gaps = read.gaps;
    }
    return status;
}

static int run_in(run *r, const char *folder, eg_check_state *state, eg_buf *report)
{
    uint32_t code = 0;
    r->failure = EG_CHECK_FAILURE_START;
    int status = start(r->job, folder, &r->child);
    if (status != EG_OK) {
        return status;
    }
    r->failure = EG_CHECK_FAILURE_STUCK;
    status = attend(r);
    bool ended = eg_check_child_end(&r->child, &code);
    if (status != EG_OK) {
        return status;
    }
    if (r->stop_ns != 0) {
        state->state = EG_JOB_CANCELLED;
        return EG_OK;
    }
    r->failure = EG_CHECK_FAILURE_REPORT;
    status = ended ? take_result(r, folder, code, state, report)
                   : eg_fail(EG_E_IO, "nobody knows how the check ended");
    state->state = EG_JOB_DONE;
    return status;
}

bool eg_check_job_run(const eg_check_job *job, eg_check_state *state, eg_buf *report, eg_buf *error)
{
    run r = {.job = job, .start_ns = eg_clock_monotonic_ns(), .failure = EG_CHECK_FAILURE_REPORT};
    eg_buf folder;
    *state = (eg_check_state){0};
    r.heard_ns = r.start_ns;
    eg_buf_clear(report);
    eg_buf_clear(error);
    eg_check_output_init(&r.output);
    eg_buf_init(&folder, PATH_BYTES_MAX);
    int status = eg_check_reports_begin(job->reports, &folder);
    if (status == EG_OK) {
        status = run_in(&r, eg_buf_cstr(&folder), state, report);
    }
    if (status != EG_OK && status != EG_E_CLOSED) {
        *state = (eg_check_state){
            .state = EG_JOB_FAILED, .verdict = EG_VERDICT_COULD_NOT_LOOK, .failure = r.failure};
        eg_buf_append_cstr(error, eg_error_message());
        eg_buf_clear(report);
    }
    state->time = eg_clock_utc();
    eg_buf_done(&folder);
    eg_check_output_done(&r.output);
    return status != EG_E_CLOSED;
}
