/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a sensor that does nothing but listen to manifest providers: joins the shared
 * session, tries again with a growing pause where it cannot be had, tells its health and its
 * losses, and hands every record to the sensor. All of it on the thread that calls run; stop from
 * any thread.
 */
#ifndef EG_PROVIDER_SOURCE_H
#define EG_PROVIDER_SOURCE_H

#include "driverless-hooks/provider_session.h"
#include "driverless-hooks/sensor.h"

typedef struct eg_provider_source_options {
    const char *sensor; /* its name, for health and loss */
    const char *detail; /* what it sees while all is well, for people */
    const char *misses; /* what nobody sees while it is blind, for people */
    const eg_provider *const *providers;
    size_t provider_count;
    size_t ring_size; /* bytes of records that wait */
    /* `now` is the monotonic clock in milliseconds. */
    void (*record)(void *user, const eg_etw_record *record, uint64_t now);
    void (*tick)(void *user, uint64_t now); /* about once a second; NULL when there is no need */
} eg_provider_source_options;

typedef struct eg_provider_source eg_provider_source;

/* `options` must outlive the source; `user` is handed to its functions. */
int eg_provider_source_create(eg_provider_source **out, const eg_provider_source_options *options,
                              const eg_sink *sink, void *user);
void eg_provider_source_destroy(eg_provider_source *source); /* NULL-safe; after run has returned */
int eg_provider_source_run(eg_provider_source *source);      /* blocks until stop */
void eg_provider_source_stop(eg_provider_source *source);    /* any thread, idempotent */

#endif
