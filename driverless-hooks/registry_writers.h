/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names who wrote a registry value, for all sensors of the process together: a thread of its own
 * takes in what Kernel-Registry tells of writes, as long as there is an ETW session. Where there is
 * none nobody is named. Any thread.
 */
#ifndef EG_REGISTRY_WRITERS_H
#define EG_REGISTRY_WRITERS_H

#include "driverless-hooks/decode/event_text.h"
#include "driverless-hooks/decode/registry_writer.h"

#include "core/event/event.h"

/* The first that joins starts the thread, the last that leaves ends it. */
int eg_registry_writers_join(void);
void eg_registry_writers_leave(void);

/*
 * Sets pid, ProcessId and the time of the write in an event about the value `name`, read as `now`
 * (NULL: deleted); leaves it alone when nobody is known. A record may be on its way: it is waited
 * for until *give_up (monotonic nanoseconds), which is set to a short moment from now when it is 0:
 * share it between the changes that were found at once. The number lives in `text`.
 */
void eg_registry_writers_name(eg_event *event, eg_event_text *text, eg_str name,
                              const eg_value *now, uint64_t *give_up);

#endif
