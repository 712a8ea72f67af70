/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/status_text.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/version.h"
#include "tray/attention_text.h"
#include "tray/failure_text.h"
#include "tray/text.h"

#define ATTENTION_LINES 5
#define VALUE_MAX 200u

static const wchar_t *safe(eg_arena *arena, eg_str text)
{
    return eg_tray_text_safe(arena, text, false, VALUE_MAX);
}

static const wchar_t *number(eg_arena *arena, uint64_t value)
{
    return eg_tray_text_number(arena, value);
}

static void add_row(eg_panel *to, eg_arena *arena, unsigned label, const wchar_t *value)
{
    if (to->rows < EG_PANEL_ROWS) {
        to->row[to->rows++] = (eg_panel_row){eg_tray_text(arena, label), value};
    }
}

/* The courier is worth knowing where nobody is signed in for long: then no new rules come. */
static void add_update(eg_panel *to, eg_arena *arena, const eg_service_view *service)
{
    const eg_update_state *update = eg_service_view_update(service);

    if (update && update->state == EG_UPDATE_FAILED) {
        add_row(to, arena, EG_TEXT_STATUS_UPDATES, eg_update_failure_text(arena, update->failure));
    } else if (update && update->by_courier) {
        add_row(to, arena, EG_TEXT_STATUS_UPDATES, eg_tray_text(arena, EG_TEXT_STATUS_BY_COURIER));
    }
}

/* The state is newer than what was said at hello. */
static void add_rules(eg_panel *to, eg_arena *arena, const eg_service_view *service)
{
    const eg_welcome *welcome = &service->info->welcome;
    const eg_service_state *state = eg_service_view_state(service);
    int64_t days = eg_service_view_rule_days(service, eg_clock_utc());
    const wchar_t *values[] = {number(arena, state ? state->rules : welcome->rules),
                               safe(arena, state ? state->pack : welcome->pack),
                               number(arena, state ? state->pack_serial : welcome->pack_serial)};

    add_row(to, arena, EG_TEXT_STATUS_RULES,
            eg_tray_text_format(arena, EG_TEXT_STATUS_RULES_VALUE, values, EG_COUNT(values)));
    if (days >= 0) {
        add_row(to, arena, EG_TEXT_STATUS_RULE_AGE,
                eg_tray_text_format1(arena, EG_TEXT_STATUS_RULE_AGE_VALUE,
                                     number(arena, (uint64_t)days)));
    }
    if (state) {
        add_row(to, arena, EG_TEXT_STATUS_SENSORS,
                eg_tray_text_format2(arena, EG_TEXT_STATUS_SENSORS_VALUE,
                                     number(arena, state->sensors_working),
                                     number(arena, state->sensors)));
    }
}

/* The last that is done; while one runs its window tells more. */
static void add_check(eg_panel *to, eg_arena *arena, const eg_service_view *service)
{
    static const unsigned verdicts[EG_VERDICT_COUNT] = {
        [EG_VERDICT_NOTHING_FOUND] = EG_TEXT_STATUS_CHECK_NOTHING_FOUND,
        [EG_VERDICT_SUSPICIOUS] = EG_TEXT_STATUS_CHECK_SUSPICIOUS,
        [EG_VERDICT_COULD_NOT_LOOK] = EG_TEXT_STATUS_CHECK_COULD_NOT_LOOK,
    };
    const eg_check_state *check = eg_service_view_check(service);

    if (check && check->state == EG_JOB_DONE && verdicts[check->verdict] != 0) {
        add_row(to, arena, EG_TEXT_STATUS_CHECK,
                eg_tray_text_format2(arena, EG_TEXT_STATUS_CHECK_VALUE,
                                     eg_tray_text_time(arena, check->time),
                                     eg_tray_text(arena, verdicts[check->verdict])));
    }
}

/* What the service says of the gravest trouble with rules: technical words, in English. */
static eg_str technical_of(const eg_service_view *service)
{
    const eg_service_state *state = eg_service_view_state(service);
    const eg_update_state *update = eg_service_view_update(service);

    for (size_t i = 0; state && i < state->attention.count; i++) {
        const eg_attention *item = &state->attention.item[i];

        if (item->text.len > 0 &&
            (item->id == EG_ATTENTION_NO_RULES || item->id == EG_ATTENTION_PACK_REJECTED ||
             item->id == EG_ATTENTION_RULES_REJECTED)) {
            return item->text;
        }
    }
    return update && update->state == EG_UPDATE_FAILED ? update->error : EG_STR("");
}

static void add_technical(eg_panel *to, eg_arena *arena, const eg_service_view *service)
{
    eg_str text = technical_of(service);

    if (text.len > 0) {
        add_row(to, arena, EG_TEXT_STATUS_TECHNICAL, safe(arena, text));
    }
}

static void add_service(eg_panel *to, eg_arena *arena, const eg_service_view *service)
{
    const eg_welcome *welcome = &service->info->welcome;

    add_rules(to, arena, service);
    add_update(to, arena, service);
    add_check(to, arena, service);
    if (welcome->contact.len > 0) {
        add_row(to, arena, EG_TEXT_STATUS_CONTACT, safe(arena, welcome->contact));
    }
}

static const wchar_t *attention_lines(eg_arena *arena, const eg_attention_list *list)
{
    const wchar_t *line[ATTENTION_LINES + 1];
    size_t count = 0;

    for (; count < list->count && count < ATTENTION_LINES; count++) {
        line[count] = eg_tray_text_format1(arena, EG_TEXT_STATUS_ATTENTION_LINE,
                                           eg_attention_text(arena, &list->item[count]));
    }
    if (list->count > ATTENTION_LINES) {
        line[count++] = eg_tray_text_format1(arena, EG_TEXT_STATUS_ATTENTION_MORE,
                                             number(arena, list->count - ATTENTION_LINES));
    }
    return eg_tray_text_join(arena, line, count, L"\r\n");
}

static void tell_state(eg_panel *to, eg_arena *arena, const eg_service_view *service)
{
    const eg_service_state *state = eg_service_view_state(service);
    const eg_attention_list *list = state ? &state->attention : NULL;

    if (!service->connected) {
        to->icon = EG_ICON_STATE_ATTENTION;
        to->headline = eg_tray_text(arena, EG_TEXT_STATUS_DISCONNECTED);
        to->detail = eg_tray_text(arena, EG_TEXT_STATUS_DISCONNECTED_HELP);
        return;
    }
    to->headline = eg_tray_text(arena, EG_TEXT_STATUS_FINE);
    if (list && list->count > 0) {
        bool alert = list->item[0].id == EG_ATTENTION_CHECK_SUSPICIOUS;

        to->icon = alert ? EG_ICON_STATE_ALERT : EG_ICON_STATE_ATTENTION;
        to->headline = eg_tray_text(arena, alert ? EG_TEXT_STATUS_ALERT : EG_TEXT_STATUS_ATTENTION);
        to->detail = attention_lines(arena, list);
    }
    if (state && state->open_alerts > 0) {
        to->icon = EG_ICON_STATE_ALERT;
        to->headline =
            eg_tray_text_format1(arena, EG_TEXT_STATUS_OPEN, number(arena, state->open_alerts));
    }
}

void eg_status_panel_make(eg_arena *arena, const eg_service_view *service,
                          const eg_notice_list *notices, eg_panel *out)
{
    size_t unseen = eg_notice_list_waiting(notices, false) + eg_notice_list_waiting(notices, true);

    eg_panel_init(out);
    out->title = eg_tray_text(arena, EG_TEXT_STATUS_TITLE);
    tell_state(out, arena, service);
    if (service->info) {
        add_service(out, arena, service);
    }
    add_row(out, arena, EG_TEXT_STATUS_SEEN, number(arena, notices->received));
    add_row(out, arena, EG_TEXT_STATUS_UNSEEN, number(arena, unseen));
    if (service->info) {
        add_row(out, arena, EG_TEXT_STATUS_VERSION, safe(arena, service->info->welcome.version));
    }
    add_row(out, arena, EG_TEXT_STATUS_TRAY_VERSION, safe(arena, EG_STR(EG_VERSION_STRING)));
    add_technical(out, arena, service);
    out->button[EG_PANEL_OTHER] = eg_tray_text(arena, EG_TEXT_STATUS_COPY);
    out->button[EG_PANEL_MAIN] = eg_tray_text(arena, EG_TEXT_CLOSE);
}
