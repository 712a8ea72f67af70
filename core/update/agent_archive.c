/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/agent_archive.h"

#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES (32u * 1024)
#define NAME_SIZE (2 * EG_HASH256_SIZE + sizeof(EG_AGENT_ARCHIVE_SUFFIX))

static void name_of(const eg_agent_pack *pack, char out[NAME_SIZE])
{
    eg_hex_encode(pack->archive, EG_HASH256_SIZE, out);
    memcpy(out + 2 * EG_HASH256_SIZE, EG_AGENT_ARCHIVE_SUFFIX, sizeof(EG_AGENT_ARCHIVE_SUFFIX));
}

static int path_of(const char *folder, const eg_agent_pack *pack, eg_buf *out)
{
    char name[NAME_SIZE];
    eg_buf_init(out, PATH_MAX_BYTES);
    name_of(pack, name);
    return eg_path_join(out, folder, name);
}

static bool fits(const eg_agent_pack *pack, eg_str archive)
{
    uint8_t hash[EG_HASH256_SIZE];
    if (archive.len != pack->size) {
        return false;
    }
    eg_sha256(archive, hash);
    return memcmp(hash, pack->archive, sizeof(hash)) == 0;
}

/* ---- on disk ---- */

static int read_bytes(const char *folder, const eg_agent_pack *pack, eg_buf *out)
{
    eg_buf path;
    int status = path_of(folder, pack, &path);
    if (status == EG_OK) {
        status = eg_file_read(eg_buf_cstr(&path), EG_BUNDLE_ARCHIVE_MAX, out);
    }
    if (status == EG_E_LIMIT || (status == EG_OK && !fits(pack, eg_buf_str(out)))) {
        status = eg_fail(EG_E_CORRUPT, "%s is damaged", eg_buf_cstr(&path));
    }
    eg_buf_done(&path);
    return status;
}

int eg_agent_archive_read(const char *folder, const eg_agent_pack *pack, eg_bundle *out)
{
    eg_buf archive;
    eg_buf_init(&archive, EG_BUNDLE_ARCHIVE_MAX);
    int status = read_bytes(folder, pack, &archive);
    if (status == EG_OK) {
        status = eg_bundle_open(&archive, out);
    }
    eg_buf_done(&archive);
    return status == EG_E_INVALID ? eg_fail(EG_E_CORRUPT, "%s", eg_error_message()) : status;
}

int eg_agent_archive_write(const char *folder, const eg_agent_pack *pack, const eg_bundle *bundle)
{
    eg_buf path, held;
    eg_buf_init(&held, EG_BUNDLE_ARCHIVE_MAX);
    int status = path_of(folder, pack, &path);
    if (status == EG_OK) {
        status = read_bytes(folder, pack, &held);
        if (status == EG_E_NOTFOUND || status == EG_E_CORRUPT) {
            status =
                eg_file_write_atomic(eg_buf_cstr(&path), bundle->archive.data, bundle->archive.len);
        }
    }
    eg_buf_done(&held);
    eg_buf_done(&path);
    return status;
}

static int clean_one(void *user, const eg_dir_entry *entry)
{
    const eg_agent_state *state = user;
    char current[NAME_SIZE], last_good[NAME_SIZE];
    name_of(&state->current, current);
    name_of(&state->last_good, last_good);
    bool wanted = (state->current.serial != 0 && strcmp(entry->name, current) == 0) ||
                  (state->last_good.serial != 0 && strcmp(entry->name, last_good) == 0);
    if (!entry->is_dir && !wanted &&
        eg_str_ends_nocase(eg_str_from(entry->name), EG_STR(EG_AGENT_ARCHIVE_SUFFIX)) &&
        eg_file_delete(entry->path) != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "%s", eg_error_message());
    }
    return EG_OK;
}

void eg_agent_archive_clean(const char *folder, const eg_agent_state *state)
{
    eg_agent_state copy = *state;
    if (eg_dir_walk(folder, 1, clean_one, &copy) != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "%s", eg_error_message());
    }
}

/* ---- from the repository ---- */

static int take(void *user, const void *bytes, size_t size)
{
    return eg_buf_append(user, bytes, size);
}

static int fetch(eg_tuf_client *client, const eg_tuf_target *target, eg_buf *packed,
                 uint64_t *received)
{
    eg_fetch_sink sink = {packed, take};
    if (target->length > EG_BUNDLE_PACKED_MAX) {
        return eg_fail(EG_E_LIMIT, "%.*s is too large", EG_STR_ARGS(target->path));
    }
    int status = eg_tuf_client_download(client, target, &sink);
    *received += packed->len;
    return status;
}

static int unpack(const eg_agent_pack *pack, eg_str packed, eg_str old, eg_bundle *out)
{
    int status = eg_bundle_unpack(packed, old, out);
    if (status == EG_OK && !fits(pack, eg_buf_str(&out->archive))) {
        eg_bundle_done(out);
        status = eg_fail(EG_E_INVALID, "what came is not the archive that was signed");
    }
    return status;
}

int eg_agent_archive_fetch(eg_tuf_client *client, const eg_tuf_target *target,
                           const eg_agent_pack *pack, eg_bundle *out, bool *bad, uint64_t *received)
{
    eg_buf packed;
    eg_buf_init(&packed, EG_BUNDLE_PACKED_MAX);
    int status = fetch(client, target, &packed, received);
    *bad = status == EG_E_LIMIT && target->length > EG_BUNDLE_PACKED_MAX;
    if (status == EG_OK) {
        status = unpack(pack, eg_buf_str(&packed), EG_STR_NONE, out);
        *bad = status != EG_OK && status != EG_E_NOMEM;
    }
    eg_buf_done(&packed);
    return status;
}

int eg_agent_archive_fetch_delta(eg_tuf_client *client, const eg_tuf_target *delta,
                                 const char *folder, const eg_agent_pack *held,
                                 const eg_agent_pack *pack, eg_bundle *out, uint64_t *received)
{
    eg_buf packed, old;
    eg_buf_init(&packed, EG_BUNDLE_PACKED_MAX);
    eg_buf_init(&old, EG_BUNDLE_ARCHIVE_MAX);
    int status = read_bytes(folder, held, &old);
    if (status == EG_OK) {
        status = fetch(client, delta, &packed, received);
    }
    if (status == EG_OK) {
        status = unpack(pack, eg_buf_str(&packed), eg_buf_str(&old), out);
    }
    eg_buf_done(&old);
    eg_buf_done(&packed);
    return status;
}
