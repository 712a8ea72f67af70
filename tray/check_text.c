/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/check_text.h"

#include "core/base/status.h"
#include "tray/failure_text.h"
#include "tray/text.h"

#define ITEM_MAX 260u
#define ERROR_MAX 200u

static const wchar_t *number(eg_arena *arena, uint64_t value)
{
    return eg_tray_text_number(arena, value);
}

static const wchar_t *phase_text(eg_arena *arena, eg_check_phase phase)
{
    static const unsigned phases[EG_CHECK_PHASE_COUNT] = {
        [EG_CHECK_PHASE_NONE] = EG_TEXT_CHECK_PHASE_NONE,
        [EG_CHECK_PHASE_PROCESSES] = EG_TEXT_CHECK_PHASE_PROCESSES,
        [EG_CHECK_PHASE_AUTOSTARTS] = EG_TEXT_CHECK_PHASE_AUTOSTARTS,
        [EG_CHECK_PHASE_TASKS] = EG_TEXT_CHECK_PHASE_TASKS,
        [EG_CHECK_PHASE_SERVICES] = EG_TEXT_CHECK_PHASE_SERVICES,
        [EG_CHECK_PHASE_WMI] = EG_TEXT_CHECK_PHASE_WMI,
        [EG_CHECK_PHASE_FILES] = EG_TEXT_CHECK_PHASE_FILES,
        [EG_CHECK_PHASE_MEMORY] = EG_TEXT_CHECK_PHASE_MEMORY,
    };

    return eg_tray_text(arena, phases[phase]);
}

static const wchar_t *left_text(eg_arena *arena, uint32_t seconds)
{
    if (seconds == 0) {
        return L"";
    }
    if (seconds < 60) {
        return eg_tray_text_format1(arena, EG_TEXT_CHECK_LEFT_SECONDS, number(arena, seconds));
    }
    return eg_tray_text_format1(arena, EG_TEXT_CHECK_LEFT_MINUTES,
                                number(arena, (seconds + 59) / 60));
}

static void tell_running(eg_arena *arena, const eg_check_state *check, eg_panel *out)
{
    out->running = true;
    out->percent = check->percent;
    out->headline =
        eg_tray_text_format1(arena, EG_TEXT_CHECK_RUNNING, number(arena, check->percent));
    out->detail = phase_text(arena, check->phase);
    out->item = eg_tray_text_safe(arena, check->item, false, ITEM_MAX);
    out->left = left_text(arena, check->left_seconds);
}

/* "Checked at 10:42 with rules that are 3 days old." */
static const wchar_t *when_text(eg_arena *arena, const eg_check_state *check,
                                const eg_service_view *service)
{
    const wchar_t *time = eg_tray_text_time(arena, check->time);
    int64_t days = eg_service_view_rule_days(service, check->time);

    return days < 0 ? eg_tray_text_format1(arena, EG_TEXT_CHECK_WHEN, time)
                    : eg_tray_text_format2(arena, EG_TEXT_CHECK_WHEN_AGE, time,
                                           number(arena, (uint64_t)days));
}

static void tell_verdict(eg_arena *arena, const eg_check_state *check,
                         const eg_service_view *service, eg_panel *out)
{
    const wchar_t *when = when_text(arena, check, service);

    out->percent = 100;
    switch (check->verdict) {
    case EG_VERDICT_NOTHING_FOUND:
        out->icon = EG_ICON_STATE_FINE;
        out->headline = eg_tray_text(arena, EG_TEXT_CHECK_NOTHING_FOUND);
        out->detail = when;
        return;
    case EG_VERDICT_SUSPICIOUS:
        out->icon = EG_ICON_STATE_ALERT;
        out->headline =
            eg_tray_text_format1(arena, EG_TEXT_CHECK_SUSPICIOUS, number(arena, check->findings));
        out->detail = eg_tray_text_format1(arena, EG_TEXT_CHECK_SUSPICIOUS_HELP, when);
        return;
    default:
        out->headline = eg_tray_text(arena, EG_TEXT_CHECK_COULD_NOT_LOOK);
        out->detail = eg_tray_text_format2(arena, EG_TEXT_CHECK_COULD_NOT_LOOK_HELP,
                                           number(arena, check->gaps), when);
        return;
    }
}

/* What went wrong in words, and in technical ones for whoever looks after it. */
static void tell_failed(eg_arena *arena, const eg_check_state *check, eg_panel *out)
{
    out->headline = eg_tray_text(arena, EG_TEXT_CHECK_FAILED);
    out->detail = eg_tray_text_format1(arena, EG_TEXT_CHECK_FAILED_HELP,
                                       eg_check_failure_text(arena, check->failure));
    if (check->error.len > 0) {
        out->row[out->rows++] =
            (eg_panel_row){eg_tray_text(arena, EG_TEXT_STATUS_TECHNICAL),
                           eg_tray_text_safe(arena, check->error, false, ERROR_MAX)};
    }
}

static void tell(eg_arena *arena, const eg_service_view *service, eg_panel *out)
{
    const eg_check_state *check = eg_service_view_check(service);

    if (!service->connected || !check) {
        out->headline = eg_tray_text(arena, EG_TEXT_STATUS_DISCONNECTED);
        return;
    }
    switch (check->state) {
    case EG_JOB_RUNNING: tell_running(arena, check, out); return;
    case EG_JOB_DONE: tell_verdict(arena, check, service, out); return;
    case EG_JOB_FAILED: tell_failed(arena, check, out); return;
    case EG_JOB_CANCELLED:
        out->headline = eg_tray_text(arena, EG_TEXT_CHECK_CANCELLED);
        out->detail = eg_tray_text(arena, EG_TEXT_CHECK_CANCELLED_HELP);
        return;
    case EG_JOB_IDLE:
        out->running = true;
        out->headline = eg_tray_text_format1(arena, EG_TEXT_CHECK_RUNNING, number(arena, 0));
        out->detail = phase_text(arena, EG_CHECK_PHASE_NONE);
        return;
    default: out->headline = eg_tray_text(arena, EG_TEXT_CHECK_UNAVAILABLE); return;
    }
}

void eg_check_panel_make(eg_arena *arena, const eg_service_view *service, eg_panel *out)
{
    eg_panel_init(out);
    out->icon = EG_ICON_STATE_ATTENTION;
    out->title = eg_tray_text(arena, EG_TEXT_CHECK_TITLE);
    tell(arena, service, out);
    out->button[EG_PANEL_MAIN] =
        eg_tray_text(arena, out->running ? EG_TEXT_CHECK_CANCEL : EG_TEXT_CLOSE);
}
