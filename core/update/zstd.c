/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/zstd.h"

#include "core/base/status.h"

#include <zstd.h>
#include <zstd_errors.h>

#define LEVEL 19
#define WINDOW_LOG_MIN 20
#define WINDOW_LOG_MAX 27 /* 128 MiB, what readers take unasked: frames above are refused */

/* The window has to reach from the end of the new bytes to the beginning of the reference. */
static int window_log(size_t bytes)
{
    int log = WINDOW_LOG_MIN;
    while (log < WINDOW_LOG_MAX && ((size_t)1 << log) < bytes) {
        log++;
    }
    return log;
}

static int failure(const char *what, size_t code)
{
    bool memory = ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation;
    return eg_fail(memory ? EG_E_NOMEM : EG_E_INVALID, "%s: %s", what, ZSTD_getErrorName(code));
}

static size_t prepare(ZSTD_CCtx *context, eg_str bytes, eg_str reference)
{
    const struct {
        ZSTD_cParameter parameter;
        int value;
    } settings[] = {
        {ZSTD_c_compressionLevel, LEVEL},
        {ZSTD_c_windowLog, window_log(bytes.len + reference.len)},
        {ZSTD_c_enableLongDistanceMatching, reference.len > 0},
        {ZSTD_c_checksumFlag, 1},
    };
    size_t result = 0;
    for (size_t i = 0; i < EG_COUNT(settings) && !ZSTD_isError(result); i++) {
        result = ZSTD_CCtx_setParameter(context, settings[i].parameter, settings[i].value);
    }
    if (!ZSTD_isError(result) && reference.len > 0) {
        result = ZSTD_CCtx_refPrefix(context, reference.ptr, reference.len);
    }
    return result;
}

int eg_zstd_compress(eg_str bytes, eg_str reference, eg_buf *out)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (!context) {
        return eg_fail(EG_E_NOMEM, "no memory to compress");
    }
    eg_buf_clear(out);
    int status = eg_buf_reserve(out, ZSTD_compressBound(bytes.len));
    if (status == EG_OK) {
        size_t result = prepare(context, bytes, reference);
        if (!ZSTD_isError(result)) {
            result = ZSTD_compress2(context, out->data, ZSTD_compressBound(bytes.len), bytes.ptr,
                                    bytes.len);
        }
        if (ZSTD_isError(result)) {
            status = failure("compressing", result);
        } else {
            out->len = result;
            out->data[out->len] = '\0';
        }
    }
    ZSTD_freeCCtx(context);
    return status;
}

/* How large the content is by the frame's own word; the frame must be all there is. */
static int content_size(eg_str frame, const eg_buf *out, size_t *size)
{
    unsigned long long told = ZSTD_getFrameContentSize(frame.ptr, frame.len);
    size_t length = ZSTD_findFrameCompressedSize(frame.ptr, frame.len);
    if (told == ZSTD_CONTENTSIZE_ERROR || ZSTD_isError(length)) {
        return eg_fail(EG_E_INVALID, "not compressed by zstd, or cut short");
    }
    if (told == ZSTD_CONTENTSIZE_UNKNOWN) {
        return eg_fail(EG_E_INVALID, "the compressed bytes do not tell their size");
    }
    if (length != frame.len) {
        return eg_fail(EG_E_INVALID, "%zu bytes behind the compressed ones", frame.len - length);
    }
    if (told > out->max) {
        return eg_fail(EG_E_LIMIT, "unpacks to %llu bytes, %zu are allowed", told, out->max);
    }
    *size = (size_t)told;
    return EG_OK;
}

static int unpack(ZSTD_DCtx *context, eg_str frame, eg_str reference, size_t size, eg_buf *out)
{
    size_t result = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    if (!ZSTD_isError(result) && reference.len > 0) {
        result = ZSTD_DCtx_refPrefix(context, reference.ptr, reference.len);
    }
    if (!ZSTD_isError(result)) {
        result = ZSTD_decompressDCtx(context, out->data, size, frame.ptr, frame.len);
    }
    if (ZSTD_isError(result)) {
        return failure("unpacking", result);
    }
    if (result != size) {
        return eg_fail(EG_E_INVALID, "unpacked to %zu bytes instead of %zu", result, size);
    }
    out->len = size;
    out->data[size] = '\0';
    return EG_OK;
}

int eg_zstd_decompress(eg_str frame, eg_str reference, eg_buf *out)
{
    size_t size = 0;
    eg_buf_clear(out);
    int status = content_size(frame, out, &size);
    if (status == EG_OK) {
        status = eg_buf_reserve(out, size);
    }
    if (status != EG_OK) {
        return status;
    }
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context) {
        return eg_fail(EG_E_NOMEM, "no memory to unpack");
    }
    status = unpack(context, frame, reference, size, out);
    ZSTD_freeDCtx(context);
    return status;
}
