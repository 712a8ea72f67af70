/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pipeline_thread.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/stoppable.h"

#define POP_MS 500u
#define SECOND_NS UINT64_C(1000000000)
#define CLOSING_MAX 64u
#define RETRY_EVERY_NS (5 * SECOND_NS)   /* waiting hits, loss */
#define RESYNC_EVERY_NS (60 * SECOND_NS) /* a snapshot may itself overflow the queue */

struct eg_pipeline_thread {
    eg_pipeline_thread_options options;
    eg_scan_queue *scans; /* may be NULL */
    eg_pipeline *pipeline;
    eg_stoppable thread;
    /* stories to be closed; under the thread's lock, as are the next four */
    int64_t closing[CLOSING_MAX];
    size_t closing_count;
    eg_exception_list *next_exceptions; /* NULL: no others than now */
    bool rules_settled;
    uint64_t drain_until; /* monotonic ns */
    eg_atomic events, forgotten, hits, matched, matching_ns;
    /* below: the thread's own */
    eg_exception_list *exceptions;
    uint64_t next_retry, next_resync;
    bool resync_due;
    uint64_t hits_saved;
};

int eg_pipeline_thread_create(const eg_pipeline_thread_options *options, eg_pipeline_thread **out)
{
    eg_pipeline_thread *thread = eg_alloc_zero(1, sizeof(*thread));
    if (!thread) {
        return EG_E_NOMEM;
    }
    thread->options = *options;
    int status = eg_stoppable_init(&thread->thread);
    if (status != EG_OK) {
        eg_free(thread);
        return status;
    }
    *out = thread;
    return EG_OK;
}

void eg_pipeline_thread_destroy(eg_pipeline_thread *thread)
{
    if (thread) {
        eg_pipeline_destroy(thread->pipeline);
        eg_exception_list_destroy(thread->exceptions);
        eg_exception_list_destroy(thread->next_exceptions);
        eg_stoppable_done(&thread->thread);
        eg_free(thread);
    }
}

static bool wait_for_rules(eg_pipeline_thread *thread)
{
    eg_mutex_lock(&thread->thread.lock);
    while (!thread->rules_settled && !thread->thread.stopping) {
        eg_cond_wait(&thread->thread.changed, &thread->thread.lock, EG_FOREVER);
    }
    bool settled = thread->rules_settled;
    eg_mutex_unlock(&thread->thread.lock);
    return settled;
}

static void report_loss(eg_pipeline_thread *thread)
{
    uint64_t lost = eg_intake_report_loss(thread->options.intake);
    if (lost > 0) {
        thread->options.lost(thread->options.user, lost);
        thread->resync_due = true;
    }
}

static void keep_house(eg_pipeline_thread *thread)
{
    uint64_t now = eg_clock_monotonic_ns();
    if (now >= thread->next_retry) {
        thread->next_retry = now + RETRY_EVERY_NS;
        thread->options.upkeep(thread->options.user);
        eg_hit_keeper_retry(thread->options.keeper);
        report_loss(thread);
    }
    /* What was lost is looked up when the rush is over. */
    if (thread->resync_due && now >= thread->next_resync &&
        eg_intake_length(thread->options.intake) == 0) {
        thread->resync_due = false;
        thread->next_resync = now + RESYNC_EVERY_NS;
        thread->options.resync(thread->options.user);
    }
}

static void match(eg_pipeline_thread *thread, eg_event *event)
{
    eg_pipeline_stats before, stats;

    if (!(event->flags & EG_EVENT_SECOND_PASS)) {
        eg_atomic_add(&thread->events, 1);
    }
    eg_pipeline_stats_get(thread->pipeline, &before);
    uint64_t start = eg_clock_monotonic_ns();
    if (eg_pipeline_feed(thread->pipeline, event) != EG_OK) {
        eg_log(EG_LOG_ERROR, "pipeline", "%s event: %s", eg_kind_name(event->kind),
               eg_error_message());
    }
    uint64_t took = eg_clock_monotonic_ns() - start;
    eg_pipeline_stats_get(thread->pipeline, &stats);
    if (stats.hits == before.hits) {
        eg_atomic_add(&thread->matched, 1);
        eg_atomic_add(&thread->matching_ns, (int64_t)took);
    }
    eg_atomic_set(&thread->hits, (int64_t)stats.hits);
    eg_atomic_set(&thread->forgotten, (int64_t)stats.forgotten);
    eg_free(event);
}

/* What comparing found and nobody reported. */
static void match_differences(eg_pipeline_thread *thread)
{
    eg_event *event;
    while (thread->options.baseline &&
           (event = eg_baseline_keeper_next(thread->options.baseline)) != NULL) {
        match(thread, event);
    }
}

static void take_findings(eg_pipeline_thread *thread)
{
    eg_scan_finding *finding;
    while (thread->scans && (finding = eg_scan_queue_next(thread->scans)) != NULL) {
        eg_pipeline_found(thread->pipeline, finding);
        eg_scan_finding_destroy(finding);
    }
}

static void feed(eg_pipeline_thread *thread, eg_event *event)
{
    if (event->flags & EG_EVENT_WAKE) {
        eg_free(event);
        return;
    }
    eg_baseline_keeper *baseline = thread->options.baseline;
    bool compared = !baseline || (event->flags & EG_EVENT_SECOND_PASS); /* when it came first */
    bool goes_on = compared || eg_baseline_keeper_admit(baseline, event);
    match_differences(thread); /* they were there before this event */
    if (goes_on) {
        match(thread, event);
    } else {
        eg_free(event);
    }
}

static bool may_drain(eg_pipeline_thread *thread)
{
    eg_mutex_lock(&thread->thread.lock);
    bool may = !thread->thread.stopping || eg_clock_monotonic_ns() < thread->drain_until;
    eg_mutex_unlock(&thread->thread.lock);
    return may;
}

/* A hit and what it is about get to disk together, or nearly so; other things can wait. */
static void save_baseline(eg_pipeline_thread *thread, bool now)
{
    eg_pipeline_stats stats;
    eg_pipeline_stats_get(thread->pipeline, &stats);
    if (thread->options.baseline) {
        eg_baseline_keeper_save(thread->options.baseline, now || stats.hits > thread->hits_saved);
    }
    thread->hits_saved = stats.hits;
}

/* What others have asked for since the last event. */
static void take_orders(eg_pipeline_thread *thread)
{
    eg_mutex_lock(&thread->thread.lock);
    if (thread->next_exceptions) {
        eg_pipeline_use_exceptions(thread->pipeline, thread->next_exceptions);
        eg_exception_list_destroy(thread->exceptions);
        thread->exceptions = thread->next_exceptions;
        thread->next_exceptions = NULL;
    }
    for (size_t i = 0; i < thread->closing_count; i++) {
        eg_pipeline_close_incident(thread->pipeline, thread->closing[i]);
    }
    thread->closing_count = 0;
    eg_mutex_unlock(&thread->thread.lock);
}

static void work(eg_pipeline_thread *thread)
{
    while (may_drain(thread)) {
        eg_event *event = NULL;
        int status = eg_intake_pop(thread->options.intake, POP_MS, &event);
        take_orders(thread);
        if (status == EG_OK) {
            feed(thread, event);
        } else if (status == EG_E_CLOSED) {
            break;
        } else {
            match_differences(thread);
        }
        take_findings(thread);
        keep_house(thread);
        save_baseline(thread, false);
    }
    take_findings(thread);
    eg_hit_keeper_retry(thread->options.keeper);
    save_baseline(thread, true);
}

static void thread_main(void *arg)
{
    eg_pipeline_thread *thread = arg;
    if (wait_for_rules(thread)) {
        work(thread);
    }
    size_t left = eg_intake_length(thread->options.intake);
    if (left > 0) {
        eg_log(EG_LOG_WARNING, "pipeline", "%zu events were not checked before the stop", left);
    }
}

void eg_pipeline_thread_use_scans(eg_pipeline_thread *thread, eg_scan_queue *scans)
{
    thread->scans = scans;
}

int eg_pipeline_thread_start(eg_pipeline_thread *thread, eg_ruleset_slot *rules)
{
    int status =
        eg_pipeline_create(rules, eg_hit_keeper_take, thread->options.keeper, &thread->pipeline);
    if (status == EG_OK && thread->options.prepare) {
        thread->options.prepare(thread->options.user, thread->pipeline);
    }
    if (status == EG_OK) {
        eg_pipeline_use_second_pass(thread->pipeline, thread->options.second_pass);
        eg_pipeline_use_scans(thread->pipeline, thread->scans);
        status = eg_stoppable_start(&thread->thread, "pipeline", thread_main, thread);
    }
    return status;
}

void eg_pipeline_thread_rules_settled(eg_pipeline_thread *thread)
{
    eg_mutex_lock(&thread->thread.lock);
    thread->rules_settled = true;
    eg_cond_wake_all(&thread->thread.changed);
    eg_mutex_unlock(&thread->thread.lock);
}

void eg_pipeline_thread_stop(eg_pipeline_thread *thread, uint32_t drain_ms)
{
    eg_mutex_lock(&thread->thread.lock);
    thread->drain_until = eg_deadline_after(drain_ms);
    eg_mutex_unlock(&thread->thread.lock);
    eg_stoppable_stop(&thread->thread);
}

int eg_pipeline_thread_join(eg_pipeline_thread *thread, uint32_t milliseconds)
{
    return eg_stoppable_join(&thread->thread, milliseconds, "the pipeline does not stop");
}

int eg_pipeline_thread_close_incident(eg_pipeline_thread *thread, int64_t id)
{
    int status = EG_OK;
    eg_mutex_lock(&thread->thread.lock);
    if (thread->closing_count < CLOSING_MAX) {
        thread->closing[thread->closing_count++] = id;
    } else {
        status = eg_fail(EG_E_LIMIT, "too many incidents are being closed; try again");
    }
    eg_mutex_unlock(&thread->thread.lock);
    return status;
}

void eg_pipeline_thread_use_exceptions(eg_pipeline_thread *thread, eg_exception_list *exceptions)
{
    eg_mutex_lock(&thread->thread.lock);
    eg_exception_list_destroy(thread->next_exceptions);
    thread->next_exceptions = exceptions;
    eg_mutex_unlock(&thread->thread.lock);
}

uint64_t eg_pipeline_thread_events(const eg_pipeline_thread *thread)
{
    return (uint64_t)eg_atomic_get(&thread->events);
}

uint64_t eg_pipeline_thread_hits(const eg_pipeline_thread *thread)
{
    return (uint64_t)eg_atomic_get(&thread->hits);
}

eg_guard_work eg_pipeline_thread_matching(const eg_pipeline_thread *thread)
{
    return (eg_guard_work){(uint64_t)eg_atomic_get(&thread->matched),
                           (uint64_t)eg_atomic_get(&thread->matching_ns)};
}

uint64_t eg_pipeline_thread_forgotten(const eg_pipeline_thread *thread)
{
    return (uint64_t)eg_atomic_get(&thread->forgotten);
}
