/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second ETW session, "EmoGuard-Providers": the manifest providers (Kernel-Process,
 * Kernel-Registry, TaskScheduler, PowerShell, AMSI, DNS-Client, WMI-Activity), shared by all
 * sensors of the process. The first sensor that joins starts or adopts it, the last that leaves
 * stops it. Each sensor has a ring of its own, so that a flood for one never starves another.
 *
 * A session that is stopped, changed or emptied from outside is started again by the session itself
 * with a growing pause; sensors learn of it from eg_provider_feed_check and cover the gap.
 */
#ifndef EG_PROVIDER_SESSION_H
#define EG_PROVIDER_SESSION_H

#include "driverless-hooks/decode/etw_ring.h"
#include "driverless-hooks/sensor.h"

#include <stdbool.h>

typedef struct eg_provider {
    const char *name;               /* "Microsoft-Windows-Kernel-Process", for people */
    uint8_t guid[EG_ETW_GUID_SIZE]; /* as it lies in memory */
    uint8_t level;
    uint64_t any_keyword; /* 0: all */
    const uint16_t *ids;  /* wanted record ids, 0 at the end; NULL: all. Filtered in the callback */
    bool registry_data;   /* Kernel-Registry: have the written data captured */
    bool running_state;   /* ask the provider to tell what runs already (CAPTURE_STATE) */
} eg_provider;

typedef struct eg_provider_feed eg_provider_feed;

/*
 * Enables the providers and has their records copied into `ring` from now on. `providers` and
 * `ring` must outlive the feed. Blocks for as long as starting a session takes. EG_E_DENIED without
 * the rights, EG_E_UNSUPPORTED where there is no ETW, EG_E_LIMIT when sessions are used up.
 */
int eg_provider_feed_join(eg_provider_feed **out, const eg_provider *const *providers, size_t count,
                          eg_etw_ring *ring);
void eg_provider_feed_leave(eg_provider_feed *feed); /* NULL-safe; nothing is pushed afterwards */

/*
 * From now on until the feed leaves, `sink` may be used to tell what happens to the session as a
 * whole: agent events session_tampered and telemetry_lost, each once however many sensors share
 * the session; on any thread. What happened since the session started is made up for. One sensor is
 * enough, several do no harm. A sensor tells of the losses of its own ring by itself.
 */
void eg_provider_feed_report_to(eg_provider_feed *feed, const eg_sink *sink);

/* Has what lies in the session's buffers handed to the rings at once; does not wait for it. */
void eg_provider_feed_flush(eg_provider_feed *feed);
/*
 * EG_OK while records arrive, with what the session has lost since the feed joined; EG_E_CLOSED
 * while it does not run, with the reason as the message.
 */
int eg_provider_feed_check(eg_provider_feed *feed, uint64_t *lost);

#endif
