/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/check_window.h"

#include "core/base/status.h"
#include "tray/alert_layout.h"
#include "tray/paragraph.h"

/* Lengths at 96 DPI. */
enum {
    WIDTH = 460,
    MARGIN = 20,
    ICON = 32,
    GAP = 12,
    BAR_HEIGHT = 16,
    BUTTON_HEIGHT = 32,
    BUTTON_WIDTH = 136,
    ITEM_ID = 300,
};

static const struct {
    eg_font font;
    int line_height;
} shapes[EG_CHECK_ITEM_COUNT] = {
    [EG_CHECK_ITEM_HEADLINE] = {EG_FONT_HEADLINE, 28}, [EG_CHECK_ITEM_DETAIL] = {EG_FONT_TEXT, 22},
    [EG_CHECK_ITEM_PATH] = {EG_FONT_SMALL, 18},        [EG_CHECK_ITEM_BAR] = {EG_FONT_TEXT, 22},
    [EG_CHECK_ITEM_LEFT] = {EG_FONT_SMALL, 18},        [EG_CHECK_ITEM_BUTTON] = {EG_FONT_TEXT, 22},
};

static int scaled(const eg_check_window *w, int length)
{
    return eg_scale(length, w->dpi);
}

static const wchar_t *text_of(const eg_check_window *w, eg_check_item item)
{
    switch (item) {
    case EG_CHECK_ITEM_HEADLINE: return w->words.headline;
    case EG_CHECK_ITEM_DETAIL: return w->words.detail;
    case EG_CHECK_ITEM_PATH: return w->words.item;
    case EG_CHECK_ITEM_LEFT: return w->words.left;
    default: return L"";
    }
}

static int prepare(const eg_check_window *w, HDC dc, eg_check_item item, eg_paragraph *paragraph)
{
    return eg_paragraph_init(paragraph, dc, text_of(w, item), w->fonts.handle[shapes[item].font],
                             scaled(w, shapes[item].line_height), NULL, NULL);
}

static int text_height(const eg_check_window *w, eg_check_item item, int width)
{
    HDC dc = GetDC(NULL);
    eg_paragraph paragraph;
    int height = 0;

    if (text_of(w, item)[0] && prepare(w, dc, item, &paragraph) == EG_OK) {
        height = eg_paragraph_height(&paragraph, width);
        eg_paragraph_done(&paragraph);
    }
    ReleaseDC(NULL, dc);
    return height;
}

static void place(const eg_check_window *w, eg_check_item item, int left, int top, int width,
                  int height)
{
    SetWindowPos(w->item[item], NULL, left, top, width, height,
                 SWP_NOZORDER | SWP_NOACTIVATE | (height > 0 ? SWP_SHOWWINDOW : SWP_HIDEWINDOW));
}

/* While it runs, the lines for path and time keep their place, so that nothing jumps. */
static int place_progress(const eg_check_window *w, int left, int top, int width)
{
    int line = scaled(w, shapes[EG_CHECK_ITEM_PATH].line_height), gap = scaled(w, GAP) / 2;

    if (!w->words.running) {
        place(w, EG_CHECK_ITEM_PATH, 0, 0, 0, 0);
        place(w, EG_CHECK_ITEM_BAR, 0, 0, 0, 0);
        place(w, EG_CHECK_ITEM_LEFT, 0, 0, 0, 0);
        return top;
    }
    place(w, EG_CHECK_ITEM_PATH, left, top, width, line);
    top += line + gap;
    place(w, EG_CHECK_ITEM_BAR, left, top, width, scaled(w, BAR_HEIGHT));
    top += scaled(w, BAR_HEIGHT) + gap;
    place(w, EG_CHECK_ITEM_LEFT, left, top, width, line);
    return top + line;
}

static void set_size(const eg_check_window *w, int width, int height)
{
    RECT rect = {0, 0, width, height}, work = {0};
    UINT flags = SWP_NOZORDER | SWP_NOACTIVATE | (IsWindowVisible(w->dialog) ? SWP_NOMOVE : 0u);

    AdjustWindowRectExForDpi(&rect, (DWORD)GetWindowLongW(w->dialog, GWL_STYLE), FALSE,
                             (DWORD)GetWindowLongW(w->dialog, GWL_EXSTYLE),
                             GetDpiForWindow(w->dialog));
    SystemParametersInfoW(SPI_GETWORKAREA, 0, &work, 0);
    width = rect.right - rect.left;
    height = rect.bottom - rect.top;
    SetWindowPos(w->dialog, NULL, work.left + (work.right - work.left - width) / 2,
                 work.top + (work.bottom - work.top - height) / 2, width, height, flags);
}

static void arrange(eg_check_window *w)
{
    int margin = scaled(w, MARGIN), gap = scaled(w, GAP), icon = scaled(w, ICON);
    int left = margin + icon + gap, width = scaled(w, WIDTH) - left - margin, top = margin;
    int height = text_height(w, EG_CHECK_ITEM_HEADLINE, width);

    w->icon_area = (RECT){margin, margin, margin + icon, margin + icon};
    place(w, EG_CHECK_ITEM_HEADLINE, left, top, width, height);
    top += height + gap / 2;
    height = text_height(w, EG_CHECK_ITEM_DETAIL, width);
    place(w, EG_CHECK_ITEM_DETAIL, left, top, width, height);
    top = place_progress(w, left, top + height + gap / 2, width) + gap;
    place(w, EG_CHECK_ITEM_BUTTON, scaled(w, WIDTH) - margin - scaled(w, BUTTON_WIDTH), top,
          scaled(w, BUTTON_WIDTH), scaled(w, BUTTON_HEIGHT));
    set_size(w, scaled(w, WIDTH), top + scaled(w, BUTTON_HEIGHT) + margin);
    RedrawWindow(w->dialog, NULL, NULL, RDW_INVALIDATE | RDW_ERASE | RDW_ALLCHILDREN);
}

static void set_texts(eg_check_window *w, const eg_service_view *service)
{
    unsigned button = EG_TEXT_CLOSE;

    eg_arena_reset(w->arena);
    eg_check_words_make(w->arena, service, &w->words);
    if (w->words.running) {
        button = EG_TEXT_CHECK_CANCEL;
    }
    for (int i = 0; i < EG_CHECK_ITEM_COUNT; i++) {
        SetWindowTextW(w->item[i], text_of(w, (eg_check_item)i));
    }
    SetWindowTextW(w->item[EG_CHECK_ITEM_BUTTON], eg_tray_text(w->arena, button));
    SetWindowTextW(w->item[EG_CHECK_ITEM_BAR], w->words.headline); /* what a screen reader says */
    SendMessageW(w->item[EG_CHECK_ITEM_BAR], PBM_SETPOS, w->words.percent, 0);
    SetWindowTextW(w->dialog, eg_tray_text(w->arena, EG_TEXT_CHECK_TITLE));
}

static void set_colours(eg_check_window *w)
{
    eg_palette_init(&w->palette, false);
    eg_palette_apply_frame(&w->palette, w->dialog);
    eg_palette_apply_control(&w->palette, w->item[EG_CHECK_ITEM_BAR]);
}

static void set_fonts(eg_check_window *w, int dpi)
{
    eg_fonts_done(&w->fonts);
    eg_fonts_init(&w->fonts, dpi);
    w->dpi = dpi;
    SendMessageW(w->item[EG_CHECK_ITEM_BUTTON], WM_SETFONT, (WPARAM)w->fonts.handle[EG_FONT_TEXT],
                 FALSE);
}

static void fill(HDC dc, const RECT *area, COLORREF colour)
{
    SetDCBrushColor(dc, colour);
    FillRect(dc, area, GetStockObject(DC_BRUSH));
}

static void paint(const eg_check_window *w)
{
    static const WORD icons[EG_ICON_STATE_COUNT] = {EG_ICON_FINE, EG_ICON_ATTENTION, EG_ICON_ALERT};
    PAINTSTRUCT state;
    HDC dc = BeginPaint(w->dialog, &state);
    int side = w->icon_area.right - w->icon_area.left;
    WORD id = icons[w->words.running ? EG_ICON_STATE_FINE : w->words.icon];
    HICON icon = LoadImageW(w->instance, MAKEINTRESOURCEW(id), IMAGE_ICON, side, side, 0);

    fill(dc, &state.rcPaint, w->palette.window);
    DrawIconEx(dc, w->icon_area.left, w->icon_area.top, icon, side, side, 0, NULL, DI_NORMAL);
    DestroyIcon(icon);
    EndPaint(w->dialog, &state);
}

static void draw_item(const eg_check_window *w, const DRAWITEMSTRUCT *draw)
{
    eg_check_item item = (eg_check_item)(draw->CtlID - ITEM_ID);
    eg_check_window shown = *w;
    wchar_t path[MAX_PATH];
    eg_paragraph paragraph;

    if (item == EG_CHECK_ITEM_PATH) { /* its end says which file it is */
        eg_paragraph_shorten(draw->hDC, w->fonts.handle[shapes[item].font], w->words.item,
                             draw->rcItem.right - draw->rcItem.left, 1, path, EG_COUNT(path));
        shown.words.item = path;
    }
    fill(draw->hDC, &draw->rcItem, w->palette.window);
    if (prepare(&shown, draw->hDC, item, &paragraph) == EG_OK) {
        SetTextColor(draw->hDC, item == EG_CHECK_ITEM_PATH || item == EG_CHECK_ITEM_LEFT
                                    ? w->palette.muted
                                    : w->palette.text);
        eg_paragraph_draw(&paragraph, draw->hDC, &draw->rcItem, false);
        eg_paragraph_done(&paragraph);
    }
}

static void on_button(eg_check_window *w)
{
    if (w->words.running) {
        w->cancel(w->user);
    } else {
        DestroyWindow(w->dialog);
    }
}

static void on_destroyed(eg_check_window *w)
{
    w->dialog = NULL;
    eg_fonts_done(&w->fonts);
    eg_arena_destroy(w->arena);
    w->arena = NULL;
    w->closed(w->user);
}

static INT_PTR on_notify(const eg_check_window *w, const NMHDR *notice)
{
    if (notice->code != NM_CUSTOMDRAW) {
        return FALSE;
    }
    SetWindowLongPtrW(w->dialog, DWLP_MSGRESULT,
                      eg_palette_draw_button(&w->palette, (const NMCUSTOMDRAW *)notice));
    return TRUE;
}

static INT_PTR handle(eg_check_window *w, UINT message, WPARAM wparam, LPARAM lparam)
{
    switch (message) {
    case WM_PAINT: paint(w); return TRUE;
    case WM_ERASEBKGND: return TRUE;
    case WM_DRAWITEM: draw_item(w, (const DRAWITEMSTRUCT *)lparam); return TRUE;
    case WM_NOTIFY: return on_notify(w, (const NMHDR *)lparam);
    case WM_CTLCOLORBTN:
        return (INT_PTR)eg_palette_control_brush(&w->palette, (HDC)wparam, w->palette.window);
    case WM_COMMAND:
        if (LOWORD(wparam) == IDCANCEL) { /* Esc: the check goes on */
            DestroyWindow(w->dialog);
        } else if (LOWORD(wparam) == ITEM_ID + EG_CHECK_ITEM_BUTTON) {
            on_button(w);
        }
        return TRUE;
    case WM_CLOSE: DestroyWindow(w->dialog); return TRUE;
    case WM_DPICHANGED:
        if (w->scale == 0) {
            set_fonts(w, HIWORD(wparam));
        }
        arrange(w);
        return TRUE;
    case WM_SYSCOLORCHANGE:
    case WM_SETTINGCHANGE:
    case WM_THEMECHANGED:
        set_colours(w);
        arrange(w);
        return FALSE;
    default: return FALSE;
    }
}

static INT_PTR CALLBACK procedure(HWND dialog, UINT message, WPARAM wparam, LPARAM lparam)
{
    eg_check_window *w;

    if (message == WM_INITDIALOG) {
        SetWindowLongPtrW(dialog, DWLP_USER, lparam);
        return FALSE;
    }
    w = (eg_check_window *)GetWindowLongPtrW(dialog, DWLP_USER);
    if (!w || w->dialog != dialog) {
        return FALSE;
    }
    if (message == WM_DESTROY) {
        on_destroyed(w);
        return TRUE;
    }
    return handle(w, message, wparam, lparam);
}

static void create_items(eg_check_window *w)
{
    for (int i = 0; i < EG_CHECK_ITEM_COUNT; i++) {
        const wchar_t *class_name = L"STATIC";
        DWORD style = WS_CHILD | SS_OWNERDRAW;

        if (i == EG_CHECK_ITEM_BAR) {
            class_name = PROGRESS_CLASSW;
            style = WS_CHILD | PBS_SMOOTH;
        } else if (i == EG_CHECK_ITEM_BUTTON) {
            class_name = L"BUTTON";
            style = WS_CHILD | WS_TABSTOP | BS_DEFPUSHBUTTON;
        }
        w->item[i] = CreateWindowExW(0, class_name, L"", style, 0, 0, 0, 0, w->dialog,
                                     (HMENU)(INT_PTR)(ITEM_ID + i), w->instance, NULL);
    }
}

static int open_dialog(eg_check_window *w)
{
    int status = eg_arena_create(&w->arena, 4096);
    LPARAM icon = (LPARAM)LoadIconW(w->instance, MAKEINTRESOURCEW(EG_ICON_FINE));

    if (status != EG_OK) {
        return status;
    }
    w->dialog = CreateDialogParamW(w->instance, MAKEINTRESOURCEW(EG_DIALOG_CHECK), NULL, procedure,
                                   (LPARAM)w);
    if (!w->dialog) {
        status = eg_fail_os(GetLastError(), "cannot open the window of the check");
        eg_arena_destroy(w->arena);
        w->arena = NULL;
        return status;
    }
    SendMessageW(w->dialog, WM_SETICON, ICON_BIG, icon);
    SendMessageW(w->dialog, WM_SETICON, ICON_SMALL, icon);
    create_items(w);
    set_fonts(w, w->scale ? w->scale * 96 / 100 : (int)GetDpiForWindow(w->dialog));
    set_colours(w);
    return EG_OK;
}

int eg_check_window_show(eg_check_window *w, const eg_service_view *service)
{
    int status = w->dialog ? EG_OK : open_dialog(w);

    if (status == EG_OK) {
        set_texts(w, service);
        arrange(w);
        ShowWindow(w->dialog, IsIconic(w->dialog) ? SW_RESTORE : SW_SHOW);
        SetForegroundWindow(w->dialog);
        SetFocus(w->item[EG_CHECK_ITEM_BUTTON]);
    }
    return status;
}

void eg_check_window_update(eg_check_window *w, const eg_service_view *service)
{
    if (w->dialog) {
        set_texts(w, service);
        arrange(w);
    }
}

void eg_check_window_close(eg_check_window *w)
{
    if (w->dialog) {
        DestroyWindow(w->dialog);
    }
}

bool eg_check_window_translate(eg_check_window *w, MSG *message)
{
    return w->dialog && IsDialogMessageW(w->dialog, message);
}
