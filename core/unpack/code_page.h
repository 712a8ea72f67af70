/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in a code page of Windows, as old formats hold them, to UTF-8. Pure, any thread. */
#ifndef EG_UNPACK_CODE_PAGE_H
#define EG_UNPACK_CODE_PAGE_H

#include "core/base/str.h"

/*
 * Appends the UTF-8 form of `text`. EG_E_NOTFOUND when that would be the same bytes, or when the
 * code page is not known: 1252 is known everywhere, the others of Windows on Windows only.
 */
int eg_text_from_code_page(uint32_t code_page, eg_str text, eg_buf *out);

#endif
