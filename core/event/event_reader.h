/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an event reader, shared by the two formats it reads; not for anybody else. What
 * the event borrows lives in `document` or `text`, until the next line.
 */
#ifndef EG_EVENT_EVENT_READER_H
#define EG_EVENT_EVENT_READER_H

#include "core/base/mem.h"
#include "core/event/event_json.h"

struct eg_event_reader {
    void *pool; /* memory for the document, kept from line to line */
    size_t pool_size;
    yyjson_doc *document;
    eg_arena *text; /* text that is not in the document as such */
    eg_named_value extra[EG_EVENT_EXTRA_MAX];
    size_t extra_count;
    int status; /* EG_OK or the first failure while fields were put in */
};

typedef struct eg_event_flag {
    uint32_t flag;
    const char *name;
} eg_event_flag;

extern const eg_event_flag eg_event_flags[];
extern const size_t eg_event_flag_count;

/* A string, number or boolean as text; EG_STR_NONE for anything else. */
eg_str eg_event_scalar(yyjson_val *value);
/* Any value as one text: null is "", the parts of arrays and objects are joined by newlines. */
eg_str eg_event_text(eg_event_reader *reader, yyjson_val *value);

/* Sets the field; a second value replaces the first. `name` and `value` must outlive the line. */
void eg_event_put(eg_event_reader *reader, eg_event *event, eg_str name, eg_str value);
/* The same, unless the field is there already or `value` is missing. */
void eg_event_put_default(eg_event_reader *reader, eg_event *event, eg_str name, eg_str value);

/* The object under "Event", as exporters of .evtx files write it. */
int eg_event_read_exported(eg_event_reader *reader, yyjson_val *exported, eg_event *event);

#endif
