/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/symbols.h"

#include "tray/smooth.h"

#include <math.h>

/* Symbols are drawn on a square of this many units, in lines of this width. */
#define GRID 240
#define LINE 17

typedef struct brushes {
    HPEN pen;
    HBRUSH solid;
    HBRUSH empty;
} brushes;

static void line(HDC dc, int x1, int y1, int x2, int y2)
{
    MoveToEx(dc, x1, y1, NULL);
    LineTo(dc, x2, y2);
}

static void polyline(HDC dc, const POINT *points, size_t count)
{
    Polyline(dc, points, (int)count);
}

static void outline(HDC dc, int left, int top, int right, int bottom, int radius)
{
    RoundRect(dc, left, top, right, bottom, radius, radius);
}

static void draw_window(HDC dc, const brushes *b)
{
    outline(dc, 30, 45, 210, 195, 24);
    SelectObject(dc, b->solid);
    Rectangle(dc, 34, 50, 206, 85);
    SelectObject(dc, b->empty);
}

static void draw_program(HDC dc, const brushes *b)
{
    draw_window(dc, b);
    line(dc, 65, 120, 175, 120);
    line(dc, 65, 155, 140, 155);
}

static void draw_document(HDC dc, const brushes *b)
{
    static const POINT page[] = {{150, 25}, {50, 25},  {50, 215}, {190, 215},
                                 {190, 65}, {150, 25}, {150, 65}, {190, 65}};

    EG_UNUSED(b);
    polyline(dc, page, EG_COUNT(page));
    line(dc, 82, 110, 158, 110);
    line(dc, 82, 143, 158, 143);
    line(dc, 82, 176, 130, 176);
}

static void draw_mail(HDC dc, const brushes *b)
{
    static const POINT flap[] = {{32, 66}, {120, 134}, {208, 66}};

    EG_UNUSED(b);
    outline(dc, 26, 55, 214, 188, 20);
    polyline(dc, flap, EG_COUNT(flap));
}

static void draw_browser(HDC dc, const brushes *b)
{
    EG_UNUSED(b);
    Ellipse(dc, 30, 30, 210, 210);
    Ellipse(dc, 80, 30, 160, 210);
    line(dc, 34, 95, 206, 95);
    line(dc, 34, 145, 206, 145);
}

static void draw_archive(HDC dc, const brushes *b)
{
    static const POINT folder[] = {{25, 60},  {25, 195}, {215, 195}, {215, 80},
                                   {120, 80}, {98, 55},  {25, 55},   {25, 90}};

    EG_UNUSED(b);
    polyline(dc, folder, EG_COUNT(folder));
    for (int y = 98; y < 180; y += 26) {
        line(dc, 160, y, 172, y);
    }
}

static void draw_desktop(HDC dc, const brushes *b)
{
    EG_UNUSED(b);
    outline(dc, 25, 45, 215, 165, 20);
    line(dc, 120, 165, 120, 200);
    line(dc, 75, 202, 165, 202);
}

static void draw_commands(HDC dc, const brushes *b)
{
    static const POINT prompt[] = {{62, 88}, {98, 120}, {62, 152}};

    EG_UNUSED(b);
    outline(dc, 25, 45, 215, 195, 24);
    polyline(dc, prompt, EG_COUNT(prompt));
    line(dc, 118, 155, 176, 155);
}

static void draw_tool(HDC dc, const brushes *b)
{
    EG_UNUSED(b);
    for (int i = 0; i < 8; i++) {
        double angle = i * 3.14159265 / 4;
        line(dc, 120 + (int)(66 * cos(angle)), 120 + (int)(66 * sin(angle)),
             120 + (int)(92 * cos(angle)), 120 + (int)(92 * sin(angle)));
    }
    Ellipse(dc, 58, 58, 182, 182);
    Ellipse(dc, 96, 96, 144, 144);
}

static void draw_unknown(HDC dc, const brushes *b)
{
    static const POINT triangle[] = {{120, 32}, {22, 205}, {218, 205}, {120, 32}};

    polyline(dc, triangle, EG_COUNT(triangle));
    line(dc, 120, 95, 120, 145);
    SelectObject(dc, b->solid);
    Ellipse(dc, 116, 172, 124, 180);
}

static void draw_autostart(HDC dc, const brushes *b)
{
    static const POINT head[] = {{208, 40}, {208, 98}, {150, 98}};
    POINT ring[25];

    EG_UNUSED(b);
    /* Most of a circle, from below its right end round to the tip of the arrow. */
    for (size_t i = 0; i < EG_COUNT(ring); i++) {
        double angle = 0.45 + (double)i * 5.45 / (double)(EG_COUNT(ring) - 1);
        ring[i].x = 120 + (int)(84 * cos(angle));
        ring[i].y = 124 + (int)(84 * sin(angle));
    }
    polyline(dc, ring, EG_COUNT(ring));
    polyline(dc, head, EG_COUNT(head));
}

static void draw_task(HDC dc, const brushes *b)
{
    EG_UNUSED(b);
    Ellipse(dc, 30, 30, 210, 210);
    line(dc, 120, 70, 120, 124);
    line(dc, 120, 124, 158, 146);
}

static void (*const painters[EG_SYMBOL_COUNT])(HDC, const brushes *) = {
    [EG_SYMBOL_PROGRAM] = draw_program,   [EG_SYMBOL_DOCUMENT] = draw_document,
    [EG_SYMBOL_MAIL] = draw_mail,         [EG_SYMBOL_BROWSER] = draw_browser,
    [EG_SYMBOL_ARCHIVE] = draw_archive,   [EG_SYMBOL_DESKTOP] = draw_desktop,
    [EG_SYMBOL_COMMANDS] = draw_commands, [EG_SYMBOL_TOOL] = draw_tool,
    [EG_SYMBOL_UNKNOWN] = draw_unknown,   [EG_SYMBOL_AUTOSTART] = draw_autostart,
    [EG_SYMBOL_TASK] = draw_task,
};

static void paint_with_pen(HDC target, const RECT *area, void (*painter)(HDC, const brushes *),
                           COLORREF colour, COLORREF background)
{
    LOGBRUSH ink = {BS_SOLID, colour, 0};
    eg_smooth smooth;
    brushes b;

    if (!eg_smooth_begin(&smooth, target, area, GRID, background)) {
        return;
    }
    b.pen = ExtCreatePen(PS_GEOMETRIC | PS_SOLID | PS_ENDCAP_ROUND | PS_JOIN_ROUND, LINE, &ink, 0,
                         NULL);
    b.solid = CreateSolidBrush(colour);
    b.empty = CreateSolidBrush(background);
    SelectObject(smooth.dc, b.pen);
    SelectObject(smooth.dc, b.empty);
    painter(smooth.dc, &b);
    SelectObject(smooth.dc, GetStockObject(NULL_PEN));
    SelectObject(smooth.dc, GetStockObject(WHITE_BRUSH));
    eg_smooth_end(&smooth);
    DeleteObject(b.pen);
    DeleteObject(b.solid);
    DeleteObject(b.empty);
}

void eg_symbol_draw(HDC target, const RECT *area, eg_symbol symbol, COLORREF colour,
                    COLORREF background)
{
    paint_with_pen(target, area, painters[symbol], colour, background);
}

static void draw_tick(HDC dc, const brushes *b)
{
    static const POINT tick[] = {{36, 130}, {96, 190}, {206, 60}};

    EG_UNUSED(b);
    polyline(dc, tick, EG_COUNT(tick));
}

void eg_tick_draw(HDC target, const RECT *area, COLORREF colour, COLORREF background)
{
    paint_with_pen(target, area, draw_tick, colour, background);
}

static void fill_polygon(HDC dc, const POINT *points, size_t count, COLORREF colour)
{
    HBRUSH brush = CreateSolidBrush(colour);

    SelectObject(dc, brush);
    Polygon(dc, points, (int)count);
    SelectObject(dc, GetStockObject(WHITE_BRUSH));
    DeleteObject(brush);
}

void eg_shield_draw(HDC target, const RECT *area, COLORREF colour, COLORREF mark,
                    COLORREF background)
{
    /* Straight shoulders, then half of the curve on each side down to the point. */
    static const POINT shield[] = {{240, 20},  {440, 100}, {440, 240}, {428, 300}, {402, 350},
                                   {362, 396}, {306, 436}, {240, 464}, {174, 436}, {118, 396},
                                   {78, 350},  {52, 300},  {40, 240},  {40, 100}};
    static const POINT bar[] = {{218, 120}, {262, 120}, {256, 284}, {224, 284}};
    static const POINT dot[] = {{219, 320}, {261, 320}, {261, 362}, {219, 362}};
    eg_smooth smooth;

    if (!eg_smooth_begin(&smooth, target, area, 480, background)) {
        return;
    }
    fill_polygon(smooth.dc, shield, EG_COUNT(shield), colour);
    fill_polygon(smooth.dc, bar, EG_COUNT(bar), mark);
    fill_polygon(smooth.dc, dot, EG_COUNT(dot), mark);
    eg_smooth_end(&smooth);
}

void eg_arrow_draw(HDC target, const RECT *area, COLORREF colour, COLORREF background)
{
    static const POINT arrow[] = {{8, 0}, {112, 60}, {8, 120}};
    eg_smooth smooth;

    if (eg_smooth_begin(&smooth, target, area, 120, background)) {
        fill_polygon(smooth.dc, arrow, EG_COUNT(arrow), colour);
        eg_smooth_end(&smooth);
    }
}

/* One round corner: the card as a whole is drawn, of which only `tile` is seen. */
static void draw_corner(HDC target, const RECT *card, const RECT *tile, int radius, int border,
                        HBRUSH outer, HBRUSH inner, COLORREF background)
{
    enum { FINE = 8 };
    int left = (card->left - tile->left) * FINE, top = (card->top - tile->top) * FINE;
    int right = (card->right - tile->left) * FINE, bottom = (card->bottom - tile->top) * FINE;
    int line_width = border * FINE, curve = 2 * radius * FINE;
    eg_smooth smooth;

    if (!eg_smooth_begin(&smooth, target, tile, radius * FINE, background)) {
        return;
    }
    SelectObject(smooth.dc, outer);
    RoundRect(smooth.dc, left, top, right, bottom, curve, curve);
    SelectObject(smooth.dc, inner);
    RoundRect(smooth.dc, left + line_width, top + line_width, right - line_width,
              bottom - line_width, curve - 2 * line_width, curve - 2 * line_width);
    SelectObject(smooth.dc, GetStockObject(WHITE_BRUSH));
    eg_smooth_end(&smooth);
}

void eg_card_draw(HDC target, const RECT *area, int radius, int border, COLORREF fill,
                  COLORREF line_colour, COLORREF background)
{
    HBRUSH outer = CreateSolidBrush(line_colour), inner = CreateSolidBrush(fill);
    RECT inside = {area->left + border, area->top + border, area->right - border,
                   area->bottom - border};

    FillRect(target, area, outer);
    FillRect(target, &inside, inner);
    for (int i = 0; i < 4; i++) {
        RECT tile = *area;

        if (i & 1) {
            tile.left = tile.right - radius;
        } else {
            tile.right = tile.left + radius;
        }
        if (i & 2) {
            tile.top = tile.bottom - radius;
        } else {
            tile.bottom = tile.top + radius;
        }
        draw_corner(target, area, &tile, radius, border, outer, inner, background);
    }
    DeleteObject(outer);
    DeleteObject(inner);
}
