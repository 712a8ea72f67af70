/* SPDX-License-Identifier: Apache-2.0 */
#include "service/host_internal.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/code.h"
#include "core/version.h"
#include "driverless-hooks/decode/agent_event.h"
#include "service/client_user.h"
#include "service/instance.h"

#include <stdio.h>

#define INTAKE_EVENTS 8192u
#define HITS_WAITING_MAX 256u
#define RULES_RETRY_MS 30000u
#define SENSOR_RESTART_MS 5000u
#define PIPE_RETRY_MS 5000u
#define HELLO_MS 5000u
#define SEND_MS 5000u

/* The parts of a stop; together below the 3 s that the service has. Rules get what is left. */
#define STOP_ALL_MS 2800u
#define STOP_SENSORS_MS 1000u /* twice what the end of an ETW session takes at most */
#define STOP_PIPE_MS 500u
#define STOP_ALARM_MS 300u
#define STOP_CHECK_MS 300u
#define STOP_FILES_MS 300u
#define STOP_PIPELINE_MS 900u
#define STOP_SCANS_MS 300u
#define STOP_UPDATES_MS 800u

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

/* "7K3-Q9 (12)": what was read out on the phone, and the number in the database. */
static void name_incident(int64_t id, char *out, size_t size)
{
    char code[EG_INCIDENT_CODE_SIZE];
    eg_incident_code(id, code);
    snprintf(out, size, "%s (%lld)", code, (long long)id);
}

static void on_answered(void *user, const eg_answer *answer)
{
    static const eg_event_message messages[EG_ANSWER_COUNT] = {
        [EG_ANSWER_DID_IT] = EG_EVENT_MESSAGE_ANSWER_DID_IT,
        [EG_ANSWER_UNKNOWN] = EG_EVENT_MESSAGE_ANSWER_UNKNOWN,
        [EG_ANSWER_CALL] = EG_EVENT_MESSAGE_ANSWER_CALL,
    };
    eg_host *host = user;
    char incident[48], windows_session[16], code[EG_INCIDENT_CODE_SIZE], proposal[128];
    eg_answer_kind kind = EG_ANSWER_UNKNOWN;
    eg_answer_from_name(answer->answer, &kind);
    name_incident(answer->incident_id, incident, sizeof(incident));
    snprintf(windows_session, sizeof(windows_session), "%lu", (unsigned long)answer->session);
    eg_incident_code(answer->incident_id, code);
    snprintf(proposal, sizeof(proposal), EG_EXCEPTION_PROPOSAL, code);
    eg_str values[] = {eg_str_from(incident), answer->user, eg_str_from(windows_session),
                       eg_str_from(proposal)};
    eg_log(EG_LOG_WARNING, "answer", "incident %s: %s by %.*s in session %s", incident,
           eg_answer_names[kind], EG_STR_ARGS(answer->user), windows_session);
    eg_event_source_report(host->events, messages[kind], values, EG_COUNT(values));
}

static int on_resolve(void *user, int64_t incident_id, eg_str who)
{
    eg_host *host = user;
    char incident[48];
    eg_store *store = eg_host_store(host);
    if (!store) {
        return eg_fail(EG_E_IO, "the hit database is not open");
    }
    int status = eg_store_resolve_incident(store, incident_id, eg_clock_utc());
    if (status == EG_OK) {
        eg_atomic_set(&host->stories_changed, 1);
        status = eg_pipeline_thread_close_incident(host->pipeline, incident_id);
    }
    if (status == EG_OK) {
        name_incident(incident_id, incident, sizeof(incident));
        eg_str values[] = {eg_str_from(incident), who};
        eg_log(EG_LOG_WARNING, "answer", "incident %s closed by %.*s", incident, EG_STR_ARGS(who));
        eg_event_source_report(host->events, EG_EVENT_MESSAGE_RESOLVED, values, EG_COUNT(values));
        eg_pipe_server_resolved(host->pipe, incident_id);
    }
    return status;
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

static eg_store *on_get_store(void *user)
{
    return eg_host_store(user);
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

static int on_welcome(void *user, eg_language language, eg_buf *scratch, eg_welcome *out)
{
    eg_host *host = user;
    eg_rules_summary summary;
    eg_rules_summarize(host->rules, &summary);
    int status = eg_buf_append_cstr(scratch, summary.name);
    *out = (eg_welcome){0};
    out->protocol = EG_PROTOCOL_VERSION;
    out->version = EG_STR(EG_VERSION_STRING);
    out->computer = eg_buf_str(&host->computer);
    out->contact = eg_buf_str(&host->settings.contact);
    out->pack = eg_buf_str(scratch);
    out->pack_serial = summary.serial;
    out->rules = summary.loaded;
    out->instructions = eg_buf_str(&host->settings.instructions[language]);
    return status;
}

static int on_status(void *user, eg_buf *json)
{
    eg_host *host = user;
    eg_status_view view = {0};
    view.pid = eg_process_id();
    view.uptime_seconds = (eg_clock_monotonic_ns() - host->start_ns) / 1000000000;
    view.data_folder = eg_buf_cstr(&host->options.paths->data);
    view.database = eg_buf_cstr(&host->options.paths->database);
    view.pipe = host->options.pipe;
    view.settings_error = host->settings_error;
    view.rules = host->rules;
    view.updates = host->updates;
    view.sensors = host->sensors;
    view.clients = &host->clients;
    view.notices = &host->notices;
    view.checks = host->checks;
    view.store = eg_host_store(host);
    view.events = eg_pipeline_thread_events(host->pipeline);
    view.dropped = eg_intake_dropped(host->intake);
    view.forgotten = eg_pipeline_thread_forgotten(host->pipeline);
    eg_hit_keeper_counts_get(host->keeper, &view.hits);
    if (host->files) {
        eg_file_worker_counts(host->files, &view.files, &view.second_pass);
    }
    if (host->scans) {
        eg_scan_queue_counts(eg_scan_thread_queue(host->scans), &view.scans);
    }
    view.last_hit_id = eg_atomic_get(&host->last_hit_id);
    view.last_hit_time = (uint64_t)eg_atomic_get(&host->last_hit_time);
    return eg_status_write(&view, json);
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
                                    HITS_WAITING_MAX,  host, on_stored};
    eg_pipeline_thread_options pipeline = {0};
    eg_baseline_keeper_options baseline = {host, on_get_store, on_resync, on_missed};
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

static int start_pipe(eg_host *host)
{
    eg_pipe_server_options pipe = {0};
    pipe.name = host->options.pipe;
    pipe.max_clients = (size_t)host->settings.max_clients;
    pipe.retry_ms = PIPE_RETRY_MS;
    pipe.newest_hit = eg_atomic_get(&host->last_hit_id);
    pipe.notices = &host->notices;
    pipe.events = host->events;
    pipe.service.clients = &host->clients;
    pipe.service.board = &host->board;
    pipe.service.min_level = host->settings.min_level;
    pipe.service.hello_ms = HELLO_MS;
    pipe.service.send_ms = SEND_MS;
    pipe.service.user = host;
    pipe.service.store = on_get_store;
    pipe.service.welcome = on_welcome;
    pipe.service.status = on_status;
    pipe.service.answered = on_answered;
    pipe.service.resolve = on_resolve;
    pipe.service.except = eg_host_except;
    pipe.service.revoke = eg_host_revoke_exception;
    pipe.service.update = host->updates ? eg_host_update : NULL;
    pipe.service.courier = eg_updates_courier(host->updates);
    pipe.service.check_admin = eg_client_user_check_admin;
    pipe.service.check_interactive = eg_client_user_check_interactive;
    pipe.service.check = host->checks ? eg_host_check : NULL;
    return eg_pipe_server_start(&pipe, &host->pipe);
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
        status = start_pipe(host);
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

/* ---- stop ---- */

static int note_late(int status, int so_far)
{
    if (status != EG_OK) {
        eg_log(EG_LOG_ERROR, "service", "%s", eg_error_message());
        return status;
    }
    return so_far;
}

/* Tells everybody first, so that they end side by side, then waits for each. */
static int end_threads(eg_host *host)
{
    int status = EG_OK;
    uint64_t start = eg_clock_monotonic_ns();
    if (host->sensors) {
        eg_sensors_host_stop(host->sensors);
    }
    if (host->rules) {
        eg_rules_stop(host->rules);
    }
    eg_updates_stop(host->updates);
    if (host->files) {
        eg_file_worker_stop(host->files);
    }
    eg_check_runner_stop(host->checks);
    eg_session_alarm_stop(host->alarm);
    if (host->scans) {
        eg_scan_thread_stop(host->scans);
    }
    if (host->sensors) {
        status = note_late(eg_sensors_host_join(host->sensors, STOP_SENSORS_MS), status);
    }
    if (host->updates) {
        status = note_late(eg_updates_join(host->updates, STOP_UPDATES_MS), status);
    }
    if (host->intake) {
        eg_intake_close(host->intake);
    }
    if (host->pipeline) {
        eg_pipeline_thread_stop(host->pipeline, STOP_PIPELINE_MS / 2);
        status = note_late(eg_pipeline_thread_join(host->pipeline, STOP_PIPELINE_MS), status);
    }
    if (host->files) {
        status = note_late(eg_file_worker_join(host->files, STOP_FILES_MS), status);
    }
    if (host->scans) {
        status = note_late(eg_scan_thread_join(host->scans, STOP_SCANS_MS), status);
    }
    /* After the pipeline: a hit found at the last moment still reaches the trays. */
    if (host->pipe) {
        eg_pipe_server_stop(host->pipe);
        status = note_late(eg_pipe_server_join(host->pipe, STOP_PIPE_MS), status);
    }
    if (host->alarm) {
        status = note_late(eg_session_alarm_join(host->alarm, STOP_ALARM_MS), status);
    }
    if (host->checks) {
        status = note_late(eg_check_runner_join(host->checks, STOP_CHECK_MS), status);
    }
    if (host->rules) {
        uint64_t passed = (eg_clock_monotonic_ns() - start) / 1000000;
        uint32_t left = passed < STOP_ALL_MS ? STOP_ALL_MS - (uint32_t)passed : 0;
        status = note_late(eg_rules_join(host->rules, left), status);
    }
    return status;
}

static void release(eg_host *host)
{
    eg_session_alarm_destroy(host->alarm);
    eg_check_runner_destroy(host->checks);
    eg_pipe_server_destroy(host->pipe);
    eg_sensors_host_destroy(host->sensors);
    eg_pipeline_thread_destroy(host->pipeline);
    eg_file_worker_destroy(host->files);
    eg_scan_thread_destroy(host->scans);
    eg_rules_destroy(host->rules);
    eg_updates_destroy(host->updates);
    eg_buf_done(&host->programs);
    eg_hit_keeper_destroy(host->keeper);
    eg_baseline_keeper_destroy(host->baseline);
    eg_intake_destroy(host->intake);
    eg_store_close(host->store);
    eg_event_source_destroy(host->events);
    eg_log_set_sink(NULL, NULL);
    eg_log_file_close(host->log);
    if (host->lock != INVALID_HANDLE_VALUE) {
        eg_instance_unlock(host->lock);
    }
    eg_board_done(&host->board);
    eg_clients_done(&host->clients);
    eg_notices_done(&host->notices);
    eg_mutex_done(&host->exceptions_lock);
    eg_mutex_done(&host->store_lock);
    eg_settings_done(&host->settings);
    eg_buf_done(&host->computer);
    eg_free(host);
}

int eg_host_stop(eg_host *host)
{
    uint64_t start = eg_clock_monotonic_ns();
    int status = end_threads(host);
    eg_host_store_end(host);
    if (host->log) {
        eg_event_source_report(host->events, EG_EVENT_MESSAGE_STOPPED, NULL, 0);
        eg_log(EG_LOG_INFO, "service", "EmoGuard stopped after %llu ms",
               (unsigned long long)((eg_clock_monotonic_ns() - start) / 1000000));
    }
    if (status == EG_OK) {
        release(host);
    }
    return status;
}
