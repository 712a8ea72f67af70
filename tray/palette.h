/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The colours of the tray's windows: those of the system where the person chose high contrast, else
 * ours, light or dark as the person set Windows' programs to be. Window thread only.
 */
#ifndef EG_TRAY_PALETTE_H
#define EG_TRAY_PALETTE_H

#include <windows.h>

#include <commctrl.h>

#include <stdbool.h>

typedef struct eg_palette {
    COLORREF window, text, muted;
    COLORREF accent, accent_fill; /* red or amber by severity */
    COLORREF card, card_line;
    COLORREF footer, strip;
    COLORREF mark; /* on the accent colour */
    COLORREF good; /* done as it should be */
    COLORREF button, button_pressed;
    bool dark; /* ours, not the system's: frames, bars and buttons must follow */
} eg_palette;

/* From now on the system's colours, whatever the person chose: to look at the windows. */
void eg_palette_use_system(void);
/* Reads what the person has chosen now. */
void eg_palette_init(eg_palette *palette, bool severe);
/* Makes the frame of a window dark or light. */
void eg_palette_apply_frame(const eg_palette *palette, HWND window);
/* The same for the bars and the border of a control. */
void eg_palette_apply_control(const eg_palette *palette, HWND control);
/* A progress bar: its theme knows no dark, so that it is drawn without one there. */
void eg_palette_apply_bar(const eg_palette *palette, HWND bar);
/*
 * Answers NM_CUSTOMDRAW of a push button: draws all of it where the palette is dark, and leaves it
 * to Windows where it is not.
 */
LRESULT eg_palette_draw_button(const eg_palette *palette, const NMCUSTOMDRAW *draw);
/* Answers WM_CTLCOLOR... : sets the colours of `dc`, and gives the brush for this background. */
HBRUSH eg_palette_control_brush(const eg_palette *palette, HDC dc, COLORREF background);

#endif
