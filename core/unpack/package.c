/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file put into a document by the object packager: flags, a label and a path, each ended by a
 * NUL, the kind of link, a path behind its size, then the file behind its size. The layout is known
 * from many files, not from a specification; bytes that do not fit it hold no file.
 */
#include "core/base/status.h"
#include "core/unpack/bytes.h"
#include "core/unpack/walk.h"

enum { FLAGS_SIZE = 2, LINK_SIZE = 4 };

void eg_unpack_package(eg_walk *walk, eg_str name, eg_str bytes)
{
    uint64_t at = FLAGS_SIZE;
    for (int text = 0; text < 2; text++) { /* label, path */
        at = (uint64_t)eg_bytes_find(bytes, (size_t)at, "", 1) + 1;
    }
    at += LINK_SIZE;
    uint32_t path = eg_bytes_u32(bytes, at);
    at += 4 + (uint64_t)path;
    uint32_t size = eg_bytes_u32(bytes, at);
    eg_str file = eg_bytes_part(bytes, at + 4, size);
    if (file.len == 0) {
        return;
    }
    if (file.len != size) {
        eg_walk_tell(walk, name, EG_E_INVALID, "the packed file ends early");
    }
    eg_walk_part(walk, name, EG_PART_EMBEDDED, file);
}
