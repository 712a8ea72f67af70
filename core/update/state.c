/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/state.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

/*
 * On disk: magic, then the SHA-256 of all that follows it, generation, newest signed time, hash of
 * the installer's root, number of files; for each its name and its bytes, with their lengths
 * before them. Numbers are little-endian: 8 bytes for times, 4 for lengths and counts.
 */
static const char magic[8] = {'E', 'G', 'T', 'U', 'F', '0', '1', '\n'};
#define HEAD_SIZE (sizeof(magic) + EG_HASH256_SIZE)
#define NAME_MAX_BYTES 1024

void eg_tuf_state_init(eg_tuf_state *state)
{
    memset(state, 0, sizeof(*state));
}

static void free_file(eg_tuf_state_file *file)
{
    eg_free(file->name);
    eg_free(file->bytes);
}

void eg_tuf_state_done(eg_tuf_state *state)
{
    for (size_t i = 0; i < state->file_count; i++) {
        free_file(&state->files[i]);
    }
    eg_tuf_state_init(state);
}

/* Its place in the list; file_count when it is not there. */
static size_t find_file(const eg_tuf_state *state, eg_str name)
{
    size_t at = 0;
    while (at < state->file_count &&
           !eg_str_equal((eg_str){state->files[at].name, state->files[at].name_length}, name)) {
        at++;
    }
    return at;
}

eg_str eg_tuf_state_get(const eg_tuf_state *state, eg_str name)
{
    size_t at = find_file(state, name);
    return at < state->file_count ? (eg_str){state->files[at].bytes, state->files[at].size}
                                  : EG_STR_NONE;
}

int eg_tuf_state_put(eg_tuf_state *state, eg_str name, eg_str bytes)
{
    size_t at = find_file(state, name);
    if (at == EG_TUF_STATE_FILES_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d metadata files in a repository's state",
                       EG_TUF_STATE_FILES_MAX);
    }
    eg_tuf_state_file copy = {.name_length = name.len, .size = bytes.len};
    copy.name = eg_copy_bytes(name.ptr, name.len);
    copy.bytes = copy.name ? eg_copy_bytes(bytes.ptr, bytes.len) : NULL;
    if (!copy.bytes) {
        free_file(&copy);
        return EG_E_NOMEM;
    }
    if (at < state->file_count) {
        free_file(&state->files[at]);
    } else {
        state->file_count++;
    }
    state->files[at] = copy;
    return EG_OK;
}

void eg_tuf_state_remove(eg_tuf_state *state, eg_str name)
{
    size_t at = find_file(state, name);
    if (at < state->file_count) {
        free_file(&state->files[at]);
        state->files[at] = state->files[--state->file_count];
    }
}

/* ---- the form on disk ---- */

static int put_number(eg_buf *out, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
    return eg_buf_append(out, bytes, size);
}

static int put_bytes(eg_buf *out, const char *bytes, size_t size)
{
    put_number(out, size, 4);
    return eg_buf_append(out, bytes, size);
}

int eg_tuf_state_encode(const eg_tuf_state *state, eg_buf *out)
{
    uint8_t checksum[EG_HASH256_SIZE] = {0};
    size_t start = out->len;
    eg_buf_append(out, magic, sizeof(magic));
    eg_buf_append(out, checksum, sizeof(checksum));
    put_number(out, state->generation, 8);
    put_number(out, state->newest_signed, 8);
    eg_buf_append(out, state->installed, sizeof(state->installed));
    put_number(out, state->file_count, 4);
    for (size_t i = 0; i < state->file_count; i++) {
        put_bytes(out, state->files[i].name, state->files[i].name_length);
        put_bytes(out, state->files[i].bytes, state->files[i].size);
    }
    if (out->status != EG_OK) {
        return out->status;
    }
    size_t body = start + HEAD_SIZE;
    eg_sha256((eg_str){out->data + body, out->len - body}, checksum);
    memcpy(out->data + start + sizeof(magic), checksum, sizeof(checksum));
    return EG_OK;
}

static bool take_number(eg_str *rest, size_t size, uint64_t *out)
{
    if (rest->len < size) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < size; i++) {
        *out |= (uint64_t)(unsigned char)rest->ptr[i] << (8 * i);
    }
    *rest = (eg_str){rest->ptr + size, rest->len - size};
    return true;
}

static bool take_bytes(eg_str *rest, size_t max, eg_str *out)
{
    uint64_t size = 0;
    if (!take_number(rest, 4, &size) || size > max || size > rest->len) {
        return false;
    }
    *out = (eg_str){rest->ptr, (size_t)size};
    *rest = (eg_str){rest->ptr + size, rest->len - (size_t)size};
    return true;
}

static int decode_files(eg_str rest, uint64_t count, eg_tuf_state *out)
{
    for (uint64_t i = 0; i < count; i++) {
        eg_str name, bytes;
        if (!take_bytes(&rest, NAME_MAX_BYTES, &name) ||
            !take_bytes(&rest, EG_TUF_STATE_BYTES_MAX, &bytes) ||
            find_file(out, name) < out->file_count) {
            return eg_fail(EG_E_CORRUPT, "trusted state: its list of files is malformed");
        }
        int status = eg_tuf_state_put(out, name, bytes);
        if (status != EG_OK) {
            return status;
        }
    }
    return rest.len == 0 ? EG_OK
                         : eg_fail(EG_E_CORRUPT, "trusted state: bytes after its last file");
}

int eg_tuf_state_decode(eg_str bytes, eg_tuf_state *out)
{
    uint8_t checksum[EG_HASH256_SIZE];
    uint64_t count = 0;
    eg_tuf_state state;
    eg_tuf_state_init(&state);
    if (bytes.len < HEAD_SIZE || memcmp(bytes.ptr, magic, sizeof(magic)) != 0) {
        return eg_fail(EG_E_CORRUPT, "trusted state: does not begin as one");
    }
    eg_str rest = {bytes.ptr + HEAD_SIZE, bytes.len - HEAD_SIZE};
    eg_sha256(rest, checksum);
    if (memcmp(checksum, bytes.ptr + sizeof(magic), sizeof(checksum)) != 0) {
        return eg_fail(EG_E_CORRUPT, "trusted state: its checksum does not fit");
    }
    if (!take_number(&rest, 8, &state.generation) || !take_number(&rest, 8, &state.newest_signed) ||
        rest.len < sizeof(state.installed)) {
        return eg_fail(EG_E_CORRUPT, "trusted state: cut short");
    }
    memcpy(state.installed, rest.ptr, sizeof(state.installed));
    rest = (eg_str){rest.ptr + sizeof(state.installed), rest.len - sizeof(state.installed)};
    if (!take_number(&rest, 4, &count) || count > EG_TUF_STATE_FILES_MAX) {
        return eg_fail(EG_E_CORRUPT, "trusted state: its number of files is wrong");
    }
    int status = decode_files(rest, count, &state);
    if (status != EG_OK) {
        eg_tuf_state_done(&state);
        return status;
    }
    *out = state;
    return EG_OK;
}

/* ---- the two generations ---- */

static int slot_path(const char *path, uint64_t slot, eg_buf *out)
{
    eg_buf_init(out, 32 * 1024);
    return eg_buf_appendf(out, "%s.%u", path, (unsigned)(slot & 1));
}

static int load_slot(const char *path, uint64_t slot, eg_tuf_state *out)
{
    eg_buf name, bytes;
    eg_buf_init(&bytes, EG_TUF_STATE_BYTES_MAX);
    int status = slot_path(path, slot, &name);
    if (status == EG_OK) {
        status = eg_file_read(eg_buf_cstr(&name), EG_TUF_STATE_BYTES_MAX, &bytes);
        if (status == EG_E_LIMIT) {
            status = eg_fail(EG_E_CORRUPT, "trusted state: larger than any we write");
        }
    }
    if (status == EG_OK) {
        status = eg_tuf_state_decode(eg_buf_str(&bytes), out);
    }
    /* A generation lies in its own place: a copy in the other one is none. */
    if (status == EG_OK && (out->generation & 1) != slot) {
        eg_tuf_state_done(out);
        status = eg_fail(EG_E_CORRUPT, "trusted state: of another generation than its place");
    }
    if (status == EG_E_CORRUPT) {
        eg_log(EG_LOG_WARNING, "update", "%s: %s", eg_buf_cstr(&name), eg_error_message());
    }
    eg_buf_done(&bytes);
    eg_buf_done(&name);
    return status;
}

int eg_tuf_state_load(const char *path, eg_tuf_state *out, bool *damaged)
{
    eg_tuf_state states[2];
    int results[2];
    for (uint64_t slot = 0; slot < 2; slot++) {
        eg_tuf_state_init(&states[slot]);
        results[slot] = load_slot(path, slot, &states[slot]);
    }
    int best = results[0] == EG_OK ? 0 : 1;
    if (results[0] == EG_OK && results[1] == EG_OK) {
        best = states[1].generation > states[0].generation ? 1 : 0;
    }
    *damaged = results[0] == EG_E_CORRUPT || results[1] == EG_E_CORRUPT;
    int status = results[best];
    if (results[0] == EG_E_NOMEM || results[1] == EG_E_NOMEM) {
        status = EG_E_NOMEM;
    } else if (status == EG_OK) {
        eg_tuf_state_done(out);
        *out = states[best];
        eg_tuf_state_init(&states[best]);
    } else if (results[0] != EG_E_NOTFOUND) {
        status = results[0];
    }
    eg_tuf_state_done(&states[0]);
    eg_tuf_state_done(&states[1]);
    return status;
}

int eg_tuf_state_save(const char *path, eg_tuf_state *state)
{
    eg_buf name, bytes;
    eg_buf_init(&bytes, EG_TUF_STATE_BYTES_MAX);
    state->generation++;
    int status = slot_path(path, state->generation, &name);
    if (status == EG_OK) {
        status = eg_tuf_state_encode(state, &bytes);
    }
    if (status == EG_OK) {
        status = eg_file_write_atomic(eg_buf_cstr(&name), bytes.data, bytes.len);
    }
    if (status != EG_OK) {
        state->generation--;
    }
    eg_buf_done(&bytes);
    eg_buf_done(&name);
    return status;
}
