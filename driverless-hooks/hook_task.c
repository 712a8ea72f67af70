/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task sensor: scheduled tasks that are registered, changed or removed, with what they start.
 * It lists the scheduler's folder after every notification and now and then anyway, and compares
 * with the last list. A definition that cannot be parsed may be half written: it is tried again a
 * few times, then reported with its raw text, since an odd definition is news as well.
 */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/event/task_xml.h"
#include "driverless-hooks/decode/event_text.h"
#include "driverless-hooks/sensor.h"
#include "driverless-hooks/task_folder.h"

#include <string.h>

enum {
    SETTLE_MS = 20, /* a task is several writes */
    RESCAN_MS = 10 * 1000,
    REOPEN_MS = 2000, /* when the folder cannot be watched */
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
    eg_task_folder *folder;
    eg_value_list *known; /* NULL before the first listing */
    pending waiting[PENDING_MAX];
    eg_event_text text;
    eg_sensor_health reported;
} task_sensor;

static void task_close(void *context)
{
    task_sensor *sensor = context;
    if (!sensor) {
        return;
    }
    eg_task_folder_close(sensor->folder);
    eg_value_list_destroy(sensor->known);
    for (size_t i = 0; i < PENDING_MAX; i++) {
        eg_free(sensor->waiting[i].name);
    }
    if (sensor->stop) {
        CloseHandle(sensor->stop);
    }
    if (sensor->text.arena) {
        eg_event_text_done(&sensor->text);
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
    int status = sensor->stop ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = eg_event_text_init(&sensor->text);
    }
    if (status != EG_OK) {
        task_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

static eg_str content_text(eg_event_text *text, const eg_buf *file)
{
    eg_str raw = eg_buf_str(file);
    if (raw.len >= 2 && memcmp(raw.ptr, "\xFF\xFE", 2) == 0) {
        return eg_event_text_utf16le(text, raw.ptr + 2, raw.len - 2);
    }
    if (raw.len >= 3 && memcmp(raw.ptr, "\xEF\xBB\xBF", 3) == 0) {
        raw.ptr += 3;
        raw.len -= 3;
    }
    return eg_event_text_copy(text, raw);
}

static void emit(const eg_sink *sink, eg_event_text *text, eg_kind kind, uint32_t flags,
                 eg_str name, const eg_buf *file, const eg_task_xml *task)
{
    eg_event event;
    eg_event_text_reset(text);
    eg_event_init(&event, kind);
    event.time = eg_clock_utc();
    event.flags = flags;
    event.source = EG_STR("task");
    event.field[EG_FIELD_UTC_TIME] = eg_event_text_time(text, event.time);
    event.field[EG_FIELD_TASK_NAME] = eg_event_text_copy(text, name);
    if (file) {
        event.field[EG_FIELD_TASK_CONTENT] = content_text(text, file);
    }
    if (task) {
        eg_task_xml_fill(task, text->arena, &event);
    }
    sink->emit(sink->user, &event);
}

/*
 * Reads and emits one task. EG_E_INVALID when its definition cannot be parsed and `insist` is
 * false; otherwise it is then emitted without the fields.
 */
static int emit_task(const eg_sink *sink, eg_event_text *text, eg_kind kind, uint32_t flags,
                     eg_str name, bool insist)
{
    eg_buf file;
    eg_task_xml task;
    eg_buf_init(&file, EG_TASK_XML_MAX);
    eg_task_xml_init(&task);
    int status = eg_task_folder_read(name, &file);
    bool readable = status == EG_OK;
    if (readable) {
        status = eg_task_xml_parse(eg_buf_cstr(&file), file.len, &task);
    }
    if (status == EG_OK || insist) {
        emit(sink, text, kind, flags, name, readable ? &file : NULL,
             status == EG_OK ? &task : NULL);
        status = EG_OK;
    }
    eg_task_xml_done(&task);
    eg_buf_done(&file);
    return status;
}

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
    at->due = eg_clock_monotonic_ns() + (uint64_t)retry_ms[at->tries] * 1000000;
    at->tries++;
    return true;
}

static void on_change(void *user, const eg_value *before, const eg_value *now)
{
    task_sensor *sensor = user;
    eg_str name = now ? now->name : before->name;
    pending *at = find_pending(sensor, name);
    if (!now) {
        forget_pending(at);
        emit(&sensor->sink, &sensor->text, EG_KIND_TASK_REMOVED, 0, name, NULL, NULL);
        return;
    }
    if (at && eg_clock_monotonic_ns() < at->due) {
        return;
    }
    eg_kind kind = before ? EG_KIND_TASK_UPDATED : EG_KIND_TASK_REGISTERED;
    if (emit_task(&sensor->sink, &sensor->text, kind, 0, name, false) != EG_OK) {
        if (put_off(sensor, name)) {
            return;
        }
        eg_log(EG_LOG_WARNING, "task", "%.*s: %s", EG_STR_ARGS(name), eg_error_message());
        emit_task(&sensor->sink, &sensor->text, kind, 0, name, true);
    }
    forget_pending(find_pending(sensor, name));
}

static const eg_value *find_value(const eg_value_list *list, eg_str name)
{
    for (size_t i = 0; i < eg_value_list_count(list); i++) {
        if (eg_str_equal(eg_value_list_at(list, i)->name, name)) {
            return eg_value_list_at(list, i);
        }
    }
    return NULL;
}

/* True when a task waits for another try; forgets those whose file is gone. */
static bool any_pending(task_sensor *sensor, const eg_value_list *now)
{
    bool any = false;
    for (size_t i = 0; i < PENDING_MAX; i++) {
        pending *at = &sensor->waiting[i];
        if (at->name && !find_value(now, eg_str_from(at->name))) {
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
            value = find_value(sensor->known, value->name);
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
static int compare(task_sensor *sensor)
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

static DWORD wait_time(const task_sensor *sensor)
{
    uint64_t now = eg_clock_monotonic_ns();
    uint64_t first = now + (uint64_t)RESCAN_MS * 1000000;
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (sensor->waiting[i].name && sensor->waiting[i].due < first) {
            first = sensor->waiting[i].due;
        }
    }
    return first > now ? (DWORD)((first - now) / 1000000) + 1 : 1;
}

static void report(task_sensor *sensor, eg_sensor_health health, const char *detail)
{
    if (sensor->reported != health) {
        sensor->reported = health;
        sensor->sink.health(sensor->sink.user, "task", health, "folder", detail);
    }
}

/* One round: arm, list, compare. */
static int watch(task_sensor *sensor)
{
    int status = sensor->folder ? EG_OK : eg_task_folder_open(&sensor->folder);
    if (status == EG_OK) {
        status = eg_task_folder_arm(sensor->folder);
    }
    if (status == EG_OK) {
        status = compare(sensor);
    }
    if (status != EG_OK) {
        report(sensor, EG_SENSOR_BLIND, eg_error_message());
        eg_task_folder_close(sensor->folder);
        sensor->folder = NULL;
    } else {
        report(sensor, EG_SENSOR_FULL, "the task scheduler's folder");
    }
    return status;
}

static int task_run(void *context)
{
    task_sensor *sensor = context;
    DWORD signalled = WAIT_TIMEOUT;
    while (signalled != WAIT_OBJECT_0) {
        if (watch(sensor) != EG_OK) {
            signalled = WaitForSingleObject(sensor->stop, REOPEN_MS);
            continue;
        }
        HANDLE cache = eg_task_folder_cache_changed(sensor->folder);
        HANDLE handles[3] = {sensor->stop, eg_task_folder_changed(sensor->folder), cache};
        signalled = WaitForMultipleObjects(cache ? 3 : 2, handles, FALSE, wait_time(sensor));
        if (signalled != WAIT_OBJECT_0 && signalled != WAIT_TIMEOUT) {
            signalled = WaitForSingleObject(sensor->stop, SETTLE_MS);
        }
    }
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
    eg_value_list *list = NULL;
    eg_event_text text;
    int status = eg_event_text_init(&text);
    if (status != EG_OK) {
        return status;
    }
    status = eg_task_folder_list(&list);
    for (size_t i = 0; status == EG_OK && i < eg_value_list_count(list); i++) {
        status = emit_task(&sensor->sink, &text, EG_KIND_TASK_REGISTERED, EG_EVENT_EXISTING,
                           eg_value_list_at(list, i)->name, true);
    }
    eg_value_list_destroy(list);
    eg_event_text_done(&text);
    return status;
}

const eg_sensor eg_hook_task = {
    .name = "task",
    .what = "scheduled tasks that are registered, changed or removed, with what they start",
    .open = task_open,
    .run = task_run,
    .stop = task_stop,
    .close = task_close,
    .snapshot = task_snapshot,
};
