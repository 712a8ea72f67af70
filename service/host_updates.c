/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/update/crypto.h"
#include "service/host_internal.h"

#include <stdio.h>

#define META_AGENT_ID "agent_id" /* random, this PC's own for good: its place in rollouts */
#define ID_BYTES 16

static int get_agent_id(eg_host *host, eg_buf *out)
{
    uint8_t bytes[ID_BYTES];
    char text[2 * ID_BYTES + 1];
    eg_store *store = eg_host_store(host);
    if (store && eg_store_get_meta(store, META_AGENT_ID, out) == EG_OK) {
        return EG_OK;
    }
    int status = eg_random_bytes(bytes, sizeof(bytes));
    if (status != EG_OK) {
        return status;
    }
    eg_hex_encode(bytes, sizeof(bytes), text);
    if (store && eg_store_set_meta(store, META_AGENT_ID, eg_str_from(text)) != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "%s", eg_error_message());
    }
    eg_buf_clear(out);
    return eg_buf_append_cstr(out, text);
}

static eg_guard_work scanning(eg_host *host)
{
    eg_scan_counts counts = {0};
    if (host->scans) {
        eg_scan_queue_counts(eg_scan_thread_queue(host->scans), &counts);
    }
    return (eg_guard_work){counts.timed * EG_GUARD_FILE_KIB + counts.timed_bytes / 1024,
                           counts.timed_ns};
}

static void sample(void *user, eg_guard_sample *out)
{
    eg_host *host = user;
    *out = (eg_guard_sample){.time_ns = eg_clock_monotonic_ns(),
                             .hits = eg_pipeline_thread_hits(host->pipeline)};
    out->work[EG_GUARD_MATCHING] = eg_pipeline_thread_matching(host->pipeline);
    out->work[EG_GUARD_SCANNING] = scanning(host);
}

static void post(void *user, const eg_update_state *state)
{
    const eg_message message = {.type = EG_MESSAGE_UPDATE_STATE, .body.update_state = *state};
    eg_host_post(user, &message);
}

static void wake_trays(void *user)
{
    eg_host *host = user;
    eg_pipe_server_wake(host->pipe);
}

static int open_updates(eg_host *host, const char *id, const char *programs)
{
    const eg_updates_options options = {
        .settings = &host->settings,
        .folder = eg_buf_cstr(&host->options.paths->updates),
        .installed = eg_buf_cstr(&host->options.paths->rules),
        .programs = programs,
        .agent_id = eg_str_from(id),
        .notices = &host->notices,
        .events = host->events,
        .user = host,
        .sample = sample,
        .post = post,
        .wake_trays = wake_trays,
    };
    int status = eg_crypto_init();
    return status == EG_OK ? eg_updates_open(&options, &host->updates) : status;
}

static void sources(void *user, eg_rules_sources *out)
{
    eg_host *host = user;
    eg_updates_sources(host->updates, out);
}

static void release(void *user)
{
    eg_host *host = user;
    eg_updates_release(host->updates);
}

void eg_host_open_updates(eg_host *host, eg_rules_options *rules)
{
    char text[EG_NOTICE_SIZE];
    eg_str program = eg_buf_str(&host->options.paths->program);
    size_t name = eg_path_base(program).len;
    eg_buf id;
    eg_buf_init(&id, 120);
    eg_buf_init(&host->programs, program.len + 1);
    int status = eg_buf_append(&host->programs, program.ptr,
                               program.len > name ? program.len - name - 1 : 0);
    if (status == EG_OK) {
        status = get_agent_id(host, &id);
    }
    if (status == EG_OK) {
        status = open_updates(host, eg_buf_cstr(&id), eg_buf_cstr(&host->programs));
    }
    if (status != EG_OK && status != EG_E_NOTFOUND) {
        snprintf(text, sizeof(text), "no rules from repositories: %s", eg_error_message());
        eg_log(EG_LOG_ERROR, "update", "%s", text);
        eg_notices_set(&host->notices, "updates", text);
    }
    if (host->updates) {
        rules->sources = sources;
        rules->release = release;
    }
    eg_buf_done(&id);
}

void eg_host_start_updates(eg_host *host)
{
    if (host->updates && eg_updates_start(host->updates, host->rules) != EG_OK) {
        eg_log(EG_LOG_ERROR, "update", "%s", eg_error_message());
    }
}

void eg_host_update(void *user)
{
    eg_host *host = user;
    eg_updates_wake(host->updates);
}
