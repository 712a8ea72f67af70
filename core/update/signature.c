/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/signature.h"

#include "core/base/status.h"

#include <inttypes.h>

#define SIGNATURE_BYTES_MAX (EG_RSA_BITS_MAX / 8)
#define KEY_BYTES_MAX 2048

static bool verify_ed25519(const eg_tuf_key *key, eg_str message, eg_str hex)
{
    uint8_t public_key[EG_ED25519_PUBLIC_SIZE];
    uint8_t signature[EG_ED25519_SIGNATURE_SIZE];
    return eg_hex_decode(key->value, public_key, sizeof(public_key)) &&
           eg_hex_decode(hex, signature, sizeof(signature)) &&
           eg_ed25519_verify(public_key, message, signature);
}

static bool verify_by_system(eg_system_scheme scheme, const eg_tuf_key *key, eg_str message,
                             eg_str hex)
{
    uint8_t der[KEY_BYTES_MAX];
    uint8_t signature[SIGNATURE_BYTES_MAX];
    size_t size = hex.len / 2;
    size_t length = eg_pem_public_key(key->value, der, sizeof(der));
    if (length == 0 || size == 0 || size > sizeof(signature) ||
        !eg_hex_decode(hex, signature, size)) {
        return false;
    }
    return eg_system_verify(scheme, (eg_str){(const char *)der, length}, message,
                            (eg_str){(const char *)signature, size});
}

bool eg_tuf_key_verify(const eg_tuf_key *key, eg_str message, eg_str signature_hex)
{
    if (eg_str_equal(key->type, EG_STR("ed25519"))) {
        return eg_str_equal(key->scheme, EG_STR("ed25519")) &&
               verify_ed25519(key, message, signature_hex);
    }
    if (eg_str_equal(key->type, EG_STR("ecdsa"))) {
        return eg_str_equal(key->scheme, EG_STR("ecdsa-sha2-nistp256")) &&
               verify_by_system(EG_ECDSA_P256_SHA256, key, message, signature_hex);
    }
    if (eg_str_equal(key->type, EG_STR("rsa"))) {
        return eg_str_equal(key->scheme, EG_STR("rsassa-pss-sha256")) &&
               verify_by_system(EG_RSA_PSS_SHA256, key, message, signature_hex);
    }
    return false;
}

static bool signed_by(const eg_tuf_metadata *metadata, const eg_tuf_key *key)
{
    for (size_t i = 0; i < metadata->signature_count; i++) {
        if (eg_str_equal(metadata->signatures[i].key_id, key->id)) {
            return eg_tuf_key_verify(key, metadata->signed_bytes, metadata->signatures[i].hex);
        }
    }
    return false;
}

int eg_tuf_check_signatures(const eg_tuf_metadata *metadata, const eg_tuf_role *role, eg_str name)
{
    uint64_t good = 0;
    for (size_t i = 0; i < role->key_count && good < role->threshold; i++) {
        good += signed_by(metadata, role->keys[i]) ? 1 : 0;
    }
    if (good < role->threshold) {
        return eg_fail(EG_E_INVALID,
                       "%.*s version %" PRIu64 " bears %" PRIu64 " valid signatures of its %zu "
                       "keys, %" PRIu64 " are needed",
                       EG_STR_ARGS(name), metadata->version, good, role->key_count,
                       role->threshold);
    }
    return EG_OK;
}
