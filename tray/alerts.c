/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/alerts.h"

#include "core/base/log.h"
#include "core/base/status.h"

#include <shellapi.h>

/* In a rush of hits, icon and window tell the new number this often. */
#define NEWS_MS 150u
/* How long a window waits for the end of a presentation, and how often it looks. */
#define PRESENTATION_MS (2u * 60 * 1000)
#define PRESENTATION_LOOK_MS 2000u
/* The service is asked for reminders at most this often. */
#define ASK_REMINDERS_MS (60u * 60 * 1000)

bool eg_alerts_is_open(const eg_alerts *a)
{
    return eg_alert_window_is_open(a->alert);
}

const eg_hit_notice *eg_alerts_open(const eg_alerts *a)
{
    const eg_tray_notice *open =
        eg_alerts_is_open(a) ? eg_notice_list_find(&a->notices, a->open_story) : NULL;

    return open ? &open->hit : NULL;
}

/* Alerts that wait besides the one in the window. */
static size_t waiting_behind(const eg_alerts *a)
{
    size_t waiting = eg_notice_list_waiting(&a->notices, false);
    const eg_tray_notice *open = eg_notice_list_find(&a->notices, a->open_story);
    bool counted = open && eg_notice_pops_up(open->hit.level) &&
                   eg_notice_list_news(&a->notices, a->open_story) == EG_NOTICE_WAITING;

    return waiting - (counted ? 1 : 0);
}

static int make_content(eg_alerts *a, int64_t story, eg_alert_content **out)
{
    static const eg_given_answer closed = {EG_ANSWER_CLOSED, EG_ANSWER_UNKNOWN};
    const eg_notice_entry *entry = eg_notice_list_entry(&a->notices, story);

    if (!entry) {
        return eg_fail(EG_E_NOTFOUND, "it has gone");
    }
    return eg_alert_content_create(&entry->notice->hit, entry->resolved ? &closed : &entry->answer,
                                   a->view, out);
}

static void show_story(eg_alerts *a, int64_t story)
{
    eg_alert_content *content = NULL;
    int status = make_content(a, story, &content);

    if (status == EG_OK) {
        a->open_story = story;
        a->grown = false;
        status = eg_alert_window_show(a->alert, content, waiting_behind(a));
    }
    if (status != EG_OK) {
        eg_log(EG_LOG_ERROR, "tray", "cannot show incident %lld: %s", (long long)story,
               eg_error_message());
    }
}

/* The open window tells what is known of its story now. */
static void update_window(eg_alerts *a)
{
    eg_alert_content *content = NULL;

    a->grown = false;
    if (eg_alerts_is_open(a) && make_content(a, a->open_story, &content) == EG_OK) {
        eg_alert_window_update(a->alert, content);
    }
}

static void show_next(eg_alerts *a)
{
    const eg_tray_notice *next = eg_notice_list_next(&a->notices);

    if (next) {
        show_story(a, eg_notice_story(&next->hit));
    }
}

/* Whether a window would now stand in a presentation, a film or a game. */
static bool is_presenting(void)
{
    QUERY_USER_NOTIFICATION_STATE state = QUNS_ACCEPTS_NOTIFICATIONS;

    return SUCCEEDED(SHQueryUserNotificationState(&state)) &&
           (state == QUNS_BUSY || state == QUNS_RUNNING_D3D_FULL_SCREEN ||
            state == QUNS_PRESENTATION_MODE);
}

/* Opens the window for what waits, but not on top of a presentation for a while. */
static void open_window(eg_alerts *a)
{
    const eg_tray_notice *next = eg_notice_list_next(&a->notices);
    uint64_t now = GetTickCount64();

    KillTimer(a->window, EG_TIMER_PRESENTATION);
    if (!next || eg_alerts_is_open(a)) {
        a->held_since_ms = 0;
        return;
    }
    if (a->held_since_ms == 0) {
        a->held_since_ms = now;
        a->announce(a->user, &next->hit);
    }
    if (is_presenting() && now - a->held_since_ms < PRESENTATION_MS &&
        SetTimer(a->window, EG_TIMER_PRESENTATION, PRESENTATION_LOOK_MS, NULL)) {
        return;
    }
    a->held_since_ms = 0;
    show_next(a);
}

/* Icon and window follow in a moment, together for all that comes until then. */
static void tell_later(eg_alerts *a)
{
    if (!a->news) {
        a->news = SetTimer(a->window, EG_TIMER_NEWS, NEWS_MS, NULL) != 0;
    }
}

static void tell_news(eg_alerts *a)
{
    KillTimer(a->window, EG_TIMER_NEWS);
    a->news = false;
    if (a->grown) {
        update_window(a);
    }
    if (eg_alerts_is_open(a)) {
        eg_alert_window_set_waiting(a->alert, waiting_behind(a));
    }
    a->changed(a->user);
}

/* No news: the list follows, and the numbers in a window of the story. */
static void take_known(eg_alerts *a, eg_tray_notice *notice)
{
    a->grown = a->grown || (eg_alerts_is_open(a) && eg_notice_tells(&notice->hit, a->open_story));
    eg_notice_list_take_known(&a->notices, notice, GetTickCount64());
    tell_later(a);
}

/*
 * A window comes at once when none is open; news of the story that is open goes into its window;
 * else the open one says that more are waiting.
 */
void eg_alerts_take(eg_alerts *a, eg_tray_notice *notice)
{
    int64_t id = notice->hit.id, story = eg_notice_story(&notice->hit);
    bool open = eg_alerts_is_open(a) && eg_notice_tells(&notice->hit, a->open_story);
    eg_notice_news news;

    if (notice->hit.telling == EG_TELLING_KNOWN) {
        take_known(a, notice);
        return;
    }
    news = eg_notice_list_take(&a->notices, notice);
    if (news == EG_NOTICE_SEEN) {
        eg_pipe_client_shown(a->client, id, L""); /* the service did not hear it */
    }
    if (news != EG_NOTICE_NEW) {
        return;
    }
    if (open) {
        a->open_story = story;
        a->grown = true;
        tell_later(a);
    } else if (!eg_notice_pops_up(notice->hit.level) || eg_alerts_is_open(a)) {
        tell_later(a);
    } else {
        open_window(a);
        a->changed(a->user);
    }
}

static void on_shown(void *user, const eg_alert_content *content)
{
    eg_alerts *a = user;

    eg_notice_list_mark_seen(&a->notices, content->story, GetTickCount64());
    if (a->client) {
        eg_pipe_client_shown(a->client, content->hit_id, content->title);
        if (eg_notice_list_wants_more(&a->notices)) {
            eg_pipe_client_begin_again(a->client);
        }
    }
    a->changed(a->user);
}

static void on_answered(void *user, int64_t story, eg_answer_kind answer)
{
    eg_alerts *a = user;
    eg_notice_entry *entry = eg_notice_list_entry(&a->notices, story);

    if (!entry) {
        return;
    }
    entry->answer = (eg_given_answer){EG_ANSWER_SENDING, answer};
    if (a->client) {
        eg_pipe_client_answer(a->client, story, answer);
    } else { /* a window from a file shows how it would go on */
        entry->answer.state = EG_ANSWER_KEPT;
    }
    update_window(a);
}

void eg_alerts_receipt(eg_alerts *a, int64_t story, bool kept)
{
    eg_notice_entry *entry = eg_notice_list_entry(&a->notices, story);

    if (entry && entry->answer.state == EG_ANSWER_SENDING) {
        entry->answer.state = kept ? EG_ANSWER_KEPT : EG_ANSWER_REFUSED;
        if (eg_notice_story(&entry->notice->hit) == a->open_story) {
            update_window(a);
        }
    }
}

void eg_alerts_resolved(eg_alerts *a, int64_t story)
{
    const eg_notice_entry *entry = eg_notice_list_entry(&a->notices, story);

    if (entry && eg_alerts_is_open(a) && eg_notice_tells(&entry->notice->hit, a->open_story)) {
        eg_notice_list_mark_seen(&a->notices, story, GetTickCount64()); /* it stays to be read */
        a->grown = true;
    }
    eg_notice_list_resolve(&a->notices, story);
    tell_later(a);
}

/* What the service may not have heard because it was away. */
static void send_answers(eg_alerts *a)
{
    for (size_t i = 0; i < a->notices.count; i++) {
        const eg_notice_entry *entry = &a->notices.entry[i];

        if (entry->answer.state == EG_ANSWER_SENDING) {
            eg_pipe_client_answer(a->client, eg_notice_story(&entry->notice->hit),
                                  entry->answer.kind);
        }
    }
}

/* Once a minute. The service knows what was answered elsewhere, or resolved. */
void eg_alerts_ask_for_reminders(eg_alerts *a)
{
    uint64_t now = GetTickCount64();

    if (a->view->connected && now - a->asked_again_ms > ASK_REMINDERS_MS &&
        eg_notice_list_wants_reminder(&a->notices, now)) {
        a->asked_again_ms = now;
        eg_pipe_client_begin_again(a->client);
    }
}

static void on_next(void *user)
{
    show_next(user);
}

static void on_closed(void *user)
{
    eg_alerts *a = user;

    a->closed(a->user);
}

void eg_alerts_connected(eg_alerts *a)
{
    const eg_alert_content *shown = eg_alert_window_shown(a->alert);

    eg_notice_list_told_again(&a->notices);
    if (shown) { /* a service that was started again does not know the window */
        eg_pipe_client_shown(a->client, shown->hit_id, shown->title);
    }
    send_answers(a);
    tell_later(a);
}

void eg_alerts_on_timer(eg_alerts *a, WPARAM timer)
{
    if (timer == EG_TIMER_NEWS) {
        tell_news(a);
    } else if (timer == EG_TIMER_PRESENTATION) {
        open_window(a);
    }
}

void eg_alerts_state_changed(eg_alerts *a)
{
    a->grown = a->grown || eg_alerts_is_open(a);
    tell_later(a);
}

bool eg_alerts_show(eg_alerts *a)
{
    if (!eg_alerts_is_open(a)) {
        show_next(a);
    }
    if (eg_alerts_is_open(a)) {
        eg_alert_window_raise(a->alert);
        return true;
    }
    return false;
}

void eg_alerts_show_story(eg_alerts *a, int64_t story)
{
    if (eg_notice_list_find(&a->notices, story)) {
        show_story(a, story);
        eg_alert_window_raise(a->alert);
    }
}

int eg_alerts_init(eg_alerts *a, HINSTANCE instance, int scale)
{
    const eg_alert_events events = {a, on_shown, on_answered, on_next, on_closed};

    eg_notice_list_init(&a->notices);
    return eg_alert_window_create(instance, scale, &events, &a->alert);
}

void eg_alerts_done(eg_alerts *a)
{
    eg_alert_window_destroy(a->alert);
    eg_notice_list_done(&a->notices);
}
