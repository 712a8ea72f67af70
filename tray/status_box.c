/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/status_box.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/version.h"
#include "tray/attention_text.h"
#include "tray/text.h"

#include <commctrl.h>

#define LINES_MAX 16
#define ATTENTION_LINES 5
#define TICKS_PER_DAY (EG_TICKS_PER_SECOND * 86400)

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

static const wchar_t *number(const lines *to, uint64_t value)
{
    return eg_tray_text_number(to->arena, value);
}

/* The state is newer than what was said at hello. */
static void add_rules(lines *to, const eg_welcome *welcome, const eg_service_state *state)
{
    uint64_t now = eg_clock_utc();
    const wchar_t *values[3] = {number(to, state ? state->rules : welcome->rules),
                                safe(to, state ? state->pack : welcome->pack),
                                number(to, state ? state->pack_serial : welcome->pack_serial)};

    add(to, eg_tray_text_format(to->arena, EG_TEXT_STATUS_RULES, values, 3));
    if (state && state->pack_time > 0 && now > state->pack_time) {
        add(to, eg_tray_text_format1(to->arena, EG_TEXT_STATUS_RULE_AGE,
                                     number(to, (now - state->pack_time) / TICKS_PER_DAY)));
    }
}

/* The last that is done; while one runs its window tells more. */
static void add_check(lines *to, const eg_service_view *service)
{
    static const unsigned verdicts[EG_VERDICT_COUNT] = {
        [EG_VERDICT_NOTHING_FOUND] = EG_TEXT_STATUS_CHECK_NOTHING_FOUND,
        [EG_VERDICT_SUSPICIOUS] = EG_TEXT_STATUS_CHECK_SUSPICIOUS,
        [EG_VERDICT_COULD_NOT_LOOK] = EG_TEXT_STATUS_CHECK_COULD_NOT_LOOK,
    };
    const eg_check_state *check = eg_service_view_check(service);

    if (check && check->state == EG_JOB_DONE && verdicts[check->verdict] != 0) {
        add(to, eg_tray_text_format2(to->arena, EG_TEXT_STATUS_CHECK,
                                     eg_tray_text_time(to->arena, check->time),
                                     eg_tray_text(to->arena, verdicts[check->verdict])));
    }
}

static void add_service(lines *to, const eg_service_view *service)
{
    const eg_welcome *welcome = &service->info->welcome;
    const eg_service_state *state = eg_service_view_state(service);

    add_rules(to, welcome, state);
    if (state) {
        add(to,
            eg_tray_text_format2(to->arena, EG_TEXT_STATUS_SENSORS,
                                 number(to, state->sensors_working), number(to, state->sensors)));
    }
    add_check(to, service);
    add(to, eg_tray_text_format1(to->arena, EG_TEXT_STATUS_VERSION, safe(to, welcome->version)));
    if (welcome->contact.len > 0) {
        add(to,
            eg_tray_text_format1(to->arena, EG_TEXT_STATUS_CONTACT, safe(to, welcome->contact)));
    }
}

static void add_attention(lines *to, const eg_attention_list *list)
{
    for (size_t i = 0; i < list->count && i < ATTENTION_LINES; i++) {
        add(to, eg_tray_text_format1(to->arena, EG_TEXT_STATUS_ATTENTION_LINE,
                                     eg_attention_text(to->arena, &list->item[i])));
    }
    if (list->count > ATTENTION_LINES) {
        add(to, eg_tray_text_format1(to->arena, EG_TEXT_STATUS_ATTENTION_MORE,
                                     number(to, list->count - ATTENTION_LINES)));
    }
    if (list->count > 0) {
        add(to, L"");
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

static void fill(lines *to, const eg_service_view *service, const eg_notice_list *notices)
{
    const eg_service_state *state = eg_service_view_state(service);

    if (!service->connected) {
        add(to, eg_tray_text(to->arena, EG_TEXT_STATUS_DISCONNECTED_HELP));
    } else if (state) {
        add_attention(to, &state->attention);
    }
    if (service->info) {
        add_service(to, service);
    }
    add(to, eg_tray_text_format1(to->arena, EG_TEXT_STATUS_TRAY_VERSION,
                                 safe(to, EG_STR(EG_VERSION_STRING))));
    add(to, eg_tray_text_format1(to->arena, EG_TEXT_STATUS_SEEN, number(to, notices->received)));
    add(to, eg_tray_text_format1(to->arena, EG_TEXT_STATUS_UNSEEN,
                                 number(to, eg_notice_list_waiting(notices, false) +
                                                eg_notice_list_waiting(notices, true))));
}

void eg_status_box_show(HINSTANCE instance, HWND owner, const eg_service_view *service,
                        const eg_notice_list *notices)
{
    const eg_service_state *state = eg_service_view_state(service);
    bool attention = state && state->attention.count > 0;
    bool alert = attention && state->attention.item[0].id == EG_ATTENTION_CHECK_SUSPICIOUS;
    lines text = {0};
    TASKDIALOG_BUTTON close;
    TASKDIALOGCONFIG box = {.cbSize = sizeof(box)};
    unsigned headline = !service->connected ? EG_TEXT_STATUS_DISCONNECTED
                        : alert             ? EG_TEXT_STATUS_ALERT
                        : attention         ? EG_TEXT_STATUS_ATTENTION
                                            : EG_TEXT_STATUS_FINE;

    if (eg_arena_create(&text.arena, 4096) != EG_OK) {
        return;
    }
    close = (TASKDIALOG_BUTTON){IDCLOSE, eg_tray_text(text.arena, EG_TEXT_CLOSE)};
    fill(&text, service, notices);
    box.hwndParent = owner;
    box.hInstance = instance;
    box.dwFlags = TDF_ALLOW_DIALOG_CANCELLATION | TDF_SIZE_TO_CONTENT;
    box.cButtons = 1; /* in our language, which may not be that of Windows */
    box.pButtons = &close;
    box.pszWindowTitle = eg_tray_text(text.arena, EG_TEXT_STATUS_TITLE);
    box.pszMainIcon = MAKEINTRESOURCEW(!service->connected ? EG_ICON_ATTENTION
                                       : alert             ? EG_ICON_ALERT
                                       : attention         ? EG_ICON_ATTENTION
                                                           : EG_ICON_FINE);
    box.pszMainInstruction = eg_tray_text(text.arena, headline);
    box.pszContent = join(&text);
    TaskDialogIndirect(&box, NULL, NULL, NULL);
    eg_arena_destroy(text.arena);
}
