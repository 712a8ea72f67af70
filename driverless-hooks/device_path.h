/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of files as the kernel gives them ("\Device\HarddiskVolume3\x.exe"), turned into those that
 * people and rules know ("C:\x.exe"). Which device is which drive is asked of the running system
 * once, again when an unknown device is met, and once a minute while in use. Drives of one user's
 * session alone (subst, network) are not visible to a service; the kernel's names never hold them.
 * Belongs to one thread at a time.
 */
#ifndef EG_DEVICE_PATH_H
#define EG_DEVICE_PATH_H

#include "driverless-hooks/decode/event_text.h"

typedef struct eg_device_paths eg_device_paths;

int eg_device_paths_create(eg_device_paths **out);
void eg_device_paths_destroy(eg_device_paths *paths); /* NULL-safe */

/*
 * The name as people know it, in `text`: see eg_path_map_rewrite for the forms that are read.
 * `path` itself when it names a device that has no drive, folder or volume, or memory ran out.
 */
eg_str eg_device_path_dos(eg_device_paths *paths, eg_str path, eg_event_text *text);

#endif
