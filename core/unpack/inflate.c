/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unpack/inflate.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#define ZLIB_CONST /* input is not written to */
#include <zlib.h>

#include <limits.h>

enum { STEP = 64 * 1024 };

static voidpf take(voidpf user, uInt count, uInt size)
{
    EG_UNUSED(user);
    return eg_alloc((size_t)count * size);
}

static void give(voidpf user, voidpf block)
{
    EG_UNUSED(user);
    eg_free(block);
}

/* One step of unpacking into the room that is left; Z_OK to go on. */
static int step(z_stream *stream, eg_buf *out, int *status)
{
    size_t left = out->max - out->len;
    uInt room = left < STEP ? (uInt)left : STEP;
    if (room == 0) {
        *status = eg_fail(EG_E_LIMIT, "more than %zu bytes", out->max);
        return Z_BUF_ERROR;
    }
    *status = eg_buf_reserve(out, room);
    if (*status != EG_OK) {
        return Z_MEM_ERROR;
    }
    stream->next_out = (Bytef *)out->data + out->len;
    stream->avail_out = room;
    int result = inflate(stream, Z_NO_FLUSH);
    out->len += room - stream->avail_out;
    out->data[out->len] = '\0';
    return result;
}

int eg_inflate(eg_str packed, bool wrapped, eg_buf *out, size_t *used)
{
    z_stream stream = {.zalloc = take, .zfree = give};
    int status = EG_OK;
    *used = 0;
    if (packed.len > UINT_MAX) {
        return eg_fail(EG_E_LIMIT, "more than 4 GiB of packed bytes");
    }
    stream.next_in = (const Bytef *)packed.ptr;
    stream.avail_in = (uInt)packed.len;
    int result = inflateInit2(&stream, wrapped ? MAX_WBITS : -MAX_WBITS);
    if (result != Z_OK) {
        return eg_fail(EG_E_NOMEM, "no memory to unpack");
    }
    while (result == Z_OK) {
        result = step(&stream, out, &status);
    }
    if (status == EG_OK && result == Z_MEM_ERROR) {
        status = eg_fail(EG_E_NOMEM, "no memory to unpack");
    } else if (status == EG_OK && result != Z_STREAM_END) {
        status = eg_fail(EG_E_INVALID, "packed bytes are damaged: %s",
                         stream.msg ? stream.msg : "they end early");
    }
    *used = packed.len - stream.avail_in;
    inflateEnd(&stream);
    return status;
}

uint32_t eg_crc32(eg_str bytes)
{
    uint32_t sum = 0;
    while (bytes.len > 0) {
        uInt size = bytes.len < UINT_MAX ? (uInt)bytes.len : UINT_MAX;
        sum = (uint32_t)crc32(sum, (const Bytef *)bytes.ptr, size);
        bytes = (eg_str){bytes.ptr + size, bytes.len - size};
    }
    return sum;
}
