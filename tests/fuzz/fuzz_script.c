/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts in parts and contents for AMSI. The input is records one after the other: 1 byte kind
 * (bits 0-1) and writer (bits 2-3), 1 byte number, 1 byte total, 1 byte seconds since the one
 * before, 2 bytes size, then that much text or, of kinds 2 and 3, payload.
 * Property: no more text goes out than came in, and each event names its writer.
 */
#include "core/base/compiler.h"
#include "core/base/status.h"
#include "core/base/str.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/decode/script_feed.h"
#include "driverless-hooks/decode/script_parts.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_SIZE = 6 };

int eg_fuzz_script(const uint8_t *data, size_t size);

static const uint8_t powershell[] = EG_ETW_PROVIDER_POWERSHELL;
static const uint8_t amsi[] = EG_ETW_PROVIDER_AMSI;

static void on_text(void *user, const eg_script_text *text)
{
    size_t *left = user;
    size_t size = text->decoded.as.script_block.text.size;
    if (size > *left || size > EG_SCRIPT_TEXT_MAX) {
        abort();
    }
    *left -= size;
}

static void on_event(void *user, const eg_event *event)
{
    EG_UNUSED(user);
    if (!event->field[EG_FIELD_PROCESS_ID].ptr) {
        abort();
    }
}

static void put_number(eg_buf *out, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        eg_buf_append_char(out, (char)(value >> 8 * i & 0xFF));
    }
}

/* A 4104 whose texts are the input's bytes, one character each. */
static void make_script(eg_buf *out, const uint8_t *head, const uint8_t *text, size_t size)
{
    put_number(out, head[1]);
    put_number(out, head[2]);
    for (size_t i = 0; i < size; i++) {
        eg_buf_append_char(out, (char)(text[i] | 1));
        eg_buf_append_char(out, (char)text[i]);
    }
    eg_buf_append(out, "\0\0i\0\0\0\0\0", 8);
}

static void take(eg_script_feed *feed, eg_script_parts *parts, size_t *left,
                 const eg_etw_record *record, uint64_t now)
{
    eg_etw_decoded decoded;
    eg_script_feed_record(feed, record, now);
    eg_script_feed_tick(feed, now);
    if (eg_etw_decode(record, &decoded) == EG_ETW_EVENT && decoded.kind == EG_KIND_SCRIPT_BLOCK) {
        *left += decoded.as.script_block.text.size;
        if (eg_script_parts_add(parts, record, &decoded, now) != EG_OK) {
            abort();
        }
    }
    eg_script_parts_expire(parts, now);
}

int eg_fuzz_script(const uint8_t *data, size_t size)
{
    size_t left = 0;
    uint64_t now = 0;
    eg_sink sink = {.emit = on_event};
    eg_script_feed *feed = NULL;
    eg_script_parts *parts = NULL;
    eg_buf payload;
    eg_buf_init(&payload, 256 * 1024);
    if (eg_script_feed_create(&feed, &sink) != EG_OK ||
        eg_script_parts_create(&parts, on_text, &left) != EG_OK) {
        abort();
    }
    while (size >= HEAD_SIZE) {
        bool is_script = (data[0] & 3) < 2;
        eg_etw_record record = {.pid = data[0] >> 2 & 3u, .time = 133, .version = 1};
        size_t length = (size_t)data[4] | (size_t)data[5] << 8;
        length = length < size - HEAD_SIZE ? length : size - HEAD_SIZE;
        now += 1000u * data[3];
        eg_buf_clear(&payload);
        if (is_script) {
            make_script(&payload, data, data + HEAD_SIZE, length);
        } else {
            eg_buf_append(&payload, data + HEAD_SIZE, length);
        }
        memcpy(record.provider, (data[0] & 3) == 2 ? amsi : powershell, sizeof(amsi));
        record.id = (data[0] & 3) == 2 ? 1101 : 4104;
        record.payload = (const uint8_t *)eg_buf_cstr(&payload);
        record.size = payload.len;
        take(feed, parts, &left, &record, now);
        data += HEAD_SIZE + length;
        size -= HEAD_SIZE + length;
    }
    eg_script_feed_destroy(feed);
    eg_script_parts_flush(parts);
    eg_script_parts_destroy(parts);
    eg_buf_done(&payload);
    return 0;
}
