/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/ipc/frame.h"
#include "core/ipc/message.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_message(const uint8_t *data, size_t size);

static eg_str payload_of(const eg_buf *frame)
{
    return (eg_str){frame->data + EG_FRAME_HEADER, frame->len - EG_FRAME_HEADER};
}

/* What was accepted can be sent, arrives as it was, and is sent the same again. */
int eg_fuzz_message(const uint8_t *data, size_t size)
{
    eg_message_decoder *decoder = NULL;
    eg_message_decoder *again = NULL;
    eg_message message = {.type = EG_MESSAGE_COUNT};
    eg_message arrived;
    eg_buf first;
    eg_buf second;
    eg_buf_init(&first, SIZE_MAX);
    eg_buf_init(&second, SIZE_MAX);
    EG_FUZZ_CHECK(eg_message_decoder_create(&decoder) == EG_OK);
    EG_FUZZ_CHECK(eg_message_decoder_create(&again) == EG_OK);
    eg_str text = {size > 0 ? (const char *)data : "", size};
    if (eg_message_decode(decoder, text, &message) == EG_OK) {
        EG_FUZZ_CHECK((unsigned)message.type < EG_MESSAGE_COUNT);
        EG_FUZZ_CHECK(eg_message_encode(&first, &message) == EG_OK);
        EG_FUZZ_CHECK(first.len <= EG_FRAME_MAX + EG_FRAME_HEADER);
        EG_FUZZ_CHECK(eg_message_decode(again, payload_of(&first), &arrived) == EG_OK);
        EG_FUZZ_CHECK(arrived.type == message.type);
        EG_FUZZ_CHECK(eg_message_encode(&second, &arrived) == EG_OK);
        EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&first), eg_buf_str(&second)));
        if (message.type == EG_MESSAGE_HIT) {
            const eg_hit_notice *sent = &message.body.hit, *got = &arrived.body.hit;
            EG_FUZZ_CHECK(sent->id == got->id && sent->time == got->time && sent->id > 0);
            EG_FUZZ_CHECK(eg_str_equal(sent->command_line, got->command_line));
            EG_FUZZ_CHECK(eg_str_equal(sent->text.title, got->text.title));
        } else if (message.type == EG_MESSAGE_STATUS) {
            EG_FUZZ_CHECK(eg_str_equal(message.body.status.json, arrived.body.status.json));
        } else if (message.type == EG_MESSAGE_ERRAND_BYTES) {
            EG_FUZZ_CHECK(message.body.errand_bytes.bytes.len <= EG_ERRAND_PIECE_MAX);
            EG_FUZZ_CHECK(
                eg_str_equal(message.body.errand_bytes.bytes, arrived.body.errand_bytes.bytes));
        }
    } else {
        EG_FUZZ_CHECK(message.type == EG_MESSAGE_COUNT);
    }
    eg_message_decoder_destroy(decoder);
    eg_message_decoder_destroy(again);
    eg_buf_done(&first);
    eg_buf_done(&second);
    return 0;
}
