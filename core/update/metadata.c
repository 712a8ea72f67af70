/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/metadata.h"

#include "core/base/status.h"

#include <string.h>

const char *eg_tuf_kind_name(eg_tuf_kind kind)
{
    static const char *const names[EG_TUF_KIND_COUNT] = {"root", "timestamp", "snapshot",
                                                         "targets"};
    return names[kind];
}

const eg_tuf_meta *eg_tuf_find_meta(const eg_tuf_metadata *metadata, eg_str role)
{
    static const eg_str ending = EG_STR_INIT(".json");
    for (size_t i = 0; i < metadata->meta_count; i++) {
        eg_str name = metadata->meta[i].name;
        if (name.len == role.len + ending.len && memcmp(name.ptr, role.ptr, role.len) == 0 &&
            memcmp(name.ptr + role.len, ending.ptr, ending.len) == 0) {
            return &metadata->meta[i];
        }
    }
    return NULL;
}

const eg_tuf_target *eg_tuf_find_target(const eg_tuf_metadata *metadata, eg_str path)
{
    for (size_t i = 0; i < metadata->target_count; i++) {
        if (eg_str_equal(metadata->targets[i].path, path)) {
            return &metadata->targets[i];
        }
    }
    return NULL;
}

/* A star takes any number of characters, a question mark one (code point); neither takes a '/'. */
static bool pattern_fits(eg_str pattern, eg_str path)
{
    size_t p = 0, t = 0;
    size_t star = SIZE_MAX, resume = 0;
    while (t < path.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.len && pattern.ptr[p] == '?' && path.ptr[t] != '/') {
            p++;
            t++;
            while (t < path.len && ((unsigned char)path.ptr[t] & 0xC0) == 0x80) {
                t++;
            }
        } else if (p < pattern.len && pattern.ptr[p] != '?' && pattern.ptr[p] == path.ptr[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX && path.ptr[resume] != '/') {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

bool eg_tuf_delegates(const eg_tuf_delegation *delegation, eg_str path)
{
    uint8_t hash[EG_HASH256_SIZE];
    char hex[EG_HASH256_SIZE * 2 + 1];
    for (size_t i = 0; i < delegation->path_count; i++) {
        if (pattern_fits(delegation->paths[i], path)) {
            return true;
        }
    }
    if (delegation->hash_prefix_count == 0) {
        return false;
    }
    eg_sha256(path, hash);
    eg_hex_encode(hash, sizeof(hash), hex);
    for (size_t i = 0; i < delegation->hash_prefix_count; i++) {
        eg_str prefix = delegation->hash_prefixes[i];
        if (prefix.len < sizeof(hex) && memcmp(hex, prefix.ptr, prefix.len) == 0) {
            return true;
        }
    }
    return false;
}

bool eg_tuf_hashes_fit(const eg_tuf_hashes *hashes, const uint8_t sha256[EG_HASH256_SIZE],
                       const uint8_t sha512[EG_HASH512_SIZE])
{
    if (!hashes->has_sha256 && !hashes->has_sha512) {
        return false;
    }
    return (!hashes->has_sha256 || memcmp(hashes->sha256, sha256, EG_HASH256_SIZE) == 0) &&
           (!hashes->has_sha512 || memcmp(hashes->sha512, sha512, EG_HASH512_SIZE) == 0);
}

static bool has_key(const eg_tuf_role *role, eg_str id)
{
    for (size_t i = 0; i < role->key_count; i++) {
        if (eg_str_equal(role->keys[i]->id, id)) {
            return true;
        }
    }
    return false;
}

bool eg_tuf_same_keys(const eg_tuf_role *a, const eg_tuf_role *b)
{
    for (size_t i = 0; i < a->key_count; i++) {
        if (!has_key(b, a->keys[i]->id)) {
            return false;
        }
    }
    return a->key_count == b->key_count;
}

bool eg_tuf_shares_a_key(const eg_tuf_role *a, const eg_tuf_role *b)
{
    for (size_t i = 0; i < a->key_count; i++) {
        if (has_key(b, a->keys[i]->id)) {
            return true;
        }
    }
    return false;
}

void eg_tuf_metadata_destroy(eg_tuf_metadata *metadata)
{
    if (!metadata) {
        return;
    }
    yyjson_doc_free(metadata->document);
    eg_arena_destroy(metadata->arena);
    eg_free(metadata);
}
