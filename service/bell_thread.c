/* SPDX-License-Identifier: Apache-2.0 */
#include "service/bell_thread.h"

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/stoppable.h"
#include "core/update/bell.h"

#include <string.h>

#define WAKES_EVERY_MS 5000u
#define WAIT_MS 300000u
#define PAUSE_MS 2000u
#define ABSENT_MS (15u * 60 * 1000)
#define RETRY_FIRST_MS 5000u
#define RETRY_MOST_MS (15u * 60 * 1000)
#define TEXT_MAX 4096u

struct eg_bell_thread {
    eg_bell_thread_options options;
    eg_buf url;
    eg_stoppable thread; /* its lock is for what follows */
    bool connected;      /* by which proxy is known */
    bool renew;          /* another one has to take its place */
    eg_buf proxy, proxy_user;
    eg_bell *bell; /* replaced by the thread; NULL: none yet */
    const char *state;
};

static uint64_t now_ms(void)
{
    return eg_clock_monotonic_ns() / 1000000;
}

/* False at the end. A renewal ends the rest, too. */
static bool rest(eg_bell_thread *bell, uint64_t until_ms)
{
    eg_mutex_lock(&bell->thread.lock);
    uint64_t now = now_ms();
    while (!bell->thread.stopping && !bell->renew && now < until_ms) {
        (void)eg_cond_wait(&bell->thread.changed, &bell->thread.lock, (uint32_t)(until_ms - now));
        now = now_ms();
    }
    bool stopping = bell->thread.stopping;
    eg_mutex_unlock(&bell->thread.lock);
    return !stopping;
}

static void set_state(eg_bell_thread *bell, const char *state)
{
    eg_mutex_lock(&bell->thread.lock);
    bool is_news = strcmp(bell->state, state) != 0;
    bell->state = state;
    eg_mutex_unlock(&bell->thread.lock);
    if (is_news) {
        eg_log(EG_LOG_INFO, "update", "%s: bell %s", bell->options.name, state);
    }
}

/* ---- the bell itself ---- */

/* Under the lock. */
static int make_bell(eg_bell_thread *bell, eg_bell **out)
{
    eg_bell_options options = {eg_buf_cstr(&bell->url), bell->options.http, WAIT_MS};
    options.http.proxy = eg_buf_cstr(&bell->proxy);
    options.http.proxy_user = eg_buf_cstr(&bell->proxy_user);
    int status = eg_bell_create(&options, out);
    if (status == EG_OK && bell->thread.stopping) {
        eg_bell_cancel(*out);
    }
    return status;
}

/* One that is of this network and goes by the right proxy. False at the end. */
static bool prepare(eg_bell_thread *bell)
{
    eg_bell *fresh = NULL;
    eg_mutex_lock(&bell->thread.lock);
    while (!bell->thread.stopping && !bell->connected) {
        (void)eg_cond_wait(&bell->thread.changed, &bell->thread.lock, EG_FOREVER);
    }
    bool stopping = bell->thread.stopping, is_due = bell->renew || !bell->bell;
    bool is_first = !bell->bell;
    bell->renew = false;
    eg_mutex_unlock(&bell->thread.lock);
    if (stopping || !is_due) {
        return !stopping;
    }
    /* Many PCs meet the same change of the network. */
    if (!is_first && !rest(bell, now_ms() + eg_random_up_to(PAUSE_MS, eg_random_bytes))) {
        return false;
    }
    eg_mutex_lock(&bell->thread.lock);
    bell->renew = false; /* what was asked for meanwhile is met by this one */
    if (make_bell(bell, &fresh) != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "%s: no bell: %s", bell->options.name, eg_error_message());
    }
    eg_bell *old = bell->bell;
    bell->bell = fresh;
    eg_mutex_unlock(&bell->thread.lock);
    eg_bell_destroy(old);
    set_state(bell, "waits");
    return true;
}

static uint32_t pause_after(eg_bell_thread *bell, eg_bell_outcome outcome, eg_backoff *backoff)
{
    if (outcome != EG_BELL_LOST) {
        eg_backoff_reset(backoff);
    }
    set_state(bell, outcome == EG_BELL_LOST     ? "lost"
                    : outcome == EG_BELL_ABSENT ? "absent"
                                                : "waits");
    switch (outcome) {
    case EG_BELL_RANG: return 0;
    case EG_BELL_SILENT: return eg_random_up_to(PAUSE_MS, eg_random_bytes);
    case EG_BELL_ABSENT:
        return ABSENT_MS - ABSENT_MS / 5 + eg_random_up_to(ABSENT_MS / 5, eg_random_bytes);
    default: return eg_backoff_next_spread(backoff, eg_random_bytes);
    }
}

static void run(void *arg)
{
    eg_bell_thread *bell = arg;
    eg_backoff backoff = {.first_ms = RETRY_FIRST_MS, .most_ms = RETRY_MOST_MS};
    uint64_t next_wake = 0;
    bool goes_on = true;
    eg_buf body;
    eg_buf_init(&body, EG_BELL_BODY_MAX);
    while (goes_on && prepare(bell)) {
        eg_bell_outcome outcome = EG_BELL_LOST;
        eg_buf_clear(&body);
        int status = bell->bell ? eg_bell_wait(bell->bell, &body, &outcome) : EG_E_NOMEM;
        if (status == EG_E_CLOSED) {
            eg_backoff_reset(&backoff);
            continue; /* the end, or another one has to be made */
        }
        outcome = status == EG_OK ? outcome : EG_BELL_LOST;
        goes_on = rest(bell, now_ms() + pause_after(bell, outcome, &backoff));
        if (goes_on && outcome == EG_BELL_RANG) {
            goes_on = rest(bell, next_wake);
            next_wake = now_ms() + WAKES_EVERY_MS;
            bell->options.rang(bell->options.user, eg_buf_str(&body));
        }
    }
    eg_buf_done(&body);
}

/* ---- what others call ---- */

int eg_bell_thread_start(const eg_bell_thread_options *options, eg_bell_thread **out)
{
    eg_bell_thread *bell = eg_alloc_zero(1, sizeof(*bell));
    if (!bell) {
        return EG_E_NOMEM;
    }
    bell->options = *options;
    bell->state = "none";
    eg_buf_init(&bell->url, TEXT_MAX);
    eg_buf_init(&bell->proxy, TEXT_MAX);
    eg_buf_init(&bell->proxy_user, TEXT_MAX);
    int status = eg_stoppable_init(&bell->thread);
    if (status != EG_OK) {
        eg_free(bell);
        return status;
    }
    status = eg_buf_append_cstr(&bell->url, options->url);
    if (status == EG_OK) {
        status = eg_stoppable_start(&bell->thread, "bell", run, bell);
    }
    if (status == EG_OK) {
        *out = bell;
        return EG_OK;
    }
    eg_bell_thread_destroy(bell);
    return status;
}

/* Under the lock. */
static void renew(eg_bell_thread *bell)
{
    bell->renew = true;
    if (bell->bell) {
        eg_bell_cancel(bell->bell);
    }
    eg_cond_wake_all(&bell->thread.changed);
}

void eg_bell_thread_connect(eg_bell_thread *bell, const char *proxy, const char *proxy_user)
{
    eg_mutex_lock(&bell->thread.lock);
    eg_buf_clear(&bell->proxy);
    eg_buf_clear(&bell->proxy_user);
    eg_buf_append_cstr(&bell->proxy, proxy);
    eg_buf_append_cstr(&bell->proxy_user, proxy_user);
    bell->connected = true;
    renew(bell);
    eg_mutex_unlock(&bell->thread.lock);
}

void eg_bell_thread_renew(eg_bell_thread *bell)
{
    eg_mutex_lock(&bell->thread.lock);
    renew(bell);
    eg_mutex_unlock(&bell->thread.lock);
}

const char *eg_bell_thread_state(eg_bell_thread *bell)
{
    eg_mutex_lock(&bell->thread.lock);
    const char *state = bell->state;
    eg_mutex_unlock(&bell->thread.lock);
    return state;
}

void eg_bell_thread_stop(eg_bell_thread *bell)
{
    eg_stoppable_stop(&bell->thread);
    eg_bell_thread_renew(bell); /* what waits at it goes on */
}

int eg_bell_thread_join(eg_bell_thread *bell, uint32_t milliseconds)
{
    return eg_stoppable_join(&bell->thread, milliseconds, "the bell is still waited for");
}

void eg_bell_thread_destroy(eg_bell_thread *bell)
{
    if (bell) {
        eg_bell_destroy(bell->bell);
        eg_buf_done(&bell->proxy_user);
        eg_buf_done(&bell->proxy);
        eg_buf_done(&bell->url);
        eg_stoppable_done(&bell->thread);
        eg_free(bell);
    }
}
