/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workbook stream of .xls files (MS-XLS): which of its sheets are Excel 4 macro sheets, each
 * told as the bytes of its records, from BOF to EOF. Excel 97 and later (BIFF8), and Excel 5.
 */
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/unpack/bytes.h"
#include "core/unpack/walk.h"

enum {
    RECORD_HEADER = 4,
    RECORD_EOF = 0x000A,
    RECORD_FILEPASS = 0x002F, /* MS-XLS 2.4.117: what follows is encrypted */
    RECORD_SHEET = 0x0085,    /* BoundSheet8, 2.4.28 */
    RECORD_BOF = 0x0809,
    SHEET_HEADER = 8,
    SHEET_MACRO = 1,
    VERSION_8 = 0x0600,
    NAME_MAX_BYTES = 1024,
    CHARACTERS_16 = 1,
};

/* Where the records from `at` to their EOF end; charts within have BOF and EOF of their own. */
static uint64_t sheet_end(eg_walk *walk, eg_str stream, uint64_t at)
{
    unsigned depth = 0;
    while (at + RECORD_HEADER <= stream.len && eg_walk_spend(walk, 1)) {
        uint16_t id = eg_bytes_u16(stream, at);
        at += RECORD_HEADER + (uint64_t)eg_bytes_u16(stream, at + 2);
        depth += id == RECORD_BOF;
        if (id == RECORD_EOF && (depth == 0 || --depth == 0)) {
            break;
        }
    }
    return at;
}

static void append_name(eg_buf *out, eg_str record, bool biff8)
{
    size_t count = (uint8_t)eg_bytes_number(record, 6, 1);
    bool wide = biff8 && (eg_bytes_number(record, 7, 1) & CHARACTERS_16);
    eg_str text =
        eg_bytes_part(record, biff8 ? SHEET_HEADER : SHEET_HEADER - 1, wide ? 2 * count : count);
    for (size_t i = 0; i < text.len && !wide; i++) { /* the lower halves of UTF-16 */
        char utf8[4];
        eg_buf_append(out, utf8, eg_utf8_encode((uint8_t)text.ptr[i], utf8));
    }
    if (wide) {
        eg_utf8_from_utf16le(out, text.ptr, text.len);
    }
}

static void tell_sheet(eg_walk *walk, eg_str name, eg_str stream, eg_str record, bool biff8)
{
    eg_buf path;
    eg_buf_init(&path, NAME_MAX_BYTES + name.len);
    eg_buf_append_str(&path, name);
    eg_buf_append_char(&path, '/');
    append_name(&path, record, biff8);
    uint64_t begin = eg_bytes_u32(record, 0);
    if (path.status == EG_E_NOMEM) {
        eg_walk_fail(walk, EG_E_NOMEM);
    } else if (eg_bytes_u16(stream, begin) != RECORD_BOF) {
        eg_walk_tell(walk, eg_buf_str(&path), EG_E_INVALID,
                     "the macro sheet does not begin where the workbook says, at %llu",
                     (unsigned long long)begin);
    } else {
        uint64_t end = sheet_end(walk, stream, begin);
        eg_walk_part(walk, eg_buf_str(&path), EG_PART_MACRO_SHEET,
                     eg_bytes_part(stream, begin, end - begin));
    }
    eg_buf_done(&path);
}

void eg_unpack_workbook(eg_walk *walk, eg_str name, eg_str bytes)
{
    bool biff8 = eg_bytes_u16(bytes, RECORD_HEADER) == VERSION_8;
    if (eg_bytes_u16(bytes, 0) != RECORD_BOF) {
        return;
    }
    for (uint64_t at = 0; at + RECORD_HEADER <= bytes.len && eg_walk_spend(walk, 1);) {
        uint16_t id = eg_bytes_u16(bytes, at);
        uint64_t size = eg_bytes_u16(bytes, at + 2);
        eg_str record = eg_bytes_part(bytes, at + RECORD_HEADER, size);
        if (record.len != size) {
            eg_walk_tell(walk, name, EG_E_INVALID, "it ends within a record, at %llu",
                         (unsigned long long)at);
        } else if (id == RECORD_FILEPASS) {
            eg_walk_tell(walk, name, EG_E_UNSUPPORTED, "could not look: encrypted");
            return;
        } else if (id == RECORD_SHEET && eg_bytes_number(record, 5, 1) == SHEET_MACRO) {
            tell_sheet(walk, name, bytes, record, biff8);
        } else if (id == RECORD_EOF) {
            return;
        }
        at += RECORD_HEADER + size;
    }
}
