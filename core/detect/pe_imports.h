/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program file imports, as the text of which the import hash ("imphash") is the MD5: for
 * each function, in the order of the file, "library.function" in lower case, with commas between.
 * Any bytes may come in: every offset is checked against the file, and lists are cut at a limit.
 * Pure; the file is read through a callback, a few kilobytes at a time.
 */
#ifndef EG_DETECT_PE_IMPORTS_H
#define EG_DETECT_PE_IMPORTS_H

#include "core/base/str.h"

typedef struct eg_pe_source {
    void *user;
    uint64_t size; /* of the file */
    /* Exactly `size` bytes at `offset`, which lie within the file. */
    int (*read)(void *user, uint64_t offset, void *out, size_t size);
} eg_pe_source;

#define EG_PE_IMPORTS_TEXT_MAX (4u * 1024 * 1024)

/*
 * Replaces what is in `out` by the text; "" for a file that imports nothing. The extensions .dll,
 * .ocx and .sys are left out; a function imported by number is "ord123", or its name for those
 * libraries whose numbers are known (pefile, which defined the hash in use, does the same).
 * EG_E_INVALID when it is no PE file or its imports lead out of it, EG_E_LIMIT when they are too
 * many, or what `read` gave.
 */
int eg_pe_imports_text(const eg_pe_source *source, eg_buf *out);

#endif
