/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/flow.h"

/* A good place to break is taken when at least this much of the line is filled. */
#define GOOD_FILL_PERCENT 62

#define NO_BREAK_SPACE 0x00A0

static bool is_one_of(wchar_t c, const wchar_t *set)
{
    return c != L'\0' && wcschr(set, c) != NULL;
}

static bool is_high_surrogate(wchar_t c)
{
    return c >= 0xD800 && c <= 0xDBFF;
}

static bool is_low_surrogate(wchar_t c)
{
    return c >= 0xDC00 && c <= 0xDFFF;
}

static bool is_blank(wchar_t c)
{
    return c == L' ' || c == L'\t' || c == 0x3000;
}

static bool is_line_end(wchar_t c)
{
    return c == L'\n' || c == L'\r';
}

static bool is_hiragana(wchar_t c)
{
    return c >= 0x3041 && c <= 0x309F;
}

/* Characters beside which a line may be broken without a blank. */
static bool is_east_asian(wchar_t c)
{
    return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF00 && c <= 0xFFEF) || is_high_surrogate(c) ||
           is_low_surrogate(c);
}

/* Belongs to the character before it. */
static bool is_joined(wchar_t c)
{
    return (c >= 0x0300 && c <= 0x036F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x3099 ||
           c == 0x309A || c == 0x200D;
}

static bool must_not_start_line(wchar_t c)
{
    return is_joined(c) ||
           is_one_of(
               c,
               L"、。，．・：；？！）」』】〉》〕］｝ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
               L"ヵヶ…‥％”’),.!?:;]}%");
}

static bool must_not_end_line(wchar_t c)
{
    return c == 0x200D || is_one_of(c, L"（「『【〈《〔［｛“‘([{");
}

/* "12 件": a number and what it counts. */
static bool is_counted(const eg_flow *flow, size_t at)
{
    return at >= 2 && flow->text[at - 2] >= L'0' && flow->text[at - 2] <= L'9' &&
           is_east_asian(flow->text[at]);
}

static bool may_break(const eg_flow *flow, size_t at)
{
    wchar_t before = flow->text[at - 1], after = flow->text[at];

    if (is_high_surrogate(before) && is_low_surrogate(after)) {
        return false;
    }
    if (before == NO_BREAK_SPACE || after == NO_BREAK_SPACE || is_blank(after)) {
        return false;
    }
    if (is_blank(before)) {
        return !is_counted(flow, at);
    }
    return (is_east_asian(before) || is_east_asian(after)) && !must_not_start_line(after) &&
           !must_not_end_line(before);
}

/* Between phrases: behind punctuation and blanks, or where a run of hiragana ends. */
static bool is_good_break(const eg_flow *flow, size_t at)
{
    wchar_t before = flow->text[at - 1], after = flow->text[at];

    if (is_blank(before) || is_one_of(before, L"、。，．！？）」』】")) {
        return true;
    }
    if (before == L'を' || (before == L'て' && after == L'く')) {
        return true; /* behind the object; between a verb and "kudasai" */
    }
    return is_hiragana(before) && before != L'お' && before != L'ご' && !is_hiragana(after);
}

/* The largest position whose text fits into a line from `start`; at least one character on. */
static size_t last_fitting(const eg_flow *flow, size_t start, size_t end)
{
    size_t at = start + 1;

    while (at < end && (is_joined(flow->text[at]) || is_low_surrogate(flow->text[at]))) {
        at++;
    }
    while (at < end &&
           (is_blank(flow->text[at]) || flow->edges[at + 1] - flow->edges[start] <= flow->width)) {
        at++;
    }
    /* What belongs to the character before it must not come alone on the next line. */
    for (size_t back = at; back > start; back--) {
        if (back == end || !(is_joined(flow->text[back]) || is_low_surrogate(flow->text[back]))) {
            return back;
        }
    }
    return at;
}

static size_t choose_break(const eg_flow *flow, size_t start, size_t fitting)
{
    size_t allowed = 0;

    for (size_t at = fitting; at > start; at--) {
        int filled = flow->edges[at] - flow->edges[start];

        if (!may_break(flow, at)) {
            continue;
        }
        if (allowed == 0) {
            allowed = at;
        }
        if ((long long)filled * 100 < (long long)flow->width * GOOD_FILL_PERCENT) {
            break;
        }
        if (is_good_break(flow, at)) {
            return at;
        }
    }
    return allowed != 0 ? allowed : fitting;
}

void eg_flow_init(eg_flow *flow, const wchar_t *text, size_t length, const int *edges, int width)
{
    flow->text = text;
    flow->length = length;
    flow->edges = edges;
    flow->width = width;
    flow->at = 0;
}

bool eg_flow_next(eg_flow *flow, eg_flow_line *line)
{
    size_t start = flow->at, end = start, stop;

    if (start >= flow->length) {
        return false;
    }
    while (end < flow->length && !is_line_end(flow->text[end])) {
        end++;
    }
    stop = end;
    if (end > start) {
        stop = last_fitting(flow, start, end);
        if (stop < end) {
            stop = choose_break(flow, start, stop);
        }
    }
    flow->at = stop;
    if (stop == end && end < flow->length) {
        bool pair =
            flow->text[end] == L'\r' && end + 1 < flow->length && flow->text[end + 1] == L'\n';
        flow->at = end + (pair ? 2 : 1);
    }
    while (stop > start && is_blank(flow->text[stop - 1])) {
        stop--;
    }
    line->start = start;
    line->end = stop;
    line->width = flow->edges[stop] - flow->edges[start];
    return true;
}
