/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the halves of a session share: session.c is its life from opening to closing,
 * session_check.c is what is done with it in between.
 */
#ifndef EG_ETW_SESSION_INTERNAL_H
#define EG_ETW_SESSION_INTERNAL_H

#include "driverless-hooks/etw/session.h"

#include "core/base/os.h"

#define EG_ETW_SESSION_ENABLINGS_MAX 512u

typedef struct eg_etw_session_provider {
    const char *name;
    eg_etw_enable enable;
} eg_etw_session_provider;

struct eg_etw_session {
    const eg_etw_api *api;
    const eg_etw_session_kind *kind;
    eg_etw_session_events events;
    eg_etw_consumer consumer;
    uint64_t handle;
    uint64_t trace;
    eg_thread *thread;
    eg_mutex lock;
    eg_cond changed;
    bool ended; /* the consumer has returned; under the lock, as is the next */
    uint32_t end_code;
    eg_atomic stopping;
    eg_atomic alarm;
    eg_atomic records;     /* all that came */
    eg_atomic stream_lost; /* losses the stream told of */
    uint64_t counted_lost; /* by the session, at the time it was opened */
    uint32_t flags;        /* likewise, as far as this Windows tells them */
    uint64_t outages;      /* of providers that were disabled for a while */
    eg_etw_session_provider providers[EG_ETW_SESSION_PROVIDERS_MAX];
    size_t provider_count;
    eg_etw_enabled enablings[EG_ETW_SESSION_ENABLINGS_MAX];
    int64_t records_seen; /* for pace */
    uint64_t busy_until;  /* monotonic ns, as the next */
    uint64_t flushed_at;
};

/* ControlTrace by name, on properties that are filled in as for a start. */
uint32_t eg_etw_session_control(const eg_etw_session *session, eg_etw_control code,
                                eg_etw_properties *p);
bool eg_etw_session_is_ours(const eg_etw_session *session, const eg_etw_properties *p);
void eg_etw_session_tell_tampering(eg_etw_session *session, const char *what);
/* `what` is what we were doing, "start the ETW session"; the codes mean the same on any system. */
int eg_etw_session_fail(uint32_t error, const char *what, const char *name);
/* Enables as wanted, without noting it. */
int eg_etw_session_enable_now(eg_etw_session *session, const char *name,
                              const eg_etw_enable *wanted);
uint64_t eg_etw_session_lost_count(const eg_etw_properties *p);

#endif
