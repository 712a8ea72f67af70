/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/smooth.h"

#include <string.h>

#define FACTOR 4

static int width_of(const RECT *area)
{
    return area->right - area->left;
}

static int height_of(const RECT *area)
{
    return area->bottom - area->top;
}

static BITMAPINFO bitmap_info(int width, int height)
{
    BITMAPINFO info;

    memset(&info, 0, sizeof(info));
    info.bmiHeader.biSize = sizeof(info.bmiHeader);
    info.bmiHeader.biWidth = width;
    info.bmiHeader.biHeight = -height; /* rows from the top */
    info.bmiHeader.biPlanes = 1;
    info.bmiHeader.biBitCount = 32;
    info.bmiHeader.biCompression = BI_RGB;
    return info;
}

bool eg_smooth_begin(eg_smooth *smooth, HDC target, const RECT *area, int units,
                     COLORREF background)
{
    int width = width_of(area) * FACTOR, height = height_of(area) * FACTOR;
    BITMAPINFO info = bitmap_info(width, height);
    RECT all = {0, 0, width, height};
    HBRUSH brush;

    if (width <= 0 || height <= 0 || width > 16384 || height > 16384) {
        return false;
    }
    smooth->dc = CreateCompatibleDC(target);
    smooth->bitmap = smooth->dc ? CreateDIBSection(smooth->dc, &info, DIB_RGB_COLORS,
                                                   (void **)&smooth->pixels, NULL, 0)
                                : NULL;
    if (!smooth->bitmap) {
        if (smooth->dc) {
            DeleteDC(smooth->dc);
        }
        return false;
    }
    smooth->target = target;
    smooth->area = *area;
    smooth->before = SelectObject(smooth->dc, smooth->bitmap);
    brush = CreateSolidBrush(background);
    FillRect(smooth->dc, &all, brush);
    DeleteObject(brush);
    SetMapMode(smooth->dc, MM_ANISOTROPIC);
    SetWindowExtEx(smooth->dc, units, units, NULL);
    SetViewportExtEx(smooth->dc, width, width, NULL);
    SelectObject(smooth->dc, GetStockObject(NULL_PEN));
    return true;
}

static uint32_t average(const uint32_t *pixels, int stride)
{
    unsigned red = 0, green = 0, blue = 0;

    for (int y = 0; y < FACTOR; y++) {
        for (int x = 0; x < FACTOR; x++) {
            uint32_t pixel = pixels[y * stride + x];
            red += pixel >> 16 & 255;
            green += pixel >> 8 & 255;
            blue += pixel & 255;
        }
    }
    return red / (FACTOR * FACTOR) << 16 | green / (FACTOR * FACTOR) << 8 |
           blue / (FACTOR * FACTOR);
}

void eg_smooth_end(eg_smooth *smooth)
{
    int width = width_of(&smooth->area), height = height_of(&smooth->area);
    BITMAPINFO info = bitmap_info(width, height);

    GdiFlush();
    /* In place: the small picture never reaches pixels that are still to be read. */
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            smooth->pixels[y * width + x] = average(
                smooth->pixels + ((size_t)y * FACTOR * FACTOR * (size_t)width + (size_t)x * FACTOR),
                width * FACTOR);
        }
    }
    SetDIBitsToDevice(smooth->target, smooth->area.left, smooth->area.top, (DWORD)width,
                      (DWORD)height, 0, 0, 0, (UINT)height, smooth->pixels, &info, DIB_RGB_COLORS);
    SelectObject(smooth->dc, smooth->before);
    DeleteObject(smooth->bitmap);
    DeleteDC(smooth->dc);
}
