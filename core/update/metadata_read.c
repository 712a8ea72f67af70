/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to the structs of metadata.h. Every function names the member that it refuses. */
#include "core/update/metadata.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/update/canonical_json.h"

#include <string.h>

#define VERSION_MAX INT64_MAX /* so that a version and one more fit everywhere */

/* What is being read, for messages. */
typedef struct reader {
    eg_tuf_metadata *out;
    const char *kind;
} reader;

static int refuse(const reader *r, const char *what)
{
    return eg_fail(EG_E_INVALID, "%s metadata: %s", r->kind, what);
}

static eg_str text_of(yyjson_val *value)
{
    return yyjson_is_str(value) ? (eg_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : EG_STR_NONE;
}

/* Room for `count` things, also for none. */
static void *list_of(const reader *r, size_t count, size_t size)
{
    return eg_arena_alloc(r->out->arena, count > 0 ? count * size : 1);
}

static int read_text(const reader *r, yyjson_val *object, const char *name, eg_str *out)
{
    eg_str text = text_of(yyjson_obj_get(object, name));
    if (!text.ptr) {
        return eg_fail(EG_E_INVALID, "%s metadata: \"%s\" is missing or no text", r->kind, name);
    }
    *out = text;
    return EG_OK;
}

/* An integer from `min` on. */
static int read_number(const reader *r, yyjson_val *object, const char *name, uint64_t min,
                       uint64_t *out)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    if (!yyjson_is_uint(value) || yyjson_get_uint(value) < min ||
        yyjson_get_uint(value) > VERSION_MAX) {
        return eg_fail(EG_E_INVALID, "%s metadata: \"%s\" is missing or no fitting integer",
                       r->kind, name);
    }
    *out = yyjson_get_uint(value);
    return EG_OK;
}

static int read_name(const reader *r, eg_str text, eg_str *out)
{
    if (!text.ptr || text.len == 0 || text.len > EG_TUF_NAME_MAX || memchr(text.ptr, 0, text.len)) {
        return refuse(r, "a name is empty, too long or no text");
    }
    *out = text;
    return EG_OK;
}

static bool is_key_id(eg_str text)
{
    uint8_t hash[EG_HASH256_SIZE];
    return eg_hex_decode(text, hash, sizeof(hash));
}

/* ---- hashes ---- */

static int read_hashes(const reader *r, yyjson_val *object, eg_tuf_hashes *out)
{
    eg_tuf_hashes hashes = {.given = yyjson_obj_size(object)};
    yyjson_val *sha256 = yyjson_obj_get(object, "sha256");
    yyjson_val *sha512 = yyjson_obj_get(object, "sha512");
    if (!yyjson_is_obj(object) || hashes.given == 0) {
        return refuse(r, "\"hashes\" is empty or no object");
    }
    hashes.has_sha256 = sha256 != NULL;
    hashes.has_sha512 = sha512 != NULL;
    if ((sha256 && !eg_hex_decode(text_of(sha256), hashes.sha256, EG_HASH256_SIZE)) ||
        (sha512 && !eg_hex_decode(text_of(sha512), hashes.sha512, EG_HASH512_SIZE))) {
        return refuse(r, "a hash is not hexadecimal of its length");
    }
    *out = hashes;
    return EG_OK;
}

/* ---- keys and roles ---- */

static int check_key_id(const reader *r, eg_str id, yyjson_val *key)
{
    eg_buf canonical;
    uint8_t hash[EG_HASH256_SIZE];
    char hex[EG_HASH256_SIZE * 2 + 1];
    eg_buf_init(&canonical, 64 * 1024);
    int status = eg_canonical_json_write(key, &canonical);
    if (status == EG_OK) {
        eg_sha256(eg_buf_str(&canonical), hash);
        eg_hex_encode(hash, sizeof(hash), hex);
        if (!eg_str_equal(id, eg_str_from(hex))) {
            status = refuse(r, "the id of a key is not the SHA-256 of its canonical form");
        }
    }
    eg_buf_done(&canonical);
    return status;
}

static int read_key(const reader *r, eg_str id, yyjson_val *value, eg_tuf_key *out)
{
    out->id = id;
    int status = read_text(r, value, "keytype", &out->type);
    if (status == EG_OK) {
        status = read_text(r, value, "scheme", &out->scheme);
    }
    if (status == EG_OK) {
        status = read_text(r, yyjson_obj_get(value, "keyval"), "public", &out->value);
    }
    return status == EG_OK ? check_key_id(r, id, value) : status;
}

typedef struct keyring {
    eg_tuf_key *keys;
    size_t count;
} keyring;

static int read_keys(const reader *r, yyjson_val *object, keyring *out)
{
    size_t count = yyjson_obj_size(object);
    if (!yyjson_is_obj(object) || count > EG_TUF_KEYS_MAX) {
        return refuse(r, "\"keys\" is missing, no object or too long");
    }
    eg_tuf_key *keys = list_of(r, count, sizeof(*keys));
    if (!keys) {
        return EG_E_NOMEM;
    }
    yyjson_obj_iter iter;
    yyjson_obj_iter_init(object, &iter);
    for (size_t i = 0; i < count; i++) {
        yyjson_val *id = yyjson_obj_iter_next(&iter);
        int status = read_key(r, text_of(id), yyjson_obj_iter_get_val(id), &keys[i]);
        if (status != EG_OK) {
            return status;
        }
    }
    *out = (keyring){keys, count};
    return EG_OK;
}

static const eg_tuf_key *find_key(const keyring *ring, eg_str id)
{
    for (size_t i = 0; i < ring->count; i++) {
        if (eg_str_equal(ring->keys[i].id, id)) {
            return &ring->keys[i];
        }
    }
    return NULL;
}

static bool stands_before(yyjson_val *array, size_t end, eg_str id)
{
    for (size_t i = 0; i < end; i++) {
        if (eg_str_equal(text_of(yyjson_arr_get(array, i)), id)) {
            return true;
        }
    }
    return false;
}

static int read_role(const reader *r, yyjson_val *object, const keyring *ring, eg_tuf_role *out)
{
    yyjson_val *ids = yyjson_obj_get(object, "keyids");
    size_t count = yyjson_arr_size(ids);
    if (!yyjson_is_arr(ids) || count > EG_TUF_KEYS_MAX) {
        return refuse(r, "the \"keyids\" of a role are missing, no list or too many");
    }
    int status = read_number(r, object, "threshold", 1, &out->threshold);
    out->keys = list_of(r, count, sizeof(*out->keys));
    out->key_count = 0;
    if (status == EG_OK && !out->keys) {
        status = EG_E_NOMEM;
    }
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        eg_str id = text_of(yyjson_arr_get(ids, i));
        const eg_tuf_key *key = find_key(ring, id);
        if (!is_key_id(id) || stands_before(ids, i, id)) {
            status = refuse(r, "a key id of a role is malformed or stands twice");
        } else if (key) {
            out->keys[out->key_count++] = key;
        }
    }
    return status;
}

/* ---- the kinds ---- */

static int read_root(const reader *r, yyjson_val *object)
{
    keyring ring = {NULL, 0};
    yyjson_val *consistent = yyjson_obj_get(object, "consistent_snapshot");
    yyjson_val *roles = yyjson_obj_get(object, "roles");
    if (consistent && !yyjson_is_bool(consistent)) {
        return refuse(r, "\"consistent_snapshot\" is neither true nor false");
    }
    r->out->consistent_snapshot = yyjson_get_bool(consistent);
    int status = read_keys(r, yyjson_obj_get(object, "keys"), &ring);
    for (int kind = 0; kind < EG_TUF_KIND_COUNT && status == EG_OK; kind++) {
        yyjson_val *role = yyjson_obj_get(roles, eg_tuf_kind_name((eg_tuf_kind)kind));
        status = read_role(r, role, &ring, &r->out->roles[kind]);
    }
    return status;
}

static int read_meta_entry(const reader *r, eg_str name, yyjson_val *value, eg_tuf_meta *out)
{
    yyjson_val *hashes = yyjson_obj_get(value, "hashes");
    int status = read_name(r, name, &out->name);
    if (status == EG_OK) {
        status = read_number(r, value, "version", 1, &out->version);
    }
    if (status == EG_OK && yyjson_obj_get(value, "length")) {
        out->has_length = true;
        status = read_number(r, value, "length", 0, &out->length);
    }
    if (status == EG_OK && hashes) {
        status = read_hashes(r, hashes, &out->hashes);
    }
    return status;
}

static int read_meta(const reader *r, yyjson_val *object)
{
    yyjson_val *meta = yyjson_obj_get(object, "meta");
    size_t count = yyjson_obj_size(meta);
    if (!yyjson_is_obj(meta)) {
        return refuse(r, "\"meta\" is missing or no object");
    }
    eg_tuf_meta *list = list_of(r, count, sizeof(*list));
    if (!list) {
        return EG_E_NOMEM;
    }
    yyjson_obj_iter iter;
    yyjson_obj_iter_init(meta, &iter);
    for (size_t i = 0; i < count; i++) {
        yyjson_val *name = yyjson_obj_iter_next(&iter);
        int status = read_meta_entry(r, text_of(name), yyjson_obj_iter_get_val(name), &list[i]);
        if (status != EG_OK) {
            return status;
        }
    }
    r->out->meta = list;
    r->out->meta_count = count;
    if (r->out->kind == EG_TUF_TIMESTAMP) {
        return count == 1 && eg_tuf_find_meta(r->out, EG_STR("snapshot"))
                   ? EG_OK
                   : refuse(r, "\"meta\" must tell of snapshot.json and nothing else");
    }
    return eg_tuf_find_meta(r->out, EG_STR("targets"))
               ? EG_OK
               : refuse(r, "\"meta\" does not tell of targets.json");
}

static int read_targets_list(const reader *r, yyjson_val *object)
{
    size_t count = yyjson_obj_size(object);
    if (!yyjson_is_obj(object)) {
        return refuse(r, "\"targets\" is missing or no object");
    }
    eg_tuf_target *list = list_of(r, count, sizeof(*list));
    if (!list) {
        return EG_E_NOMEM;
    }
    yyjson_obj_iter iter;
    yyjson_obj_iter_init(object, &iter);
    for (size_t i = 0; i < count; i++) {
        yyjson_val *path = yyjson_obj_iter_next(&iter);
        yyjson_val *value = yyjson_obj_iter_get_val(path);
        int status = read_name(r, text_of(path), &list[i].path);
        if (status == EG_OK) {
            status = read_number(r, value, "length", 0, &list[i].length);
        }
        if (status == EG_OK) {
            status = read_hashes(r, yyjson_obj_get(value, "hashes"), &list[i].hashes);
        }
        if (status != EG_OK) {
            return status;
        }
        list[i].custom = yyjson_obj_get(value, "custom");
        if (list[i].custom && !yyjson_is_obj(list[i].custom)) {
            return refuse(r, "the \"custom\" of a target is no object");
        }
    }
    r->out->targets = list;
    r->out->target_count = count;
    return EG_OK;
}

static int read_strings(const reader *r, yyjson_val *array, const eg_str **out, size_t *count)
{
    size_t size = yyjson_arr_size(array);
    eg_str *list = list_of(r, size, sizeof(*list));
    if (!list) {
        return EG_E_NOMEM;
    }
    for (size_t i = 0; i < size; i++) {
        int status = read_name(r, text_of(yyjson_arr_get(array, i)), &list[i]);
        if (status != EG_OK) {
            return status;
        }
    }
    *out = list;
    *count = size;
    return EG_OK;
}

static int read_delegation(const reader *r, yyjson_val *value, const keyring *ring,
                           eg_tuf_delegation *out)
{
    yyjson_val *paths = yyjson_obj_get(value, "paths");
    yyjson_val *prefixes = yyjson_obj_get(value, "path_hash_prefixes");
    if (!yyjson_is_arr(paths) == !yyjson_is_arr(prefixes)) {
        return refuse(r, "a delegation needs either \"paths\" or \"path_hash_prefixes\"");
    }
    out->terminating = yyjson_get_bool(yyjson_obj_get(value, "terminating"));
    int status = read_name(r, text_of(yyjson_obj_get(value, "name")), &out->name);
    if (status == EG_OK) {
        status = read_role(r, value, ring, &out->role);
    }
    if (status == EG_OK && paths) {
        status = read_strings(r, paths, &out->paths, &out->path_count);
    } else if (status == EG_OK) {
        status = read_strings(r, prefixes, &out->hash_prefixes, &out->hash_prefix_count);
    }
    return status;
}

static bool is_top_level(eg_str name)
{
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        if (eg_str_equal(name, eg_str_from(eg_tuf_kind_name((eg_tuf_kind)kind)))) {
            return true;
        }
    }
    return false;
}

static int check_delegation_name(const reader *r, const eg_tuf_delegation *list, size_t at)
{
    if (is_top_level(list[at].name)) {
        return refuse(r, "a delegation bears the name of a top-level role");
    }
    for (size_t i = 0; i < at; i++) {
        if (eg_str_equal(list[i].name, list[at].name)) {
            return refuse(r, "two delegations bear the same name");
        }
    }
    return EG_OK;
}

/* Without "roles" (as for the hash bins of TAP 15) nothing is delegated. */
static int read_delegations(const reader *r, yyjson_val *object)
{
    yyjson_val *roles = yyjson_obj_get(object, "roles");
    size_t count = yyjson_arr_size(roles);
    keyring ring = {NULL, 0};
    if (!yyjson_is_obj(object) || (roles && !yyjson_is_arr(roles)) || count > EG_TUF_KEYS_MAX) {
        return refuse(r, "\"delegations\" is malformed or too long");
    }
    int status = read_keys(r, yyjson_obj_get(object, "keys"), &ring);
    eg_tuf_delegation *list = list_of(r, count, sizeof(*list));
    if (status == EG_OK && !list) {
        status = EG_E_NOMEM;
    }
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        status = read_delegation(r, yyjson_arr_get(roles, i), &ring, &list[i]);
        if (status == EG_OK) {
            status = check_delegation_name(r, list, i);
        }
    }
    r->out->delegations = list;
    r->out->delegation_count = status == EG_OK ? count : 0;
    return status;
}

static int read_targets(const reader *r, yyjson_val *object)
{
    yyjson_val *delegations = yyjson_obj_get(object, "delegations");
    int status = read_targets_list(r, yyjson_obj_get(object, "targets"));
    if (status == EG_OK && delegations && !yyjson_is_null(delegations)) {
        status = read_delegations(r, delegations);
    }
    return status;
}

/* ---- what all kinds have ---- */

static int read_signatures(const reader *r, yyjson_val *array)
{
    size_t count = yyjson_arr_size(array);
    if (!yyjson_is_arr(array) || count > EG_TUF_SIGNATURES_MAX) {
        return refuse(r, "\"signatures\" is missing, no list or too long");
    }
    eg_tuf_signature *list = list_of(r, count, sizeof(*list));
    if (!list) {
        return EG_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        yyjson_val *value = yyjson_arr_get(array, i);
        int status = read_text(r, value, "keyid", &list[i].key_id);
        if (status == EG_OK) {
            status = read_text(r, value, "sig", &list[i].hex);
        }
        for (size_t k = 0; k < i && status == EG_OK; k++) {
            if (eg_str_equal(list[k].key_id, list[i].key_id)) {
                status = refuse(r, "two signatures of one key");
            }
        }
        if (status != EG_OK) {
            return status;
        }
    }
    r->out->signatures = list;
    r->out->signature_count = count;
    return EG_OK;
}

/* "1.0" and "1.0.34", but not "2.0" or "10.0". */
static bool is_spec_version(eg_str text)
{
    return text.len > 2 && text.ptr[0] == '1' && text.ptr[1] == '.';
}

static int read_common(const reader *r, yyjson_val *object)
{
    eg_str type, version, expires, signed_at;
    int status = read_text(r, object, "_type", &type);
    if (status == EG_OK && !eg_str_equal(type, eg_str_from(r->kind))) {
        status = eg_fail(EG_E_INVALID, "%s metadata: its \"_type\" is \"%.*s\"", r->kind,
                         EG_STR_ARGS(type));
    }
    if (status == EG_OK) {
        status = read_text(r, object, "spec_version", &version);
    }
    if (status == EG_OK && !is_spec_version(version)) {
        status = refuse(r, "\"spec_version\" is not 1.x");
    }
    if (status == EG_OK) {
        status = read_number(r, object, "version", 1, &r->out->version);
    }
    if (status == EG_OK) {
        status = read_text(r, object, "expires", &expires);
    }
    if (status == EG_OK && (expires.len == 0 || expires.ptr[expires.len - 1] != 'Z' ||
                            eg_time_parse(expires, &r->out->expires) != EG_OK)) {
        status = refuse(r, "\"expires\" is no time in UTC");
    }
    signed_at = text_of(yyjson_obj_get(object, "x-emoguard-signed-at"));
    if (status == EG_OK && signed_at.ptr && eg_time_parse(signed_at, &r->out->signed_at) != EG_OK) {
        status = refuse(r, "\"x-emoguard-signed-at\" is no time");
    }
    return status;
}

static int keep_signed_bytes(eg_tuf_metadata *out, yyjson_val *object, size_t size)
{
    eg_buf canonical;
    /* Canonical form never grows: what it escapes was escaped before, what it drops was longer. */
    eg_buf_init(&canonical, size);
    int status = eg_canonical_json_write(object, &canonical);
    if (status == EG_OK) {
        out->signed_bytes.len = canonical.len;
        out->signed_bytes.ptr = eg_arena_copy(out->arena, canonical.data, canonical.len);
        status = out->signed_bytes.ptr ? EG_OK : EG_E_NOMEM;
    }
    eg_buf_done(&canonical);
    return status;
}

static int read_document(eg_str bytes, eg_tuf_metadata *out)
{
    reader r = {out, eg_tuf_kind_name(out->kind)};
    int status = eg_canonical_json_read(bytes, &out->document);
    yyjson_val *root = yyjson_doc_get_root(out->document);
    yyjson_val *object = yyjson_obj_get(root, "signed");
    if (status == EG_OK && !yyjson_is_obj(object)) {
        status = refuse(&r, "\"signed\" is missing or no object");
    }
    if (status == EG_OK) {
        status = read_common(&r, object);
    }
    if (status == EG_OK) {
        status = read_signatures(&r, yyjson_obj_get(root, "signatures"));
    }
    if (status == EG_OK && out->kind == EG_TUF_ROOT) {
        status = read_root(&r, object);
    } else if (status == EG_OK && out->kind == EG_TUF_TARGETS) {
        status = read_targets(&r, object);
    } else if (status == EG_OK) {
        status = read_meta(&r, object);
    }
    return status == EG_OK ? keep_signed_bytes(out, object, bytes.len) : status;
}

int eg_tuf_metadata_read(eg_str bytes, eg_tuf_kind kind, eg_tuf_metadata **out)
{
    int status = eg_crypto_init();
    eg_tuf_metadata *metadata = status == EG_OK ? eg_alloc_zero(1, sizeof(*metadata)) : NULL;
    if (!metadata) {
        return status == EG_OK ? EG_E_NOMEM : status;
    }
    metadata->kind = kind;
    status = eg_arena_create(&metadata->arena, 4096);
    if (status == EG_OK) {
        status = read_document(bytes, metadata);
    }
    if (status != EG_OK) {
        eg_tuf_metadata_destroy(metadata);
        return status;
    }
    *out = metadata;
    return EG_OK;
}
