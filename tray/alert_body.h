/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the alert window that scrolls when the screen is too small for it. Parent of the
 * controls in it. Borrows view and layout from the window; window thread only.
 */
#ifndef EG_TRAY_ALERT_BODY_H
#define EG_TRAY_ALERT_BODY_H

#include "tray/alert_draw.h"

typedef struct eg_alert_body {
    HWND window;
    const eg_alert_view *view;
    const eg_alert_layout *layout;
    int scrolled; /* pixels of the layout that are above the visible part */
    UINT painted; /* posted to the parent after each painting */
} eg_alert_body;

/* Sets window; the other members are the caller's. It goes with its parent. */
int eg_alert_body_create(eg_alert_body *body, HINSTANCE instance, HWND parent);
/* Scrolls as near to `position` as there is something to see, and sets the scroll bar. */
void eg_alert_body_scroll(eg_alert_body *body, int position);
/* Scrolls as far as it takes to see this item of the layout. */
void eg_alert_body_reveal(eg_alert_body *body, const eg_rect *item);
/* SB_LINEDOWN, SB_PAGEUP ... */
void eg_alert_body_scroll_by(eg_alert_body *body, int request);

#endif
