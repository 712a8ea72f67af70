/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sensor that reads channels of the Windows event log: what hook_eventlog.c and hook_sysmon.c
 * have in common. Each channel is subscribed on its own, so that one that is missing, refused or
 * switched off does not silence the others; it is tried again later. How far each was read is kept
 * over restarts, so that what was logged meanwhile is told, marked EG_EVENT_CHANGED_WHILE_DOWN.
 *
 * The functions are those of eg_sensor; `run` owns all readers. There is no snapshot: what exists
 * is for the sensors of the things themselves to tell.
 */
#ifndef EG_LOG_SENSOR_H
#define EG_LOG_SENSOR_H

#include "driverless-hooks/log_reader.h"
#include "driverless-hooks/sensor.h"

#define EG_LOG_CHANNELS_MAX 8

/* Of what was logged while the service was down this many records a channel are told at most. */
#define EG_LOG_BACKLOG_MAX 1000

typedef struct eg_log_plan {
    const char *name; /* of the sensor */
    const eg_log_channel *channels;
    size_t count;       /* at most EG_LOG_CHANNELS_MAX */
    const char *absent; /* what it means that there are none of them; "" when that is a fault */
} eg_log_plan;

/* `plan` and `api` must outlive the sensor. */
int eg_log_sensor_open(void **context, const eg_sink *sink, const eg_log_plan *plan,
                       const eg_log_api *api);
int eg_log_sensor_run(void *context);
void eg_log_sensor_stop(void *context);
void eg_log_sensor_close(void *context);
int eg_log_sensor_snapshot(void *context);

#endif
