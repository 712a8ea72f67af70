/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/fonts.h"

#include "tray/alert_layout.h"

#include <wchar.h>

#include <stdbool.h>

/* Pixels at 96 DPI, and weight. */
static const struct {
    int height;
    int weight;
} shapes[EG_FONT_COUNT] = {
    [EG_FONT_TEXT] = {14, FW_NORMAL},         [EG_FONT_BOLD] = {14, FW_SEMIBOLD},
    [EG_FONT_HEADLINE] = {20, FW_SEMIBOLD},   [EG_FONT_SMALL] = {12, FW_NORMAL},
    [EG_FONT_SMALL_BOLD] = {13, FW_SEMIBOLD}, [EG_FONT_CODE] = {19, FW_BOLD},
};

/* In order of preference; the last ones are what other systems than Windows bring along. */
static const wchar_t *const japanese_faces[] = {
    L"Yu Gothic UI", L"Meiryo UI",        L"Meiryo",       L"MS UI Gothic",
    L"VL PGothic",   L"Noto Sans CJK JP", L"TakaoPGothic", L"IPAPGothic",
};
static const wchar_t *const code_faces[] = {L"Consolas", L"DejaVu Sans Mono", L"Courier New"};

static int CALLBACK note_face(const LOGFONTW *font, const TEXTMETRICW *metric, DWORD type,
                              LPARAM found)
{
    EG_UNUSED(font);
    EG_UNUSED(metric);
    EG_UNUSED(type);
    *(bool *)found = true;
    return 0;
}

static bool face_exists(const wchar_t *face, BYTE charset)
{
    LOGFONTW wanted = {0};
    bool found = false;
    HDC screen = GetDC(NULL);

    wanted.lfCharSet = charset;
    wcsncpy(wanted.lfFaceName, face, LF_FACESIZE - 1);
    EnumFontFamiliesExW(screen, &wanted, note_face, (LPARAM)&found, 0);
    ReleaseDC(NULL, screen);
    return found;
}

/* File names are Japanese on an English Windows too; there the message font links to one. */
static const wchar_t *choose_face(const LOGFONTW *message)
{
    if (wcscmp(message->lfFaceName, L"Segoe UI") == 0 && face_exists(L"Segoe UI", ANSI_CHARSET)) {
        return message->lfFaceName;
    }
    if (face_exists(message->lfFaceName, SHIFTJIS_CHARSET)) {
        return message->lfFaceName;
    }
    for (size_t i = 0; i < EG_COUNT(japanese_faces); i++) {
        if (face_exists(japanese_faces[i], SHIFTJIS_CHARSET)) {
            return japanese_faces[i];
        }
    }
    return message->lfFaceName;
}

static const wchar_t *choose_code_face(const wchar_t *otherwise)
{
    for (size_t i = 0; i < EG_COUNT(code_faces); i++) {
        if (face_exists(code_faces[i], DEFAULT_CHARSET)) {
            return code_faces[i];
        }
    }
    return otherwise;
}

void eg_fonts_init(eg_fonts *fonts, int dpi)
{
    NONCLIENTMETRICSW metrics = {.cbSize = sizeof(metrics)};
    const wchar_t *face, *code_face;

    if (!SystemParametersInfoW(SPI_GETNONCLIENTMETRICS, sizeof(metrics), &metrics, 0)) {
        metrics.lfMessageFont.lfFaceName[0] = L'\0';
    }
    face = choose_face(&metrics.lfMessageFont);
    code_face = choose_code_face(face);
    for (int i = 0; i < EG_FONT_COUNT; i++) {
        LOGFONTW font = {0};

        font.lfHeight = -eg_scale(shapes[i].height, dpi);
        font.lfWeight = shapes[i].weight;
        font.lfCharSet = DEFAULT_CHARSET;
        font.lfQuality = CLEARTYPE_QUALITY;
        wcsncpy(font.lfFaceName, i == EG_FONT_CODE ? code_face : face, LF_FACESIZE - 1);
        fonts->handle[i] = CreateFontIndirectW(&font);
        if (!fonts->handle[i]) {
            fonts->handle[i] = GetStockObject(DEFAULT_GUI_FONT);
        }
    }
}

void eg_fonts_done(eg_fonts *fonts)
{
    for (int i = 0; i < EG_FONT_COUNT; i++) {
        DeleteObject(fonts->handle[i]); /* does nothing to the system's own */
        fonts->handle[i] = NULL;
    }
}
