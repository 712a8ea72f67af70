/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/file_waiting.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/agent_event.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    SETTLE_MS = 300, /* between a file's first note and our looking at it */
    FILES_MAX = 2048,
    BURST = 200,   /* events at once, */
    EVERY_MS = 20, /* and one more each so often */
    TELL_LOST_MS = 60 * 1000,
};

typedef struct waiting_file {
    char *path; /* NULL: free */
    uint64_t due;
    bool startup;
} waiting_file;

struct eg_file_waiting {
    const eg_sink *sink;
    eg_file_reporter *reporter;
    waiting_file files[FILES_MAX];
    uint64_t allowance; /* nanoseconds worth of events that may leave */
    uint64_t counted_at;
    uint64_t untold, overflows; /* since lost_at */
    uint64_t lost_at;
};

int eg_file_waiting_create(eg_file_waiting **out, const eg_sink *sink, eg_file_reporter *reporter)
{
    eg_file_waiting *waiting = eg_alloc_zero(1, sizeof(*waiting));
    if (!waiting) {
        return EG_E_NOMEM;
    }
    waiting->sink = sink;
    waiting->reporter = reporter;
    waiting->allowance = (uint64_t)BURST * EVERY_MS * 1000000;
    waiting->counted_at = waiting->lost_at = eg_clock_monotonic_ns();
    *out = waiting;
    return EG_OK;
}

void eg_file_waiting_destroy(eg_file_waiting *waiting)
{
    for (size_t i = 0; waiting && i < FILES_MAX; i++) {
        eg_free(waiting->files[i].path);
    }
    eg_free(waiting);
}

void eg_file_waiting_add(eg_file_waiting *waiting, eg_str path, bool startup)
{
    waiting_file *place = NULL;
    for (size_t i = 0; i < FILES_MAX; i++) {
        waiting_file *at = &waiting->files[i];
        if (!at->path) {
            place = place ? place : at;
        } else if (eg_str_equal(eg_str_from(at->path), path)) {
            return;
        }
    }
    char *copy = place ? eg_copy_bytes(path.ptr, path.len) : NULL;
    if (!copy) {
        waiting->untold++;
        return;
    }
    *place = (waiting_file){copy, eg_clock_monotonic_ns() + (uint64_t)SETTLE_MS * 1000000, startup};
}

/* False when so many events have left that this one must not. */
static bool is_allowed(eg_file_waiting *waiting)
{
    const uint64_t one = (uint64_t)EVERY_MS * 1000000;
    uint64_t now = eg_clock_monotonic_ns();
    waiting->allowance += now - waiting->counted_at;
    waiting->counted_at = now;
    if (waiting->allowance > BURST * one) {
        waiting->allowance = BURST * one;
    }
    if (waiting->allowance < one) {
        return false;
    }
    waiting->allowance -= one;
    return true;
}

uint64_t eg_file_waiting_tell(eg_file_waiting *waiting)
{
    uint64_t now = eg_clock_monotonic_ns();
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < FILES_MAX; i++) {
        waiting_file *at = &waiting->files[i];
        if (!at->path) {
            continue;
        }
        if (at->due > now) {
            next = at->due < next ? at->due : next;
            continue;
        }
        if (at->startup || is_allowed(waiting)) {
            eg_file_report(waiting->reporter, eg_str_from(at->path), 0);
        } else {
            waiting->untold++;
        }
        eg_free(at->path);
        at->path = NULL;
    }
    return next;
}

void eg_file_waiting_overflowed(eg_file_waiting *waiting)
{
    waiting->overflows++;
}

void eg_file_waiting_tell_losses(eg_file_waiting *waiting)
{
    char text[160];
    uint64_t now = eg_clock_monotonic_ns();
    if (waiting->untold + waiting->overflows == 0 ||
        now - waiting->lost_at < (uint64_t)TELL_LOST_MS * 1000000) {
        return;
    }
    snprintf(text, sizeof(text),
             "%" PRIu64 " new files were too many to be told of; %" PRIu64 " folders were searched",
             waiting->untold, waiting->overflows);
    eg_log(EG_LOG_WARNING, "file", "%s", text);
    if (waiting->untold > 0) {
        eg_agent_event_emit(waiting->sink, "file", EG_AGENT_TELEMETRY_LOST, waiting->untold, text);
    }
    waiting->untold = waiting->overflows = 0;
    waiting->lost_at = now;
}
