/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry sensor: the values of autostart.def, of the machine and of every user whose hive is
 * loaded. One thread; the thread pool only wakes it. Who wrote a value ETW tells, where it runs.
 *
 * Every two seconds the loaded hives are listed and each key is asked whether it is still there:
 * hives come and go without a notification, and a deleted key is not signalled everywhere. Every
 * minute all is read again. When a user signs off, all keys of users are closed for some seconds,
 * so that the profile can be unloaded; what changed for the others is told after that.
 */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/registry_event.h"
#include "driverless-hooks/registry_watch.h"
#include "driverless-hooks/registry_writers.h"
#include "driverless-hooks/sensor.h"

#include <string.h>
#include <wchar.h>

enum {
    RECHECK_MS = 2000,
    REREAD_MS = 60 * 1000,
    AWAY_MS = 5000,             /* for which keys of users stay closed when one signs off */
    WATCHES_MAX = 4096,         /* some 70 of the machine and 30 of each user */
    USERS_SIZE_MAX = 64 * 1024, /* their names */
    HIVE_SIZE_MAX = 1024,       /* one with its root */
    USER_NAME_UNITS = 256,
};

typedef struct watched {
    eg_registry_watch *watch;
    bool of_user;
    bool listed;  /* seen in the latest visit of places */
    bool primed;  /* has been read once */
    bool late;    /* its hive was loaded after the sensor started */
    bool failing; /* its last reading failed: said once */
} watched;

typedef struct registry_sensor {
    eg_sink sink;
    HANDLE stop;          /* manual-reset */
    HANDLE wake;          /* auto-reset, signalled by watches */
    eg_atomic signed_off; /* a user signs off: not heeded yet */
    eg_atomic listing;    /* a snapshot has begun, now or before */
    uint64_t away_until;  /* monotonic nanoseconds; 0: keys of users are open */
    watched watches[WATCHES_MAX];
    size_t count;
    bool started; /* the first visit of places is over */
    eg_buf users; /* whose places are in `watches` */
    eg_event_text text;
} registry_sensor;

/* What a change needs besides the two values. */
typedef struct change_context {
    const eg_sink *sink;
    eg_event_text *text;
    const char *key;
    uint32_t flags;
    uint64_t *give_up;        /* looking for who wrote; NULL: nobody is looked for */
    const eg_atomic *only_if; /* tell only when that is set; NULL: always */
} change_context;

/* A snapshot under way. */
typedef struct listing {
    change_context change;
    HANDLE stop;
    eg_buf hive;                 /* whose places are being read: "HKU\\S-1-5-21-...\\" */
    WCHAR user[USER_NAME_UNITS]; /* its key below HKEY_USERS; "" for the machine */
    bool complete;               /* all of it could be read so far */
} listing;

static void registry_close(void *context)
{
    registry_sensor *sensor = context;
    if (!sensor) {
        return;
    }
    if (sensor->wake) {
        CloseHandle(sensor->wake);
    }
    if (sensor->stop) {
        CloseHandle(sensor->stop);
    }
    if (sensor->text.arena) {
        eg_event_text_done(&sensor->text);
    }
    eg_buf_done(&sensor->users);
    eg_free(sensor);
}

static int registry_open(void **context, const eg_sink *sink)
{
    registry_sensor *sensor = eg_alloc_zero(1, sizeof(*sensor));
    if (!sensor) {
        return EG_E_NOMEM;
    }
    sensor->sink = *sink;
    eg_buf_init(&sensor->users, USERS_SIZE_MAX);
    sensor->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    sensor->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    int status =
        sensor->stop && sensor->wake ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = eg_event_text_init(&sensor->text);
    }
    if (status != EG_OK) {
        registry_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

static bool is_set(HANDLE event)
{
    return WaitForSingleObject(event, 0) != WAIT_TIMEOUT;
}

static void on_value(void *user, const eg_value *before, const eg_value *now)
{
    change_context *context = user;
    eg_event event;
    if (context->only_if && !eg_atomic_get(context->only_if)) {
        return;
    }
    eg_registry_event(&event, context->text, eg_clock_utc(), eg_str_from(context->key), before,
                      now);
    event.flags = context->flags;
    event.source = EG_STR("registry");
    if (context->give_up) {
        eg_registry_writers_name(&event, context->text, now ? now->name : before->name, now,
                                 context->give_up);
    }
    context->sink->emit(context->sink->user, &event);
}

static void refresh(registry_sensor *sensor, watched *at, uint64_t *give_up)
{
    change_context context = {&sensor->sink,
                              &sensor->text,
                              eg_registry_watch_key(at->watch),
                              at->primed ? 0 : EG_EVENT_EXISTING,
                              at->primed ? give_up : NULL,
                              NULL};
    /*
     * What is there at the start is for a snapshot to tell that begins after this reading. One that
     * began before may have missed what was written in between, as it has missed a late hive.
     */
    if (!at->primed && !at->late) {
        context.only_if = &sensor->listing;
    }
    int status = eg_registry_watch_refresh(at->watch, on_value, &context);
    if (status == EG_OK) {
        at->primed = true;
    } else if (!at->failing) {
        eg_log(EG_LOG_WARNING, "registry", "%s: %s", context.key, eg_error_message());
    }
    at->failing = status != EG_OK;
}

static int list_place(void *user, const eg_registry_place *place)
{
    registry_sensor *sensor = user;
    for (size_t i = 0; i < sensor->count; i++) {
        if (eg_registry_watch_is_at(sensor->watches[i].watch, place)) {
            sensor->watches[i].listed = true;
            return EG_OK;
        }
    }
    if (is_set(sensor->stop)) {
        return EG_E_CLOSED;
    }
    if (sensor->count == WATCHES_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d registry keys to watch", WATCHES_MAX);
    }
    watched *at = &sensor->watches[sensor->count];
    *at = (watched){.listed = true, .late = sensor->started, .of_user = place->root == HKEY_USERS};
    int status = eg_registry_watch_create(&at->watch, place, sensor->wake);
    if (status == EG_OK) {
        sensor->count++;
    }
    return status;
}

static void drop_unlisted(registry_sensor *sensor)
{
    size_t kept = 0;
    for (size_t i = 0; i < sensor->count; i++) {
        if (sensor->watches[i].listed) {
            sensor->watches[kept] = sensor->watches[i];
            sensor->watches[kept++].listed = false;
        } else {
            eg_registry_watch_destroy(sensor->watches[i].watch);
        }
    }
    sensor->count = kept;
}

/* Visits the places when a hive has come or gone, and at first. */
static int update_places(registry_sensor *sensor)
{
    eg_buf users;
    eg_buf_init(&users, USERS_SIZE_MAX);
    int status = eg_registry_users(&users);
    if (status == EG_OK && sensor->started &&
        eg_str_equal(eg_buf_str(&users), eg_buf_str(&sensor->users))) {
        eg_buf_done(&users);
        return EG_OK;
    }
    if (status == EG_OK) {
        status = eg_registry_places(list_place, sensor);
    }
    if (status != EG_OK) {
        eg_buf_done(&users);
        return status;
    }
    drop_unlisted(sensor);
    sensor->started = true;
    eg_buf_done(&sensor->users);
    sensor->users = users;
    return EG_OK;
}

static bool is_away(const registry_sensor *sensor, const watched *at)
{
    return at->of_user && sensor->away_until != 0;
}

static void check_all(registry_sensor *sensor)
{
    int status = update_places(sensor);
    if (status != EG_OK && status != EG_E_CLOSED) {
        eg_log(EG_LOG_WARNING, "registry", "%s", eg_error_message());
    }
    for (size_t i = 0; i < sensor->count && !is_set(sensor->stop); i++) {
        if (!is_away(sensor, &sensor->watches[i])) {
            eg_registry_watch_check(sensor->watches[i].watch);
        }
    }
}

static void heed_signing_off(registry_sensor *sensor)
{
    uint64_t now = eg_clock_monotonic_ns();
    if (eg_atomic_get(&sensor->signed_off)) {
        eg_atomic_set(&sensor->signed_off, 0);
        sensor->away_until = now + (uint64_t)AWAY_MS * 1000000;
        for (size_t i = 0; i < sensor->count; i++) {
            if (sensor->watches[i].of_user) {
                eg_registry_watch_release(sensor->watches[i].watch);
            }
        }
    } else if (now >= sensor->away_until) {
        sensor->away_until = 0;
    }
}

static size_t refresh_due(registry_sensor *sensor, bool all)
{
    size_t failing = 0;
    uint64_t give_up = 0;
    for (size_t i = 0; i < sensor->count && !is_set(sensor->stop); i++) {
        if (!is_away(sensor, &sensor->watches[i]) &&
            (all || eg_registry_watch_due(sensor->watches[i].watch))) {
            refresh(sensor, &sensor->watches[i], &give_up);
        }
        failing += sensor->watches[i].failing;
    }
    return failing;
}

/* True when `milliseconds` are over since `*last`, which then becomes now; and at first. */
static bool is_time(uint64_t *last, uint32_t milliseconds)
{
    uint64_t now = eg_clock_monotonic_ns();
    if (*last != 0 && now - *last < (uint64_t)milliseconds * 1000000) {
        return false;
    }
    *last = now;
    return true;
}

static void report(registry_sensor *sensor, size_t failing, eg_sensor_health *reported)
{
    eg_sensor_health health = failing == 0              ? EG_SENSOR_FULL
                              : failing < sensor->count ? EG_SENSOR_DEGRADED
                                                        : EG_SENSOR_BLIND;
    if (health != *reported) {
        *reported = health;
        sensor->sink.health(sensor->sink.user, "registry", health, "notify",
                            failing == 0 ? "autostart values of the machine and of all users"
                                         : "some autostart keys cannot be watched");
    }
}

static int registry_run(void *context)
{
    registry_sensor *sensor = context;
    int status = eg_registry_writers_join();
    if (status != EG_OK) {
        return status;
    }
    HANDLE handles[2] = {sensor->stop, sensor->wake};
    eg_sensor_health reported = EG_SENSOR_STARTING;
    uint64_t checked = 0;
    uint64_t read = 0;
    DWORD signalled = WAIT_TIMEOUT;
    while (signalled != WAIT_OBJECT_0) {
        heed_signing_off(sensor);
        if (is_time(&checked, RECHECK_MS)) {
            check_all(sensor);
        }
        bool all = is_time(&read, REREAD_MS);
        size_t failing = refresh_due(sensor, all);
        if (!is_set(sensor->stop)) { /* else not all was looked at */
            report(sensor, failing, &reported);
        }
        signalled = WaitForMultipleObjects(2, handles, FALSE, RECHECK_MS);
    }
    for (size_t i = 0; i < sensor->count; i++) {
        eg_registry_watch_destroy(sensor->watches[i].watch);
    }
    sensor->count = 0;
    eg_registry_writers_leave();
    return EG_OK;
}

static void registry_stop(void *context)
{
    registry_sensor *sensor = context;
    SetEvent(sensor->stop);
}

static void registry_signed_off(void *context)
{
    registry_sensor *sensor = context;
    eg_atomic_set(&sensor->signed_off, 1);
    SetEvent(sensor->wake);
}

/* What comes and goes as a whole: the machine, or one user, with the backslash behind it. */
static eg_str hive_of(const eg_registry_place *place)
{
    const char *end = strchr(place->shown, '\\') + 1;
    if (place->root == HKEY_USERS) {
        end = strchr(end, '\\') + 1;
    }
    return (eg_str){place->shown, (size_t)(end - place->shown)};
}

/*
 * A hive that was read in full has been listed; the places of a hive come one after the other. In
 * one that was unloaded meanwhile nothing is gone, although nothing was found.
 */
static void end_hive(listing *to)
{
    HKEY key = NULL;
    if (to->user[0] && RegOpenKeyExW(HKEY_USERS, to->user, 0, KEY_READ, &key) != ERROR_SUCCESS) {
        return;
    }
    if (key) {
        RegCloseKey(key);
    }
    if (to->hive.len > 0 && to->complete) {
        eg_sensor_listed(to->change.sink, "registry", eg_buf_str(&to->hive));
    }
}

static int begin_hive(listing *to, const eg_registry_place *place)
{
    eg_str hive = hive_of(place);
    if (eg_str_equal(hive, eg_buf_str(&to->hive))) {
        return EG_OK;
    }
    end_hive(to);
    size_t units = place->root == HKEY_USERS ? wcscspn(place->path, L"\\") : 0;
    to->complete = units < USER_NAME_UNITS;
    units = to->complete ? units : 0;
    memcpy(to->user, place->path, units * sizeof(WCHAR));
    to->user[units] = L'\0';
    eg_buf_clear(&to->hive);
    return eg_buf_append_str(&to->hive, hive);
}

static int snapshot_place(void *user, const eg_registry_place *place)
{
    listing *to = user;
    HKEY key = NULL;
    eg_value_list *values = NULL;
    if (is_set(to->stop)) {
        return EG_E_CLOSED;
    }
    int status = begin_hive(to, place);
    LSTATUS error = RegOpenKeyExW(place->root, place->path, 0, KEY_READ | KEY_WOW64_64KEY, &key);
    if (status != EG_OK || error != ERROR_SUCCESS) {
        to->complete = to->complete && error == ERROR_FILE_NOT_FOUND;
        return status;
    }
    status = eg_value_list_create(&values);
    if (status == EG_OK) {
        status = eg_registry_read(key, place->values, place->depth, values);
    }
    if (status == EG_OK) {
        eg_value_list_seal(values);
        to->change.key = place->shown;
        eg_value_diff(NULL, values, on_value, &to->change);
    }
    eg_value_list_destroy(values);
    RegCloseKey(key);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

static int registry_snapshot(void *context)
{
    registry_sensor *sensor = context;
    eg_event_text text;
    eg_atomic_set(&sensor->listing, 1);
    int status = eg_event_text_init(&text);
    if (status == EG_OK) {
        listing to = {.change = {&sensor->sink, &text, NULL, EG_EVENT_EXISTING, NULL, NULL},
                      .stop = sensor->stop};
        eg_buf_init(&to.hive, HIVE_SIZE_MAX);
        status = eg_registry_places(snapshot_place, &to);
        if (status == EG_OK) {
            end_hive(&to);
        }
        eg_buf_done(&to.hive);
        eg_event_text_done(&text);
    }
    return status;
}

const eg_sensor eg_hook_registry = {
    .name = "registry",
    .what = "values that make Windows start programs by itself: Run, Winlogon, Active Setup...",
    .open = registry_open,
    .run = registry_run,
    .stop = registry_stop,
    .close = registry_close,
    .snapshot = registry_snapshot,
    .signed_off = registry_signed_off,
};
