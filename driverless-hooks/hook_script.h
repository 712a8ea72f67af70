/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the event log sensor asks the script sensor: PowerShell's log carries the script blocks that
 * arrive by ETW too, part by part. Any thread.
 */
#ifndef EG_HOOK_SCRIPT_H
#define EG_HOOK_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True when script blocks of this moment (FILETIME) have arrived by ETW: whoever reads them from
 * the log leaves them out then.
 */
bool eg_script_told_by_etw(uint64_t time);

#endif
