/* SPDX-License-Identifier: Apache-2.0 */
#include "service/host_internal.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/code.h"
#include "core/version.h"
#include "service/client_user.h"

#include <stdio.h>

#define PIPE_RETRY_MS 5000u
#define HELLO_MS 5000u
#define SEND_MS 5000u

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
        eg_scan_thread_worker(host->scans, &view.worker);
    }
    view.last_hit_id = eg_atomic_get(&host->last_hit_id);
    view.last_hit_time = (uint64_t)eg_atomic_get(&host->last_hit_time);
    return eg_status_write(&view, json);
}

int eg_host_start_pipe(eg_host *host)
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
    pipe.service.store = eg_host_store;
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
