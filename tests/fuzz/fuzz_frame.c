/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/ipc/frame.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_frame(const uint8_t *data, size_t size);

/* The first byte says how many bytes come at a time. Written again, the payloads give the input. */
int eg_fuzz_frame(const uint8_t *data, size_t size)
{
    eg_frame_reader reader;
    eg_buf written;
    size_t chunk = size > 0 ? (size_t)data[0] + 1 : 1;
    int status = EG_E_NOTFOUND;
    eg_frame_reader_init(&reader);
    eg_buf_init(&written, SIZE_MAX);
    for (size_t at = 1; at < size && status == EG_E_NOTFOUND; at += chunk) {
        size_t count = size - at < chunk ? size - at : chunk;
        eg_str payload = EG_STR_NONE;
        EG_FUZZ_CHECK(eg_frame_reader_feed(&reader, data + at, count) == EG_OK);
        while ((status = eg_frame_reader_next(&reader, &payload)) == EG_OK) {
            EG_FUZZ_CHECK(payload.ptr && payload.len <= EG_FRAME_MAX);
            EG_FUZZ_CHECK(eg_frame_write(&written, payload) == EG_OK);
        }
        EG_FUZZ_CHECK(status == EG_E_NOTFOUND || status == EG_E_LIMIT);
    }
    if (size > 0) {
        EG_FUZZ_CHECK(written.len <= size - 1);
        EG_FUZZ_CHECK(memcmp(eg_buf_cstr(&written), data + 1, written.len) == 0);
        size_t left = size - 1 - written.len;
        EG_FUZZ_CHECK(status == EG_E_LIMIT || left < EG_FRAME_MAX + EG_FRAME_HEADER);
    }
    eg_buf_done(&written);
    eg_frame_reader_done(&reader);
    return 0;
}
