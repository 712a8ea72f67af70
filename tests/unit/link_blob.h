/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds shortcuts (.lnk) as MS-SHLLINK describes them. Include after unit.h; who begins a blob
 * ends it with eg_buf_done.
 */
#ifndef EG_TESTS_LINK_BLOB_H
#define EG_TESTS_LINK_BLOB_H

#include "tests/unit/task_blob.h"

enum {
    LINK_ITEMS = 0x01,
    LINK_INFO = 0x02,
    LINK_NAME = 0x04,
    LINK_RELATIVE = 0x08,
    LINK_FOLDER = 0x10,
    LINK_ARGUMENTS = 0x20,
    LINK_ICON = 0x40,
    LINK_UNICODE = 0x80,
};

static inline void link_begin(eg_buf *blob, uint32_t flags)
{
    static const uint8_t class_id[16] = {0x01, 0x14, 2, 0, 0, 0, 0, 0,
                                         0xC0, 0,    0, 0, 0, 0, 0, 0x46};
    eg_buf_init(blob, 1024 * 1024);
    blob_number(blob, 0x4C, 4);
    eg_buf_append(blob, class_id, sizeof(class_id));
    blob_number(blob, flags, 4);
    while (blob->len < 0x4C) {
        eg_buf_append_char(blob, 0);
    }
}

/* LinkInfo with a path on this computer, in the code page and, if not NULL, in Unicode. */
static inline void link_info(eg_buf *blob, const char *ansi, const char *wide)
{
    uint32_t header = wide ? 0x24 : 0x1C;
    uint32_t ansi_size = (uint32_t)strlen(ansi) + 1;
    uint32_t wide_size = wide ? 2 * (uint32_t)eg_utf16_length(eg_str_from(wide)) + 2 : 0;
    uint32_t suffix = header + ansi_size;
    blob_number(blob, suffix + 1 + wide_size + (wide ? 2 : 0), 4);
    blob_number(blob, header, 4);
    blob_number(blob, 1, 4); /* has a local path */
    blob_number(blob, 0, 4);
    blob_number(blob, header, 4);
    blob_number(blob, 0, 4);
    blob_number(blob, suffix, 4);
    if (wide) {
        blob_number(blob, suffix + 1, 4);
        blob_number(blob, suffix + 1 + wide_size, 4);
    }
    eg_buf_append(blob, ansi, ansi_size);
    eg_buf_append_char(blob, 0);
    if (wide) {
        uint16_t *units = eg_utf16_copy(eg_str_from(wide));
        assert_non_null(units);
        eg_buf_append(blob, units, wide_size);
        eg_free(units);
        blob_number(blob, 0, 2);
    }
}

/* A text of StringData: its count, then its characters. */
static inline void link_text(eg_buf *blob, const char *text)
{
    size_t count = eg_utf16_length(eg_str_from(text));
    uint16_t *units = eg_utf16_copy(eg_str_from(text));
    assert_non_null(units);
    blob_number(blob, (uint32_t)count, 2);
    eg_buf_append(blob, units, 2 * count);
    eg_free(units);
}

#endif
