/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Services key read into a list of values, quickly: a key that was not written since the last
 * reading is not opened again. Keeps no state but the two readings; any thread.
 */
#ifndef EG_SERVICE_TREE_H
#define EG_SERVICE_TREE_H

#include "driverless-hooks/decode/value_diff.h"

#include <windows.h>

typedef struct eg_service_tree {
    eg_value_list *values; /* "service\ImagePath", "service\Parameters\ServiceDll"...; sealed */
    eg_value_list *stamps; /* when each service's key was written last; sealed */
    bool fresh; /* a key was written a moment ago: its stamp may not tell the next write */
} eg_service_tree;

/*
 * Reads the services below `root`. With `known` (NULL: none) values of keys with the same stamp
 * are taken from there; ServiceDll, which lies in a key of its own, is read for every service that
 * svchost runs. A stamp can be forged, so now and then read without `known`. EG_E_NOTFOUND when
 * the root has been deleted, EG_E_LIMIT when it holds more than 20,000 services.
 */
int eg_service_tree_read(HKEY root, const eg_service_tree *known, eg_service_tree *out);
void eg_service_tree_done(eg_service_tree *tree); /* of zeroes: does nothing */

#endif
