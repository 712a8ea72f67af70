/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OLE compound files as MS-CFB describes them: sectors in chains, a directory as a tree. Chains
 * that run in circles, trees that loop, tables that lead out of the file: all of it is found by
 * counting, told through the walk, and what can be read is read. One thread; the file borrows its
 * bytes, and eg_ole_close frees the rest.
 */
#ifndef EG_UNPACK_OLE_H
#define EG_UNPACK_OLE_H

#include "core/unpack/walk.h"

typedef enum eg_ole_type {
    EG_OLE_NONE = 0,
    EG_OLE_STORAGE = 1,
    EG_OLE_STREAM = 2,
    EG_OLE_ROOT = 5
} eg_ole_type;

#define EG_OLE_NO_ENTRY UINT32_MAX

typedef struct eg_ole_entry {
    eg_buf name; /* UTF-8 */
    eg_ole_type type;
    uint32_t left, right, child; /* other entries, or EG_OLE_NO_ENTRY */
    uint32_t parent;             /* EG_OLE_NO_ENTRY: the root, or nobody refers to it */
    bool reached;                /* from the root */
    uint32_t start;              /* first sector */
    uint64_t size;
} eg_ole_entry;

typedef struct eg_ole {
    eg_walk *walk;
    eg_str bytes;
    unsigned sector_shift;
    uint32_t sector_count; /* in the file */
    uint32_t cutoff;       /* shorter streams lie in small sectors */
    eg_buf fat, small_fat; /* uint32_t each, little-endian */
    eg_buf small;          /* the bytes of all small sectors */
    eg_ole_entry *entries;
    uint32_t entry_count;
} eg_ole;

/* False when there is no directory to be read; what is wrong was told. Close it either way. */
bool eg_ole_open(eg_ole *ole, eg_walk *walk, eg_str bytes);
void eg_ole_close(eg_ole *ole);
/* Appends the bytes of a stream, as many as can be read, and tells what is missing. */
void eg_ole_read(eg_ole *ole, uint32_t entry, eg_buf *out);
/* "Macros/VBA/Module1"; replaces what is in `out`. */
void eg_ole_path(const eg_ole *ole, uint32_t entry, eg_buf *out);

#endif
