/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands between the intake and the pipeline: lets the baseline judge each event, hands out the
 * differences that snapshots found, and keeps the baseline in the database. As long as the database
 * is not open nothing is judged and all events go on as they came. Belongs to the pipeline thread.
 */
#ifndef EG_SERVICE_BASELINE_KEEPER_H
#define EG_SERVICE_BASELINE_KEEPER_H

#include "core/store/store.h"

typedef struct eg_baseline_keeper eg_baseline_keeper;

typedef struct eg_baseline_keeper_options {
    void *user;
    eg_store *(*store)(void *user); /* NULL while it is not open */
    void (*resync)(void *user);     /* asks for a snapshot: one went by unjudged */
    void (*missed)(void *user, const char *sensor, uint64_t count);
} eg_baseline_keeper_options;

int eg_baseline_keeper_create(const eg_baseline_keeper_options *options, eg_baseline_keeper **out);
void eg_baseline_keeper_destroy(eg_baseline_keeper *keeper); /* NULL-safe; does not save */
/* True when the event, with its flags as they are now, goes on to the rules. */
bool eg_baseline_keeper_admit(eg_baseline_keeper *keeper, eg_event *event);
/* The next difference that is due, NULL for none; free it with eg_free. */
eg_event *eg_baseline_keeper_next(eg_baseline_keeper *keeper);
/* Saves: at once when `now` is true, else every few seconds. */
void eg_baseline_keeper_save(eg_baseline_keeper *keeper, bool now);
/* The database has lost what it had. NULL-safe. */
void eg_baseline_keeper_restore(eg_baseline_keeper *keeper);

#endif
