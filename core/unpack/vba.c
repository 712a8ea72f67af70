/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unpack/vba.h"

#include "core/base/status.h"
#include "core/unpack/bytes.h"

enum {
    CONTAINER_MARK = 1,
    CHUNK_MAX = 4096, /* unpacked */
    CHUNK_MARK = 3,
    /* records of the dir stream */
    RECORD_CODE_PAGE = 0x0003,
    RECORD_VERSION = 0x0009,
    RECORD_TERMINATOR = 0x0010,
    RECORD_STREAM_NAME = 0x001A,
    RECORD_MODULE_END = 0x002B,
    RECORD_MODULE_OFFSET = 0x0031,
    RECORD_STREAM_NAME_UNICODE = 0x0032,
};

/* Bits of a copy token that hold its offset: enough for what the chunk has so far (2.4.1.3.19.1) */
static unsigned offset_bits(size_t unpacked)
{
    unsigned bits = 4;
    while (((size_t)1 << bits) < unpacked) {
        bits++;
    }
    return bits;
}

static int copy_token(uint16_t token, size_t begin, eg_buf *out)
{
    unsigned bits = offset_bits(out->len - begin);
    size_t length = (token & (0xFFFFu >> bits)) + 3;
    size_t offset = ((size_t)token >> (16 - bits)) + 1;
    if (offset > out->len - begin || out->len - begin + length > CHUNK_MAX) {
        return eg_fail(EG_E_INVALID, "a copy that leads out of its chunk");
    }
    if (eg_buf_reserve(out, length) != EG_OK) {
        return out->status;
    }
    for (size_t i = 0; i < length; i++) { /* the areas may overlap, so byte by byte */
        out->data[out->len] = out->data[out->len - offset];
        out->len++;
    }
    out->data[out->len] = '\0';
    return EG_OK;
}

static int unpack_chunk(eg_str tokens, eg_buf *out)
{
    size_t begin = out->len;
    for (size_t at = 0; at < tokens.len;) {
        unsigned flags = (uint8_t)tokens.ptr[at++];
        for (unsigned bit = 0; bit < 8 && at < tokens.len; bit++) {
            int status;
            if (flags & (1u << bit)) {
                if (tokens.len - at < 2) {
                    return eg_fail(EG_E_INVALID, "a chunk that ends within a copy");
                }
                status = copy_token(eg_bytes_u16(tokens, at), begin, out);
                at += 2;
            } else if (out->len - begin == CHUNK_MAX) {
                return eg_fail(EG_E_INVALID, "a chunk of more than %d bytes", CHUNK_MAX);
            } else {
                status = eg_buf_append_char(out, tokens.ptr[at++]);
            }
            if (status != EG_OK) {
                return status;
            }
        }
    }
    return EG_OK;
}

int eg_vba_decompress(eg_str packed, eg_buf *out)
{
    if (packed.len < 1 || packed.ptr[0] != CONTAINER_MARK) {
        return eg_fail(EG_E_INVALID, "no compressed source where it should be");
    }
    for (size_t at = 1; at + 2 <= packed.len;) {
        uint16_t header = eg_bytes_u16(packed, at);
        size_t size = (header & 0x0FFFu) + 1; /* without the header */
        eg_str chunk = eg_bytes_part(packed, at + 2, size);
        if ((header >> 12 & 7) != CHUNK_MARK) {
            return eg_fail(EG_E_INVALID, "a chunk without its mark, at %zu", at);
        }
        int status =
            header & 0x8000 ? unpack_chunk(chunk, out) : eg_buf_append(out, chunk.ptr, chunk.len);
        if (status != EG_OK) {
            return status;
        }
        if (chunk.len != size) {
            return eg_fail(EG_E_INVALID, "it ends within a chunk, at %zu", at);
        }
        at += 2 + size;
    }
    return EG_OK;
}

size_t eg_vba_find_source(eg_str bytes, size_t from)
{
    /* mark, chunk header, a flag byte for eight literals, and these */
    static const char literals[] = "\0Attribut";
    size_t size = sizeof(literals) - 1;
    for (;;) {
        size_t hit = eg_bytes_find(bytes, from + 3, literals, size);
        if (hit >= bytes.len) {
            return bytes.len;
        }
        if (bytes.ptr[hit - 3] == CONTAINER_MARK &&
            (eg_bytes_u16(bytes, hit - 2) >> 12 & 7) == CHUNK_MARK) {
            return hit - 3;
        }
        from = hit + 1 - 3;
    }
}

/* The next record; false when there is no whole one. */
static bool next_record(eg_vba_dir *dir, uint16_t *id, eg_str *data)
{
    if (dir->bytes.len - dir->at < 6) {
        return false;
    }
    *id = eg_bytes_u16(dir->bytes, dir->at);
    uint64_t size = eg_bytes_u32(dir->bytes, dir->at + 2);
    if (*id == RECORD_VERSION) {
        size += 2; /* its size leaves out the minor version (2.3.4.2.1.11) */
    }
    *data = eg_bytes_part(dir->bytes, dir->at + 6, size);
    if (data->len != size) {
        return false;
    }
    dir->at += 6 + (size_t)size;
    return true;
}

bool eg_vba_next_module(eg_vba_dir *dir, eg_vba_module *module, int *status)
{
    eg_vba_module found = {{"", 0}, {"", 0}, 0};
    bool has_offset = false;
    uint16_t id;
    eg_str data;
    *status = EG_OK;
    while (next_record(dir, &id, &data)) {
        switch (id) {
        case RECORD_CODE_PAGE: dir->code_page = eg_bytes_u16(data, 0); break;
        case RECORD_STREAM_NAME: found.stream_mbcs = data; break;
        case RECORD_STREAM_NAME_UNICODE: found.stream = data; break;
        case RECORD_MODULE_OFFSET:
            found.offset = eg_bytes_u32(data, 0);
            has_offset = data.len == 4;
            break;
        case RECORD_MODULE_END:
            if (has_offset && found.stream.len + found.stream_mbcs.len > 0) {
                *module = found;
                return true;
            }
            *status = eg_fail(EG_E_INVALID, "a module without a place, at %zu", dir->at);
            return false;
        case RECORD_TERMINATOR: return false;
        default: break;
        }
    }
    *status = eg_fail(EG_E_INVALID, "the list of modules ends early, at %zu of %zu", dir->at,
                      dir->bytes.len);
    return false;
}
