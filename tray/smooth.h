/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes with smooth edges: GDI draws them several times too large, the average of the pixels goes
 * to the screen. Window thread only.
 */
#ifndef EG_TRAY_SMOOTH_H
#define EG_TRAY_SMOOTH_H

#include "tray/alert_layout.h"

#include <windows.h>

typedef struct eg_smooth {
    HDC dc; /* draw here, in the units given to begin; no pen, a white brush */
    HDC target;
    HBITMAP bitmap;
    HGDIOBJ before;
    uint32_t *pixels;
    RECT area; /* in the target */
} eg_smooth;

/*
 * Starts a picture of `units` x `units * height / width` over `area` of `target`, filled with
 * `background`. False when memory runs out: then draw nothing, and do not call end.
 */
bool eg_smooth_begin(eg_smooth *smooth, HDC target, const RECT *area, int units,
                     COLORREF background);
void eg_smooth_end(eg_smooth *smooth);

#endif
