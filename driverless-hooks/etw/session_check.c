/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/etw/session_internal.h"

#include "core/base/log.h"
#include "core/base/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    BUSY_MS = 250, /* so long after a record more of them are likely */
    WORDS_SIZE = 256,
};

/* ---- flushing ---- */

void eg_etw_session_flush(eg_etw_session *session)
{
    eg_etw_properties p;
    session->flushed_at = eg_clock_monotonic_ns();
    if (eg_etw_session_control(session, EG_ETW_FLUSH, &p) == EG_ETW_NO_SESSION) {
        eg_atomic_set(&session->alarm, 1);
    }
}

uint32_t eg_etw_session_pace(eg_etw_session *session)
{
    uint64_t now = eg_clock_monotonic_ns();
    int64_t records = eg_atomic_get(&session->records);
    if (records != session->records_seen) {
        session->records_seen = records;
        session->busy_until = now + UINT64_C(1000000) * BUSY_MS;
    }
    uint32_t interval =
        now < session->busy_until ? session->kind->flush_busy_ms : session->kind->flush_idle_ms;
    uint64_t passed = (now - session->flushed_at) / 1000000;
    if (passed < interval) {
        return interval - (uint32_t)passed;
    }
    eg_etw_session_flush(session);
    return interval;
}

/* ---- checking ---- */

bool eg_etw_session_alarmed(eg_etw_session *session)
{
    return eg_atomic_get(&session->alarm) != 0;
}

static int gone(eg_etw_session *session, const char *what)
{
    eg_etw_session_tell_tampering(session, what);
    return eg_fail(EG_E_CLOSED, "%s: %s", session->kind->name, what);
}

static int check_consumer(eg_etw_session *session, uint32_t query_error)
{
    eg_mutex_lock(&session->lock);
    bool ended = session->ended;
    uint32_t code = session->end_code;
    eg_mutex_unlock(&session->lock);
    if (query_error == EG_ETW_NO_SESSION) {
        return gone(session, "the session was stopped from outside");
    }
    if (ended) {
        return eg_fail(EG_E_CLOSED, "%s: reading ended with %" PRIu32 " although the session runs",
                       session->kind->name, code);
    }
    if (query_error == EG_ETW_DENIED) {
        return gone(session, "we may not ask for the state of our own session any more");
    }
    if (query_error != EG_ETW_OK) {
        eg_etw_session_fail(query_error, "query the ETW session", session->kind->name);
        return EG_E_CLOSED;
    }
    return EG_OK;
}

/*
 * How a provider is enabled for us, as its registrations know it. Keyword 0 and level 0 stand for
 * all. A provider that nobody has registered at the moment cannot be asked; it is enabled as soon
 * as somebody does, so that is no finding.
 */
static const char *what_is_wrong(eg_etw_session *session, const eg_etw_enable *wanted)
{
    size_t count = EG_ETW_SESSION_ENABLINGS_MAX;
    bool found = false;
    uint32_t error = session->api->enablings(wanted->guid, session->enablings, &count);
    if (error != EG_ETW_OK || count == EG_ETW_SESSION_ENABLINGS_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const eg_etw_enabled *at = &session->enablings[i];
        if (at->logger != (uint16_t)session->handle || !at->enabled) {
            continue;
        }
        uint64_t all = wanted->any_keyword ? wanted->any_keyword : UINT64_MAX;
        found = true;
        if (at->any_keyword != 0 && (at->any_keyword & all) != all) {
            return "its keywords were changed";
        }
        if (at->level != 0 && at->level < wanted->level) {
            return "its level was lowered";
        }
    }
    return found || count == 0 ? NULL : "it was disabled";
}

static void check_providers(eg_etw_session *session)
{
    char words[WORDS_SIZE];
    for (size_t i = 0; i < session->provider_count; i++) {
        const eg_etw_session_provider *at = &session->providers[i];
        const char *wrong = what_is_wrong(session, &at->enable);
        if (!wrong) {
            continue;
        }
        session->outages++;
        snprintf(words, sizeof(words), "provider %s in our session was tampered with: %s", at->name,
                 wrong);
        eg_etw_session_tell_tampering(session, words);
        if (eg_etw_session_enable_now(session, at->name, &at->enable) != EG_OK) {
            eg_log(EG_LOG_WARNING, "etw", "%s", eg_error_message());
        }
    }
}

int eg_etw_session_check(eg_etw_session *session, uint64_t *lost)
{
    eg_etw_properties p;
    eg_atomic_set(&session->alarm, 0);
    uint32_t error = eg_etw_session_control(session, EG_ETW_QUERY, &p);
    int status = check_consumer(session, error);
    if (status != EG_OK) {
        return status;
    }
    if (!eg_etw_session_is_ours(session, &p)) {
        return gone(session, "a foreign session has taken the place of ours");
    }
    if ((session->flags & ~p.flags & session->kind->flags & EG_ETW_FLAG_PROCESS) != 0) {
        return gone(session, "process records were switched off in our session");
    }
    check_providers(session);
    /* the stream and the counters tell of the same losses, the stream first */
    uint64_t counted = eg_etw_session_lost_count(&p);
    uint64_t streamed = (uint64_t)eg_atomic_get(&session->stream_lost);
    counted = counted > session->counted_lost ? counted - session->counted_lost : 0;
    *lost = (counted > streamed ? counted : streamed) + session->outages;
    return EG_OK;
}
