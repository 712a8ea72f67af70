/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of a user who is not signed in, to be read: NTUSER.DAT is copied into a folder that
 * only administrators may open, and the copy is loaded below HKEY_USERS under a name of its own.
 * RegLoadAppKey does not do: it refuses hives whose keys differ in their security, as those of
 * users do. The user's own file is only ever read. One thread; close what was opened.
 */
#ifndef EG_CLI_HIVE_COPY_H
#define EG_CLI_HIVE_COPY_H

#include "core/base/str.h"

#include <windows.h>

#define EG_HIVE_BYTES_MAX ((uint64_t)256 * 1024 * 1024)

enum { EG_HIVE_PATH_UNITS = 512, EG_HIVE_NAME_UNITS = 64 };

typedef struct eg_hive_copy {
    WCHAR name[EG_HIVE_NAME_UNITS];   /* of the key below HKEY_USERS */
    WCHAR folder[EG_HIVE_PATH_UNITS]; /* "": none was made */
    bool loaded;
} eg_hive_copy;

/*
 * `profile` is the folder of the user. Wants the privileges to back up and to restore: EG_E_DENIED
 * without them. EG_E_NOTFOUND when the user has no registry, and only then; EG_E_LIMIT beyond
 * EG_HIVE_BYTES_MAX; EG_E_UNSUPPORTED for a link or another PC.
 */
int eg_hive_copy_open(eg_hive_copy *copy, eg_str profile);
/* Unloads and deletes the copy; all keys in it are closed by then. */
void eg_hive_copy_close(eg_hive_copy *copy);

#endif
