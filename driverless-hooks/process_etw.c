/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The best of the process sources: the kernel's own records, also of processes that are gone before
 * anyone can look. Two sessions tell of each start: the private system logger (command line, user)
 * and Kernel-Process in the session that all sensors share (full path, integrity, exact times). The
 * first is what this source stands on; without the second it goes on with less, and says so.
 *
 * The sessions' threads copy into one ring, the sensor's thread reads it. When much waits there the
 * running system is asked for nothing that the records have, so that a burst is told in full.
 */
#include "driverless-hooks/process_etw.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/agent_event.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/decode/process_reader.h"
#include "driverless-hooks/etw/session.h"
#include "driverless-hooks/provider_session.h"

#include <inttypes.h>

enum {
    HURRY_SIZE = 256 * 1024, /* waiting in the ring, some 500 starts: no time to look at each */
    CHECK_MS = 10 * 1000,    /* losses, tampering */
    RESYNC_MS = 60 * 1000,   /* comparing with the process list */
    SETTLED_MS = 3 * 1000,   /* longer than eg_process_feed_resync spares what is young */
    PROVIDER_CHECK_MS = 1000,
    PROVIDER_RETRY_FIRST_MS = 30 * 1000,
    PROVIDER_RETRY_MOST_MS = 10 * 60 * 1000,
    NAME_BYTES_MAX = 1024,
    REASON_SIZE = 256,
};

static const uint16_t process_ids[] = {1, 2, 15, 0}; /* start, stop, running */
static const eg_provider kernel_process = {
    .name = "Microsoft-Windows-Kernel-Process",
    .guid = EG_ETW_PROVIDER_KERNEL_PROCESS,
    .level = 4,
    .any_keyword = 0x10, /* processes alone: no threads, no images */
    .ids = process_ids,
    .running_state = true,
};

typedef struct etw_source {
    eg_process_feed *feed;
    HANDLE stop;
    eg_process_reader *reader;
    eg_etw_session *session;
    eg_event_text text;
    uint64_t lost;                    /* as last reported */
    uint64_t checked_at, resynced_at; /* monotonic */
    bool resync_due;                  /* something was lost */
    uint32_t resync_ms;               /* until the next comparing */
    /* the second session */
    eg_provider_feed *provider; /* NULL while it could not be joined */
    bool provider_runs;
    bool provider_told;             /* whether it runs was reported */
    uint64_t provider_at;           /* when to look after it, monotonic */
    uint32_t provider_retry_ms;     /* until it is joined again */
    char provider_why[REASON_SIZE]; /* it does not run */
} etw_source;

static uint64_t after(uint32_t milliseconds)
{
    return eg_clock_monotonic_ns() + (uint64_t)milliseconds * 1000000;
}

static bool passed(uint64_t since, uint32_t milliseconds)
{
    return eg_clock_monotonic_ns() - since >= (uint64_t)milliseconds * 1000000;
}

/* ---- what the sessions tell ---- */

static void on_record(void *user, const eg_etw_record *record)
{
    etw_source *source = user;
    eg_etw_ring_push(eg_process_reader_ring(source->reader), record); /* counts what has no room */
}

static void on_alarm(void *user)
{
    etw_source *source = user;
    eg_etw_ring_wake(eg_process_reader_ring(source->reader));
}

static void on_tampered(void *user, const char *what)
{
    etw_source *source = user;
    eg_agent_event_emit(eg_process_feed_sink(source->feed), "process", EG_AGENT_SESSION_TAMPERED, 1,
                        what);
}

/* The kernel wrote the name in the machine's code page, which the portable decoder cannot know. */
static eg_str image_text(etw_source *source, eg_etw_span name)
{
    WCHAR units[NAME_BYTES_MAX];
    int size = name.size < NAME_BYTES_MAX ? (int)name.size : NAME_BYTES_MAX;
    int count =
        MultiByteToWideChar(CP_ACP, 0, (const char *)name.bytes, size, units, NAME_BYTES_MAX);
    if (size == 0 || count <= 0) {
        return EG_STR_NONE;
    }
    return eg_event_text_utf16le(&source->text, units, (size_t)count * sizeof(WCHAR));
}

static void on_event(void *user, eg_event *event, const eg_process_pair *pair)
{
    etw_source *source = user;
    eg_str sid = EG_STR_NONE;
    if (pair->kernel) {
        const eg_etw_process *process = &pair->kernel->decoded.as.process;
        sid = (eg_str){(const char *)process->user_sid.bytes, process->user_sid.size};
        if (!pair->provider || pair->role == EG_ETW_ROLE_PROCESS_STOP) {
            eg_event_text_reset(&source->text);
            event->field[EG_FIELD_IMAGE] = image_text(source, process->image_name);
        }
    }
    if (pair->role == EG_ETW_ROLE_PROCESS_STOP) {
        eg_process_feed_stop(source->feed, event);
    } else if (pair->role == EG_ETW_ROLE_PROCESS_RUNNING) {
        event->flags &= ~(uint32_t)EG_EVENT_EXISTING;
        eg_process_feed_running(source->feed, event, sid);
    } else {
        bool hurry = eg_etw_ring_used(eg_process_reader_ring(source->reader)) > HURRY_SIZE;
        eg_process_feed_start(source->feed, event, sid,
                              EG_PROCESS_RECORDED | (hurry ? EG_PROCESS_HURRY : 0u) |
                                  (pair->again ? EG_PROCESS_AGAIN : 0u));
    }
}

/* ---- opening and closing ---- */

static void read_all(etw_source *source)
{
    while (!eg_process_reader_read(source->reader, 0)) {
    }
    eg_process_reader_flush(source->reader);
}

static void etw_close(void *context)
{
    etw_source *source = context;
    if (source) {
        eg_provider_feed_leave(source->provider);
        eg_etw_session_close(source->session);
        if (source->session) {
            read_all(source); /* what came until the end */
        }
        eg_process_reader_destroy(source->reader);
        eg_event_text_done(&source->text);
        eg_free(source);
    }
}

int eg_process_etw_open(void **context, eg_process_feed *feed, HANDLE stop, const eg_etw_api *api,
                        size_t ring_size)
{
    etw_source *source = eg_alloc_zero(1, sizeof(*source));
    if (!source) {
        return EG_E_NOMEM;
    }
    source->feed = feed;
    source->stop = stop;
    source->checked_at = source->resynced_at = eg_clock_monotonic_ns();
    source->resync_ms = RESYNC_MS;
    source->provider_retry_ms = PROVIDER_RETRY_FIRST_MS;
    eg_process_reader_options options = {ring_size, on_event, source};
    int status = eg_event_text_init(&source->text);
    if (status == EG_OK) {
        status = eg_process_reader_create(&source->reader, &options);
    }
    if (status == EG_OK) {
        /* before the session: what its rundown then tells of and is unknown has just started */
        status = eg_process_feed_poll(feed, NULL);
    }
    if (status == EG_OK) {
        eg_etw_session_events events = {source, on_record, on_alarm, on_tampered};
        status = eg_etw_session_open(&source->session, api, &eg_etw_system_session, &events);
    }
    if (status != EG_OK) {
        etw_close(source);
        return status;
    }
    *context = source;
    return EG_OK;
}

static int etw_open(void **context, eg_process_feed *feed, HANDLE stop)
{
    return eg_process_etw_open(context, feed, stop, eg_etw_system_api(), EG_PROCESS_ETW_RING);
}

/* ---- the second session ---- */

static int join_provider(etw_source *source)
{
    static const eg_provider *const providers[] = {&kernel_process};
    int status = eg_provider_feed_join(&source->provider, providers, 1,
                                       eg_process_reader_ring(source->reader));
    if (status != EG_OK) {
        source->provider_at = after(source->provider_retry_ms);
        if (source->provider_retry_ms < PROVIDER_RETRY_MOST_MS) {
            source->provider_retry_ms *= 2;
        }
        return status;
    }
    source->provider_retry_ms = PROVIDER_RETRY_FIRST_MS;
    eg_provider_feed_report_to(source->provider, eg_process_feed_sink(source->feed));
    return EG_OK;
}

static void report_health(etw_source *source)
{
    const eg_sink *sink = eg_process_feed_sink(source->feed);
    eg_buf detail;
    if (source->provider_runs) {
        sink->health(sink->user, "process", EG_SENSOR_FULL, "etw", "the kernel's own records");
        return;
    }
    eg_buf_init(&detail, 2 * REASON_SIZE);
    eg_buf_appendf(&detail,
                   "the kernel logger alone; full path, integrity and exact times only of programs "
                   "that still run when they are looked at (%s)",
                   source->provider_why);
    sink->health(sink->user, "process", EG_SENSOR_DEGRADED, "etw", eg_buf_cstr(&detail));
    eg_buf_done(&detail);
}

/* Joins the second session when it is time to, and notices when it starts and stops to run. */
static void look_after_provider(etw_source *source)
{
    uint64_t unused = 0; /* the session tells its losses itself */
    if (eg_clock_monotonic_ns() < source->provider_at) {
        return;
    }
    source->provider_at = after(PROVIDER_CHECK_MS);
    int status = source->provider ? EG_OK : join_provider(source);
    if (status == EG_OK) {
        status = eg_provider_feed_check(source->provider, &unused);
    }
    bool runs = status == EG_OK;
    if (runs == source->provider_runs && source->provider_told) {
        return;
    }
    if (!runs) {
        eg_utf8_copy(source->provider_why, REASON_SIZE, eg_str_from(eg_error_message()));
    }
    source->provider_runs = runs;
    source->provider_told = true;
    eg_process_reader_expect_provider(source->reader, runs);
    report_health(source);
}

/* ---- running ---- */

static void tell_loss(etw_source *source, uint64_t count, const char *what)
{
    eg_log(EG_LOG_WARNING, "etw", "%" PRIu64 " %s", count, what);
    eg_agent_event_emit(eg_process_feed_sink(source->feed), "process", EG_AGENT_TELEMETRY_LOST,
                        count, what);
}

/* Also proves, once a minute, that the records tell of everything that the process list shows. */
static void resync(etw_source *source)
{
    eg_process_poll found;
    /* after a loss, once more for what was too young to be missed for certain */
    source->resync_ms = source->resync_due ? SETTLED_MS : RESYNC_MS;
    source->resync_due = false;
    source->resynced_at = eg_clock_monotonic_ns();
    if (eg_process_feed_resync(source->feed, &found) == EG_OK && found.started > 0) {
        tell_loss(source, found.started, "process starts were told by the process list alone");
    }
}

static int check(etw_source *source)
{
    uint64_t lost = 0;
    source->checked_at = eg_clock_monotonic_ns();
    int status = eg_etw_session_check(source->session, &lost);
    if (status != EG_OK) {
        return status;
    }
    lost += eg_process_reader_lost(source->reader);
    if (lost > source->lost) {
        tell_loss(source, lost - source->lost, "process records were lost before they were read");
        source->lost = lost;
        source->resync_due = true;
    }
    return EG_OK;
}

/* What is due between two readings; `emptied`: nothing waits to be read. */
static int keep_house(etw_source *source, bool emptied)
{
    int status = EG_OK;
    look_after_provider(source);
    if (emptied && source->provider_runs && eg_process_reader_held(source->reader) > 0) {
        eg_provider_feed_flush(source->provider); /* what they wait for lies in its buffers */
    }
    /* after an alarm too, what had arrived before it is told first */
    if ((emptied && eg_etw_session_alarmed(source->session)) ||
        passed(source->checked_at, CHECK_MS)) {
        status = check(source);
    }
    /* what was lost is looked up when the rush is over, or when it does not end */
    if ((emptied && source->resync_due) || passed(source->resynced_at, source->resync_ms)) {
        resync(source);
    }
    return status;
}

static int etw_run(void *context, uint32_t milliseconds)
{
    etw_source *source = context;
    uint64_t begin = eg_clock_monotonic_ns();
    source->provider_told = false;
    while (WaitForSingleObject(source->stop, 0) == WAIT_TIMEOUT) {
        bool emptied = eg_process_reader_read(source->reader, eg_etw_session_pace(source->session));
        int status = keep_house(source, emptied);
        if (status != EG_OK) {
            return status;
        }
        if (milliseconds != EG_FOREVER && passed(begin, milliseconds)) {
            return EG_E_TIMEOUT;
        }
    }
    return EG_OK;
}

const eg_process_source eg_process_source_etw = {
    .name = "etw",
    .open = etw_open,
    .run = etw_run,
    .close = etw_close,
};
