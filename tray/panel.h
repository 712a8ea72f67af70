/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a small window says: a headline with its icon, a few sentences, how far something is, rows
 * of facts, and buttons. Made anew whenever something changes; texts live in the arena of whoever
 * shows it. No thread of its own.
 */
#ifndef EG_TRAY_PANEL_H
#define EG_TRAY_PANEL_H

#include "core/base/mem.h"
#include "tray/icon.h"

#include <stddef.h>

#define EG_PANEL_ROWS 12

typedef enum eg_panel_button {
    EG_PANEL_OTHER, /* on the left */
    EG_PANEL_MAIN,  /* on the right; Enter presses it */
    EG_PANEL_BUTTONS,
} eg_panel_button;

typedef struct eg_panel_row {
    const wchar_t *label;
    const wchar_t *value;
} eg_panel_row;

/* No text is NULL; "" is one that is not there. */
typedef struct eg_panel {
    eg_icon_state icon;
    const wchar_t *title; /* of the window */
    const wchar_t *headline;
    const wchar_t *detail; /* may be several lines */
    bool running;          /* then the next three are there */
    unsigned percent;
    const wchar_t *item; /* what it looks at now */
    const wchar_t *left; /* the time left */
    size_t rows;
    eg_panel_row row[EG_PANEL_ROWS];
    const wchar_t *button[EG_PANEL_BUTTONS];
} eg_panel;

/* One without anything but empty texts. */
void eg_panel_init(eg_panel *panel);
/* The whole of it to be pasted elsewhere, a line each; "" when memory ran out. */
const wchar_t *eg_panel_text(const eg_panel *panel, eg_arena *arena);

#endif
