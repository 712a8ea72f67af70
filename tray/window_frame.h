/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all windows of the tray have in common: a dialog without controls of its own, in the size,
 * the colours and the contrast that the person has chosen, which follows when any of them changes.
 * The window around it owns the frame, makes the controls and says where they go. Window thread
 * only.
 */
#ifndef EG_TRAY_WINDOW_FRAME_H
#define EG_TRAY_WINDOW_FRAME_H

#include "tray/look.h"

/* What the window does itself. */
typedef struct eg_window_handlers {
    void (*dress)(void *user);   /* the look is another: hand it to the controls */
    void (*arrange)(void *user); /* sizes may be others: place everything */
    void (*paint)(void *user, HDC dc);
    bool (*draw)(void *user, const DRAWITEMSTRUCT *draw); /* a control that the owner draws */
    void (*command)(void *user, int id);
    void (*message)(void *user, UINT message, WPARAM wparam); /* any other; NULL: not wanted */
    void (*destroyed)(void *user);
} eg_window_handlers;

typedef struct eg_window_frame {
    HINSTANCE instance;
    int scale; /* in percent, 0 for that of the screen */
    const eg_window_handlers *handlers;
    void *user;
    bool severe; /* chooses the colours */
    HWND dialog; /* NULL while it is closed */
    eg_look look;
} eg_window_frame;

/* `frame` is zeroed but for the members before `dialog`. The controls come next, then a dress. */
int eg_window_frame_open(eg_window_frame *frame);
/* Reads the look for `severe`, and calls the handler. */
void eg_window_frame_dress(eg_window_frame *frame);
/*
 * A control of the dialog or of a window in it, still without a place. Its text is what a screen
 * reader says, without "&", also where the owner draws it: see eg_tray_text_unmarked.
 */
HWND eg_window_frame_add(const eg_window_frame *frame, HWND parent, const wchar_t *class_name,
                         DWORD style, int id);
void eg_window_frame_set_icon(const eg_window_frame *frame, WORD icon);
/* How high the inside of the window can be on its screen. */
int eg_window_frame_room(const eg_window_frame *frame);
/* Sets the size of the inside; in the middle of its screen, or where the person has put it. */
void eg_window_frame_resize(const eg_window_frame *frame, int width, int height);
/* Has a screen reader say the text of this control, wherever the person is at work. */
void eg_window_frame_announce(HWND control);
/* Brings it to the front, on the person's own wish. */
void eg_window_frame_raise(const eg_window_frame *frame);
void eg_window_frame_close(eg_window_frame *frame);
/* Keyboard handling; true when the message was used up. */
bool eg_window_frame_translate(const eg_window_frame *frame, MSG *message);

#endif
