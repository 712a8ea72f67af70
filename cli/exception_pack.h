/* SPDX-License-Identifier: Apache-2.0 */
/* The exceptions that come with a rule pack, for `exceptions list`. One thread. */
#ifndef EG_CLI_EXCEPTION_PACK_H
#define EG_CLI_EXCEPTION_PACK_H

#include "core/store/store.h"

/*
 * Visits those of the pack in this folder; `source` is its name. What is visited lives during the
 * call. None when there is no pack or no such file in it; EG_E_INVALID with file and reason when
 * there is one that is wrong: then none of it is used.
 */
int eg_exceptions_each_of_pack(const char *folder, eg_exception_visit visit, void *user);

#endif
