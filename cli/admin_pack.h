/* SPDX-License-Identifier: Apache-2.0 */
/* A look at a pack before it is published: is it sound, and what would change? Main thread. */
#ifndef EG_CLI_ADMIN_PACK_H
#define EG_CLI_ADMIN_PACK_H

#include "core/update/bundle.h"

/*
 * Lints the folder and runs its samples (not with `untested`); problems go to standard output.
 * EG_E_INVALID when a rule is rejected or a sample fails.
 */
int eg_admin_check_pack(const char *folder, bool untested);
/*
 * Prints rules that are new, gone or changed, by id, and other files that changed. `old` NULL:
 * nothing was published before.
 */
int eg_admin_print_changes(const eg_bundle *old, const eg_bundle *now);

#endif
