/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unpack/code_page.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

enum { CODE_PAGE_LATIN = 1252 };

/* 0x80 to 0x9F of Windows-1252; the five it leaves open stand for themselves, as in Windows. */
static const uint16_t latin_80[32] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

static int from_latin(eg_str text, eg_buf *out)
{
    for (size_t i = 0; i < text.len && out->status == EG_OK; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];
        uint32_t code = byte >= 0x80 && byte < 0xA0 ? latin_80[byte - 0x80] : byte;
        char utf8[4];
        eg_buf_append(out, utf8, eg_utf8_encode(code, utf8));
    }
    return out->status;
}

int eg_text_from_code_page(uint32_t code_page, eg_str text, eg_buf *out)
{
    if (eg_utf8_valid(text)) {
        return EG_E_NOTFOUND;
    }
    return code_page == CODE_PAGE_LATIN ? from_latin(text, out)
                                        : eg_utf8_from_code_page(code_page, text, out);
}
