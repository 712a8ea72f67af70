/* SPDX-License-Identifier: Apache-2.0 */
#include "service/host_internal.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "service/attention.h"

#define ALARM_GRACE_MS 15000u /* a tray that lost the service is back by then */

static void note_sensor(void *user, const char *name, eg_sensor_health health)
{
    eg_attention_view *view = user;
    if (view->sensor_count < EG_ATTENTION_SENSORS_MAX) {
        view->sensors[view->sensor_count++] = (eg_attention_sensor){name, health};
    }
}

/* Counted anew only when stories came or were closed. */
static uint64_t count_open_alerts(eg_host *host)
{
    eg_store *store = eg_host_store(host);
    if (store && eg_atomic_get(&host->stories_changed)) {
        eg_atomic_set(&host->stories_changed, 0);
        if (eg_store_count_open(store, EG_LEVEL_HIGH, &host->open_alerts) != EG_OK) {
            eg_atomic_set(&host->stories_changed, 1);
        }
    }
    return host->open_alerts;
}

void eg_host_post(eg_host *host, const eg_message *message)
{
    bool changed = false;
    if (eg_board_post(&host->board, message, &changed) != EG_OK) {
        eg_log(EG_LOG_WARNING, "pipe", "trays are not told: %s", eg_error_message());
    }
    if (changed && host->pipe) {
        eg_pipe_server_wake(host->pipe);
    }
}

/* An administrator is told by the notice, a tray by its state. */
static bool is_scanner_down(eg_host *host)
{
    bool down = eg_scan_thread_is_down(host->scans);
    if (down) {
        eg_notices_set(&host->notices, EG_TOPIC_SCAN,
                       "files are not looked into: the scanner could not be started");
    } else {
        eg_notices_clear(&host->notices, EG_TOPIC_SCAN);
    }
    return down;
}

void eg_host_state_look(eg_host *host)
{
    char no_rules[EG_NOTICE_SIZE], rejected[EG_NOTICE_SIZE], other[EG_NOTICE_SIZE];
    eg_hit_keeper_counts hits;
    eg_message message = {.type = EG_MESSAGE_STATE};
    eg_attention_view view = {.now = eg_clock_utc(), .stale_days = host->settings.rules_stale_days};
    eg_rules_summarize(host->rules, &view.rules);
    eg_sensors_host_each(host->sensors, note_sensor, &view);
    eg_hit_keeper_counts_get(host->keeper, &hits);
    view.hits_waiting = hits.waiting;
    view.store_failing = eg_notices_get(&host->notices, EG_TOPIC_STORE, other) ||
                         eg_notices_get(&host->notices, EG_TOPIC_DATABASE_OPEN, other);
    view.scanner_down =
        is_scanner_down(host) || eg_notices_get(&host->notices, EG_TOPIC_FILES, other);
    view.no_rules = eg_notices_get(&host->notices, EG_TOPIC_RULES, no_rules) ? no_rules : NULL;
    view.pack_rejected = eg_notices_get(&host->notices, EG_TOPIC_PACK, rejected) ? rejected : NULL;
    view.database_renewed = eg_notices_get(&host->notices, EG_TOPIC_DATABASE, other);
    view.check_findings = host->checks ? eg_check_runner_findings(host->checks) : 0;
    view.settings_wrong = host->settings_error[0] != '\0';
    eg_attention_collect(&view, &message.body.state);
    message.body.state.open_alerts = count_open_alerts(host);
    eg_host_post(host, &message);
}

static eg_store *get_store(void *user)
{
    return eg_host_store(user);
}

static bool has_tray(void *user, uint32_t session)
{
    eg_host *host = user;
    return eg_clients_has_tray(&host->clients, session);
}

void eg_host_start_alarm(eg_host *host)
{
    eg_session_alarm_options alarm = {0};
    alarm.calls = &eg_session_calls_windows;
    alarm.language = eg_event_source_system_language();
    alarm.min_level = host->settings.min_level;
    alarm.newest_hit = eg_atomic_get(&host->last_hit_id);
    alarm.grace_ms = ALARM_GRACE_MS;
    alarm.contact = eg_buf_cstr(&host->settings.contact);
    alarm.user = host;
    alarm.store = get_store;
    alarm.has_tray = has_tray;
    if (eg_session_alarm_start(&alarm, &host->alarm) != EG_OK) {
        eg_log(EG_LOG_ERROR, "session", "%s", eg_error_message());
    }
}
