/* SPDX-License-Identifier: Apache-2.0 */
#include "service/host_internal.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/agent_event.h"

#include <stdio.h>

#define INTAKE_EVENTS 8192u
#define HITS_WAITING_MAX 256u
#define RULES_RETRY_MS 30000u
#define SENSOR_RESTART_MS 5000u

void eg_host_report(eg_host *host, eg_event_message message, const char *text)
{
    eg_str value = eg_str_from(text);
    eg_event_source_report(host->events, message, &value, 1);
}

/* ---- what the parts call ---- */

static void on_emit(void *user, const eg_event *event)
{
    eg_host *host = user;
    eg_intake_push(host->intake, event);
}

static void on_blind(void *user, const char *sensor, const char *detail)
{
    eg_host *host = user;
    eg_str values[] = {eg_str_from(sensor), eg_str_from(detail)};
    eg_event_source_report(host->events, EG_EVENT_MESSAGE_SENSOR_BLIND, values, EG_COUNT(values));
}

static void on_stored(void *user, int64_t id, uint64_t time)
{
    eg_host *host = user;
    eg_atomic_set(&host->last_hit_time, (int64_t)time);
    eg_atomic_set(&host->last_hit_id, id);
    eg_atomic_set(&host->stories_changed, 1);
    eg_pipe_server_hit_stored(host->pipe, id);
    eg_session_alarm_wake(host->alarm);
}

static void on_counted(void *user)
{
    eg_host *host = user;
    eg_pipe_server_hit_counted(host->pipe);
}

static void on_lost(void *user, uint64_t count)
{
    eg_host *host = user;
    char number[24];
    snprintf(number, sizeof(number), "%llu", (unsigned long long)count);
    eg_log(EG_LOG_WARNING, "intake", "%s events dropped: more came than could be checked", number);
    eg_host_report(host, EG_EVENT_MESSAGE_TELEMETRY_LOST, number);
    eg_store *store = eg_host_store(host);
    if (store) {
        eg_store_count(store, "events_dropped", count);
    }
}

static void on_prepare(void *user, eg_pipeline *pipeline)
{
    eg_host_store_restore(user, pipeline);
    eg_host_exceptions_load(user);
}

static void on_upkeep(void *user)
{
    eg_host_store_upkeep(user);
    eg_host_state_look(user);
}

/* An event comes back with what its file told. */
static int on_read(void *user, const eg_event *event)
{
    eg_host *host = user;
    return eg_intake_offer(host->intake, event);
}

static void on_resync(void *user)
{
    eg_host_resync(user);
}

static void on_missed(void *user, const char *sensor, uint64_t count)
{
    eg_host *host = user;
    eg_agent_event made;
    eg_log(EG_LOG_WARNING, "sensor", "%s: %llu changes were only found by comparing", sensor,
           (unsigned long long)count);
    eg_sensors_host_missed(host->sensors, sensor, count);
    eg_agent_event_make(&made, sensor, EG_AGENT_TELEMETRY_MISSED, count, NULL);
    eg_intake_push(host->intake, &made.event);
}

static void report_loaded(eg_host *host, const eg_rules_summary *summary)
{
    char numbers[4][24];
    const uint64_t counts[] = {summary->serial, summary->loaded, summary->inert, summary->rejected};
    for (size_t i = 0; i < EG_COUNT(counts); i++) {
        snprintf(numbers[i], sizeof(numbers[i]), "%llu", (unsigned long long)counts[i]);
    }
    eg_str values[] = {eg_str_from(summary->name), eg_str_from(numbers[0]), eg_str_from(numbers[1]),
                       eg_str_from(numbers[2]), eg_str_from(numbers[3])};
    eg_event_source_report(host->events, EG_EVENT_MESSAGE_RULES_LOADED, values, EG_COUNT(values));
    if (summary->rejected > 0) {
        eg_str rejected[] = {eg_str_from(numbers[3]), eg_str_from(summary->first_problem)};
        eg_event_source_report(host->events, EG_EVENT_MESSAGE_RULES_REJECTED, rejected,
                               EG_COUNT(rejected));
        eg_intake_push_agent(host->intake, "rules_rejected", summary->rejected);
    }
}

static void on_rules_settled(void *user, eg_rules *rules, int status, bool first)
{
    eg_host *host = user;
    eg_rules_summary summary;
    char text[EG_NOTICE_SIZE];
    eg_rules_summarize(rules, &summary);
    if (status == EG_OK) {
        eg_notices_clear(&host->notices, EG_TOPIC_RULES);
        report_loaded(host, &summary);
        if (!first) {
            eg_host_resync(host); /* what came before the rules is looked at again */
        }
    } else {
        snprintf(text, sizeof(text), "there are no rules, nothing can be detected: %s",
                 eg_error_message());
        if (eg_notices_set(&host->notices, EG_TOPIC_RULES, text)) {
            eg_host_report(host, EG_EVENT_MESSAGE_NO_RULES, eg_error_message());
        }
    }
    eg_pipeline_thread_rules_settled(host->pipeline);
}

/* ---- start ---- */

/* Without it rules on hashes and signatures are decided from what the sensors saw. */
static void start_files(eg_host *host)
{
    if (eg_file_worker_start(on_read, host, &host->files) != EG_OK) {
        eg_log(EG_LOG_ERROR, "files", "no hashes and signatures: %s", eg_error_message());
        eg_notices_set(&host->notices, EG_TOPIC_FILES, "no hashes and signatures can be had");
    }
}

static int start_detection(eg_host *host)
{
    eg_hit_keeper_options keeper = {eg_host_store_add, host, &host->notices, host->events,
                                    HITS_WAITING_MAX,  host, on_stored,      on_counted};
    eg_pipeline_thread_options pipeline = {0};
    eg_baseline_keeper_options baseline = {host, eg_host_store, on_resync, on_missed};
    eg_rules_options rules = {.path = eg_buf_cstr(&host->options.paths->rules),
                              .retry_ms = RULES_RETRY_MS,
                              .user = host,
                              .settled = on_rules_settled};
    int status = eg_hit_keeper_create(&keeper, &host->keeper);
    if (status == EG_OK) {
        status = eg_baseline_keeper_create(&baseline, &host->baseline);
    }
    start_files(host);
    pipeline.intake = host->intake;
    pipeline.keeper = host->keeper;
    pipeline.baseline = host->baseline;
    pipeline.second_pass = eg_file_worker_second_pass(host->files);
    pipeline.user = host;
    pipeline.upkeep = on_upkeep;
    pipeline.prepare = on_prepare;
    pipeline.lost = on_lost;
    pipeline.resync = on_resync;
    if (status == EG_OK) {
        status = eg_pipeline_thread_create(&pipeline, &host->pipeline);
    }
    if (status == EG_OK) {
        eg_host_open_updates(host, &rules);
        status = eg_rules_start(&rules, &host->rules);
    }
    if (status == EG_OK) {
        eg_host_start_scans(host);
    }
    return status;
}

static int start_sensors(eg_host *host)
{
    eg_sensors_options sensors = {0};
    sensors.sensors = eg_sensors(&sensors.count);
    sensors.user = host;
    sensors.emit = on_emit;
    sensors.blind = on_blind;
    sensors.restart_ms = SENSOR_RESTART_MS;
    sensors.check_ms = (uint32_t)host->settings.self_check_minutes * 60000;
    sensors.keep = eg_host_store_keep;
    sensors.recall = eg_host_store_recall;
    return eg_sensors_host_start(&sensors, &host->sensors);
}

/*
 * The pipeline's thread comes last: when it calls back, every part exists. Until then events wait
 * in the queue, and it leaves them there until the first load of the rules is over.
 */
static int start_all(eg_host *host)
{
    int status = eg_host_open(host);
    if (status == EG_OK) {
        status = eg_intake_create(INTAKE_EVENTS, &host->intake);
    }
    if (status == EG_OK) {
        status = start_detection(host);
    }
    if (status == EG_OK) {
        status = start_sensors(host);
    }
    if (status == EG_OK) {
        eg_host_state_look(host); /* for those who come first */
        eg_host_checks_start(host);
        status = eg_host_start_pipe(host);
        eg_host_start_alarm(host);
    }
    if (status == EG_OK) {
        status = eg_pipeline_thread_start(host->pipeline, eg_rules_slot(host->rules));
    }
    if (status == EG_OK) {
        eg_host_start_updates(host);
    }
    return status;
}

static int init(eg_host *host)
{
    eg_buf_init(&host->computer, 1024);
    int status = eg_settings_init(&host->settings);
    if (status != EG_OK) {
        return status;
    }
    status = eg_mutex_init(&host->store_lock);
    if (status != EG_OK) {
        goto done_settings;
    }
    status = eg_mutex_init(&host->exceptions_lock);
    if (status != EG_OK) {
        goto done_lock;
    }
    status = eg_notices_init(&host->notices);
    if (status != EG_OK) {
        goto done_exceptions_lock;
    }
    status = eg_clients_init(&host->clients);
    if (status != EG_OK) {
        goto done_notices;
    }
    status = eg_board_init(&host->board);
    if (status != EG_OK) {
        goto done_clients;
    }
    return EG_OK;

done_clients:
    eg_clients_done(&host->clients);
done_notices:
    eg_notices_done(&host->notices);
done_exceptions_lock:
    eg_mutex_done(&host->exceptions_lock);
done_lock:
    eg_mutex_done(&host->store_lock);
done_settings:
    eg_settings_done(&host->settings);
    return status;
}

int eg_host_start(const eg_host_options *options, eg_host **out)
{
    char reason[EG_NOTICE_SIZE];
    eg_host *host = eg_alloc_zero(1, sizeof(*host));
    if (!host) {
        return EG_E_NOMEM;
    }
    host->options = *options;
    host->start_ns = eg_clock_monotonic_ns();
    host->lock = INVALID_HANDLE_VALUE;
    int status = init(host);
    if (status != EG_OK) {
        eg_free(host);
        return status;
    }
    status = start_all(host);
    if (status == EG_OK) {
        *out = host;
        return EG_OK;
    }
    snprintf(reason, sizeof(reason), "%s", eg_error_message());
    if (host->log) {
        eg_log(EG_LOG_ERROR, "service", "cannot start: %s", reason);
        eg_host_report(host, EG_EVENT_MESSAGE_NOT_STARTED, reason);
    }
    eg_host_stop(host);
    return eg_fail(status, "%s", reason);
}

void eg_host_resync(eg_host *host)
{
    if (host->sensors) {
        eg_sensors_host_resync(host->sensors);
    }
}

void eg_host_signed_off(eg_host *host)
{
    if (host->sensors) {
        eg_sensors_host_signed_off(host->sensors);
    }
}

void eg_host_woke(eg_host *host)
{
    if (host->updates) {
        eg_updates_network_changed(host->updates);
    }
}
