/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/icon.h"

#include "tray/resource.h"
#include "tray/text.h"

#include <commctrl.h>
#include <shellapi.h>
#include <windowsx.h>

#define ICON_ID 1

static NOTIFYICONDATAW new_data(const eg_icon *icon, UINT flags)
{
    NOTIFYICONDATAW data;

    ZeroMemory(&data, sizeof(data));
    data.cbSize = sizeof(data);
    data.hWnd = icon->window;
    data.uID = ICON_ID;
    data.uFlags = flags;
    data.uCallbackMessage = icon->message;
    data.hIcon = icon->handle[icon->state];
    eg_tray_text_cut(data.szTip, EG_COUNT(data.szTip), icon->tip);
    return data;
}

void eg_icon_init(eg_icon *icon, HINSTANCE instance, HWND window, UINT message)
{
    static const WORD ids[EG_ICON_STATE_COUNT] = {EG_ICON_FINE, EG_ICON_ATTENTION, EG_ICON_ALERT};

    ZeroMemory(icon, sizeof(*icon));
    icon->window = window;
    icon->message = message;
    for (int i = 0; i < EG_ICON_STATE_COUNT; i++) {
        if (FAILED(
                LoadIconMetric(instance, MAKEINTRESOURCEW(ids[i]), LIM_SMALL, &icon->handle[i]))) {
            icon->handle[i] = LoadImageW(instance, MAKEINTRESOURCEW(ids[i]), IMAGE_ICON,
                                         GetSystemMetrics(SM_CXSMICON),
                                         GetSystemMetrics(SM_CYSMICON), LR_DEFAULTCOLOR);
        }
    }
}

void eg_icon_done(eg_icon *icon)
{
    if (icon->added) {
        NOTIFYICONDATAW data = new_data(icon, 0);
        Shell_NotifyIconW(NIM_DELETE, &data);
        icon->added = false;
    }
    for (int i = 0; i < EG_ICON_STATE_COUNT; i++) {
        if (icon->handle[i]) {
            DestroyIcon(icon->handle[i]);
            icon->handle[i] = NULL;
        }
    }
}

bool eg_icon_add(eg_icon *icon)
{
    NOTIFYICONDATAW data = new_data(icon, NIF_MESSAGE | NIF_ICON | NIF_TIP | NIF_SHOWTIP);

    /* After a crash of the taskbar the old entry may still be known: take it away first. */
    Shell_NotifyIconW(NIM_DELETE, &data);
    icon->added = Shell_NotifyIconW(NIM_ADD, &data) != FALSE;
    if (icon->added) {
        data.uVersion = NOTIFYICON_VERSION_4;
        icon->version4 = Shell_NotifyIconW(NIM_SETVERSION, &data) != FALSE;
    }
    return icon->added;
}

void eg_icon_set(eg_icon *icon, eg_icon_state state, const wchar_t *tip)
{
    icon->state = state;
    eg_tray_text_cut(icon->tip, EG_COUNT(icon->tip), tip);
    if (icon->added) {
        NOTIFYICONDATAW data = new_data(icon, NIF_ICON | NIF_TIP | NIF_SHOWTIP);
        Shell_NotifyIconW(NIM_MODIFY, &data);
    }
}

void eg_icon_balloon(eg_icon *icon, eg_icon_state state, const wchar_t *title, const wchar_t *text)
{
    static const DWORD kinds[EG_ICON_STATE_COUNT] = {NIIF_NONE, NIIF_WARNING, NIIF_ERROR};
    NOTIFYICONDATAW data = new_data(icon, NIF_INFO | NIF_SHOWTIP);

    if (!icon->added) {
        return;
    }
    eg_tray_text_cut(data.szInfoTitle, EG_COUNT(data.szInfoTitle), title);
    eg_tray_text_cut(data.szInfo, EG_COUNT(data.szInfo), text);
    data.dwInfoFlags = NIIF_NOSOUND | kinds[state];
    Shell_NotifyIconW(NIM_MODIFY, &data);
}

eg_icon_request eg_icon_read(const eg_icon *icon, WPARAM wparam, LPARAM lparam, POINT *where)
{
    UINT event = icon->version4 ? LOWORD(lparam) : (UINT)lparam;

    if (icon->version4) {
        where->x = GET_X_LPARAM(wparam);
        where->y = GET_Y_LPARAM(wparam);
    } else {
        GetCursorPos(where);
    }
    switch (event) {
    case WM_CONTEXTMENU: return EG_ICON_REQUEST_MENU;
    case WM_RBUTTONUP: return icon->version4 ? EG_ICON_REQUEST_NONE : EG_ICON_REQUEST_MENU;
    case NIN_SELECT:
    case NIN_KEYSELECT:
    case NIN_BALLOONUSERCLICK: return EG_ICON_REQUEST_OPEN;
    case WM_LBUTTONUP: return icon->version4 ? EG_ICON_REQUEST_NONE : EG_ICON_REQUEST_OPEN;
    default: return EG_ICON_REQUEST_NONE;
    }
}
