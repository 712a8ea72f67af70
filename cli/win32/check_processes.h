/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running programs: the files of code that each has mapped, found in its memory and not in lists
 * that it keeps itself, and, where memory is looked at, the processes. Those that may not be
 * opened become gaps. Belongs to the thread that gathers.
 */
#ifndef EG_CLI_CHECK_PROCESSES_H
#define EG_CLI_CHECK_PROCESSES_H

#include "cli/check_pc.h"

#include <windows.h>

/* The system's function; another one is a seam for tests. */
typedef HANDLE(WINAPI *eg_check_open_process)(DWORD access, BOOL inherit, DWORD process_id);

/* EG_E_CLOSED when the check was cancelled. */
int eg_check_processes_gather(eg_check_pc *pc, eg_check_open_process open);

#endif
