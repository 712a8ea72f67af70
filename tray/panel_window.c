/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/panel_window.h"

#include "core/base/status.h"
#include "tray/resource.h"
#include "tray/text.h"

#include <string.h>

/* Lengths at 96 DPI. */
enum {
    WIDTH = 580,
    MARGIN = 24,
    ICON = 32,
    GAP = 16,
    ROW_GAP = 5,
    LABEL_PERCENT = 50, /* of the width of a row, at most */
    BAR_HEIGHT = 16,
    BUTTON_HEIGHT = 32,
    BUTTON_MIN = 88,
    BUTTON_PADDING = 16,
    FOOTER_Y = 8,
    ITEM_ID = 300,
};

static int scaled(const eg_panel_window *w, int length)
{
    return eg_look_scale(&w->frame.look, length);
}

static bool is_row(int item)
{
    return item >= EG_PANEL_ITEM_ROW && item < EG_PANEL_ITEM_ROW + EG_PANEL_ROWS;
}

static const eg_panel_row *row_of(const eg_panel_window *w, int item)
{
    return &w->panel.row[item - EG_PANEL_ITEM_ROW];
}

static eg_font font_of(const eg_panel_window *w, int item)
{
    switch (item) {
    case EG_PANEL_ITEM_HEADLINE: return w->compact ? EG_FONT_BOLD : EG_FONT_HEADLINE;
    case EG_PANEL_ITEM_PATH:
    case EG_PANEL_ITEM_LEFT: return EG_FONT_SMALL;
    default: return w->compact ? EG_FONT_SMALL : EG_FONT_TEXT;
    }
}

/* What is painted, and what a screen reader says. */
static const wchar_t *text_of(eg_panel_window *w, int item)
{
    switch (item) {
    case EG_PANEL_ITEM_BAR:
    case EG_PANEL_ITEM_HEADLINE: return w->panel.headline;
    case EG_PANEL_ITEM_DETAIL: return w->panel.detail;
    case EG_PANEL_ITEM_PATH: return w->panel.item;
    case EG_PANEL_ITEM_LEFT: return w->panel.left;
    default: break;
    }
    if (is_row(item)) {
        const wchar_t *part[] = {row_of(w, item)->label, row_of(w, item)->value};

        return eg_tray_text_join(w->arena, part, EG_COUNT(part), L": ");
    }
    return w->panel.button[item - EG_PANEL_ITEM_BUTTON];
}

/* ---- where everything goes ---- */

static void place(const eg_panel_window *w, int item, int left, int top, int width, int height)
{
    SetWindowPos(w->item[item], NULL, left, top, width, height,
                 SWP_NOZORDER | SWP_NOACTIVATE | (height > 0 ? SWP_SHOWWINDOW : SWP_HIDEWINDOW));
}

/* Puts a text at *top, and *top below it. */
static void place_text(eg_panel_window *w, int item, int left, int *top, int width, int gap)
{
    int height = eg_look_height(&w->frame.look, text_of(w, item), font_of(w, item), width);

    place(w, item, left, *top, width, height);
    *top += height > 0 ? height + gap : 0;
}

/* While something runs, the lines for path and time keep their place, so that nothing jumps. */
static void place_progress(const eg_panel_window *w, int left, int *top, int width)
{
    int line = eg_look_height(&w->frame.look, L"0", EG_FONT_SMALL, width);
    int gap = scaled(w, GAP) / 2, bar = scaled(w, BAR_HEIGHT);

    if (!w->panel.running) {
        line = bar = 0;
    }
    place(w, EG_PANEL_ITEM_PATH, left, *top, width, line);
    place(w, EG_PANEL_ITEM_BAR, left, *top + line + gap, width, bar);
    place(w, EG_PANEL_ITEM_LEFT, left, *top + line + gap + bar + gap, width, line);
    *top += w->panel.running ? 2 * line + bar + 3 * gap : 0;
}

static void place_rows(eg_panel_window *w, int left, int *top, int width)
{
    const eg_look *look = &w->frame.look;
    int gap = scaled(w, GAP), most = width * LABEL_PERCENT / 100;

    *top += w->panel.rows > 0 && w->panel.detail[0] ? gap / 2 : 0;
    w->label_width = 0;
    for (size_t i = 0; i < w->panel.rows; i++) {
        int needed = eg_look_width(look, w->panel.row[i].label, font_of(w, EG_PANEL_ITEM_ROW));

        w->label_width = needed > w->label_width ? needed : w->label_width;
    }
    w->label_width = w->label_width < most ? w->label_width : most;
    for (int i = 0; i < EG_PANEL_ROWS; i++) {
        const eg_panel_row *row = &w->panel.row[i];
        int item = EG_PANEL_ITEM_ROW + i;
        int label = eg_look_height(look, row->label, font_of(w, item), w->label_width);
        int value =
            eg_look_height(look, row->value, font_of(w, item), width - w->label_width - gap);
        int height = label > value ? label : value;

        place(w, item, left, *top, width, height);
        *top += height > 0 ? height + scaled(w, w->compact ? 0 : ROW_GAP) : 0;
    }
}

static void place_buttons(eg_panel_window *w, int *top)
{
    int width = scaled(w, WIDTH), margin = scaled(w, MARGIN), height = scaled(w, BUTTON_HEIGHT);

    w->footer = (RECT){0, *top, width, *top + height + 2 * scaled(w, FOOTER_Y)};
    for (int i = 0; i < EG_PANEL_BUTTONS; i++) {
        const wchar_t *text = w->panel.button[i];
        int needed = eg_look_width(&w->frame.look, text, EG_FONT_TEXT);
        int least = scaled(w, BUTTON_MIN), wide = needed + 2 * scaled(w, BUTTON_PADDING);

        wide = wide > least ? wide : least;
        place(w, EG_PANEL_ITEM_BUTTON + i, i == EG_PANEL_MAIN ? width - margin - wide : margin,
              *top + scaled(w, FOOTER_Y), wide, text[0] ? height : 0);
    }
    *top = w->footer.bottom;
}

/* Places everything; returns the height. */
static int place_all(eg_panel_window *w)
{
    int margin = scaled(w, MARGIN), gap = scaled(w, GAP), icon = scaled(w, ICON);
    int left = margin + icon + gap, width = scaled(w, WIDTH) - left - margin, top = margin;
    int icon_bottom = margin + icon;

    w->icon = (RECT){margin, margin, margin + icon, icon_bottom};
    place_text(w, EG_PANEL_ITEM_HEADLINE, left, &top, width, gap / 2);
    place_text(w, EG_PANEL_ITEM_DETAIL, left, &top, width, gap / 2);
    place_progress(w, left, &top, width);
    place_rows(w, left, &top, width);
    top = (top > icon_bottom ? top : icon_bottom) + gap;
    place_buttons(w, &top);
    return top;
}

static void arrange(void *user)
{
    eg_panel_window *w = user;
    int height;

    w->compact = false;
    height = place_all(w);
    if (height > eg_window_frame_room(&w->frame)) {
        w->compact = true;
        height = place_all(w);
    }
    eg_window_frame_resize(&w->frame, scaled(w, WIDTH), height);
    RedrawWindow(w->frame.dialog, NULL, NULL, RDW_INVALIDATE | RDW_ERASE | RDW_ALLCHILDREN);
}

/* ---- what it looks like ---- */

static void dress(void *user)
{
    const eg_panel_window *w = user;

    eg_palette_apply_bar(&w->frame.look.palette, w->item[EG_PANEL_ITEM_BAR]);
    for (int i = 0; i < EG_PANEL_BUTTONS; i++) {
        SendMessageW(w->item[EG_PANEL_ITEM_BUTTON + i], WM_SETFONT,
                     (WPARAM)w->frame.look.fonts.handle[EG_FONT_TEXT], FALSE);
    }
}

static WORD icon_of(const eg_panel *panel)
{
    static const WORD icons[EG_ICON_STATE_COUNT] = {EG_ICON_FINE, EG_ICON_ATTENTION, EG_ICON_ALERT};

    return icons[panel->running ? EG_ICON_STATE_FINE : panel->icon];
}

static void paint(void *user, HDC dc)
{
    const eg_panel_window *w = user;
    int side = w->icon.right - w->icon.left;
    HICON icon = LoadImageW(w->frame.instance, MAKEINTRESOURCEW(icon_of(&w->panel)), IMAGE_ICON,
                            side, side, 0);
    RECT body = {0, 0, w->footer.right, w->footer.top};

    eg_look_fill(dc, &body, w->frame.look.palette.window);
    eg_look_fill(dc, &w->footer, w->frame.look.palette.footer);
    DrawIconEx(dc, w->icon.left, w->icon.top, icon, side, side, 0, NULL, DI_NORMAL);
    DestroyIcon(icon);
}

static void draw_row(const eg_panel_window *w, int item, HDC dc, const RECT *area)
{
    const eg_look *look = &w->frame.look;
    RECT label = *area, value = *area;

    label.right = label.left + w->label_width;
    value.left = label.right + scaled(w, GAP);
    eg_look_draw(look, dc, &label, row_of(w, item)->label, font_of(w, item), look->palette.muted,
                 false);
    eg_look_draw(look, dc, &value, row_of(w, item)->value, font_of(w, item), look->palette.text,
                 false);
}

static bool draw_item(void *user, const DRAWITEMSTRUCT *draw)
{
    eg_panel_window *w = user;
    const eg_look *look = &w->frame.look;
    int item = (int)draw->CtlID - ITEM_ID;
    bool quiet = item == EG_PANEL_ITEM_PATH || item == EG_PANEL_ITEM_LEFT;
    const wchar_t *text;
    wchar_t path[MAX_PATH];

    if (item < 0 || item >= EG_PANEL_ITEM_BUTTON || draw->CtlType != ODT_STATIC) {
        return false;
    }
    eg_look_fill(draw->hDC, &draw->rcItem, look->palette.window);
    if (is_row(item)) {
        draw_row(w, item, draw->hDC, &draw->rcItem);
        return true;
    }
    text = text_of(w, item);
    if (item == EG_PANEL_ITEM_PATH) { /* its end says which file it is */
        eg_paragraph_shorten(draw->hDC, look->fonts.handle[EG_FONT_SMALL], text,
                             draw->rcItem.right - draw->rcItem.left, 1, path, EG_COUNT(path));
        text = path;
    }
    eg_look_draw(look, draw->hDC, &draw->rcItem, text, font_of(w, item),
                 quiet ? look->palette.muted : look->palette.text, false);
    return true;
}

/* ---- what happens ---- */

static void on_command(void *user, int id)
{
    eg_panel_window *w = user;
    int button = id - ITEM_ID - EG_PANEL_ITEM_BUTTON;

    if (id == IDCANCEL) { /* Esc: what runs goes on */
        eg_panel_window_close(w);
    } else if (button >= 0 && button < EG_PANEL_BUTTONS) {
        w->pressed(w->user, (eg_panel_button)button);
    }
}

static void on_destroyed(void *user)
{
    eg_panel_window *w = user;

    eg_arena_destroy(w->arena);
    w->arena = NULL;
    w->closed(w->user);
}

/* True when something a person can see is another now. */
static bool set_text(HWND window, const wchar_t *text)
{
    size_t length = wcslen(text);
    wchar_t *before = eg_alloc_zero(length + 2, sizeof(wchar_t)); /* a longer one differs as well */
    bool same = before && (size_t)GetWindowTextW(window, before, (int)length + 2) == length &&
                wcscmp(before, text) == 0;

    eg_free(before);
    if (!same) {
        SetWindowTextW(window, text);
    }
    return !same;
}

/* A screen reader hears only of what changed. */
static void follow(eg_panel_window *w)
{
    WORD icon = icon_of(&w->panel);
    bool running = w->panel.running, changed, ended;

    eg_arena_reset(w->arena);
    eg_panel_init(&w->panel);
    w->make(w->user, w->arena, &w->panel);
    ended = running && !w->panel.running;
    changed = icon != icon_of(&w->panel) || running != w->panel.running;
    if (icon != icon_of(&w->panel)) {
        eg_window_frame_set_icon(&w->frame, icon_of(&w->panel));
    }
    for (int i = 0; i < EG_PANEL_ITEM_COUNT; i++) {
        const wchar_t *text = text_of(w, i);

        text = i < EG_PANEL_ITEM_BUTTON ? eg_tray_text_unmarked(w->arena, text) : text;
        changed = set_text(w->item[i], text) || changed;
    }
    SendMessageW(w->item[EG_PANEL_ITEM_BAR], PBM_SETPOS, w->panel.percent, 0);
    set_text(w->frame.dialog, w->panel.title);
    if (changed) {
        arrange(w);
    }
    if (ended) {
        eg_window_frame_announce(w->item[EG_PANEL_ITEM_HEADLINE]);
    }
}

static void create_items(eg_panel_window *w)
{
    for (int i = 0; i < EG_PANEL_ITEM_COUNT; i++) {
        const wchar_t *class_name = L"STATIC";
        DWORD style = SS_OWNERDRAW;

        if (i == EG_PANEL_ITEM_BAR) {
            class_name = PROGRESS_CLASSW;
            style = PBS_SMOOTH;
        } else if (i >= EG_PANEL_ITEM_BUTTON) {
            class_name = L"BUTTON";
            style = WS_TABSTOP |
                    (i == EG_PANEL_ITEM_BUTTON + EG_PANEL_MAIN ? BS_DEFPUSHBUTTON : BS_PUSHBUTTON);
        }
        w->item[i] =
            eg_window_frame_add(&w->frame, w->frame.dialog, class_name, style, ITEM_ID + i);
    }
}

static const eg_window_handlers handlers = {
    .dress = dress,
    .arrange = arrange,
    .paint = paint,
    .draw = draw_item,
    .command = on_command,
    .destroyed = on_destroyed,
};

void eg_panel_window_init(eg_panel_window *w, HINSTANCE instance, int scale)
{
    w->frame =
        (eg_window_frame){.instance = instance, .scale = scale, .handlers = &handlers, .user = w};
}

static int open_window(eg_panel_window *w)
{
    int status = eg_arena_create(&w->arena, 4096);

    if (status != EG_OK) {
        return status;
    }
    status = eg_window_frame_open(&w->frame);
    if (status != EG_OK) {
        eg_arena_destroy(w->arena);
        w->arena = NULL;
        return status;
    }
    eg_panel_init(&w->panel);
    create_items(w);
    eg_window_frame_set_icon(&w->frame, icon_of(&w->panel));
    eg_window_frame_dress(&w->frame);
    return EG_OK;
}

int eg_panel_window_show(eg_panel_window *w)
{
    int status = w->frame.dialog ? EG_OK : open_window(w);

    if (status == EG_OK) {
        follow(w);
        eg_window_frame_raise(&w->frame);
        SetFocus(w->item[EG_PANEL_ITEM_BUTTON + EG_PANEL_MAIN]);
    }
    return status;
}

void eg_panel_window_update(eg_panel_window *w)
{
    if (w->frame.dialog) {
        follow(w);
    }
}

void eg_panel_window_close(eg_panel_window *w)
{
    eg_window_frame_close(&w->frame);
}

bool eg_panel_window_is_open(const eg_panel_window *w)
{
    return w->frame.dialog != NULL;
}

void eg_panel_window_copy(eg_panel_window *w)
{
    const wchar_t *text = eg_panel_text(&w->panel, w->arena);
    size_t size = (wcslen(text) + 1) * sizeof(wchar_t);
    HGLOBAL block = GlobalAlloc(GMEM_MOVEABLE, size);
    void *bytes = block ? GlobalLock(block) : NULL;
    bool taken = false;

    if (bytes) {
        memcpy(bytes, text, size);
        GlobalUnlock(block);
    }
    if (bytes && OpenClipboard(w->frame.dialog)) {
        EmptyClipboard();
        taken = SetClipboardData(CF_UNICODETEXT, block) != NULL;
        CloseClipboard();
    }
    if (!taken) {
        GlobalFree(block);
    }
}

bool eg_panel_window_translate(eg_panel_window *w, MSG *message)
{
    if (w->frame.dialog && message->message == WM_KEYDOWN && message->wParam == 'C' &&
        GetKeyState(VK_CONTROL) < 0 && IsChild(w->frame.dialog, message->hwnd)) {
        eg_panel_window_copy(w);
        return true;
    }
    return eg_window_frame_translate(&w->frame, message);
}
