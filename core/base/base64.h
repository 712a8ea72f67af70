/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as text that JSON takes as it is: base64 of RFC 4648, section 4, with padding and without
 * line ends. Each sequence of bytes has one form, and every other one is refused (mails have many:
 * core/unpack/mime_code.h). Pure; any thread.
 */
#ifndef EG_BASE_BASE64_H
#define EG_BASE_BASE64_H

#include "core/base/str.h"

/* Characters that so many bytes take. */
#define EG_BASE64_SIZE(bytes) (((size_t)(bytes) + 2) / 3 * 4)

int eg_base64_write(eg_buf *out, eg_str bytes); /* appends */
/* Appends the bytes; EG_E_INVALID, and nothing appended, for what is no such text. */
int eg_base64_read(eg_buf *out, eg_str text);

#endif
