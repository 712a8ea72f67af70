/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window that tells the person at the PC one story and takes the answer. There is one at a
 * time; it stays above other windows until the person turns to it, takes the keyboard from nobody,
 * and grows with its texts. Window thread only. The window owns its content; the caller owns the
 * eg_alert_window.
 */
#ifndef EG_TRAY_ALERT_WINDOW_H
#define EG_TRAY_ALERT_WINDOW_H

#include "tray/alert_content.h"

#include <windows.h>

typedef struct eg_alert_window eg_alert_window;

/* All called on the window thread, from the message loop. */
typedef struct eg_alert_events {
    void *user;
    /* Painted on the screen; again when the story went on. */
    void (*shown)(void *user, const eg_alert_content *content);
    void (*answered)(void *user, int64_t story, eg_answer_kind answer);
    void (*next)(void *user);   /* the person asks for the next alert */
    void (*closed)(void *user); /* the window is gone */
} eg_alert_events;

/* `scale` in percent, 0 for that of the screen. No window yet. */
int eg_alert_window_create(HINSTANCE instance, int scale, const eg_alert_events *events,
                           eg_alert_window **out);
void eg_alert_window_destroy(eg_alert_window *window); /* NULL-safe; calls no events */

/* Shows `content` (owned by the window from now on, also on failure), opening it when needed. */
int eg_alert_window_show(eg_alert_window *window, eg_alert_content *content, size_t waiting);
/*
 * The story in the open window went on, or was answered: `content` takes the place of the one
 * before, and all stays as the person has it. Owned as above; without a window it is only freed.
 */
void eg_alert_window_update(eg_alert_window *window, eg_alert_content *content);
/* More of them make its button on the taskbar blink when the person is elsewhere. */
void eg_alert_window_set_waiting(eg_alert_window *window, size_t waiting);
bool eg_alert_window_is_open(const eg_alert_window *window);
/* What the open window shows, once it has been reported as shown, else NULL. */
const eg_alert_content *eg_alert_window_shown(const eg_alert_window *window);
/* Brings an open window to the front, on the person's own wish. */
void eg_alert_window_raise(eg_alert_window *window);
/* Keyboard handling; true when the message was used up. */
bool eg_alert_window_translate(eg_alert_window *window, MSG *message);

#endif
