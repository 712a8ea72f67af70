/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/paragraph.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

/* A last line shorter than this part of the width looks lost. */
#define LAST_LINE_PERCENT 22

/* Widths of the first 1, 2 ... units of a part, added to what is before it. */
static void measure_part(HDC dc, const eg_paragraph *p, size_t start, size_t end, HFONT font)
{
    HGDIOBJ before;
    SIZE size;
    int left = p->edges[start];

    if (start >= end) {
        return;
    }
    before = SelectObject(dc, font);
    if (!GetTextExtentExPointW(dc, p->text + start, (int)(end - start), 0, NULL,
                               p->edges + start + 1, &size)) {
        memset(p->edges + start + 1, 0, (end - start) * sizeof(int));
    }
    SelectObject(dc, before);
    for (size_t i = start + 1; i <= end; i++) {
        p->edges[i] += left;
    }
}

static void measure_line(HDC dc, eg_paragraph *p, HFONT font)
{
    TEXTMETRICW metric;
    HGDIOBJ before = SelectObject(dc, font);
    int descent = p->height - p->ascent;

    GetTextMetricsW(dc, &metric);
    SelectObject(dc, before);
    if (metric.tmAscent > p->ascent) {
        p->ascent = metric.tmAscent;
    }
    if (metric.tmDescent > descent) {
        descent = metric.tmDescent;
    }
    p->height = p->ascent + descent;
}

int eg_paragraph_init(eg_paragraph *p, HDC dc, const wchar_t *text, HFONT font, int line_height,
                      const wchar_t *mark, HFONT mark_font)
{
    const wchar_t *found = mark && mark[0] ? wcsstr(text, mark) : NULL;
    int spare;

    memset(p, 0, sizeof(*p));
    p->text = L"";
    p->font = font;
    p->mark_font = mark_font;
    p->edges = eg_alloc_zero(wcslen(text) + 1, sizeof(int));
    if (!p->edges) {
        return EG_E_NOMEM;
    }
    p->text = text;
    p->length = wcslen(text);
    p->mark_start = found ? (size_t)(found - text) : p->length;
    p->mark_end = found ? p->mark_start + wcslen(mark) : p->length;
    measure_part(dc, p, 0, p->mark_start, font);
    measure_part(dc, p, p->mark_start, p->mark_end, mark_font);
    measure_part(dc, p, p->mark_end, p->length, font);
    measure_line(dc, p, font);
    if (found) {
        measure_line(dc, p, mark_font);
    }
    spare = line_height - p->height;
    if (spare > 0) {
        p->ascent += spare / 2;
        p->height = line_height;
    }
    return EG_OK;
}

void eg_paragraph_done(eg_paragraph *p)
{
    eg_free(p->edges);
    p->edges = NULL;
    p->length = 0;
}

int eg_paragraph_width(const eg_paragraph *p)
{
    return p->length > 0 ? p->edges[p->length] : 0;
}

static int flow_lines(const eg_paragraph *p, int width, int *last_width)
{
    eg_flow flow;
    eg_flow_line line = {0};
    int lines = 0;

    eg_flow_init(&flow, p->text, p->length, p->edges, width);
    while (eg_flow_next(&flow, &line)) {
        lines++;
    }
    *last_width = line.width;
    return lines;
}

/* A little narrower where that spares the last line from holding a word or two alone. */
static int pleasant_width(const eg_paragraph *p, int width)
{
    int last, lines = flow_lines(p, width, &last);

    if (lines < 2 || last * 100 >= width * LAST_LINE_PERCENT) {
        return width;
    }
    for (int percent = 96; percent >= 76; percent -= 4) {
        int narrower = width * percent / 100;

        if (flow_lines(p, narrower, &last) != lines) {
            break;
        }
        if (last * 100 >= width * LAST_LINE_PERCENT) {
            return narrower;
        }
    }
    return width;
}

int eg_paragraph_height(const eg_paragraph *p, int width)
{
    int last;

    return flow_lines(p, width, &last) * p->height;
}

static void draw_part(const eg_paragraph *p, HDC dc, const eg_flow_line *line, int x, int y,
                      size_t start, size_t end, HFONT font)
{
    if (start < line->start) {
        start = line->start;
    }
    if (end > line->end) {
        end = line->end;
    }
    if (start < end) {
        SelectObject(dc, font);
        ExtTextOutW(dc, x + p->edges[start] - p->edges[line->start], y, 0, NULL, p->text + start,
                    (UINT)(end - start), NULL);
    }
}

void eg_paragraph_draw(const eg_paragraph *p, HDC dc, const RECT *area, bool centred)
{
    int width = area->right - area->left, y = area->top + p->ascent;
    UINT align_before = SetTextAlign(dc, TA_BASELINE | TA_LEFT);
    HGDIOBJ font_before = SelectObject(dc, p->font);
    eg_flow flow;
    eg_flow_line line;

    SetBkMode(dc, TRANSPARENT);
    eg_flow_init(&flow, p->text, p->length, p->edges, pleasant_width(p, width));
    while (eg_flow_next(&flow, &line)) {
        int x = area->left + (centred && line.width < width ? (width - line.width) / 2 : 0);

        draw_part(p, dc, &line, x, y, 0, p->mark_start, p->font);
        draw_part(p, dc, &line, x, y, p->mark_start, p->mark_end, p->mark_font);
        draw_part(p, dc, &line, x, y, p->mark_end, p->length, p->font);
        y += p->height;
    }
    SelectObject(dc, font_before);
    SetTextAlign(dc, align_before);
}

static int count_lines(HDC dc, HFONT font, const wchar_t *text, int width)
{
    eg_paragraph p;
    int lines, last;

    if (eg_paragraph_init(&p, dc, text, font, 0, NULL, font) != EG_OK) {
        return 0;
    }
    lines = flow_lines(&p, width, &last);
    eg_paragraph_done(&p);
    return lines;
}

static bool is_low_surrogate(wchar_t c)
{
    return c >= 0xDC00 && c <= 0xDFFF;
}

void eg_paragraph_shorten(HDC dc, HFONT font, const wchar_t *text, int width, int lines,
                          wchar_t *out, size_t size)
{
    size_t length = wcslen(text), keep = length < size - 2 ? length : size - 2;

    while (true) {
        size_t head = (keep + 1) / 2, tail = keep - head;

        if (keep == length) {
            memcpy(out, text, (length + 1) * sizeof(wchar_t));
        } else {
            size_t from = length - tail;

            if (is_low_surrogate(text[head])) {
                head--;
            }
            if (tail > 0 && is_low_surrogate(text[from])) {
                from++;
            }
            memcpy(out, text, head * sizeof(wchar_t));
            out[head] = L'\u2026';
            memcpy(out + head + 1, text + from, (length - from + 1) * sizeof(wchar_t));
        }
        if (keep <= 2 || count_lines(dc, font, out, width) <= lines) {
            return;
        }
        keep--;
    }
}
