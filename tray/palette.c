/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/palette.h"

#include "core/base/status.h"

#include <wchar.h>

#define TEXT_UNITS 256
#define DARK_FRAME 20u /* DWMWA_USE_IMMERSIVE_DARK_MODE, from Windows 10 2004 on */

static bool use_system;

void eg_palette_use_system(void)
{
    use_system = true;
}

static bool high_contrast(void)
{
    HIGHCONTRASTW contrast = {.cbSize = sizeof(contrast)};

    if (use_system) {
        return true;
    }
    return SystemParametersInfoW(SPI_GETHIGHCONTRAST, sizeof(contrast), &contrast, 0) &&
           (contrast.dwFlags & HCF_HIGHCONTRASTON) != 0;
}

/* Settings > Personalization > Colors > "Choose your default app mode". */
static bool wants_dark(void)
{
    static const wchar_t key[] =
        L"Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize";
    DWORD light = 1, size = sizeof(light);

    return RegGetValueW(HKEY_CURRENT_USER, key, L"AppsUseLightTheme", RRF_RT_REG_DWORD, NULL,
                        &light, &size) == ERROR_SUCCESS &&
           light == 0;
}

static eg_palette system_palette(void)
{
    COLORREF window = GetSysColor(COLOR_WINDOW), text = GetSysColor(COLOR_WINDOWTEXT);
    COLORREF button = GetSysColor(COLOR_BTNFACE);

    return (eg_palette){window, text,   text,   text, window, window, text,
                        window, window, window, text, button, button, false};
}

static eg_palette dark_palette(bool severe)
{
    return (eg_palette){
        .window = RGB(32, 32, 32),
        .text = RGB(243, 243, 243),
        .muted = RGB(185, 185, 185),
        .accent = severe ? RGB(255, 122, 110) : RGB(252, 196, 25),
        .accent_fill = severe ? RGB(68, 39, 38) : RGB(67, 53, 25),
        .card = RGB(44, 44, 44),
        .card_line = RGB(82, 82, 82),
        .footer = RGB(26, 26, 26),
        .strip = severe ? RGB(68, 39, 38) : RGB(67, 53, 25),
        .mark = RGB(32, 32, 32),
        .good = RGB(127, 208, 122),
        .button = RGB(56, 56, 56),
        .button_pressed = RGB(44, 44, 44),
        .dark = true,
    };
}

static eg_palette light_palette(bool severe)
{
    return (eg_palette){
        .window = RGB(255, 255, 255),
        .text = RGB(27, 27, 27),
        .muted = RGB(80, 80, 80),
        .accent = severe ? RGB(196, 43, 28) : RGB(157, 93, 0),
        .accent_fill = severe ? RGB(253, 243, 242) : RGB(255, 248, 232),
        .card = RGB(247, 247, 247),
        .card_line = RGB(208, 208, 208),
        .footer = RGB(243, 243, 243),
        .strip = severe ? RGB(253, 231, 233) : RGB(255, 244, 206),
        .mark = RGB(255, 255, 255),
        .good = RGB(15, 110, 20),
    };
}

void eg_palette_init(eg_palette *palette, bool severe)
{
    if (high_contrast()) {
        *palette = system_palette();
    } else if (wants_dark()) {
        *palette = dark_palette(severe);
    } else {
        *palette = light_palette(severe);
    }
}

/* NULL when this Windows has no such function. */
static FARPROC find(const wchar_t *library, const char *name)
{
    HMODULE module = LoadLibraryExW(library, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

    return module ? GetProcAddress(module, name) : NULL;
}

void eg_palette_apply_frame(const eg_palette *palette, HWND window)
{
    typedef HRESULT(WINAPI * set_attribute)(HWND, DWORD, const void *, DWORD);
    set_attribute set = (set_attribute)(void (*)(void))find(L"dwmapi.dll", "DwmSetWindowAttribute");
    BOOL dark = palette->dark;

    if (set) {
        set(window, DARK_FRAME, &dark, sizeof(dark)); /* an older Windows keeps its light frame */
    }
}

/* `name` and `ids` as SetWindowTheme takes them. */
static void set_theme(HWND control, const wchar_t *name, const wchar_t *ids)
{
    typedef HRESULT(WINAPI * set_window_theme)(HWND, const wchar_t *, const wchar_t *);
    set_window_theme set = (set_window_theme)(void (*)(void))find(L"uxtheme.dll", "SetWindowTheme");

    if (set) {
        set(control, name, ids);
    }
}

void eg_palette_apply_control(const eg_palette *palette, HWND control)
{
    set_theme(control, palette->dark ? L"DarkMode_Explorer" : NULL, NULL);
}

void eg_palette_apply_bar(const eg_palette *palette, HWND bar)
{
    const wchar_t *theme = palette->dark ? L" " : NULL; /* a blank: none */

    set_theme(bar, theme, theme);
    SendMessageW(bar, PBM_SETBARCOLOR, 0, (LPARAM)(palette->dark ? palette->good : CLR_DEFAULT));
    SendMessageW(bar, PBM_SETBKCOLOR, 0, (LPARAM)(palette->dark ? palette->button : CLR_DEFAULT));
}

HBRUSH eg_palette_control_brush(const eg_palette *palette, HDC dc, COLORREF background)
{
    SetTextColor(dc, palette->text);
    SetBkColor(dc, background);
    SetDCBrushColor(dc, background);
    return GetStockObject(DC_BRUSH);
}

static void draw_frame(const eg_palette *palette, HDC dc, const RECT *area, bool pressed,
                       bool marked)
{
    HGDIOBJ brush = SelectObject(dc, GetStockObject(DC_BRUSH));
    HGDIOBJ pen = SelectObject(dc, GetStockObject(DC_PEN));

    SetDCBrushColor(dc, pressed ? palette->button_pressed : palette->button);
    SetDCPenColor(dc, marked ? palette->text : palette->card_line);
    Rectangle(dc, area->left, area->top, area->right, area->bottom);
    SelectObject(dc, pen);
    SelectObject(dc, brush);
}

/* In the middle, on as many lines as it needs; the letter is underlined once Alt was used. */
static void draw_label(const eg_palette *palette, HWND button, HDC dc, const RECT *area)
{
    wchar_t text[TEXT_UNITS];
    RECT at = *area, needed = {0};
    UINT format = DT_CENTER | DT_WORDBREAK;
    HGDIOBJ before = SelectObject(dc, (HFONT)SendMessageW(button, WM_GETFONT, 0, 0));

    if (SendMessageW(button, WM_QUERYUISTATE, 0, 0) & UISF_HIDEACCEL) {
        format |= DT_HIDEPREFIX;
    }
    GetWindowTextW(button, text, TEXT_UNITS);
    InflateRect(&at, -4, -2);
    needed.right = at.right - at.left;
    DrawTextW(dc, text, -1, &needed, format | DT_CALCRECT);
    if (needed.bottom < at.bottom - at.top) {
        at.top += (at.bottom - at.top - needed.bottom) / 2;
    }
    SetBkMode(dc, TRANSPARENT);
    SetTextColor(dc, palette->text);
    DrawTextW(dc, text, -1, &at, format);
    SelectObject(dc, before);
}

LRESULT eg_palette_draw_button(const eg_palette *palette, const NMCUSTOMDRAW *draw)
{
    HWND button = draw->hdr.hwndFrom;
    RECT inside = draw->rc;
    bool focused = (draw->uItemState & CDIS_FOCUS) != 0;
    bool is_default = (GetWindowLongW(button, GWL_STYLE) & BS_TYPEMASK) == BS_DEFPUSHBUTTON;

    if (!palette->dark || draw->dwDrawStage != CDDS_PREPAINT) {
        return CDRF_DODEFAULT;
    }
    draw_frame(palette, draw->hdc, &draw->rc, (draw->uItemState & CDIS_SELECTED) != 0,
               focused || is_default);
    draw_label(palette, button, draw->hdc, &draw->rc);
    if (focused && !(SendMessageW(button, WM_QUERYUISTATE, 0, 0) & UISF_HIDEFOCUS)) {
        InflateRect(&inside, -3, -3);
        SetTextColor(draw->hdc, palette->text);
        SetBkColor(draw->hdc, palette->button);
        DrawFocusRect(draw->hdc, &inside);
    }
    return CDRF_SKIPDEFAULT;
}
