/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window of a check of this PC: how far it is, what it looks at, the time left, and a button to
 * stop it; then the verdict. Closing it stops nothing. Window thread only.
 */
#ifndef EG_TRAY_CHECK_WINDOW_H
#define EG_TRAY_CHECK_WINDOW_H

#include "tray/check_text.h"
#include "tray/fonts.h"
#include "tray/palette.h"

typedef enum eg_check_item {
    EG_CHECK_ITEM_HEADLINE,
    EG_CHECK_ITEM_DETAIL,
    EG_CHECK_ITEM_PATH,
    EG_CHECK_ITEM_BAR,
    EG_CHECK_ITEM_LEFT,
    EG_CHECK_ITEM_BUTTON,
    EG_CHECK_ITEM_COUNT,
} eg_check_item;

typedef struct eg_check_window {
    HINSTANCE instance;
    int scale; /* in percent, 0 for that of the screen */
    void *user;
    void (*cancel)(void *user); /* the person wants it to stop */
    void (*closed)(void *user);
    HWND dialog;
    HWND item[EG_CHECK_ITEM_COUNT];
    eg_fonts fonts;
    eg_palette palette;
    int dpi;
    RECT icon_area;
    eg_arena *arena; /* of the words */
    eg_check_words words;
} eg_check_window;

/* `window` is zeroed but for the first five members. Opens it, or brings it to the front. */
int eg_check_window_show(eg_check_window *window, const eg_service_view *service);
/* News of the service: an open window follows. */
void eg_check_window_update(eg_check_window *window, const eg_service_view *service);
void eg_check_window_close(eg_check_window *window);
/* Keyboard handling; true when the message was used up. */
bool eg_check_window_translate(eg_check_window *window, MSG *message);

#endif
