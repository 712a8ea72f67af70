/* SPDX-License-Identifier: Apache-2.0 */
#include "service/host_internal.h"

#include "core/base/log.h"
#include "core/base/status.h"

#include <stdio.h>

#define START_MS 600000u /* a PC that was just switched on has enough to do */
#define AGAIN_MS 300000u
#define RETRY_MS 14400000u   /* four hours */
#define SILENCE_MS 1800000u  /* a large file on a slow disk, behind all other programs */
#define LONGEST_MS 43200000u /* twelve hours */
#define STOP_MS 5000u
#define OUTPUT_MAX (UINT64_C(64) * 1024 * 1024)
#define KEY_SIZE 32

static void on_post(void *user, const eg_check_state *state)
{
    eg_host *host = user;
    const eg_message message = {.type = EG_MESSAGE_CHECK_STATE, .body.check_state = *state};
    eg_host_post(host, &message);
}

static void report_done(eg_host *host, const eg_check_state *state)
{
    static const eg_event_message messages[EG_VERDICT_COUNT] = {
        [EG_VERDICT_NONE] = EG_EVENT_MESSAGE_CHECK_GAPS,
        [EG_VERDICT_NOTHING_FOUND] = EG_EVENT_MESSAGE_CHECK_CLEAN,
        [EG_VERDICT_SUSPICIOUS] = EG_EVENT_MESSAGE_CHECK_SUSPICIOUS,
        [EG_VERDICT_COULD_NOT_LOOK] = EG_EVENT_MESSAGE_CHECK_GAPS,
    };
    char number[16];
    bool suspicious = state->verdict == EG_VERDICT_SUSPICIOUS;
    (void)snprintf(number, sizeof(number), "%lu",
                   (unsigned long)(suspicious ? state->findings : state->gaps));
    eg_str values[] = {state->report, eg_str_from(number)};
    eg_event_source_report(host->events, messages[state->verdict], values, EG_COUNT(values));
    eg_log(suspicious ? EG_LOG_WARNING : EG_LOG_INFO, "check",
           "%s: %lu suspicious, %lu not looked at, report %.*s", eg_verdict_names[state->verdict],
           (unsigned long)state->findings, (unsigned long)state->gaps, EG_STR_ARGS(state->report));
}

static void on_ended(void *user, const eg_check_state *state)
{
    eg_host *host = user;
    if (state->state == EG_JOB_DONE) {
        report_done(host, state);
    } else if (state->state == EG_JOB_FAILED) {
        eg_event_source_report(host->events, EG_EVENT_MESSAGE_CHECK_FAILED, &state->error, 1);
        eg_log(EG_LOG_ERROR, "check", "%.*s", EG_STR_ARGS(state->error));
    } else {
        eg_log(EG_LOG_INFO, "check", "stopped before its end");
    }
}

static int open_store(eg_host *host, const char *name, eg_store **store, char key[KEY_SIZE])
{
    *store = eg_host_store(host);
    (void)snprintf(key, KEY_SIZE, "check.%s", name);
    return *store ? EG_OK : eg_fail(EG_E_IO, "the hit database is not open");
}

static int on_keep(void *user, const char *name, eg_str value)
{
    char key[KEY_SIZE];
    eg_store *store;
    int status = open_store(user, name, &store, key);
    return status == EG_OK ? eg_store_set_meta(store, key, value) : status;
}

static int on_recall(void *user, const char *name, eg_buf *value)
{
    char key[KEY_SIZE];
    eg_store *store;
    int status = open_store(user, name, &store, key);
    return status == EG_OK ? eg_store_get_meta(store, key, value) : status;
}

void eg_host_check(void *user, eg_check_action action)
{
    eg_host *host = user;
    eg_check_runner_ask(host->checks, action);
}

void eg_host_checks_start(eg_host *host)
{
    const eg_paths *paths = host->options.paths;
    eg_check_runner_options options = {0};
    options.program = eg_buf_cstr(&paths->checker);
    options.rules = eg_buf_cstr(&paths->rules);
    options.reports = eg_buf_cstr(&paths->reports);
    options.language = eg_language_code(eg_event_source_system_language());
    options.schedule = host->settings.checks;
    /* Always the same for one PC, so that a restart brings no second moment. */
    options.spread_seconds =
        (uint32_t)(eg_str_hash(eg_buf_str(&host->computer)) % EG_CHECK_SPREAD_SECONDS);
    options.start_ms = START_MS;
    options.again_ms = AGAIN_MS;
    options.retry_ms = RETRY_MS;
    options.silence_ms = SILENCE_MS;
    options.longest_ms = LONGEST_MS;
    options.stop_ms = STOP_MS;
    options.output_max = OUTPUT_MAX;
    options.user = host;
    options.post = on_post;
    options.ended = on_ended;
    options.keep = on_keep;
    options.recall = on_recall;
    if (eg_check_runner_start(&options, &host->checks) != EG_OK) {
        eg_log(EG_LOG_ERROR, "check", "this PC cannot be checked: %s", eg_error_message());
    }
}
