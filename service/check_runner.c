/* SPDX-License-Identifier: Apache-2.0 */
#include "service/check_runner.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/stoppable.h"
#include "core/base/utf.h"
#include "core/ipc/frame.h"
#include "service/check_job.h"

#include <inttypes.h>

#define LOOK_MS 30000u /* at the clock */
#define NS_PER_MS UINT64_C(1000000)
#define TEXT_MAX 1024u
#define AGAIN_PART 5u /* of the wait after a check that is done: after one that is not */
#define KEEP_RESULT "result"
#define KEEP_COUNTED "counted"

struct eg_check_runner {
    eg_check_runner_options options;
    eg_stoppable thread;
    /* under its lock */
    bool wanted, cancelled; /* wanted: from the asking to its end */
    uint64_t ended_ns;      /* of the last check since the start, 0 none */
    uint32_t findings;      /* of the last check that is done */
    eg_check_state state;
    eg_buf item, report, error;
    /* the thread's own */
    uint64_t next_ns; /* no scheduled check before */
    uint64_t counted; /* FILETIME of the last check that is done, or of the first start */
};

/* ---- state ---- */

/* Under the lock. */
static void post(eg_check_runner *runner)
{
    runner->state.item = eg_buf_str(&runner->item);
    runner->state.report = eg_buf_str(&runner->report);
    runner->state.error = eg_buf_str(&runner->error);
    runner->options.post(runner->options.user, &runner->state);
}

static void set_text(eg_buf *to, eg_str text)
{
    eg_buf_clear(to);
    eg_buf_append_str(to, eg_utf8_cut(text, TEXT_MAX));
}

static void set_state(eg_check_runner *runner, const eg_check_state *state, eg_str report,
                      eg_str error)
{
    runner->state = *state;
    set_text(&runner->item, state->item);
    set_text(&runner->report, report);
    set_text(&runner->error, error);
    post(runner);
}

/* Until another check is done. Under the lock. */
static void note_findings(eg_check_runner *runner, const eg_check_state *state)
{
    if (state->state == EG_JOB_DONE) {
        runner->findings = state->verdict == EG_VERDICT_SUSPICIOUS ? state->findings : 0;
    }
}

/* Under the lock. */
static void begin(eg_check_runner *runner)
{
    const eg_check_state begun = {.state = EG_JOB_RUNNING};
    runner->wanted = true;
    runner->cancelled = false;
    set_state(runner, &begun, EG_STR_NONE, EG_STR_NONE);
}

/* ---- what outlives a restart ---- */

static void keep(eg_check_runner *runner, const char *name, eg_str value)
{
    if (runner->options.keep(runner->options.user, name, value) != EG_OK) {
        eg_log(EG_LOG_WARNING, "check", "the result is forgotten at the next start: %s",
               eg_error_message());
    }
}

static void keep_counted(eg_check_runner *runner)
{
    eg_buf text;
    eg_buf_init(&text, 32);
    eg_buf_appendf(&text, "%" PRIu64, runner->counted);
    keep(runner, KEEP_COUNTED, eg_buf_str(&text));
    eg_buf_done(&text);
}

/* As the message that trays get. */
static void keep_result(eg_check_runner *runner, const eg_check_state *state)
{
    const eg_message message = {.type = EG_MESSAGE_CHECK_STATE, .body.check_state = *state};
    eg_buf frame;
    eg_buf_init(&frame, EG_FRAME_MAX + EG_FRAME_HEADER);
    if (eg_message_encode(&frame, &message) == EG_OK) {
        eg_str text = eg_buf_str(&frame);
        keep(runner, KEEP_RESULT, (eg_str){text.ptr + EG_FRAME_HEADER, text.len - EG_FRAME_HEADER});
    }
    eg_buf_done(&frame);
}

static void restore_result(eg_check_runner *runner, eg_str text)
{
    const eg_check_state none = {.state = EG_JOB_IDLE};
    const eg_check_state *last = &none;
    eg_message_decoder *decoder = NULL;
    eg_message message;
    if (text.len > 0 && eg_message_decoder_create(&decoder) == EG_OK &&
        eg_message_decode(decoder, text, &message) == EG_OK &&
        message.type == EG_MESSAGE_CHECK_STATE && message.body.check_state.state == EG_JOB_DONE) {
        last = &message.body.check_state;
    }
    note_findings(runner, last);
    set_state(runner, last, last->report, last->error);
    eg_message_decoder_destroy(decoder);
}

static void restore(eg_check_runner *runner)
{
    eg_buf text;
    eg_buf_init(&text, EG_FRAME_MAX);
    if (runner->options.recall(runner->options.user, KEEP_COUNTED, &text) != EG_OK ||
        !eg_str_to_u64(eg_buf_str(&text), &runner->counted)) {
        runner->counted = eg_clock_utc();
        keep_counted(runner);
    }
    eg_buf_clear(&text);
    if (runner->options.recall(runner->options.user, KEEP_RESULT, &text) != EG_OK) {
        eg_buf_clear(&text);
    }
    restore_result(runner, eg_buf_str(&text));
    eg_buf_done(&text);
}

/* ---- one check ---- */

static eg_check_order on_order(void *user, uint32_t wait_ms)
{
    eg_check_runner *runner = user;
    eg_mutex_lock(&runner->thread.lock);
    if (!runner->thread.stopping) {
        eg_cond_wait(&runner->thread.changed, &runner->thread.lock, wait_ms);
    }
    eg_check_order order = runner->thread.stopping ? EG_CHECK_END_NOW
                           : runner->cancelled     ? EG_CHECK_STOP_SOON
                                                   : EG_CHECK_GO_ON;
    eg_mutex_unlock(&runner->thread.lock);
    return order;
}

static void on_progress(void *user, const eg_check_state *state)
{
    eg_check_runner *runner = user;
    eg_mutex_lock(&runner->thread.lock);
    set_state(runner, state, EG_STR_NONE, EG_STR_NONE);
    eg_mutex_unlock(&runner->thread.lock);
}

/* Only a check that is done takes the place of the last one in the database. */
static void finish(eg_check_runner *runner, const eg_check_state *state, eg_str report,
                   eg_str error)
{
    uint64_t now = eg_clock_monotonic_ns();
    bool done = state->state == EG_JOB_DONE;
    eg_check_state told = *state;
    told.report = report;
    told.error = error;
    if (done) {
        runner->counted = state->time;
        keep_counted(runner);
        keep_result(runner, &told);
    }
    runner->next_ns = done ? 0 : now + runner->options.retry_ms * NS_PER_MS;
    runner->options.ended(runner->options.user, &told);
    eg_mutex_lock(&runner->thread.lock);
    runner->wanted = false;
    runner->ended_ns = now;
    note_findings(runner, state);
    set_state(runner, state, report, error);
    eg_mutex_unlock(&runner->thread.lock);
}

static void check(eg_check_runner *runner)
{
    const eg_check_runner_options *o = &runner->options;
    const eg_check_job job = {
        .program = o->program,
        .rules = o->rules,
        .reports = o->reports,
        .language = o->language,
        .silence_ms = o->silence_ms,
        .longest_ms = o->longest_ms,
        .stop_ms = o->stop_ms,
        .output_max = o->output_max,
        .user = runner,
        .order = on_order,
        .progress = on_progress,
    };
    eg_check_state state;
    eg_buf report, error;
    eg_buf_init(&report, TEXT_MAX);
    eg_buf_init(&error, TEXT_MAX);
    if (eg_check_job_run(&job, &state, &report, &error)) {
        finish(runner, &state, eg_buf_str(&report), eg_buf_str(&error));
    }
    eg_buf_done(&report);
    eg_buf_done(&error);
}

/* ---- the thread ---- */

static bool is_due(eg_check_runner *runner)
{
    uint64_t now = eg_clock_utc();
    if (runner->counted > now) {
        runner->counted = now; /* the clock was wrong then */
    }
    return eg_clock_monotonic_ns() >= runner->next_ns &&
           eg_check_schedule_is_due(&runner->options.schedule, eg_clock_local(runner->counted),
                                    eg_clock_local(now), runner->options.spread_seconds);
}

static void work(void *arg)
{
    eg_check_runner *runner = arg;
    eg_mutex_lock(&runner->thread.lock);
    while (!runner->thread.stopping) {
        if (!runner->wanted && is_due(runner)) {
            eg_log(EG_LOG_INFO, "check", "a check begins, as the settings say");
            begin(runner);
        }
        if (runner->wanted) {
            eg_mutex_unlock(&runner->thread.lock);
            check(runner);
            eg_mutex_lock(&runner->thread.lock);
        } else {
            eg_cond_wait(&runner->thread.changed, &runner->thread.lock, LOOK_MS);
        }
    }
    eg_mutex_unlock(&runner->thread.lock);
}

int eg_check_runner_start(const eg_check_runner_options *options, eg_check_runner **out)
{
    eg_check_runner *runner = eg_alloc_zero(1, sizeof(*runner));
    if (!runner) {
        return EG_E_NOMEM;
    }
    runner->options = *options;
    eg_buf_init(&runner->item, TEXT_MAX);
    eg_buf_init(&runner->report, TEXT_MAX);
    eg_buf_init(&runner->error, TEXT_MAX);
    int status = eg_stoppable_init(&runner->thread);
    if (status != EG_OK) {
        eg_free(runner); /* the texts are empty */
        return status;
    }
    runner->next_ns = eg_clock_monotonic_ns() + options->start_ms * NS_PER_MS;
    restore(runner);
    status = eg_stoppable_start(&runner->thread, "check", work, runner);
    if (status != EG_OK) {
        eg_check_runner_destroy(runner);
        return status;
    }
    *out = runner;
    return EG_OK;
}

void eg_check_runner_stop(eg_check_runner *runner)
{
    if (runner) {
        eg_stoppable_stop(&runner->thread);
    }
}

int eg_check_runner_join(eg_check_runner *runner, uint32_t milliseconds)
{
    return eg_stoppable_join(&runner->thread, milliseconds, "the check of this PC does not stop");
}

void eg_check_runner_destroy(eg_check_runner *runner)
{
    if (runner) {
        eg_stoppable_done(&runner->thread);
        eg_buf_done(&runner->item);
        eg_buf_done(&runner->report);
        eg_buf_done(&runner->error);
        eg_free(runner);
    }
}

/* ---- what others ask ---- */

/* Under the lock. */
static bool is_too_soon(const eg_check_runner *runner)
{
    uint64_t wait = runner->options.again_ms * NS_PER_MS;
    if (runner->state.state != EG_JOB_DONE) {
        wait /= AGAIN_PART;
    }
    return runner->ended_ns != 0 && eg_clock_monotonic_ns() - runner->ended_ns < wait;
}

void eg_check_runner_ask(eg_check_runner *runner, eg_check_action action)
{
    eg_mutex_lock(&runner->thread.lock);
    if (action == EG_CHECK_CANCEL) {
        runner->cancelled = runner->wanted;
    } else if (!runner->wanted && !is_too_soon(runner)) {
        begin(runner);
    }
    eg_cond_wake_all(&runner->thread.changed);
    eg_mutex_unlock(&runner->thread.lock);
}

void eg_check_runner_write(eg_check_runner *runner, eg_json *json)
{
    char time[EG_TIME_TEXT_SIZE] = "";
    eg_mutex_lock(&runner->thread.lock);
    const eg_check_state *state = &runner->state;
    if (state->time > 0) {
        eg_time_format(state->time, time);
    }
    eg_json_object(json);
    eg_json_put_str(json, "state", eg_str_from(eg_job_state_names[state->state]));
    eg_json_put_u64(json, "percent", state->percent);
    eg_json_put_str(json, "verdict", eg_str_from(eg_verdict_names[state->verdict]));
    eg_json_put_str(json, "time", eg_str_from(time));
    eg_json_put_u64(json, "findings", state->findings);
    eg_json_put_u64(json, "gaps", state->gaps);
    eg_json_put_str(json, "report", eg_buf_str(&runner->report));
    eg_json_put_str(json, "error", eg_buf_str(&runner->error));
    eg_json_object_end(json);
    eg_mutex_unlock(&runner->thread.lock);
}

uint32_t eg_check_runner_findings(eg_check_runner *runner)
{
    eg_mutex_lock(&runner->thread.lock);
    uint32_t findings = runner->findings;
    eg_mutex_unlock(&runner->thread.lock);
    return findings;
}
