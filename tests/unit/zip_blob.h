/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds zip archives, also those that no honest program writes. Include after unit.h; who begins
 * a blob ends it with eg_buf_done.
 */
#ifndef EG_TESTS_ZIP_BLOB_H
#define EG_TESTS_ZIP_BLOB_H

#include "core/unpack/inflate.h"
#include "tests/unit/task_blob.h"

#include <string.h>

typedef struct zip_member {
    const char *name;
    eg_str bytes;   /* as they are stored */
    uint32_t flags; /* 1 encrypted, 8 sizes behind */
    uint32_t method;
    uint32_t unpacked; /* 0: as many as bytes */
    uint32_t checksum; /* 0: that of bytes */
} zip_member;

typedef struct zip_blob {
    eg_buf bytes, directory;
    uint32_t count, base;
} zip_blob;

static inline void zip_begin(zip_blob *zip, const char *before)
{
    memset(zip, 0, sizeof(*zip));
    eg_buf_init(&zip->bytes, (size_t)16 * 1024 * 1024);
    eg_buf_init(&zip->directory, (size_t)4 * 1024 * 1024);
    eg_buf_append_cstr(&zip->bytes, before);
    zip->base = (uint32_t)zip->bytes.len;
}

/* What local header and directory have in common, from the flags to the length of the name. */
static inline void zip_fields(eg_buf *out, const zip_member *member)
{
    uint32_t checksum = member->checksum ? member->checksum : eg_crc32(member->bytes);
    blob_number(out, member->flags, 2);
    blob_number(out, member->method, 2);
    blob_number(out, 0, 4);
    blob_number(out, checksum, 4);
    blob_number(out, (uint32_t)member->bytes.len, 4);
    blob_number(out, member->unpacked ? member->unpacked : (uint32_t)member->bytes.len, 4);
    blob_number(out, (uint32_t)strlen(member->name), 2);
    blob_number(out, 0, 2);
}

/* A member in the directory only: its local header is at `header`. */
static inline void zip_refer(zip_blob *zip, const zip_member *member, uint32_t header)
{
    eg_buf *out = &zip->directory;
    eg_buf_append(out, "PK\1\2\x14\0\x14\0", 8);
    zip_fields(out, member);
    blob_number(out, 0, 4);
    blob_number(out, 0, 4);
    blob_number(out, 0, 2);
    blob_number(out, header, 4);
    eg_buf_append_cstr(out, member->name);
    zip->count++;
}

static inline void zip_add(zip_blob *zip, const zip_member *member)
{
    zip_refer(zip, member, (uint32_t)zip->bytes.len - zip->base);
    eg_buf_append(&zip->bytes, "PK\3\4\x14\0", 6);
    zip_fields(&zip->bytes, member);
    eg_buf_append_cstr(&zip->bytes, member->name);
    eg_buf_append_str(&zip->bytes, member->bytes);
}

static inline void zip_text(zip_blob *zip, const char *name, const char *text)
{
    zip_add(zip, &(zip_member){.name = name, .bytes = eg_str_from(text)});
}

/* The whole archive is then in `bytes`. */
static inline void zip_end(zip_blob *zip)
{
    uint32_t at = (uint32_t)zip->bytes.len - zip->base;
    eg_buf_append_str(&zip->bytes, eg_buf_str(&zip->directory));
    eg_buf_append(&zip->bytes, "PK\5\6\0\0\0\0", 8);
    blob_number(&zip->bytes, zip->count, 2);
    blob_number(&zip->bytes, zip->count, 2);
    blob_number(&zip->bytes, (uint32_t)zip->directory.len, 4);
    blob_number(&zip->bytes, at, 4);
    blob_number(&zip->bytes, 0, 2);
    eg_buf_done(&zip->directory);
}

/* Deflated bytes of 'A' and then `repeats` copies of 258 more: 13 bits each. */
static inline void deflate_bomb(eg_buf *out, uint32_t repeats)
{
    uint32_t bits = 0;
    unsigned held = 0;
    eg_buf_init(out, (size_t)16 * 1024 * 1024);
    for (uint32_t i = 0; i < repeats + 3; i++) {
        /* codes are read from their highest bit on, so they stand here mirrored */
        uint32_t code = 0xA3; /* length 258, then distance 1 in five zeros */
        unsigned size = 13;
        if (i == 0) {
            code = 3; /* last block, fixed codes */
            size = 3;
        } else if (i == 1) {
            code = 0x8E; /* the letter A: 0x71 mirrored */
            size = 8;
        } else if (i == repeats + 2) {
            code = 0; /* end */
            size = 7 + 7;
        }
        bits |= code << held;
        for (held += size; held >= 8; held -= 8) {
            eg_buf_append_char(out, (char)(bits & 0xFF));
            bits >>= 8;
        }
    }
}

#endif
