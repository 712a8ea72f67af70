/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/alert_window.h"

#include "core/base/status.h"
#include "tray/alert_body.h"
#include "tray/text.h"
#include "tray/window_frame.h"

#define MESSAGE_PAINTED (WM_APP + 1)

struct eg_alert_window {
    eg_alert_events events;
    eg_window_frame frame;
    eg_alert_body body;
    HWND control[EG_ALERT_ITEMS];
    eg_alert_content *content;
    eg_alert_view view;
    eg_alert_layout layout;
    HWND focus; /* had the keyboard last */
    size_t waiting;
    bool details, announced, activated;
    eg_arena *arena; /* of the one text that changes without end while the window is open */
};

/* Close is IDOK so that Enter finds it. */
static int item_id(eg_alert_item item)
{
    return item == EG_ALERT_CLOSE ? IDOK : EG_ALERT_ITEM_ID + (int)item;
}

static bool is_answer(int item)
{
    return item >= EG_ALERT_ANSWER_FIRST && item <= EG_ALERT_ANSWER_LAST;
}

static bool is_button(eg_alert_item item)
{
    return is_answer((int)item) || item == EG_ALERT_NEXT || item == EG_ALERT_TOGGLE ||
           item == EG_ALERT_CLOSE;
}

static bool is_present(const eg_alert_window *window, eg_alert_item item)
{
    if (item == EG_ALERT_WAITING || item == EG_ALERT_NEXT) {
        return window->waiting > 0;
    }
    if (item == EG_ALERT_DETAILS) {
        return window->details;
    }
    return window->content->text[item][0] != L'\0';
}

static int measure_height(void *user, eg_alert_item item, int width)
{
    return eg_alert_item_height(&((eg_alert_window *)user)->view, item, width);
}

static int measure_width(void *user, eg_alert_item item)
{
    return eg_alert_item_width(&((eg_alert_window *)user)->view, item);
}

static void place_controls(eg_alert_window *window)
{
    const eg_alert_layout *layout = &window->layout;

    SetWindowPos(window->body.window, NULL, 0, 0, layout->client_width, layout->body.bottom,
                 SWP_NOZORDER | SWP_NOACTIVATE);
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        eg_rect rect = i == EG_ALERT_DETAILS
                           ? eg_alert_details_inside(&window->view, &layout->item[i])
                           : layout->item[i];
        int up = i < EG_ALERT_BODY_ITEMS ? window->body.scrolled : 0;
        bool there = !eg_rect_empty(&rect);

        SetWindowPos(window->control[i], NULL, rect.left, rect.top - up, rect.right - rect.left,
                     rect.bottom - rect.top,
                     SWP_NOZORDER | SWP_NOACTIVATE | (there ? SWP_SHOWWINDOW : SWP_HIDEWINDOW));
        if (!there && GetFocus() == window->control[i]) {
            SetFocus(window->control[EG_ALERT_CLOSE]);
        }
    }
}

/* Measures everything and sets the size of the window. */
static void arrange(void *user)
{
    eg_alert_window *window = user;
    HWND dialog = window->frame.dialog;
    eg_alert_sizes sizes = {
        .dpi = window->frame.look.dpi,
        .max_height = eg_window_frame_room(&window->frame),
        .scroll_bar_width = GetSystemMetricsForDpi(SM_CXVSCROLL, GetDpiForWindow(dialog)),
        .boxes = window->content->boxes,
        .advice = is_present(window, EG_ALERT_ADVICE),
        .answers = is_present(window, EG_ALERT_ANSWER_FIRST),
        .thanks = is_present(window, EG_ALERT_THANKS),
        .details = window->details,
        .waiting = window->waiting > 0,
        .rules = is_present(window, EG_ALERT_RULES),
        .user = window,
        .height = measure_height,
        .width = measure_width,
    };

    eg_alert_layout_make(&sizes, &window->layout);
    eg_window_frame_resize(&window->frame, window->layout.client_width,
                           window->layout.client_height);
    eg_alert_body_scroll(&window->body, window->body.scrolled);
    place_controls(window);
    RedrawWindow(dialog, NULL, NULL, RDW_INVALIDATE | RDW_ERASE | RDW_FRAME | RDW_ALLCHILDREN);
}

static const wchar_t *item_text(eg_alert_window *window, eg_alert_item item)
{
    if (item == EG_ALERT_WAITING) {
        eg_arena_reset(window->arena);
        return eg_tray_text_format1(window->arena, EG_TEXT_WAITING,
                                    eg_tray_text_number(window->arena, window->waiting));
    }
    if (item == EG_ALERT_TOGGLE) {
        return eg_tray_text(window->content->arena,
                            window->details ? EG_TEXT_DETAILS_HIDE : EG_TEXT_DETAILS_SHOW);
    }
    return window->content->text[item];
}

/* The text of a control is what a screen reader says: all that is drawn, numbers as well. */
static void set_spoken(eg_alert_window *window, eg_alert_item item)
{
    eg_arena *arena = window->content->arena;
    const wchar_t *text = window->content->text[item];
    wchar_t number[16] = L"";
    const wchar_t *part[] = {number, text};

    if (item >= EG_ALERT_STEP_FIRST && item <= EG_ALERT_STEP_LAST) {
        eg_alert_step_number(item, number, EG_COUNT(number));
        text = eg_tray_text_join(arena, part, EG_COUNT(part), L" ");
    }
    if (item != EG_ALERT_DETAILS && item != EG_ALERT_WAITING && !is_button(item)) {
        text = eg_tray_text_unmarked(arena, text);
    }
    SetWindowTextW(window->control[item], text);
}

static void set_text(eg_alert_window *window, eg_alert_item item)
{
    window->content->text[item] = item_text(window, item);
    set_spoken(window, item);
}

static void set_icon(const eg_alert_window *window)
{
    eg_window_frame_set_icon(&window->frame,
                             window->content->severe ? EG_ICON_ALERT : EG_ICON_ATTENTION);
}

static void dress(void *user)
{
    const eg_alert_window *window = user;
    const eg_look *look = &window->frame.look;

    eg_palette_apply_control(&look->palette, window->body.window);
    eg_palette_apply_control(&look->palette, window->control[EG_ALERT_DETAILS]);
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        eg_font font = i == EG_ALERT_DETAILS ? EG_FONT_SMALL : EG_FONT_TEXT;
        SendMessageW(window->control[i], WM_SETFONT, (WPARAM)look->fonts.handle[font], FALSE);
    }
}

static void dress_for_content(eg_alert_window *window)
{
    window->frame.severe = window->content->severe;
    eg_window_frame_dress(&window->frame);
}

static void set_texts(eg_alert_window *window)
{
    set_icon(window);
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        set_text(window, (eg_alert_item)i);
    }
    SetWindowTextW(window->frame.dialog, window->content->title);
}

static void create_controls(eg_alert_window *window)
{
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        HWND parent = i < EG_ALERT_BODY_ITEMS ? window->body.window : window->frame.dialog;
        const wchar_t *class_name = L"STATIC";
        DWORD style = SS_OWNERDRAW;

        if (is_button((eg_alert_item)i)) {
            class_name = L"BUTTON";
            style = WS_TABSTOP | BS_MULTILINE |
                    (i == EG_ALERT_CLOSE ? BS_DEFPUSHBUTTON : BS_PUSHBUTTON);
        } else if (i == EG_ALERT_DETAILS) {
            class_name = L"EDIT";
            style = WS_TABSTOP | WS_VSCROLL | ES_MULTILINE | ES_READONLY;
        }
        window->control[i] = eg_window_frame_add(&window->frame, parent, class_name, style,
                                                 item_id((eg_alert_item)i));
    }
}

/* The window counts as shown only when every part of it has been painted. */
static void announce(eg_alert_window *window)
{
    HWND dialog = window->frame.dialog;

    if (window->announced || !IsWindowVisible(dialog) || IsIconic(dialog)) {
        return;
    }
    RedrawWindow(dialog, NULL, NULL, RDW_UPDATENOW | RDW_ALLCHILDREN);
    GdiFlush();
    window->announced = true;
    eg_window_frame_announce(window->control[EG_ALERT_HEADLINE]);
    window->events.shown(window->events.user, window->content);
}

static void paint_footer(void *user, HDC dc)
{
    const eg_alert_window *window = user;

    eg_alert_draw_footer(&window->view, &window->layout, dc);
}

static bool draw_control(void *user, const DRAWITEMSTRUCT *draw)
{
    const eg_alert_window *window = user;

    return eg_alert_draw_control(&window->view, draw);
}

static void on_command(void *user, int id)
{
    eg_alert_window *window = user;

    if (id == IDOK || id == IDCANCEL) {
        eg_window_frame_close(&window->frame);
    } else if (id == item_id(EG_ALERT_NEXT)) {
        if (window->announced) { /* a key held down must not skip what was not painted yet */
            window->events.next(window->events.user);
        }
    } else if (is_answer(id - EG_ALERT_ITEM_ID)) {
        window->events.answered(window->events.user, window->content->story,
                                (eg_answer_kind)(id - EG_ALERT_ITEM_ID - EG_ALERT_ANSWER_FIRST));
    } else if (id == item_id(EG_ALERT_TOGGLE)) {
        window->details = !window->details;
        set_texts(window);
        arrange(window);
        eg_alert_body_scroll(&window->body,
                             window->details ? window->layout.item[EG_ALERT_DETAILS].bottom : 0);
    }
}

/* Topmost so that it is seen, until the person has turned to it and then to something else. */
static void on_activate(eg_alert_window *window, bool active)
{
    if (active && !window->activated) {
        /* Enter goes through all alerts, and closes the last one. */
        eg_alert_item first = window->waiting > 0 ? EG_ALERT_NEXT : EG_ALERT_CLOSE;
        window->activated = true;
        SendMessageW(window->frame.dialog, WM_NEXTDLGCTL, (WPARAM)window->control[first], TRUE);
    } else if (!active && window->activated) {
        SetWindowPos(window->frame.dialog, HWND_NOTOPMOST, 0, 0, 0, 0,
                     SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE);
    }
}

static void on_message(void *user, UINT message, WPARAM wparam)
{
    eg_alert_window *window = user;

    if (message == WM_ACTIVATE) {
        on_activate(window, LOWORD(wparam) != WA_INACTIVE);
    } else if (message == MESSAGE_PAINTED) {
        announce(window);
    }
}

static void on_destroyed(void *user)
{
    eg_alert_window *window = user;

    window->view.content = NULL;
    eg_alert_content_destroy(window->content);
    window->content = NULL;
    window->events.closed(window->events.user);
}

static const eg_window_handlers handlers = {
    .dress = dress,
    .arrange = arrange,
    .paint = paint_footer,
    .draw = draw_control,
    .command = on_command,
    .message = on_message,
    .destroyed = on_destroyed,
};

static int open_dialog(eg_alert_window *window)
{
    eg_window_frame *frame = &window->frame;
    int status = eg_window_frame_open(frame);

    if (status != EG_OK) {
        return status;
    }
    status = eg_alert_body_create(&window->body, frame->instance, frame->dialog);
    if (status != EG_OK) {
        eg_window_frame_close(frame);
        return status;
    }
    create_controls(window);
    window->activated = false;
    return EG_OK;
}

int eg_alert_window_create(HINSTANCE instance, int scale, const eg_alert_events *events,
                           eg_alert_window **out)
{
    eg_alert_window *window = eg_alloc_zero(1, sizeof(*window));
    int status = window ? eg_arena_create(&window->arena, 1024) : EG_E_NOMEM;

    if (status != EG_OK) {
        eg_free(window);
        return status;
    }
    window->events = *events;
    window->frame = (eg_window_frame){
        .instance = instance, .scale = scale, .handlers = &handlers, .user = window};
    window->body.view = &window->view;
    window->body.layout = &window->layout;
    window->body.painted = MESSAGE_PAINTED;
    window->view.look = &window->frame.look;
    *out = window;
    return EG_OK;
}

static void ignore(void *user)
{
    EG_UNUSED(user);
}

void eg_alert_window_destroy(eg_alert_window *window)
{
    if (!window) {
        return;
    }
    window->events.closed = ignore;
    eg_window_frame_close(&window->frame);
    eg_alert_content_destroy(window->content);
    eg_arena_destroy(window->arena);
    eg_free(window);
}

int eg_alert_window_show(eg_alert_window *window, eg_alert_content *content, size_t waiting)
{
    eg_alert_content *before = window->content;
    bool fresh = window->frame.dialog == NULL;

    window->content = content;
    window->waiting = waiting;
    window->details = false;
    window->announced = false;
    window->body.scrolled = 0;
    window->view.content = content;
    eg_alert_content_destroy(before);
    if (fresh) {
        int status = open_dialog(window);
        if (status != EG_OK) {
            eg_alert_content_destroy(content);
            window->content = NULL;
            window->view.content = NULL;
            return status;
        }
    }
    dress_for_content(window);
    set_texts(window);
    arrange(window);
    SetWindowPos(window->frame.dialog, fresh ? HWND_TOPMOST : NULL, 0, 0, 0, 0,
                 SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE | SWP_SHOWWINDOW |
                     (fresh ? 0u : SWP_NOZORDER));
    return EG_OK;
}

/* The details stay where the person scrolled them to, and what is selected to be copied. */
static void change_details(eg_alert_window *window, const wchar_t *text)
{
    HWND edit = window->control[EG_ALERT_DETAILS];
    LRESULT line = SendMessageW(edit, EM_GETFIRSTVISIBLELINE, 0, 0);
    DWORD first = 0, last = 0;

    SendMessageW(edit, EM_GETSEL, (WPARAM)&first, (LPARAM)&last);
    SetWindowTextW(edit, text);
    SendMessageW(edit, EM_SETSEL, first, (LPARAM)last);
    SendMessageW(edit, EM_LINESCROLL, 0, line);
}

/* Sets and repaints what differs; the body behind the items is painted anew by the caller. */
static void change_texts(eg_alert_window *window, const eg_alert_content *before)
{
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        const wchar_t *text = item_text(window, (eg_alert_item)i);
        bool same = i != EG_ALERT_WAITING && wcscmp(text, before->text[i]) == 0;

        window->content->text[i] = text;
        if (!same && i == EG_ALERT_DETAILS) {
            change_details(window, text);
        } else if (!same) {
            set_spoken(window, (eg_alert_item)i);
        }
        if (!same && i == EG_ALERT_ANSWER_HEAD) {
            eg_window_frame_announce(window->control[i]);
        }
    }
    if (wcscmp(window->content->title, before->title) != 0) {
        SetWindowTextW(window->frame.dialog, window->content->title);
    }
}

void eg_alert_window_update(eg_alert_window *window, eg_alert_content *content)
{
    eg_alert_content *before = window->content;
    bool look_changed;

    if (!window->frame.dialog) {
        eg_alert_content_destroy(content);
        return;
    }
    look_changed = before->severe != content->severe;
    window->content = content;
    window->view.content = content;
    window->announced = window->announced && before->hit_id == content->hit_id;
    if (look_changed) {
        dress_for_content(window);
        set_icon(window);
    }
    change_texts(window, before);
    eg_alert_content_destroy(before);
    arrange(window);
}

static void blink(const eg_alert_window *window)
{
    FLASHWINFO flash = {sizeof(flash), window->frame.dialog, FLASHW_TRAY, 3, 0};

    if (GetForegroundWindow() != window->frame.dialog) {
        FlashWindowEx(&flash);
    }
}

/* Whether the new number has room where the old one stood: then nothing else has to move. */
static bool waiting_fits(const eg_alert_window *window)
{
    const eg_rect *room = &window->layout.item[EG_ALERT_WAITING];

    return eg_alert_item_width(&window->view, EG_ALERT_WAITING) <= room->right - room->left;
}

void eg_alert_window_set_waiting(eg_alert_window *window, size_t waiting)
{
    size_t before = window->waiting;

    if (!window->frame.dialog || before == waiting) {
        return;
    }
    window->waiting = waiting;
    set_text(window, EG_ALERT_WAITING);
    if (before > 0 && waiting > 0 && waiting_fits(window)) {
        InvalidateRect(window->control[EG_ALERT_WAITING], NULL, FALSE);
    } else {
        arrange(window);
    }
    if (waiting > before) {
        blink(window);
    }
}

bool eg_alert_window_is_open(const eg_alert_window *window)
{
    return window->frame.dialog != NULL;
}

const eg_alert_content *eg_alert_window_shown(const eg_alert_window *window)
{
    return window->frame.dialog && window->announced ? window->content : NULL;
}

void eg_alert_window_raise(eg_alert_window *window)
{
    eg_window_frame_raise(&window->frame);
}

/* The keyboard can go to what is scrolled out of sight. */
static void reveal_focus(eg_alert_window *window)
{
    HWND focus = GetFocus();

    if (focus == window->focus) {
        return;
    }
    window->focus = focus;
    for (int i = 0; i < EG_ALERT_BODY_ITEMS; i++) {
        if (focus && focus == window->control[i]) {
            eg_alert_body_reveal(&window->body, &window->layout.item[i]);
        }
    }
}

bool eg_alert_window_translate(eg_alert_window *window, MSG *message)
{
    HWND dialog = window->frame.dialog;
    bool used;

    if (!dialog) {
        return false;
    }
    if (message->message == WM_KEYDOWN && message->hwnd != window->control[EG_ALERT_DETAILS] &&
        IsChild(dialog, message->hwnd) &&
        (message->wParam == VK_NEXT || message->wParam == VK_PRIOR)) {
        eg_alert_body_scroll_by(&window->body,
                                message->wParam == VK_NEXT ? SB_PAGEDOWN : SB_PAGEUP);
        return true;
    }
    used = eg_window_frame_translate(&window->frame, message);
    if (used && window->frame.dialog) {
        reveal_focus(window);
    }
    return used;
}
