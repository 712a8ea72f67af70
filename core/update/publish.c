/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/publish.h"

#include "core/base/clock.h"
#include "core/base/json_copy.h"
#include "core/base/status.h"
#include "core/update/canonical_json.h"

#include <string.h>

#define SPEC_VERSION "1.0.34"
#define DOCUMENT_MAX ((size_t)8 * 1024 * 1024)

static void put_time(eg_json *json, const char *name, uint64_t ticks)
{
    char text[EG_TIME_TEXT_SIZE];
    eg_time_format(ticks, text);
    memcpy(text + 19, "Z", 2); /* TUF times have no fraction */
    eg_json_put_str(json, name, eg_str_from(text));
}

static void put_hash(eg_json *json, const char *name, const uint8_t *hash, size_t size)
{
    char hex[2 * EG_HASH512_SIZE + 1];
    eg_hex_encode(hash, size, hex);
    eg_json_put_str(json, name, eg_str_from(hex));
}

static void put_hashes(eg_json *json, const eg_tuf_hashes *hashes)
{
    eg_json_key(json, "hashes");
    eg_json_object(json);
    if (hashes->has_sha256) {
        put_hash(json, "sha256", hashes->sha256, sizeof(hashes->sha256));
    }
    if (hashes->has_sha512) {
        put_hash(json, "sha512", hashes->sha512, sizeof(hashes->sha512));
    }
    eg_json_object_end(json);
}

static void begin(eg_json *json, eg_buf *body, eg_tuf_kind kind, const eg_publish_head *head)
{
    eg_buf_init(body, DOCUMENT_MAX);
    eg_json_begin(json, body);
    eg_json_object(json);
    eg_json_put_str(json, "_type", eg_str_from(eg_tuf_kind_name(kind)));
    eg_json_put_str(json, "spec_version", EG_STR(SPEC_VERSION));
    eg_json_put_u64(json, "version", head->version);
    put_time(json, "expires", head->expires);
    if (head->signed_at != 0) {
        put_time(json, "x-emoguard-signed-at", head->signed_at);
    }
}

/* ---- signatures ---- */

static void append_signatures(const eg_publish_signers *signers, eg_str text, eg_buf *out)
{
    uint8_t signature[EG_ED25519_SIGNATURE_SIZE];
    char hex[2 * EG_ED25519_SIGNATURE_SIZE + 1];
    for (size_t i = 0; i < signers->count; i++) {
        eg_ed25519_sign(signers->keys[i]->seed, text, signature);
        eg_hex_encode(signature, sizeof(signature), hex);
        eg_buf_appendf(out, "%s{\"keyid\":\"%s\",\"sig\":\"%s\"}", i > 0 ? "," : "",
                       signers->keys[i]->id, hex);
    }
}

static int finish(eg_json *json, eg_buf *body, const eg_publish_signers *signers, eg_buf *out)
{
    yyjson_doc *document = NULL;
    eg_buf canonical;
    eg_buf_init(&canonical, DOCUMENT_MAX);
    eg_json_object_end(json);
    int status = body->status;
    if (status == EG_OK) {
        status = eg_canonical_json_read(eg_buf_str(body), &document);
    }
    if (status == EG_OK) {
        status = eg_canonical_json_write(yyjson_doc_get_root(document), &canonical);
    }
    if (status == EG_OK) {
        eg_buf_append_cstr(out, "{\"signatures\":[");
        append_signatures(signers, eg_buf_str(&canonical), out);
        eg_buf_append_cstr(out, "],\"signed\":");
        eg_buf_append_str(out, eg_buf_str(&canonical));
        status = eg_buf_append_cstr(out, "}\n");
    }
    yyjson_doc_free(document);
    eg_buf_done(&canonical);
    eg_buf_done(body);
    return status;
}

/* ---- documents ---- */

static bool is_listed_before(const eg_tuf_role *roles, int kind, size_t at)
{
    for (int i = 0; i <= kind; i++) {
        size_t count = i == kind ? at : roles[i].key_count;
        for (size_t k = 0; k < count; k++) {
            if (eg_str_equal(roles[i].keys[k]->id, roles[kind].keys[at]->id)) {
                return true;
            }
        }
    }
    return false;
}

static void put_key(eg_json *json, const eg_tuf_key *key)
{
    eg_json_key_str(json, key->id);
    eg_json_object(json);
    eg_json_put_str(json, "keytype", key->type);
    eg_json_put_str(json, "scheme", key->scheme);
    eg_json_key(json, "keyval");
    eg_json_object(json);
    eg_json_put_str(json, "public", key->value);
    eg_json_object_end(json);
    eg_json_object_end(json);
}

static void put_role(eg_json *json, eg_tuf_kind kind, const eg_tuf_role *role)
{
    eg_json_key(json, eg_tuf_kind_name(kind));
    eg_json_object(json);
    eg_json_key(json, "keyids");
    eg_json_array(json);
    for (size_t i = 0; i < role->key_count; i++) {
        eg_json_str(json, role->keys[i]->id);
    }
    eg_json_array_end(json);
    eg_json_put_u64(json, "threshold", role->threshold);
    eg_json_object_end(json);
}

int eg_publish_root(const eg_publish_head *head, const eg_tuf_role roles[EG_TUF_KIND_COUNT],
                    eg_buf *out)
{
    eg_json json;
    eg_buf body;
    begin(&json, &body, EG_TUF_ROOT, head);
    eg_json_put_bool(&json, "consistent_snapshot", true);
    eg_json_key(&json, "keys");
    eg_json_object(&json);
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        for (size_t i = 0; i < roles[kind].key_count; i++) {
            if (!is_listed_before(roles, kind, i)) {
                put_key(&json, roles[kind].keys[i]);
            }
        }
    }
    eg_json_object_end(&json);
    eg_json_key(&json, "roles");
    eg_json_object(&json);
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        put_role(&json, (eg_tuf_kind)kind, &roles[kind]);
    }
    eg_json_object_end(&json);
    return finish(&json, &body, &head->signers, out);
}

int eg_publish_listing(eg_tuf_kind kind, const eg_publish_head *head, uint64_t version,
                       eg_str bytes, eg_buf *out)
{
    eg_json json;
    eg_buf body;
    eg_tuf_target file;
    eg_publish_describe(bytes, &file);
    begin(&json, &body, kind, head);
    eg_json_key(&json, "meta");
    eg_json_object(&json);
    eg_json_key(&json, kind == EG_TUF_TIMESTAMP ? "snapshot.json" : "targets.json");
    eg_json_object(&json);
    eg_json_put_u64(&json, "version", version);
    eg_json_put_u64(&json, "length", file.length);
    put_hashes(&json, &file.hashes);
    eg_json_object_end(&json);
    eg_json_object_end(&json);
    return finish(&json, &body, &head->signers, out);
}

int eg_publish_targets(const eg_publish_head *head, const eg_tuf_target *targets, size_t count,
                       eg_buf *out)
{
    eg_json json;
    eg_buf body;
    begin(&json, &body, EG_TUF_TARGETS, head);
    eg_json_key(&json, "targets");
    eg_json_object(&json);
    for (size_t i = 0; i < count; i++) {
        eg_json_key_str(&json, targets[i].path);
        eg_json_object(&json);
        eg_json_put_u64(&json, "length", targets[i].length);
        put_hashes(&json, &targets[i].hashes);
        if (targets[i].custom) {
            eg_json_key(&json, "custom");
            eg_json_copy(&json, targets[i].custom);
        }
        eg_json_object_end(&json);
    }
    eg_json_object_end(&json);
    return finish(&json, &body, &head->signers, out);
}

/* ---- targets ---- */

void eg_publish_describe(eg_str bytes, eg_tuf_target *out)
{
    *out = (eg_tuf_target){.length = bytes.len};
    out->hashes.given = 1;
    out->hashes.has_sha256 = true;
    eg_sha256(bytes, out->hashes.sha256);
}

void eg_publish_release(const eg_release *release, eg_json *json)
{
    eg_json_object(json);
    eg_json_put_str(json, "name", release->name);
    eg_json_put_u64(json, "serial", release->serial);
    if (release->engine_min.ptr) {
        eg_json_put_str(json, "engine_min", release->engine_min);
    }
    eg_json_key(json, "archive");
    eg_json_object(json);
    put_hash(json, "sha256", release->archive, sizeof(release->archive));
    eg_json_put_u64(json, "length", release->archive_size);
    eg_json_object_end(json);
    eg_json_put_u64(json, "spread_s", release->spread_s);
    eg_json_key(json, "rollout");
    eg_json_object(json);
    eg_json_put_bool(json, "emergency", release->emergency);
    eg_json_key(json, "stages");
    eg_json_array(json);
    for (size_t i = 0; i < release->stage_count; i++) {
        eg_json_object(json);
        put_time(json, "after", release->stages[i].after);
        eg_json_put_u64(json, "permille", release->stages[i].permille);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
    eg_json_object_end(json);
    eg_json_key(json, "guard");
    eg_json_object(json);
    eg_json_put_u64(json, "max_hits_per_hour", release->guard.max_hits_per_hour);
    eg_json_put_u64(json, "max_slowdown", release->guard.max_slowdown);
    eg_json_object_end(json);
    eg_json_object_end(json);
}

void eg_publish_delta(const uint8_t from[EG_HASH256_SIZE], const uint8_t to[EG_HASH256_SIZE],
                      eg_json *json)
{
    eg_json_object(json);
    put_hash(json, "from", from, EG_HASH256_SIZE);
    put_hash(json, "to", to, EG_HASH256_SIZE);
    eg_json_object_end(json);
}
