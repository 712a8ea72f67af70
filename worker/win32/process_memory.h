/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readable memory of a process, by a handle with PROCESS_VM_READ and
 * PROCESS_QUERY_INFORMATION. One thread.
 */
#ifndef EG_WORKER_PROCESS_MEMORY_H
#define EG_WORKER_PROCESS_MEMORY_H

#include "core/yara/memory_scan.h"

#include <windows.h>

/* Borrows the handle. */
eg_memory_source eg_process_memory(HANDLE process);

#endif
