/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One watched registry key: armed, read, compared. Windows only says that something changed, and
 * only once, so the order is always arm, then read and compare, then wait. A key that does not
 * exist is waited for at its nearest ancestor.
 *
 * A watch belongs to one thread; the thread pool only sets its flag and the caller's event.
 */
#ifndef EG_REGISTRY_WATCH_H
#define EG_REGISTRY_WATCH_H

#include "driverless-hooks/registry_place.h"

typedef struct eg_registry_watch eg_registry_watch;

/* `wake` is signalled whenever the key may have changed; it must outlive the watch. */
int eg_registry_watch_create(eg_registry_watch **out, const eg_registry_place *place, HANDLE wake);
void eg_registry_watch_destroy(eg_registry_watch *watch); /* NULL-safe */

bool eg_registry_watch_is_at(const eg_registry_watch *watch, const eg_registry_place *place);
const char *eg_registry_watch_key(const eg_registry_watch *watch); /* "HKLM\SOFTWARE\...\Run" */
/* True when the key was signalled since the last refresh, and before the first one. */
bool eg_registry_watch_due(const eg_registry_watch *watch);
/* Closes the key; what is known stays, and the next refresh opens it again. */
void eg_registry_watch_release(eg_registry_watch *watch);
/*
 * Looks whether the key has come, gone or been renamed without a notification, and makes it due
 * then. Much cheaper than a refresh.
 */
void eg_registry_watch_check(eg_registry_watch *watch);
/*
 * Arms if needed, reads, and calls `change` for each difference to the last reading (NULL: only
 * remembers). On failure what is known stays, and the next refresh tries again.
 */
int eg_registry_watch_refresh(eg_registry_watch *watch, eg_value_change change, void *user);

#endif
