/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process sensor: starts and stops, from the best source that can be had. Sources are tried in
 * the order ETW, WMI, polling. One that fails, also later and because somebody stopped it, is left
 * alone for a while that doubles each time; the next one covers meanwhile, and what changed in
 * between is found by comparing with the process list. The same while one takes long to open.
 */
#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/process_source.h"

#include <string.h>

enum {
    SOURCE_COUNT = 3,
    RETRY_FIRST_MS = 250,
    RETRY_REFUSED_MS = 30 * 1000, /* after a refusal, which seldom lasts for a moment only */
    RETRY_MOST_MS = 5 * 60 * 1000,
    OPENING_MS = 1000,     /* between two looks at a source that takes long to open */
    STEADY_MS = 60 * 1000, /* a source that ran this long starts over with its retries */
    REASON_SIZE = 512,
};

static const eg_process_source *const best_first[SOURCE_COUNT] = {
    &eg_process_source_etw,
    &eg_process_source_wmi,
    &eg_process_source_poll,
};

/* When a source may be tried again. */
typedef struct retry {
    uint64_t at; /* monotonic nanoseconds */
    eg_backoff backoff;
    uint32_t failures; /* in a row */
} retry;

typedef struct process_sensor {
    eg_sink sink;
    const eg_process_source *const *sources;
    eg_process_feed *feed;
    HANDLE stop;
    retry retries[SOURCE_COUNT];
    void *opened[SOURCE_COUNT]; /* the source that runs, and better ones still being opened */
    size_t reported;            /* index of the source last reported, SOURCE_COUNT for none */
    bool starting;              /* none was reported yet */
    char reason[REASON_SIZE];   /* why no better source runs */
} process_sensor;

static void process_close(void *context)
{
    process_sensor *sensor = context;
    if (sensor) {
        eg_process_feed_destroy(sensor->feed);
        if (sensor->stop) {
            CloseHandle(sensor->stop);
        }
        eg_free(sensor);
    }
}

static int process_open(void **context, const eg_sink *sink)
{
    process_sensor *sensor = eg_alloc_zero(1, sizeof(*sensor));
    if (!sensor) {
        return EG_E_NOMEM;
    }
    sensor->sink = *sink;
    sensor->sources = best_first;
    sensor->reported = SOURCE_COUNT;
    sensor->starting = true;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        sensor->retries[i].backoff =
            (eg_backoff){.first_ms = RETRY_FIRST_MS, .most_ms = RETRY_MOST_MS};
    }
    sensor->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    int status = sensor->stop ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = eg_process_feed_create(&sensor->feed, sink);
    }
    if (status != EG_OK) {
        process_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

static void report_failure(process_sensor *sensor, size_t index, uint32_t least_ms)
{
    retry *at = &sensor->retries[index];
    eg_backoff_at_least(&at->backoff, least_ms);
    uint32_t pause_ms = eg_backoff_next(&at->backoff);
    at->failures++;
    if (eg_log_is_due(at->failures)) {
        eg_log(EG_LOG_WARNING, "process", "source %s: %s; failure %u in a row, next try in %u ms",
               sensor->sources[index]->name, eg_error_message(), (unsigned)at->failures,
               (unsigned)pause_ms);
    }
    at->at = eg_deadline_after(pause_ms);
    /* the best source's own words say most; those of the fallbacks only follow from them */
    if (index == 0) {
        size_t size = strlen(eg_error_message());
        size = size < REASON_SIZE - 1 ? size : REASON_SIZE - 1;
        memcpy(sensor->reason, eg_error_message(), size);
        sensor->reason[size] = '\0';
    }
    /* the next source may take minutes to answer: until then this is what is known */
    if (sensor->starting) {
        sensor->sink.health(sensor->sink.user, "process", EG_SENSOR_STARTING,
                            sensor->sources[index]->name, eg_error_message());
    }
}

static void report_health(process_sensor *sensor, size_t index)
{
    const eg_process_source *source = sensor->sources[index];
    if (sensor->reported == index) {
        return;
    }
    sensor->reported = index;
    sensor->starting = false;
    if (!source->detail) {
        return;
    }
    eg_buf detail;
    eg_buf_init(&detail, 2 * REASON_SIZE);
    eg_buf_append_cstr(&detail, source->detail);
    if (index > 0 && sensor->reason[0] != '\0') {
        eg_buf_appendf(&detail, " (ETW: %s)", sensor->reason);
    }
    for (size_t i = 0; i < index; i++) {
        if (sensor->opened[i]) {
            eg_buf_appendf(&detail, "; no answer yet from source %s", sensor->sources[i]->name);
        }
    }
    sensor->sink.health(sensor->sink.user, "process", source->health, source->name,
                        eg_buf_cstr(&detail));
    eg_buf_done(&detail);
}

/* Milliseconds until one of the sources before `index` may be tried again. */
static uint32_t until_better(const process_sensor *sensor, size_t index)
{
    uint64_t now = eg_clock_monotonic_ns();
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < index; i++) {
        if (sensor->retries[i].at < first) {
            first = sensor->retries[i].at;
        }
    }
    if (first == UINT64_MAX) {
        return EG_FOREVER;
    }
    return first > now ? (uint32_t)((first - now) / 1000000) + 1 : 1;
}

/* Runs one source until the sensor stops, the source fails, or a better one is due again. */
static void run_source(process_sensor *sensor, size_t index)
{
    uint64_t begin = eg_clock_monotonic_ns();
    report_health(sensor, index);
    int status = sensor->sources[index]->run(sensor->opened[index], until_better(sensor, index));
    if (eg_clock_monotonic_ns() - begin >= (uint64_t)STEADY_MS * 1000000) {
        eg_backoff_reset(&sensor->retries[index].backoff);
        sensor->retries[index].failures = 0;
    }
    if (status != EG_OK && status != EG_E_TIMEOUT) {
        report_failure(sensor, index, RETRY_FIRST_MS);
    }
}

/* Closes the sources from `first` on. */
static void close_sources(process_sensor *sensor, size_t first)
{
    for (size_t i = first; i < SOURCE_COUNT; i++) {
        if (sensor->opened[i]) {
            sensor->sources[i]->close(sensor->opened[i]);
            sensor->opened[i] = NULL;
        }
    }
}

static bool open_source(process_sensor *sensor, size_t index)
{
    bool waited = sensor->opened[index] != NULL;
    int status = sensor->sources[index]->open(&sensor->opened[index], sensor->feed, sensor->stop);
    if (status == EG_OK) {
        return true;
    }
    if (status == EG_E_TIMEOUT && sensor->opened[index]) {
        sensor->retries[index].at = eg_deadline_after(OPENING_MS);
        return false;
    }
    /* behind the last one there is nothing: it is tried again soon */
    report_failure(sensor, index, index + 1 < SOURCE_COUNT ? RETRY_REFUSED_MS : RETRY_FIRST_MS);
    if (waited) {
        sensor->reported = SOURCE_COUNT; /* the health told so far names it as awaited */
    }
    return false;
}

/* One round over the sources: the first that opens runs. False when none did. */
static bool run_best(process_sensor *sensor)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (sensor->retries[i].at <= eg_clock_monotonic_ns() && open_source(sensor, i)) {
            close_sources(sensor, i + 1);
            run_source(sensor, i);
            sensor->sources[i]->close(sensor->opened[i]);
            sensor->opened[i] = NULL;
            return true;
        }
    }
    return false;
}

static int process_run(void *context)
{
    process_sensor *sensor = context;
    while (WaitForSingleObject(sensor->stop, 0) == WAIT_TIMEOUT) {
        if (!run_best(sensor)) {
            sensor->reported = SOURCE_COUNT;
            sensor->starting = false;
            sensor->sink.health(sensor->sink.user, "process", EG_SENSOR_BLIND, "none",
                                eg_error_message());
            WaitForSingleObject(sensor->stop, RETRY_FIRST_MS);
        }
    }
    close_sources(sensor, 0);
    return EG_OK;
}

static void process_stop(void *context)
{
    process_sensor *sensor = context;
    SetEvent(sensor->stop);
}

static int process_snapshot(void *context)
{
    process_sensor *sensor = context;
    return eg_process_feed_snapshot(sensor->feed, sensor->stop);
}

const eg_sensor eg_hook_process = {
    .name = "process",
    .what = "programs that start and stop, with command line, user and version",
    .open = process_open,
    .run = process_run,
    .stop = process_stop,
    .close = process_close,
    .snapshot = process_snapshot,
};
