/* SPDX-License-Identifier: Apache-2.0 */
/* The little pictures of the alert window, drawn as shapes so that every size is sharp. */
#ifndef EG_TRAY_SYMBOLS_H
#define EG_TRAY_SYMBOLS_H

#include "tray/chain.h"

#include <windows.h>

void eg_symbol_draw(HDC target, const RECT *area, eg_symbol symbol, COLORREF colour,
                    COLORREF background);
void eg_tick_draw(HDC target, const RECT *area, COLORREF colour, COLORREF background);
/* A shield with an exclamation mark. */
void eg_shield_draw(HDC target, const RECT *area, COLORREF colour, COLORREF mark,
                    COLORREF background);
/* A triangle that points to the right. */
void eg_arrow_draw(HDC target, const RECT *area, COLORREF colour, COLORREF background);
/* A filled rectangle with round corners; `radius` and `border` in pixels. */
void eg_card_draw(HDC target, const RECT *area, int radius, int border, COLORREF fill,
                  COLORREF line, COLORREF background);

#endif
