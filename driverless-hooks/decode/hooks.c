/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of sensors. On systems other than Windows, where only the decoders are built, it is
 * empty.
 */
#include "driverless-hooks/sensor.h"

#include "core/base/compiler.h"
#include "core/event/snapshot_mark.h"

#ifdef _WIN32
#define HOOK(name) extern const eg_sensor eg_hook_##name;
#include "driverless-hooks/hooks.def"
#undef HOOK
#define HOOK(name) &eg_hook_##name,
#endif

static const eg_sensor *const sensors[] = {
#ifdef _WIN32
#include "driverless-hooks/hooks.def"
#endif
    NULL,
};

const eg_sensor *const *eg_sensors(size_t *count)
{
    *count = EG_COUNT(sensors) - 1;
    return sensors;
}

void eg_sensor_listed(const eg_sink *sink, const char *sensor, eg_str prefix)
{
    eg_event mark;
    eg_snapshot_mark(&mark, EG_SNAPSHOT_LISTED, eg_str_from(sensor), prefix);
    sink->emit(sink->user, &mark);
}

const char *eg_sensor_health_name(eg_sensor_health health)
{
    static const char *const names[] = {"starting", "full", "degraded", "blind", "absent"};
    return (size_t)health < EG_COUNT(names) ? names[health] : "unknown";
}
