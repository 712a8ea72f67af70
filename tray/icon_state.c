/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/icon_state.h"

#include "core/base/clock.h"
#include "tray/attention_text.h"

/* How long the icon keeps saying that there was an alert. */
#define RECENT_TICKS (UINT64_C(24) * 3600 * EG_TICKS_PER_SECOND)

static const wchar_t *fill_number(eg_arena *arena, unsigned id, uint64_t number)
{
    return eg_tray_text_format1(arena, id, eg_tray_text_number(arena, number));
}

eg_icon_state eg_icon_state_of_level(eg_level level)
{
    return level >= EG_LEVEL_HIGH ? EG_ICON_STATE_ALERT : EG_ICON_STATE_ATTENTION;
}

/* While a window is open or alerts wait for one. */
static eg_icon_state alert_state(const eg_icon_facts *facts, eg_arena *arena, const wchar_t **tip)
{
    const eg_tray_notice *next = eg_notice_list_next(facts->notices);
    eg_level level = EG_LEVEL_INFORMATIONAL;

    if (facts->open) {
        level = facts->open->level;
        *tip = eg_tray_text_format1(arena, EG_TEXT_TIP_RECENT,
                                    eg_tray_text_time(arena, facts->open->time));
    }
    if (next) {
        level = next->hit.level > level ? next->hit.level : level;
        *tip =
            fill_number(arena, EG_TEXT_TIP_ALERTS, eg_notice_list_waiting(facts->notices, false));
    }
    return eg_icon_state_of_level(level);
}

static const wchar_t *attention_tip(eg_arena *arena, const eg_attention_list *list)
{
    const wchar_t *first = eg_attention_text(arena, &list->item[0]);

    if (list->count == 1) {
        return eg_tray_text_format1(arena, EG_TEXT_TIP_ATTENTION, first);
    }
    return eg_tray_text_format2(arena, EG_TEXT_TIP_ATTENTION_MORE, first,
                                eg_tray_text_number(arena, list->count - 1));
}

/* While there is nothing to show. */
static eg_icon_state calm_state(const eg_icon_facts *facts, eg_arena *arena, const wchar_t **tip)
{
    const eg_service_view *service = facts->service;
    const eg_service_state *state = eg_service_view_state(service);
    size_t quiet = eg_notice_list_waiting(facts->notices, true);
    uint64_t last = eg_notice_list_last_seen(facts->notices), serial = 0;

    if (!service->connected && !facts->alone) {
        *tip =
            eg_tray_text(arena, service->tried ? EG_TEXT_TIP_DISCONNECTED : EG_TEXT_TIP_CONNECTING);
        return EG_ICON_STATE_ATTENTION;
    }
    if (state && state->open_alerts > 0) {
        *tip = fill_number(arena, EG_TEXT_TIP_OPEN, state->open_alerts);
        return EG_ICON_STATE_ALERT;
    }
    if (quiet > 0) {
        *tip = fill_number(arena, EG_TEXT_TIP_NOTICES, quiet);
        return EG_ICON_STATE_ATTENTION;
    }
    if (last > 0 && facts->now < last + RECENT_TICKS) {
        *tip = eg_tray_text_format1(arena, EG_TEXT_TIP_RECENT, eg_tray_text_time(arena, last));
        return EG_ICON_STATE_ATTENTION;
    }
    if (state && state->attention.count > 0) {
        *tip = attention_tip(arena, &state->attention);
        return state->attention.item[0].id == EG_ATTENTION_CHECK_SUSPICIOUS
                   ? EG_ICON_STATE_ALERT
                   : EG_ICON_STATE_ATTENTION;
    }
    if (state) {
        serial = state->pack_serial;
    } else if (service->info) {
        serial = service->info->welcome.pack_serial;
    }
    *tip = fill_number(arena, EG_TEXT_TIP_FINE, serial);
    return EG_ICON_STATE_FINE;
}

eg_icon_state eg_icon_state_choose(const eg_icon_facts *facts, eg_arena *arena, const wchar_t **tip)
{
    *tip = L"";
    if (facts->window_open || eg_notice_list_next(facts->notices)) {
        return alert_state(facts, arena, tip);
    }
    return calm_state(facts, arena, tip);
}
