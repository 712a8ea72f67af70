/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OneNote sections (MS-ONESTORE): the files embedded in them. Each is a FileDataStoreObject
 * (2.6.13), which a mark of 16 bytes begins wherever it lies, so the file is searched for those
 * instead of following its lists, which a damaged or crafted file may break.
 */
#include "core/base/status.h"
#include "core/unpack/bytes.h"
#include "core/unpack/walk.h"

#include <stdio.h>

enum { MARK_SIZE = 16, HEADER_SIZE = 36 };

/* {BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC} */
static const uint8_t object_mark[MARK_SIZE] = {0xE7, 0x16, 0xE3, 0xBD, 0x65, 0x26, 0x11, 0x45,
                                               0xA4, 0xC4, 0x8D, 0x4D, 0x0B, 0x7A, 0x9E, 0xAC};

void eg_unpack_notebook(eg_walk *walk, eg_str bytes)
{
    unsigned count = 0;
    size_t at = 0;
    while (eg_walk_goes(walk)) {
        at = eg_bytes_find(bytes, at, object_mark, MARK_SIZE);
        if (at >= bytes.len) {
            return;
        }
        char name[32];
        snprintf(name, sizeof(name), "embedded %u", ++count);
        uint64_t size = eg_bytes_u64(bytes, at + MARK_SIZE);
        eg_str file = eg_bytes_part(bytes, (uint64_t)at + HEADER_SIZE, size);
        if (file.len != size || bytes.len - at < HEADER_SIZE) {
            eg_walk_tell(walk, eg_str_from(name), EG_E_INVALID,
                         "it leads out of the file; bytes missing: %llu",
                         (unsigned long long)(size - file.len));
        }
        eg_walk_part(walk, eg_str_from(name), EG_PART_EMBEDDED, file);
        /* a wrong size must not hide the next object, so the search goes on within this one */
        at += MARK_SIZE;
    }
}
