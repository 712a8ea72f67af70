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
eg_service_exit eg_command_purge(const eg_paths *paths);
eg_service_exit eg_command_check_config(const eg_paths *paths);

#endif
