/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/window_frame.h"

#include "core/base/status.h"
#include "tray/resource.h"

static int wanted_dpi(const eg_window_frame *frame)
{
    return frame->scale ? frame->scale * 96 / 100 : (int)GetDpiForWindow(frame->dialog);
}

void eg_window_frame_dress(eg_window_frame *frame)
{
    eg_look_read(&frame->look, wanted_dpi(frame), frame->severe);
    eg_palette_apply_frame(&frame->look.palette, frame->dialog);
    frame->handlers->dress(frame->user);
}

static void paint(const eg_window_frame *frame)
{
    PAINTSTRUCT state;
    HDC dc = BeginPaint(frame->dialog, &state);

    frame->handlers->paint(frame->user, dc);
    EndPaint(frame->dialog, &state);
}

/* A dialog needs the answer set aside. */
static INT_PTR on_notify(const eg_window_frame *frame, const NMHDR *notice)
{
    if (notice->code != NM_CUSTOMDRAW) {
        return FALSE;
    }
    SetWindowLongPtrW(frame->dialog, DWLP_MSGRESULT,
                      eg_palette_draw_button(&frame->look.palette, (const NMCUSTOMDRAW *)notice));
    return TRUE;
}

static void on_destroyed(eg_window_frame *frame)
{
    frame->dialog = NULL;
    eg_look_done(&frame->look);
    frame->handlers->destroyed(frame->user);
}

/* Windows says where the window stays on its new screen; its size follows from its texts. */
static void on_dpi_changed(eg_window_frame *frame, const RECT *wanted)
{
    SetWindowPos(frame->dialog, NULL, wanted->left, wanted->top, 0, 0,
                 SWP_NOSIZE | SWP_NOZORDER | SWP_NOACTIVATE);
    eg_window_frame_dress(frame);
    frame->handlers->arrange(frame->user);
}

static INT_PTR handle(eg_window_frame *frame, UINT message, WPARAM wparam, LPARAM lparam)
{
    const eg_palette *palette = &frame->look.palette;

    switch (message) {
    case WM_PAINT: paint(frame); return TRUE;
    case WM_ERASEBKGND: return TRUE;
    case WM_DRAWITEM: return frame->handlers->draw(frame->user, (const DRAWITEMSTRUCT *)lparam);
    case WM_COMMAND: frame->handlers->command(frame->user, LOWORD(wparam)); return TRUE;
    case WM_NOTIFY: return on_notify(frame, (const NMHDR *)lparam);
    case WM_CTLCOLORBTN: /* the dialog's own buttons stand in the strip at the bottom */
        return (INT_PTR)eg_palette_control_brush(palette, (HDC)wparam, palette->footer);
    case WM_CLOSE: DestroyWindow(frame->dialog); return TRUE;
    case WM_DESTROY: on_destroyed(frame); return TRUE;
    case WM_DPICHANGED: on_dpi_changed(frame, (const RECT *)lparam); return TRUE;
    case WM_SYSCOLORCHANGE:
    case WM_SETTINGCHANGE:
    case WM_THEMECHANGED:
        eg_window_frame_dress(frame);
        frame->handlers->arrange(frame->user);
        return FALSE;
    default:
        if (frame->handlers->message) {
            frame->handlers->message(frame->user, message, wparam);
        }
        return FALSE;
    }
}

static INT_PTR CALLBACK procedure(HWND dialog, UINT message, WPARAM wparam, LPARAM lparam)
{
    eg_window_frame *frame;

    if (message == WM_INITDIALOG) {
        SetWindowLongPtrW(dialog, DWLP_USER, lparam);
        return FALSE; /* the keyboard stays where it is */
    }
    frame = (eg_window_frame *)GetWindowLongPtrW(dialog, DWLP_USER);
    if (!frame || frame->dialog != dialog || frame->look.dpi == 0) {
        return FALSE;
    }
    return handle(frame, message, wparam, lparam);
}

int eg_window_frame_open(eg_window_frame *frame)
{
    frame->dialog = CreateDialogParamW(frame->instance, MAKEINTRESOURCEW(EG_DIALOG_FRAME), NULL,
                                       procedure, (LPARAM)frame);
    return frame->dialog ? EG_OK : eg_fail_os(GetLastError(), "cannot open a window");
}

HWND eg_window_frame_add(const eg_window_frame *frame, HWND parent, const wchar_t *class_name,
                         DWORD style, int id)
{
    return CreateWindowExW(0, class_name, L"", WS_CHILD | style, 0, 0, 0, 0, parent,
                           (HMENU)(INT_PTR)id, frame->instance, NULL);
}

void eg_window_frame_set_icon(const eg_window_frame *frame, WORD icon)
{
    LPARAM handle_of = (LPARAM)LoadIconW(frame->instance, MAKEINTRESOURCEW(icon));

    SendMessageW(frame->dialog, WM_SETICON, ICON_BIG, handle_of);
    SendMessageW(frame->dialog, WM_SETICON, ICON_SMALL, handle_of);
}

static RECT work_area(const eg_window_frame *frame)
{
    MONITORINFO monitor = {.cbSize = sizeof(monitor)};
    HMONITOR where = MonitorFromWindow(frame->dialog, MONITOR_DEFAULTTOPRIMARY);

    if (!GetMonitorInfoW(where, &monitor)) {
        SystemParametersInfoW(SPI_GETWORKAREA, 0, &monitor.rcWork, 0);
    }
    return monitor.rcWork;
}

/* How much wider and higher the window is than its inside. */
static SIZE border_size(const eg_window_frame *frame)
{
    RECT rect = {0, 0, 0, 0};
    SIZE size;

    AdjustWindowRectExForDpi(&rect, (DWORD)GetWindowLongW(frame->dialog, GWL_STYLE), FALSE,
                             (DWORD)GetWindowLongW(frame->dialog, GWL_EXSTYLE),
                             GetDpiForWindow(frame->dialog));
    size.cx = rect.right - rect.left;
    size.cy = rect.bottom - rect.top;
    return size;
}

int eg_window_frame_room(const eg_window_frame *frame)
{
    RECT work = work_area(frame);

    return work.bottom - work.top - border_size(frame).cy;
}

void eg_window_frame_resize(const eg_window_frame *frame, int width, int height)
{
    RECT work = work_area(frame), now;
    SIZE border = border_size(frame);
    int x, y;

    width += border.cx;
    height += border.cy;
    x = work.left + (work.right - work.left - width) / 2;
    y = work.top + (work.bottom - work.top - height) / 2;
    if (IsWindowVisible(frame->dialog) && GetWindowRect(frame->dialog, &now)) {
        x = now.left;
        y = now.top + height > work.bottom ? work.bottom - height : now.top;
    }
    SetWindowPos(frame->dialog, NULL, x > work.left ? x : work.left, y > work.top ? y : work.top,
                 width, height, SWP_NOZORDER | SWP_NOACTIVATE);
}

void eg_window_frame_announce(HWND control)
{
    NotifyWinEvent(EVENT_SYSTEM_ALERT, control, OBJID_CLIENT, CHILDID_SELF);
}

void eg_window_frame_raise(const eg_window_frame *frame)
{
    if (frame->dialog) {
        ShowWindow(frame->dialog, IsIconic(frame->dialog) ? SW_RESTORE : SW_SHOW);
        SetForegroundWindow(frame->dialog);
    }
}

void eg_window_frame_close(eg_window_frame *frame)
{
    if (frame->dialog) {
        DestroyWindow(frame->dialog);
        frame->dialog = NULL; /* also before the first dress, when nothing of it was handled */
    }
}

bool eg_window_frame_translate(const eg_window_frame *frame, MSG *message)
{
    return frame->dialog && IsDialogMessageW(frame->dialog, message);
}
