/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files are Windows' own: below its folder, and owned by the account that alone may change
 * them. A file that somebody else put there is not. Belongs to one thread.
 */
#ifndef EG_CLI_CHECK_SYSTEM_H
#define EG_CLI_CHECK_SYSTEM_H

#include "core/base/str.h"

typedef struct eg_check_system eg_check_system;

int eg_check_system_create(eg_check_system **out);
void eg_check_system_destroy(eg_check_system *system); /* NULL-safe */
/* False also when it cannot be told. */
bool eg_check_system_owns(eg_check_system *system, eg_str path);

#endif
