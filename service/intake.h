/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where events come in: copies each into the bounded queue in front of the pipeline, never blocks,
 * and counts what is lost, so that the loss itself becomes an event. Pushing: any thread. Popping
 * and reporting loss: the pipeline thread.
 */
#ifndef EG_SERVICE_INTAKE_H
#define EG_SERVICE_INTAKE_H

#include "core/event/event.h"

/*
 * Texts of all events that wait. Usual ones take 2 KiB; scripts up to a megabyte, and any process
 * can write such events as fast as it likes.
 */
#define EG_INTAKE_BYTES_MAX (128 * 1024 * 1024)

typedef struct eg_intake eg_intake;

int eg_intake_create(size_t capacity, eg_intake **out);
void eg_intake_destroy(eg_intake *intake); /* NULL-safe; frees what is left inside */
void eg_intake_push(eg_intake *intake, const eg_event *event);
/*
 * For those who can wait and come again: EG_E_LIMIT, and nothing is lost or counted, while the
 * queue is nearly full; what room is left belongs to what happens now.
 */
int eg_intake_offer(eg_intake *intake, const eg_event *event);
/* An event about the service itself: "rules_rejected" and the like (category emoguard). */
void eg_intake_push_agent(eg_intake *intake, const char *reason, uint64_t count);
/* EG_OK and *event (eg_free it); EG_E_TIMEOUT; EG_E_CLOSED when closed and empty. */
int eg_intake_pop(eg_intake *intake, uint32_t milliseconds, eg_event **event);
void eg_intake_close(eg_intake *intake); /* pushes are ignored from now on, without being counted */
uint64_t eg_intake_dropped(const eg_intake *intake);
/* How many were dropped since the last call; pushes telemetry_lost when there were any. */
uint64_t eg_intake_report_loss(eg_intake *intake);
size_t eg_intake_length(eg_intake *intake);

#endif
