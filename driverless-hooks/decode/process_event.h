/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a joined process start or stop becomes as an event. `source` says which records it stands
 * on: "etw:kernel+provider", "etw:kernel" (no full path, no integrity, no exact creation time) or
 * "etw:provider" (no command line, no user). Pure functions, any thread.
 */
#ifndef EG_DECODE_PROCESS_EVENT_H
#define EG_DECODE_PROCESS_EVENT_H

#include "driverless-hooks/decode/event_text.h"
#include "driverless-hooks/decode/process_join.h"

/*
 * Builds the event; its text lives in `text`. What needs a running system is left as the records
 * have it: Image is the kernel's path ("\Device\...") or a bare file name, User is a SID.
 * EG_E_NOMEM.
 */
int eg_process_event(const eg_process_pair *pair, eg_event_text *text, eg_event *event);

#endif
