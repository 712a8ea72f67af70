/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/task_traces.h"

#include "core/base/mem.h"
#include "core/base/status.h"

enum {
    TRACES_MAX = 256,
    REMEMBER_MS = 30 * 1000, /* a registration is several writes */
    NAME_BYTES_MAX = 4096,   /* a longer name is not one of the scheduler */
};

typedef struct trace {
    char *name; /* NULL: free */
    char *user;
    eg_kind kind;
    uint64_t recorded; /* 0: no record yet */
    uint64_t told;     /* 0: nothing seen yet */
} trace;

struct eg_task_traces {
    trace traces[TRACES_MAX];
    trace given; /* what the last call has handed out */
};

static uint64_t milliseconds(uint64_t count)
{
    return count * 1000000;
}

static void forget(trace *at)
{
    eg_free(at->name);
    eg_free(at->user);
    *at = (trace){.name = NULL};
}

int eg_task_traces_create(eg_task_traces **out)
{
    eg_task_traces *traces = eg_alloc_zero(1, sizeof(*traces));
    if (!traces) {
        return EG_E_NOMEM;
    }
    *out = traces;
    return EG_OK;
}

void eg_task_traces_destroy(eg_task_traces *traces)
{
    for (size_t i = 0; traces && i < TRACES_MAX; i++) {
        forget(&traces->traces[i]);
    }
    if (traces) {
        forget(&traces->given);
    }
    eg_free(traces);
}

static uint64_t last_use(const trace *at)
{
    return at->recorded > at->told ? at->recorded : at->told;
}

/* The trace of this name, a new one where there is none; NULL on lack of memory. */
static trace *trace_of(eg_task_traces *traces, uint64_t now, eg_str name)
{
    trace *oldest = &traces->traces[0];
    if (name.len > NAME_BYTES_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < TRACES_MAX; i++) {
        trace *at = &traces->traces[i];
        if (at->name && now - last_use(at) > milliseconds(REMEMBER_MS)) {
            forget(at);
        }
        if (at->name && eg_str_equal_nocase(eg_str_from(at->name), name)) {
            return at;
        }
        if (oldest->name && (!at->name || last_use(at) < last_use(oldest))) {
            oldest = at;
        }
    }
    forget(oldest);
    oldest->name = eg_copy_bytes(name.ptr, name.len);
    return oldest->name ? oldest : NULL;
}

void eg_task_traces_record(eg_task_traces *traces, uint64_t now, eg_kind kind, eg_str name,
                           eg_str user)
{
    trace *at = name.len > 0 ? trace_of(traces, now, name) : NULL;
    char *copy = at && user.ptr ? eg_copy_bytes(user.ptr, user.len) : NULL;
    if (!at) {
        return;
    }
    eg_free(at->user);
    at->user = copy;
    at->kind = kind;
    at->recorded = now;
    /* what was told a moment ago, or by a kind of record that tells nothing itself, is not due */
    if (kind == EG_KIND_OTHER && at->told == 0) {
        at->told = now;
    }
}

eg_str eg_task_traces_told(eg_task_traces *traces, uint64_t now, eg_str name)
{
    trace *at = trace_of(traces, now, name);
    if (!at) {
        return EG_STR_NONE;
    }
    at->told = now;
    return at->recorded ? eg_str_from(at->user) : EG_STR_NONE;
}

static bool is_waiting(const trace *at)
{
    return at->name && at->recorded && at->told == 0;
}

bool eg_task_traces_unseen(eg_task_traces *traces, uint64_t now, eg_task_trace *out)
{
    for (size_t i = 0; i < TRACES_MAX; i++) {
        trace *at = &traces->traces[i];
        if (is_waiting(at) && now - at->recorded >= milliseconds(EG_TASK_TRACE_WAIT_MS)) {
            forget(&traces->given);
            traces->given = *at;
            *at = (trace){.name = NULL};
            *out = (eg_task_trace){traces->given.kind, eg_str_from(traces->given.name),
                                   eg_str_from(traces->given.user)};
            return true;
        }
    }
    return false;
}

uint64_t eg_task_traces_next(const eg_task_traces *traces, uint64_t now)
{
    static const uint64_t looks[] = {50, 250, EG_TASK_TRACE_WAIT_MS};
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < TRACES_MAX; i++) {
        const trace *at = &traces->traces[i];
        for (size_t k = 0; is_waiting(at) && k < EG_COUNT(looks); k++) {
            uint64_t due = at->recorded + milliseconds(looks[k]);
            if (due >= now || k + 1 == EG_COUNT(looks)) {
                next = due < next ? due : next;
                break;
            }
        }
    }
    return next;
}
