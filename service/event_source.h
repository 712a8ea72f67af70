/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Windows event log "EmoGuard": hits and troubles of the service, where Windows Event
 * Forwarding and every log engine find them. Texts are made here, in the language of the system;
 * the message table in service.rc only passes them on. Reporting may be called from any thread and
 * never fails the caller: what the event log refuses is logged once to the file.
 */
#ifndef EG_SERVICE_EVENT_SOURCE_H
#define EG_SERVICE_EVENT_SOURCE_H

#include "core/detect/hit.h"

typedef enum eg_event_message {
#define MESSAGE(number, id, type) EG_EVENT_MESSAGE_##id = number,
#include "service/event_messages.def"
#undef MESSAGE
} eg_event_message;

#define EG_EVENT_VALUES_MAX 10

typedef struct eg_event_source eg_event_source;

int eg_event_source_create(eg_language language, eg_event_source **out);
void eg_event_source_destroy(eg_event_source *source); /* NULL-safe */
/* NULL source: does nothing. At most EG_EVENT_VALUES_MAX values. */
void eg_event_source_report(eg_event_source *source, eg_event_message message, const eg_str *values,
                            size_t count);
void eg_event_source_report_hit(eg_event_source *source, const eg_hit *hit);

/* The language of the texts: EMOGUARD_LANG, else that of the system, else English. */
eg_language eg_event_source_system_language(void);
/* Registers log and source in the registry; `program` holds the message table. EG_E_DENIED. */
int eg_event_source_register(const char *program);
int eg_event_source_remove(void); /* EG_OK also when there was none */

/* Replaces %1 ... %9 in the text of a message; for tests. */
int eg_event_source_format(eg_buf *out, eg_event_message message, eg_language language,
                           const eg_str *values, size_t count);

#endif
