/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/alert_window.h"

#include "core/base/status.h"
#include "tray/alert_body.h"
#include "tray/text.h"

#define MESSAGE_PAINTED (WM_APP + 1)

struct eg_alert_window {
    HINSTANCE instance;
    eg_alert_events events;
    int fixed_scale;
    HWND dialog;
    eg_alert_body body;
    HWND control[EG_ALERT_ITEMS];
    eg_alert_content *content;
    eg_fonts fonts;
    eg_alert_view view;
    eg_alert_layout layout;
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

static RECT work_area(HWND dialog)
{
    MONITORINFO monitor = {.cbSize = sizeof(monitor)};
    HMONITOR where = MonitorFromWindow(dialog, MONITOR_DEFAULTTOPRIMARY);

    if (!GetMonitorInfoW(where, &monitor)) {
        SystemParametersInfoW(SPI_GETWORKAREA, 0, &monitor.rcWork, 0);
    }
    return monitor.rcWork;
}

/* How much wider and higher the window is than its client area. */
static SIZE frame_size(HWND dialog)
{
    RECT rect = {0, 0, 0, 0};
    SIZE size;

    AdjustWindowRectExForDpi(&rect, (DWORD)GetWindowLongW(dialog, GWL_STYLE), FALSE,
                             (DWORD)GetWindowLongW(dialog, GWL_EXSTYLE), GetDpiForWindow(dialog));
    size.cx = rect.right - rect.left;
    size.cy = rect.bottom - rect.top;
    return size;
}

static void place_controls(eg_alert_window *window)
{
    const eg_alert_layout *layout = &window->layout;

    SetWindowPos(window->body.window, NULL, 0, 0, layout->client_width, layout->body.bottom,
                 SWP_NOZORDER | SWP_NOACTIVATE);
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        const eg_rect *rect = &layout->item[i];
        int up = i < EG_ALERT_BODY_ITEMS ? window->body.scrolled : 0;
        bool there = !eg_rect_empty(rect);

        SetWindowPos(window->control[i], NULL, rect->left, rect->top - up, rect->right - rect->left,
                     rect->bottom - rect->top,
                     SWP_NOZORDER | SWP_NOACTIVATE | (there ? SWP_SHOWWINDOW : SWP_HIDEWINDOW));
        if (!there && GetFocus() == window->control[i]) {
            SetFocus(window->control[EG_ALERT_CLOSE]);
        }
    }
}

/* Measures everything and sets the size of the window; keeps its centre where it was. */
static void arrange(eg_alert_window *window)
{
    RECT work = work_area(window->dialog), now;
    SIZE frame = frame_size(window->dialog);
    eg_alert_sizes sizes = {
        .dpi = window->view.dpi,
        .max_height = work.bottom - work.top - frame.cy,
        .scroll_bar_width = GetSystemMetricsForDpi(SM_CXVSCROLL, GetDpiForWindow(window->dialog)),
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
    int x, y, width, height;

    eg_alert_layout_make(&sizes, &window->layout);
    width = window->layout.client_width + frame.cx;
    height = window->layout.client_height + frame.cy;
    x = work.left + (work.right - work.left - width) / 2;
    y = work.top + (work.bottom - work.top - height) / 2;
    if (IsWindowVisible(window->dialog) && GetWindowRect(window->dialog, &now)) {
        x = now.left;
        y = now.top + height > work.bottom ? work.bottom - height : now.top;
    }
    SetWindowPos(window->dialog, NULL, x > work.left ? x : work.left, y > work.top ? y : work.top,
                 width, height, SWP_NOZORDER | SWP_NOACTIVATE);
    eg_alert_body_scroll(&window->body, window->body.scrolled);
    place_controls(window);
    RedrawWindow(window->dialog, NULL, NULL,
                 RDW_INVALIDATE | RDW_ERASE | RDW_FRAME | RDW_ALLCHILDREN);
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

static void set_text(eg_alert_window *window, eg_alert_item item)
{
    window->content->text[item] = item_text(window, item);
    SetWindowTextW(window->control[item], window->content->text[item]);
}

static void set_icon(eg_alert_window *window)
{
    WORD icon_id = window->content->severe ? EG_ICON_ALERT : EG_ICON_ATTENTION;
    LPARAM icon = (LPARAM)LoadIconW(window->instance, MAKEINTRESOURCEW(icon_id));

    SendMessageW(window->dialog, WM_SETICON, ICON_BIG, icon);
    SendMessageW(window->dialog, WM_SETICON, ICON_SMALL, icon);
}

/* Reads the colours that the person has chosen, for the window and all in it. */
static void set_colours(eg_alert_window *window)
{
    const eg_palette *palette = &window->view.palette;

    eg_palette_init(&window->view.palette, window->content->severe);
    eg_palette_apply_frame(palette, window->dialog);
    eg_palette_apply_control(palette, window->body.window);
    eg_palette_apply_control(palette, window->control[EG_ALERT_DETAILS]);
}

static void set_texts(eg_alert_window *window)
{
    set_icon(window);
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        set_text(window, (eg_alert_item)i);
    }
    SetWindowTextW(window->dialog, window->content->title);
}

static void set_fonts(eg_alert_window *window, int dpi)
{
    eg_fonts_done(&window->fonts);
    eg_fonts_init(&window->fonts, dpi);
    window->view.dpi = dpi;
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        eg_font font = i == EG_ALERT_DETAILS ? EG_FONT_SMALL : EG_FONT_TEXT;
        SendMessageW(window->control[i], WM_SETFONT, (WPARAM)window->fonts.handle[font], FALSE);
    }
}

static void create_controls(eg_alert_window *window)
{
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        bool body = i < EG_ALERT_BODY_ITEMS;
        const wchar_t *class_name = L"STATIC";
        DWORD style = WS_CHILD | SS_OWNERDRAW;
        DWORD extended = 0;

        if (is_button((eg_alert_item)i)) {
            class_name = L"BUTTON";
            style = WS_CHILD | WS_TABSTOP | BS_MULTILINE |
                    (i == EG_ALERT_CLOSE ? BS_DEFPUSHBUTTON : BS_PUSHBUTTON);
        } else if (i == EG_ALERT_DETAILS) {
            class_name = L"EDIT";
            style = WS_CHILD | WS_TABSTOP | WS_VSCROLL | ES_MULTILINE | ES_READONLY;
            extended = WS_EX_CLIENTEDGE;
        }
        window->control[i] =
            CreateWindowExW(extended, class_name, L"", style, 0, 0, 0, 0,
                            body ? window->body.window : window->dialog,
                            (HMENU)(INT_PTR)item_id((eg_alert_item)i), window->instance, NULL);
    }
}

/* The window counts as shown only when every part of it has been painted. */
static void announce(eg_alert_window *window)
{
    if (window->announced || !IsWindowVisible(window->dialog) || IsIconic(window->dialog)) {
        return;
    }
    RedrawWindow(window->dialog, NULL, NULL, RDW_UPDATENOW | RDW_ALLCHILDREN);
    GdiFlush();
    window->announced = true;
    window->events.shown(window->events.user, window->content);
}

static void paint_footer(eg_alert_window *window)
{
    PAINTSTRUCT paint;
    HDC dc = BeginPaint(window->dialog, &paint);

    eg_alert_draw_footer(&window->view, &window->layout, dc);
    EndPaint(window->dialog, &paint);
}

static void on_command(eg_alert_window *window, int id)
{
    if (id == IDOK || id == IDCANCEL) {
        DestroyWindow(window->dialog);
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
        SendMessageW(window->dialog, WM_NEXTDLGCTL, (WPARAM)window->control[first], TRUE);
    } else if (!active && window->activated) {
        SetWindowPos(window->dialog, HWND_NOTOPMOST, 0, 0, 0, 0,
                     SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE);
    }
}

static void on_destroyed(eg_alert_window *window)
{
    window->dialog = NULL;
    window->view.content = NULL;
    eg_alert_content_destroy(window->content);
    window->content = NULL;
    eg_fonts_done(&window->fonts);
    window->events.closed(window->events.user);
}

/* The body hands its buttons' on, and takes the answer as it is; a dialog needs it set aside. */
static INT_PTR on_notify(eg_alert_window *window, const NMHDR *notice)
{
    if (notice->code != NM_CUSTOMDRAW) {
        return FALSE;
    }
    SetWindowLongPtrW(window->dialog, DWLP_MSGRESULT,
                      eg_palette_draw_button(&window->view.palette, (const NMCUSTOMDRAW *)notice));
    return TRUE;
}

static INT_PTR handle(eg_alert_window *window, UINT message, WPARAM wparam, LPARAM lparam)
{
    switch (message) {
    case WM_PAINT: paint_footer(window); return TRUE;
    case WM_ERASEBKGND: return TRUE;
    case WM_DRAWITEM: return eg_alert_draw_control(&window->view, (const DRAWITEMSTRUCT *)lparam);
    case WM_COMMAND: on_command(window, LOWORD(wparam)); return TRUE;
    case WM_NOTIFY: return on_notify(window, (const NMHDR *)lparam);
    case WM_CTLCOLORBTN:
        return (INT_PTR)eg_palette_control_brush(&window->view.palette, (HDC)wparam,
                                                 window->view.palette.footer);
    case WM_CLOSE: DestroyWindow(window->dialog); return TRUE;
    case WM_ACTIVATE: on_activate(window, LOWORD(wparam) != WA_INACTIVE); return FALSE;
    case MESSAGE_PAINTED: announce(window); return TRUE;
    case WM_DPICHANGED:
        if (window->fixed_scale == 0) {
            set_fonts(window, HIWORD(wparam));
        }
        arrange(window);
        return TRUE;
    case WM_SYSCOLORCHANGE:
    case WM_SETTINGCHANGE:
    case WM_THEMECHANGED:
        set_colours(window);
        arrange(window);
        return FALSE;
    default: return FALSE;
    }
}

static INT_PTR CALLBACK dialog_procedure(HWND dialog, UINT message, WPARAM wparam, LPARAM lparam)
{
    eg_alert_window *window;

    if (message == WM_INITDIALOG) {
        SetWindowLongPtrW(dialog, DWLP_USER, lparam);
        return FALSE; /* the keyboard stays where it is */
    }
    window = (eg_alert_window *)GetWindowLongPtrW(dialog, DWLP_USER);
    if (!window || window->dialog != dialog) {
        return FALSE;
    }
    if (message == WM_DESTROY) {
        on_destroyed(window);
        return TRUE;
    }
    return window->content ? handle(window, message, wparam, lparam) : FALSE;
}

static int open_dialog(eg_alert_window *window)
{
    int status;

    window->dialog = CreateDialogParamW(window->instance, MAKEINTRESOURCEW(EG_DIALOG_ALERT), NULL,
                                        dialog_procedure, (LPARAM)window);
    if (!window->dialog) {
        return eg_fail_os(GetLastError(), "cannot open the alert window");
    }
    status = eg_alert_body_create(&window->body, window->instance, window->dialog);
    if (status != EG_OK) {
        HWND dialog = window->dialog;
        window->dialog = NULL;
        DestroyWindow(dialog);
        return status;
    }
    create_controls(window);
    set_fonts(window, window->fixed_scale ? window->fixed_scale * 96 / 100
                                          : (int)GetDpiForWindow(window->dialog));
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
    window->instance = instance;
    window->events = *events;
    window->fixed_scale = scale;
    window->body.view = &window->view;
    window->body.layout = &window->layout;
    window->body.painted = MESSAGE_PAINTED;
    window->view.fonts = &window->fonts;
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
    if (window->dialog) {
        DestroyWindow(window->dialog);
    }
    eg_alert_content_destroy(window->content);
    eg_arena_destroy(window->arena);
    eg_free(window);
}

int eg_alert_window_show(eg_alert_window *window, eg_alert_content *content, size_t waiting)
{
    eg_alert_content *before = window->content;
    bool fresh = window->dialog == NULL;

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
    set_colours(window);
    set_texts(window);
    arrange(window);
    SetWindowPos(window->dialog, fresh ? HWND_TOPMOST : NULL, 0, 0, 0, 0,
                 SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE | SWP_SHOWWINDOW |
                     (fresh ? 0u : SWP_NOZORDER));
    return EG_OK;
}

/* The details stay where the person scrolled them to. */
static void change_details(eg_alert_window *window, const wchar_t *text)
{
    HWND edit = window->control[EG_ALERT_DETAILS];
    LRESULT line = SendMessageW(edit, EM_GETFIRSTVISIBLELINE, 0, 0);

    SetWindowTextW(edit, text);
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
            SetWindowTextW(window->control[i], text);
        }
    }
    if (wcscmp(window->content->title, before->title) != 0) {
        SetWindowTextW(window->dialog, window->content->title);
    }
}

void eg_alert_window_update(eg_alert_window *window, eg_alert_content *content)
{
    eg_alert_content *before = window->content;
    bool look_changed;

    if (!window->dialog) {
        eg_alert_content_destroy(content);
        return;
    }
    look_changed = before->severe != content->severe;
    window->content = content;
    window->view.content = content;
    window->announced = window->announced && before->hit_id == content->hit_id;
    if (look_changed) {
        set_colours(window);
        set_icon(window);
    }
    change_texts(window, before);
    eg_alert_content_destroy(before);
    arrange(window);
}

static void blink(const eg_alert_window *window)
{
    FLASHWINFO flash = {sizeof(flash), window->dialog, FLASHW_TRAY, 3, 0};

    if (GetForegroundWindow() != window->dialog) {
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

    if (!window->dialog || before == waiting) {
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
    return window->dialog != NULL;
}

const eg_alert_content *eg_alert_window_shown(const eg_alert_window *window)
{
    return window->dialog && window->announced ? window->content : NULL;
}

void eg_alert_window_raise(eg_alert_window *window)
{
    if (window->dialog) {
        ShowWindow(window->dialog, IsIconic(window->dialog) ? SW_RESTORE : SW_SHOW);
        SetForegroundWindow(window->dialog);
    }
}

bool eg_alert_window_translate(eg_alert_window *window, MSG *message)
{
    if (!window->dialog) {
        return false;
    }
    if (message->message == WM_KEYDOWN && message->hwnd != window->control[EG_ALERT_DETAILS] &&
        IsChild(window->dialog, message->hwnd)) {
        if (message->wParam == VK_NEXT || message->wParam == VK_PRIOR) {
            eg_alert_body_scroll_by(&window->body,
                                    message->wParam == VK_NEXT ? SB_PAGEDOWN : SB_PAGEUP);
            return true;
        }
    }
    return IsDialogMessageW(window->dialog, message) != FALSE;
}
