/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the process behind a pipe is the EmoGuard service: any program can make a pipe of a free
 * name and pretend that all is well. Asks the service manager; any thread.
 */
#ifndef EG_TRAY_SERVER_CHECK_H
#define EG_TRAY_SERVER_CHECK_H

#include <windows.h>

/*
 * EG_OK for our service, and (with a line in the log) where no such service is installed, which is
 * how it runs in a terminal: *installed tells. EG_E_DENIED for another process.
 */
int eg_server_check(HANDLE pipe, BOOL *installed);

#endif
