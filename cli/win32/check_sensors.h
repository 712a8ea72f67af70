/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One snapshot of every sensor that tells what exists: each event goes through the rules, and what
 * it names to be looked at is gathered. Sensors are opened and closed, never run. Belongs to the
 * thread that gathers.
 */
#ifndef EG_CLI_CHECK_SENSORS_H
#define EG_CLI_CHECK_SENSORS_H

#include "cli/check_pc.h"
#include "core/detect/windows_path.h"

/* EG_E_CLOSED when the check was cancelled. */
int eg_check_sensors_gather(eg_check_pc *pc, const eg_windows_folders *folders);

#endif
