/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/tuf_repository.h"

#include "core/base/clock.h"
#include "core/base/json_copy.h"
#include "core/base/status.h"
#include "core/update/canonical_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROOT_SIZE_MAX (1024 * 1024)

uint64_t eg_test_now(void)
{
    uint64_t now = 0;
    assert_int_equal(eg_time_parse(EG_STR("2026-11-23T12:00:00Z"), &now), EG_OK);
    return now;
}

/* ---- keys ---- */

static void seed_of(int key, uint8_t seed[EG_ED25519_SEED_SIZE])
{
    memset(seed, 0, EG_ED25519_SEED_SIZE);
    seed[0] = (uint8_t)key;
}

static void put_key(eg_json *json, int key)
{
    uint8_t seed[EG_ED25519_SEED_SIZE], public_key[EG_ED25519_PUBLIC_SIZE];
    char hex[2 * EG_ED25519_PUBLIC_SIZE + 1];
    seed_of(key, seed);
    eg_ed25519_public(seed, public_key);
    eg_hex_encode(public_key, sizeof(public_key), hex);
    eg_json_object(json);
    eg_json_put_str(json, "keytype", EG_STR("ed25519"));
    eg_json_key(json, "keyval");
    eg_json_object(json);
    eg_json_put_str(json, "public", eg_str_from(hex));
    eg_json_object_end(json);
    eg_json_put_str(json, "scheme", EG_STR("ed25519"));
    eg_json_object_end(json);
}

/* The members stand in canonical order above. */
static void id_of(int key, char out[2 * EG_HASH256_SIZE + 1])
{
    uint8_t hash[EG_HASH256_SIZE];
    eg_json json;
    eg_buf text;
    eg_buf_init(&text, 4096);
    eg_json_begin(&json, &text);
    put_key(&json, key);
    eg_sha256(eg_buf_str(&text), hash);
    eg_hex_encode(hash, sizeof(hash), out);
    eg_buf_done(&text);
}

static void put_keys(eg_json *json, const int *keys, size_t count)
{
    char id[2 * EG_HASH256_SIZE + 1];
    for (size_t i = 0; i < count && keys[i]; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++) {
            again = again || keys[k] == keys[i];
        }
        if (!again) {
            id_of(keys[i], id);
            eg_json_key(json, id);
            put_key(json, keys[i]);
        }
    }
}

static void put_role(eg_json *json, const int *keys, size_t count, unsigned threshold)
{
    char id[2 * EG_HASH256_SIZE + 1];
    eg_json_key(json, "keyids");
    eg_json_array(json);
    for (size_t i = 0; i < count && keys[i]; i++) {
        id_of(keys[i], id);
        eg_json_str(json, eg_str_from(id));
    }
    eg_json_array_end(json);
    eg_json_put_u64(json, "threshold", threshold);
}

/* ---- documents ---- */

static void put_common(eg_json *json, const char *type, const eg_test_tuf_role *role)
{
    char time[EG_TIME_TEXT_SIZE];
    int64_t days = role->days;
    eg_time_format(eg_test_now() + (uint64_t)(days * 86400) * EG_TICKS_PER_SECOND, time);
    memcpy(time + 19, "Z", 2); /* no fraction */
    eg_json_put_str(json, "_type", eg_str_from(type));
    eg_json_put_str(json, "expires", eg_str_from(time));
    eg_json_put_str(json, "spec_version", EG_STR("1.0.34"));
    eg_json_put_u64(json, "version", role->version);
}

static void put_hashes(eg_json *json, eg_str bytes, const char *which)
{
    uint8_t sha256[EG_HASH256_SIZE], sha512[EG_HASH512_SIZE];
    char hex[2 * EG_HASH512_SIZE + 1];
    eg_json_key(json, "hashes");
    eg_json_object(json);
    if (!which || strcmp(which, "sha512") != 0) {
        eg_sha256(bytes, sha256);
        eg_hex_encode(sha256, sizeof(sha256), hex);
        eg_json_put_str(json, which && strcmp(which, "md5") == 0 ? "md5" : "sha256",
                        eg_str_from(hex));
    }
    if (which && (strcmp(which, "sha512") == 0 || strcmp(which, "both") == 0)) {
        eg_sha512(bytes, sha512);
        eg_hex_encode(sha512, sizeof(sha512), hex);
        eg_json_put_str(json, "sha512", eg_str_from(hex));
    }
    eg_json_object_end(json);
}

static void root_body(const eg_test_repository *r, eg_json *json)
{
    const eg_test_tuf_role *const roles[] = {&r->root, &r->timestamp, &r->snapshot,
                                             &r->targets[0].role};
    int keys[4 * EG_TEST_KEYS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < EG_TEST_KEYS_MAX && roles[i]->keys[k]; k++) {
            keys[count++] = roles[i]->keys[k];
        }
    }
    put_common(json, "root", &r->root);
    eg_json_put_bool(json, "consistent_snapshot", !r->flat);
    eg_json_key(json, "keys");
    eg_json_object(json);
    put_keys(json, keys, count);
    eg_json_object_end(json);
    eg_json_key(json, "roles");
    eg_json_object(json);
    for (size_t i = 0; i < 4; i++) {
        eg_json_key(json, eg_tuf_kind_name((eg_tuf_kind)i));
        eg_json_object(json);
        put_role(json, roles[i]->keys, EG_TEST_KEYS_MAX, roles[i]->threshold);
        eg_json_object_end(json);
    }
    eg_json_object_end(json);
}

static void metadata_name(const eg_test_repository *r, const char *role, uint64_t version,
                          char out[96])
{
    bool plain = strcmp(role, "timestamp") == 0 || (r->flat && strcmp(role, "root") != 0);
    if (plain) {
        snprintf(out, 96, "metadata/%s.json", role);
    } else {
        snprintf(out, 96, "metadata/%" PRIu64 ".%s.json", version, role);
    }
}

static void put_meta(const eg_test_repository *r, eg_json *json, const char *role, uint64_t version)
{
    char name[96];
    metadata_name(r, role, version, name);
    const eg_test_file *file = eg_test_served(r, name);
    snprintf(name, sizeof(name), "%s.json", role);
    eg_json_key(json, name);
    eg_json_object(json);
    eg_json_put_u64(json, "version", version);
    if (r->hashes && file) {
        eg_json_put_u64(json, "length", file->size);
        put_hashes(json, (eg_str){file->bytes, file->size}, "both");
    }
    eg_json_object_end(json);
}

static void timestamp_body(const eg_test_repository *r, eg_json *json)
{
    put_common(json, "timestamp", &r->timestamp);
    eg_json_key(json, "meta");
    eg_json_object(json);
    put_meta(r, json, "snapshot", r->snapshot.version);
    eg_json_object_end(json);
    if (r->signed_at) {
        eg_json_put_str(json, "x-emoguard-signed-at", eg_str_from(r->signed_at));
    }
}

static void snapshot_body(const eg_test_repository *r, eg_json *json)
{
    put_common(json, "snapshot", &r->snapshot);
    eg_json_key(json, "meta");
    eg_json_object(json);
    for (size_t i = 0; i < EG_TEST_DELEGATIONS_MAX && r->targets[i].name; i++) {
        if (!r->targets[i].unlisted) {
            put_meta(r, json, r->targets[i].name, r->targets[i].role.version);
        }
    }
    eg_json_object_end(json);
}

static void put_delegation(eg_json *json, const eg_test_delegation *delegation)
{
    eg_json_object(json);
    eg_json_put_str(json, "name", eg_str_from(delegation->name));
    put_role(json, &delegation->key, 1, 1);
    eg_json_put_bool(json, "terminating", delegation->terminating);
    eg_json_key(json, delegation->hash_prefix ? "path_hash_prefixes" : "paths");
    eg_json_array(json);
    eg_json_str(
        json, eg_str_from(delegation->hash_prefix ? delegation->hash_prefix : delegation->pattern));
    eg_json_array_end(json);
    eg_json_object_end(json);
}

static void put_delegations(eg_json *json, const eg_test_targets *targets)
{
    int keys[EG_TEST_DELEGATIONS_MAX];
    size_t count = 0;
    while (count < EG_TEST_DELEGATIONS_MAX && targets->delegations[count].name) {
        keys[count] = targets->delegations[count].key;
        count++;
    }
    if (count == 0) {
        return;
    }
    eg_json_key(json, "delegations");
    eg_json_object(json);
    eg_json_key(json, "keys");
    eg_json_object(json);
    put_keys(json, keys, count);
    eg_json_object_end(json);
    eg_json_key(json, "roles");
    eg_json_array(json);
    for (size_t i = 0; i < count; i++) {
        put_delegation(json, &targets->delegations[i]);
    }
    eg_json_array_end(json);
    eg_json_object_end(json);
}

static eg_str content_of(const eg_test_target *target)
{
    return target->bytes.ptr ? target->bytes : eg_str_from(target->content);
}

static void put_custom(eg_json *json, const char *custom)
{
    yyjson_doc *document = NULL;
    custom = custom ? custom : "{\"serial\":2026112301}";
    assert_int_equal(eg_json_parse(eg_str_from(custom), &document), EG_OK);
    eg_json_key(json, "custom");
    eg_json_copy(json, yyjson_doc_get_root(document));
    yyjson_doc_free(document);
}

static void targets_body(const eg_test_targets *targets, eg_json *json)
{
    put_common(json, "targets", &targets->role);
    eg_json_key(json, "targets");
    eg_json_object(json);
    for (size_t i = 0; i < EG_TEST_TARGETS_MAX && targets->targets[i].path; i++) {
        const eg_test_target *target = &targets->targets[i];
        eg_str content = content_of(target);
        eg_json_key(json, target->path);
        eg_json_object(json);
        eg_json_put_u64(json, "length", content.len);
        put_hashes(json, content, target->hash);
        put_custom(json, target->custom);
        eg_json_object_end(json);
    }
    eg_json_object_end(json);
    put_delegations(json, targets);
}

/* ---- signing and serving ---- */

static void sign(const eg_test_tuf_role *role, const eg_buf *body, eg_buf *out)
{
    yyjson_doc *document = NULL;
    eg_buf canonical;
    eg_json json;
    eg_buf_init(&canonical, ROOT_SIZE_MAX);
    assert_int_equal(eg_canonical_json_read(eg_buf_str(body), &document), EG_OK);
    assert_int_equal(eg_canonical_json_write(yyjson_doc_get_root(document), &canonical), EG_OK);
    yyjson_doc_free(document);
    eg_json_begin(&json, out);
    eg_json_object(&json);
    eg_json_key(&json, "signatures");
    eg_json_array(&json);
    for (size_t i = 0; i < EG_TEST_KEYS_MAX && role->signers[i]; i++) {
        uint8_t seed[EG_ED25519_SEED_SIZE], signature[EG_ED25519_SIGNATURE_SIZE];
        char hex[2 * EG_ED25519_SIGNATURE_SIZE + 1], id[2 * EG_HASH256_SIZE + 1];
        seed_of(role->signers[i], seed);
        eg_ed25519_sign(seed, eg_buf_str(&canonical), signature);
        eg_hex_encode(signature, sizeof(signature), hex);
        id_of(role->signers[i], id);
        eg_json_object(&json);
        eg_json_put_str(&json, "keyid", eg_str_from(id));
        eg_json_put_str(&json, "sig", eg_str_from(hex));
        eg_json_object_end(&json);
    }
    eg_json_array_end(&json);
    eg_buf_append_cstr(out, ",\"signed\":"); /* as it stands, which is not canonical */
    eg_buf_append_str(out, eg_buf_str(body));
    eg_buf_append_cstr(out, "}\n");
    assert_int_equal(out->status, EG_OK);
    eg_buf_done(&canonical);
}

typedef void (*body_writer)(const void *of, eg_json *json);

static void publish(eg_test_repository *r, const char *name, const eg_test_tuf_role *role,
                    body_writer write, const void *of)
{
    char file[96];
    eg_buf body, document;
    eg_json json;
    eg_buf_init(&body, ROOT_SIZE_MAX);
    eg_buf_init(&document, ROOT_SIZE_MAX);
    eg_json_begin(&json, &body);
    eg_json_object(&json);
    write(of, &json);
    eg_json_object_end(&json);
    sign(role, &body, &document);
    metadata_name(r, name, role->version, file);
    eg_test_serve(r, file, document.data, document.len);
    eg_buf_done(&document);
    eg_buf_done(&body);
}

static void write_root(const void *of, eg_json *json)
{
    root_body(of, json);
}

static void write_timestamp(const void *of, eg_json *json)
{
    timestamp_body(of, json);
}

static void write_snapshot(const void *of, eg_json *json)
{
    snapshot_body(of, json);
}

static void write_targets(const void *of, eg_json *json)
{
    targets_body(of, json);
}

static void serve_targets(eg_test_repository *r, const eg_test_target *target)
{
    uint8_t sha256[EG_HASH256_SIZE], sha512[EG_HASH512_SIZE];
    char hex[2 * EG_HASH512_SIZE + 1], name[256];
    eg_str content = content_of(target);
    eg_str base = eg_path_base(eg_str_from(target->path));
    eg_sha256(content, sha256);
    eg_sha512(content, sha512);
    eg_hex_encode(sha256, sizeof(sha256), hex);
    if (target->hash && strcmp(target->hash, "sha512") == 0) {
        eg_hex_encode(sha512, sizeof(sha512), hex);
    }
    snprintf(name, sizeof(name), "targets/%.*s%s%s%s", (int)(strlen(target->path) - base.len),
             target->path, r->flat ? "" : hex, r->flat ? "" : ".", base.ptr);
    eg_test_serve(r, name, content.ptr, content.len);
}

void eg_test_publish_as_is(eg_test_repository *r, unsigned which)
{
    for (size_t i = 0; i < EG_TEST_DELEGATIONS_MAX && r->targets[i].name; i++) {
        const eg_test_targets *targets = &r->targets[i];
        if (which & EG_PUBLISH_TARGETS) {
            publish(r, targets->name, &targets->role, write_targets, targets);
            for (size_t k = 0; k < EG_TEST_TARGETS_MAX && targets->targets[k].path; k++) {
                serve_targets(r, &targets->targets[k]);
            }
        }
    }
    if (which & EG_PUBLISH_SNAPSHOT) {
        publish(r, "snapshot", &r->snapshot, write_snapshot, r);
    }
    if (which & EG_PUBLISH_TIMESTAMP) {
        publish(r, "timestamp", &r->timestamp, write_timestamp, r);
    }
    if (which & EG_PUBLISH_ROOT) {
        publish(r, "root", &r->root, write_root, r);
    }
}

void eg_test_publish_next(eg_test_repository *r, unsigned which)
{
    r->root.version += which & EG_PUBLISH_ROOT ? 1 : 0;
    r->timestamp.version += which & EG_PUBLISH_TIMESTAMP ? 1 : 0;
    r->snapshot.version += which & EG_PUBLISH_SNAPSHOT ? 1 : 0;
    for (size_t i = 0; i < EG_TEST_DELEGATIONS_MAX && r->targets[i].name; i++) {
        r->targets[i].role.version += which & EG_PUBLISH_TARGETS ? 1 : 0;
    }
    eg_test_publish_as_is(r, which);
}

void eg_test_sign_with(eg_test_tuf_role *role, int key)
{
    memset(role->keys, 0, sizeof(role->keys));
    memset(role->signers, 0, sizeof(role->signers));
    role->keys[0] = key;
    role->signers[0] = key;
    role->threshold = 1;
}

static size_t find_file(const eg_test_repository *r, const char *name)
{
    size_t at = 0;
    while (at < r->file_count && strcmp(r->files[at].name, name) != 0) {
        at++;
    }
    return at;
}

void eg_test_serve(eg_test_repository *r, const char *name, const void *bytes, size_t size)
{
    size_t at = find_file(r, name);
    if (at < r->file_count) {
        eg_free(r->files[at].name);
        eg_free(r->files[at].bytes);
        r->files[at] = r->files[--r->file_count];
    }
    if (bytes) {
        assert_true(r->file_count < EG_TEST_FILES_MAX);
        r->files[r->file_count++] =
            (eg_test_file){eg_copy_bytes(name, strlen(name)), eg_copy_bytes(bytes, size), size};
    }
}

const eg_test_file *eg_test_served(const eg_test_repository *r, const char *name)
{
    size_t at = find_file(r, name);
    return at < r->file_count ? &r->files[at] : NULL;
}

eg_str eg_test_first_root(const eg_test_repository *r)
{
    const eg_test_file *file = eg_test_served(r, "metadata/1.root.json");
    assert_non_null(file);
    return (eg_str){file->bytes, file->size};
}

void eg_test_repository_init(eg_test_repository *r)
{
    memset(r, 0, sizeof(*r));
    assert_int_equal(eg_crypto_init(), EG_OK);
    r->root = (eg_test_tuf_role){.version = 1, .days = 700};
    r->timestamp = (eg_test_tuf_role){.version = 1, .days = 14};
    r->snapshot = (eg_test_tuf_role){.version = 1, .days = 30};
    r->targets[0].name = "targets";
    r->targets[0].role = (eg_test_tuf_role){.version = 1, .days = 180};
    r->targets[0].targets[0] =
        (eg_test_target){.path = "rules/pack.tar.zst", .content = "rules of the first day"};
    eg_test_sign_with(&r->root, 1);
    eg_test_sign_with(&r->timestamp, 2);
    eg_test_sign_with(&r->snapshot, 3);
    eg_test_sign_with(&r->targets[0].role, 4);
    eg_test_publish_as_is(r, EG_PUBLISH_ALL);
}

void eg_test_repository_done(eg_test_repository *r)
{
    while (r->file_count > 0) {
        eg_test_serve(r, r->files[0].name, NULL, 0);
    }
}

/* ---- fetching ---- */

static int serve_endlessly(const eg_fetch_sink *sink)
{
    static const char junk[1024] = "{\"signatures\":";
    for (int i = 0; i < 1024 * 1024; i++) {
        int status = sink->write(sink->user, junk, sizeof(junk));
        if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}

static bool is_name(const char *wanted, const char *name)
{
    return wanted && strcmp(wanted, name) == 0;
}

static int fetch(void *user, const eg_fetch_request *request, const eg_fetch_sink *sink)
{
    eg_test_repository *r = user;
    char name[256];
    snprintf(name, sizeof(name), "%s/%s",
             request->area == EG_FETCH_METADATA ? "metadata" : "targets", request->path);
    if (r->log_count < EG_TEST_LOG_MAX) {
        snprintf(r->log[r->log_count++], sizeof(r->log[0]), "%.95s", request->path);
    }
    if (request->conditional && r->answers_unchanged) {
        return EG_FETCH_UNCHANGED;
    }
    if (is_name(r->endless, name)) {
        return serve_endlessly(sink);
    }
    const eg_test_file *file = eg_test_served(r, name);
    if (!file) {
        return eg_fail(EG_E_NOTFOUND, "404: %s", name);
    }
    if (is_name(r->broken, name)) {
        int status = sink->write(sink->user, file->bytes, file->size / 2);
        return status == EG_OK ? eg_fail(EG_E_IO, "the line broke") : status;
    }
    /* in two pieces */
    int status = sink->write(sink->user, file->bytes, file->size / 3);
    return status == EG_OK
               ? sink->write(sink->user, file->bytes + file->size / 3, file->size - file->size / 3)
               : status;
}

eg_fetcher eg_test_fetcher(eg_test_repository *r)
{
    return (eg_fetcher){r, fetch};
}

const char *eg_test_asked(eg_test_repository *r)
{
    static char text[EG_TEST_LOG_MAX * 96];
    size_t length = 0;
    text[0] = 0;
    for (size_t i = 0; i < r->log_count; i++) {
        int added =
            snprintf(text + length, sizeof(text) - length, "%s%s", i > 0 ? " " : "", r->log[i]);
        length += added > 0 ? (size_t)added : 0;
    }
    r->log_count = 0;
    return text;
}
