/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames on the pipe: 4 bytes length (little-endian, of the payload), then that many bytes of UTF-8
 * JSON. A reader collects bytes as they come and hands out whole payloads; a length above
 * EG_FRAME_MAX is EG_E_LIMIT and ends the connection. Pure; one thread per reader.
 */
#ifndef EG_IPC_FRAME_H
#define EG_IPC_FRAME_H

#include "core/base/str.h"

#define EG_FRAME_MAX (64u * 1024)
#define EG_FRAME_HEADER 4u

typedef struct eg_frame_reader {
    eg_buf buffer;
    size_t taken; /* bytes at the front that were handed out as payloads */
} eg_frame_reader;

void eg_frame_reader_init(eg_frame_reader *reader);
void eg_frame_reader_done(eg_frame_reader *reader);
/* Up to EG_FRAME_MAX bytes at a time fit always, when `next` was called until it had none. */
int eg_frame_reader_feed(eg_frame_reader *reader, const void *bytes, size_t size);
/* EG_OK and *payload, valid until the next feed or next; EG_E_NOTFOUND when none is whole. */
int eg_frame_reader_next(eg_frame_reader *reader, eg_str *payload);
/* Appends header and payload, or nothing: EG_E_LIMIT when either does not fit. */
int eg_frame_write(eg_buf *out, eg_str payload);

#endif
