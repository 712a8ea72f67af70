/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service control manager knows of us beyond the installer's part: description, what
 * happens after a crash, how long it waits at shutdown. Set by --configure and at every start of
 * the service, so that it heals itself. Main thread.
 */
#ifndef EG_SERVICE_SERVICE_CONFIG_H
#define EG_SERVICE_SERVICE_CONFIG_H

#include <stdbool.h>

#define EG_SERVICE_NAME L"EmoGuard"

/* EG_E_NOTFOUND when the service is not installed, EG_E_DENIED without the rights. */
int eg_service_configure(void);
/* Installed, and neither stopped nor on its way to be? False also when that cannot be found out. */
bool eg_service_is_running(void);

#endif
