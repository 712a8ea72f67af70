/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/detect/pe_imports.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_pe_imports(const uint8_t *data, size_t size);

typedef struct file {
    const uint8_t *bytes;
    size_t size;
} file;

static int read_file(void *user, uint64_t offset, void *out, size_t size)
{
    const file *from = user;
    EG_FUZZ_CHECK(offset <= from->size && size <= from->size - offset);
    memcpy(out, from->bytes + offset, size);
    return EG_OK;
}

/* The bytes of a program file. */
int eg_fuzz_pe_imports(const uint8_t *data, size_t size)
{
    file from = {data, size};
    const eg_pe_source source = {&from, size, read_file};
    eg_buf out;
    eg_buf_init(&out, EG_PE_IMPORTS_TEXT_MAX);
    int status = eg_pe_imports_text(&source, &out);
    EG_FUZZ_CHECK(status == EG_OK || status == EG_E_INVALID || status == EG_E_LIMIT);
    EG_FUZZ_CHECK(status == EG_OK || out.len == 0);
    eg_buf_done(&out);
    return 0;
}
