/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/app.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/ipc/code.h"
#include "tray/alert_window.h"
#include "tray/icon.h"
#include "tray/menu.h"
#include "tray/pipe_client.h"
#include "tray/show_file.h"
#include "tray/status_box.h"
#include "tray/text.h"

#include <shellapi.h>

#define WINDOW_CLASS L"EmoGuardTray"
#define MESSAGE_ICON (WM_APP + 10)
#define TIMER_ICON 1
#define TIMER_NEWS 2
#define TIMER_PRESENTATION 3
/* How long the icon keeps saying that there was an alert. */
#define RECENT_TICKS (UINT64_C(24) * 3600 * EG_TICKS_PER_SECOND)
#define REFRESH_MS (60u * 1000)
#define RETRY_ADD_MS 2000u
/* In a rush of hits, icon and window tell the new number this often. */
#define NEWS_MS 150u
/* How long a window waits for the end of a presentation, and how often it looks. */
#define PRESENTATION_MS (2u * 60 * 1000)
#define PRESENTATION_LOOK_MS 2000u
/* The service is asked for reminders at most this often. */
#define ASK_REMINDERS_MS (60u * 60 * 1000)

typedef struct app {
    HINSTANCE instance;
    const eg_tray_options *options;
    HWND window;
    UINT taskbar_created;
    eg_icon icon;
    eg_alert_window *alert;
    eg_pipe_client *client;
    eg_service_info *service;
    eg_notice_list notices;
    int64_t open_story;      /* the one in the alert window */
    uint64_t held_since_ms;  /* an alert waits for the end of a presentation; 0 none does */
    uint64_t asked_again_ms; /* when the service was asked for reminders */
    bool connected, tried, asking, news, grown;
} app;

static const wchar_t *fill_number(eg_arena *arena, unsigned id, uint64_t number)
{
    return eg_tray_text_format1(arena, id, eg_tray_text_number(arena, number));
}

static eg_icon_state state_of(eg_level level)
{
    return level >= EG_LEVEL_HIGH ? EG_ICON_STATE_ALERT : EG_ICON_STATE_ATTENTION;
}

/* The state of the icon, and its tooltip in *tip, while a window is open or alerts wait for one. */
static eg_icon_state alert_state(const app *a, eg_arena *arena, const wchar_t **tip)
{
    const eg_tray_notice *next = eg_notice_list_next(&a->notices);
    const eg_tray_notice *open = NULL;
    eg_level level = EG_LEVEL_INFORMATIONAL;

    if (eg_alert_window_is_open(a->alert)) {
        open = eg_notice_list_find(&a->notices, a->open_story);
    }
    if (open) {
        level = open->hit.level;
        *tip = eg_tray_text_format1(arena, EG_TEXT_TIP_RECENT,
                                    eg_tray_text_time(arena, open->hit.time));
    }
    if (next) {
        level = next->hit.level > level ? next->hit.level : level;
        *tip = fill_number(arena, EG_TEXT_TIP_ALERTS, eg_notice_list_waiting(&a->notices, false));
    }
    return state_of(level);
}

/* The same while there is nothing to show. */
static eg_icon_state calm_state(const app *a, eg_arena *arena, const wchar_t **tip)
{
    size_t quiet = eg_notice_list_waiting(&a->notices, true);
    uint64_t last = eg_notice_list_last_seen(&a->notices);

    if (!a->connected && !a->options->show) {
        *tip = eg_tray_text(arena, a->tried ? EG_TEXT_TIP_DISCONNECTED : EG_TEXT_TIP_CONNECTING);
        return EG_ICON_STATE_ATTENTION;
    }
    if (quiet > 0) {
        *tip = fill_number(arena, EG_TEXT_TIP_NOTICES, quiet);
        return EG_ICON_STATE_ATTENTION;
    }
    if (last > 0 && eg_clock_utc() < last + RECENT_TICKS) {
        *tip = eg_tray_text_format1(arena, EG_TEXT_TIP_RECENT, eg_tray_text_time(arena, last));
        return EG_ICON_STATE_ATTENTION;
    }
    *tip = fill_number(arena, EG_TEXT_TIP_FINE, a->service ? a->service->welcome.pack_serial : 0);
    return EG_ICON_STATE_FINE;
}

static void refresh_icon(app *a)
{
    eg_icon_state state;
    const wchar_t *tip = L"";
    eg_arena *arena = NULL;

    if (eg_arena_create(&arena, 4096) != EG_OK) {
        return;
    }
    if (eg_alert_window_is_open(a->alert) || eg_notice_list_next(&a->notices)) {
        state = alert_state(a, arena, &tip);
    } else {
        state = calm_state(a, arena, &tip);
    }
    eg_icon_set(&a->icon, state, tip);
    eg_arena_destroy(arena);
}

/* Alerts that wait besides the one in the window. */
static size_t waiting_behind(const app *a)
{
    size_t waiting = eg_notice_list_waiting(&a->notices, false);
    const eg_tray_notice *open = eg_notice_list_find(&a->notices, a->open_story);
    bool counted = open && eg_notice_pops_up(open->hit.level) &&
                   eg_notice_list_news(&a->notices, a->open_story) == EG_NOTICE_WAITING;

    return waiting - (counted ? 1 : 0);
}

static void add_icon(app *a)
{
    /* The taskbar may come after us at sign-in: try again until it is there. */
    SetTimer(a->window, TIMER_ICON, eg_icon_add(&a->icon) ? REFRESH_MS : RETRY_ADD_MS, NULL);
    refresh_icon(a);
}

static int make_content(app *a, int64_t story, eg_alert_content **out)
{
    const eg_notice_entry *entry = eg_notice_list_entry(&a->notices, story);

    if (!entry) {
        return eg_fail(EG_E_NOTFOUND, "it has gone");
    }
    return eg_alert_content_create(&entry->notice->hit, &entry->answer, a->service, out);
}

static void show_story(app *a, int64_t story)
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
static void update_window(app *a)
{
    eg_alert_content *content = NULL;

    a->grown = false;
    if (eg_alert_window_is_open(a->alert) && make_content(a, a->open_story, &content) == EG_OK) {
        eg_alert_window_update(a->alert, content);
    }
}

static void show_next(app *a)
{
    const eg_tray_notice *next = eg_notice_list_next(&a->notices);

    if (next) {
        show_story(a, eg_notice_story(&next->hit));
    }
}

static void balloon(app *a, const eg_hit_notice *hit)
{
    char code[EG_INCIDENT_CODE_SIZE];
    eg_arena *arena = NULL;

    if (eg_arena_create(&arena, 4096) != EG_OK) {
        return;
    }
    eg_incident_code(hit->incident_id > 0 ? (int64_t)hit->incident_id : hit->id, code);
    eg_icon_balloon(
        &a->icon, state_of(hit->level), eg_tray_text_safe(arena, hit->text.title, false, 120),
        eg_tray_text_format2(arena, EG_TEXT_BALLOON, eg_tray_text_time(arena, hit->time),
                             eg_tray_text_safe(arena, eg_str_from(code), false, 16)));
    eg_arena_destroy(arena);
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
static void open_window(app *a)
{
    const eg_tray_notice *next = eg_notice_list_next(&a->notices);
    uint64_t now = GetTickCount64();

    KillTimer(a->window, TIMER_PRESENTATION);
    if (!next || eg_alert_window_is_open(a->alert)) {
        a->held_since_ms = 0;
        return;
    }
    if (a->held_since_ms == 0) {
        a->held_since_ms = now;
        balloon(a, &next->hit);
    }
    if (is_presenting() && now - a->held_since_ms < PRESENTATION_MS &&
        SetTimer(a->window, TIMER_PRESENTATION, PRESENTATION_LOOK_MS, NULL)) {
        return;
    }
    a->held_since_ms = 0;
    show_next(a);
}

/* Icon and window follow in a moment, together for all hits that come until then. */
static void tell_later(app *a)
{
    if (!a->news) {
        a->news = SetTimer(a->window, TIMER_NEWS, NEWS_MS, NULL) != 0;
    }
}

static void tell_news(app *a)
{
    KillTimer(a->window, TIMER_NEWS);
    a->news = false;
    if (a->grown) {
        update_window(a);
    }
    if (eg_alert_window_is_open(a->alert)) {
        eg_alert_window_set_waiting(a->alert, waiting_behind(a));
    }
    refresh_icon(a);
}

/*
 * A window comes at once when none is open; news of the story that is open goes into its window;
 * else the open one says that more are waiting.
 */
static void on_hit(app *a, eg_tray_notice *notice)
{
    int64_t id = notice->hit.id, story = eg_notice_story(&notice->hit);
    bool open = eg_alert_window_is_open(a->alert) && eg_notice_tells(&notice->hit, a->open_story);
    eg_notice_news news = eg_notice_list_take(&a->notices, notice);

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
    } else if (!eg_notice_pops_up(notice->hit.level) || eg_alert_window_is_open(a->alert)) {
        tell_later(a);
    } else {
        open_window(a);
        refresh_icon(a);
    }
}

static void on_shown(void *user, const eg_alert_content *content)
{
    app *a = user;

    eg_notice_list_mark_seen(&a->notices, content->story, GetTickCount64());
    if (a->client) {
        eg_pipe_client_shown(a->client, content->hit_id, content->title);
        if (eg_notice_list_wants_more(&a->notices)) {
            eg_pipe_client_begin_again(a->client);
        }
    }
    refresh_icon(a);
}

static void on_answered(void *user, int64_t story, eg_answer_kind answer)
{
    app *a = user;
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

/* The service has an answer, or will not take it. */
static void on_receipt(app *a, int64_t story, bool kept)
{
    eg_notice_entry *entry = eg_notice_list_entry(&a->notices, story);

    if (entry && entry->answer.state == EG_ANSWER_SENDING) {
        entry->answer.state = kept ? EG_ANSWER_KEPT : EG_ANSWER_REFUSED;
        if (eg_notice_story(&entry->notice->hit) == a->open_story) {
            update_window(a);
        }
    }
}

/* What the service may not have heard because it was away. */
static void send_answers(app *a)
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
static void ask_for_reminders(app *a)
{
    uint64_t now = GetTickCount64();

    if (a->connected && now - a->asked_again_ms > ASK_REMINDERS_MS &&
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
    app *a = user;

    refresh_icon(a);
    if (a->options->show) {
        DestroyWindow(a->window);
    }
}

static void on_open(app *a)
{
    if (!eg_alert_window_is_open(a->alert)) {
        show_next(a);
    }
    if (eg_alert_window_is_open(a->alert)) {
        eg_alert_window_raise(a->alert);
    } else if (!a->asking) {
        a->asking = true;
        eg_status_box_show(a->instance, NULL, a->service, a->connected, &a->notices);
        a->asking = false;
    }
}

static void show_chosen(app *a, int64_t story)
{
    if (eg_notice_list_find(&a->notices, story)) {
        show_story(a, story);
        eg_alert_window_raise(a->alert);
    }
}

static void ask_exit(app *a)
{
    eg_arena *arena = NULL;
    int answer = IDCANCEL;

    if (eg_arena_create(&arena, 4096) == EG_OK) {
        answer = MessageBoxW(a->window, eg_tray_text(arena, EG_TEXT_EXIT_QUESTION), L"EmoGuard",
                             MB_OKCANCEL | MB_ICONINFORMATION | MB_DEFBUTTON2 | MB_SETFOREGROUND);
        eg_arena_destroy(arena);
    }
    if (answer == IDOK) {
        DestroyWindow(a->window);
    }
}

static void on_menu(app *a, POINT where)
{
    bool alerts = eg_alert_window_is_open(a->alert) || eg_notice_list_next(&a->notices);
    int64_t story = 0;
    eg_menu_choice choice;

    if (a->asking) {
        return;
    }
    a->asking = true;
    choice = eg_menu_ask(a->window, where, &a->notices, alerts, &story);
    if (choice == EG_MENU_EXIT) {
        ask_exit(a);
    }
    a->asking = false;
    if (choice == EG_MENU_SHOW) {
        on_open(a);
    } else if (choice == EG_MENU_STORY) {
        show_chosen(a, story);
    } else if (choice == EG_MENU_STATUS) {
        a->asking = true;
        eg_status_box_show(a->instance, NULL, a->service, a->connected, &a->notices);
        a->asking = false;
    }
}

static void on_icon(app *a, WPARAM wparam, LPARAM lparam)
{
    POINT where;
    eg_icon_request request = eg_icon_read(&a->icon, wparam, lparam, &where);

    if (request == EG_ICON_REQUEST_OPEN) {
        on_open(a);
    } else if (request == EG_ICON_REQUEST_MENU) {
        on_menu(a, where);
    }
}

static void on_connected(app *a, eg_service_info *info)
{
    const eg_alert_content *shown = eg_alert_window_shown(a->alert);

    eg_service_info_destroy(a->service);
    a->service = info;
    a->connected = true;
    eg_notice_list_told_again(&a->notices);
    if (shown) { /* a service that was started again does not know the window */
        eg_pipe_client_shown(a->client, shown->hit_id, shown->title);
    }
    send_answers(a);
    tell_later(a);
}

static void on_timer(app *a, WPARAM timer)
{
    if (timer == TIMER_NEWS) {
        tell_news(a);
    } else if (timer == TIMER_PRESENTATION) {
        open_window(a);
    } else if (a->icon.added) {
        refresh_icon(a);
        ask_for_reminders(a);
    } else {
        add_icon(a);
    }
}

static LRESULT handle(app *a, UINT message, WPARAM wparam, LPARAM lparam)
{
    if (message == a->taskbar_created) {
        add_icon(a);
        return 0;
    }
    switch (message) {
    case MESSAGE_ICON: on_icon(a, wparam, lparam); return 0;
    case EG_PIPE_CONNECTED: on_connected(a, (eg_service_info *)lparam); return 0;
    case EG_PIPE_HIT: on_hit(a, (eg_tray_notice *)lparam); return 0;
    case EG_PIPE_ANSWERED: on_receipt(a, lparam, wparam != 0); return 0;
    case EG_PIPE_DISCONNECTED:
        a->connected = false;
        a->tried = true;
        refresh_icon(a);
        return 0;
    case WM_TIMER: on_timer(a, wparam); return 0;
    case WM_CLOSE: DestroyWindow(a->window); return 0;
    case WM_DESTROY: PostQuitMessage(0); return 0;
    default: return DefWindowProcW(a->window, message, wparam, lparam);
    }
}

static LRESULT CALLBACK procedure(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    app *a = (app *)GetWindowLongPtrW(window, GWLP_USERDATA);

    if (!a) {
        return DefWindowProcW(window, message, wparam, lparam);
    }
    return handle(a, message, wparam, lparam);
}

/* Hidden, not message-only: only ordinary windows hear that the taskbar came back. */
static int create_window(app *a)
{
    WNDCLASSEXW class_info = {.cbSize = sizeof(class_info)};

    class_info.lpfnWndProc = procedure;
    class_info.hInstance = a->instance;
    class_info.lpszClassName = WINDOW_CLASS;
    RegisterClassExW(&class_info);
    a->window = CreateWindowExW(0, WINDOW_CLASS, L"EmoGuard", WS_OVERLAPPED, 0, 0, 0, 0, NULL, NULL,
                                a->instance, NULL);
    if (!a->window) {
        DWORD error = GetLastError();
        return error ? eg_fail_os(error, "cannot create the window behind the icon")
                     : eg_fail(EG_E_UNSUPPORTED, "there is no desktop to show an icon on");
    }
    SetWindowLongPtrW(a->window, GWLP_USERDATA, (LONG_PTR)a);
    return EG_OK;
}

static int start(app *a)
{
    const eg_alert_events events = {a, on_shown, on_answered, on_next, on_closed};
    const wchar_t *pipe = a->options->pipe;
    int status = EG_OK;

    if (a->options->show) {
        status = eg_show_file_read(a->options->show, &a->notices, &a->service);
    }
    if (status == EG_OK) {
        status = create_window(a);
    }
    if (status == EG_OK) {
        status = eg_alert_window_create(a->instance, a->options->scale, &events, &a->alert);
    }
    if (status != EG_OK) {
        return status;
    }
    a->taskbar_created = RegisterWindowMessageW(L"TaskbarCreated");
    eg_icon_init(&a->icon, a->instance, a->window, MESSAGE_ICON);
    add_icon(a);
    if (a->options->show) {
        const eg_tray_notice *first = eg_notice_list_next(&a->notices);
        if (!first) { /* low ones only: here they are what was asked for */
            first = eg_notice_list_recent(&a->notices, 0);
        }
        balloon(a, &first->hit);
        show_story(a, eg_notice_story(&first->hit));
        return EG_OK;
    }
    /* Whoever names another pipe knows whose it is. */
    return eg_pipe_client_start(pipe ? pipe : L"" EG_PIPE_NAME, pipe == NULL, a->window,
                                eg_tray_text_language(), &a->client);
}

static void finish(app *a)
{
    eg_pipe_client_stop(a->client);
    eg_icon_done(&a->icon);
    eg_alert_window_destroy(a->alert);
    if (a->window) {
        eg_pipe_client_drain(a->window);
    }
    eg_notice_list_done(&a->notices);
    eg_service_info_destroy(a->service);
}

int eg_app_run(HINSTANCE instance, const eg_tray_options *options)
{
    static app a; /* the list of notices is too large for the stack of a window thread */
    MSG message;
    int status;

    a.instance = instance;
    a.options = options;
    eg_notice_list_init(&a.notices);
    status = start(&a);
    while (status == EG_OK && GetMessageW(&message, NULL, 0, 0) > 0) {
        if (!eg_alert_window_translate(a.alert, &message)) {
            TranslateMessage(&message);
            DispatchMessageW(&message);
        }
    }
    finish(&a);
    return status;
}
