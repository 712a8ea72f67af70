/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One paragraph on a device: measured and drawn by the same code, so that nothing is cut off. A
 * marked part (the code to read out on the phone) may stand in another font. Window thread only.
 */
#ifndef EG_TRAY_PARAGRAPH_H
#define EG_TRAY_PARAGRAPH_H

#include "tray/flow.h"
#include "tray/fonts.h"

#include <stdbool.h>

typedef struct eg_paragraph {
    const wchar_t *text;
    size_t length;
    size_t mark_start, mark_end; /* units in mark_font; equal: none */
    HFONT font, mark_font;
    int line_height; /* at least; a larger font makes its line higher */
    int *edges;
    int ascent, height; /* of a line */
} eg_paragraph;

/* Measures the text. EG_E_NOMEM leaves an empty paragraph, which is safe to use. */
int eg_paragraph_init(eg_paragraph *paragraph, HDC dc, const wchar_t *text, HFONT font,
                      int line_height, const wchar_t *mark, HFONT mark_font);
void eg_paragraph_done(eg_paragraph *paragraph);

int eg_paragraph_width(const eg_paragraph *paragraph); /* in one line */
int eg_paragraph_height(const eg_paragraph *paragraph, int width);
/* Draws from the top of `area` in the text colour of the device. */
void eg_paragraph_draw(const eg_paragraph *paragraph, HDC dc, const RECT *area, bool centred);

/*
 * Copies `text` to out[size], leaving out its middle until it needs at most `lines` lines of
 * `width`: "AppData\...\x.dll". The end of a name, which tells what it is, stays.
 */
void eg_paragraph_shorten(HDC dc, HFONT font, const wchar_t *text, int width, int lines,
                          wchar_t *out, size_t size);

#endif
