/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How all windows of the tray look at one DPI: fonts, colours, and texts measured and drawn with
 * them. Owned by a window's frame; window thread only.
 */
#ifndef EG_TRAY_LOOK_H
#define EG_TRAY_LOOK_H

#include "tray/fonts.h"
#include "tray/palette.h"
#include "tray/paragraph.h"

typedef struct eg_look {
    int dpi; /* 0: nothing was read yet */
    eg_fonts fonts;
    eg_palette palette;
} eg_look;

/* Reads fonts and colours as the person has chosen them now; `severe`: red, else amber. */
void eg_look_read(eg_look *look, int dpi, bool severe);
void eg_look_done(eg_look *look);

/* Pixels of a length given for 96 DPI. */
int eg_look_scale(const eg_look *look, int length);
void eg_look_fill(HDC dc, const RECT *area, COLORREF colour);

/*
 * A text in one font, with that font's distance between lines; `mark`, if any, stands out in it.
 * See eg_paragraph_init.
 */
int eg_look_paragraph(const eg_look *look, HDC dc, const wchar_t *text, eg_font font,
                      const wchar_t *mark, eg_paragraph *out);
/* Of a text as wide as this; 0 for none. */
int eg_look_height(const eg_look *look, const wchar_t *text, eg_font font, int width);
/* Of a text in one line. */
int eg_look_width(const eg_look *look, const wchar_t *text, eg_font font);
/* Draws from the top of `area`; returns the height used. */
int eg_look_draw(const eg_look *look, HDC dc, const RECT *area, const wchar_t *text, eg_font font,
                 COLORREF colour, bool centred);

#endif
