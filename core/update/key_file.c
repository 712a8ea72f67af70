/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/key_file.h"

#include "core/base/json.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

#define FORMAT "emoguard-secret-key-1"
#define SEALED_SIZE (EG_ED25519_SEED_SIZE + EG_SEAL_EXTRA)

/* A file as it was read. */
typedef struct key_file {
    eg_secret_key key; /* without its seed, unless the file is not locked */
    bool locked;
    eg_key_cost cost;
    uint8_t salt[EG_SEAL_SALT_SIZE], nonce[EG_SEAL_NONCE_SIZE], sealed[SEALED_SIZE];
} key_file;

static bool set_role(eg_str role, eg_secret_key *out)
{
    if (!role.ptr || role.len == 0 || role.len >= sizeof(out->role)) {
        return false;
    }
    for (size_t i = 0; i < role.len; i++) {
        if (role.ptr[i] < 'a' || role.ptr[i] > 'z') {
            return false;
        }
    }
    memset(out->role, 0, sizeof(out->role));
    memcpy(out->role, role.ptr, role.len);
    return true;
}

/* TUF 1.0, section 4.2: the SHA-256 of the key's canonical form. */
static void set_id(eg_secret_key *key)
{
    char hex[2 * EG_ED25519_PUBLIC_SIZE + 1], form[256];
    uint8_t hash[EG_HASH256_SIZE];
    eg_hex_encode(key->public_key, sizeof(key->public_key), hex);
    int length = snprintf(form, sizeof(form),
                          "{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"%s\"},"
                          "\"scheme\":\"ed25519\"}",
                          hex);
    eg_sha256((eg_str){form, (size_t)length}, hash);
    eg_hex_encode(hash, sizeof(hash), key->id);
}

int eg_secret_key_create(const char *role, eg_secret_key *out)
{
    eg_secret_key key = {.id = ""};
    if (!set_role(eg_str_from(role), &key)) {
        return eg_fail(EG_E_INVALID, "a key's role is 1 to %d small letters", EG_KEY_ROLE_SIZE - 1);
    }
    int status = eg_random_bytes(key.seed, sizeof(key.seed));
    if (status == EG_OK) {
        eg_ed25519_public(key.seed, key.public_key);
        set_id(&key);
        *out = key;
    }
    eg_secret_key_wipe(&key);
    return status;
}

void eg_secret_key_wipe(eg_secret_key *key)
{
    eg_wipe(key, sizeof(*key));
}

/* ---- writing ---- */

static void put_hex(eg_json *json, const char *name, const uint8_t *bytes, size_t size)
{
    char hex[2 * EG_HASH512_SIZE + 1];
    eg_hex_encode(bytes, size, hex);
    eg_json_put_str(json, name, eg_str_from(hex));
    eg_wipe(hex, sizeof(hex));
}

/* What a sealed seed belongs to: it opens in no other file. */
static eg_str about_of(const eg_secret_key *key, char out[EG_KEY_ID_SIZE + EG_KEY_ROLE_SIZE])
{
    int length = snprintf(out, EG_KEY_ID_SIZE + EG_KEY_ROLE_SIZE, "%s%s", key->id, key->role);
    return (eg_str){out, (size_t)length};
}

static int seal(const eg_secret_key *key, eg_str passphrase, const eg_key_cost *cost,
                key_file *file)
{
    char about[EG_KEY_ID_SIZE + EG_KEY_ROLE_SIZE];
    uint8_t secret[EG_SEAL_KEY_SIZE];
    int status = eg_random_bytes(file->salt, sizeof(file->salt));
    if (status == EG_OK) {
        status = eg_random_bytes(file->nonce, sizeof(file->nonce));
    }
    if (status == EG_OK) {
        status = eg_seal_key(passphrase, file->salt, cost->operations, cost->memory, secret);
    }
    if (status == EG_OK) {
        eg_seal(secret, file->nonce, (eg_str){(const char *)key->seed, sizeof(key->seed)},
                about_of(key, about), file->sealed);
    }
    eg_wipe(secret, sizeof(secret));
    return status;
}

int eg_key_file_write(const eg_secret_key *key, eg_str passphrase, const eg_key_cost *cost,
                      eg_buf *out)
{
    key_file file = {.locked = passphrase.ptr != NULL};
    eg_json json;
    int status = file.locked ? seal(key, passphrase, cost, &file) : EG_OK;
    if (status != EG_OK) {
        return status;
    }
    eg_json_begin(&json, out);
    eg_json_object(&json);
    eg_json_put_str(&json, "format", EG_STR(FORMAT));
    eg_json_put_str(&json, "role", eg_str_from(key->role));
    put_hex(&json, "public", key->public_key, sizeof(key->public_key));
    if (file.locked) {
        eg_json_put_str(&json, "kdf", EG_STR("argon2id"));
        eg_json_put_u64(&json, "operations", cost->operations);
        eg_json_put_u64(&json, "memory", cost->memory);
        put_hex(&json, "salt", file.salt, sizeof(file.salt));
        eg_json_put_str(&json, "cipher", EG_STR("xchacha20-poly1305"));
        put_hex(&json, "nonce", file.nonce, sizeof(file.nonce));
        put_hex(&json, "sealed", file.sealed, sizeof(file.sealed));
    } else {
        put_hex(&json, "seed", key->seed, sizeof(key->seed));
    }
    eg_json_object_end(&json);
    return eg_buf_append_char(out, '\n');
}

/* ---- reading ---- */

static int wrong(const char *what)
{
    return eg_fail(EG_E_INVALID, "key file: %s", what);
}

static bool take_hex(yyjson_val *root, const char *name, uint8_t *out, size_t size)
{
    return eg_hex_decode(eg_json_get_str(root, name), out, size);
}

static int read_sealed(yyjson_val *root, key_file *out)
{
    const eg_key_cost most = EG_KEY_COST_MAX;
    if (!eg_str_equal(eg_json_get_str(root, "kdf"), EG_STR("argon2id")) ||
        !eg_str_equal(eg_json_get_str(root, "cipher"), EG_STR("xchacha20-poly1305"))) {
        return wrong("\"kdf\" is not argon2id or \"cipher\" not xchacha20-poly1305");
    }
    out->cost.operations = eg_json_get_u64(root, "operations", 0);
    out->cost.memory = eg_json_get_u64(root, "memory", 0);
    if (out->cost.operations == 0 || out->cost.operations > most.operations ||
        out->cost.memory == 0 || out->cost.memory > most.memory) {
        return wrong("\"operations\" or \"memory\" are missing or too large");
    }
    if (!take_hex(root, "salt", out->salt, sizeof(out->salt)) ||
        !take_hex(root, "nonce", out->nonce, sizeof(out->nonce)) ||
        !take_hex(root, "sealed", out->sealed, sizeof(out->sealed))) {
        return wrong("\"salt\", \"nonce\" or \"sealed\" is not hexadecimal of its length");
    }
    return EG_OK;
}

static int read_root(yyjson_val *root, key_file *out)
{
    if (!eg_str_equal(eg_json_get_str(root, "format"), EG_STR(FORMAT))) {
        return wrong("\"format\" is not " FORMAT);
    }
    if (!set_role(eg_json_get_str(root, "role"), &out->key)) {
        return wrong("\"role\" is missing or no role");
    }
    if (!take_hex(root, "public", out->key.public_key, sizeof(out->key.public_key))) {
        return wrong("\"public\" is not hexadecimal of its length");
    }
    set_id(&out->key);
    out->locked = yyjson_obj_get(root, "sealed") != NULL;
    if (out->locked) {
        return read_sealed(root, out);
    }
    return take_hex(root, "seed", out->key.seed, sizeof(out->key.seed))
               ? EG_OK
               : wrong("there is neither \"sealed\" nor a \"seed\"");
}

static int parse(eg_str bytes, key_file *out)
{
    yyjson_doc *document = NULL;
    if (bytes.len > EG_KEY_FILE_MAX) {
        return wrong("too large for one");
    }
    int status = eg_json_parse(bytes, &document);
    if (status == EG_OK) {
        status = read_root(yyjson_doc_get_root(document), out);
    }
    yyjson_doc_free(document);
    return status;
}

int eg_key_file_look(eg_str bytes, eg_secret_key *out, bool *locked)
{
    key_file file = {.locked = false};
    int status = parse(bytes, &file);
    if (status == EG_OK) {
        eg_wipe(file.key.seed, sizeof(file.key.seed));
        *out = file.key;
        *locked = file.locked;
    }
    eg_wipe(&file, sizeof(file));
    return status;
}

static int unseal(key_file *file, eg_str passphrase)
{
    char about[EG_KEY_ID_SIZE + EG_KEY_ROLE_SIZE];
    uint8_t secret[EG_SEAL_KEY_SIZE];
    if (!passphrase.ptr) {
        return eg_fail(EG_E_DENIED, "the key is locked with a passphrase");
    }
    int status =
        eg_seal_key(passphrase, file->salt, file->cost.operations, file->cost.memory, secret);
    if (status == EG_OK &&
        !eg_unseal(secret, file->nonce, (eg_str){(const char *)file->sealed, SEALED_SIZE},
                   about_of(&file->key, about), file->key.seed)) {
        status = eg_fail(EG_E_DENIED, "the passphrase is wrong, or the key file was changed");
    }
    eg_wipe(secret, sizeof(secret));
    return status;
}

int eg_key_file_read(eg_str bytes, eg_str passphrase, eg_secret_key *out)
{
    uint8_t public_key[EG_ED25519_PUBLIC_SIZE];
    key_file file = {.locked = false};
    int status = parse(bytes, &file);
    if (status == EG_OK && file.locked) {
        status = unseal(&file, passphrase);
    }
    if (status == EG_OK) {
        eg_ed25519_public(file.key.seed, public_key);
        if (memcmp(public_key, file.key.public_key, sizeof(public_key)) != 0) {
            status = wrong("\"public\" does not belong to its secret half");
        }
    }
    if (status == EG_OK) {
        *out = file.key;
    }
    eg_wipe(&file, sizeof(file));
    return status;
}
