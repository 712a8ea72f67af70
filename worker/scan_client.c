/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/scan_client.h"

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/yara/scan_wire.h"
#include "worker/scan_child.h"
#include "worker/scan_talk.h"

#include <stdio.h>
#include <string.h>

#define SUSPECTS_MAX 256
#define STOPS_MAX 2 /* of a child by one content */
#define GRACE_SECONDS 5
#define RETRY_FIRST_MS 1000u /* of a start that failed */
#define RETRY_MOST_MS 60000u
#define SECOND UINT64_C(1000000000)
#define NOBODY ((intptr_t)-1)

/* Content that stopped a child. */
typedef struct suspect {
    eg_file_identity content;
    unsigned stops;
} suspect;

struct eg_scan_client {
    eg_scan_client_options options; /* its sources are ours */
    eg_arena *arena;                /* of the sources */
    eg_scanner_in_process *here;    /* where there is no worker */
    eg_scan_child *child;
    eg_scan_talk talk;
    uint64_t fingerprint;
    uint64_t next_start; /* not before */
    uint32_t failed_starts;
    eg_backoff backoff;
    char start_reason[EG_SCAN_TEXT_MAX];
    suspect suspects[SUSPECTS_MAX];
    size_t suspect_count, oldest_suspect;
    eg_atomic stopped;
    eg_mutex lock; /* of the counts */
    eg_scan_client_counts counts;
};

/* One job while it is done. */
typedef struct one_job {
    const eg_scan_job *job;
    intptr_t handle;          /* NOBODY: bytes */
    eg_file_identity content; /* of the file; else made up of what is known */
    eg_file_report *report;
} one_job;

/* ---- life ---- */

static int copy_sources(eg_scan_client *client)
{
    const eg_yara_source *from = client->options.sources;
    size_t count = client->options.source_count;
    int status = eg_arena_create(&client->arena, (size_t)256 * 1024);
    if (status != EG_OK) {
        return status;
    }
    eg_yara_source *to = eg_arena_alloc(client->arena, (count + 1) * sizeof(*to));
    if (!to) {
        return EG_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const char *file = from[i].file ? from[i].file : "";
        to[i].file = eg_arena_copy(client->arena, file, strlen(file));
        to[i].text.ptr = eg_arena_copy(client->arena, from[i].text.ptr, from[i].text.len);
        to[i].text.len = from[i].text.len;
        if (!to[i].file || !to[i].text.ptr) {
            return EG_E_NOMEM;
        }
    }
    client->options.sources = to;
    return EG_OK;
}

static int make_scanner(eg_scan_client *client)
{
    const eg_scan_client_options *o = &client->options;
    int status = eg_scan_child_create(o->program, o->memory_bytes, &client->child);
    if (status == EG_E_UNSUPPORTED) {
        status = !o->rules ? EG_OK
                           : eg_scanner_in_process_create(o->engine, o->rules, o->cache, &o->limits,
                                                          &client->here);
    }
    return status == EG_OK ? copy_sources(client) : status;
}

static void fill_defaults(eg_scan_client_options *options)
{
    if (options->job_seconds == 0) {
        options->job_seconds = EG_SCAN_JOB_SECONDS;
    }
    if (options->start_seconds == 0) {
        options->start_seconds = EG_SCAN_START_SECONDS;
    }
    if (options->memory_bytes == 0) {
        options->memory_bytes = EG_SCAN_MEMORY_BYTES;
    }
    if (options->process_bytes == 0) {
        options->process_bytes = options->limits.bytes;
    }
}

int eg_scan_client_create(const eg_scan_client_options *options, eg_scan_client **out)
{
    eg_scan_client *client = eg_alloc_zero(1, sizeof(*client));
    if (!client) {
        return EG_E_NOMEM;
    }
    client->options = *options;
    fill_defaults(&client->options);
    client->backoff = (eg_backoff){.first_ms = RETRY_FIRST_MS, .most_ms = RETRY_MOST_MS};
    int status = eg_mutex_init(&client->lock);
    if (status != EG_OK) {
        eg_free(client);
        return status;
    }
    eg_scan_talk_init(&client->talk);
    client->fingerprint = options->rules ? options->engine->fingerprint(options->rules) : 0;
    status = make_scanner(client);
    if (status != EG_OK) {
        eg_scan_client_destroy(client);
        return status;
    }
    client->talk.child = client->child;
    *out = client;
    return EG_OK;
}

void eg_scan_client_destroy(eg_scan_client *client)
{
    if (client) {
        eg_scan_child_destroy(client->child);
        eg_scanner_in_process_destroy(client->here);
        eg_scan_talk_done(&client->talk);
        eg_arena_destroy(client->arena);
        eg_mutex_done(&client->lock);
        eg_free(client);
    }
}

void eg_scan_client_stop(eg_scan_client *client)
{
    eg_atomic_set(&client->stopped, 1);
    if (client->child) {
        eg_scan_child_stop(client->child);
    }
}

/* ---- counts ---- */

void eg_scan_client_counts_get(eg_scan_client *client, eg_scan_client_counts *out)
{
    eg_mutex_lock(&client->lock);
    *out = client->counts;
    eg_mutex_unlock(&client->lock);
    if (client->child) {
        out->child_bytes_peak = eg_scan_child_bytes_peak(client->child);
    }
}

static void count_report(eg_scan_client *client, const eg_file_report *report)
{
    eg_mutex_lock(&client->lock);
    client->counts.scanned += report->verdict != EG_FILE_NOT_LOOKED || report->bytes > 0;
    client->counts.suspicious += report->verdict == EG_FILE_SUSPICIOUS;
    client->counts.not_looked[report->gap] += report->gap != EG_GAP_NONE;
    eg_mutex_unlock(&client->lock);
}

static void count_one(eg_scan_client *client, uint64_t *counter)
{
    eg_mutex_lock(&client->lock);
    ++*counter;
    eg_mutex_unlock(&client->lock);
}

/* ---- what stopped a child ---- */

static suspect *find_suspect(eg_scan_client *client, const eg_file_identity *content)
{
    for (size_t i = 0; i < client->suspect_count; i++) {
        if (eg_file_identity_equal(&client->suspects[i].content, content)) {
            return &client->suspects[i];
        }
    }
    return NULL;
}

/* How often it did so, this time included. */
static unsigned remember_stop(eg_scan_client *client, const eg_file_identity *content)
{
    suspect *known = find_suspect(client, content);
    if (!known && client->suspect_count < SUSPECTS_MAX) {
        known = &client->suspects[client->suspect_count++];
        *known = (suspect){*content, 0};
    } else if (!known) {
        known = &client->suspects[client->oldest_suspect++ % SUSPECTS_MAX];
        *known = (suspect){*content, 0};
    }
    return ++known->stops;
}

/* ---- the child ---- */

static int start_child(eg_scan_client *client)
{
    const eg_scan_client_options *o = &client->options;
    uint64_t deadline = eg_clock_monotonic_ns() + o->start_seconds * SECOND;
    count_one(client, &client->counts.starts);
    int status = eg_scan_child_start(client->child, deadline);
    if (status == EG_OK) {
        status = eg_scan_talk_sources(&client->talk, o->sources, o->source_count, &o->limits, NULL,
                                      deadline);
    }
    const eg_scan_answer *answer = &client->talk.answer;
    if (status == EG_OK && (answer->status != EG_OK || answer->fingerprint != client->fingerprint ||
                            answer->rule_count != o->engine->rule_count(o->rules))) {
        status = eg_fail(EG_E_INVALID, "the scanner compiled other rules than we did%s%s",
                         answer->text[0] ? ": " : "", answer->text);
    }
    return status;
}

static void set_down(eg_scan_client *client, bool down)
{
    eg_mutex_lock(&client->lock);
    client->counts.down = down;
    eg_mutex_unlock(&client->lock);
}

static void note_failed_start(eg_scan_client *client)
{
    eg_utf8_copy(client->start_reason, sizeof(client->start_reason),
                 eg_str_from(eg_error_message()));
    client->failed_starts++;
    if (eg_log_is_due(client->failed_starts)) {
        eg_log(EG_LOG_ERROR, "scan", "the scanner could not be started, %u times in a row: %s",
               (unsigned)client->failed_starts, client->start_reason);
    }
    eg_scan_child_end(client->child);
    set_down(client, true);
    client->next_start = eg_deadline_after(eg_backoff_next(&client->backoff));
}

/* EG_E_UNSUPPORTED when there is none now, with the reason. */
static int need_child(eg_scan_client *client)
{
    int status = EG_OK;
    if (eg_scan_child_runs(client->child)) {
        return EG_OK;
    }
    if (eg_clock_monotonic_ns() >= client->next_start) {
        status = start_child(client);
        if (status == EG_OK) {
            client->failed_starts = 0;
            eg_backoff_reset(&client->backoff);
            set_down(client, false);
            return EG_OK;
        }
        if (status == EG_E_CLOSED || status == EG_E_NOMEM) {
            eg_scan_child_end(client->child);
            return status;
        }
        note_failed_start(client);
    }
    return eg_fail(EG_E_UNSUPPORTED, "the scanner could not be started: %s", client->start_reason);
}

int eg_scan_client_start(eg_scan_client *client)
{
    return client->here ? EG_OK : need_child(client);
}

/* ---- one job ---- */

static int ask(eg_scan_client *client, const one_job *one)
{
    static const eg_scan_verb verbs[] = {EG_SCAN_LOOK_FILE, EG_SCAN_LOOK_BYTES,
                                         EG_SCAN_LOOK_MEMORY};
    const eg_scan_client_options *o = &client->options;
    const eg_scan_rules rules = {o->engine, o->rules};
    const eg_scan_job *job = one->job;
    bool is_memory = job->kind == EG_SCAN_PROCESS;
    eg_scan_request request = {
        .verb = verbs[job->kind],
        .seconds = o->job_seconds,
        .byte_limit = o->process_bytes,
        .facts = job->facts,
    };
    uint64_t deadline = eg_clock_monotonic_ns() + (o->job_seconds + GRACE_SECONDS) * SECOND;
    if (job->kind == EG_SCAN_BYTES) {
        request.bytes = job->bytes;
        request.bytes.len = job->bytes.len < o->limits.bytes ? job->bytes.len : o->limits.bytes;
    } else {
        int status = eg_scan_child_lend(client->child, one->handle, !is_memory, &request.handle);
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_scan_talk_job(&client->talk, &request, &rules, deadline);
}

static void take_answer(eg_scan_client *client, const one_job *one)
{
    const eg_scan_answer *answer = &client->talk.answer;
    if (answer->status == EG_OK) {
        *one->report = answer->report;
    } else {
        eg_file_report_gap(one->report,
                           answer->status == EG_E_TIMEOUT ? EG_GAP_TOO_SLOW : EG_GAP_ENGINE,
                           answer->text[0] ? answer->text : eg_status_name(answer->status));
    }
    if (one->job->kind == EG_SCAN_BYTES && one->job->bytes.len > client->options.limits.bytes) {
        eg_file_report_gap(one->report, EG_GAP_TOO_LARGE, "only the first part was looked at");
    }
}

static eg_file_gap gap_of(int status)
{
    switch (status) {
    case EG_E_TIMEOUT: return EG_GAP_TOO_SLOW;
    case EG_E_LIMIT: return EG_GAP_ENGINE;
    default: return EG_GAP_WORKER;
    }
}

/* The child is of no use any more. False when the job is to be tried once more. */
static bool note_stop(eg_scan_client *client, const one_job *one, int status)
{
    char text[EG_FILE_SCAN_REASON_MAX];
    unsigned stops = remember_stop(client, &one->content);
    bool is_over = stops >= STOPS_MAX || status == EG_E_TIMEOUT || status == EG_E_LIMIT;
    eg_scan_child_end(client->child);
    count_one(client, &client->counts.stops);
    (void)snprintf(text, sizeof(text), "%s%s", eg_error_message(),
                   stops >= STOPS_MAX ? "; it has stopped the scanner twice" : "");
    eg_log(EG_LOG_WARNING, "scan", "%.*s: %s", EG_STR_ARGS(one->job->path), text);
    if (is_over) {
        eg_file_report_gap(one->report, gap_of(status), text);
    }
    return is_over;
}

/* EG_OK with a report; EG_E_NOMEM, EG_E_CLOSED. */
static int look(eg_scan_client *client, const one_job *one)
{
    const suspect *known = find_suspect(client, &one->content);
    if (known && known->stops >= STOPS_MAX) {
        count_one(client, &client->counts.skipped);
        eg_file_report_gap(one->report, EG_GAP_WORKER, "it stopped the scanner twice");
        return EG_OK;
    }
    for (;;) {
        int status = need_child(client);
        if (status == EG_E_UNSUPPORTED) {
            eg_file_report_gap(one->report, EG_GAP_WORKER, eg_error_message());
            return EG_OK;
        }
        if (status == EG_OK) {
            status = ask(client, one);
        }
        if (status == EG_OK) {
            take_answer(client, one);
            return EG_OK;
        }
        if (status == EG_E_NOMEM || status == EG_E_CLOSED) {
            eg_scan_child_end(client->child); /* it may still have half a message */
            return status;
        }
        if (note_stop(client, one, status)) {
            return EG_OK;
        }
    }
}

/* ---- what is looked at ---- */

static int look_at_file(eg_scan_client *client, one_job *one)
{
    eg_verdict_cache *cache = client->options.cache;
    eg_verdict_key key = {.facts = eg_file_facts_hash(&one->job->facts)};
    eg_file_identity after;
    int status = eg_scan_child_open_file(one->job->path, client->options.network, &one->handle);
    if (status == EG_OK) {
        status = eg_handle_identify(one->handle, "the file", &key.file);
    }
    if (status != EG_OK) {
        return eg_file_report_failure(one->report, status);
    }
    if (cache && eg_verdict_cache_is_clean(cache, client->fingerprint, &key)) {
        one->report->from_cache = true;
        return EG_OK;
    }
    one->content = key.file;
    status = look(client, one);
    if (status == EG_OK && cache && one->report->verdict == EG_FILE_CLEAN &&
        eg_handle_identify(one->handle, "the file", &after) == EG_OK &&
        eg_file_identity_equal(&key.file, &after)) {
        eg_verdict_cache_add_clean(cache, client->fingerprint, &key);
    }
    return status;
}

static int look_at_process(eg_scan_client *client, one_job *one)
{
    const eg_scan_job *job = one->job;
    int status = eg_scan_child_open_process(job->process_id, job->created, &one->handle);
    if (status != EG_OK) {
        return eg_file_report_failure(one->report, status);
    }
    one->content = (eg_file_identity){.id = {job->process_id, 1}, .written = job->created};
    return look(client, one);
}

static int look_at_bytes(eg_scan_client *client, one_job *one)
{
    one->content =
        (eg_file_identity){.id = {eg_str_hash(one->job->bytes), 2}, .size = one->job->bytes.len};
    return look(client, one);
}

static int scan_with_client(void *user, const eg_scan_job *job, eg_file_report *out)
{
    eg_scan_client *client = user;
    one_job one = {.job = job, .handle = NOBODY, .report = out};
    int status;
    if (eg_atomic_get(&client->stopped)) {
        return eg_fail(EG_E_CLOSED, "the scanner was stopped");
    }
    memset(out, 0, sizeof(*out));
    if (client->here) {
        eg_scanner here = eg_scanner_in_process_scanner(client->here);
        status = here.scan(here.user, job, out);
    } else if (job->kind == EG_SCAN_FILE) {
        status = look_at_file(client, &one);
    } else if (job->kind == EG_SCAN_BYTES) {
        status = look_at_bytes(client, &one);
    } else {
        status = look_at_process(client, &one);
    }
    if (one.handle != NOBODY) {
        eg_scan_child_close(one.handle);
    }
    if (status == EG_OK) {
        count_report(client, out);
    }
    return status;
}

eg_scanner eg_scan_client_scanner(eg_scan_client *client)
{
    return (eg_scanner){client, scan_with_client};
}

/* ---- compiling only ---- */

static int try_in_child(eg_scan_client *client, const eg_yara_report *report)
{
    const eg_scan_client_options *o = &client->options;
    uint64_t deadline = eg_clock_monotonic_ns() + o->start_seconds * SECOND;
    int status = eg_scan_child_start(client->child, deadline);
    if (status == EG_OK) {
        status = eg_scan_talk_sources(&client->talk, o->sources, o->source_count, NULL, report,
                                      deadline);
    }
    eg_scan_child_end(client->child);
    if (status == EG_OK && client->talk.answer.status != EG_OK) {
        status = eg_fail(client->talk.answer.status, "%s", client->talk.answer.text);
    } else if (status == EG_OK && client->talk.errors > 0) {
        status =
            eg_fail(EG_E_INVALID, "%lu errors in rule files", (unsigned long)client->talk.errors);
    }
    return status;
}

int eg_scan_client_try(eg_scan_client *client, const eg_yara_report *report)
{
    const eg_scan_client_options *o = &client->options;
    if (eg_atomic_get(&client->stopped)) {
        return eg_fail(EG_E_CLOSED, "the scanner was stopped");
    }
    return client->child ? try_in_child(client, report)
                         : eg_scan_try_here(o->engine, o->sources, o->source_count, report);
}
