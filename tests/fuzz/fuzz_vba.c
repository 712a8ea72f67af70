/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/unpack/vba.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_vba(const uint8_t *data, size_t size);

/* The input as a compressed container, what it gives as a list of modules, and as a stream. */
int eg_fuzz_vba(const uint8_t *data, size_t size)
{
    eg_str bytes = {(const char *)data, size};
    eg_buf out;
    eg_buf_init(&out, 1024 * 1024);
    int status = eg_vba_decompress(bytes, &out);
    EG_FUZZ_CHECK(status == EG_OK || status == EG_E_INVALID || status == EG_E_LIMIT);
    eg_vba_dir dir = {eg_buf_str(&out), 0, 0};
    eg_vba_module module;
    while (eg_vba_next_module(&dir, &module, &status)) {
        EG_FUZZ_CHECK(module.stream.len + module.stream_mbcs.len <= out.len);
        EG_FUZZ_CHECK(dir.at <= out.len);
    }
    for (size_t at = 0; at < size; at++) {
        size_t found = eg_vba_find_source(bytes, at);
        EG_FUZZ_CHECK(found >= at && found <= size);
        at = found;
    }
    eg_buf_done(&out);
    return 0;
}
