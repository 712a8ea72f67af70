/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/crypto.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <sodium.h>
#include <string.h>

struct eg_hasher {
    crypto_hash_sha256_state sha256;
    crypto_hash_sha512_state sha512;
};

int eg_crypto_init(void)
{
    if (sodium_init() < 0) {
        return eg_fail(EG_E_UNSUPPORTED, "libsodium cannot be used on this system");
    }
    return EG_OK;
}

static const unsigned char *bytes_of(eg_str text)
{
    return (const unsigned char *)(text.ptr ? text.ptr : "");
}

int eg_hasher_create(eg_hasher **out)
{
    eg_hasher *hasher = eg_alloc(sizeof(*hasher));
    if (!hasher) {
        return EG_E_NOMEM;
    }
    eg_hasher_reset(hasher);
    *out = hasher;
    return EG_OK;
}

void eg_hasher_destroy(eg_hasher *hasher)
{
    eg_free(hasher);
}

void eg_hasher_reset(eg_hasher *hasher)
{
    crypto_hash_sha256_init(&hasher->sha256);
    crypto_hash_sha512_init(&hasher->sha512);
}

void eg_hasher_add(eg_hasher *hasher, const void *bytes, size_t size)
{
    if (size > 0) {
        crypto_hash_sha256_update(&hasher->sha256, bytes, size);
        crypto_hash_sha512_update(&hasher->sha512, bytes, size);
    }
}

void eg_hasher_finish(eg_hasher *hasher, uint8_t sha256[EG_HASH256_SIZE],
                      uint8_t sha512[EG_HASH512_SIZE])
{
    crypto_hash_sha256_final(&hasher->sha256, sha256);
    crypto_hash_sha512_final(&hasher->sha512, sha512);
}

void eg_sha256(eg_str bytes, uint8_t out[EG_HASH256_SIZE])
{
    crypto_hash_sha256(out, bytes_of(bytes), bytes.len);
}

void eg_sha512(eg_str bytes, uint8_t out[EG_HASH512_SIZE])
{
    crypto_hash_sha512(out, bytes_of(bytes), bytes.len);
}

void eg_hex_encode(const uint8_t *bytes, size_t size, char *out)
{
    sodium_bin2hex(out, size * 2 + 1, bytes, size);
}

bool eg_hex_decode(eg_str text, uint8_t *out, size_t size)
{
    size_t length = 0;
    const char *end = NULL;
    if (!text.ptr || text.len != size * 2) {
        return false;
    }
    return sodium_hex2bin(out, size, text.ptr, text.len, NULL, &length, &end) == 0 &&
           length == size && end == text.ptr + text.len;
}

size_t eg_pem_public_key(eg_str text, uint8_t *out, size_t capacity)
{
    static const eg_str begin = EG_STR_INIT("-----BEGIN PUBLIC KEY-----\n");
    static const eg_str end = EG_STR_INIT("-----END PUBLIC KEY-----");
    size_t length = 0;
    text = eg_str_trim(text);
    if (text.len < begin.len + end.len || memcmp(text.ptr, begin.ptr, begin.len) != 0 ||
        memcmp(text.ptr + text.len - end.len, end.ptr, end.len) != 0) {
        return 0;
    }
    if (sodium_base642bin(out, capacity, text.ptr + begin.len, text.len - begin.len - end.len,
                          "\r\n", &length, NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        return 0;
    }
    return length;
}

bool eg_ed25519_verify(const uint8_t public_key[EG_ED25519_PUBLIC_SIZE], eg_str message,
                       const uint8_t signature[EG_ED25519_SIGNATURE_SIZE])
{
    return crypto_sign_verify_detached(signature, bytes_of(message), message.len, public_key) == 0;
}

void eg_ed25519_public(const uint8_t seed[EG_ED25519_SEED_SIZE],
                       uint8_t public_key[EG_ED25519_PUBLIC_SIZE])
{
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public_key, secret, seed);
    sodium_memzero(secret, sizeof(secret));
}

void eg_ed25519_sign(const uint8_t seed[EG_ED25519_SEED_SIZE], eg_str message,
                     uint8_t signature[EG_ED25519_SIGNATURE_SIZE])
{
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public_key, secret, seed);
    crypto_sign_detached(signature, NULL, bytes_of(message), message.len, secret);
    sodium_memzero(secret, sizeof(secret));
}

/* ---- secrets ---- */

void eg_wipe(void *bytes, size_t size)
{
    sodium_memzero(bytes, size);
}

int eg_seal_key(eg_str passphrase, const uint8_t salt[EG_SEAL_SALT_SIZE], uint64_t operations,
                uint64_t memory, uint8_t key[EG_SEAL_KEY_SIZE])
{
    if (operations < crypto_pwhash_OPSLIMIT_MIN || memory < crypto_pwhash_MEMLIMIT_MIN ||
        operations > crypto_pwhash_OPSLIMIT_MAX || memory > SIZE_MAX) {
        return eg_fail(EG_E_INVALID, "Argon2id cannot run with these parameters");
    }
    if (crypto_pwhash(key, EG_SEAL_KEY_SIZE, (const char *)bytes_of(passphrase), passphrase.len,
                      salt, operations, (size_t)memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return eg_fail(EG_E_NOMEM, "out of memory for Argon2id");
    }
    return EG_OK;
}

void eg_seal(const uint8_t key[EG_SEAL_KEY_SIZE], const uint8_t nonce[EG_SEAL_NONCE_SIZE],
             eg_str text, eg_str about, uint8_t *out)
{
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, bytes_of(text), text.len, bytes_of(about),
                                               about.len, NULL, nonce, key);
}

bool eg_unseal(const uint8_t key[EG_SEAL_KEY_SIZE], const uint8_t nonce[EG_SEAL_NONCE_SIZE],
               eg_str sealed, eg_str about, uint8_t *out)
{
    return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, bytes_of(sealed), sealed.len,
                                                      bytes_of(about), about.len, nonce, key) == 0;
}
