/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private system logger session "EmoGuard-Sys" with the kernel's process records, and the
 * thread that consumes it. The thread's callback copies records into a ring and does nothing else.
 *
 * Sessions outlive the process that made them: one of ours that still runs is adopted, one that
 * only has our name is stopped and made anew. The table of calls is a seam for tests.
 */
#ifndef EG_ETW_SESSION_H
#define EG_ETW_SESSION_H

#include "driverless-hooks/decode/etw_ring.h"

#include <windows.h>

#include <evntrace.h>

#include <evntcons.h>
#include <stdbool.h>

/* The calls of evntrace.h, with their results: Win32 error codes. */
typedef struct eg_etw_api {
    ULONG (*start)(TRACEHANDLE *session, const WCHAR *name, EVENT_TRACE_PROPERTIES *properties);
    ULONG (*control)(const WCHAR *name, EVENT_TRACE_PROPERTIES *properties, ULONG code);
    /* INVALID_PROCESSTRACE_HANDLE on failure, the reason in *error */
    TRACEHANDLE (*open)(EVENT_TRACE_LOGFILEW *log, ULONG *error);
    ULONG (*process)(TRACEHANDLE trace); /* blocks until the session ends */
    ULONG (*close)(TRACEHANDLE trace);
} eg_etw_api;

extern const eg_etw_api eg_etw_windows_api;

extern const WCHAR eg_etw_session_name[];

typedef struct eg_etw_session eg_etw_session;

/*
 * Starts or adopts the session and its consumer thread. `api` and `ring` must outlive the session.
 * EG_E_DENIED without the rights, EG_E_UNSUPPORTED where there are no private system loggers,
 * EG_E_LIMIT when all of them are taken.
 */
int eg_etw_session_open(eg_etw_session **out, const eg_etw_api *api, eg_etw_ring *ring);
/* Stops the session, drains it, ends the thread. NULL-safe. */
void eg_etw_session_close(eg_etw_session *session);

/* Hands what lies in the kernel's buffers to the consumer at once. */
void eg_etw_session_flush(eg_etw_session *session);
/*
 * Events and buffers lost since the session was opened, as the kernel counts them and as the
 * stream says. EG_E_NOTFOUND when the session does not exist any more.
 */
int eg_etw_session_lost(eg_etw_session *session, uint64_t *lost);
/* True once the consumer has ended although nobody here asked for it. */
bool eg_etw_session_ended(eg_etw_session *session);

#endif
