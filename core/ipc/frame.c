/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ipc/frame.h"

#include "core/base/status.h"

#include <string.h>

/* A whole frame may wait while the next read, up to one more frame long, comes in. */
#define BUFFER_MAX (2 * ((size_t)EG_FRAME_MAX + EG_FRAME_HEADER))

static uint32_t read_length(const char *bytes)
{
    unsigned char header[EG_FRAME_HEADER];
    memcpy(header, bytes, sizeof(header));
    return (uint32_t)header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16 |
           (uint32_t)header[3] << 24;
}

void eg_frame_reader_init(eg_frame_reader *reader)
{
    eg_buf_init(&reader->buffer, BUFFER_MAX);
    reader->taken = 0;
}

void eg_frame_reader_done(eg_frame_reader *reader)
{
    eg_buf_done(&reader->buffer);
    reader->taken = 0;
}

/* Moves what is left to the front; done once a feed, so that many small frames cost no more. */
static void drop_taken(eg_frame_reader *reader)
{
    eg_buf *buffer = &reader->buffer;
    if (reader->taken == 0) {
        return;
    }
    buffer->len -= reader->taken;
    memmove(buffer->data, buffer->data + reader->taken, buffer->len + 1);
    reader->taken = 0;
}

int eg_frame_reader_feed(eg_frame_reader *reader, const void *bytes, size_t size)
{
    drop_taken(reader);
    if (size == 0) {
        return EG_OK;
    }
    if (size > BUFFER_MAX - reader->buffer.len) {
        return eg_fail(EG_E_LIMIT, "frame: %zu bytes wait unread and %zu more came, %zu fit",
                       reader->buffer.len, size, BUFFER_MAX);
    }
    return eg_buf_append(&reader->buffer, bytes, size);
}

int eg_frame_reader_next(eg_frame_reader *reader, eg_str *payload)
{
    size_t left = reader->buffer.len - reader->taken;
    if (left < EG_FRAME_HEADER) {
        return EG_E_NOTFOUND;
    }
    const char *frame = reader->buffer.data + reader->taken;
    uint32_t length = read_length(frame);
    if (length > EG_FRAME_MAX) {
        return eg_fail(EG_E_LIMIT, "frame: announces %lu bytes, at most %lu are allowed",
                       (unsigned long)length, (unsigned long)EG_FRAME_MAX);
    }
    if (left - EG_FRAME_HEADER < length) {
        return EG_E_NOTFOUND;
    }
    *payload = (eg_str){frame + EG_FRAME_HEADER, length};
    reader->taken += EG_FRAME_HEADER + (size_t)length;
    return EG_OK;
}

int eg_frame_write(eg_buf *out, eg_str payload)
{
    if (payload.len > EG_FRAME_MAX) {
        return eg_fail(EG_E_LIMIT, "frame: a message of %zu bytes does not fit into %lu",
                       payload.len, (unsigned long)EG_FRAME_MAX);
    }
    size_t size = EG_FRAME_HEADER + payload.len;
    if (out->status == EG_OK && (out->len > out->max || size > out->max - out->len)) {
        return eg_fail(EG_E_LIMIT, "frame: no room for %zu bytes more", size);
    }
    const unsigned char header[EG_FRAME_HEADER] = {
        (unsigned char)(payload.len & 0xFF),
        (unsigned char)(payload.len >> 8 & 0xFF),
        (unsigned char)(payload.len >> 16 & 0xFF),
        (unsigned char)(payload.len >> 24 & 0xFF),
    };
    size_t before = out->len;
    int status = eg_buf_append(out, header, sizeof(header));
    if (status == EG_OK) {
        status = eg_buf_append_str(out, payload);
    }
    if (status != EG_OK && out->len > before) {
        out->len = before;
        out->data[before] = '\0';
    }
    return status;
}
