/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for WMI: a locator, services, enumerators and objects with the interfaces of
 * wbemcli.h, over two namespaces whose instances a test makes, changes and deletes, and whose calls
 * it lets fail. Include after unit.h.
 */
#ifndef EG_TESTS_WMI_FIXTURE_H
#define EG_TESTS_WMI_FIXTURE_H

#include "driverless-hooks/wmi_session.h"

enum { EG_FAKE_INSTANCES_MAX = 16, EG_FAKE_EVENTS_MAX = 16 };

/* An instance; what is NULL it does not have. */
typedef struct eg_fake_instance {
    const WCHAR *class_name, *name, *command_line, *script, *consumer, *filter;
    const WCHAR *operation; /* of an event: its class */
    bool sid;               /* CreatorSID is that of LocalSystem */
} eg_fake_instance;

typedef struct eg_fake_namespace {
    const WCHAR *path;
    eg_fake_instance instances[EG_FAKE_INSTANCES_MAX];
    size_t count;
    eg_fake_instance events[EG_FAKE_EVENTS_MAX]; /* not fetched yet */
    size_t event_count;
    HRESULT connect, notify, query; /* what these calls answer */
    HRESULT next;                   /* what the next fetch of events answers, once */
    bool hangs;                     /* queries are never answered */
    int connections;
} eg_fake_namespace;

typedef struct eg_fake_wmi {
    SRWLOCK lock;
    eg_fake_namespace namespaces[2];
    HRESULT locator, protect;
} eg_fake_wmi;

extern eg_fake_wmi eg_wmi; /* under its lock while a sensor runs */
extern const eg_wmi_api eg_fake_wmi_api;

void eg_fake_wmi_reset(void);
long eg_fake_wmi_objects(void); /* that nobody has released */

/* Makes, changes or deletes an instance as a running WMI does, with an event for it. */
void eg_fake_wmi_create(size_t space, const eg_fake_instance *instance, bool tell);
void eg_fake_wmi_modify(size_t space, const eg_fake_instance *instance, bool tell);
void eg_fake_wmi_delete(size_t space, const eg_fake_instance *instance, bool tell);

#endif
