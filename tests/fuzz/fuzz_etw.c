/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ETW records: 16 bytes of provider, id (2), version, opcode, flags (1), then the payload.
 * Property: what is decoded lies inside the payload, and becomes an event and a JSON object.
 */
#include "core/base/compiler.h"
#include "core/base/json.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_event.h"
#include "driverless-hooks/decode/etw_layout.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_SIZE = EG_ETW_GUID_SIZE + 5 };

int eg_fuzz_etw(const uint8_t *data, size_t size);

static void check_spans(const eg_etw_record *record, const eg_etw_decoded *decoded)
{
    for (size_t i = 0; i < decoded->layout->count; i++) {
        const eg_etw_column *column = &decoded->layout->columns[i];
        if (column->type < EG_ETW_TYPE_WIDE || !eg_etw_column_present(decoded, column)) {
            continue;
        }
        eg_etw_span span = eg_etw_bytes(decoded, column);
        if (span.bytes && (span.bytes < record->payload ||
                           span.bytes + span.size > record->payload + record->size)) {
            abort();
        }
    }
}

int eg_fuzz_etw(const uint8_t *data, size_t size)
{
    eg_etw_record record = {.pid = 1, .time = 1};
    eg_etw_decoded decoded;
    eg_event_text text;
    eg_event event;
    if (size < HEAD_SIZE) {
        return 0;
    }
    memcpy(record.provider, data, EG_ETW_GUID_SIZE);
    record.id = (uint16_t)(data[16] | data[17] << 8);
    record.version = data[18];
    record.opcode = data[19];
    record.flags = data[20];
    record.payload = data + HEAD_SIZE;
    record.size = size - HEAD_SIZE;
    if (eg_etw_decode(&record, &decoded) != EG_ETW_EVENT || eg_event_text_init(&text) != EG_OK) {
        return 0;
    }
    check_spans(&record, &decoded);
    if (decoded.kind != EG_KIND_OTHER &&
        eg_etw_make_event(&record, &decoded, &text, &event) != EG_OK && text.status == EG_OK) {
        abort();
    }
    eg_buf out;
    eg_json json;
    eg_buf_init(&out, 4 * 1024 * 1024);
    eg_json_begin(&json, &out);
    eg_etw_write_fields(&decoded, &json);
    eg_buf_done(&out);
    eg_event_text_done(&text);
    return 0;
}
