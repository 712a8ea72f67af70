/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service sensor: services and drivers that are installed or given another program, library,
 * start type, account or failure command. The Services key is watched with all below it and
 * compared after every notification. Some of its keys are written all day, so readings that find
 * nothing are a second apart. Once a minute everything is read again, whatever the keys' time
 * stamps say.
 */
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/registry_event.h"
#include "driverless-hooks/decode/service_event.h"
#include "driverless-hooks/sensor.h"
#include "driverless-hooks/registry_writers.h"
#include "driverless-hooks/service_tree.h"

enum {
    NOTIFY_THREAD_AGNOSTIC = 0x10000000,
    SETTLE_MS = 100, /* a service is several writes */
    PAUSE_MS = 1000, /* when notifications bring no news */
    FRESH_MS = 1100, /* a key just written is read once more */
    RESCAN_MS = 60 * 1000,
    REOPEN_MS = 2000, /* when the key cannot be watched */
};

static const WCHAR services_path[] = L"SYSTEM\\CurrentControlSet\\Services";
static const eg_str services_key = EG_STR_INIT("HKLM\\System\\CurrentControlSet\\Services");

typedef struct service_sensor {
    eg_sink sink;
    HANDLE stop;    /* manual-reset */
    HANDLE changed; /* auto-reset */
    HKEY root;      /* NULL: not open */
    bool armed;
    eg_service_tree known;
    uint64_t read_all; /* monotonic nanoseconds of the last reading without `known` */
    eg_event_text text;
    eg_sensor_health reported;
} service_sensor;

/* What telling differences needs. */
typedef struct telling {
    const eg_sink *sink;
    eg_event_text *text;
    const eg_value_list *before, *now;
    uint32_t flags;
    uint64_t give_up; /* looking for who wrote */
    bool any;
} telling;

static void service_close(void *context)
{
    service_sensor *sensor = context;
    if (!sensor) {
        return;
    }
    eg_service_tree_done(&sensor->known);
    if (sensor->root) {
        RegCloseKey(sensor->root);
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
    eg_free(sensor);
}

static int service_open(void **context, const eg_sink *sink)
{
    service_sensor *sensor = eg_alloc_zero(1, sizeof(*sensor));
    if (!sensor) {
        return EG_E_NOMEM;
    }
    sensor->sink = *sink;
    sensor->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    sensor->changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    int status =
        sensor->stop && sensor->changed ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = eg_event_text_init(&sensor->text);
    }
    if (status != EG_OK) {
        service_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

/* `name` and `now` are of the value that the event is about. */
static void emit(telling *t, eg_event *event, eg_str name, const eg_value *now)
{
    event->flags |= t->flags;
    event->source = EG_STR("service");
    if (!(t->flags & EG_EVENT_EXISTING)) {
        eg_registry_writers_name(event, t->text, name, now, &t->give_up);
    }
    t->sink->emit(t->sink->user, event);
}

/* Of what is there already only these values are told, and each service. */
static bool names_program(eg_str name)
{
    return eg_str_ends_nocase(name, EG_STR("\\ImagePath")) ||
           eg_str_ends_nocase(name, EG_STR("\\ServiceDll")) ||
           eg_str_ends_nocase(name, EG_STR("\\FailureCommand"));
}

static void on_value(void *user, const eg_value *before, const eg_value *now)
{
    telling *t = user;
    eg_event event;
    uint64_t time = eg_clock_utc();
    t->any = true;
    if (eg_service_is_installed_by(t->before, t->now, before, now)) {
        eg_service_event(&event, t->text, time, t->now, eg_service_of(now->name));
        emit(t, &event, now->name, now);
    }
    eg_registry_event(&event, t->text, time, services_key, before, now);
    event.flags = names_program(now ? now->name : before->name) ? 0 : EG_EVENT_UNLISTED;
    emit(t, &event, now ? now->name : before->name, now);
}

static int open_root(HKEY *out)
{
    LSTATUS error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, services_path, 0, KEY_READ | KEY_NOTIFY, out);
    return error == ERROR_SUCCESS ? EG_OK : eg_fail_os((uint32_t)error, "open the Services key");
}

static int arm(service_sensor *sensor)
{
    DWORD filter = REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET | NOTIFY_THREAD_AGNOSTIC;
    if (sensor->armed) {
        return EG_OK;
    }
    LSTATUS error = RegNotifyChangeKeyValue(sensor->root, TRUE, filter, sensor->changed, TRUE);
    sensor->armed = error == ERROR_SUCCESS;
    return sensor->armed ? EG_OK : eg_fail_os((uint32_t)error, "watch the Services key");
}

/* Reads, tells what is new, remembers. The first reading only remembers. */
static int compare(service_sensor *sensor, bool *news)
{
    eg_service_tree now = {0};
    telling t = {.sink = &sensor->sink, .text = &sensor->text};
    uint64_t time = eg_clock_monotonic_ns();
    bool all = time - sensor->read_all >= (uint64_t)RESCAN_MS * 1000000;
    int status = eg_service_tree_read(sensor->root, all ? NULL : &sensor->known, &now);
    if (status != EG_OK) {
        return status;
    }
    if (sensor->known.values) {
        t.before = sensor->known.values;
        t.now = now.values;
        eg_value_diff(t.before, t.now, on_value, &t);
    }
    if (all) {
        sensor->read_all = time;
    }
    eg_service_tree_done(&sensor->known);
    sensor->known = now;
    *news = t.any;
    return EG_OK;
}

static void report(service_sensor *sensor, eg_sensor_health health, const char *detail)
{
    if (sensor->reported != health) {
        sensor->reported = health;
        sensor->sink.health(sensor->sink.user, "service", health, "notify", detail);
    }
}

/* One round: arm, then read and compare. */
static int watch(service_sensor *sensor, bool *news)
{
    int status = sensor->root ? EG_OK : open_root(&sensor->root);
    if (status == EG_OK) {
        status = arm(sensor);
    }
    if (status == EG_OK) {
        status = compare(sensor, news);
    }
    if (status == EG_OK) {
        report(sensor, EG_SENSOR_FULL, "services and drivers in the registry");
        return EG_OK;
    }
    report(sensor, EG_SENSOR_BLIND, eg_error_message());
    if (sensor->root) {
        RegCloseKey(sensor->root);
        sensor->root = NULL;
        sensor->armed = false;
    }
    return status;
}

static int service_run(void *context)
{
    service_sensor *sensor = context;
    int status = eg_registry_writers_join();
    if (status != EG_OK) {
        return status;
    }
    HANDLE handles[2] = {sensor->stop, sensor->changed};
    DWORD signalled = WAIT_TIMEOUT;
    while (signalled != WAIT_OBJECT_0) {
        bool news = false;
        if (watch(sensor, &news) != EG_OK) {
            signalled = WaitForSingleObject(sensor->stop, REOPEN_MS);
            continue;
        }
        uint64_t read = eg_clock_monotonic_ns();
        signalled =
            WaitForMultipleObjects(2, handles, FALSE, sensor->known.fresh ? FRESH_MS : RESCAN_MS);
        if (signalled == WAIT_OBJECT_0 + 1) {
            bool busy = !news && eg_clock_monotonic_ns() - read < (uint64_t)PAUSE_MS * 1000000;
            sensor->armed = false;
            signalled = WaitForSingleObject(sensor->stop, busy ? PAUSE_MS : SETTLE_MS);
        }
    }
    eg_registry_writers_leave();
    return EG_OK;
}

static void service_stop(void *context)
{
    service_sensor *sensor = context;
    SetEvent(sensor->stop);
}

static void on_existing(void *user, const eg_value *before, const eg_value *now)
{
    if (names_program(now->name)) {
        on_value(user, before, now);
    }
}

static int service_snapshot(void *context)
{
    service_sensor *sensor = context;
    eg_service_tree tree = {0};
    eg_event_text text;
    HKEY root = NULL;
    int status = eg_event_text_init(&text);
    if (status != EG_OK) {
        return status;
    }
    status = open_root(&root);
    if (status == EG_OK) {
        status = eg_service_tree_read(root, NULL, &tree);
        RegCloseKey(root);
    }
    if (status == EG_OK && WaitForSingleObject(sensor->stop, 0) != WAIT_TIMEOUT) {
        status = EG_E_CLOSED;
    }
    if (status == EG_OK) {
        telling t = {
            .sink = &sensor->sink, .text = &text, .now = tree.values, .flags = EG_EVENT_EXISTING};
        eg_value_diff(NULL, tree.values, on_existing, &t);
        eg_sensor_listed(&sensor->sink, "service", EG_STR(""));
    }
    eg_service_tree_done(&tree);
    eg_event_text_done(&text);
    return status;
}

const eg_sensor eg_hook_service = {
    .name = "service",
    .what = "services and drivers that are installed or changed, with what they start",
    .open = service_open,
    .run = service_run,
    .stop = service_stop,
    .close = service_close,
    .snapshot = service_snapshot,
};
