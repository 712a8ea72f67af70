/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script sensor: script blocks of PowerShell (4104, of Windows PowerShell and of PowerShell 7)
 * and what script hosts hand to AMSI (1101), both by ETW. Both providers live in the process that
 * runs the script: the header's process id is the kernel's word, the rest is that process' own.
 */
#include "driverless-hooks/hook_script.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/decode/script_feed.h"
#include "driverless-hooks/etw/provider_source.h"

enum { RING_SIZE = 4 * 1024 * 1024 };

static const uint16_t script_block_ids[] = {4104, 0};
static const uint16_t amsi_ids[] = {1101, 0};

/* 4104 is written as verbose (5), or as a warning when PowerShell itself suspects the text. */
static const eg_provider powershell = {
    .name = "Microsoft-Windows-PowerShell",
    .guid = EG_ETW_PROVIDER_POWERSHELL,
    .level = 5,
    .ids = script_block_ids,
};
static const eg_provider powershell_core = {
    .name = "PowerShellCore",
    .guid = EG_ETW_PROVIDER_POWERSHELL_CORE,
    .level = 5,
    .ids = script_block_ids,
};
static const eg_provider amsi = {
    .name = "Microsoft-Antimalware-Scan-Interface",
    .guid = EG_ETW_PROVIDER_AMSI,
    .level = 4,
    .ids = amsi_ids,
};
static const eg_provider *const providers[] = {&powershell, &powershell_core, &amsi};

typedef struct script_sensor {
    eg_sink sink; /* the service's */
    eg_provider_source *source;
    eg_script_feed *feed;
} script_sensor;

static eg_atomic arrives_since; /* FILETIME; 0 while script blocks do not arrive by ETW */

bool eg_script_told_by_etw(uint64_t time)
{
    int64_t since = eg_atomic_get(&arrives_since);
    return since != 0 && time >= (uint64_t)since;
}

static void on_record(void *user, const eg_etw_record *record, uint64_t now)
{
    script_sensor *sensor = user;
    eg_script_feed_record(sensor->feed, record, now);
}

static void on_tick(void *user, uint64_t now)
{
    script_sensor *sensor = user;
    eg_script_feed_tick(sensor->feed, now);
}

/* On the way to the service: what the event log sensor wants to know. */
static void on_health(void *user, const char *name, eg_sensor_health health, const char *source,
                      const char *detail)
{
    script_sensor *sensor = user;
    eg_atomic_set(&arrives_since, health == EG_SENSOR_FULL ? (int64_t)eg_clock_utc() : 0);
    sensor->sink.health(sensor->sink.user, name, health, source, detail);
}

static void on_event(void *user, const eg_event *event)
{
    script_sensor *sensor = user;
    sensor->sink.emit(sensor->sink.user, event);
}

static const eg_provider_source_options options = {
    .sensor = "script",
    .detail = "script blocks of PowerShell, what scripts hand to AMSI",
    .misses = "no script is seen",
    .providers = providers,
    .provider_count = EG_COUNT(providers),
    .ring_size = RING_SIZE,
    .record = on_record,
    .tick = on_tick,
};

static void script_close(void *context)
{
    script_sensor *sensor = context;
    if (sensor) {
        eg_script_feed_destroy(sensor->feed);
        eg_provider_source_destroy(sensor->source);
        eg_free(sensor);
    }
}

static int script_open(void **context, const eg_sink *sink)
{
    script_sensor *sensor = eg_alloc_zero(1, sizeof(*sensor));
    if (!sensor) {
        return EG_E_NOMEM;
    }
    sensor->sink = *sink;
    eg_sink own = {.user = sensor, .emit = on_event, .health = on_health};
    int status = eg_provider_source_create(&sensor->source, &options, &own, sensor);
    if (status == EG_OK) {
        status = eg_script_feed_create(&sensor->feed, sink);
    }
    if (status != EG_OK) {
        script_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

static int script_run(void *context)
{
    script_sensor *sensor = context;
    int status = eg_provider_source_run(sensor->source);
    eg_atomic_set(&arrives_since, 0);
    return status;
}

static void script_stop(void *context)
{
    script_sensor *sensor = context;
    eg_provider_source_stop(sensor->source);
}

/* Scripts that ran before nobody can list. */
static int script_snapshot(void *context)
{
    EG_UNUSED(context);
    return EG_OK;
}

const eg_sensor eg_hook_script = {
    .name = "script",
    .what = "scripts as they run: PowerShell blocks, what is handed to AMSI",
    .open = script_open,
    .run = script_run,
    .stop = script_stop,
    .close = script_close,
    .snapshot = script_snapshot,
};
