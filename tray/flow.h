/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line breaking for Japanese and English texts. Keeps the Japanese rules (no line starts with a
 * full stop, a closing bracket or a small kana, none ends with an opening bracket), prefers to
 * break between phrases, never inside an English word unless the word is longer than a line. Pure
 * arithmetic on widths that the caller measured; nothing is allocated.
 */
#ifndef EG_TRAY_FLOW_H
#define EG_TRAY_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

typedef struct eg_flow {
    const wchar_t *text;
    size_t length;
    const int *edges; /* length + 1 numbers: how wide the first n units are */
    int width;        /* of a line, in the unit of the edges */
    size_t at;
} eg_flow;

typedef struct eg_flow_line {
    size_t start;
    size_t end; /* without blanks and line ends */
    int width;
} eg_flow_line;

void eg_flow_init(eg_flow *flow, const wchar_t *text, size_t length, const int *edges, int width);
/* The next line; false when the text is used up. Every call takes at least one character. */
bool eg_flow_next(eg_flow *flow, eg_flow_line *line);

#endif
