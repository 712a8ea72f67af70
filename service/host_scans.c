/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/log.h"
#include "core/base/status.h"
#include "service/host_internal.h"

/* The pipeline may be asleep: anything in its queue wakes it, and only that takes findings out. */
static void on_found(void *user)
{
    eg_host *host = user;
    eg_event wake;
    eg_event_init(&wake, EG_KIND_OTHER);
    wake.flags = EG_EVENT_WAKE;
    (void)eg_intake_offer(host->intake, &wake);
}

void eg_host_start_scans(eg_host *host)
{
    const eg_scan_thread_options options = {
        .rules = eg_rules_slot(host->rules),
        .cache_file = eg_buf_cstr(&host->options.paths->verdicts),
        .network = host->settings.scan_network_paths,
        .memory = host->settings.scan_memory,
        .user = host,
        .found = on_found,
    };
    if (eg_scan_thread_start(&options, &host->scans) != EG_OK) {
        eg_log(EG_LOG_ERROR, "scan", "files are not scanned: %s", eg_error_message());
    }
    eg_pipeline_thread_use_scans(host->pipeline, eg_scan_thread_queue(host->scans));
}
