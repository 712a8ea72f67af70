/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task sensor: scheduled tasks that are registered, changed, removed, hidden or started. What
 * is true is read from the scheduler's folder after every notification, and compared with the
 * registry in which the scheduler keeps what it runs; the scheduler's own ETW records, where they
 * come, say who did it and tell what came and went between two looks.
 *
 * A definition that cannot be parsed may be half written: it is tried again a few times, then
 * reported with its raw text, since an odd definition is news as well. What the registry and the
 * folder disagree about is told when two looks in succession find it: the scheduler writes one
 * after the other.
 */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/agent_event.h"
#include "driverless-hooks/decode/task_traces.h"
#include "driverless-hooks/folder_watch.h"
#include "driverless-hooks/task_cache.h"
#include "driverless-hooks/task_etw.h"
#include "driverless-hooks/task_folder.h"
#include "driverless-hooks/task_review.h"

#include <string.h>

enum {
    SETTLE_MS = 20,      /* a task is several writes */
    SETTLE_ETW_MS = 100, /* and the record that names who did it comes last */
    RESCAN_MS = 10 * 1000,
    REOPEN_MS = 2000,    /* when the folder cannot be watched */
    RECORDS_MS = 500,    /* how often records are looked for */
    LOOK_MS = 60 * 1000, /* at the registry, which is not told of everything */
    ETW_AGAIN_MS = 60 * 1000,
    TRIES = 4,
    PENDING_MAX = 64,
};

/* How long a definition that cannot be parsed is left alone after each try. */
static const uint32_t retry_ms[TRIES - 1] = {50, 200, 1000};

/* A task whose definition could not be read yet. */
typedef struct pending {
    char *name; /* NULL: free */
    int tries;
    uint64_t due; /* monotonic nanoseconds */
} pending;

typedef struct task_sensor {
    eg_sink sink;
    HANDLE stop; /* manual-reset */
    /* the folder */
    HANDLE changed; /* manual-reset */
    eg_folder_watch *folder;
    eg_value_list *known; /* NULL before the first listing */
    pending waiting[PENDING_MAX];
    /* the registry */
    eg_task_cache_watch cache;
    eg_task_review review;
    bool cache_denied;
    uint64_t look_at; /* monotonic nanoseconds */
    /* records */
    eg_task_etw *etw;  /* NULL: they do not come */
    uint64_t etw_at;   /* when to try again, or to check */
    uint64_t etw_lost; /* as told last */
    eg_task_traces *traces;
    eg_event_text text, record_text;
    char reported[256]; /* health and why */
} task_sensor;

static uint64_t in_milliseconds(uint64_t milliseconds)
{
    return eg_clock_monotonic_ns() + milliseconds * 1000000;
}

static void task_close(void *context)
{
    task_sensor *sensor = context;
    if (!sensor) {
        return;
    }
    eg_value_list_destroy(sensor->known);
    eg_task_review_done(&sensor->review);
    eg_task_traces_destroy(sensor->traces);
    for (size_t i = 0; i < PENDING_MAX; i++) {
        eg_free(sensor->waiting[i].name);
    }
    if (sensor->changed) {
        CloseHandle(sensor->changed);
    }
    if (sensor->stop) {
        CloseHandle(sensor->stop);
    }
    if (sensor->text.arena) {
        eg_event_text_done(&sensor->text);
    }
    if (sensor->record_text.arena) {
        eg_event_text_done(&sensor->record_text);
    }
    eg_free(sensor);
}

static int task_open(void **context, const eg_sink *sink)
{
    task_sensor *sensor = eg_alloc_zero(1, sizeof(*sensor));
    if (!sensor) {
        return EG_E_NOMEM;
    }
    sensor->sink = *sink;
    sensor->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    sensor->changed = CreateEventW(NULL, TRUE, FALSE, NULL);
    int status =
        sensor->stop && sensor->changed ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = eg_event_text_init(&sensor->text);
    }
    if (status == EG_OK) {
        status = eg_event_text_init(&sensor->record_text);
    }
    if (status == EG_OK) {
        status = eg_task_traces_create(&sensor->traces);
    }
    if (status != EG_OK) {
        task_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

/* ---- the folder ---- */

static pending *find_pending(task_sensor *sensor, eg_str name)
{
    for (size_t i = 0; i < PENDING_MAX; i++) {
        pending *at = &sensor->waiting[i];
        if (at->name && eg_str_equal(eg_str_from(at->name), name)) {
            return at;
        }
    }
    return NULL;
}

static void forget_pending(pending *at)
{
    if (at) {
        eg_free(at->name);
        memset(at, 0, sizeof(*at));
    }
}

/* Puts a task off. False when it has been tried often enough, or when nobody can remember it. */
static bool put_off(task_sensor *sensor, eg_str name)
{
    pending *at = find_pending(sensor, name);
    for (size_t i = 0; !at && i < PENDING_MAX; i++) {
        if (!sensor->waiting[i].name) {
            at = &sensor->waiting[i];
            at->name = eg_copy_bytes(name.ptr, name.len);
        }
    }
    if (!at || !at->name || at->tries >= TRIES - 1) {
        return false;
    }
    at->due = in_milliseconds(retry_ms[at->tries]);
    at->tries++;
    return true;
}

static void look_soon(task_sensor *sensor)
{
    uint64_t soon = in_milliseconds(SETTLE_MS);
    sensor->look_at = sensor->look_at < soon ? sensor->look_at : soon;
}

static void on_change(void *user, const eg_value *before, const eg_value *now)
{
    task_sensor *sensor = user;
    look_soon(sensor);
    eg_str name = now ? now->name : before->name;
    pending *at = find_pending(sensor, name);
    if (at && now && eg_clock_monotonic_ns() < at->due) {
        return;
    }
    eg_task_news news = {
        .kind = !now     ? EG_KIND_TASK_REMOVED
                : before ? EG_KIND_TASK_UPDATED
                         : EG_KIND_TASK_REGISTERED,
        .name = name,
        .user = eg_task_traces_told(sensor->traces, eg_clock_monotonic_ns(), name),
    };
    if (eg_task_report(&sensor->sink, &sensor->text, &news, false) != EG_OK) {
        if (put_off(sensor, name)) {
            return;
        }
        eg_log(EG_LOG_WARNING, "task", "%.*s: %s", EG_STR_ARGS(name), eg_error_message());
        eg_task_report(&sensor->sink, &sensor->text, &news, true);
    }
    forget_pending(find_pending(sensor, name));
}

/* True when a task waits for another try; forgets those whose file is gone. */
static bool any_pending(task_sensor *sensor, const eg_value_list *now)
{
    bool any = false;
    for (size_t i = 0; i < PENDING_MAX; i++) {
        pending *at = &sensor->waiting[i];
        if (at->name && !eg_value_list_find(now, eg_str_from(at->name), EG_STR(""))) {
            forget_pending(at);
        }
        any = any || at->name;
    }
    return any;
}

/* The new list, but with what was known before of each task that waits: it stays news. */
static int without_pending(task_sensor *sensor, const eg_value_list *now, eg_value_list **out)
{
    eg_value_list *list = NULL;
    int status = eg_value_list_create(&list);
    for (size_t i = 0; status == EG_OK && i < eg_value_list_count(now); i++) {
        const eg_value *value = eg_value_list_at(now, i);
        if (find_pending(sensor, value->name)) {
            value = eg_value_list_find(sensor->known, value->name, EG_STR(""));
        }
        if (value) {
            status = eg_value_list_add(list, value);
        }
    }
    if (status != EG_OK) {
        eg_value_list_destroy(list);
        return status;
    }
    eg_value_list_seal(list);
    *out = list;
    return EG_OK;
}

/* Lists the tasks, tells what is new, remembers the rest. */
static int compare_folder(task_sensor *sensor)
{
    eg_value_list *now = NULL;
    int status = eg_task_folder_list(&now);
    if (status != EG_OK) {
        return status;
    }
    if (sensor->known) {
        eg_value_diff(sensor->known, now, on_change, sensor);
    }
    if (any_pending(sensor, now)) {
        eg_value_list *merged = NULL;
        status = without_pending(sensor, now, &merged);
        eg_value_list_destroy(now);
        now = merged;
    }
    if (status == EG_OK) {
        eg_value_list_destroy(sensor->known);
        sensor->known = now;
    }
    return status;
}

/* ---- the registry ---- */

static int compare_registry(task_sensor *sensor)
{
    bool again = false;
    int status =
        eg_task_review_look(&sensor->review, &sensor->sink, &sensor->text, sensor->known, &again);
    sensor->look_at = in_milliseconds(again ? EG_TASK_REVIEW_AGAIN_MS : LOOK_MS);
    sensor->cache_denied = status != EG_OK && status != EG_E_NOTFOUND;
    return status == EG_E_NOMEM ? status : EG_OK;
}

/* ---- records ---- */

static void open_records(task_sensor *sensor)
{
    if (eg_task_etw_open(&sensor->etw) != EG_OK) {
        eg_log(EG_LOG_DEBUG, "task", "no records of the scheduler: %s", eg_error_message());
    }
    sensor->etw_at = in_milliseconds(ETW_AGAIN_MS);
    sensor->etw_lost = 0;
}

static void check_records(task_sensor *sensor)
{
    uint64_t lost = 0;
    if (eg_clock_monotonic_ns() < sensor->etw_at) {
        return;
    }
    if (!sensor->etw) {
        open_records(sensor);
        return;
    }
    sensor->etw_at = in_milliseconds(RESCAN_MS);
    if (eg_task_etw_check(sensor->etw, &lost) == EG_OK && lost > sensor->etw_lost) {
        eg_agent_event_emit(&sensor->sink, "task", EG_AGENT_TELEMETRY_LOST, lost - sensor->etw_lost,
                            "records of the task scheduler");
        sensor->etw_lost = lost;
    }
}

static void read_records(task_sensor *sensor)
{
    eg_event event;
    while (sensor->etw && eg_task_etw_next(sensor->etw, &sensor->record_text, &event)) {
        if (event.kind == EG_KIND_TASK_STARTED) {
            sensor->sink.emit(sensor->sink.user, &event);
            continue;
        }
        eg_str user = event.field[EG_FIELD_USER_CONTEXT].ptr ? event.field[EG_FIELD_USER_CONTEXT]
                                                             : event.field[EG_FIELD_USER_NAME];
        eg_task_traces_record(sensor->traces, eg_clock_monotonic_ns(), event.kind,
                              event.field[EG_FIELD_TASK_NAME], user);
    }
}

/* Records of which the folder never showed anything: the task was gone before anybody looked. */
static void tell_unseen(task_sensor *sensor)
{
    eg_task_trace trace;
    while (eg_task_traces_unseen(sensor->traces, eg_clock_monotonic_ns(), &trace)) {
        eg_task_news news = {
            .kind = trace.kind, .flags = EG_EVENT_UNLISTED, .name = trace.name, .user = trace.user};
        eg_task_report(&sensor->sink, &sensor->text, &news, true);
    }
}

/* ---- the sensor ---- */

static DWORD wait_time(const task_sensor *sensor)
{
    uint64_t now = eg_clock_monotonic_ns();
    uint64_t first = now + (uint64_t)(sensor->etw ? RECORDS_MS : RESCAN_MS) * 1000000;
    uint64_t next = eg_task_traces_next(sensor->traces, now);
    first = next < first ? next : first;
    first = sensor->look_at < first ? sensor->look_at : first;
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (sensor->waiting[i].name && sensor->waiting[i].due < first) {
            first = sensor->waiting[i].due;
        }
    }
    return first > now ? (DWORD)((first - now) / 1000000) + 1 : 1;
}

static void report(task_sensor *sensor, eg_sensor_health health, const char *detail)
{
    if (strncmp(sensor->reported, detail, sizeof(sensor->reported) - 1) != 0) {
        eg_utf8_copy(sensor->reported, sizeof(sensor->reported), eg_str_from(detail));
        sensor->sink.health(sensor->sink.user, "task", health, "folder", detail);
    }
}

static void report_working(task_sensor *sensor)
{
    if (sensor->cache_denied) {
        report(sensor, EG_SENSOR_DEGRADED,
               "the task scheduler's folder; its registry cannot be read");
    } else if (sensor->etw) {
        report(sensor, EG_SENSOR_FULL, "the task scheduler's folder, registry and records");
    } else {
        report(sensor, EG_SENSOR_FULL,
               "the task scheduler's folder and registry; without ETW, who did it is unknown");
    }
}

static int open_folder(task_sensor *sensor)
{
    eg_buf path;
    eg_buf_init(&path, 4096);
    int status = eg_task_folder_path(&path);
    if (status == EG_OK) {
        status = eg_folder_watch_open(&sensor->folder, eg_buf_cstr(&path),
                                      FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME |
                                          FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE,
                                      true, sensor->changed);
    }
    eg_buf_done(&path);
    return status;
}

static void close_folder(task_sensor *sensor)
{
    eg_folder_watch_close(sensor->folder);
    sensor->folder = NULL;
}

/* Asks to be told of the next change. */
static int arm(task_sensor *sensor)
{
    int status = sensor->folder ? EG_OK : open_folder(sensor);
    if (eg_task_cache_watch_take(&sensor->cache)) {
        look_soon(sensor);
    }
    if (eg_task_cache_watch_arm(&sensor->cache) == EG_E_NOMEM) {
        status = EG_E_NOMEM;
    }
    /* what changed is found by listing: an overflow costs nothing */
    if (status == EG_OK && eg_folder_watch_take(sensor->folder, NULL, NULL) == EG_FOLDER_GONE) {
        status = eg_fail(EG_E_NOTFOUND, "the task scheduler's folder is gone");
    }
    return status == EG_OK ? eg_folder_watch_arm(sensor->folder) : status;
}

/* One round: arm, read records, list, compare. */
static int watch(task_sensor *sensor)
{
    int status = arm(sensor);
    check_records(sensor);
    read_records(sensor);
    if (status == EG_OK) {
        status = compare_folder(sensor);
    }
    if (status == EG_OK && eg_clock_monotonic_ns() >= sensor->look_at) {
        status = compare_registry(sensor);
    }
    tell_unseen(sensor);
    if (status != EG_OK) {
        report(sensor, EG_SENSOR_BLIND, eg_error_message());
        close_folder(sensor);
    } else {
        report_working(sensor);
    }
    return status;
}

/* Waits for news; true when the sensor is to stop. */
static bool wait_for_news(task_sensor *sensor)
{
    HANDLE handles[4] = {sensor->stop, sensor->changed};
    DWORD count = 2;
    if (sensor->cache.tree_changed && sensor->cache.tasks_changed) {
        handles[count++] = sensor->cache.tree_changed;
        handles[count++] = sensor->cache.tasks_changed;
    }
    DWORD signalled = WaitForMultipleObjects(count, handles, FALSE, wait_time(sensor));
    if (signalled >= WAIT_OBJECT_0 + 2 && signalled < WAIT_OBJECT_0 + count) {
        SetEvent(handles[signalled]); /* auto-reset: it is taken when arming */
    }
    if (signalled == WAIT_OBJECT_0 || signalled == WAIT_TIMEOUT) {
        return signalled == WAIT_OBJECT_0;
    }
    bool stopped =
        WaitForSingleObject(sensor->stop, sensor->etw ? SETTLE_ETW_MS : SETTLE_MS) == WAIT_OBJECT_0;
    if (!stopped && sensor->etw) {
        eg_task_etw_flush(sensor->etw);
    }
    return stopped;
}

static int task_run(void *context)
{
    task_sensor *sensor = context;
    bool stopped = false;
    open_records(sensor);
    while (!stopped) {
        if (watch(sensor) == EG_OK) {
            stopped = wait_for_news(sensor);
        } else {
            stopped = WaitForSingleObject(sensor->stop, REOPEN_MS) == WAIT_OBJECT_0;
        }
    }
    eg_task_etw_close(sensor->etw);
    sensor->etw = NULL;
    eg_task_cache_watch_done(&sensor->cache);
    close_folder(sensor);
    return EG_OK;
}

static void task_stop(void *context)
{
    task_sensor *sensor = context;
    SetEvent(sensor->stop);
}

static int task_snapshot(void *context)
{
    task_sensor *sensor = context;
    eg_event_text text;
    int status = eg_event_text_init(&text);
    if (status == EG_OK) {
        status = eg_task_review_snapshot(&sensor->sink, &text, sensor->stop);
        eg_event_text_done(&text);
    }
    if (status == EG_OK) {
        eg_sensor_listed(&sensor->sink, "task", EG_STR(""));
    }
    return status;
}

const eg_sensor eg_hook_task = {
    .name = "task",
    .what = "scheduled tasks that are registered, changed, removed or hidden, with what they start",
    .open = task_open,
    .run = task_run,
    .stop = task_stop,
    .close = task_close,
    .snapshot = task_snapshot,
};
