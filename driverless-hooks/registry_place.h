/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which registry keys start programs by themselves (autostart.def), and what values a key holds.
 * Stateless; any thread.
 */
#ifndef EG_REGISTRY_PLACE_H
#define EG_REGISTRY_PLACE_H

#include "driverless-hooks/decode/value_diff.h"

#include <windows.h>

typedef struct eg_registry_place {
    HKEY root;           /* HKEY_LOCAL_MACHINE or HKEY_USERS */
    const WCHAR *path;   /* below the root, in the 64-bit view */
    const char *shown;   /* as Sysmon prints it: "HKLM\SOFTWARE\...\Run" */
    const WCHAR *values; /* names between semicolons, NULL: all; outlives the visit */
    int depth;           /* levels of subkeys whose values count as well */
} eg_registry_place;

/* Return EG_OK to go on; anything else ends the visit and is returned by it. */
typedef int (*eg_registry_visit)(void *user, const eg_registry_place *place);

/*
 * Visits every place: of the machine in both views, and of each user whose hive is loaded now,
 * whether or not the key exists. The place is valid during the call.
 */
int eg_registry_places(eg_registry_visit visit, void *user);

/*
 * Visits the places of one user whose hive is loaded below HKEY_USERS as `name`, which is not
 * always the SID by which the places are shown.
 */
int eg_registry_places_of(const WCHAR *name, const char *sid, eg_registry_visit visit, void *user);

/* Appends the names of the user hives that are loaded: while they stay, so do the places. */
int eg_registry_users(eg_buf *out);

/*
 * Adds the values of an open key to `list`, those of `names` (NULL: all); names in subkeys are
 * "subkey\value". EG_E_NOTFOUND when the key has been deleted, EG_E_LIMIT when it holds more than
 * anybody's autostart does.
 */
int eg_registry_read(HKEY key, const WCHAR *names, int depth, eg_value_list *list);

#endif
