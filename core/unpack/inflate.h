/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacking by zlib, into a buffer whose `max` is the limit. Pure, any thread. */
#ifndef EG_UNPACK_INFLATE_H
#define EG_UNPACK_INFLATE_H

#include "core/base/str.h"

/*
 * Appends what `packed` holds, without a header (as in zip) or with one (`wrapped`: zlib); `*used`
 * is how many bytes of `packed` belonged to it. EG_E_LIMIT when `out` is full, EG_E_INVALID when
 * it is damaged or ends early: what was unpacked until then is kept. EG_E_NOMEM.
 */
int eg_inflate(eg_str packed, bool wrapped, eg_buf *out, size_t *used);
uint32_t eg_crc32(eg_str bytes);

#endif
