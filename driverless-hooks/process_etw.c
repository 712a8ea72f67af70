/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The best of the process sources: the kernel's own records, with command line and user, also of
 * processes that are gone before anyone can look. The sensor's thread decodes what the session's
 * thread left in the ring.
 */
#include "driverless-hooks/process_etw.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/agent_event.h"
#include "driverless-hooks/decode/etw_event.h"
#include "driverless-hooks/decode/etw_ring.h"
#include "driverless-hooks/etw/session.h"

#include <inttypes.h>

enum {
    RING_SIZE = 4 * 1024 * 1024,
    CHECK_MS = 10 * 1000,  /* losses, tampering */
    RESYNC_MS = 60 * 1000, /* comparing with the process list */
    NAME_BYTES_MAX = 1024,
};

typedef struct etw_source {
    eg_process_feed *feed;
    HANDLE stop;
    eg_etw_ring *ring;
    eg_etw_session *session;
    eg_event_text text;
    uint64_t lost;                    /* as last reported */
    uint64_t malformed;               /* records we could not read */
    uint64_t checked_at, resynced_at; /* monotonic */
} etw_source;

static void etw_close(void *context)
{
    etw_source *source = context;
    if (source) {
        eg_etw_session_close(source->session);
        eg_etw_ring_destroy(source->ring);
        eg_event_text_done(&source->text);
        eg_free(source);
    }
}

/* ---- what the session tells ---- */

static void on_record(void *user, const eg_etw_record *record)
{
    etw_source *source = user;
    eg_etw_ring_push(source->ring, record); /* the ring counts what does not fit */
}

static void on_alarm(void *user)
{
    etw_source *source = user;
    eg_etw_ring_wake(source->ring);
}

static void on_tampered(void *user, const char *what)
{
    etw_source *source = user;
    eg_agent_event_emit(eg_process_feed_sink(source->feed), "process", EG_AGENT_SESSION_TAMPERED, 1,
                        what);
}

int eg_process_etw_open(void **context, eg_process_feed *feed, HANDLE stop, const eg_etw_api *api)
{
    etw_source *source = eg_alloc_zero(1, sizeof(*source));
    if (!source) {
        return EG_E_NOMEM;
    }
    source->feed = feed;
    source->stop = stop;
    source->checked_at = source->resynced_at = eg_clock_monotonic_ns();
    int status = eg_event_text_init(&source->text);
    if (status != EG_OK) {
        eg_free(source);
        return status;
    }
    status = eg_etw_ring_create(&source->ring, RING_SIZE);
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
    return eg_process_etw_open(context, feed, stop, eg_etw_system_api());
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

static void report(etw_source *source, const eg_etw_record *record, const eg_etw_decoded *decoded)
{
    eg_event event;
    const eg_etw_process *process = &decoded->as.process;
    eg_event_text_reset(&source->text);
    if (eg_etw_make_event(record, decoded, &source->text, &event) != EG_OK) {
        return;
    }
    event.field[EG_FIELD_IMAGE] = image_text(source, process->image_name);
    if (decoded->role == EG_ETW_ROLE_PROCESS_STOP) {
        eg_process_feed_stop(source->feed, &event);
        return;
    }
    event.flags &= ~(uint32_t)EG_EVENT_EXISTING;
    eg_process_feed_start(source->feed, &event,
                          (eg_str){(const char *)process->user_sid.bytes, process->user_sid.size});
}

static void handle(etw_source *source, const eg_etw_record *record)
{
    eg_etw_decoded decoded;
    eg_etw_result result = eg_etw_decode(record, &decoded);
    if (result == EG_ETW_MALFORMED) {
        source->malformed++;
        return;
    }
    if (result == EG_ETW_EVENT &&
        (decoded.role == EG_ETW_ROLE_PROCESS_START || decoded.role == EG_ETW_ROLE_PROCESS_RUNNING ||
         decoded.role == EG_ETW_ROLE_PROCESS_STOP)) {
        report(source, record, &decoded);
    }
}

static void resync(etw_source *source)
{
    eg_process_poll found;
    source->resynced_at = eg_clock_monotonic_ns();
    if (eg_process_feed_poll(source->feed, &found) == EG_OK && found.started > 0) {
        eg_log(EG_LOG_WARNING, "etw", "%" PRIu32 " process starts were found by the process list",
               found.started);
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
    lost += eg_etw_ring_dropped(source->ring) + source->malformed;
    if (lost > source->lost) {
        eg_log(EG_LOG_WARNING, "etw", "%" PRIu64 " records were lost", lost - source->lost);
        eg_agent_event_emit(eg_process_feed_sink(source->feed), "process", EG_AGENT_TELEMETRY_LOST,
                            lost - source->lost, "process records were lost before they were read");
        source->lost = lost;
        resync(source);
    }
    return EG_OK;
}

static bool passed(uint64_t since, uint32_t milliseconds)
{
    return eg_clock_monotonic_ns() - since >= (uint64_t)milliseconds * 1000000;
}

static int etw_run(void *context, uint32_t milliseconds)
{
    etw_source *source = context;
    uint64_t begin = eg_clock_monotonic_ns();
    while (WaitForSingleObject(source->stop, 0) == WAIT_TIMEOUT) {
        eg_etw_record record;
        uint32_t wait = eg_etw_session_pace(source->session);
        bool empty = eg_etw_ring_pop(source->ring, &record, wait) != EG_OK;
        if (!empty) {
            handle(source, &record);
        }
        /* after an alarm too, what had arrived before it is told first */
        if ((empty && eg_etw_session_alarmed(source->session)) ||
            passed(source->checked_at, CHECK_MS)) {
            int status = check(source);
            if (status != EG_OK) {
                return status;
            }
        }
        if (passed(source->resynced_at, RESYNC_MS)) {
            resync(source);
        }
        if (milliseconds != EG_FOREVER && passed(begin, milliseconds)) {
            return EG_E_TIMEOUT;
        }
    }
    return EG_OK;
}

const eg_process_source eg_process_source_etw = {
    .name = "etw",
    .health = EG_SENSOR_FULL,
    .detail = "the kernel's own records",
    .open = etw_open,
    .run = etw_run,
    .close = etw_close,
};
