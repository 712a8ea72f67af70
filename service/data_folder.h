/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes and deletes a folder that only SYSTEM and the Administrators may touch. ProgramData lets
 * every user create folders, so what stands there under our name before we come is not to be
 * trusted. Pure Win32, no state; main thread.
 */
#ifndef EG_SERVICE_DATA_FOLDER_H
#define EG_SERVICE_DATA_FOLDER_H

#include "core/base/str.h"

/*
 * Creates `path` with our rights. When it exists and `enforce` is set: rights are set again, or, if
 * it is a link or belongs to somebody else, it is moved aside, a new one made and `notice` filled.
 */
int eg_data_folder_make(const char *path, bool enforce, eg_buf *notice);
/* Deletes the folder with everything in it; EG_OK when there is none. */
int eg_data_folder_delete(const char *path);
/* Deletes what is in the folder, but for files whose name begins with `kept`. */
int eg_data_folder_delete_except(const char *path, const char *kept);

#endif
