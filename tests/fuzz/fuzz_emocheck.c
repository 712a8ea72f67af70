/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/detect/emocheck.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_emocheck(const uint8_t *data, size_t size);

/* The first four bytes are the serial number; then a registry value, which is also names. */
int eg_fuzz_emocheck(const uint8_t *data, size_t size)
{
    uint32_t serial = 0;
    char name[EG_EMOCHECK_NAME_MAX];
    eg_buf out;
    if (size < sizeof(serial)) {
        return 0;
    }
    memcpy(&serial, data, sizeof(serial));
    data += sizeof(serial);
    size -= sizeof(serial);
    eg_emocheck_program_name(serial, name);
    EG_FUZZ_CHECK(eg_str_ends_nocase(eg_str_from(name), EG_STR(".exe")));
    eg_buf_init(&out, 4096);
    if (eg_emocheck_decode_value(serial, data, size, &out) == EG_OK) {
        EG_FUZZ_CHECK(out.len > 4 && out.len <= size + 4);
        EG_FUZZ_CHECK(eg_utf8_valid(eg_buf_str(&out)));
    } else {
        EG_FUZZ_CHECK(out.len == 0);
    }
    eg_buf_done(&out);

    const eg_str text = {(const char *)data, size};
    eg_str rest = text, path = EG_STR_NONE;
    (void)eg_str_split(&rest, '\n', &path);
    const eg_emocheck_file file = {.folder_name = path, .name = rest, .size = serial};
    unsigned signs = eg_emocheck_file_signs(&file) | 1u << EG_EMOCHECK_RANDOM_NAMES;
    (void)eg_emocheck_is_run(signs, path, EG_STR("rundll32.exe"), rest);
    unsigned left = eg_emocheck_started_signs(signs, path, path, rest);
    EG_FUZZ_CHECK((left & ~signs) == 0);
    return 0;
}
