/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of this computer and of its users, as core/detect/windows_path.h wants them: from the
 * environment and the list of profiles. Read when made, then immutable; who makes it frees it.
 */
#ifndef EG_SERVICE_SCAN_FOLDERS_H
#define EG_SERVICE_SCAN_FOLDERS_H

#include "core/detect/windows_path.h"
#include "driverless-hooks/account_name.h"

#define EG_SCAN_USERS_MAX 256

typedef struct eg_scan_folders eg_scan_folders;

/* `accounts` is used during the call. What the system does not tell stays as is usual. */
int eg_scan_folders_create(eg_account_cache *accounts, eg_scan_folders **out);
void eg_scan_folders_destroy(eg_scan_folders *folders); /* NULL-safe */
const eg_windows_folders *eg_scan_folders_view(const eg_scan_folders *folders);

#endif
