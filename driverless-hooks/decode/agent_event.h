/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events about EmoGuard itself (kind agent, Sigma category emoguard): what a sensor has lost, who
 * tampered with it. Rules can ask for them as for any other event. Pure but for the clock; any
 * thread. The texts are borrowed: they must live as long as the made event is used.
 */
#ifndef EG_DECODE_AGENT_EVENT_H
#define EG_DECODE_AGENT_EVENT_H

#include "driverless-hooks/sensor.h"

/* The field Reason. */
#define EG_AGENT_TELEMETRY_LOST "telemetry_lost"     /* Count events never arrived */
#define EG_AGENT_TELEMETRY_MISSED "telemetry_missed" /* Count things the sensor did not report */
#define EG_AGENT_SENSOR_DEGRADED "sensor_degraded"   /* sees less or later than it could */
#define EG_AGENT_SENSOR_BLIND "sensor_blind"         /* sees nothing */
#define EG_AGENT_SENSOR_RECOVERED "sensor_recovered" /* sees all again */
#define EG_AGENT_SESSION_TAMPERED "session_tampered" /* somebody stopped or changed our session */

typedef struct eg_agent_event {
    eg_event event;
    char count[24];
} eg_agent_event;

/* `sensor` names who tells; `description` says what happened, in words, and may be NULL. */
void eg_agent_event_make(eg_agent_event *out, const char *sensor, const char *reason,
                         uint64_t count, const char *description);

/* The same, straight into a sensor's sink. */
void eg_agent_event_emit(const eg_sink *sink, const char *sensor, const char *reason,
                         uint64_t count, const char *description);

#endif
