/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything in the alert window goes: from the sizes of texts to rectangles. Two parts: the
 * body, which scrolls when the screen is too small for it, and the footer with the buttons, which
 * is always in sight. Pure arithmetic; the caller measures texts through callbacks. All numbers are
 * pixels at the given DPI; body rectangles count from the top left of the unscrolled body, footer
 * rectangles from the top left of the window's client area.
 */
#ifndef EG_TRAY_ALERT_LAYOUT_H
#define EG_TRAY_ALERT_LAYOUT_H

#include "tray/chain.h"

#define EG_ALERT_STEPS 3

typedef enum eg_alert_item {
    EG_ALERT_HEADLINE,
    EG_ALERT_SENTENCE,
    EG_ALERT_BOX_FIRST,
    EG_ALERT_BOX_LAST = EG_ALERT_BOX_FIRST + EG_CHAIN_MAX - 1,
    EG_ALERT_STEPS_HEAD,
    EG_ALERT_STEP_FIRST,
    EG_ALERT_STEP_LAST = EG_ALERT_STEP_FIRST + EG_ALERT_STEPS - 1,
    EG_ALERT_ADVICE_HEAD,
    EG_ALERT_ADVICE,
    EG_ALERT_RECORDED,
    EG_ALERT_ANSWER_HEAD,
    EG_ALERT_ANSWER_FIRST,
    EG_ALERT_ANSWER_LAST = EG_ALERT_ANSWER_FIRST + EG_ANSWER_COUNT - 1,
    EG_ALERT_THANKS, /* in the place of the buttons, once there is an answer: what comes next */
    EG_ALERT_DETAILS,
    EG_ALERT_BODY_ITEMS, /* the ones above are in the body, the ones below in the footer */
    EG_ALERT_WAITING = EG_ALERT_BODY_ITEMS,
    EG_ALERT_NEXT,
    EG_ALERT_TOGGLE,
    EG_ALERT_RULES,
    EG_ALERT_CLOSE,
    EG_ALERT_ITEMS,
} eg_alert_item;

typedef struct eg_rect {
    int left, top, right, bottom;
} eg_rect;

typedef struct eg_alert_sizes {
    int dpi;
    int max_height;       /* of the client area */
    int scroll_bar_width; /* of a vertical scroll bar */
    size_t boxes;         /* in the chain */
    /* whether the item is there */
    bool advice, answers, thanks, details, waiting, rules;
    void *user;
    int (*height)(void *user, eg_alert_item item, int width); /* of a body item in that width */
    int (*width)(void *user, eg_alert_item item);             /* of a footer item's text */
} eg_alert_sizes;

typedef struct eg_alert_layout {
    int client_width, client_height;
    int content_height;           /* of the whole body */
    eg_rect body;                 /* its visible part, in client coordinates */
    eg_rect footer;               /* background strip behind the bottom row */
    eg_rect strip;                /* background of the waiting row; empty without one */
    eg_rect item[EG_ALERT_ITEMS]; /* empty for an item that is not there */
    /* drawn in the body */
    eg_rect stripe;
    eg_rect shield;
    eg_rect frame; /* around the steps */
    eg_rect arrow[EG_CHAIN_MAX - 1];
} eg_alert_layout;

void eg_alert_layout_make(const eg_alert_sizes *sizes, eg_alert_layout *out);
/* Pixels at `dpi` of a length given for 96 DPI, rounded. */
int eg_scale(int length, int dpi);
bool eg_rect_empty(const eg_rect *rect);

#endif
