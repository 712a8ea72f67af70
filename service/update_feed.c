/* SPDX-License-Identifier: Apache-2.0 */
#include "service/update_feed.h"

#include "core/base/backoff.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/update/bell.h"
#include "core/update/source.h"
#include "service/bell_thread.h"

#include <stdio.h>
#include <string.h>

#define ROOT_MAX (256u * 1024)
#define FILE_TIMEOUT_MS (10u * 60 * 1000)
#define WATCH_MS 5000u /* a pack on trial */
#define RETRY_FIRST_MS 5000u
#define RETRY_MOST_MS (15u * 60 * 1000)
#define CANCEL_EVERY_MS 50u
#define CHANGE_GAP_MS 10000u /* from one look to the next for changes of the network */
#define PROXY_MAX 4096u
#define URL_MAX 4096u

struct eg_update_feed {
    eg_update_feed_options options;
    eg_source *source;
    eg_update_agent *agent; /* the feed's thread, once that runs */
    eg_bell_thread *bell;   /* NULL: none; set once, under the lock */
    eg_thread *thread;
    eg_mutex lock; /* for what follows */
    eg_cond changed;
    bool stopping, asked, network_changed, ended;
    eg_buf rang; /* what the bell brought; empty: it did not ring */
    eg_update_feed_status status;
    eg_agent_rejected rejected[EG_AGENT_STATE_REJECTED_MAX]; /* the newest first */
    size_t rejected_count;
    /* The feed's thread: */
    uint32_t failures;  /* one behind the other */
    eg_backoff backoff; /* after them */
    bool withheld;      /* the last failure is of a server that refuses */
    bool proxy_known;   /* what follows was found */
    eg_buf proxy;       /* "": none */
    bool reconnect;     /* connections that are kept may be dead */
    uint64_t looked_ms; /* monotonic; the end of the last look; 0: none */
};

static uint64_t now_ms(void)
{
    return eg_clock_monotonic_ns() / 1000000;
}

/* ---- the way to the server ---- */

/* Asks by which proxy the server is reached now. */
static void choose_way(eg_update_feed *feed)
{
    eg_buf found;
    if (!eg_source_is_web(feed->source)) {
        return;
    }
    eg_buf_init(&found, PROXY_MAX);
    feed->options.find_proxy(feed->options.owner.user, feed->options.url, &found);
    bool is_other =
        !feed->proxy_known || !eg_str_equal(eg_buf_str(&found), eg_buf_str(&feed->proxy));
    if (is_other || feed->reconnect) {
        const char *proxy = eg_buf_cstr(&found), *user = found.len > 0 ? ":" : "";
        if (eg_source_reconnect(feed->source, proxy, user) != EG_OK) {
            eg_log(EG_LOG_WARNING, "update", "%s: %s", feed->options.name, eg_error_message());
        }
        feed->reconnect = false;
    }
    if (is_other) {
        eg_buf old = feed->proxy;
        feed->proxy = found;
        found = old;
        feed->proxy_known = true;
        const char *proxy = eg_buf_cstr(&feed->proxy);
        const char *login = strrchr(proxy, '@'); /* no password goes into the log */
        eg_log(EG_LOG_INFO, "update", "%s: %s%s", feed->options.name,
               proxy[0] ? "by the proxy " : "without a proxy", login ? login + 1 : proxy);
        if (feed->bell) {
            eg_bell_thread_connect(feed->bell, proxy, proxy[0] ? ":" : "");
        }
    }
    eg_buf_done(&found);
}

/* ---- a look ---- */

static void set_state(eg_update_feed *feed, eg_update_state_id state)
{
    eg_mutex_lock(&feed->lock);
    feed->status.state = state;
    eg_mutex_unlock(&feed->lock);
    feed->options.changed(feed->options.owner.user);
}

/* Under the lock. */
static void copy_agent(eg_update_feed *feed)
{
    const eg_agent_state *state = eg_update_agent_state(feed->agent);
    feed->status.serial = state->current.serial;
    feed->status.on_trial = state->on_trial;
    const eg_agent_rejected *refused = eg_agent_state_refused(state);
    feed->status.refused = refused ? *refused : (eg_agent_rejected){.serial = 0};
    feed->rejected_count = state->rejected_count;
    for (size_t i = 0; i < state->rejected_count; i++) {
        feed->rejected[i] = state->rejected[state->rejected_count - 1 - i];
    }
}

static void note_failure(eg_update_feed *feed, const eg_update_result *result, const char *reason)
{
    bool quiet = result->tuf.outcome == EG_TUF_NOT_METADATA;
    feed->failures++;
    if (eg_log_is_due(feed->failures)) {
        eg_log(quiet ? EG_LOG_INFO : EG_LOG_WARNING, "update", "%s: %s%s", feed->options.name,
               quiet ? "the network is not ready: " : "", reason);
    }
}

/* The metadata may have come and a pack not: then only `status` says why. */
static eg_update_failure failure_of(int status, const eg_tuf_status *tuf)
{
    if (status == EG_OK) {
        return EG_UPDATE_FAILURE_NONE;
    }
    if (tuf->outcome == EG_TUF_REFUSED || tuf->outcome == EG_TUF_EXPIRED) {
        return tuf->clock_error ? EG_UPDATE_FAILURE_CLOCK : EG_UPDATE_FAILURE_UNTRUSTED;
    }
    bool away = tuf->outcome == EG_TUF_UNREACHABLE || tuf->outcome == EG_TUF_NOT_METADATA;
    if (tuf->outcome != EG_TUF_FAILED && status == EG_E_DENIED) {
        return EG_UPDATE_FAILURE_LOGIN;
    }
    if (tuf->outcome != EG_TUF_FAILED && status == EG_E_NOTFOUND) {
        return EG_UPDATE_FAILURE_MISSING;
    }
    return away ? EG_UPDATE_FAILURE_NETWORK : EG_UPDATE_FAILURE_OTHER;
}

static void look(eg_update_feed *feed)
{
    eg_update_result result;
    eg_source_answer answer;
    eg_guard_sample sample = {0};
    char reason[EG_UPDATE_FEED_TEXT] = "";
    uint64_t now = eg_clock_utc();
    set_state(feed, EG_UPDATE_CHECKING);
    choose_way(feed);
    feed->options.sample(feed->options.owner.user, &sample);
    int status = eg_update_agent_run(feed->agent, now, &sample, &result);
    if (status != EG_OK) {
        eg_utf8_copy(reason, sizeof(reason), eg_str_from(eg_error_message()));
        note_failure(feed, &result, reason);
    } else {
        feed->failures = 0;
        eg_backoff_reset(&feed->backoff);
    }
    feed->withheld = status == EG_E_NOTFOUND || status == EG_E_DENIED;
    feed->looked_ms = now_ms();
    eg_source_answer_get(feed->source, &answer);
    eg_mutex_lock(&feed->lock);
    copy_agent(feed);
    feed->status.by_courier = answer.by_courier;
    feed->status.failure = failure_of(status, &result.tuf);
    memcpy(feed->status.error, reason, sizeof(reason));
    feed->status.last_look = now;
    feed->status.last_success = status == EG_OK ? now : feed->status.last_success;
    feed->status.stale = result.tuf.stale != 0;
    feed->status.clock_error = result.tuf.clock_error;
    eg_mutex_unlock(&feed->lock);
    set_state(feed, status != EG_OK  ? EG_UPDATE_FAILED
                    : result.changed ? EG_UPDATE_UPDATED
                                     : EG_UPDATE_CURRENT);
}

static void watch(eg_update_feed *feed)
{
    eg_guard_sample sample = {0};
    bool changed = false, was = feed->status.on_trial;
    feed->options.sample(feed->options.owner.user, &sample);
    if (eg_update_agent_watch(feed->agent, eg_clock_utc(), &sample, &changed) != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "%s: %s", feed->options.name, eg_error_message());
    }
    if (changed || was != eg_update_agent_state(feed->agent)->on_trial) {
        eg_mutex_lock(&feed->lock);
        copy_agent(feed);
        feed->asked = feed->asked || changed; /* what is listed besides may be better */
        eg_mutex_unlock(&feed->lock);
        feed->options.changed(feed->options.owner.user);
    }
}

/* ---- when the next one is ---- */

static uint32_t pause_after_look(eg_update_feed *feed)
{
    eg_source_answer answer = {0};
    if (feed->failures == 0) {
        uint32_t poll = feed->options.poll_ms;
        return poll - poll / 5 + eg_random_up_to(2 * (poll / 5), eg_random_bytes);
    }
    eg_source_answer_get(feed->source, &answer);
    uint32_t pause = eg_backoff_next_spread(&feed->backoff, eg_random_bytes);
    pause = feed->withheld ? RETRY_MOST_MS : pause;
    uint32_t told_s = answer.retry_after_s < 86400 ? answer.retry_after_s : 86400;
    return pause > told_s * 1000 ? pause : told_s * 1000;
}

/* The bell has brought a timestamp: is it newer, and when should this PC look? */
static bool take_ring(eg_update_feed *feed, uint64_t *when_ms)
{
    eg_buf rang;
    bool newer = false;
    eg_buf_init(&rang, EG_BELL_BODY_MAX);
    eg_mutex_lock(&feed->lock);
    eg_buf_append_str(&rang, eg_buf_str(&feed->rang));
    eg_buf_clear(&feed->rang);
    eg_mutex_unlock(&feed->lock);
    if (rang.len > 0 && eg_update_agent_hint(feed->agent, eg_buf_str(&rang), &newer) == EG_OK &&
        newer) {
        uint64_t when =
            now_ms() + eg_random_up_to(eg_update_agent_spread(feed->agent) * 1000, eg_random_bytes);
        *when_ms = when < *when_ms ? when : *when_ms;
    }
    eg_buf_done(&rang);
    return newer;
}

static void plan(eg_update_feed *feed, uint64_t at_ms)
{
    uint64_t left = at_ms - now_ms();
    eg_mutex_lock(&feed->lock);
    feed->status.next_look = eg_clock_utc() + left * EG_TICKS_PER_MS;
    eg_mutex_unlock(&feed->lock);
}

/* When to look, instead of `at_ms`. Not often, however often the network changes. */
static uint64_t look_soon(eg_update_feed *feed, uint64_t at_ms)
{
    uint64_t when = now_ms() + eg_random_up_to(feed->options.first_ms, eg_random_bytes);
    uint64_t first = feed->looked_ms > 0 ? feed->looked_ms + CHANGE_GAP_MS : 0;
    when = when > first ? when : first;
    feed->failures = 0;
    eg_backoff_reset(&feed->backoff);
    feed->reconnect = true;
    if (when >= at_ms) {
        return at_ms;
    }
    eg_log(EG_LOG_INFO, "update", "%s: the network has changed", feed->options.name);
    plan(feed, when);
    return when;
}

/* Until `at_ms`, somebody asks, or the end: false. */
static bool wait_for_look(eg_update_feed *feed, uint64_t at_ms)
{
    for (;;) {
        uint64_t now = now_ms();
        eg_mutex_lock(&feed->lock);
        bool stopping = feed->stopping, due = feed->asked || now >= at_ms;
        bool rang = feed->rang.len > 0, moved = feed->network_changed;
        if (!stopping && !due && !rang && !moved) {
            uint32_t wait = at_ms - now < WATCH_MS ? (uint32_t)(at_ms - now) : WATCH_MS;
            (void)eg_cond_wait(&feed->changed, &feed->lock, wait);
        }
        feed->asked = feed->asked && !due;
        feed->network_changed = feed->network_changed && !moved;
        eg_mutex_unlock(&feed->lock);
        at_ms = moved ? look_soon(feed, at_ms) : at_ms;
        if (stopping || due) {
            return !stopping;
        }
        if (rang && take_ring(feed, &at_ms)) {
            plan(feed, at_ms);
        }
        if (eg_update_agent_state(feed->agent)->on_trial) {
            watch(feed);
        }
    }
}

static void run(void *arg)
{
    eg_update_feed *feed = arg;
    uint64_t next = now_ms() + eg_random_up_to(feed->options.first_ms, eg_random_bytes);
    plan(feed, next);
    choose_way(feed); /* the bell waits for it */
    while (wait_for_look(feed, next)) {
        look(feed);
        next = now_ms() + pause_after_look(feed);
        plan(feed, next);
    }
    eg_mutex_lock(&feed->lock);
    feed->ended = true;
    eg_cond_wake_all(&feed->changed);
    eg_mutex_unlock(&feed->lock);
}

/* ---- the bell ---- */

static void hand_over(void *user, eg_str timestamp)
{
    eg_update_feed *feed = user;
    eg_mutex_lock(&feed->lock);
    eg_buf_clear(&feed->rang);
    eg_buf_append_str(&feed->rang, timestamp);
    eg_cond_wake_all(&feed->changed);
    eg_mutex_unlock(&feed->lock);
}

/* Without it news come by polling. */
static void start_bell(eg_update_feed *feed)
{
    eg_bell_thread *bell = NULL;
    eg_buf url;
    if (!feed->options.channel || !eg_source_is_web(feed->source)) {
        return;
    }
    eg_buf_init(&url, URL_MAX);
    eg_str base = eg_str_from(feed->options.url);
    while (base.len > 0 && base.ptr[base.len - 1] == '/') {
        base.len--;
    }
    int status = eg_buf_appendf(&url, "%.*s/bell/%s", EG_STR_ARGS(base), feed->options.channel);
    if (status == EG_OK) {
        const eg_bell_thread_options options = {feed->options.name, eg_buf_cstr(&url),
                                                feed->options.http, feed, hand_over};
        status = eg_bell_thread_start(&options, &bell);
    }
    if (status != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "%s: no bell: %s", feed->options.name, eg_error_message());
    }
    eg_mutex_lock(&feed->lock);
    feed->bell = bell;
    eg_mutex_unlock(&feed->lock);
    eg_buf_done(&url);
}

/* ---- life ---- */

static int open_agent(eg_update_feed *feed)
{
    eg_buf root;
    eg_buf_init(&root, ROOT_MAX);
    int status = eg_file_read(feed->options.root_path, ROOT_MAX, &root);
    if (status == EG_OK) {
        const eg_update_agent_options agent = {
            .folder = feed->options.folder,
            .installed_root = eg_buf_str(&root),
            .fetcher = eg_source_fetcher(feed->source),
            .agent_id = feed->options.agent_id,
            .canary = feed->options.canary,
            .hold = feed->options.hold,
            .owner = feed->options.owner,
        };
        status = eg_update_agent_open(&agent, eg_clock_utc(), &feed->agent);
    }
    eg_buf_done(&root);
    return status;
}

int eg_update_feed_open(const eg_update_feed_options *options, eg_update_feed **out)
{
    eg_update_feed *feed = eg_alloc_zero(1, sizeof(*feed));
    if (!feed) {
        return EG_E_NOMEM;
    }
    feed->options = *options;
    feed->backoff = (eg_backoff){.first_ms = RETRY_FIRST_MS, .most_ms = RETRY_MOST_MS};
    feed->status.state = EG_UPDATE_IDLE;
    eg_buf_init(&feed->rang, EG_BELL_BODY_MAX);
    eg_buf_init(&feed->proxy, PROXY_MAX);
    int status = eg_mutex_init(&feed->lock);
    if (status != EG_OK) {
        goto free_feed;
    }
    status = eg_cond_init(&feed->changed);
    if (status != EG_OK) {
        goto done_lock;
    }
    const eg_source_options source = {options->url, options->http, FILE_TIMEOUT_MS,
                                      options->courier};
    status = eg_source_create(&source, &feed->source);
    if (status == EG_OK) {
        status = open_agent(feed);
    }
    if (status == EG_OK) {
        copy_agent(feed);
        *out = feed;
        return EG_OK;
    }
    eg_update_feed_destroy(feed);
    return status;

done_lock:
    eg_mutex_done(&feed->lock);
free_feed:
    eg_free(feed);
    return status;
}

void eg_update_feed_destroy(eg_update_feed *feed)
{
    if (feed) {
        eg_update_agent_close(feed->agent);
        eg_bell_thread_destroy(feed->bell);
        eg_source_destroy(feed->source);
        eg_buf_done(&feed->proxy);
        eg_buf_done(&feed->rang);
        eg_cond_done(&feed->changed);
        eg_mutex_done(&feed->lock);
        eg_free(feed);
    }
}

int eg_update_feed_load(eg_update_feed *feed, eg_bundle *out, uint64_t *serial)
{
    int status = eg_update_agent_load(feed->agent, out);
    if (status == EG_OK) {
        *serial = eg_update_agent_state(feed->agent)->current.serial;
    }
    copy_agent(feed);
    return status;
}

int eg_update_feed_start(eg_update_feed *feed)
{
    start_bell(feed); /* first: the feed's thread tells it by which proxy */
    return eg_thread_start(&feed->thread, "update", run, feed);
}

void eg_update_feed_stop(eg_update_feed *feed)
{
    eg_source_cancel(feed->source);
    if (feed->bell) {
        eg_bell_thread_stop(feed->bell);
    }
    eg_mutex_lock(&feed->lock);
    feed->stopping = true;
    eg_cond_wake_all(&feed->changed);
    eg_mutex_unlock(&feed->lock);
    eg_update_agent_stops(feed->agent); /* rules that are being compiled may keep it too long */
}

int eg_update_feed_join(eg_update_feed *feed, uint32_t milliseconds)
{
    uint64_t end = now_ms() + milliseconds;
    eg_mutex_lock(&feed->lock);
    uint64_t now = now_ms();
    bool ended = feed->ended || !feed->thread;
    while (!ended && now < end) {
        eg_thread_cancel_io(feed->thread); /* again and again: it may begin another one */
        uint32_t left = (uint32_t)(end - now);
        (void)eg_cond_wait(&feed->changed, &feed->lock,
                           left < CANCEL_EVERY_MS ? left : CANCEL_EVERY_MS);
        ended = feed->ended;
        now = now_ms();
    }
    eg_mutex_unlock(&feed->lock);
    if (!ended) {
        return eg_fail(EG_E_TIMEOUT, "rules are still being fetched");
    }
    eg_thread_join(feed->thread);
    feed->thread = NULL;
    return feed->bell ? eg_bell_thread_join(feed->bell, end > now ? (uint32_t)(end - now) : 0)
                      : EG_OK;
}

void eg_update_feed_wake(eg_update_feed *feed)
{
    eg_mutex_lock(&feed->lock);
    feed->asked = true;
    feed->status.state = EG_UPDATE_CHECKING;
    eg_cond_wake_all(&feed->changed);
    eg_mutex_unlock(&feed->lock);
}

void eg_update_feed_network_changed(eg_update_feed *feed)
{
    if (feed->bell) {
        eg_bell_thread_renew(feed->bell);
    }
    eg_mutex_lock(&feed->lock);
    feed->network_changed = true;
    eg_cond_wake_all(&feed->changed);
    eg_mutex_unlock(&feed->lock);
}

void eg_update_feed_status_get(eg_update_feed *feed, eg_update_feed_status *out)
{
    eg_mutex_lock(&feed->lock);
    *out = feed->status;
    eg_bell_thread *bell = feed->bell;
    eg_mutex_unlock(&feed->lock);
    out->bell = bell ? eg_bell_thread_state(bell) : "none";
}

size_t eg_update_feed_rejected_get(eg_update_feed *feed,
                                   eg_agent_rejected out[EG_AGENT_STATE_REJECTED_MAX])
{
    eg_mutex_lock(&feed->lock);
    size_t count = feed->rejected_count;
    memcpy(out, feed->rejected, count * sizeof(*out));
    eg_mutex_unlock(&feed->lock);
    return count;
}
