/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes and signatures. SHA-2 and Ed25519 come from libsodium (sodium.c, the only file that knows
 * it); ECDSA P-256 and RSA-PSS, for those who keep keys in hardware or in a cloud, come from the
 * system: CNG on Windows, libcrypto elsewhere (system_keys_*.c). Any thread; a running hash belongs
 * to one. Secret is only what the functions for signing and sealing get.
 */
#ifndef EG_UPDATE_CRYPTO_H
#define EG_UPDATE_CRYPTO_H

#include "core/base/str.h"

enum {
    EG_HASH256_SIZE = 32,
    EG_HASH512_SIZE = 64,
    EG_ED25519_PUBLIC_SIZE = 32,
    EG_ED25519_SEED_SIZE = 32,
    EG_ED25519_SIGNATURE_SIZE = 64,
};

/* Before anything else here, from any thread, as often as wanted. EG_E_UNSUPPORTED: no random
 * numbers on this system. */
int eg_crypto_init(void);

/* ---- SHA-256 and SHA-512 of bytes that come in pieces ---- */
typedef struct eg_hasher eg_hasher;
int eg_hasher_create(eg_hasher **out);
void eg_hasher_destroy(eg_hasher *hasher); /* NULL-safe */
void eg_hasher_reset(eg_hasher *hasher);
void eg_hasher_add(eg_hasher *hasher, const void *bytes, size_t size);
/* Both, of all that was added since the last reset; then eg_hasher_reset before the next add. */
void eg_hasher_finish(eg_hasher *hasher, uint8_t sha256[EG_HASH256_SIZE],
                      uint8_t sha512[EG_HASH512_SIZE]);

void eg_sha256(eg_str bytes, uint8_t out[EG_HASH256_SIZE]);
void eg_sha512(eg_str bytes, uint8_t out[EG_HASH512_SIZE]);

/* ---- hexadecimal and PEM ---- */
/* Lower case, with a NUL: `out` has room for 2 * size + 1. */
void eg_hex_encode(const uint8_t *bytes, size_t size, char *out);
/* True when `text` is exactly `size` bytes in hexadecimal, of any case. */
bool eg_hex_decode(eg_str text, uint8_t *out, size_t size);
/*
 * The bytes between "-----BEGIN PUBLIC KEY-----" and its end, at most `capacity`; 0 when `text` is
 * no such thing.
 */
size_t eg_pem_public_key(eg_str text, uint8_t *out, size_t capacity);

/* ---- Ed25519 (RFC 8032) ---- */
bool eg_ed25519_verify(const uint8_t public_key[EG_ED25519_PUBLIC_SIZE], eg_str message,
                       const uint8_t signature[EG_ED25519_SIGNATURE_SIZE]);
/* The public key that belongs to a secret seed. */
void eg_ed25519_public(const uint8_t seed[EG_ED25519_SEED_SIZE],
                       uint8_t public_key[EG_ED25519_PUBLIC_SIZE]);
void eg_ed25519_sign(const uint8_t seed[EG_ED25519_SEED_SIZE], eg_str message,
                     uint8_t signature[EG_ED25519_SIGNATURE_SIZE]);

/* ---- secrets ---- */
enum {
    EG_SEAL_KEY_SIZE = 32,
    EG_SEAL_SALT_SIZE = 16,
    EG_SEAL_NONCE_SIZE = 24,
    EG_SEAL_EXTRA = 16, /* bytes that sealing adds */
};
void eg_wipe(void *bytes, size_t size); /* zeroes that no compiler leaves out */
/*
 * The key that a passphrase stands for: Argon2id 1.3 (RFC 9106) with one lane; `memory` in bytes.
 * EG_E_NOMEM when that much cannot be had, EG_E_INVALID for less than Argon2id takes.
 */
int eg_seal_key(eg_str passphrase, const uint8_t salt[EG_SEAL_SALT_SIZE], uint64_t operations,
                uint64_t memory, uint8_t key[EG_SEAL_KEY_SIZE]);
/*
 * XChaCha20-Poly1305 of the IETF: `out` has room for EG_SEAL_EXTRA bytes more than `text`. `about`
 * is not hidden, but nothing else opens it. A nonce is used once with a key.
 */
void eg_seal(const uint8_t key[EG_SEAL_KEY_SIZE], const uint8_t nonce[EG_SEAL_NONCE_SIZE],
             eg_str text, eg_str about, uint8_t *out);
/* False when anything was changed, or the key is another one; `out` is EG_SEAL_EXTRA bytes less. */
bool eg_unseal(const uint8_t key[EG_SEAL_KEY_SIZE], const uint8_t nonce[EG_SEAL_NONCE_SIZE],
               eg_str sealed, eg_str about, uint8_t *out);

/* ---- keys of the system's library ---- */
typedef enum eg_system_scheme {
    EG_ECDSA_P256_SHA256, /* signature: DER of RFC 3279, section 2.2.3 */
    EG_RSA_PSS_SHA256,    /* RFC 8017, MGF1 with SHA-256, a salt of 32 bytes */
} eg_system_scheme;

#define EG_RSA_BITS_MIN 2048
#define EG_RSA_BITS_MAX 8192
/*
 * True when `signature` over `message` was made with the secret half of `key`, a DER
 * SubjectPublicKeyInfo of that kind. A key or a signature of any other form is simply not valid.
 */
bool eg_system_verify(eg_system_scheme scheme, eg_str key, eg_str message, eg_str signature);

#endif
