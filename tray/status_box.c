/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/status_box.h"

#include "core/base/status.h"
#include "core/version.h"
#include "tray/text.h"

#include <commctrl.h>

#define LINES_MAX 8

typedef struct lines {
    eg_arena *arena;
    const wchar_t *line[LINES_MAX];
    size_t count;
} lines;

static void add(lines *to, const wchar_t *line)
{
    if (to->count < LINES_MAX) {
        to->line[to->count++] = line;
    }
}

static const wchar_t *safe(const lines *to, eg_str text)
{
    return eg_tray_text_safe(to->arena, text, false, 200);
}

static void add_service(lines *to, const eg_welcome *welcome)
{
    const wchar_t *rules[3] = {eg_tray_text_number(to->arena, welcome->rules),
                               safe(to, welcome->pack),
                               eg_tray_text_number(to->arena, welcome->pack_serial)};

    add(to, eg_tray_text_format(to->arena, EG_TEXT_STATUS_RULES, rules, 3));
    add(to, eg_tray_text_format1(to->arena, EG_TEXT_STATUS_VERSION, safe(to, welcome->version)));
    if (welcome->contact.len > 0) {
        add(to,
            eg_tray_text_format1(to->arena, EG_TEXT_STATUS_CONTACT, safe(to, welcome->contact)));
    }
}

static const wchar_t *join(const lines *from)
{
    size_t length = 1, at = 0;
    wchar_t *out;

    for (size_t i = 0; i < from->count; i++) {
        length += wcslen(from->line[i]) + 1;
    }
    out = eg_arena_alloc(from->arena, length * sizeof(wchar_t));
    for (size_t i = 0; out && i < from->count; i++) {
        for (const wchar_t *c = from->line[i]; *c; c++) {
            out[at++] = *c;
        }
        if (i + 1 < from->count) {
            out[at++] = L'\n';
        }
    }
    return out ? out : L"";
}

void eg_status_box_show(HINSTANCE instance, HWND owner, const eg_service_info *service,
                        bool connected, const eg_notice_list *notices)
{
    lines text = {0};
    TASKDIALOG_BUTTON close;
    TASKDIALOGCONFIG box = {.cbSize = sizeof(box)};
    unsigned headline = connected ? EG_TEXT_STATUS_FINE : EG_TEXT_STATUS_DISCONNECTED;

    if (eg_arena_create(&text.arena, 4096) != EG_OK) {
        return;
    }
    close = (TASKDIALOG_BUTTON){IDCLOSE, eg_tray_text(text.arena, EG_TEXT_CLOSE)};
    if (!connected) {
        add(&text, eg_tray_text(text.arena, EG_TEXT_STATUS_DISCONNECTED_HELP));
    }
    if (service) {
        add_service(&text, &service->welcome);
    }
    add(&text, eg_tray_text_format1(text.arena, EG_TEXT_STATUS_TRAY_VERSION,
                                    safe(&text, EG_STR(EG_VERSION_STRING))));
    add(&text, eg_tray_text_format1(text.arena, EG_TEXT_STATUS_SEEN,
                                    eg_tray_text_number(text.arena, notices->received)));
    add(&text, eg_tray_text_format1(
                   text.arena, EG_TEXT_STATUS_UNSEEN,
                   eg_tray_text_number(text.arena, eg_notice_list_waiting(notices, false) +
                                                       eg_notice_list_waiting(notices, true))));
    box.hwndParent = owner;
    box.hInstance = instance;
    box.dwFlags = TDF_ALLOW_DIALOG_CANCELLATION | TDF_SIZE_TO_CONTENT;
    box.cButtons = 1; /* in our language, which may not be that of Windows */
    box.pButtons = &close;
    box.pszWindowTitle = eg_tray_text(text.arena, EG_TEXT_STATUS_TITLE);
    box.pszMainIcon = MAKEINTRESOURCEW(connected ? EG_ICON_FINE : EG_ICON_ATTENTION);
    box.pszMainInstruction = eg_tray_text(text.arena, headline);
    box.pszContent = join(&text);
    TaskDialogIndirect(&box, NULL, NULL, NULL);
    eg_arena_destroy(text.arena);
}
