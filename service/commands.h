/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of emoguard-service.exe that do one thing and end. Main thread; they print for
 * people.
 */
#ifndef EG_SERVICE_COMMANDS_H
#define EG_SERVICE_COMMANDS_H

#include "service/options.h"
#include "service/paths.h"

eg_service_exit eg_command_configure(const eg_paths *paths);
/* What uninstalling calls: event log and data folder go, the hit database stays if asked. */
eg_service_exit eg_command_remove(const eg_paths *paths, bool keep_hits);
eg_service_exit eg_command_check_config(const eg_paths *paths);

#endif
