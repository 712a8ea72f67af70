/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between sensors and the rest. A sensor watches one thing in user mode and emits
 * events; it knows nothing about rules, stores or windows.
 *
 * A new sensor is one file hook_<name>.c that defines `const eg_sensor eg_hook_<name>`, one line
 * HOOK(<name>) in hooks.def and one line in the .vcxproj. Its decoding half is a pure function in
 * decode/, so that it is tested and fuzzed on any machine.
 *
 * Life: open -> run on a thread of its own (blocks) -> stop from any thread -> run returns ->
 * close. The sink may be called from any thread of the sensor until run has returned.
 */
#ifndef EG_SENSOR_H
#define EG_SENSOR_H

#include "core/event/event.h"

typedef enum eg_sensor_health {
    EG_SENSOR_STARTING,
    EG_SENSOR_FULL,     /* the best source this sensor knows */
    EG_SENSOR_DEGRADED, /* a fallback: sees less or later */
    EG_SENSOR_BLIND,    /* sees nothing */
    EG_SENSOR_ABSENT,   /* an optional source that this PC does not have: nothing is amiss */
} eg_sensor_health;

typedef struct eg_sink {
    void *user;
    /*
     * Copies the event and returns at once: never blocks, never fails the sensor. A full queue
     * drops the event and counts it.
     */
    void (*emit)(void *user, const eg_event *event);
    /* The sensor's state for people; `source` is "etw", "wmi", "poll"...; `detail` says why. */
    void (*health)(void *user, const char *sensor, eg_sensor_health health, const char *source,
                   const char *detail);
    /*
     * A short text that outlives the service, by name: how far a sensor has read. From the sensor's
     * thread. Either may be NULL, then nothing is remembered. recall replaces what is in `value`;
     * EG_E_NOTFOUND when nothing was kept.
     */
    int (*keep)(void *user, const char *name, eg_str value);
    int (*recall)(void *user, const char *name, eg_buf *value);
} eg_sink;

typedef struct eg_sensor {
    const char *name; /* "process", "registry", "task" */
    const char *what; /* one line for `status` and docs */
    /* acquires, starts no thread; sink is copied */
    int (*open)(void **context, const eg_sink *sink);
    int (*run)(void *context);    /* blocks until stop; EG_OK after a stop */
    void (*stop)(void *context);  /* any thread, idempotent, does not wait */
    void (*close)(void *context); /* after run has returned; NULL-safe */
    /*
     * Emits what exists now, marked EG_EVENT_EXISTING, on the calling thread. The baseline at
     * start, the resync after loss and `emoguard check` are this call. May run while run runs, and
     * ends soon after stop with EG_E_CLOSED.
     *
     * What stays (values, tasks, services) is compared with what was known, over restarts too, if
     * the snapshot says by eg_sensor_listed what it has told in full. Then each thing must be told
     * once, with `source` the sensor's name and the same texts as when it changes; what only live
     * events tell is marked EG_EVENT_UNLISTED.
     */
    int (*snapshot)(void *context);
    /*
     * A user signs off: let go of what would keep the profile from being unloaded. Any thread,
     * returns at once; NULL when the sensor holds nothing of a user.
     */
    void (*signed_off)(void *context);
} eg_sensor;

/*
 * In a snapshot: all whose names (TargetObject, TaskName...) begin with `prefix` have been told, ""
 * for everything. What was known among them and was not told is gone.
 */
void eg_sensor_listed(const eg_sink *sink, const char *sensor, eg_str prefix);

/* All sensors of hooks.def, in its order. */
const eg_sensor *const *eg_sensors(size_t *count);
const char *eg_sensor_health_name(eg_sensor_health health); /* "starting", "full", ... */

#endif
