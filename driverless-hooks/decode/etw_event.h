/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decoded records become: the agent's event, and the raw fields as JSON for replay and
 * tests. Pure functions, any thread.
 */
#ifndef EG_DECODE_ETW_EVENT_H
#define EG_DECODE_ETW_EVENT_H

#include "core/base/json.h"
#include "driverless-hooks/decode/etw_decode.h"
#include "driverless-hooks/decode/event_text.h"

/*
 * Builds the event; its text lives in `text`. What needs a running system is left as the record
 * has it: Image may be a bare file name or an NT path, User is a SID. Bytes of the machine's code
 * page become text when they are UTF-8, else each byte above 0x7F becomes U+FFFD.
 * EG_E_NOMEM, and EG_E_UNSUPPORTED for a record without an event of its own.
 */
int eg_etw_make_event(const eg_etw_record *record, const eg_etw_decoded *decoded,
                      eg_event_text *text, eg_event *event);

/*
 * Adds what another record of the same process start or stop says and the event lacks.
 * EG_E_NOMEM.
 */
int eg_etw_complete_event(const eg_etw_decoded *decoded, eg_event_text *text, eg_event *event);

/* Writes one JSON object with every column under Windows' own name. */
void eg_etw_write_fields(const eg_etw_decoded *decoded, eg_json *json);

#endif
