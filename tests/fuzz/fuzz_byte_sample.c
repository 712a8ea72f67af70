/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/yara/byte_sample.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_byte_sample(const uint8_t *data, size_t size);

/* A sample of a pack is bytes within the limit and a name, or an error that names the line. */
int eg_fuzz_byte_sample(const uint8_t *data, size_t size)
{
    eg_byte_sample sample;
    int status = eg_byte_sample_parse((eg_str){size > 0 ? (const char *)data : "", size}, &sample);
    if (status == EG_OK) {
        EG_FUZZ_CHECK(sample.bytes.len <= EG_BYTE_SAMPLE_MAX);
        EG_FUZZ_CHECK(sample.name.len > 0);
        eg_byte_sample_done(&sample);
    } else {
        EG_FUZZ_CHECK(status != EG_E_INVALID || strstr(eg_error_message(), "line "));
        EG_FUZZ_CHECK(eg_utf8_valid(eg_str_from(eg_error_message())));
    }
    return 0;
}
