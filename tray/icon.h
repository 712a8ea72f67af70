/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The icon in the notification area: its state, tooltip and balloon. Survives a restart of the
 * taskbar. Window thread only; the caller owns the eg_icon.
 */
#ifndef EG_TRAY_ICON_H
#define EG_TRAY_ICON_H

#include <windows.h>

#include <stdbool.h>

/* Told apart by shape as well as by colour: shield, triangle, shield with an exclamation mark. */
typedef enum eg_icon_state {
    EG_ICON_STATE_FINE,
    EG_ICON_STATE_ATTENTION,
    EG_ICON_STATE_ALERT,
    EG_ICON_STATE_COUNT,
} eg_icon_state;

/* Sizes of the notification area's own fields, in units with the terminator. */
#define EG_ICON_TIP_SIZE 128
#define EG_ICON_BALLOON_TITLE_SIZE 64
#define EG_ICON_BALLOON_TEXT_SIZE 256

/* What a click or key on the icon or balloon means. */
typedef enum eg_icon_request {
    EG_ICON_REQUEST_NONE,
    EG_ICON_REQUEST_OPEN, /* click, Enter, click on the balloon */
    EG_ICON_REQUEST_MENU, /* right click, menu key; the place is in *where */
} eg_icon_request;

typedef struct eg_icon {
    HWND window;
    UINT message;
    HICON handle[EG_ICON_STATE_COUNT];
    eg_icon_state state;
    wchar_t tip[EG_ICON_TIP_SIZE];
    bool added;
    bool version4; /* else the old form of its messages */
} eg_icon;

/* `message` comes to `window` for clicks. Adds nothing yet. */
void eg_icon_init(eg_icon *icon, HINSTANCE instance, HWND window, UINT message);
void eg_icon_done(eg_icon *icon); /* takes the icon away */
/* Adds the icon, again after "TaskbarCreated". False: there is no taskbar (yet). */
bool eg_icon_add(eg_icon *icon);
void eg_icon_set(eg_icon *icon, eg_icon_state state, const wchar_t *tip);
/* Longer texts are cut at a character to what the balloon can hold. */
void eg_icon_balloon(eg_icon *icon, eg_icon_state state, const wchar_t *title, const wchar_t *text);
/* Reads the parameters of `message`. */
eg_icon_request eg_icon_read(const eg_icon *icon, WPARAM wparam, LPARAM lparam, POINT *where);

#endif
