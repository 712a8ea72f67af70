/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VBA projects as MS-OVBA describes them: the compression of the source (2.4.1) and the list of
 * modules in the dir stream (2.3.4.2). Pure, any thread.
 */
#ifndef EG_UNPACK_VBA_H
#define EG_UNPACK_VBA_H

#include "core/base/str.h"

/*
 * Appends what the compressed container at the start of `packed` holds. EG_E_INVALID when it is
 * damaged, EG_E_LIMIT when `out` is full: what was unpacked until then is kept. EG_E_NOMEM.
 */
int eg_vba_decompress(eg_str packed, eg_buf *out);

/*
 * Where the next compressed module source begins at `from` or behind it, whatever the dir stream
 * says; bytes.len when there is none. Such a source begins with "Attribute".
 */
size_t eg_vba_find_source(eg_str bytes, size_t from);

typedef struct eg_vba_module {
    eg_str stream;      /* its name, UTF-16LE bytes; empty when only the other is there */
    eg_str stream_mbcs; /* the same in the code page of the project */
    uint32_t offset;    /* of the compressed source in that stream */
} eg_vba_module;

typedef struct eg_vba_dir {
    eg_str bytes; /* the unpacked dir stream */
    size_t at;
    uint32_t code_page; /* 0 until its record was passed */
} eg_vba_dir;

/*
 * The next module of the list: true and `module` filled, views into the stream. False at the end;
 * `*status` is then EG_OK, or EG_E_INVALID when the list is damaged there.
 */
bool eg_vba_next_module(eg_vba_dir *dir, eg_vba_module *module, int *status);

#endif
