/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/etw/provider_source.h"

#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/agent_event.h"

#include <stdio.h>

enum {
    TICK_MS = 1000,
    RETRY_FIRST_MS = 2000,
    RETRY_MOST_MS = 5 * 60 * 1000,
    LOSS_PAUSE_MS = 10 * 1000, /* losses of so long are told as one */
    REASON_SIZE = 200,
};

struct eg_provider_source {
    const eg_provider_source_options *options;
    eg_sink sink;
    void *user;
    eg_etw_ring *ring;
    eg_atomic stopping;
    eg_sensor_health reported;
    uint64_t dropped;      /* by the ring, as last told */
    uint64_t dropped_told; /* when, milliseconds */
    uint64_t ticked;
};

static uint64_t now_ms(void)
{
    return eg_clock_monotonic_ns() / 1000000;
}

int eg_provider_source_create(eg_provider_source **out, const eg_provider_source_options *options,
                              const eg_sink *sink, void *user)
{
    eg_provider_source *source = eg_alloc_zero(1, sizeof(*source));
    if (!source) {
        return EG_E_NOMEM;
    }
    source->options = options;
    source->sink = *sink;
    source->user = user;
    int status = eg_etw_ring_create(&source->ring, options->ring_size);
    if (status != EG_OK) {
        eg_free(source);
        return status;
    }
    *out = source;
    return EG_OK;
}

void eg_provider_source_destroy(eg_provider_source *source)
{
    if (source) {
        eg_etw_ring_destroy(source->ring);
        eg_free(source);
    }
}

void eg_provider_source_stop(eg_provider_source *source)
{
    eg_atomic_set(&source->stopping, 1);
    eg_etw_ring_wake(source->ring);
}

static bool is_stopping(const eg_provider_source *source)
{
    return eg_atomic_get(&source->stopping) != 0;
}

static void report_full(eg_provider_source *source)
{
    if (source->reported != EG_SENSOR_FULL) {
        source->reported = EG_SENSOR_FULL;
        source->sink.health(source->sink.user, source->options->sensor, EG_SENSOR_FULL, "etw",
                            source->options->detail);
    }
}

/* Takes the reason from the error message. */
static void report_blind(eg_provider_source *source)
{
    char detail[2 * REASON_SIZE];
    char reason[REASON_SIZE];
    if (source->reported == EG_SENSOR_BLIND) {
        return;
    }
    source->reported = EG_SENSOR_BLIND;
    eg_utf8_copy(reason, sizeof(reason), eg_str_from(eg_error_message()));
    snprintf(detail, sizeof(detail), "%s (ETW: %s)", source->options->misses, reason);
    source->sink.health(source->sink.user, source->options->sensor, EG_SENSOR_BLIND, "none",
                        detail);
}

/* What the session loses it tells by itself. */
static void tell_dropped(eg_provider_source *source, uint64_t now)
{
    uint64_t dropped = eg_etw_ring_dropped(source->ring);
    if (dropped > source->dropped && now - source->dropped_told >= LOSS_PAUSE_MS) {
        eg_agent_event_emit(&source->sink, source->options->sensor, EG_AGENT_TELEMETRY_LOST,
                            dropped - source->dropped, NULL);
        source->dropped = dropped;
        source->dropped_told = now;
    }
}

static void tick(eg_provider_source *source, eg_provider_feed *feed, uint64_t now)
{
    uint64_t lost = 0;
    source->ticked = now;
    if (eg_provider_feed_check(feed, &lost) == EG_OK) {
        report_full(source);
    } else {
        report_blind(source); /* the session starts itself again */
    }
    tell_dropped(source, now);
    if (source->options->tick) {
        source->options->tick(source->user, now);
    }
}

/* Until stop. Records are handed on as they come; a flood of them does not keep the ticks away. */
static void listen(eg_provider_source *source, eg_provider_feed *feed)
{
    tick(source, feed, now_ms());
    while (!is_stopping(source)) {
        eg_etw_record record;
        int status = eg_etw_ring_pop(source->ring, &record, TICK_MS);
        uint64_t now = now_ms();
        if (status == EG_OK) {
            source->options->record(source->user, &record, now);
        }
        if (now - source->ticked >= TICK_MS) {
            tick(source, feed, now);
        }
    }
}

/* Ends at once when the source is to stop. */
static void pause_for(eg_provider_source *source, uint32_t milliseconds)
{
    uint64_t end = now_ms() + milliseconds;
    for (uint64_t now = now_ms(); now < end && !is_stopping(source); now = now_ms()) {
        eg_etw_record record;
        /* nothing arrives without a feed; only stop ends the wait early */
        eg_etw_ring_pop(source->ring, &record, (uint32_t)(end - now));
    }
}

int eg_provider_source_run(eg_provider_source *source)
{
    const eg_provider_source_options *options = source->options;
    eg_backoff backoff = {.first_ms = RETRY_FIRST_MS, .most_ms = RETRY_MOST_MS};
    while (!is_stopping(source)) {
        eg_provider_feed *feed = NULL;
        if (eg_provider_feed_join(&feed, options->providers, options->provider_count,
                                  source->ring) == EG_OK) {
            eg_provider_feed_report_to(feed, &source->sink);
            listen(source, feed);
            eg_provider_feed_leave(feed);
            break;
        }
        uint32_t pause_ms = eg_backoff_next(&backoff);
        eg_log(EG_LOG_DEBUG, options->sensor, "%s; next try in %u ms", eg_error_message(),
               (unsigned)pause_ms);
        report_blind(source);
        pause_for(source, pause_ms);
    }
    return EG_OK;
}
