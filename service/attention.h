/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tray shows as "attention": from the health of the parts to a short list, gravest first,
 * and the figures for its about window. Pure; texts of the result borrow from the view.
 */
#ifndef EG_SERVICE_ATTENTION_H
#define EG_SERVICE_ATTENTION_H

#include "core/ipc/message.h"
#include "driverless-hooks/sensor.h"
#include "service/rules.h"

#define EG_ATTENTION_SENSORS_MAX 32

typedef struct eg_attention_sensor {
    const char *name;
    eg_sensor_health health;
} eg_attention_sensor;

typedef struct eg_attention_view {
    uint64_t now; /* FILETIME */
    uint64_t stale_days;
    eg_rules_summary rules;
    size_t sensor_count;
    eg_attention_sensor sensors[EG_ATTENTION_SENSORS_MAX];
    uint64_t hits_waiting;
    bool store_failing;        /* hits cannot be stored now */
    bool scanner_down;         /* files are not looked into */
    const char *no_rules;      /* NULL, or why there are none at all */
    const char *pack_rejected; /* NULL, or why new rules were refused */
    bool database_renewed;
    bool settings_wrong;
    uint32_t check_findings; /* suspicious things in the last check of this PC */
} eg_attention_view;

/* "uplink" is false: nothing is sent from here to a central place. */
void eg_attention_collect(const eg_attention_view *view, eg_service_state *out);

#endif
