/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two encodings of mail bodies (RFC 2045, 6.7 and 6.8), read as generously as mail programs do:
 * what is no part of the encoding is passed over. Both append to `out` up to its limit; its status
 * tells whether all of it found room. Pure, any thread.
 */
#ifndef EG_UNPACK_MIME_CODE_H
#define EG_UNPACK_MIME_CODE_H

#include "core/base/str.h"

void eg_base64_decode(eg_str text, eg_buf *out);
void eg_quoted_printable_decode(eg_str text, eg_buf *out);

#endif
