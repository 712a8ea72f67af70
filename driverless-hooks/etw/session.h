/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One real-time ETW session and the thread that consumes it. Two kinds exist: the private system
 * logger "EmoGuard-Sys" with the kernel's process records, and the ordinary session
 * "EmoGuard-Providers" for everything that has a manifest.
 *
 * Sessions outlive the process that made them: one of ours that still runs is adopted, one that
 * only has our name or our GUID is stopped and made anew. open, check, pace, enable and close are
 * called by one owner, never two at a time; the consumer's thread is the session's own.
 */
#ifndef EG_ETW_SESSION_H
#define EG_ETW_SESSION_H

#include "driverless-hooks/etw/api.h"

typedef struct eg_etw_session_kind {
    const char *name;
    uint8_t guid[EG_ETW_GUID_SIZE]; /* ours for good, also in the session's access rules */
    uint32_t mode;
    uint32_t flags;
    uint32_t buffer_kilobytes;
    uint32_t buffers_spare; /* that a burst may take beyond two for each processor */
    uint32_t flush_busy_ms; /* between two flushes while records arrive, and while none do */
    uint32_t flush_idle_ms;
} eg_etw_session_kind;

extern const eg_etw_session_kind eg_etw_system_session;   /* EmoGuard-Sys */
extern const eg_etw_session_kind eg_etw_provider_session; /* EmoGuard-Providers */

typedef struct eg_etw_session_events {
    void *user;
    /* On the consumer's thread; may do nothing but copy. */
    void (*record)(void *user, const eg_etw_record *record);
    /* The consumer has ended, or something was lost: check soon. On its thread; may be NULL. */
    void (*alarm)(void *user);
    /* Somebody did what only we should do; `what` in words. On the owner's thread; may be NULL. */
    void (*tampered)(void *user, const char *what);
} eg_etw_session_events;

typedef struct eg_etw_session eg_etw_session;

/*
 * Starts or adopts the session and its consumer. `api` and `kind` must outlive it. EG_E_DENIED
 * without the rights, EG_E_UNSUPPORTED where there are no such sessions, EG_E_LIMIT when all of
 * them are taken, EG_E_EXISTS when somebody else holds our name or GUID and does not let go.
 */
int eg_etw_session_open(eg_etw_session **out, const eg_etw_api *api,
                        const eg_etw_session_kind *kind, const eg_etw_session_events *events);
/* Disables the providers, flushes, stops the session, drains it, ends the thread. NULL-safe. */
void eg_etw_session_close(eg_etw_session *session);

#define EG_ETW_SESSION_PROVIDERS_MAX 32u

/*
 * Enables a provider, or changes how it is enabled. `name` is for people and must outlive the
 * session. EG_E_LIMIT when eight sessions have it already or there are too many providers here.
 */
int eg_etw_session_enable(eg_etw_session *session, const char *name, const eg_etw_enable *enable);
void eg_etw_session_disable(eg_etw_session *session, const uint8_t guid[EG_ETW_GUID_SIZE]);
/* Asks an enabled provider for what runs already. */
int eg_etw_session_capture(eg_etw_session *session, const uint8_t guid[EG_ETW_GUID_SIZE]);

/* Hands what lies in the kernel's buffers to the consumer at once. */
void eg_etw_session_flush(eg_etw_session *session);
/* Flushes when it is time to; returns after how many milliseconds to call again. */
uint32_t eg_etw_session_pace(eg_etw_session *session);
/* True when the next check should not wait for its time. */
bool eg_etw_session_alarmed(eg_etw_session *session);
/*
 * EG_OK while the session does its work, with what was lost since it was opened; a provider that
 * somebody disabled or changed is told, enabled again and counts as one loss, as nobody knows how
 * much it was. EG_E_CLOSED when the session is gone, not ours any more, or not consumed: close it
 * and open it again.
 */
int eg_etw_session_check(eg_etw_session *session, uint64_t *lost);

#endif
