/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window that shows a panel: the check of this PC, the status. It takes its words from its
 * owner whenever it is shown or updated, and grows with them. Window thread only; the caller owns
 * the eg_panel_window.
 */
#ifndef EG_TRAY_PANEL_WINDOW_H
#define EG_TRAY_PANEL_WINDOW_H

#include "tray/panel.h"
#include "tray/window_frame.h"

typedef enum eg_panel_item {
    EG_PANEL_ITEM_HEADLINE,
    EG_PANEL_ITEM_DETAIL,
    EG_PANEL_ITEM_PATH,
    EG_PANEL_ITEM_BAR,
    EG_PANEL_ITEM_LEFT,
    EG_PANEL_ITEM_ROW,
    EG_PANEL_ITEM_BUTTON = EG_PANEL_ITEM_ROW + EG_PANEL_ROWS,
    EG_PANEL_ITEM_COUNT = EG_PANEL_ITEM_BUTTON + EG_PANEL_BUTTONS,
} eg_panel_item;

typedef struct eg_panel_window {
    void *user;
    void (*make)(void *user, eg_arena *arena, eg_panel *out);
    void (*pressed)(void *user, eg_panel_button button);
    void (*closed)(void *user);
    eg_window_frame frame;
    HWND item[EG_PANEL_ITEM_COUNT];
    eg_arena *arena; /* of the panel */
    eg_panel panel;
    RECT icon, footer;
    int label_width; /* of the rows */
    bool compact;    /* the screen is too small for letters of the usual size */
} eg_panel_window;

/* `window` is zeroed but for the first four members. `scale` as in eg_window_frame. */
void eg_panel_window_init(eg_panel_window *window, HINSTANCE instance, int scale);
/* Opens it, or brings it to the front. */
int eg_panel_window_show(eg_panel_window *window);
/* Something may have changed: an open window follows. */
void eg_panel_window_update(eg_panel_window *window);
void eg_panel_window_close(eg_panel_window *window);
bool eg_panel_window_is_open(const eg_panel_window *window);
/* Puts all it says onto the clipboard. Ctrl+C in the window does so, too. */
void eg_panel_window_copy(eg_panel_window *window);
/* Keyboard handling; true when the message was used up. */
bool eg_panel_window_translate(eg_panel_window *window, MSG *message);

#endif
