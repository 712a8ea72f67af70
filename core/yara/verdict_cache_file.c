/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yara/verdict_cache_file.h"

#include "core/base/status.h"
#include "core/unpack/bytes.h"
#include "core/unpack/inflate.h"
#include "core/version.h"

#include <string.h>

/* Header: mark, program, rules, number of keys; the keys; CRC-32 of all before. Little-endian. */
enum {
    MARK_SIZE = 8,
    HEADER_SIZE = MARK_SIZE + 3 * 8,
    KEY_NUMBERS = 7,
    KEY_SIZE = KEY_NUMBERS * 8,
    SUM_SIZE = 4,
};
#define FILE_SIZE_MAX (HEADER_SIZE + EG_VERDICT_FILE_KEYS * KEY_SIZE + SUM_SIZE)

static const char mark[MARK_SIZE + 1] = "EGCLEAN1";

static uint64_t program(void)
{
    return eg_str_hash(EG_STR(EG_VERSION_STRING));
}

static void put(eg_buf *out, uint64_t number, size_t size)
{
    char bytes[8];
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(uint8_t)(number >> (8 * i));
    }
    eg_buf_append(out, bytes, size);
}

static void put_key(void *user, const eg_verdict_key *key)
{
    const eg_file_identity *file = &key->file;
    const uint64_t numbers[KEY_NUMBERS] = {file->volume,  file->id[0],   file->id[1], file->size,
                                           file->written, file->changed, key->facts};
    for (size_t i = 0; i < KEY_NUMBERS; i++) {
        put(user, numbers[i], 8);
    }
}

static eg_verdict_key key_at(eg_str bytes, uint64_t at)
{
    return (eg_verdict_key){.file = {.volume = eg_bytes_u64(bytes, at),
                                     .id = {eg_bytes_u64(bytes, at + 8), //
                                            eg_bytes_u64(bytes, at + 16)},
                                     .size = eg_bytes_u64(bytes, at + 24),
                                     .written = eg_bytes_u64(bytes, at + 32),
                                     .changed = eg_bytes_u64(bytes, at + 40)},
                            .facts = eg_bytes_u64(bytes, at + 48)};
}

/* The number of keys in a file that is as it was written. */
static int check(eg_str bytes, uint64_t fingerprint, const char *path, uint64_t *count)
{
    if (bytes.len < HEADER_SIZE + SUM_SIZE || !eg_bytes_start(bytes, 0, mark, MARK_SIZE)) {
        return eg_fail(EG_E_CORRUPT, "%s is no file of verdicts", path);
    }
    uint64_t keys = bytes.len - HEADER_SIZE - SUM_SIZE;
    eg_str summed = {bytes.ptr, bytes.len - SUM_SIZE};
    if (keys % KEY_SIZE != 0 || keys / KEY_SIZE != eg_bytes_u64(bytes, MARK_SIZE + 16) ||
        eg_crc32(summed) != eg_bytes_u32(bytes, summed.len)) {
        return eg_fail(EG_E_CORRUPT, "the file of verdicts %s is damaged", path);
    }
    if (eg_bytes_u64(bytes, MARK_SIZE) != program() ||
        eg_bytes_u64(bytes, MARK_SIZE + 8) != fingerprint) {
        return eg_fail(EG_E_NOTFOUND, "%s is of other rules or another version", path);
    }
    *count = keys / KEY_SIZE;
    return EG_OK;
}

int eg_verdict_cache_load(eg_verdict_cache *cache, uint64_t fingerprint, const char *path)
{
    eg_buf bytes;
    uint64_t count = 0;
    eg_buf_init(&bytes, FILE_SIZE_MAX);
    int status = eg_file_read(path, FILE_SIZE_MAX, &bytes);
    if (status == EG_OK) {
        status = check(eg_buf_str(&bytes), fingerprint, path, &count);
    }
    for (uint64_t i = 0; status == EG_OK && i < count; i++) {
        eg_verdict_key key = key_at(eg_buf_str(&bytes), HEADER_SIZE + i * KEY_SIZE);
        eg_verdict_cache_add_clean(cache, fingerprint, &key);
    }
    eg_buf_done(&bytes);
    return status;
}

int eg_verdict_cache_save(eg_verdict_cache *cache, uint64_t fingerprint, const char *path)
{
    eg_buf keys, bytes;
    eg_buf_init(&keys, EG_VERDICT_FILE_KEYS * KEY_SIZE);
    eg_buf_init(&bytes, FILE_SIZE_MAX);
    eg_verdict_cache_each(cache, put_key, &keys);
    eg_buf_append(&bytes, mark, MARK_SIZE);
    put(&bytes, program(), 8);
    put(&bytes, fingerprint, 8);
    put(&bytes, keys.len / KEY_SIZE, 8);
    eg_buf_append_str(&bytes, eg_buf_str(&keys));
    put(&bytes, eg_crc32(eg_buf_str(&bytes)), SUM_SIZE);
    int status = keys.status != EG_OK ? keys.status : bytes.status;
    if (status == EG_OK) {
        status = eg_file_write_atomic(path, bytes.data, bytes.len);
    }
    eg_buf_done(&keys);
    eg_buf_done(&bytes);
    return status;
}
