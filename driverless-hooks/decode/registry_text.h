/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registry data as Sysmon's Details shows it. Registry data is what a program wrote, not what its
 * type promises: sizes, terminators and contents are all hostile. Pure function, any thread.
 */
#ifndef EG_DECODE_REGISTRY_TEXT_H
#define EG_DECODE_REGISTRY_TEXT_H

#include "driverless-hooks/decode/event_text.h"
#include "driverless-hooks/decode/value_diff.h"

/*
 * "DWORD (0x00000001)", "QWORD (0x00000000-0x00000001)", "Binary Data", "(Empty)", or the text: up
 * to its first NUL, which is all that Windows would use of it. The strings of a multi-string are
 * joined by "; ". EG_STR_NONE when memory ran out.
 */
eg_str eg_registry_details(eg_event_text *text, const eg_value *value);

#endif
