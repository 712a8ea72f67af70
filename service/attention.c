/* SPDX-License-Identifier: Apache-2.0 */
#include "service/attention.h"

#include "core/base/clock.h"
#include "core/detect/pack.h"

#define TICKS_PER_DAY (EG_TICKS_PER_SECOND * 86400)

/* What has no place any more is the least grave: the list is filled in that order. */
static void add(eg_service_state *to, eg_attention_id id, const char *text, uint64_t number)
{
    eg_attention_list *list = &to->attention;
    if (list->count < EG_ATTENTION_MAX) {
        list->item[list->count++] = (eg_attention){id, eg_str_from(text), number};
    }
}

static void add_sensors(const eg_attention_view *view, eg_sensor_health health, eg_attention_id id,
                        eg_service_state *out)
{
    for (size_t i = 0; i < view->sensor_count; i++) {
        if (view->sensors[i].health == health) {
            add(out, id, view->sensors[i].name, 0);
        }
    }
}

static void count_sensors(const eg_attention_view *view, eg_service_state *out)
{
    for (size_t i = 0; i < view->sensor_count; i++) {
        eg_sensor_health health = view->sensors[i].health;
        out->sensors += health != EG_SENSOR_ABSENT;
        out->sensors_working += health == EG_SENSOR_FULL || health == EG_SENSOR_DEGRADED;
    }
}

static void add_rules(const eg_attention_view *view, eg_service_state *out)
{
    uint64_t made = out->pack_time;
    if (view->pack_rejected) {
        add(out, EG_ATTENTION_PACK_REJECTED, view->pack_rejected, 0);
    }
    if (view->rules.rejected > 0 && !view->no_rules) {
        add(out, EG_ATTENTION_RULES_REJECTED, view->rules.first_problem, view->rules.rejected);
    }
    if (made > 0 && view->now > made && (view->now - made) / TICKS_PER_DAY > view->stale_days) {
        add(out, EG_ATTENTION_RULES_STALE, "", (view->now - made) / TICKS_PER_DAY);
    }
}

void eg_attention_collect(const eg_attention_view *view, eg_service_state *out)
{
    *out = (eg_service_state){0};
    out->pack = eg_str_from(view->rules.name);
    out->pack_serial = view->rules.serial;
    out->rules = view->rules.loaded;
    if (!eg_pack_time(view->rules.serial, &out->pack_time)) {
        out->pack_time = 0;
    }
    count_sensors(view, out);
    if (view->check_findings > 0) {
        add(out, EG_ATTENTION_CHECK_SUSPICIOUS, "", view->check_findings);
    }
    if (view->no_rules) {
        add(out, EG_ATTENTION_NO_RULES, view->no_rules, 0);
    }
    add_sensors(view, EG_SENSOR_BLIND, EG_ATTENTION_SENSOR_BLIND, out);
    if (view->store_failing) {
        add(out, EG_ATTENTION_DISK_FULL, "", view->hits_waiting);
    }
    if (view->scanner_down) {
        add(out, EG_ATTENTION_SCANNER_DOWN, "", 0);
    }
    add_rules(view, out);
    add_sensors(view, EG_SENSOR_DEGRADED, EG_ATTENTION_SENSOR_DEGRADED, out);
    if (view->database_renewed) {
        add(out, EG_ATTENTION_DATABASE, "", 0);
    }
    if (view->settings_wrong) {
        add(out, EG_ATTENTION_SETTINGS, "", 0);
    }
}
