/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zstandard (RFC 8878): whole buffers, one frame each. zstd.c is the only file that knows the
 * library. With a `reference` the frame holds only what is new against it (what `zstd --patch-from`
 * makes), and the same reference is needed to read it. Pure functions, any thread.
 */
#ifndef EG_UPDATE_ZSTD_H
#define EG_UPDATE_ZSTD_H

#include "core/base/str.h"

/*
 * Replaces what is in `out`. The same input gives the same bytes with the same version of the
 * library. `reference` may be EG_STR_NONE. Takes seconds: it is made for being sent often.
 */
int eg_zstd_compress(eg_str bytes, eg_str reference, eg_buf *out);
/*
 * Replaces what is in `out`, which holds at most its `max` bytes: EG_E_LIMIT when the frame says
 * that there are more, before any memory is taken. EG_E_INVALID for what is no single whole frame,
 * does not say its size, or is damaged.
 */
int eg_zstd_decompress(eg_str frame, eg_str reference, eg_buf *out);

#endif
