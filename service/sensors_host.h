/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the sensors: one thread each, which opens, runs and closes its sensor and starts it again,
 * later and later, when it ends by itself; and one thread for snapshots: at start, after loss, and
 * now and then to check the sensors. Keeps the table of their health. Created, stopped and
 * destroyed by the host.
 */
#ifndef EG_SERVICE_SENSORS_HOST_H
#define EG_SERVICE_SENSORS_HOST_H

#include "core/base/json.h"
#include "driverless-hooks/sensor.h"

typedef struct eg_sensors_host eg_sensors_host;

typedef struct eg_sensors_options {
    const eg_sensor *const *sensors;
    size_t count;
    void *user;
    /* Any thread; must not block. Not called after eg_sensors_host_join gave EG_OK. */
    void (*emit)(void *user, const eg_event *event);
    /* A sensor sees nothing any more. Any thread; may be NULL. */
    void (*blind)(void *user, const char *sensor, const char *detail);
    /*
     * Before the first restart of a sensor that ended; doubles up to 60 times it, and is short
     * again once the sensor has run for longer than that.
     */
    uint32_t restart_ms;
    uint32_t check_ms; /* between snapshots that check what the sensors reported; 0: none */
    /* What sensors keep beyond the end of the service: see eg_sink. Any thread; may be NULL. */
    int (*keep)(void *user, const char *name, eg_str value);
    int (*recall)(void *user, const char *name, eg_buf *value);
} eg_sensors_options;

int eg_sensors_host_start(const eg_sensors_options *options, eg_sensors_host **out);
/* Asks for a snapshot of every sensor; several requests before it starts are one. Any thread. */
void eg_sensors_host_resync(eg_sensors_host *host);
/* Comparing found so much that the sensor had not reported. Any thread. */
void eg_sensors_host_missed(eg_sensors_host *host, const char *sensor, uint64_t count);
/* A user signs off: tells every sensor that wants to know. Any thread. */
void eg_sensors_host_signed_off(eg_sensors_host *host);
void eg_sensors_host_stop(eg_sensors_host *host); /* tells all to end, does not wait */
/*
 * EG_OK when all threads have ended. EG_E_TIMEOUT when one has not, with its name in the message:
 * then the process must end without destroying anything the threads use.
 */
int eg_sensors_host_join(eg_sensors_host *host, uint32_t milliseconds);
void eg_sensors_host_destroy(eg_sensors_host *host); /* after a successful join; NULL-safe */
/* Tells the health of each sensor, under the host's lock. Any thread. */
void eg_sensors_host_each(eg_sensors_host *host,
                          void (*tell)(void *user, const char *name, eg_sensor_health health),
                          void *user);
/* Writes an array of {"name","what","health","source","detail","missed"}. Any thread. */
void eg_sensors_host_write(eg_sensors_host *host, eg_json *json);

#endif
