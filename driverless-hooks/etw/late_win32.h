/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two ETW functions that advapi32.dll of some systems lacks (Wine): looked up when they are first
 * called, ERROR_CALL_NOT_IMPLEMENTED where they are missing. Any thread.
 */
#ifndef EG_ETW_LATE_WIN32_H
#define EG_ETW_LATE_WIN32_H

#include <windows.h>

#include <evntrace.h>

#include <evntcons.h>

/* As EnumerateTraceGuidsEx. */
ULONG eg_etw_enumerate_guids(TRACE_QUERY_INFO_CLASS what, void *in, ULONG in_size, void *out,
                             ULONG out_size, ULONG *needed);
/* As EventAccessControl. */
ULONG eg_etw_access_control(GUID *guid, ULONG operation, PSID sid, ULONG rights, BOOLEAN allow);

#endif
