/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two ways the service runs: under the Windows service control manager, and in a terminal. Both
 * start the host, wait for the order to stop and stop it. One run per process.
 */
#ifndef EG_SERVICE_SCM_H
#define EG_SERVICE_SCM_H

#include "service/host.h"
#include "service/options.h"

/*
 * Blocks until the service has stopped. Says how to use the program when no service manager is
 * there.
 */
eg_service_exit eg_scm_run(const eg_host_options *options);
/* Blocks until Ctrl-C, closing of the terminal, logoff or shutdown. */
eg_service_exit eg_console_run(const eg_host_options *options);

#endif
