/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening somebody's file to look into it: without keeping anybody from changing or deleting it,
 * and without waiting for those who hold it. Any thread.
 */
#ifndef EG_WORKER_OPEN_FILE_H
#define EG_WORKER_OPEN_FILE_H

#include "core/base/str.h"

#include <windows.h>

/*
 * `path` is "C:\x" or "\\?\Volume{...}\x", with '/' or '\'; with `network` also "\\server\share\x".
 * EG_E_UNSUPPORTED for what is on no disk of this computer (without `network`), for what lies in a
 * cloud, and for other names. The caller closes the handle.
 */
int eg_open_file_at_once(eg_str path, bool network, HANDLE *out);

#endif
