/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has a profile on this PC: their folders, as paths in commands are resolved with them, and
 * whether their registry can be read. Texts live in the arena given. Stateless.
 */
#ifndef EG_CLI_CHECK_USERS_H
#define EG_CLI_CHECK_USERS_H

#include "cli/check_pc.h"
#include "core/detect/windows_path.h"

/* The folders of this PC and of each user of the list of profiles. */
int eg_check_users_folders(eg_arena *arena, eg_windows_folders *out);
/*
 * A gap for each person whose hive is not loaded, or not ours to read: what starts by itself for
 * them was not seen.
 */
int eg_check_users_hives(eg_check_pc *pc, const eg_windows_folders *folders);

#endif
