/* SPDX-License-Identifier: Apache-2.0 */
#include "service/intake.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/queue.h"
#include "core/base/status.h"
#include "core/event/snapshot_mark.h"
#include "driverless-hooks/decode/agent_event.h"

#include <stdio.h>

struct eg_intake {
    eg_queue *queue;
    size_t offers_up_to; /* events inside */
    eg_atomic bytes;     /* of the texts of all events in the queue */
    eg_atomic refused;   /* events that were too many bytes, or could not be copied */
    uint64_t reported;   /* of the dropped ones */
};

int eg_intake_create(size_t capacity, eg_intake **out)
{
    eg_intake *intake = eg_alloc_zero(1, sizeof(*intake));
    if (!intake) {
        return EG_E_NOMEM;
    }
    intake->offers_up_to = capacity - capacity / 8;
    int status = eg_queue_create(&intake->queue, capacity);
    if (status != EG_OK) {
        eg_free(intake);
        return status;
    }
    *out = intake;
    return EG_OK;
}

void eg_intake_destroy(eg_intake *intake)
{
    if (intake) {
        eg_queue_destroy(intake->queue, eg_free);
        eg_free(intake);
    }
}

/* A mark tells how much was dropped until then: between two of them nothing may be missing. */
static void count_dropped(const eg_intake *intake, eg_event *mark, char number[24])
{
    snprintf(number, 24, "%llu", (unsigned long long)eg_intake_dropped(intake));
    mark->field[EG_FIELD_EVENT_COUNT] = eg_str_from(number);
}

void eg_intake_push(eg_intake *intake, const eg_event *event)
{
    eg_event *copy = NULL;
    eg_event mark;
    char number[24];
    if (eg_snapshot_step_of(event) != EG_SNAPSHOT_NONE) {
        mark = *event;
        count_dropped(intake, &mark, number);
        event = &mark;
    }
    int64_t size = (int64_t)eg_event_text_size(event);
    if (eg_atomic_add(&intake->bytes, size) > EG_INTAKE_BYTES_MAX ||
        eg_event_clone(event, &copy) != EG_OK) {
        eg_atomic_add(&intake->bytes, -size);
        eg_atomic_add(&intake->refused, 1);
    } else if (eg_queue_push(intake->queue, copy) != EG_OK) {
        eg_atomic_add(&intake->bytes, -size);
        eg_free(copy); /* full: counted by the queue */
    }
}

int eg_intake_offer(eg_intake *intake, const eg_event *event)
{
    eg_event *copy = NULL;
    int64_t size = (int64_t)eg_event_text_size(event);
    if (eg_queue_length(intake->queue) >= intake->offers_up_to ||
        eg_atomic_get(&intake->bytes) + size > EG_INTAKE_BYTES_MAX / 8 * 7) {
        return EG_E_LIMIT;
    }
    int status = eg_event_clone(event, &copy);
    if (status == EG_OK) {
        eg_atomic_add(&intake->bytes, size);
        status = eg_queue_push(intake->queue, copy);
        if (status != EG_OK) {
            eg_atomic_add(&intake->bytes, -size);
            eg_free(copy);
        }
    }
    return status;
}

void eg_intake_push_agent(eg_intake *intake, const char *reason, uint64_t count)
{
    eg_agent_event made;
    eg_agent_event_make(&made, "service", reason, count, NULL);
    eg_intake_push(intake, &made.event);
}

int eg_intake_pop(eg_intake *intake, uint32_t milliseconds, eg_event **event)
{
    void *item = NULL;
    int status = eg_queue_pop(intake->queue, &item, milliseconds);
    if (status == EG_OK) {
        *event = item;
        eg_atomic_add(&intake->bytes, -(int64_t)eg_event_text_size(*event));
    }
    return status;
}

void eg_intake_close(eg_intake *intake)
{
    eg_queue_close(intake->queue);
}

uint64_t eg_intake_dropped(const eg_intake *intake)
{
    return eg_queue_dropped(intake->queue) + (uint64_t)eg_atomic_get(&intake->refused);
}

uint64_t eg_intake_report_loss(eg_intake *intake)
{
    uint64_t lost = eg_intake_dropped(intake) - intake->reported;
    if (lost > 0) {
        intake->reported += lost;
        eg_intake_push_agent(intake, EG_AGENT_TELEMETRY_LOST, lost);
    }
    return lost;
}

size_t eg_intake_length(eg_intake *intake)
{
    return eg_queue_length(intake->queue);
}
