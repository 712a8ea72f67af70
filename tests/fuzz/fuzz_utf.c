/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_utf(const uint8_t *data, size_t size);

/* Any UTF-16, lone surrogates included, comes back from WTF-8 unit for unit. */
static void check_round_trip(const uint8_t *data, size_t size)
{
    eg_buf text;
    eg_buf again;
    eg_buf_init(&text, SIZE_MAX);
    eg_buf_init(&again, SIZE_MAX);
    EG_FUZZ_CHECK(eg_utf8_from_utf16le(&text, data, size) == EG_OK);
    EG_FUZZ_CHECK(eg_utf16_length(eg_buf_str(&text)) == size / 2);
    uint16_t *units = eg_utf16_copy(eg_buf_str(&text));
    EG_FUZZ_CHECK(units);
    for (size_t i = 0; i < size / 2; i++)
        EG_FUZZ_CHECK(units[i] == (data[2 * i] | data[2 * i + 1] << 8));
    EG_FUZZ_CHECK(eg_utf8_from_utf16(&again, units, size / 2) == EG_OK);
    EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&text), eg_buf_str(&again)));
    eg_free(units);
    eg_buf_done(&text);
    eg_buf_done(&again);
}

/* Folding twice is folding once, and what is shown to people is always well-formed. */
static void check_text(eg_str text)
{
    eg_buf folded;
    eg_buf again;
    eg_buf shown;
    eg_buf_init(&folded, SIZE_MAX);
    eg_buf_init(&again, SIZE_MAX);
    eg_buf_init(&shown, SIZE_MAX);
    EG_FUZZ_CHECK(eg_fold_str(&folded, text) == EG_OK);
    EG_FUZZ_CHECK(eg_fold_str(&again, eg_buf_str(&folded)) == EG_OK);
    EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&folded), eg_buf_str(&again)));
    EG_FUZZ_CHECK(eg_utf8_valid(text) == eg_utf8_valid(eg_buf_str(&folded)));
    EG_FUZZ_CHECK(eg_utf8_append_safe(&shown, text) == EG_OK);
    EG_FUZZ_CHECK(eg_utf8_valid(eg_buf_str(&shown)));
    EG_FUZZ_CHECK(shown.len == 0 || !memchr(shown.data, '\n', shown.len));
    eg_buf_done(&folded);
    eg_buf_done(&again);
    eg_buf_done(&shown);
}

int eg_fuzz_utf(const uint8_t *data, size_t size)
{
    check_round_trip(data, size);
    check_text((eg_str){size > 0 ? (const char *)data : "", size});
    return 0;
}
