/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last resort among the process sources: the list of processes, ten times a second. What lives
 * shorter than that is missed.
 */
#include "driverless-hooks/process_source.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

enum {
    POLL_MS = 100,
    POLL_YOUNG_MS = 10, /* while a new process cannot be read yet */
};

typedef struct poll_source {
    eg_process_feed *feed;
    HANDLE stop;
} poll_source;

static int poll_open(void **context, eg_process_feed *feed, HANDLE stop)
{
    int status = eg_process_feed_poll(feed, NULL);
    if (status != EG_OK) {
        return status;
    }
    poll_source *source = eg_alloc_zero(1, sizeof(*source));
    if (!source) {
        return EG_E_NOMEM;
    }
    source->feed = feed;
    source->stop = stop;
    *context = source;
    return EG_OK;
}

static int poll_run(void *context, uint32_t milliseconds)
{
    poll_source *source = context;
    uint64_t begin = eg_clock_monotonic_ns();
    eg_process_poll found = {0, 0};
    while (WaitForSingleObject(source->stop, found.waiting > 0 ? POLL_YOUNG_MS : POLL_MS) ==
           WAIT_TIMEOUT) {
        int status = eg_process_feed_poll(source->feed, &found);
        if (status != EG_OK) {
            return status;
        }
        if (milliseconds != EG_FOREVER &&
            eg_clock_monotonic_ns() - begin >= (uint64_t)milliseconds * 1000000) {
            return EG_E_TIMEOUT;
        }
    }
    return EG_OK;
}

static void poll_close(void *context)
{
    eg_free(context);
}

const eg_process_source eg_process_source_poll = {
    .name = "poll",
    .health = EG_SENSOR_DEGRADED,
    .detail = "the process list, 10 times a second; programs that end sooner are missed",
    .open = poll_open,
    .run = poll_run,
    .close = poll_close,
};
