/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/panel.h"

#include "core/base/status.h"
#include "tray/text.h"

#include <string.h>

#define LINE_END L"\r\n"

void eg_panel_init(eg_panel *panel)
{
    memset(panel, 0, sizeof(*panel));
    panel->title = panel->headline = panel->detail = panel->item = panel->left = L"";
    for (size_t i = 0; i < EG_PANEL_ROWS; i++) {
        panel->row[i] = (eg_panel_row){L"", L""};
    }
    for (size_t i = 0; i < EG_PANEL_BUTTONS; i++) {
        panel->button[i] = L"";
    }
}

const wchar_t *eg_panel_text(const eg_panel *panel, eg_arena *arena)
{
    const wchar_t *part[2 + EG_PANEL_ROWS] = {panel->headline, panel->detail};
    size_t count = 2;

    for (size_t i = 0; i < panel->rows; i++) {
        const wchar_t *row[] = {panel->row[i].label, panel->row[i].value};

        part[count++] = eg_tray_text_join(arena, row, EG_COUNT(row), L": ");
    }
    return eg_tray_text_join(arena, part, count, LINE_END);
}
