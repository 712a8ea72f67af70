/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel names files by device ("\Device\HarddiskVolume3\x.exe"), people and rules by drive
 * ("C:\x.exe"). A map holds which is which, and path names are rewritten with it. Pure: what fills
 * the map from the running system is device_path.c. Belongs to one thread at a time.
 */
#ifndef EG_DECODE_PATH_MAP_H
#define EG_DECODE_PATH_MAP_H

#include "core/base/str.h"

typedef struct eg_path_map eg_path_map;

int eg_path_map_create(eg_path_map **out);
void eg_path_map_destroy(eg_path_map *map); /* NULL-safe */

/*
 * What lies below `from` is shown below `to`; both without a closing backslash, both copied. `from`
 * is a device, a volume's name ("\\?\Volume{...}"), "\SystemRoot", or a drive that stands for a
 * folder (subst: "X:" to "C:\folder"). The first line for a name prevails. EG_E_LIMIT for too many
 * lines, EG_E_INVALID for an empty name.
 */
int eg_path_map_add(eg_path_map *map, eg_str from, eg_str to);

/*
 * Appends the name that people know for `path`, whichever way it is written: by device, by
 * redirector (Mup, LanmanRedirector and others give "\\server\share\..."), with "\??\", "\\?\",
 * "\\.\", "\DosDevices\", "\GLOBAL??\" or "\\?\GLOBALROOT" in front, by volume name, below
 * "\SystemRoot". What is no such name is appended as it is. EG_E_NOTFOUND, with nothing appended
 * and no message, when it names a device that the map does not know.
 */
int eg_path_map_rewrite(const eg_path_map *map, eg_str path, eg_buf *out);

#endif
