/* SPDX-License-Identifier: Apache-2.0 */
#include "service/host_internal.h"

#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/version.h"
#include "service/harden.h"
#include "service/instance.h"
#include "service/policy.h"

#include <stdio.h>

#define LOCK_WAIT_MS 10000u
#define LOG_BYTES_MAX (4u * 1024 * 1024)
#define LOG_FILES_KEPT 3u
#define LOG_LINES_PER_MINUTE 300u /* of one area */

static int open_folder(eg_host *host, eg_buf *notice)
{
    const eg_paths *paths = host->options.paths;
    int status = eg_paths_secure(paths, notice);
    if (status == EG_OK) {
        /* the one before may have said that it stopped and not be gone */
        status = eg_instance_lock_within(eg_buf_cstr(&paths->lock), LOCK_WAIT_MS, &host->lock);
    }
    if (status == EG_OK) {
        eg_log_file_options log = {eg_buf_cstr(&paths->log), LOG_BYTES_MAX, LOG_FILES_KEPT,
                                   host->options.echo, LOG_LINES_PER_MINUTE};
        status = eg_log_file_open(&log, &host->log);
    }
    if (status == EG_OK) {
        eg_log_set_sink(eg_log_file_write, host->log);
        eg_log(EG_LOG_INFO, "service", "EmoGuard %s starts, data in %s", EG_VERSION_STRING,
               eg_buf_cstr(&paths->data));
        if (notice->len > 0) {
            eg_log(EG_LOG_WARNING, "service", "%s", eg_buf_cstr(notice));
            eg_notices_set(&host->notices, "data_folder", eg_buf_cstr(notice));
        }
        eg_harden_privileges();
        eg_harden_log();
    }
    return status;
}

static void read_settings(eg_host *host)
{
    char text[EG_NOTICE_SIZE + 64];
    const eg_settings_policies policies = {NULL, eg_policy_read};
    if (eg_settings_load(&host->settings, eg_buf_cstr(&host->options.paths->settings), &policies) !=
        EG_OK) {
        snprintf(host->settings_error, sizeof(host->settings_error), "%s", eg_error_message());
        snprintf(text, sizeof(text), "some settings are not used: %s", host->settings_error);
        eg_log(EG_LOG_ERROR, "settings", "%s", text);
        eg_notices_set(&host->notices, "settings", text);
    }
    if (host->settings.by_policy.len > 0) {
        eg_log(EG_LOG_INFO, "settings", "set by group policy: %s",
               eg_buf_cstr(&host->settings.by_policy));
    }
    eg_log_set_level(host->settings.log);
}

static void open_event_log(eg_host *host, const eg_buf *folder_notice)
{
    if (eg_event_source_register(eg_buf_cstr(&host->options.paths->program)) != EG_OK ||
        eg_event_source_create(eg_event_source_system_language(), &host->events) != EG_OK) {
        eg_log(EG_LOG_WARNING, "eventlog", "%s", eg_error_message());
    }
    eg_str version = EG_STR(EG_VERSION_STRING);
    eg_event_source_report(host->events, EG_EVENT_MESSAGE_STARTED, &version, 1);
    if (folder_notice->len > 0) {
        eg_host_report(host, EG_EVENT_MESSAGE_DATA_FOLDER, eg_buf_cstr(folder_notice));
    }
    if (host->settings_error[0]) {
        eg_host_report(host, EG_EVENT_MESSAGE_SETTINGS, host->settings_error);
    }
}

int eg_host_open(eg_host *host)
{
    eg_buf notice;
    eg_buf_init(&notice, 8192);
    int status = open_folder(host, &notice);
    if (status == EG_OK) {
        read_settings(host);
        open_event_log(host, &notice);
        status = eg_host_name(&host->computer);
    }
    if (status == EG_OK) {
        status = eg_host_store_open(host);
    }
    eg_buf_done(&notice);
    return status;
}
