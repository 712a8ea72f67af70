/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fonts of the alert window for one DPI, in the typeface of Windows messages, or in one that is
 * known to hold Japanese where that typeface does not. Owner: the window; window thread only.
 */
#ifndef EG_TRAY_FONTS_H
#define EG_TRAY_FONTS_H

#include <windows.h>

typedef enum eg_font {
    EG_FONT_TEXT,
    EG_FONT_BOLD,
    EG_FONT_HEADLINE,
    EG_FONT_SMALL,
    EG_FONT_SMALL_BOLD,
    EG_FONT_CODE,
    EG_FONT_COUNT,
} eg_font;

typedef struct eg_fonts {
    HFONT handle[EG_FONT_COUNT];
} eg_fonts;

/* Never fails: a font that cannot be made is the system's own. */
void eg_fonts_init(eg_fonts *fonts, int dpi);
void eg_fonts_done(eg_fonts *fonts);

#endif
