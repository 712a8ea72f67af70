/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for the text of one event while a sensor builds it: views stay valid until the next
 * reset. Failing to get memory is remembered in `status`; the texts are then EG_STR_NONE, so a
 * builder checks once at the end. Belongs to one thread at a time.
 */
#ifndef EG_DECODE_EVENT_TEXT_H
#define EG_DECODE_EVENT_TEXT_H

#include "core/base/mem.h"
#include "core/base/str.h"

/* Longest text a sensor puts into one field; longer ones are cut at a character. */
#define EG_EVENT_TEXT_MAX (256u * 1024)

typedef struct eg_event_text {
    eg_arena *arena;
    eg_buf scratch;
    int status;
} eg_event_text;

int eg_event_text_init(eg_event_text *text);
void eg_event_text_done(eg_event_text *text);
void eg_event_text_reset(eg_event_text *text); /* forgets all texts, keeps the memory */

eg_str eg_event_text_copy(eg_event_text *text, eg_str value); /* EG_STR_NONE stays so */
eg_str eg_event_text_format(eg_event_text *text, const char *format, ...) EG_PRINTF(2, 3);
eg_str eg_event_text_number(eg_event_text *text, uint64_t number); /* decimal */
/* "folder\name"; either may hold NULs. */
eg_str eg_event_text_path(eg_event_text *text, eg_str folder, eg_str name);
/* UTF-16LE bytes at any alignment; an odd last byte is ignored. */
eg_str eg_event_text_utf16le(eg_event_text *text, const void *bytes, size_t size);
eg_str eg_event_text_time(eg_event_text *text, uint64_t ticks); /* as Sysmon's UtcTime */

#endif
