/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/second_pass.h"

#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/queue.h"
#include "core/base/status.h"

enum {
    RETRY_MS = 20,
    ARENA_BLOCK = 4096,
    BYTES_MAX = 32 * 1024 * 1024, /* of texts that wait: command lines may be long */
};

typedef struct waiting_event {
    eg_event *event; /* owned */
    uint32_t wanted;
} waiting_event;

struct eg_second_pass {
    eg_second_pass_options options;
    eg_queue *queue;
    eg_arena *arena; /* of the event in work */
    eg_atomic stopped;
    eg_atomic bytes;   /* of the texts of all events that wait */
    eg_atomic refused; /* events that were too many bytes, or could not be copied */
};

static void drop(void *item)
{
    waiting_event *waiting = item;
    eg_free(waiting->event);
    eg_free(waiting);
}

int eg_second_pass_create(const eg_second_pass_options *options, eg_second_pass **out)
{
    eg_second_pass *pass = eg_alloc_zero(1, sizeof(*pass));
    if (!pass) {
        return EG_E_NOMEM;
    }
    pass->options = *options;
    int status = eg_queue_create(&pass->queue, options->capacity);
    if (status == EG_OK) {
        status = eg_arena_create(&pass->arena, ARENA_BLOCK);
    }
    if (status != EG_OK) {
        eg_second_pass_destroy(pass);
        return status;
    }
    *out = pass;
    return EG_OK;
}

void eg_second_pass_destroy(eg_second_pass *pass)
{
    if (pass) {
        eg_queue_destroy(pass->queue, drop);
        eg_arena_destroy(pass->arena);
        eg_free(pass);
    }
}

static int copy_event(eg_second_pass *pass, const eg_event *event, waiting_event **out)
{
    int64_t size = (int64_t)eg_event_text_size(event);
    if (eg_atomic_get(&pass->bytes) + size > BYTES_MAX) {
        return EG_E_LIMIT;
    }
    waiting_event *waiting = eg_alloc_zero(1, sizeof(*waiting));
    int status = waiting ? eg_event_clone(event, &waiting->event) : EG_E_NOMEM;
    if (status != EG_OK) {
        eg_free(waiting);
        return status;
    }
    eg_atomic_add(&pass->bytes, size);
    *out = waiting;
    return EG_OK;
}

static void leave(eg_second_pass *pass, waiting_event *waiting)
{
    eg_atomic_add(&pass->bytes, -(int64_t)eg_event_text_size(waiting->event));
    drop(waiting);
}

int eg_second_pass_take(eg_second_pass *pass, const eg_event *event, uint32_t wanted)
{
    waiting_event *waiting = NULL;
    int status = copy_event(pass, event, &waiting);
    if (status != EG_OK) {
        eg_atomic_add(&pass->refused, 1);
        return status;
    }
    waiting->wanted = wanted;
    waiting->event->flags |= EG_EVENT_SECOND_PASS;
    status = eg_queue_push(pass->queue, waiting);
    if (status != EG_OK) {
        leave(pass, waiting);
    }
    return status;
}

/* Without the facts the event goes back as it was: its rules are still to be decided. */
static void find_out(eg_second_pass *pass, const waiting_event *waiting, eg_event *event)
{
    int status = eg_file_reader_complete(pass->options.reader, waiting->wanted, pass->arena, event);
    if (status != EG_OK && status != EG_E_CLOSED) {
        eg_str path = eg_event_get(event, eg_file_facts_path_field(event->kind));
        eg_log(EG_LOG_WARNING, "files", "%.*s: %s", EG_STR_ARGS(path), eg_error_message());
    }
}

static bool is_stopped(const eg_second_pass *pass)
{
    return eg_atomic_get(&pass->stopped) != 0;
}

void eg_second_pass_run(eg_second_pass *pass)
{
    void *item = NULL;
    while (!is_stopped(pass) && eg_queue_pop(pass->queue, &item, EG_FOREVER) == EG_OK) {
        waiting_event *waiting = item;
        eg_event event = *waiting->event;
        find_out(pass, waiting, &event);
        while (!is_stopped(pass) && pass->options.done(pass->options.user, &event) != EG_OK) {
            eg_thread_sleep_ms(RETRY_MS);
        }
        eg_arena_reset(pass->arena);
        leave(pass, waiting);
    }
}

void eg_second_pass_stop(eg_second_pass *pass)
{
    eg_atomic_set(&pass->stopped, 1);
    eg_file_reader_stop(pass->options.reader);
    eg_queue_close(pass->queue);
}

void eg_second_pass_counts_get(eg_second_pass *pass, eg_second_pass_counts *out)
{
    out->waiting = eg_queue_length(pass->queue);
    out->not_taken = eg_queue_dropped(pass->queue) + (uint64_t)eg_atomic_get(&pass->refused);
}
