/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One way to learn of process starts and stops. hook_process.c tries them best first and falls
 * back to the next while a better one cannot be had.
 *
 * All functions of one source are called from the sensor's thread.
 */
#ifndef EG_PROCESS_SOURCE_H
#define EG_PROCESS_SOURCE_H

#include "driverless-hooks/process_feed.h"

#include <windows.h>

typedef struct eg_process_source {
    const char *name;        /* "etw", "wmi", "poll" */
    eg_sensor_health health; /* of the sensor while this source runs */
    const char *detail;      /* what that means, for people; NULL: run reports both by itself */
    /*
     * EG_OK when events are certain to arrive; `stop` is a manual-reset event. EG_E_TIMEOUT with a
     * context: it takes long, and goes on meanwhile; call again with that context, or close it.
     * Else the context is NULL before the call, and after a failure.
     */
    int (*open)(void **context, eg_process_feed *feed, HANDLE stop);
    /*
     * EG_OK once `stop` is signalled, EG_E_TIMEOUT after `milliseconds` (EG_FOREVER: never), or the
     * reason why the source has failed.
     */
    int (*run)(void *context, uint32_t milliseconds);
    void (*close)(void *context);
} eg_process_source;

extern const eg_process_source eg_process_source_etw;
extern const eg_process_source eg_process_source_wmi;
extern const eg_process_source eg_process_source_poll;

#endif
