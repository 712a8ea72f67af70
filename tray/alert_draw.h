/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the alert window looks: colours, the texts and boxes of its items, and what is behind them.
 * Borrows content and look from the window; window thread only.
 */
#ifndef EG_TRAY_ALERT_DRAW_H
#define EG_TRAY_ALERT_DRAW_H

#include "tray/alert_content.h"
#include "tray/look.h"

typedef struct eg_alert_view {
    const eg_alert_content *content;
    const eg_look *look;
} eg_alert_view;

/* Height of a body item that is `width` wide; the details are a control and measured as text. */
int eg_alert_item_height(const eg_alert_view *view, eg_alert_item item, int width);
/* Where the control of the details goes in the card that is drawn around it. */
eg_rect eg_alert_details_inside(const eg_alert_view *view, const eg_rect *card);
/* Width of a footer item's text in one line. */
int eg_alert_item_width(const eg_alert_view *view, eg_alert_item item);
/* "1." before the first step. */
void eg_alert_step_number(eg_alert_item step, wchar_t *out, size_t size);
/* Ids of the item's controls count from here, except where a button has one of its own. */
#define EG_ALERT_ITEM_ID 200
/* Answers WM_DRAWITEM for the control of an item; false when it is none. */
bool eg_alert_draw_control(const eg_alert_view *view, const DRAWITEMSTRUCT *draw);
/* Paints all of `area`, background included. */
void eg_alert_draw_item(const eg_alert_view *view, eg_alert_item item, HDC dc, const RECT *area);
/* What stands behind the items: stripe, shield, frame, arrows; `scrolled` pixels up. */
void eg_alert_draw_body(const eg_alert_view *view, const eg_alert_layout *layout, HDC dc,
                        const RECT *area, int scrolled);
void eg_alert_draw_footer(const eg_alert_view *view, const eg_alert_layout *layout, HDC dc);

#endif
