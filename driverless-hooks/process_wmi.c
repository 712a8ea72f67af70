/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second of the process sources: WMI's trace classes. They tell pid, parent and name, no
 * command line and no path; the feed asks the running process for those, if it still runs.
 *
 * Semisynchronous: the answers are fetched on the sensor's thread, no callback comes from outside.
 * Only connecting, which a hung WMI holds up for minutes, happens elsewhere.
 */
#include "driverless-hooks/process_source.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/wmi_connect.h"

#include <inttypes.h>

enum {
    CONNECT_MS = 100,      /* how long one try to open waits: no longer than polling pauses */
    NEXT_MS = 50,          /* how long one fetch waits */
    RESYNC_MS = 60 * 1000, /* what WMI missed is found this often */
};

typedef struct wmi_source {
    eg_process_feed *feed;
    HANDLE stop;
    eg_wmi_connect *connect;
    eg_wmi_session *session; /* NULL while it connects */
    eg_event_text text;
} wmi_source;

static void wmi_close(void *context)
{
    wmi_source *source = context;
    if (!source) {
        return;
    }
    eg_wmi_session_close(source->session);
    eg_wmi_connect_end(source->connect);
    eg_event_text_done(&source->text);
    eg_free(source);
}

static int begin(wmi_source **out, const eg_wmi_api *api, eg_process_feed *feed, HANDLE stop)
{
    wmi_source *source = eg_alloc_zero(1, sizeof(*source));
    if (!source) {
        return EG_E_NOMEM;
    }
    source->feed = feed;
    source->stop = stop;
    int status = eg_event_text_init(&source->text);
    if (status == EG_OK) {
        status = eg_wmi_connect_begin(&source->connect, api, L"ROOT\\CIMV2",
                                      L"SELECT * FROM Win32_ProcessTrace");
    }
    if (status != EG_OK) {
        wmi_close(source);
        return status;
    }
    *out = source;
    return EG_OK;
}

/* The calls of WMI are a seam for tests. */
static int open_with(void **context, const eg_wmi_api *api, eg_process_feed *feed, HANDLE stop)
{
    wmi_source *source = *context;
    int status = source ? EG_OK : begin(&source, api, feed, stop);
    if (status != EG_OK) {
        return status;
    }
    *context = source;
    status = eg_wmi_connect_take(source->connect, CONNECT_MS, &source->session);
    if (status == EG_OK) {
        status = eg_process_feed_poll(feed, NULL);
    }
    if (status != EG_OK && status != EG_E_TIMEOUT) {
        wmi_close(source);
        *context = NULL;
    }
    return status;
}

static int wmi_open(void **context, eg_process_feed *feed, HANDLE stop)
{
    return open_with(context, &eg_wmi_windows_api, feed, stop);
}

/* TIME_CREATED is a FILETIME written as decimal text. */
static uint64_t event_time(wmi_source *source, IWbemClassObject *object)
{
    uint64_t time;
    return eg_str_to_u64(eg_wmi_text(object, L"TIME_CREATED", &source->text), &time)
               ? time
               : eg_clock_utc();
}

static void report(wmi_source *source, IWbemClassObject *object)
{
    eg_event event;
    uint32_t session = 0;
    eg_event_text_reset(&source->text);
    eg_str class_name = eg_wmi_text(object, L"__CLASS", &source->text);
    bool start = eg_str_equal_nocase(class_name, EG_STR("Win32_ProcessStartTrace"));
    if (!start && !eg_str_equal_nocase(class_name, EG_STR("Win32_ProcessStopTrace"))) {
        return;
    }
    eg_event_init(&event, start ? EG_KIND_PROCESS_START : EG_KIND_PROCESS_STOP);
    event.source = EG_STR("wmi");
    event.time = event_time(source, object);
    if (!eg_wmi_number(object, L"ProcessID", &event.pid)) {
        return;
    }
    event.field[EG_FIELD_IMAGE] = eg_wmi_text(object, L"ProcessName", &source->text);
    if (!start) {
        eg_process_feed_stop(source->feed, &event);
        return;
    }
    eg_wmi_number(object, L"ParentProcessID", &event.parent_pid);
    if (eg_wmi_number(object, L"SessionID", &session)) {
        event.field[EG_FIELD_TERMINAL_SESSION_ID] =
            eg_event_text_format(&source->text, "%" PRIu32, session);
    }
    eg_process_feed_start(source->feed, &event, EG_STR_NONE, 0);
}

static int wmi_run(void *context, uint32_t milliseconds)
{
    wmi_source *source = context;
    uint64_t begin = eg_clock_monotonic_ns();
    uint64_t resync = begin;
    while (WaitForSingleObject(source->stop, 0) == WAIT_TIMEOUT) {
        IWbemClassObject *object = NULL;
        uint64_t now = eg_clock_monotonic_ns();
        int status = eg_wmi_session_next(source->session, NEXT_MS, &object);
        if (status == EG_OK) {
            report(source, object);
            IWbemClassObject_Release(object);
        } else if (status != EG_E_TIMEOUT) {
            return status;
        }
        if (now - resync >= (uint64_t)RESYNC_MS * 1000000) {
            resync = now;
            eg_process_feed_poll(source->feed, NULL);
        }
        if (milliseconds != EG_FOREVER && now - begin >= (uint64_t)milliseconds * 1000000) {
            return EG_E_TIMEOUT;
        }
    }
    return EG_OK;
}

const eg_process_source eg_process_source_wmi = {
    .name = "wmi",
    .health = EG_SENSOR_DEGRADED,
    .detail = "WMI process events; the command line of programs that end at once is missed",
    .open = wmi_open,
    .run = wmi_run,
    .close = wmi_close,
};
