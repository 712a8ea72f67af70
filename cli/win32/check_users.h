/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has a profile on this PC: their folders, as paths in commands are resolved with them, and
 * what their registry starts. Texts live in the arena given. Stateless.
 */
#ifndef EG_CLI_CHECK_USERS_H
#define EG_CLI_CHECK_USERS_H

#include "cli/check_pc.h"
#include "core/detect/windows_path.h"
#include "core/event/event.h"

/* The folders of this PC and of each user of the list of profiles. */
int eg_check_users_folders(eg_arena *arena, eg_windows_folders *out);
typedef int (*eg_check_take_event)(void *user, const eg_event *event);
/*
 * Tells what starts by itself for each person who is not signed in, out of a copy of their hive, as
 * the registry sensor tells it of the others; a gap for each whose hive is not ours to read. What
 * `take` returns ends it.
 */
int eg_check_users_hives(eg_check_pc *pc, const eg_windows_folders *folders,
                         eg_check_take_event take, void *context);

#endif
