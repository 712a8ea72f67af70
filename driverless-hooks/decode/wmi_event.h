/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permanent WMI subscriptions as Sysmon tells them: a filter (19), a consumer (20), a binding of
 * both (21). And the table of those that are known, so that after a reconnection only what changed
 * meanwhile is told. Pure; a table belongs to one thread.
 */
#ifndef EG_DECODE_WMI_EVENT_H
#define EG_DECODE_WMI_EVENT_H

#include "core/event/event.h"
#include "driverless-hooks/decode/event_text.h"

/* The properties of an instance; what its class does not have is EG_STR_NONE. */
typedef struct eg_wmi_instance {
    eg_str class_name, name;
    eg_str event_namespace, query;   /* of a filter */
    eg_str command_line, executable; /* of a CommandLineEventConsumer */
    eg_str script, script_file;      /* of an ActiveScriptEventConsumer */
    eg_str target;                   /* of others: log file, event source, receiver */
    eg_str consumer, filter;         /* of a binding */
    eg_str user;
} eg_wmi_instance;

typedef enum eg_wmi_change { EG_WMI_CREATED, EG_WMI_MODIFIED, EG_WMI_DELETED } eg_wmi_change;

/* Its texts live in `text` or where those of `instance` do. False when it is none of the three. */
bool eg_wmi_event(eg_event *event, eg_event_text *text, uint64_t time, eg_wmi_change change,
                  const eg_wmi_instance *instance);

/* The same event with another Operation. */
void eg_wmi_event_change(eg_event *event, eg_wmi_change change);

typedef struct eg_wmi_table eg_wmi_table;

int eg_wmi_table_create(eg_wmi_table **out);
void eg_wmi_table_destroy(eg_wmi_table *table); /* NULL-safe */
/*
 * Enters a subscription of namespace number `place`. True when that is news, and then *change says
 * which; false when it is known as it is. Beyond 1,024, and without memory, everything is news.
 */
bool eg_wmi_table_put(eg_wmi_table *table, int place, const eg_event *event, eg_wmi_change *change);
/* True when it was known. */
bool eg_wmi_table_remove(eg_wmi_table *table, int place, const eg_event *event);
/* A round of comparing: begin, put each that exists, end, which removes and tells the others. */
void eg_wmi_table_begin(eg_wmi_table *table, int place);
void eg_wmi_table_end(eg_wmi_table *table, int place,
                      void (*gone)(void *user, const eg_event *event), void *user);

#endif
