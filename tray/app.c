/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/app.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/code.h"
#include "tray/alerts.h"
#include "tray/check_text.h"
#include "tray/failure_text.h"
#include "tray/icon_state.h"
#include "tray/menu.h"
#include "tray/panel_window.h"
#include "tray/show_file.h"
#include "tray/status_text.h"
#include "tray/text.h"

#define WINDOW_CLASS L"EmoGuardTray"
#define MESSAGE_ICON (WM_APP + 10)
#define TIMER_ICON 1
#define REFRESH_MS (60u * 1000)
#define RETRY_ADD_MS 2000u

typedef struct app {
    HINSTANCE instance;
    const eg_tray_options *options;
    HWND window;
    UINT taskbar_created;
    eg_icon icon;
    eg_service_view service;
    eg_alerts alerts;
    eg_pipe_client *client;
    eg_panel_window check, status, exit;
    bool check_asked, update_asked; /* from here, and how it ended was not told yet */
    bool asking;                    /* the menu is open */
} app;

static void refresh_icon(void *user)
{
    app *a = user;
    const eg_icon_facts facts = {&a->service,
                                 &a->alerts.notices,
                                 eg_alerts_open(&a->alerts),
                                 eg_alerts_is_open(&a->alerts),
                                 a->options->show != NULL,
                                 eg_clock_utc()};
    const wchar_t *tip;
    eg_arena *arena = NULL;

    if (eg_arena_create(&arena, 4096) == EG_OK) {
        eg_icon_state state = eg_icon_state_choose(&facts, arena, &tip);
        eg_icon_set(&a->icon, state, tip);
        eg_arena_destroy(arena);
    }
}

static void add_icon(app *a)
{
    /* The taskbar may come after us at sign-in: try again until it is there. */
    SetTimer(a->window, TIMER_ICON, eg_icon_add(&a->icon) ? REFRESH_MS : RETRY_ADD_MS, NULL);
    refresh_icon(a);
}

static void balloon(void *user, const eg_hit_notice *hit)
{
    app *a = user;
    char code[EG_INCIDENT_CODE_SIZE];
    eg_arena *arena = NULL;

    if (eg_arena_create(&arena, 4096) != EG_OK) {
        return;
    }
    eg_incident_code(hit->incident_id > 0 ? (int64_t)hit->incident_id : hit->id, code);
    eg_icon_balloon(&a->icon, eg_icon_state_of_level(hit->level),
                    eg_tray_text_safe(arena, hit->text.title, false, 120),
                    eg_tray_text_format2(arena, EG_TEXT_BALLOON,
                                         eg_tray_text_time(arena, hit->time),
                                         eg_tray_text_safe(arena, eg_str_from(code), false, 16)));
    eg_arena_destroy(arena);
}

/* A tray that only shows a file ends with its last window. */
static void on_closed(void *user)
{
    app *a = user;

    refresh_icon(a);
    if (a->options->show && !eg_alerts_is_open(&a->alerts) && !eg_panel_window_is_open(&a->check) &&
        !eg_panel_window_is_open(&a->status)) {
        DestroyWindow(a->window);
    }
}

static void make_status(void *user, eg_arena *arena, eg_panel *out)
{
    const app *a = user;

    eg_status_panel_make(arena, &a->service, &a->alerts.notices, out);
}

static void on_status_pressed(void *user, eg_panel_button button)
{
    app *a = user;

    if (button == EG_PANEL_OTHER) {
        eg_panel_window_copy(&a->status);
    } else {
        eg_panel_window_close(&a->status);
    }
}

static void show(eg_panel_window *window)
{
    if (eg_panel_window_show(window) != EG_OK) {
        eg_log(EG_LOG_ERROR, "tray", "%s", eg_error_message());
    }
}

static void on_open(app *a)
{
    if (!eg_alerts_show(&a->alerts)) {
        show(&a->status);
    }
}

static void start_check(app *a)
{
    const eg_check_state *check = eg_service_view_check(&a->service);

    if (!check || check->state != EG_JOB_RUNNING) {
        a->check_asked = true;
        eg_pipe_client_check(a->client, EG_CHECK_START);
    }
    show(&a->check);
}

static void make_check(void *user, eg_arena *arena, eg_panel *out)
{
    const app *a = user;

    eg_check_panel_make(arena, &a->service, out);
}

static void on_check_pressed(void *user, eg_panel_button button)
{
    app *a = user;

    EG_UNUSED(button);
    if (!a->check.panel.running) {
        eg_panel_window_close(&a->check);
    } else if (a->client) {
        eg_pipe_client_check(a->client, EG_CHECK_CANCEL);
    }
}

/* Nobody watches the window of the check that was asked for here: a balloon says how it ended. */
static void tell_check(app *a, eg_arena *arena)
{
    const eg_check_state *check = eg_service_view_check(&a->service);
    eg_panel panel;

    if (!a->check_asked || check->state == EG_JOB_RUNNING || check->state == EG_JOB_IDLE) {
        return;
    }
    a->check_asked = false;
    if (!eg_panel_window_is_open(&a->check)) {
        eg_check_panel_make(arena, &a->service, &panel);
        eg_icon_balloon(&a->icon, panel.icon, panel.headline, panel.detail);
    }
}

static void tell_update(app *a, eg_arena *arena)
{
    const eg_update_state *update = eg_service_view_update(&a->service);
    const wchar_t *serial = eg_tray_text_format1(arena, EG_TEXT_UPDATE_SERIAL,
                                                 eg_tray_text_number(arena, update->serial));
    bool failed = update->state == EG_UPDATE_FAILED;

    if (!a->update_asked ||
        (!failed && update->state != EG_UPDATE_CURRENT && update->state != EG_UPDATE_UPDATED)) {
        return;
    }
    a->update_asked = false;
    if (failed) {
        eg_icon_balloon(&a->icon, EG_ICON_STATE_ATTENTION,
                        eg_tray_text(arena, EG_TEXT_UPDATE_FAILED),
                        eg_tray_text_format1(arena, EG_TEXT_UPDATE_FAILED_HELP,
                                             eg_update_failure_text(arena, update->failure)));
        return;
    }
    eg_icon_balloon(&a->icon, EG_ICON_STATE_FINE,
                    eg_tray_text(arena, update->state == EG_UPDATE_CURRENT
                                            ? EG_TEXT_UPDATE_CURRENT
                                            : EG_TEXT_UPDATE_UPDATED),
                    serial);
}

static void on_news(app *a, eg_service_news *news)
{
    eg_message_type type = news->message.type;
    eg_arena *arena = NULL;

    eg_service_view_take(&a->service, news);
    if (type == EG_MESSAGE_STATE) {
        eg_alerts_state_changed(&a->alerts);
    } else if (eg_arena_create(&arena, 4096) == EG_OK) {
        if (type == EG_MESSAGE_CHECK_STATE) {
            tell_check(a, arena);
        } else {
            tell_update(a, arena);
        }
        eg_arena_destroy(arena);
    }
    eg_panel_window_update(&a->check);
    eg_panel_window_update(&a->status);
}

static void make_exit(void *user, eg_arena *arena, eg_panel *out)
{
    EG_UNUSED(user);
    out->icon = EG_ICON_STATE_ATTENTION;
    out->title = L"EmoGuard";
    out->headline = eg_tray_text(arena, EG_TEXT_EXIT_QUESTION);
    out->detail = eg_tray_text(arena, EG_TEXT_EXIT_HELP);
    out->button[EG_PANEL_OTHER] = eg_tray_text(arena, EG_TEXT_EXIT);
    out->button[EG_PANEL_MAIN] = eg_tray_text(arena, EG_TEXT_CANCEL);
}

static void on_exit_pressed(void *user, eg_panel_button button)
{
    app *a = user;

    if (button == EG_PANEL_OTHER) {
        DestroyWindow(a->window);
    } else {
        eg_panel_window_close(&a->exit);
    }
}

static void on_menu(app *a, POINT where)
{
    bool alerts = eg_alerts_is_open(&a->alerts) || eg_notice_list_next(&a->alerts.notices);
    int64_t story = 0;
    eg_menu_choice choice;

    if (a->asking) {
        return;
    }
    a->asking = true;
    choice = eg_menu_ask(a->window, where, &a->alerts.notices, &a->service, alerts, &story);
    a->asking = false;
    if (choice == EG_MENU_SHOW) {
        on_open(a);
    } else if (choice == EG_MENU_STORY) {
        eg_alerts_show_story(&a->alerts, story);
    } else if (choice == EG_MENU_CHECK) {
        start_check(a);
    } else if (choice == EG_MENU_UPDATE) {
        a->update_asked = true;
        eg_pipe_client_update(a->client);
    } else if (choice == EG_MENU_STATUS) {
        show(&a->status);
    } else if (choice == EG_MENU_EXIT) {
        show(&a->exit);
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

static void on_timer(app *a, WPARAM timer)
{
    if (timer != TIMER_ICON) {
        eg_alerts_on_timer(&a->alerts, timer);
    } else if (a->icon.added) {
        refresh_icon(a);
        eg_alerts_ask_for_reminders(&a->alerts);
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
    case EG_PIPE_CONNECTED:
        eg_service_view_connected(&a->service, (eg_service_info *)lparam);
        eg_alerts_connected(&a->alerts);
        return 0;
    case EG_PIPE_HIT: eg_alerts_take(&a->alerts, (eg_tray_notice *)lparam); return 0;
    case EG_PIPE_NEWS: on_news(a, (eg_service_news *)lparam); return 0;
    case EG_PIPE_RESOLVED: eg_alerts_resolved(&a->alerts, lparam); return 0;
    case EG_PIPE_ANSWERED: eg_alerts_receipt(&a->alerts, lparam, wparam != 0); return 0;
    case EG_PIPE_DISCONNECTED:
        eg_service_view_disconnected(&a->service);
        eg_panel_window_update(&a->check);
        eg_panel_window_update(&a->status);
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

/* The first alert of the file, a low one too: here it is what was asked for; else the check. */
static void show_first(app *a)
{
    const eg_tray_notice *first = eg_notice_list_next(&a->alerts.notices);

    if (a->alerts.notices.count == 0) {
        show(&a->check);
        return;
    }
    if (!first) {
        first = eg_notice_list_recent(&a->alerts.notices, 0);
    }
    balloon(a, &first->hit);
    eg_alerts_show_story(&a->alerts, eg_notice_story(&first->hit));
}

static int start(app *a)
{
    const wchar_t *pipe = a->options->pipe;
    int status = create_window(a);

    if (status != EG_OK) {
        return status;
    }
    a->alerts.window = a->window;
    status = eg_alerts_init(&a->alerts, a->instance, a->options->scale);
    if (status == EG_OK && a->options->show) {
        status = eg_show_file_read(a->options->show, &a->alerts.notices, &a->service);
    }
    if (status != EG_OK) {
        return status;
    }
    a->taskbar_created = RegisterWindowMessageW(L"TaskbarCreated");
    eg_icon_init(&a->icon, a->instance, a->window, MESSAGE_ICON);
    add_icon(a);
    if (a->options->show) {
        show_first(a);
        return EG_OK;
    }
    /* Whoever names another pipe knows whose it is. */
    status = eg_pipe_client_start(pipe ? pipe : L"" EG_PIPE_NAME, pipe == NULL, a->window,
                                  eg_tray_text_language(), &a->client);
    a->alerts.client = a->client;
    return status;
}

static void finish(app *a)
{
    eg_pipe_client_stop(a->client);
    eg_icon_done(&a->icon);
    if (a->window) {
        eg_pipe_client_drain(a->window);
    }
    eg_alerts_done(&a->alerts);
    eg_panel_window_close(&a->check);
    eg_panel_window_close(&a->status);
    eg_panel_window_close(&a->exit);
    eg_service_view_done(&a->service);
}

int eg_app_run(HINSTANCE instance, const eg_tray_options *options)
{
    static app a; /* the list of notices is too large for the stack of a window thread */
    MSG message;
    int status;

    a.instance = instance;
    a.options = options;
    if (options->contrast) {
        eg_palette_use_system();
    }
    a.alerts.view = &a.service;
    a.alerts.user = &a;
    a.alerts.changed = refresh_icon;
    a.alerts.announce = balloon;
    a.alerts.closed = on_closed;
    a.check = (eg_panel_window){
        .user = &a, .make = make_check, .pressed = on_check_pressed, .closed = on_closed};
    a.status = (eg_panel_window){
        .user = &a, .make = make_status, .pressed = on_status_pressed, .closed = on_closed};
    a.exit = (eg_panel_window){
        .user = &a, .make = make_exit, .pressed = on_exit_pressed, .closed = on_closed};
    eg_panel_window_init(&a.check, instance, options->scale);
    eg_panel_window_init(&a.status, instance, options->scale);
    eg_panel_window_init(&a.exit, instance, options->scale);
    status = start(&a);
    while (status == EG_OK && GetMessageW(&message, NULL, 0, 0) > 0) {
        if (!eg_alert_window_translate(a.alerts.alert, &message) &&
            !eg_panel_window_translate(&a.check, &message) &&
            !eg_panel_window_translate(&a.status, &message) &&
            !eg_panel_window_translate(&a.exit, &message)) {
            TranslateMessage(&message);
            DispatchMessageW(&message);
        }
    }
    finish(&a);
    return status;
}
