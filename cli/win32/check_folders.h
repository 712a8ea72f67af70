/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in the folders where mail, browsers and loaders put them, of the machine and of every user
 * who has a profile, signed in or not. What may not be read, folder or hive, becomes a gap. Belongs
 * to the thread that gathers.
 */
#ifndef EG_CLI_CHECK_FOLDERS_H
#define EG_CLI_CHECK_FOLDERS_H

#include "cli/check_pc.h"

/* EG_E_CLOSED when the check was cancelled. */
int eg_check_folders_gather(eg_check_pc *pc);

#endif
