/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services from the values of the registry's Services key, as event 7045 of the system log tells
 * them. Names in the lists are "service\value" and "service\Parameters\ServiceDll". What the
 * registry holds is hostile: types and sizes are checked. Pure functions, any thread.
 */
#ifndef EG_DECODE_SERVICE_EVENT_H
#define EG_DECODE_SERVICE_EVENT_H

#include "core/event/event.h"
#include "driverless-hooks/decode/event_text.h"
#include "driverless-hooks/decode/value_diff.h"

/* The service of a value's name: what stands before its first backslash. */
eg_str eg_service_of(eg_str value_name);

/* True when svchost runs it: it has a ServiceDll, or its type says that it shares a process. */
bool eg_service_is_hosted(const eg_value_list *values, eg_str service);

/*
 * True when a difference between two sealed lists means that a service was installed: it has a
 * program now that it did not have, or has become a service by getting its type. Of the
 * differences of one service at most one is.
 */
bool eg_service_is_installed_by(const eg_value_list *old_values, const eg_value_list *new_values,
                                const eg_value *before, const eg_value *now);

/* Fills service_installed from the values of one service; its texts live in `text`. */
void eg_service_event(eg_event *event, eg_event_text *text, uint64_t time,
                      const eg_value_list *values, eg_str service);

#endif
