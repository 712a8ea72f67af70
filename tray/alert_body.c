/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/alert_body.h"

#include "core/base/status.h"

#include <windowsx.h>

#define BODY_CLASS L"EmoGuardAlertBody"
/* Height of a line for the wheel and the arrows, at 96 DPI. */
#define LINE 24
#define WHEEL_LINES 3

void eg_alert_body_scroll(eg_alert_body *body, int position)
{
    int most = body->layout->content_height - body->layout->body.bottom;
    SCROLLINFO info = {.cbSize = sizeof(info), .fMask = SIF_ALL};
    int before = body->scrolled;

    position = position > most ? most : position;
    body->scrolled = position > 0 ? position : 0;
    info.nMax = body->layout->content_height - 1;
    info.nPage = (UINT)body->layout->body.bottom;
    info.nPos = body->scrolled;
    SetScrollInfo(body->window, SB_VERT, &info, TRUE);
    if (before != body->scrolled) {
        ScrollWindowEx(body->window, 0, before - body->scrolled, NULL, NULL, NULL, NULL,
                       SW_SCROLLCHILDREN | SW_INVALIDATE | SW_ERASE);
    }
}

void eg_alert_body_scroll_by(eg_alert_body *body, int request)
{
    SCROLLINFO info = {.cbSize = sizeof(info), .fMask = SIF_ALL};
    int line = eg_look_scale(body->view->look, LINE), page = body->layout->body.bottom - line;
    int to = body->scrolled;

    GetScrollInfo(body->window, SB_VERT, &info);
    switch (request) {
    case SB_LINEUP: to -= line; break;
    case SB_LINEDOWN: to += line; break;
    case SB_PAGEUP: to -= page; break;
    case SB_PAGEDOWN: to += page; break;
    case SB_TOP: to = 0; break;
    case SB_BOTTOM: to = body->layout->content_height; break;
    case SB_THUMBTRACK:
    case SB_THUMBPOSITION: to = info.nTrackPos; break;
    default: return;
    }
    eg_alert_body_scroll(body, to);
}

void eg_alert_body_reveal(eg_alert_body *body, const eg_rect *item)
{
    int gap = eg_look_scale(body->view->look, LINE) / 2, room = body->layout->body.bottom;

    if (item->bottom + gap > body->scrolled + room) {
        eg_alert_body_scroll(body, item->bottom + gap - room);
    }
    if (item->top - gap < body->scrolled) {
        eg_alert_body_scroll(body, item->top - gap);
    }
}

static void scroll_by_wheel(eg_alert_body *body, int delta)
{
    int line = eg_look_scale(body->view->look, LINE);

    eg_alert_body_scroll(body, body->scrolled - delta * WHEEL_LINES * line / WHEEL_DELTA);
}

static void paint(eg_alert_body *body)
{
    PAINTSTRUCT state;
    RECT area;
    HDC dc = BeginPaint(body->window, &state);

    GetClientRect(body->window, &area);
    eg_alert_draw_body(body->view, body->layout, dc, &area, body->scrolled);
    EndPaint(body->window, &state);
    PostMessageW(GetParent(body->window), body->painted, 0, 0);
}

static LRESULT CALLBACK procedure(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    eg_alert_body *body = (eg_alert_body *)GetWindowLongPtrW(window, GWLP_USERDATA);

    if (!body || !body->view->content) {
        return DefWindowProcW(window, message, wparam, lparam);
    }
    switch (message) {
    case WM_PAINT: paint(body); return 0;
    case WM_ERASEBKGND: return 1;
    case WM_DRAWITEM: return eg_alert_draw_control(body->view, (const DRAWITEMSTRUCT *)lparam);
    case WM_COMMAND:
    case WM_NOTIFY:
    case WM_CLOSE: /* the details take their parent for the dialog: Esc, Tab and Enter in them */
    case WM_NEXTDLGCTL:
    case DM_GETDEFID: return SendMessageW(GetParent(window), message, wparam, lparam);
    case WM_CTLCOLORBTN:
    case WM_CTLCOLORSTATIC: /* the details: an edit field that is read only */
        return (LRESULT)eg_palette_control_brush(&body->view->look->palette, (HDC)wparam,
                                                 body->view->look->palette.window);
    case WM_VSCROLL: eg_alert_body_scroll_by(body, LOWORD(wparam)); return 0;
    case WM_MOUSEWHEEL: scroll_by_wheel(body, GET_WHEEL_DELTA_WPARAM(wparam)); return 0;
    default: return DefWindowProcW(window, message, wparam, lparam);
    }
}

int eg_alert_body_create(eg_alert_body *body, HINSTANCE instance, HWND parent)
{
    WNDCLASSEXW class_info = {.cbSize = sizeof(class_info)};
    DWORD style = WS_CHILD | WS_VISIBLE | WS_CLIPCHILDREN | WS_VSCROLL;

    class_info.lpfnWndProc = procedure;
    class_info.hInstance = instance;
    class_info.hCursor = LoadCursorW(NULL, MAKEINTRESOURCEW(32512)); /* IDC_ARROW */
    class_info.lpszClassName = BODY_CLASS;
    if (!RegisterClassExW(&class_info) && GetLastError() != ERROR_CLASS_ALREADY_EXISTS) {
        return eg_fail_os(GetLastError(), "cannot register the body of the alert window");
    }
    body->window = CreateWindowExW(WS_EX_CONTROLPARENT, BODY_CLASS, L"", style, 0, 0, 0, 0, parent,
                                   NULL, instance, NULL);
    if (!body->window) {
        return eg_fail_os(GetLastError(), "cannot open the body of the alert window");
    }
    SetWindowLongPtrW(body->window, GWLP_USERDATA, (LONG_PTR)body);
    return EG_OK;
}
