/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as JSON: the line format of `hunt`, of replay and of evidence in the store, and the form
 * that Windows event exporters write ({"Event":{"System":...,"EventData":...}}).
 *
 * A reader keeps its memory from line to line. The event it returns borrows from the reader and is
 * valid until the next read. One thread per reader.
 */
#ifndef EG_EVENT_EVENT_JSON_H
#define EG_EVENT_EVENT_JSON_H

#include "core/base/json.h"
#include "core/event/event.h"

#define EG_EVENT_LINE_MAX (4u * 1024 * 1024)

typedef struct eg_event_reader eg_event_reader;

int eg_event_reader_create(eg_event_reader **out);
void eg_event_reader_destroy(eg_event_reader *reader); /* NULL-safe */
/*
 * EG_E_INVALID with the reason when the line is not an event. Unknown keys are ignored; numbers
 * and booleans become text; the kind follows from channel and event id. Field text is UTF-8.
 */
int eg_event_read_json(eg_event_reader *reader, eg_str line, eg_event *event);

/* One object, no newline. The inverse of the reader for the line format. */
void eg_event_write_json(const eg_event *event, eg_json *json);
/* The same into an object that is open, for whoever has more to say. */
void eg_event_write_members(const eg_event *event, eg_json *json);

#endif
