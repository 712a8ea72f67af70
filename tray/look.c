/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/look.h"

#include "core/base/status.h"
#include "tray/alert_layout.h"

/* At 96 DPI. */
static const int line_heights[EG_FONT_COUNT] = {
    [EG_FONT_TEXT] = 22,  [EG_FONT_BOLD] = 22,       [EG_FONT_HEADLINE] = 30,
    [EG_FONT_SMALL] = 17, [EG_FONT_SMALL_BOLD] = 20, [EG_FONT_CODE] = 24,
};

void eg_look_read(eg_look *look, int dpi, bool severe)
{
    eg_look_done(look);
    eg_fonts_init(&look->fonts, dpi);
    eg_palette_init(&look->palette, severe);
    look->dpi = dpi;
}

void eg_look_done(eg_look *look)
{
    eg_fonts_done(&look->fonts);
    look->dpi = 0;
}

int eg_look_scale(const eg_look *look, int length)
{
    return eg_scale(length, look->dpi);
}

void eg_look_fill(HDC dc, const RECT *area, COLORREF colour)
{
    SetDCBrushColor(dc, colour);
    FillRect(dc, area, GetStockObject(DC_BRUSH));
}

int eg_look_paragraph(const eg_look *look, HDC dc, const wchar_t *text, eg_font font,
                      const wchar_t *mark, eg_paragraph *out)
{
    return eg_paragraph_init(out, dc, text, look->fonts.handle[font],
                             eg_look_scale(look, line_heights[font]), mark,
                             look->fonts.handle[EG_FONT_CODE]);
}

int eg_look_height(const eg_look *look, const wchar_t *text, eg_font font, int width)
{
    HDC dc = GetDC(NULL);
    eg_paragraph paragraph;
    int height = 0;

    if (text[0] && eg_look_paragraph(look, dc, text, font, NULL, &paragraph) == EG_OK) {
        height = eg_paragraph_height(&paragraph, width);
        eg_paragraph_done(&paragraph);
    }
    ReleaseDC(NULL, dc);
    return height;
}

int eg_look_width(const eg_look *look, const wchar_t *text, eg_font font)
{
    HDC dc = GetDC(NULL);
    eg_paragraph paragraph;
    int width = 0;

    if (eg_look_paragraph(look, dc, text, font, NULL, &paragraph) == EG_OK) {
        width = eg_paragraph_width(&paragraph);
        eg_paragraph_done(&paragraph);
    }
    ReleaseDC(NULL, dc);
    return width;
}

int eg_look_draw(const eg_look *look, HDC dc, const RECT *area, const wchar_t *text, eg_font font,
                 COLORREF colour, bool centred)
{
    eg_paragraph paragraph;
    int height = 0;

    if (text[0] && eg_look_paragraph(look, dc, text, font, NULL, &paragraph) == EG_OK) {
        height = eg_paragraph_height(&paragraph, area->right - area->left);
        SetTextColor(dc, colour);
        eg_paragraph_draw(&paragraph, dc, area, centred);
        eg_paragraph_done(&paragraph);
    }
    return height;
}
