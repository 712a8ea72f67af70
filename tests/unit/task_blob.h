/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the value Actions of TaskCache, as the published layouts describe it. Include after
 * unit.h; who begins a blob ends it with eg_buf_done.
 */
#ifndef EG_TESTS_TASK_BLOB_H
#define EG_TESTS_TASK_BLOB_H

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

static inline void blob_number(eg_buf *blob, uint32_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        eg_buf_append_char(blob, (char)(number >> (8 * i)));
    }
}

static inline void blob_text(eg_buf *blob, const char *text)
{
    size_t count = eg_utf16_length(eg_str_from(text));
    uint16_t *units = eg_utf16_copy(eg_str_from(text));
    assert_non_null(units);
    blob_number(blob, (uint32_t)(2 * count), 4);
    eg_buf_append(blob, units, 2 * count);
    eg_free(units);
}

static inline void blob_begin(eg_buf *blob, uint16_t version)
{
    eg_buf_init(blob, 64 * 1024);
    blob_number(blob, version, 2);
    if (version >= 2) {
        blob_text(blob, "Author");
    }
}

static inline void blob_exec(eg_buf *blob, uint16_t version, const char *command,
                             const char *arguments, const char *folder)
{
    blob_number(blob, 0x6666, 2);
    blob_text(blob, "");
    blob_text(blob, command);
    blob_text(blob, arguments);
    blob_text(blob, folder);
    if (version >= 3) {
        blob_number(blob, 0, 2);
    }
    assert_int_equal(blob->status, EG_OK);
}

#endif
