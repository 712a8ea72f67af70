/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ActiveMime: how Office keeps the macros of a document saved as a web page ("editdata.mso"). A
 * header that no specification describes, then the compound file behind zlib, at 0x32 in what
 * Office writes. Office finds it elsewhere too, so each place where zlib may begin is tried.
 */
#include "core/base/status.h"
#include "core/unpack/bytes.h"
#include "core/unpack/inflate.h"
#include "core/unpack/walk.h"

enum {
    SEARCH_FROM = 10, /* the mark itself */
    SEARCH_TO = 1024,
};

/* RFC 1950, 2.2: method 8 (deflate), a window of up to 32 KiB, and a checksum of both bytes. */
static bool may_begin(eg_str bytes, size_t at)
{
    unsigned first = (unsigned)eg_bytes_number(bytes, at, 1);
    unsigned second = (unsigned)eg_bytes_number(bytes, at + 1, 1);
    return (first & 0xF) == 8 && first >> 4 <= 7 && (first << 8 | second) % 31 == 0;
}

void eg_unpack_activemime(eg_walk *walk, eg_str bytes)
{
    eg_str name = EG_STR("editdata");
    size_t end = bytes.len < SEARCH_TO ? bytes.len : SEARCH_TO;
    size_t used;
    eg_buf out;
    eg_buf_init(&out, eg_walk_room(walk, bytes.len));
    int status = EG_E_INVALID;
    for (size_t at = SEARCH_FROM; at < end && status == EG_E_INVALID && eg_walk_goes(walk); at++) {
        if (!may_begin(bytes, at)) {
            continue;
        }
        eg_buf_clear(&out);
        status = eg_inflate(eg_bytes_part(bytes, at, bytes.len), true, &out, &used);
        if (out.len > 0 && eg_walk_spend(walk, used)) {
            eg_walk_part(walk, name, EG_PART_EMBEDDED, eg_buf_str(&out));
        }
    }
    if (status == EG_E_NOMEM) {
        eg_walk_fail(walk, status);
    } else if (status == EG_E_LIMIT) {
        eg_walk_tell_room(walk, name, bytes.len);
    } else if (status != EG_OK) {
        eg_walk_tell(walk, name, status, "no packed bytes that are whole were found in it");
    }
    eg_buf_done(&out);
}
