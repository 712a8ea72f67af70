/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file sensor: what appears in startup folders, and programs, scripts, documents with code,
 * shortcuts, disk images and archives where mail programs and browsers put them. Windows tells of
 * changes in a folder, not who made them.
 *
 * A startup folder is listed after each notification and compared. Below the other places the
 * notes themselves name the files: a file is looked at a moment after it appeared, when its writer
 * is done with it. Where more happens than Windows can note, the place is searched for what is
 * newer than the last time it was whole. When a user signs off, all folders of users are closed
 * for some seconds, so that the profile can be unloaded; what came meanwhile is told after that.
 */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/value_diff.h"
#include "driverless-hooks/file_place.h"
#include "driverless-hooks/file_waiting.h"
#include "driverless-hooks/folder_watch.h"
#include "driverless-hooks/sensor.h"

#include <stdio.h>

enum {
    RECHECK_MS = 2000,     /* profiles come and go without a notification */
    AWAY_MS = 5000,        /* for which folders of users stay closed when one signs off */
    SEARCH_MS = 10 * 1000, /* between two searches of one place, however often notes overflow */
    ROUNDS_MAX = 10,       /* of taking notes, before what they named is looked at */
    WATCHES_MAX = 512,
    SNAPSHOT_MAX = 5000, /* dropped files that a snapshot tells of */
};

typedef struct watched {
    char *path;
    bool startup, of_user;
    eg_dropped_root root;
    eg_folder_watch *watch; /* NULL: not there, or let go of */
    eg_value_list *known;   /* of a startup folder; NULL before the first listing */
    uint64_t whole;         /* FILETIME until which nothing was missed; 0: not watched yet */
    uint64_t searched_at;   /* monotonic nanoseconds; 0: never */
    bool listed;            /* seen in the latest visit of places */
    bool late;              /* its user signed in after the sensor started */
    bool stale;             /* to be listed or searched */
} watched;

typedef struct file_sensor {
    eg_sink sink;
    HANDLE stop;    /* manual-reset */
    HANDLE changed; /* manual-reset, shared by all watches */
    eg_atomic signed_off;
    uint64_t away_until; /* monotonic nanoseconds; 0: folders of users are open */
    watched watches[WATCHES_MAX];
    size_t count;
    bool started;
    eg_file_reporter *reporter;
    eg_file_waiting *waiting;
    eg_sensor_health reported;
} file_sensor;

static void file_close(void *context)
{
    file_sensor *sensor = context;
    if (!sensor) {
        return;
    }
    eg_file_waiting_destroy(sensor->waiting);
    eg_file_reporter_destroy(sensor->reporter);
    if (sensor->changed) {
        CloseHandle(sensor->changed);
    }
    if (sensor->stop) {
        CloseHandle(sensor->stop);
    }
    eg_free(sensor);
}

static int file_open(void **context, const eg_sink *sink)
{
    file_sensor *sensor = eg_alloc_zero(1, sizeof(*sensor));
    if (!sensor) {
        return EG_E_NOMEM;
    }
    sensor->sink = *sink;
    sensor->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    sensor->changed = CreateEventW(NULL, TRUE, FALSE, NULL);
    int status =
        sensor->stop && sensor->changed ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = eg_file_reporter_create(&sensor->reporter, sink);
    }
    if (status == EG_OK) {
        status = eg_file_waiting_create(&sensor->waiting, &sensor->sink, sensor->reporter);
    }
    if (status != EG_OK) {
        file_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

static eg_file_place place_of(const watched *at)
{
    return (eg_file_place){at->path, at->startup, at->of_user, at->root};
}

/* ---- startup folders ---- */

static int list_file(void *user, const eg_place_file *file)
{
    uint64_t stamp[3] = {file->created, file->modified, file->size};
    eg_value value = {.name = file->path, .data = {(const char *)stamp, sizeof(stamp)}};
    value.full_size = sizeof(stamp);
    return eg_value_list_add(user, &value);
}

/* What a change of a startup folder needs. */
typedef struct startup_context {
    file_sensor *sensor;
    bool existing;
} startup_context;

static void on_startup_file(void *user, const eg_value *before, const eg_value *now)
{
    startup_context *context = user;
    EG_UNUSED(before);
    if (now && context->existing) {
        eg_file_report(context->sensor->reporter, now->name, EG_EVENT_EXISTING);
    } else if (now) {
        eg_file_waiting_add(context->sensor->waiting, now->name, true);
    }
}

static int compare_startup(file_sensor *sensor, watched *at)
{
    eg_value_list *now = NULL;
    eg_file_place place = place_of(at);
    int status = eg_value_list_create(&now);
    if (status == EG_OK) {
        status = eg_file_place_walk(&place, list_file, now);
    }
    if (status != EG_OK) {
        eg_value_list_destroy(now);
        return status;
    }
    eg_value_list_seal(now);
    /* what is there at the start is for the snapshot to tell; a late profile has missed that one */
    startup_context context = {sensor, !at->known};
    if (at->known || at->late) {
        eg_value_diff(at->known, now, on_startup_file, &context);
    }
    eg_value_list_destroy(at->known);
    at->known = now;
    return EG_OK;
}

/* ---- other places ---- */

typedef struct search_context {
    file_sensor *sensor;
    uint64_t since;
} search_context;

static int on_found(void *user, const eg_place_file *file)
{
    search_context *context = user;
    if (file->created >= context->since) {
        eg_file_waiting_add(context->sensor->waiting, file->path, false);
    }
    return EG_OK;
}

static int search(file_sensor *sensor, watched *at)
{
    search_context context = {sensor, at->whole};
    eg_file_place place = place_of(at);
    if (at->whole == 0) {
        return EG_OK; /* what is there at the start is for the snapshot to tell */
    }
    int status = eg_file_place_walk(&place, on_found, &context);
    at->searched_at = eg_clock_monotonic_ns();
    return status == EG_E_LIMIT ? EG_OK : status;
}

/* Whoever makes the notes overflow all the time must not keep us searching all the time. */
static bool may_search(const watched *at)
{
    return at->startup || at->searched_at == 0 ||
           eg_clock_monotonic_ns() - at->searched_at >= (uint64_t)SEARCH_MS * 1000000;
}

typedef struct note_context {
    file_sensor *sensor;
    watched *at;
} note_context;

static void on_note(void *user, DWORD action, eg_str name)
{
    note_context *context = user;
    eg_file_place place = place_of(context->at);
    char path[4096];
    if (context->at->startup ||
        (action != FILE_ACTION_ADDED && action != FILE_ACTION_RENAMED_NEW_NAME) ||
        !eg_file_place_has(&place, name)) {
        return;
    }
    int size = snprintf(path, sizeof(path), "%s\\%.*s", context->at->path, EG_STR_ARGS(name));
    if (size > 0 && (size_t)size < sizeof(path)) {
        eg_file_waiting_add(context->sensor->waiting, (eg_str){path, (size_t)size}, false);
    }
}

/* ---- watching ---- */

static bool is_away(const file_sensor *sensor, const watched *at)
{
    return at->of_user && sensor->away_until != 0;
}

static void let_go(watched *at)
{
    eg_folder_watch_close(at->watch);
    at->watch = NULL;
    at->stale = true;
}

static void open_watch(file_sensor *sensor, watched *at)
{
    DWORD filter = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME;
    if (at->startup) {
        filter |= FILE_NOTIFY_CHANGE_LAST_WRITE | FILE_NOTIFY_CHANGE_SIZE;
    }
    if (eg_folder_watch_open(&at->watch, at->path, filter, !at->startup, sensor->changed) !=
        EG_OK) {
        at->watch = NULL; /* not made yet, or not ours to read */
    }
    at->stale = true;
}

/* Takes what one watch has to tell, and asks for more. True when something has happened. */
static bool take(file_sensor *sensor, watched *at)
{
    note_context context = {sensor, at};
    eg_folder_taken taken = eg_folder_watch_take(at->watch, on_note, &context);
    if (taken == EG_FOLDER_OVERFLOW) {
        eg_file_waiting_overflowed(sensor->waiting);
        at->stale = true;
    } else if (taken == EG_FOLDER_CHANGED && at->startup) {
        at->stale = true;
    }
    if (taken == EG_FOLDER_GONE || eg_folder_watch_arm(at->watch) != EG_OK) {
        let_go(at);
        return true;
    }
    if (at->stale && may_search(at)) {
        uint64_t now = eg_clock_utc();
        int status = at->startup ? compare_startup(sensor, at) : search(sensor, at);
        if (status == EG_OK) {
            at->stale = false;
            at->whole = now;
        } else {
            eg_log(EG_LOG_WARNING, "file", "%s: %s", at->path, eg_error_message());
        }
    } else if (taken == EG_FOLDER_CHANGED && !at->stale) {
        at->whole = eg_clock_utc();
    }
    return taken != EG_FOLDER_QUIET;
}

/*
 * Until nothing is left: a watch that is armed resets the event of all. In a flood something is
 * always left, and has to wait until what was taken is told.
 */
static void take_all(file_sensor *sensor)
{
    bool any = true;
    for (int round = 0; any && round < ROUNDS_MAX; round++) {
        any = false;
        ResetEvent(sensor->changed);
        for (size_t i = 0; i < sensor->count; i++) {
            watched *at = &sensor->watches[i];
            any = (at->watch && !is_away(sensor, at) && take(sensor, at)) || any;
        }
    }
    if (any) {
        SetEvent(sensor->changed);
    }
}

static void forget(watched *at)
{
    eg_folder_watch_close(at->watch);
    eg_value_list_destroy(at->known);
    eg_free(at->path);
}

static int list_place(void *user, const eg_file_place *place)
{
    file_sensor *sensor = user;
    for (size_t i = 0; i < sensor->count; i++) {
        watched *at = &sensor->watches[i];
        if (at->startup == place->startup &&
            eg_str_equal_nocase(eg_str_from(at->path), eg_str_from(place->path))) {
            at->listed = true;
            return EG_OK;
        }
    }
    if (sensor->count == WATCHES_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d folders to watch", WATCHES_MAX);
    }
    watched *at = &sensor->watches[sensor->count];
    eg_str path = eg_str_from(place->path);
    *at = (watched){.path = eg_copy_bytes(path.ptr, path.len),
                    .startup = place->startup,
                    .of_user = place->of_user,
                    .root = place->root,
                    .listed = true,
                    .late = sensor->started,
                    .stale = true};
    if (!at->path) {
        return EG_E_NOMEM;
    }
    sensor->count++;
    return EG_OK;
}

/* Visits the places, drops what is no place any more, opens what has come. */
static void update_places(file_sensor *sensor)
{
    size_t kept = 0;
    if (eg_file_places(list_place, sensor) != EG_OK) {
        eg_log(EG_LOG_WARNING, "file", "%s", eg_error_message());
        for (size_t i = 0; i < sensor->count; i++) {
            sensor->watches[i].listed = true;
        }
    }
    for (size_t i = 0; i < sensor->count; i++) {
        watched *at = &sensor->watches[i];
        if (!at->listed) {
            forget(at);
            continue;
        }
        at->listed = false;
        if (!at->watch && !is_away(sensor, at)) {
            open_watch(sensor, at);
        }
        sensor->watches[kept++] = *at;
    }
    sensor->count = kept;
    sensor->started = true;
}

static void heed_signing_off(file_sensor *sensor)
{
    uint64_t now = eg_clock_monotonic_ns();
    if (eg_atomic_get(&sensor->signed_off)) {
        eg_atomic_set(&sensor->signed_off, 0);
        sensor->away_until = now + (uint64_t)AWAY_MS * 1000000;
        for (size_t i = 0; i < sensor->count; i++) {
            if (sensor->watches[i].of_user) {
                let_go(&sensor->watches[i]);
            }
        }
    } else if (now >= sensor->away_until) {
        sensor->away_until = 0;
    }
}

static void report(file_sensor *sensor)
{
    size_t open = 0;
    for (size_t i = 0; i < sensor->count; i++) {
        open += sensor->watches[i].watch != NULL;
    }
    eg_sensor_health health = open > 0 ? EG_SENSOR_FULL : EG_SENSOR_BLIND;
    if (health != sensor->reported && sensor->away_until == 0) {
        sensor->reported = health;
        sensor->sink.health(sensor->sink.user, "file", health, "folder",
                            open > 0 ? "startup folders, and where mail and browsers put files"
                                     : "no folder can be watched");
    }
}

static DWORD wait_time(uint64_t next)
{
    uint64_t now = eg_clock_monotonic_ns();
    uint64_t most = now + (uint64_t)RECHECK_MS * 1000000;
    next = next < most ? next : most;
    return next > now ? (DWORD)((next - now) / 1000000) + 1 : 1;
}

static int file_run(void *context)
{
    file_sensor *sensor = context;
    HANDLE handles[2] = {sensor->stop, sensor->changed};
    uint64_t checked = 0;
    DWORD signalled = WAIT_TIMEOUT;
    while (signalled != WAIT_OBJECT_0) {
        uint64_t now = eg_clock_monotonic_ns();
        heed_signing_off(sensor);
        if (checked == 0 || now - checked >= (uint64_t)RECHECK_MS * 1000000) {
            checked = now;
            update_places(sensor);
        }
        take_all(sensor);
        report(sensor);
        uint64_t next = eg_file_waiting_tell(sensor->waiting);
        eg_file_waiting_tell_losses(sensor->waiting);
        /* taking has reset the event, also when it was set for somebody who signs off */
        DWORD wait = eg_atomic_get(&sensor->signed_off) ? 0 : wait_time(next);
        signalled = WaitForMultipleObjects(2, handles, FALSE, wait);
    }
    for (size_t i = 0; i < sensor->count; i++) {
        forget(&sensor->watches[i]);
    }
    sensor->count = 0;
    return EG_OK;
}

static void file_stop(void *context)
{
    file_sensor *sensor = context;
    SetEvent(sensor->stop);
}

static void file_signed_off(void *context)
{
    file_sensor *sensor = context;
    eg_atomic_set(&sensor->signed_off, 1);
    SetEvent(sensor->changed);
}

/* ---- what is there ---- */

typedef struct snapshot_context {
    eg_file_reporter *reporter;
    HANDLE stop;
    bool startup;
    size_t told;
} snapshot_context;

static int snapshot_file(void *user, const eg_place_file *file)
{
    snapshot_context *context = user;
    if (WaitForSingleObject(context->stop, 0) != WAIT_TIMEOUT) {
        return EG_E_CLOSED;
    }
    if (!context->startup && context->told++ >= SNAPSHOT_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d files", SNAPSHOT_MAX);
    }
    eg_file_report(context->reporter, file->path, EG_EVENT_EXISTING);
    return EG_OK;
}

static int snapshot_place(void *user, const eg_file_place *place)
{
    snapshot_context *context = user;
    context->startup = place->startup;
    int status = eg_file_place_walk(place, snapshot_file, context);
    if (status == EG_E_LIMIT) {
        eg_log(EG_LOG_INFO, "file", "%s: not all of what is there is told: %s", place->path,
               eg_error_message());
        status = EG_OK;
    }
    return status;
}

static int file_snapshot(void *context)
{
    file_sensor *sensor = context;
    snapshot_context snapshot = {NULL, sensor->stop, false, 0};
    int status = eg_file_reporter_create(&snapshot.reporter, &sensor->sink);
    if (status == EG_OK) {
        status = eg_file_places(snapshot_place, &snapshot);
        eg_file_reporter_destroy(snapshot.reporter);
    }
    return status;
}

const eg_sensor eg_hook_file = {
    .name = "file",
    .what = "startup folders, and files with code where mail programs and browsers put them",
    .open = file_open,
    .run = file_run,
    .stop = file_stop,
    .close = file_close,
    .snapshot = file_snapshot,
    .signed_off = file_signed_off,
};
