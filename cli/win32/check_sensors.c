/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/check_sensors.h"

#include "cli/win32/check_users.h"
#include "core/base/status.h"
#include "core/detect/pipeline.h"
#include "core/detect/scan_targets.h"
#include "core/event/snapshot_mark.h"
#include "driverless-hooks/sensor.h"
#include "worker/win32/file_access.h"

#include <string.h>

#define ARENA_BLOCK ((size_t)16 * 1024)

/* The sensors that can tell what exists; the others tell only what happens. */
static const struct {
    const char *name;
    eg_check_area_id area;
} listing[] = {
    {"process", EG_CHECK_PROCESS}, {"registry", EG_CHECK_AUTOSTART},
    {"service", EG_CHECK_SERVICE}, {"task", EG_CHECK_TASK},
    {"wmi", EG_CHECK_WMI},         {"file", EG_CHECK_FILE},
};

typedef struct gathering {
    eg_check_pc *pc;
    const eg_windows_folders *folders;
    eg_pipeline *pipeline;
    eg_file_access *access;
    eg_file_reader *reader; /* for rules on hashes and signatures */
    eg_arena *arena;        /* of one event */
    const eg_sensor *sensor;
    void *context; /* of the sensor, once it is open */
    size_t done;   /* sensors */
    int status;    /* the first failure */
} gathering;

static int on_hit(void *user, const eg_hit *hit, const eg_event *event)
{
    gathering *g = user;
    eg_mutex_lock(g->pc->lock);
    int status = eg_check_add_hit(g->pc->report, hit, event);
    if (status == EG_OK) {
        status = eg_check_stories_take(g->pc->stories, hit);
    }
    eg_mutex_unlock(g->pc->lock);
    return status;
}

static eg_check_area_id area_of(const eg_scan_target *target, const eg_event *event)
{
    return target->reason == EG_SCAN_LOADED || target->reason == EG_SCAN_COMMAND_LINE
               ? EG_CHECK_PROCESS
               : eg_check_area_of(event->kind);
}

static int add_target(gathering *g, const eg_scan_target *target, const eg_event *event)
{
    eg_check_area_id area = area_of(target, event);
    if (target->bytes.ptr || target->path.kind == EG_PATH_UNRESOLVED) {
        return EG_OK; /* a name that Windows finds somewhere is among the candidates */
    }
    if (target->path.kind == EG_PATH_NETWORK) {
        return eg_check_pc_add_gap(g->pc, area, target->path.text, EG_CHECK_REASON_ELSEWHERE,
                                   EG_STR_NONE);
    }
    const char *path = eg_arena_copy(g->arena, target->path.text.ptr, target->path.text.len);
    if (!path) {
        return EG_E_NOMEM;
    }
    /* what an entry names and is not there cannot start */
    return eg_file_exists(path) && !eg_dir_exists(path)
               ? eg_check_files_add_once(g->pc->files, area, target->path.text)
               : EG_OK;
}

static int take(gathering *g, const eg_event *event)
{
    eg_scan_targets targets;
    eg_check_pc_looked(g->pc, eg_check_area_of(event->kind), 1);
    int status = eg_pipeline_feed(g->pipeline, event);
    eg_arena_reset(g->arena);
    if (status == EG_OK) {
        status = eg_scan_targets_of(event, g->folders, g->arena, &targets);
    }
    for (size_t i = 0; status == EG_OK && i < targets.count; i++) {
        status = add_target(g, &targets.items[i], event);
    }
    return status;
}

static int take_of_user(void *user, const eg_event *event)
{
    gathering *g = user;
    int status = take(g, event);
    return status == EG_OK ? eg_check_pc_step(g->pc, EG_CHECK_PHASE_SENSORS, EG_COUNT(listing),
                                              EG_COUNT(listing), EG_STR("registry"))
                           : status;
}

static void on_event(void *user, const eg_event *event)
{
    gathering *g = user;
    if (eg_snapshot_step_of(event) != EG_SNAPSHOT_NONE || g->status != EG_OK) {
        return;
    }
    g->status = take(g, event);
    if (g->status == EG_OK) {
        g->status = eg_check_pc_step(g->pc, EG_CHECK_PHASE_SENSORS, g->done, EG_COUNT(listing),
                                     eg_str_from(g->sensor->name));
    }
    if (g->status != EG_OK) {
        g->sensor->stop(g->context);
    }
}

static void on_health(void *user, const char *sensor, eg_sensor_health health, const char *source,
                      const char *detail)
{
    /* How a sensor would watch is no matter here. */
    EG_UNUSED(user);
    EG_UNUSED(sensor);
    EG_UNUSED(health);
    EG_UNUSED(source);
    EG_UNUSED(detail);
}

static int gather_from(gathering *g, eg_check_area_id area)
{
    const eg_sink sink = {.user = g, .emit = on_event, .health = on_health};
    int status = g->sensor->open(&g->context, &sink);
    if (status == EG_OK) {
        status = g->sensor->snapshot(g->context);
        g->sensor->close(g->context);
        g->context = NULL;
    }
    if (g->status != EG_OK || status == EG_E_NOMEM) {
        return g->status != EG_OK ? g->status : status;
    }
    if (status != EG_OK) {
        return eg_check_pc_add_failure(g->pc, area, EG_STR_NONE,
                                       status == EG_E_DENIED ? EG_CHECK_REASON_LIST_DENIED
                                                             : EG_CHECK_REASON_LIST);
    }
    eg_check_pc_looked(g->pc, area, 0);
    return EG_OK;
}

static const eg_sensor *find_sensor(const char *name)
{
    size_t count = 0;
    const eg_sensor *const *sensors = eg_sensors(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(sensors[i]->name, name) == 0) {
            return sensors[i];
        }
    }
    return NULL;
}

static int open_parts(gathering *g)
{
    int status = eg_arena_create(&g->arena, ARENA_BLOCK);
    if (status == EG_OK) {
        status = eg_file_access_create(&g->access);
    }
    if (status == EG_OK) {
        eg_file_ops ops = eg_file_access_ops(g->access);
        status = eg_file_reader_create(&ops, &eg_file_default_limits, &g->reader);
    }
    if (status == EG_OK) {
        status = eg_pipeline_create(g->pc->rules, on_hit, g, &g->pipeline);
    }
    if (status == EG_OK) {
        eg_pipeline_use_exceptions(g->pipeline, g->pc->exceptions);
        eg_pipeline_use_files(g->pipeline, g->reader);
    }
    return status;
}

int eg_check_sensors_gather(eg_check_pc *pc, const eg_windows_folders *folders)
{
    gathering g = {.pc = pc, .folders = folders};
    int status = open_parts(&g);
    for (size_t i = 0; i < EG_COUNT(listing) && status == EG_OK; i++) {
        g.sensor = find_sensor(listing[i].name);
        g.done = i;
        status = eg_check_pc_step(pc, EG_CHECK_PHASE_SENSORS, i, EG_COUNT(listing),
                                  eg_str_from(listing[i].name));
        if (status == EG_OK && g.sensor) {
            status = gather_from(&g, listing[i].area);
        }
    }
    if (status == EG_OK) {
        status = eg_check_users_hives(pc, folders, take_of_user, &g);
    }
    eg_pipeline_destroy(g.pipeline);
    eg_file_reader_destroy(g.reader);
    eg_file_access_destroy(g.access);
    eg_arena_destroy(g.arena);
    return status;
}
