/* SPDX-License-Identifier: Apache-2.0 */
#include "service/host_internal.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "service/instance.h"

/* The parts of a stop, and all of it: the service has 3 s. */
#define STOP_ALL_MS 2800u
#define STOP_SENSORS_MS 1000u /* twice what the end of an ETW session takes at most */
#define STOP_PIPE_MS 500u
#define STOP_ALARM_MS 300u
#define STOP_CHECK_MS 300u
#define STOP_FILES_MS 300u
#define STOP_PIPELINE_MS 900u
#define STOP_SCANS_MS 300u
#define STOP_UPDATES_MS 800u

static int note_late(int status, int so_far)
{
    if (status != EG_OK) {
        eg_log(EG_LOG_ERROR, "service", "%s", eg_error_message());
        return status;
    }
    return so_far;
}

/* What a part may take of what is left of the whole. */
static uint32_t at_most(uint32_t milliseconds, uint64_t start)
{
    uint64_t passed = (eg_clock_monotonic_ns() - start) / 1000000;
    uint32_t left = passed < STOP_ALL_MS ? STOP_ALL_MS - (uint32_t)passed : 0;
    return milliseconds < left ? milliseconds : left;
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
        status =
            note_late(eg_sensors_host_join(host->sensors, at_most(STOP_SENSORS_MS, start)), status);
    }
    if (host->updates) {
        status = note_late(eg_updates_join(host->updates, at_most(STOP_UPDATES_MS, start)), status);
    }
    if (host->intake) {
        eg_intake_close(host->intake);
    }
    if (host->pipeline) {
        eg_pipeline_thread_stop(host->pipeline, STOP_PIPELINE_MS / 2);
        status = note_late(
            eg_pipeline_thread_join(host->pipeline, at_most(STOP_PIPELINE_MS, start)), status);
    }
    if (host->files) {
        status = note_late(eg_file_worker_join(host->files, at_most(STOP_FILES_MS, start)), status);
    }
    if (host->scans) {
        status = note_late(eg_scan_thread_join(host->scans, at_most(STOP_SCANS_MS, start)), status);
    }
    /* After the pipeline: a hit found at the last moment still reaches the trays. */
    if (host->pipe) {
        eg_pipe_server_stop(host->pipe);
        status = note_late(eg_pipe_server_join(host->pipe, STOP_PIPE_MS), status);
    }
    if (host->alarm) {
        status =
            note_late(eg_session_alarm_join(host->alarm, at_most(STOP_ALARM_MS, start)), status);
    }
    if (host->checks) {
        status =
            note_late(eg_check_runner_join(host->checks, at_most(STOP_CHECK_MS, start)), status);
    }
    if (host->rules) {
        status = note_late(eg_rules_join(host->rules, at_most(STOP_ALL_MS, start)), status);
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
