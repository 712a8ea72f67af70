/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/provider_session.h"

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/agent_event.h"
#include "driverless-hooks/etw/provider_merge.h"
#include "driverless-hooks/etw/session.h"

#include <inttypes.h>
#include <string.h>

#define SENSOR_NAME "etw" /* in agent events: the session is nobody's alone */

enum {
    CHECK_MS = 10 * 1000,
    RETRY_FIRST_MS = 250,
    RETRY_MOST_MS = 30 * 1000,
    STEADY_MS = 60 * 1000, /* after that a failure counts as the first again */
    REASON_SIZE = 256,
    PENDING_MAX = 4,
};

typedef struct shared_session {
    /* Whoever uses the session itself holds `control`; `state` is for moments only, as the
     * consumer's callback takes it. Order: control, then state. */
    eg_mutex control;
    eg_mutex state;
    eg_cond changed; /* with state */
    eg_thread *supervisor;
    /* under control */
    eg_etw_session *session; /* NULL while it does not run */
    eg_provider_list applied;
    uint64_t started_at; /* monotonic ns, as the next two */
    uint64_t checked_at;
    uint64_t retry_at;
    eg_backoff backoff;
    uint32_t failures;    /* in a row */
    uint64_t lost_before; /* by earlier sessions */
    /* under state; feeds are linked and unlinked under both */
    eg_provider_feed *feeds;
    bool stopping;
    bool alarm;
    bool flush_wanted;
    bool running;
    uint64_t lost;                          /* of all sessions */
    char reason[REASON_SIZE];               /* why it does not run */
    char pending[PENDING_MAX][REASON_SIZE]; /* tampering that nobody could be told of yet */
    size_t pending_count;
} shared_session;

struct eg_provider_feed {
    shared_session *shared;
    eg_provider_feed *next;
    const eg_provider *const *providers;
    size_t count;
    eg_etw_ring *ring;
    uint64_t lost_before; /* when it joined */
    bool blind;           /* one of its providers is not enabled */
    bool reports;
    eg_sink sink;
};

/* Held while somebody joins or leaves. */
static eg_mutex joining = EG_MUTEX_INIT;
static shared_session *the_session;

/* ---- on the consumer's thread ---- */

static void dispatch(void *user, const eg_etw_record *record)
{
    shared_session *shared = user;
    eg_mutex_lock(&shared->state);
    for (eg_provider_feed *feed = shared->feeds; feed; feed = feed->next) {
        if (eg_provider_wants(feed->providers, feed->count, record)) {
            eg_etw_ring_push(feed->ring, record); /* the ring counts what does not fit */
        }
    }
    eg_mutex_unlock(&shared->state);
}

static void alarmed(void *user)
{
    shared_session *shared = user;
    eg_mutex_lock(&shared->state);
    shared->alarm = true;
    eg_cond_wake_all(&shared->changed);
    eg_mutex_unlock(&shared->state);
}

/* ---- agent events ---- */

/* Under state. False when no feed reports. */
static bool report(shared_session *shared, const char *reason, uint64_t count, const char *words)
{
    for (eg_provider_feed *feed = shared->feeds; feed; feed = feed->next) {
        if (feed->reports) {
            eg_agent_event_emit(&feed->sink, SENSOR_NAME, reason, count, words);
            return true;
        }
    }
    return false;
}

static void tampered(void *user, const char *what)
{
    shared_session *shared = user;
    eg_mutex_lock(&shared->state);
    if (!report(shared, EG_AGENT_SESSION_TAMPERED, 1, what) &&
        shared->pending_count < PENDING_MAX) {
        eg_utf8_copy(shared->pending[shared->pending_count++], REASON_SIZE, eg_str_from(what));
    }
    eg_mutex_unlock(&shared->state);
}

/* ---- providers; under control ---- */

static int merge(const shared_session *shared, eg_provider_list *out)
{
    out->count = 0;
    for (const eg_provider_feed *feed = shared->feeds; feed; feed = feed->next) {
        for (size_t i = 0; i < feed->count; i++) {
            int status = eg_provider_list_add(out, feed->providers[i]);
            if (status != EG_OK) {
                return status;
            }
        }
    }
    return EG_OK;
}

static void mark_blind_feeds(shared_session *shared)
{
    eg_mutex_lock(&shared->state);
    for (eg_provider_feed *feed = shared->feeds; feed; feed = feed->next) {
        feed->blind = false;
        for (size_t i = 0; i < feed->count; i++) {
            eg_merged_provider *at =
                eg_provider_list_find(&shared->applied, feed->providers[i]->guid);
            feed->blind |= !at || at->failed;
        }
    }
    eg_mutex_unlock(&shared->state);
}

/* Makes the session's providers those that the feeds want; the first error, but does all it can. */
static int apply(shared_session *shared)
{
    eg_provider_list wanted;
    int result = merge(shared, &wanted);
    if (result != EG_OK || !shared->session) {
        return result;
    }
    for (size_t i = 0; i < shared->applied.count; i++) {
        if (!eg_provider_list_find(&wanted, shared->applied.at[i].enable.guid)) {
            eg_etw_session_disable(shared->session, shared->applied.at[i].enable.guid);
        }
    }
    for (size_t i = 0; i < wanted.count; i++) {
        eg_merged_provider *at = &wanted.at[i];
        const eg_merged_provider *before = eg_provider_list_find(&shared->applied, at->enable.guid);
        if (before && !before->failed && eg_provider_same_enable(&before->enable, &at->enable)) {
            continue;
        }
        int status = eg_etw_session_enable(shared->session, at->name, &at->enable);
        at->failed = status != EG_OK;
        result = result == EG_OK ? status : result;
    }
    shared->applied = wanted;
    mark_blind_feeds(shared);
    return result;
}

static void capture(shared_session *shared, const eg_provider_feed *feed)
{
    for (size_t i = 0; shared->session && i < feed->count; i++) {
        if (feed->providers[i]->running_state &&
            eg_etw_session_capture(shared->session, feed->providers[i]->guid) != EG_OK) {
            eg_log(EG_LOG_INFO, "etw", "%s", eg_error_message());
        }
    }
}

/* ---- the session's life; under control ---- */

static void set_running(shared_session *shared, bool running)
{
    eg_mutex_lock(&shared->state);
    shared->running = running;
    if (!running) {
        eg_utf8_copy(shared->reason, REASON_SIZE, eg_str_from(eg_error_message()));
    }
    eg_mutex_unlock(&shared->state);
}

static int start(shared_session *shared)
{
    eg_etw_session_events events = {shared, dispatch, alarmed, tampered};
    shared->applied.count = 0;
    int status = eg_etw_session_open(&shared->session, eg_etw_system_api(),
                                     &eg_etw_provider_session, &events);
    if (status == EG_OK) {
        shared->started_at = shared->checked_at = eg_clock_monotonic_ns();
        set_running(shared, true);
    }
    return status;
}

static bool passed(uint64_t since, uint32_t milliseconds)
{
    return eg_clock_monotonic_ns() - since >= UINT64_C(1000000) * milliseconds;
}

/* After a failure, whose message is eg_error_message. */
static void wait_to_retry(shared_session *shared)
{
    set_running(shared, false);
    shared->failures++;
    uint32_t pause_ms = eg_backoff_next(&shared->backoff);
    shared->retry_at = eg_deadline_after(pause_ms);
    if (eg_log_is_due(shared->failures)) {
        eg_log(EG_LOG_WARNING, "etw",
               "%s; failure %" PRIu32 " in a row, next try in %" PRIu32 " ms", eg_error_message(),
               shared->failures, pause_ms);
    }
}

static void take_down(shared_session *shared)
{
    if (passed(shared->started_at, STEADY_MS)) {
        shared->failures = 0;
        eg_backoff_reset(&shared->backoff);
    }
    wait_to_retry(shared); /* first, as closing may change the message */
    eg_etw_session_close(shared->session);
    shared->session = NULL;
    eg_mutex_lock(&shared->state);
    shared->lost_before = ++shared->lost; /* nobody knows what happens until it runs again */
    eg_mutex_unlock(&shared->state);
}

static void check(shared_session *shared)
{
    uint64_t lost = 0;
    shared->checked_at = eg_clock_monotonic_ns();
    if (eg_etw_session_check(shared->session, &lost) != EG_OK) {
        take_down(shared);
        return;
    }
    eg_mutex_lock(&shared->state);
    lost += shared->lost_before;
    if (lost > shared->lost) {
        eg_log(EG_LOG_WARNING, "etw",
               "EmoGuard-Providers: %" PRIu64 " records or buffers were lost", lost - shared->lost);
        report(shared, EG_AGENT_TELEMETRY_LOST, lost - shared->lost,
               "the session EmoGuard-Providers lost records before they could be read");
        shared->lost = lost;
    }
    eg_mutex_unlock(&shared->state);
    if (apply(shared) != EG_OK) {
        eg_log(EG_LOG_DEBUG, "etw", "%s", eg_error_message());
    }
}

static void restart(shared_session *shared)
{
    if (start(shared) != EG_OK) {
        wait_to_retry(shared);
        return;
    }
    if (apply(shared) != EG_OK) {
        eg_log(EG_LOG_WARNING, "etw", "%s", eg_error_message());
    }
    for (const eg_provider_feed *feed = shared->feeds; feed; feed = feed->next) {
        capture(shared, feed);
    }
    eg_log(EG_LOG_INFO, "etw", "EmoGuard-Providers runs again");
}

/* ---- the supervisor ---- */

/* Returns after how many milliseconds there is something to do again. */
static uint32_t work(shared_session *shared)
{
    eg_mutex_lock(&shared->state);
    bool alarm = shared->alarm;
    bool flush = shared->flush_wanted;
    shared->alarm = shared->flush_wanted = false;
    eg_mutex_unlock(&shared->state);
    if (!shared->session) {
        uint64_t now = eg_clock_monotonic_ns();
        if (now < shared->retry_at) {
            return (uint32_t)((shared->retry_at - now) / 1000000) + 1;
        }
        restart(shared);
        return 0;
    }
    if (flush) {
        eg_etw_session_flush(shared->session);
    }
    uint32_t wait = eg_etw_session_pace(shared->session);
    if (alarm || eg_etw_session_alarmed(shared->session) || passed(shared->checked_at, CHECK_MS)) {
        check(shared);
        return 0;
    }
    return wait;
}

static void supervise(void *arg)
{
    shared_session *shared = arg;
    bool stopping = false;
    while (!stopping) {
        eg_mutex_lock(&shared->control);
        uint32_t wait = work(shared);
        eg_mutex_unlock(&shared->control);
        eg_mutex_lock(&shared->state);
        if (wait > 0 && !shared->stopping && !shared->alarm && !shared->flush_wanted) {
            eg_cond_wait(&shared->changed, &shared->state, wait);
        }
        stopping = shared->stopping;
        eg_mutex_unlock(&shared->state);
    }
}

/* ---- joining and leaving ---- */

static void destroy(shared_session *shared)
{
    eg_mutex_lock(&shared->state);
    shared->stopping = true;
    eg_cond_wake_all(&shared->changed);
    eg_mutex_unlock(&shared->state);
    eg_thread_join(shared->supervisor);
    eg_etw_session_close(shared->session);
    eg_cond_done(&shared->changed);
    eg_mutex_done(&shared->state);
    eg_mutex_done(&shared->control);
    eg_free(shared);
}

static int create(shared_session **out)
{
    shared_session *shared = eg_alloc_zero(1, sizeof(*shared));
    if (!shared) {
        return EG_E_NOMEM;
    }
    shared->backoff = (eg_backoff){.first_ms = RETRY_FIRST_MS, .most_ms = RETRY_MOST_MS};
    int status = eg_mutex_init(&shared->control);
    if (status != EG_OK) {
        goto free_shared;
    }
    status = eg_mutex_init(&shared->state);
    if (status != EG_OK) {
        goto done_control;
    }
    status = eg_cond_init(&shared->changed);
    if (status != EG_OK) {
        goto done_state;
    }
    status = start(shared);
    if (status != EG_OK) {
        goto done_changed;
    }
    status = eg_thread_start(&shared->supervisor, "etw-providers", supervise, shared);
    if (status != EG_OK) {
        goto close_session;
    }
    *out = shared;
    return EG_OK;

close_session:
    eg_etw_session_close(shared->session);
done_changed:
    eg_cond_done(&shared->changed);
done_state:
    eg_mutex_done(&shared->state);
done_control:
    eg_mutex_done(&shared->control);
free_shared:
    eg_free(shared);
    return status;
}

static void unlink_feed(shared_session *shared, eg_provider_feed *feed)
{
    eg_mutex_lock(&shared->state);
    eg_provider_feed **at = &shared->feeds;
    while (*at != feed) {
        at = &(*at)->next;
    }
    *at = feed->next;
    eg_mutex_unlock(&shared->state);
}

/* Links the feed, then enables: what the first record finds is a feed that takes it. */
static int join(shared_session *shared, eg_provider_feed *feed)
{
    eg_mutex_lock(&shared->control);
    eg_mutex_lock(&shared->state);
    feed->shared = shared;
    feed->lost_before = shared->lost;
    feed->next = shared->feeds;
    shared->feeds = feed;
    eg_mutex_unlock(&shared->state);
    int status = apply(shared);
    if (status == EG_OK) {
        capture(shared, feed);
    } else if (feed->blind) {
        char reason[REASON_SIZE];
        eg_utf8_copy(reason, sizeof(reason), eg_str_from(eg_error_message()));
        unlink_feed(shared, feed);
        apply(shared);
        eg_fail(status, "%s", reason);
    } else {
        status = EG_OK; /* another feed's provider: told to that one */
    }
    eg_mutex_unlock(&shared->control);
    return status;
}

int eg_provider_feed_join(eg_provider_feed **out, const eg_provider *const *providers, size_t count,
                          eg_etw_ring *ring)
{
    eg_provider_feed *feed = eg_alloc_zero(1, sizeof(*feed));
    if (!feed) {
        return EG_E_NOMEM;
    }
    feed->providers = providers;
    feed->count = count;
    feed->ring = ring;
    feed->blind = true; /* until its providers are enabled */
    eg_mutex_lock(&joining);
    int status = the_session ? EG_OK : create(&the_session);
    if (status == EG_OK) {
        status = join(the_session, feed);
        if (status != EG_OK && !the_session->feeds) {
            destroy(the_session);
            the_session = NULL;
        }
    }
    eg_mutex_unlock(&joining);
    if (status != EG_OK) {
        eg_free(feed);
        return status;
    }
    *out = feed;
    return EG_OK;
}

void eg_provider_feed_leave(eg_provider_feed *feed)
{
    if (!feed) {
        return;
    }
    shared_session *shared = feed->shared;
    eg_mutex_lock(&joining);
    eg_mutex_lock(&shared->control);
    unlink_feed(shared, feed);
    bool last = !shared->feeds;
    if (!last) {
        apply(shared);
    }
    eg_mutex_unlock(&shared->control);
    if (last) {
        destroy(shared);
        the_session = NULL;
    }
    eg_mutex_unlock(&joining);
    eg_free(feed);
}

/* ---- what a feed may ask ---- */

void eg_provider_feed_report_to(eg_provider_feed *feed, const eg_sink *sink)
{
    shared_session *shared = feed->shared;
    eg_mutex_lock(&shared->state);
    feed->sink = *sink;
    feed->reports = true;
    for (size_t i = 0; i < shared->pending_count; i++) {
        report(shared, EG_AGENT_SESSION_TAMPERED, 1, shared->pending[i]);
    }
    shared->pending_count = 0;
    eg_mutex_unlock(&shared->state);
}

void eg_provider_feed_flush(eg_provider_feed *feed)
{
    shared_session *shared = feed->shared;
    eg_mutex_lock(&shared->state);
    shared->flush_wanted = true;
    eg_cond_wake_all(&shared->changed);
    eg_mutex_unlock(&shared->state);
}

int eg_provider_feed_check(eg_provider_feed *feed, uint64_t *lost)
{
    shared_session *shared = feed->shared;
    int status = EG_OK;
    eg_mutex_lock(&shared->state);
    if (!shared->running) {
        status = eg_fail(EG_E_CLOSED, "%s", shared->reason);
    } else if (feed->blind) {
        status = eg_fail(EG_E_CLOSED, "a provider could not be enabled again");
    } else {
        *lost = shared->lost - feed->lost_before;
    }
    eg_mutex_unlock(&shared->state);
    return status;
}
