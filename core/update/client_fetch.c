/* SPDX-License-Identifier: Apache-2.0 */
/* From the fetcher's bytes to documents that are read, not yet believed. */
#include "core/update/client_internal.h"

#include "core/base/status.h"

#include <inttypes.h>
#include <string.h>

int eg_tuf_end(eg_tuf_client *client, eg_tuf_outcome outcome, int status)
{
    client->outcome = status == EG_E_NOMEM ? EG_TUF_FAILED : outcome;
    return status;
}

static int write_to_buffer(void *user, const void *bytes, size_t size)
{
    eg_buf *out = user;
    if (size > out->max - out->len) {
        return eg_fail(EG_E_LIMIT, "larger than %zu bytes", out->max);
    }
    return eg_buf_append(out, bytes, size);
}

int eg_tuf_fetch_metadata(eg_tuf_client *client, const char *path, uint64_t max, bool conditional,
                          eg_buf *out)
{
    eg_fetch_request request = {EG_FETCH_METADATA, path, max, conditional};
    eg_fetch_sink sink = {out, write_to_buffer};
    int status = client->fetcher.fetch(client->fetcher.user, &request, &sink);
    if (status == EG_FETCH_UNCHANGED && !conditional) {
        status = eg_fail(EG_E_IO, "\"unchanged\" answers what was not asked");
    }
    if (status == EG_E_LIMIT) {
        eg_fail(status, "%s: larger than the %" PRIu64 " bytes it may have", path, max);
        return eg_tuf_end(client, EG_TUF_REFUSED, status);
    }
    if (status < 0 && status != EG_E_NOTFOUND) {
        eg_tuf_end(client, EG_TUF_UNREACHABLE, status);
    }
    return status;
}

int eg_tuf_append_encoded(eg_buf *out, eg_str text, bool is_path)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if ((c != 0 && memchr(plain, c, sizeof(plain) - 1)) || (is_path && c == '/')) {
            eg_buf_append_char(out, c);
        } else {
            eg_buf_appendf(out, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
    return out->status;
}

int eg_tuf_fetch_listed(eg_tuf_client *client, eg_str name, const eg_tuf_meta *meta, uint64_t max,
                        eg_buf *out)
{
    eg_buf path;
    eg_buf_init(&path, EG_TUF_PATH_MAX);
    if (client->trusted[EG_TUF_ROOT]->consistent_snapshot) {
        eg_buf_appendf(&path, "%" PRIu64 ".", meta->version);
    }
    eg_tuf_append_encoded(&path, name, false);
    int status = eg_buf_append_cstr(&path, ".json");
    if (status != EG_OK) {
        eg_tuf_end(client, EG_TUF_FAILED, status);
    } else {
        uint64_t most = meta->has_length && meta->length < max ? meta->length : max;
        status = eg_tuf_fetch_metadata(client, path.data, most, false, out);
    }
    if (status == EG_E_NOTFOUND) {
        eg_fail(status, "%s is listed but not there", eg_buf_cstr(&path));
        eg_tuf_end(client, EG_TUF_UNREACHABLE, status);
    }
    eg_buf_done(&path);
    return status;
}

bool eg_tuf_looks_signed(eg_str bytes)
{
    static const eg_str word = EG_STR_INIT("\"signatures\"");
    eg_str text = eg_str_trim(bytes);
    if (text.len < word.len || text.ptr[0] != '{' || text.ptr[text.len - 1] != '}') {
        return false;
    }
    for (size_t i = 0; i + word.len <= text.len; i++) {
        if (memcmp(text.ptr + i, word.ptr, word.len) == 0) {
            return true;
        }
    }
    return false;
}

int eg_tuf_read_fetched(eg_tuf_client *client, eg_tuf_kind kind, eg_str bytes,
                        eg_tuf_metadata **out)
{
    int status = eg_tuf_metadata_read(bytes, kind, out);
    if (status != EG_OK) {
        eg_tuf_end(client, eg_tuf_looks_signed(bytes) ? EG_TUF_REFUSED : EG_TUF_NOT_METADATA,
                   status);
    }
    return status;
}

bool eg_tuf_meta_fits(const eg_tuf_meta *meta, eg_str bytes)
{
    uint8_t sha256[EG_HASH256_SIZE], sha512[EG_HASH512_SIZE];
    if (meta->has_length && meta->length != bytes.len) {
        return false;
    }
    if (meta->hashes.given == 0) {
        return true;
    }
    eg_sha256(bytes, sha256);
    eg_sha512(bytes, sha512);
    return eg_tuf_hashes_fit(&meta->hashes, sha256, sha512);
}

int eg_tuf_check_meta(const eg_tuf_meta *meta, eg_str bytes)
{
    if (eg_tuf_meta_fits(meta, bytes)) {
        return EG_OK;
    }
    return eg_fail(EG_E_INVALID, "%.*s: %zu bytes came whose length or hashes are not the listed",
                   EG_STR_ARGS(meta->name), bytes.len);
}
