/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/alert_draw.h"

#include "core/base/status.h"
#include "tray/symbols.h"

#include <stdio.h>

/* Lengths at 96 DPI. */
enum {
    NUMBER_WIDTH = 22,
    TICK = 14,
    TICK_WIDTH = 20,
    ANSWER_PADDING = 9,
    BOX_PADDING = 8,
    BOX_TOP = 10,
    BOX_BOTTOM = 9,
    SYMBOL = 26,
    RADIUS = 6,
    NAME_LINES = 2,
    NAME_UNITS = 264,
    DETAILS_LINES_MAX = 9,
    GAP_DOT = 4,
    GAP_ABOVE = 6,
};

static int scaled(const eg_alert_view *view, int length)
{
    return eg_look_scale(view->look, length);
}

static bool is_box(eg_alert_item item)
{
    return item >= EG_ALERT_BOX_FIRST && item <= EG_ALERT_BOX_LAST;
}

static bool is_answer(eg_alert_item item)
{
    return item >= EG_ALERT_ANSWER_FIRST && item <= EG_ALERT_ANSWER_LAST;
}

static bool is_step(eg_alert_item item)
{
    return item >= EG_ALERT_STEP_FIRST && item <= EG_ALERT_STEP_LAST;
}

static eg_font font_of(eg_alert_item item)
{
    switch (item) {
    case EG_ALERT_HEADLINE: return EG_FONT_HEADLINE;
    case EG_ALERT_STEPS_HEAD:
    case EG_ALERT_ADVICE_HEAD:
    case EG_ALERT_ANSWER_HEAD:
    case EG_ALERT_WAITING: return EG_FONT_BOLD;
    case EG_ALERT_RULES:
    case EG_ALERT_DETAILS: return EG_FONT_SMALL;
    default: return EG_FONT_TEXT;
    }
}

/* What stands before the text of an item: the number of a step, the tick of what was sent. */
static int indent_of(const eg_alert_view *view, eg_alert_item item)
{
    if (is_step(item)) {
        return scaled(view, NUMBER_WIDTH);
    }
    return item == EG_ALERT_RECORDED && view->content->reported ? scaled(view, TICK_WIDTH) : 0;
}

/* The paragraph of an item; in the steps the code stands out. */
static int prepare_item(const eg_alert_view *view, HDC dc, eg_alert_item item,
                        eg_paragraph *paragraph)
{
    return eg_look_paragraph(view->look, dc, view->content->text[item], font_of(item),
                             is_step(item) ? view->content->code : NULL, paragraph);
}

/* Draws one centred text of a box, or only measures it when `draw` is false; returns its height. */
static int box_text(const eg_alert_view *view, HDC dc, const wchar_t *text, eg_font font,
                    const RECT *area, COLORREF colour, bool draw)
{
    return draw ? eg_look_draw(view->look, dc, area, text, font, colour, true)
                : eg_look_height(view->look, text, font, area->right - area->left);
}

/* All of a box from top to bottom; returns where it ends. */
static int box_content(const eg_alert_view *view, HDC dc, const eg_alert_box *box, const RECT *area,
                       bool draw)
{
    const eg_palette *colours = &view->look->palette;
    COLORREF fill = box->suspicious ? colours->accent_fill : colours->card;
    int padding = scaled(view, BOX_PADDING), side = scaled(view, SYMBOL);
    RECT at = {area->left + padding, area->top + scaled(view, BOX_TOP), area->right - padding,
               area->bottom};
    RECT symbol = {(area->left + area->right - side) / 2, at.top, 0, at.top + side};
    wchar_t name[NAME_UNITS];

    symbol.right = symbol.left + side;
    if (draw) {
        eg_symbol_draw(dc, &symbol, box->symbol, box->suspicious ? colours->accent : colours->text,
                       fill);
    }
    at.top += side + scaled(view, 4);
    at.top += box_text(view, dc, box->kind, EG_FONT_SMALL_BOLD, &at, colours->text, draw);
    eg_paragraph_shorten(dc, view->look->fonts.handle[EG_FONT_SMALL], box->name, at.right - at.left,
                         NAME_LINES, name, EG_COUNT(name));
    at.top += box_text(view, dc, name, EG_FONT_SMALL, &at, colours->text, draw);
    at.top += box_text(view, dc, box->time, EG_FONT_SMALL, &at, colours->muted, draw);
    return at.top + scaled(view, BOX_BOTTOM);
}

/* The text of a button as it is drawn: without the mark of its letter. */
static const wchar_t *without_mark(const wchar_t *text, wchar_t out[NAME_UNITS])
{
    size_t at = 0;

    for (; *text && at + 1 < NAME_UNITS; text++) {
        if (*text != L'&') {
            out[at++] = *text;
        }
    }
    out[at] = L'\0';
    return out;
}

/* An answer is centred in its button, on as many lines as it needs. */
static int answer_height(const eg_alert_view *view, eg_alert_item item, int width)
{
    wchar_t text[NAME_UNITS];

    return eg_look_height(view->look, without_mark(view->content->text[item], text), font_of(item),
                          width - scaled(view, 2 * BOX_PADDING)) +
           scaled(view, 2 * ANSWER_PADDING);
}

int eg_alert_item_height(const eg_alert_view *view, eg_alert_item item, int width)
{
    HDC dc = GetDC(NULL);
    eg_paragraph paragraph;
    int height = 0;

    if (is_box(item)) {
        RECT area = {0, 0, width, 0};
        height =
            box_content(view, dc, &view->content->box[item - EG_ALERT_BOX_FIRST], &area, false);
    } else if (is_answer(item)) {
        height = answer_height(view, item, width);
    } else if (prepare_item(view, dc, item, &paragraph) == EG_OK) {
        if (item == EG_ALERT_DETAILS) {
            int most = paragraph.height * DETAILS_LINES_MAX;
            height = eg_paragraph_height(&paragraph, width - scaled(view, 4 * BOX_PADDING));
            height = (height < most ? height : most) + scaled(view, 2 * BOX_PADDING);
        } else {
            height = eg_paragraph_height(&paragraph, width - indent_of(view, item));
        }
        eg_paragraph_done(&paragraph);
    }
    ReleaseDC(NULL, dc);
    return height;
}

eg_rect eg_alert_details_inside(const eg_alert_view *view, const eg_rect *card)
{
    int padding = eg_rect_empty(card) ? 0 : scaled(view, BOX_PADDING);

    return (eg_rect){card->left + padding, card->top + padding, card->right - padding,
                     card->bottom - padding};
}

int eg_alert_item_width(const eg_alert_view *view, eg_alert_item item)
{
    wchar_t text[NAME_UNITS];

    return eg_look_width(view->look, without_mark(view->content->text[item], text), font_of(item));
}

static void draw_box(const eg_alert_view *view, const eg_alert_box *box, HDC dc, const RECT *area)
{
    const eg_palette *colours = &view->look->palette;
    /* In high contrast there is one colour for all lines. */
    bool thick = box->suspicious && colours->accent == colours->card_line;

    eg_card_draw(dc, area, scaled(view, RADIUS), scaled(view, thick ? 3 : 1),
                 box->suspicious ? colours->accent_fill : colours->card,
                 box->suspicious ? colours->accent : colours->card_line, colours->window);
    box_content(view, dc, box, area, true);
}

void eg_alert_step_number(eg_alert_item step, wchar_t *out, size_t size)
{
    swprintf(out, size, L"%d.", (int)(step - EG_ALERT_STEP_FIRST) + 1);
}

/* The number of a step, on the line whose letters go up by `ascent`. */
static void draw_number(const eg_alert_view *view, eg_alert_item item, HDC dc, const RECT *area,
                        int ascent)
{
    eg_paragraph paragraph;
    wchar_t number[16];
    RECT at = *area;

    eg_alert_step_number(item, number, EG_COUNT(number));
    if (eg_look_paragraph(view->look, dc, number, EG_FONT_BOLD, NULL, &paragraph) == EG_OK) {
        at.top += ascent - paragraph.ascent;
        eg_paragraph_draw(&paragraph, dc, &at, false);
        eg_paragraph_done(&paragraph);
    }
}

/* Before the first line of text. */
static void draw_sent_mark(const eg_alert_view *view, HDC dc, const RECT *area, int line_height)
{
    const eg_palette *palette = &view->look->palette;
    int side = scaled(view, TICK), top = area->top + (line_height - side) / 2;
    RECT at = {area->left, top, area->left + side, top + side};

    eg_tick_draw(dc, &at, palette->good, palette->window);
}

static COLORREF background_of(const eg_alert_view *view, eg_alert_item item)
{
    const eg_palette *palette = &view->look->palette;

    if (item == EG_ALERT_WAITING) {
        return palette->strip;
    }
    return item >= EG_ALERT_BODY_ITEMS ? palette->footer : palette->window;
}

static COLORREF colour_of(const eg_alert_view *view, eg_alert_item item)
{
    const eg_palette *palette = &view->look->palette;

    if (item == EG_ALERT_RECORDED && view->content->reported) {
        return palette->good;
    }
    return item == EG_ALERT_RULES ? palette->muted : palette->text;
}

static void draw_text(const eg_alert_view *view, eg_alert_item item, HDC dc, const RECT *area)
{
    RECT text = *area;
    eg_paragraph paragraph;

    if (prepare_item(view, dc, item, &paragraph) != EG_OK) {
        return;
    }
    SetTextColor(dc, colour_of(view, item));
    text.left += indent_of(view, item);
    if (is_step(item)) {
        draw_number(view, item, dc, area, paragraph.ascent);
    } else if (text.left > area->left) {
        draw_sent_mark(view, dc, area, paragraph.height);
    } else if (item >= EG_ALERT_BODY_ITEMS) {
        int height = eg_paragraph_height(&paragraph, text.right - text.left);
        text.top += (text.bottom - text.top - height) / 2;
    }
    eg_paragraph_draw(&paragraph, dc, &text, false);
    eg_paragraph_done(&paragraph);
}

void eg_alert_draw_item(const eg_alert_view *view, eg_alert_item item, HDC dc, const RECT *area)
{
    size_t box = (size_t)(item - EG_ALERT_BOX_FIRST);

    eg_look_fill(dc, area, background_of(view, item));
    if (!is_box(item)) {
        draw_text(view, item, dc, area);
    } else if (box < view->content->boxes) { /* the alert before may have had more */
        draw_box(view, &view->content->box[box], dc, area);
    }
}

bool eg_alert_draw_control(const eg_alert_view *view, const DRAWITEMSTRUCT *draw)
{
    int item = (int)draw->CtlID - EG_ALERT_ITEM_ID;

    if (item < 0 || item >= EG_ALERT_ITEMS || draw->CtlType != ODT_STATIC) {
        return false;
    }
    eg_alert_draw_item(view, (eg_alert_item)item, draw->hDC, &draw->rcItem);
    return true;
}

static RECT moved_up(const eg_rect *rect, int distance)
{
    RECT out = {rect->left, rect->top - distance, rect->right, rect->bottom - distance};

    return out;
}

/* Three dots above an arrow: between its two boxes there is more. */
static void draw_gap(const eg_alert_view *view, HDC dc, const RECT *arrow)
{
    int side = scaled(view, GAP_DOT), step = 2 * side;
    int x = (arrow->left + arrow->right) / 2 - step, y = arrow->top - scaled(view, GAP_ABOVE);

    for (int i = 0; i < 3; i++) {
        RECT dot = {x + i * step - side / 2, y - side, 0, y};

        dot.right = dot.left + side;
        eg_card_draw(dc, &dot, side / 2, 0, view->look->palette.text, view->look->palette.text,
                     view->look->palette.window);
    }
}

void eg_alert_draw_body(const eg_alert_view *view, const eg_alert_layout *layout, HDC dc,
                        const RECT *area, int scrolled)
{
    const eg_palette *colours = &view->look->palette;
    RECT stripe = moved_up(&layout->stripe, scrolled), shield = moved_up(&layout->shield, scrolled);
    RECT frame = moved_up(&layout->frame, scrolled);
    RECT details = moved_up(&layout->item[EG_ALERT_DETAILS], scrolled);

    eg_look_fill(dc, area, colours->window);
    eg_look_fill(dc, &stripe, colours->accent);
    eg_shield_draw(dc, &shield, colours->accent, colours->mark, colours->window);
    eg_card_draw(dc, &frame, scaled(view, RADIUS), scaled(view, 1), colours->window,
                 colours->card_line, colours->window);
    if (!IsRectEmpty(&details)) {
        eg_card_draw(dc, &details, scaled(view, RADIUS), scaled(view, 1), colours->window,
                     colours->card_line, colours->window);
    }
    for (size_t i = 0; i + 1 < view->content->boxes; i++) {
        RECT arrow = moved_up(&layout->arrow[i], scrolled);
        eg_arrow_draw(dc, &arrow, colours->muted, colours->window);
        if (view->content->box[i + 1].gap) {
            draw_gap(view, dc, &arrow);
        }
    }
}

void eg_alert_draw_footer(const eg_alert_view *view, const eg_alert_layout *layout, HDC dc)
{
    RECT strip = moved_up(&layout->strip, 0), footer = moved_up(&layout->footer, 0);

    if (!eg_rect_empty(&layout->strip)) {
        eg_look_fill(dc, &strip, view->look->palette.strip);
    }
    eg_look_fill(dc, &footer, view->look->palette.footer);
}
